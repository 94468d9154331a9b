//! Kafka: one of the brokers accepts a connection. What happens on it is the sidecars' business.

use futures::stream::{FuturesUnordered, StreamExt};
use todoplatform_render::DependencyFact;
use tokio::net::TcpStream;

use super::{PROBE_TIMEOUT, answered, failed, seen_from};

/// Connects to all brokers at once, by names as in `namespace`; the first one that accepts is enough.
///
/// Reasons: `Answered`, `Unreachable`.
pub async fn probe(brokers: &[String], namespace: &str) -> DependencyFact {
    let mut attempts: FuturesUnordered<_> = brokers
        .iter()
        .map(|broker| async move {
            let (host, port) = broker.rsplit_once(':').unwrap_or((broker, "9092"));
            let address = format!("{}:{port}", seen_from(namespace, host));
            let attempt = tokio::time::timeout(PROBE_TIMEOUT, TcpStream::connect(address)).await;
            matches!(attempt, Ok(Ok(_stream))).then_some(broker)
        })
        .collect();
    while let Some(broker) = attempts.next().await {
        if let Some(broker) = broker {
            return answered(format!("the Kafka broker {broker} accepts connections"));
        }
    }
    failed(
        "Unreachable",
        format!("no Kafka broker accepts connections: {}", brokers.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn one_broker_that_answers_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().to_string();
        let closed_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = closed_listener.local_addr().unwrap().to_string();
        drop(closed_listener);
        assert!(probe(&[closed.clone(), open], "todo").await.ready);
        let fact = probe(&[closed], "todo").await;
        assert_eq!((fact.ready, fact.reason.as_str()), (false, "Unreachable"));
    }
}
