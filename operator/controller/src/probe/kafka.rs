//! Kafka: one of the brokers accepts a connection. What happens on it is the sidecars' business.

use futures::stream::{FuturesUnordered, StreamExt};
use todoplatform_render::DependencyFact;
use tokio::net::TcpStream;

use super::{PROBE_TIMEOUT, answered, failed};

/// Connects to all brokers at once; the first one that accepts is enough.
///
/// Reasons: `Answered`, `Unreachable`.
pub async fn probe(brokers: &[String]) -> DependencyFact {
    let mut attempts: FuturesUnordered<_> = brokers
        .iter()
        .map(|broker| async move {
            let attempt = tokio::time::timeout(PROBE_TIMEOUT, TcpStream::connect(broker.as_str())).await;
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
        assert!(probe(&[closed.clone(), open]).await.ready);
        let fact = probe(&[closed]).await;
        assert_eq!((fact.ready, fact.reason.as_str()), (false, "Unreachable"));
    }
}
