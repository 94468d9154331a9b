//! Events that were given up: where they arrive, and how many are kept.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use todo_domain::Topic;
use tokio_util::sync::CancellationToken;

use super::{Outcome, UNKNOWN_TOPIC, attribute, topic_of};
use crate::Chain;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// Where dead letters arrive.
pub const DEAD_LETTER_ROUTE: &str = "/events/dead-letter";
/// How often the kept ones are counted.
const EVERY: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: &'static str,
}

/// The labels of who consumes `topics`.
fn labels(topics: &[Topic]) -> impl Iterator<Item = TopicLabel> {
    let names = topics.iter().map(|topic| topic.name());
    names.chain([UNKNOWN_TOPIC]).map(|topic| TopicLabel { topic })
}

/// The route of the dead letters of `topics`. `keep` stores one, the whole envelope as it came, in `store`; it may get the
/// same one again. What it kept is logged, counted as `todo_dead_letters_received_total{topic}` and acknowledged. What it
/// could not keep is answered 503, so that the sidecar brings it again: a dead letter that fails has nowhere else to go.
pub fn dead_letters<S, K, F, E>(metrics: &Metrics, topics: &[Topic], store: S, keep: K) -> Router
where
    S: Clone + Send + Sync + 'static,
    K: Fn(S, Bytes) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Error + 'static,
{
    let counts = Family::<TopicLabel, Counter>::default();
    for label in labels(topics) {
        drop(counts.get_or_create(&label));
    }
    let help = "Events that were given up and came to be kept, once per arrival";
    metrics.register("dead_letters_received", help, counts.clone());
    let handle = |envelope: Bytes| async move {
        keep(store, envelope.clone())
            .await
            .map_err(|error| Problem::unavailable(&error))?;
        log(&envelope);
        let topic = topic_of(&envelope);
        counts.get_or_create(&TopicLabel { topic }).inc();
        Ok::<_, Problem>(Outcome::Applied)
    };
    Router::new().route(DEAD_LETTER_ROUTE, post(handle))
}

/// Says whose letter it is.
fn log(envelope: &[u8]) {
    tracing::error!(
        event.id = attribute(envelope, "id"),
        event.source = attribute(envelope, "source"),
        event.type = attribute(envelope, "type"),
        "event was given up and is kept as a dead letter"
    );
}

/// `todo_dead_letters{topic}`: how many are kept. Each replica shows all of them.
#[derive(Debug, Clone)]
pub struct DeadLetters(Family<TopicLabel, Gauge>);

impl DeadLetters {
    /// Registers it for who consumes `topics`.
    pub fn new(metrics: &Metrics, topics: &[Topic]) -> Self {
        let kept = Family::<TopicLabel, Gauge>::default();
        for label in labels(topics) {
            drop(kept.get_or_create(&label));
        }
        metrics.register(
            "dead_letters",
            "Events that were given up and are kept",
            kept.clone(),
        );
        Self(kept)
    }

    /// Shows what `count` finds, topic by topic, every half minute until `stop`.
    pub async fn watch<F, E>(self, stop: CancellationToken, count: impl Fn() -> F)
    where
        F: Future<Output = Result<Vec<(String, i64)>, E>>,
        E: Error + 'static,
    {
        let mut ticks = tokio::time::interval(EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            match count().await {
                Ok(counts) => self.show(&counts),
                Err(error) => tracing::debug!(error.chain = %Chain(&error), "dead letters are not counted"),
            }
        }
    }

    /// A topic of which nothing is found has none; one that is not ours counts as unknown.
    fn show(&self, counts: &[(String, i64)]) {
        let names = Topic::ALL.map(Topic::name);
        for topic in names {
            let found = counts.iter().find(|(name, _)| name == topic);
            let label = TopicLabel { topic };
            if let Some((_, count)) = found {
                self.0.get_or_create(&label).set(*count);
            } else if let Some(gauge) = self.0.get(&label) {
                gauge.set(0);
            }
        }
        let unknown = counts.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let label = TopicLabel { topic: UNKNOWN_TOPIC };
        self.0
            .get_or_create(&label)
            .set(unknown.map(|(_, count)| count).sum());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    const CONSUMES: [Topic; 2] = [Topic::TaskCreated, Topic::TaskReminder];

    /// What was kept, or `None` for a store that is away.
    type Letters = Option<Arc<Mutex<Vec<Bytes>>>>;

    async fn keep(letters: Letters, letter: Bytes) -> io::Result<()> {
        let letters = letters.ok_or(io::ErrorKind::ConnectionRefused)?;
        letters.lock().unwrap().push(letter);
        Ok(())
    }

    /// Posts a dead letter, and gives the answer and the metrics after it.
    async fn dead_letter(letters: Letters, envelope: &'static str) -> (u16, serde_json::Value, String) {
        let metrics = Metrics::new("test", "0.0.0");
        let request = Request::post(DEAD_LETTER_ROUTE).body(Body::from(envelope));
        let answer = dead_letters(&metrics, &CONSUMES, letters, keep)
            .oneshot(request.unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap();
        (status, body, metrics.encode().unwrap())
    }

    #[tokio::test]
    async fn a_dead_letter_is_acknowledged_once_it_is_kept() {
        let table = [
            (
                r#"{"id": "1", "type": "com.todo.task.created.v1"}"#,
                "task.created",
            ),
            (r#"{"id": "1", "type": "com.todo.task.created.v2"}"#, "unknown"),
            ("no json", "unknown"),
        ];
        for (letter, topic) in table {
            let letters = Arc::default();
            let (status, body, metrics) = dead_letter(Some(Arc::clone(&letters)), letter).await;
            assert_eq!((status, &body["status"]), (200, &"SUCCESS".into()), "{letter}");
            assert_eq!(*letters.lock().unwrap(), [letter]);
            let count = format!("todo_dead_letters_received_total{{topic=\"{topic}\"}} 1");
            assert!(metrics.contains(&count), "{count} is missing in\n{metrics}");
        }
    }

    #[tokio::test]
    async fn a_dead_letter_that_cannot_be_kept_is_to_come_again() {
        let (status, body, metrics) = dead_letter(None, "{}").await;
        assert_eq!((status, &body["code"]), (503, &"unavailable".into()));
        let none = "todo_dead_letters_received_total{topic=\"unknown\"} 0";
        assert!(metrics.contains(none), "{metrics}");
    }

    #[test]
    fn what_is_kept_is_shown_for_every_topic_that_is_consumed() {
        let metrics = Metrics::new("test", "0.0.0");
        let letters = DeadLetters::new(&metrics, &CONSUMES);
        let shown = || {
            let text = metrics.encode().unwrap();
            let lines = text.lines().filter(|line| line.starts_with("todo_dead_letters{"));
            let mut lines: Vec<String> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let lines = |created, reminder, unknown| {
            [
                format!("todo_dead_letters{{topic=\"task.created\"}} {created}"),
                format!("todo_dead_letters{{topic=\"task.reminder\"}} {reminder}"),
                format!("todo_dead_letters{{topic=\"unknown\"}} {unknown}"),
            ]
        };
        assert_eq!(shown(), lines(0, 0, 0));
        let count = |topic: &str, count| (topic.to_owned(), count);
        letters.show(&[count("task.created", 3), count("unknown", 1), count("task.v9", 1)]);
        assert_eq!(shown(), lines(3, 0, 2));
        letters.show(&[count("task.reminder", 1)]);
        assert_eq!(shown(), lines(0, 1, 0));
    }
}
