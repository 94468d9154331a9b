//! Which topics there are, and making those that are missing.

use std::collections::BTreeMap;

use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{CreateTopicsRequest, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use todoplatform_render::Topic;

use super::{Connection, KafkaError};

/// The first one that does not make a topic by being asked for it.
const METADATA_VERSION: i16 = 4;
/// The first one that leaves the replicas to the broker.
const CREATE_TOPICS_VERSION: i16 = 4;
/// How long the broker may take to make topics.
const CREATE_MILLISECONDS: i32 = 10_000;
/// The broker decides.
const BROKERS_DEFAULT: i16 = -1;

/// What a broker says of its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// How many brokers there are.
    pub brokers: usize,
    /// Each topic that was asked for.
    pub topics: BTreeMap<String, TopicState>,
}

/// How one topic stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicState {
    /// It is there.
    Present {
        /// Its partitions.
        partitions: usize,
        /// Brokers that hold the partition that the fewest hold.
        replicas: usize,
    },
    /// It is not there.
    Missing,
    /// The user may not know.
    NotAllowed,
}

impl Connection {
    /// Asks for brokers and for these topics; none is made by that.
    pub async fn describe<'a>(
        &mut self,
        topics: impl Iterator<Item = &'a str>,
    ) -> Result<Described, KafkaError> {
        let topics = topics
            .map(|topic| MetadataRequestTopic::default().with_name(Some(name(topic))))
            .collect();
        let request = MetadataRequest::default()
            .with_topics(Some(topics))
            .with_allow_auto_topic_creation(false);
        let answer = self.call(&request, METADATA_VERSION).await?;
        let mut found = BTreeMap::new();
        for topic in &answer.topics {
            let state = match topic.error_code.err() {
                Some(ResponseError::UnknownTopicOrPartition | ResponseError::InvalidTopicException) => {
                    TopicState::Missing
                }
                Some(ResponseError::TopicAuthorizationFailed) => TopicState::NotAllowed,
                None | Some(ResponseError::LeaderNotAvailable) => TopicState::Present {
                    partitions: topic.partitions.len(),
                    replicas: topic
                        .partitions
                        .iter()
                        .map(|partition| partition.replica_nodes.len())
                        .min()
                        .unwrap_or_default(),
                },
                Some(code) => return Err(KafkaError::Refused { code }),
            };
            if let Some(name) = &topic.name {
                found.insert(name.to_string(), state);
            }
        }
        Ok(Described {
            brokers: answer.brokers.len(),
            topics: found,
        })
    }

    /// Makes these topics; one that is there already, and is not altered, is no error. Gives those that were refused.
    pub async fn create(&mut self, topics: &[Topic]) -> Result<Vec<(String, ResponseError)>, KafkaError> {
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(creatable).collect())
            .with_timeout_ms(CREATE_MILLISECONDS);
        let answer = self.call(&request, CREATE_TOPICS_VERSION).await?;
        let refused = answer.topics.iter().filter_map(|topic| {
            let error = topic.error_code.err()?;
            (error != ResponseError::TopicAlreadyExists).then(|| (topic.name.to_string(), error))
        });
        Ok(refused.collect())
    }
}

fn creatable(topic: &Topic) -> CreatableTopic {
    let retention = CreatableTopicConfig::default()
        .with_name(StrBytes::from_static_str("retention.ms"))
        .with_value(Some(StrBytes::from_string(
            topic.retention_milliseconds.to_string(),
        )));
    CreatableTopic::default()
        .with_name(name(&topic.name))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(
            topic
                .replication_factor
                .and_then(|factor| i16::try_from(factor).ok())
                .unwrap_or(BROKERS_DEFAULT),
        )
        .with_configs(vec![retention])
}

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}
