//! `KafkaTopic`s: the topics on a Kafka of Strimzi.

use std::collections::BTreeMap;

use todoplatform_kinds::strimzi::{CLUSTER_LABEL, KafkaTopic, KafkaTopicSpec};

use super::object::{child, classed_metadata};
use crate::{Child, ChildKind, Topic, ValidatedPlatform, day2::DeletionClass};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(settings) = &platform.topics else {
        return Vec::new();
    };
    settings
        .topics
        .iter()
        .map(|topic| object(platform, &settings.cluster, topic))
        .collect()
}

fn object(platform: &ValidatedPlatform, cluster: &str, topic: &Topic) -> Child {
    let name = platform.names.child(&topic.child);
    let spec = KafkaTopicSpec {
        topic_name: topic.name.clone(),
        partitions: topic.partitions,
        replicas: topic.replication_factor,
        config: BTreeMap::from([("retention.ms".into(), topic.retention_milliseconds)]),
    };
    let mut object = KafkaTopic::new(&name, spec);
    // Whoever deletes a KafkaTopic deletes the events on it.
    object.metadata = classed_metadata(platform, DeletionClass::Data, &name, None);
    let labels = object.metadata.labels.get_or_insert_default();
    labels.insert(CLUSTER_LABEL.into(), cluster.into());
    child(ChildKind::KafkaTopic, None, &object)
}
