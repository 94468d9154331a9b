//! Kafka and Redpanda: a login as the sidecars do it, then the question which topics there are.

use todoplatform_render::{DependencyFact, Topic, TopicMaker};

use super::{PROBE_TIMEOUT, answered, failed};
use crate::chain::Chain;
use crate::kafka::{Connection, Described, KafkaError, Target, TopicState};

/// Topics that one sentence names.
const NAMED: usize = 5;

/// What a broker answered.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Whether it let us in.
    pub broker: DependencyFact,
    /// Whether its topics are as they must be.
    pub topics: DependencyFact,
    /// Those that are missing.
    pub missing: Vec<Topic>,
}

/// Logs in to one of the brokers, by names as in `namespace`, and asks for the topics.
///
/// Reasons of the broker: `Answered` and those of [`KafkaError::reason`]; of the topics: `Answered`, `TopicsDiffer`,
/// `TopicsMissing`, `TopicsNotAllowed`, `NotAsked`.
pub async fn probe(
    kind: &str,
    target: &Target,
    topics: &[Topic],
    maker: TopicMaker,
    namespace: &str,
) -> Probed {
    let asked = async {
        let mut connection = Connection::open(target, namespace, PROBE_TIMEOUT).await?;
        connection
            .describe(topics.iter().map(|topic| topic.name.as_str()))
            .await
    };
    let described = tokio::time::timeout(2 * PROBE_TIMEOUT, asked)
        .await
        .unwrap_or(Err(KafkaError::TimedOut));
    match described {
        Ok(described) => {
            let (topics, missing) = judge(topics, maker, &described);
            let brokers = match described.brokers {
                1 => "1 broker".to_owned(),
                brokers => format!("{brokers} brokers"),
            };
            Probed {
                broker: answered(format!("{kind} answers with {brokers}")),
                topics,
                missing,
            }
        }
        Err(error) => unanswered(failed(
            error.reason(),
            format!("{kind} at {}: {}", target.brokers.join(", "), Chain(&error)),
        )),
    }
}

/// The broker did not answer: nothing is known of its topics.
pub fn unanswered(broker: DependencyFact) -> Probed {
    Probed {
        broker,
        topics: failed("NotAsked", "the topics are asked for once the broker answers"),
        missing: Vec::new(),
    }
}

/// How the topics stand, and which are missing.
fn judge(wanted: &[Topic], maker: TopicMaker, described: &Described) -> (DependencyFact, Vec<Topic>) {
    let state = |topic: &Topic| {
        described
            .topics
            .get(&topic.name)
            .copied()
            .unwrap_or(TopicState::Missing)
    };
    let in_state = |looked_for: TopicState| {
        let found = wanted.iter().filter(move |topic| state(topic) == looked_for);
        found.cloned().collect::<Vec<_>>()
    };
    let missing = in_state(TopicState::Missing);
    if !missing.is_empty() {
        let whose = match maker {
            TopicMaker::Operator => "they are made now",
            TopicMaker::Strimzi => "Strimzi's topic operator has not made their KafkaTopics yet",
            TopicMaker::User => "broker.topics.manage is false, so they are not made",
        };
        let message = format!(
            "{} missing; {whose}",
            named(missing.iter().map(|topic| topic.name.clone()))
        );
        return (failed("TopicsMissing", message), missing);
    }
    let hidden = in_state(TopicState::NotAllowed);
    if !hidden.is_empty() {
        let message = format!(
            "the user may not describe {}",
            named(hidden.iter().map(|topic| topic.name.clone()))
        );
        return (failed("TopicsNotAllowed", message), Vec::new());
    }
    let differences: Vec<String> = wanted
        .iter()
        .filter_map(|topic| difference(topic, state(topic)))
        .collect();
    let fact = if differences.is_empty() {
        answered(format!("all {} topics are there", wanted.len()))
    } else {
        DependencyFact {
            reason: TOPICS_DIFFER.into(),
            ..answered(format!(
                "{}; no topic that exists is altered",
                named(differences.into_iter())
            ))
        }
    };
    (fact, Vec::new())
}

/// Topics are there and have less than was asked for.
pub const TOPICS_DIFFER: &str = "TopicsDiffer";

fn difference(topic: &Topic, state: TopicState) -> Option<String> {
    let TopicState::Present { partitions, replicas } = state else {
        return None;
    };
    let wanted = |count: i32| usize::try_from(count).unwrap_or_default();
    let mut less = Vec::new();
    if partitions < wanted(topic.partitions) {
        less.push(format!("{partitions} of {} partitions", topic.partitions));
    }
    if let Some(factor) = topic.replication_factor
        && replicas < wanted(factor)
    {
        less.push(format!("{replicas} of {factor} replicas"));
    }
    (!less.is_empty()).then(|| format!("{} has {}", topic.name, less.join(" and ")))
}

/// The first few, and how many more.
fn named(texts: impl ExactSizeIterator<Item = String>) -> String {
    let more = texts.len().saturating_sub(NAMED);
    let mut text = texts.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text = format!("{text} and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use tokio::net::TcpListener;

    fn topic(name: &str, partitions: i32, replication_factor: Option<i32>) -> Topic {
        Topic {
            name: name.into(),
            child: name.replace('.', "-"),
            partitions,
            replication_factor,
            retention_milliseconds: 1,
        }
    }

    #[test]
    fn topics_are_judged_by_what_they_have_at_least() {
        let present = |partitions, replicas| TopicState::Present { partitions, replicas };
        let cases = [
            (present(6, 3), TopicMaker::User, true, "Answered", "all 1 topics"),
            (present(9, 4), TopicMaker::User, true, "Answered", "all 1 topics"),
            (
                present(1, 3),
                TopicMaker::Operator,
                true,
                "TopicsDiffer",
                "a.b has 1 of 6 partitions;",
            ),
            (
                present(1, 1),
                TopicMaker::Operator,
                true,
                "TopicsDiffer",
                "1 of 6 partitions and 1 of 3 replicas",
            ),
            (
                TopicState::Missing,
                TopicMaker::User,
                false,
                "TopicsMissing",
                "a.b missing; broker.topics.manage is false",
            ),
            (
                TopicState::Missing,
                TopicMaker::Operator,
                false,
                "TopicsMissing",
                "a.b missing; they are made now",
            ),
            (
                TopicState::NotAllowed,
                TopicMaker::Operator,
                false,
                "TopicsNotAllowed",
                "may not describe a.b",
            ),
        ];
        for (state, maker, ready, reason, text) in cases {
            let described = Described {
                brokers: 3,
                topics: BTreeMap::from([("a.b".to_owned(), state)]),
            };
            let (fact, missing) = judge(&[topic("a.b", 6, Some(3))], maker, &described);
            assert_eq!((fact.ready, fact.reason.as_str()), (ready, reason), "{state:?}");
            assert!(fact.message.contains(text), "{}", fact.message);
            assert_eq!(missing.len(), usize::from(state == TopicState::Missing));
        }
    }

    #[test]
    fn many_missing_topics_are_five_names_and_a_number() {
        let wanted: Vec<Topic> = (0..8).map(|n| topic(&format!("t{n}"), 1, None)).collect();
        let (fact, missing) = judge(&wanted, TopicMaker::Operator, &Described::default());
        assert!(
            fact.message.starts_with("t0, t1, t2, t3, t4 and 3 more missing"),
            "{}",
            fact.message
        );
        assert_eq!(missing.len(), 8);
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_one_that_hangs_up_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().to_string();
        let closed_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = closed_listener.local_addr().unwrap().to_string();
        drop(closed_listener);
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                drop(stream);
            }
        });
        for (brokers, reason) in [
            (vec![closed.clone()], "Unreachable"),
            (vec![open.clone()], "ConnectionClosed"),
            (vec![closed, open], "ConnectionClosed"),
        ] {
            let target = Target {
                brokers,
                ..Target::default()
            };
            let probed = probe("Kafka", &target, &[], TopicMaker::Operator, "todo").await;
            assert_eq!(
                (probed.broker.ready, probed.broker.reason.as_str()),
                (false, reason)
            );
            assert_eq!(
                (probed.topics.ready, probed.topics.reason.as_str()),
                (false, "NotAsked")
            );
        }
    }
}
