//! Clients of the API server: one for passes, whose calls end after ten seconds and whose writes need the claim, one for
//! watches, which stay open, and one for the Lease.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use todoplatform_render::ChildKind;
use tower::{BoxError, Layer, Service};

use crate::lease::Claim;
use crate::metrics::Metrics;

/// Longest time that one call of a pass may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The clients of the operator.
#[derive(Clone)]
pub struct Clients {
    /// For passes: every call is answered or given up after [`CALL_TIMEOUT`], and never retried in silence. Without the
    /// claim it writes nothing.
    pub passes: Client,
    /// For watches and discovery.
    pub watches: Client,
    /// For the Lease, and for Events about the operator itself: what every replica may write.
    pub own: Client,
}

/// Who this process is to the API server: the User-Agent of all its calls.
#[derive(Clone, Debug)]
pub struct Identity(String);

impl Identity {
    /// A name that no other process has: the pod's, or the program's outside of a pod, and a random number.
    pub fn new(pod: Option<&str>, random: u32) -> Self {
        Self(format!("{}_{random:08x}", pod.unwrap_or("todoplatform-operator")))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn user_agent(&self) -> String {
        format!("todoplatform-operator/{} ({})", env!("CARGO_PKG_VERSION"), self.0)
    }
}

/// The operator cannot build a client from what it was given.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor a service account is there, or it cannot be read.
    #[error("no configuration of a cluster: set KUBECONFIG or --context, or run inside a cluster")]
    NoConfig {
        /// Where it was looked for and what was wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The configuration was read, but no client can be made of it.
    #[error("the cluster's configuration cannot be used")]
    Unusable {
        /// What is wrong with it.
        source: Box<kube::Error>,
    },
}

/// Reads the configuration of the cluster: of a context of the kubeconfig, or whatever is at hand.
pub async fn config(context: Option<String>) -> Result<Config, ClientError> {
    let found = if context.is_some() {
        let options = kube::config::KubeConfigOptions {
            context,
            ..Default::default()
        };
        Config::from_kubeconfig(&options)
            .await
            .map_err(|error| Box::new(error).into())
    } else {
        Config::infer().await.map_err(|error| Box::new(error).into())
    };
    found.map_err(|source| ClientError::NoConfig { source })
}

impl Clients {
    /// All clients for one cluster; every call is counted in `metrics`, and writes of passes need `claim`.
    pub fn new(
        config: &Config,
        identity: &Identity,
        claim: &Claim,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, ClientError> {
        let agent = HeaderValue::from_str(&identity.user_agent()).ok();
        let build = |timeout: Option<Duration>, claim: Option<&Claim>| {
            let mut config = config.clone();
            config.default_retry = false;
            config.connect_timeout = Some(CALL_TIMEOUT);
            config.read_timeout = timeout;
            // The limit is for an answer, not for how long a connection was idle before the question.
            config.reset_reader_on_write = timeout.is_some();
            config
                .headers
                .extend(agent.clone().map(|agent| (USER_AGENT, agent)));
            let layer = Measured {
                metrics: Arc::clone(metrics),
                timeout,
                claim: claim.cloned(),
            };
            let builder = ClientBuilder::try_from(config).map_err(|source| ClientError::Unusable {
                source: Box::new(source),
            })?;
            Ok(builder.with_layer(&layer).build())
        };
        Ok(Self {
            passes: build(Some(CALL_TIMEOUT), Some(claim))?,
            watches: build(None, None)?,
            own: build(Some(CALL_TIMEOUT), None)?,
        })
    }
}

/// Counts calls by verb and status, ends those that take too long, and lets nothing be written without the claim.
#[derive(Clone)]
struct Measured {
    metrics: Arc<Metrics>,
    timeout: Option<Duration>,
    claim: Option<Claim>,
}

impl<S> Layer<S> for Measured {
    type Service = MeasuredService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        MeasuredService {
            inner,
            measured: self.clone(),
        }
    }
}

#[derive(Clone)]
struct MeasuredService<S> {
    inner: S,
    measured: Measured,
}

/// A call that ended without an answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    /// None came in time.
    #[error("no answer within {} s", CALL_TIMEOUT.as_secs())]
    Late,
    /// Another replica writes now, or may.
    #[error("this replica holds the Lease no longer, so it writes nothing")]
    Fenced,
}

impl<S, B> Service<Request<Body>> for MeasuredService<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Measured {
            metrics,
            timeout,
            claim,
        } = self.measured.clone();
        let verb = verb(&request);
        let is_read = matches!(verb, "get" | "watch");
        let claim = claim.filter(|_| !is_read);
        if claim.as_ref().is_some_and(|claim| !claim.is_held()) {
            return Box::pin(async { Err(Unanswered::Fenced.into()) });
        }
        let counted = (!is_read && claim.is_some()).then(|| kind(request.uri().path()));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let late = async {
                match timeout {
                    Some(timeout) => tokio::time::sleep(timeout).await,
                    None => std::future::pending().await,
                }
            };
            let lost = async {
                match &claim {
                    Some(claim) => claim.lost().await,
                    None => std::future::pending().await,
                }
            };
            let answer = tokio::select! {
                answer = answer => answer.map_err(Into::into),
                () = late => Err(Unanswered::Late.into()),
                () = lost => Err(Unanswered::Fenced.into()),
            };
            let status = answer.as_ref().map_or(0, |response| response.status().as_u16());
            metrics.request_ended(verb, status);
            if let Some(kind) = counted {
                metrics.written(verb, kind);
            }
            answer
        })
    }
}

/// The kind that a path of the API server speaks of, of those that passes write.
fn kind(path: &str) -> &'static str {
    let mut parts = path.split('/').skip_while(|part| *part != "namespaces").skip(2);
    match parts.next().unwrap_or_default() {
        "todoplatforms" => "TodoPlatform",
        "events" => "Event",
        plural => ChildKind::ALL
            .into_iter()
            .find(|kind| kind.api_resource().plural == plural)
            .map_or("other", ChildKind::as_str),
    }
}

fn verb(request: &Request<Body>) -> &'static str {
    match *request.method() {
        Method::GET
            if request
                .uri()
                .query()
                .is_some_and(|query| query.contains("watch=true")) =>
        {
            "watch"
        }
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt;

    async fn call(claim: Option<Claim>, is_answered: bool) -> (Result<Response<()>, BoxError>, String) {
        let metrics = Arc::new(Metrics::default());
        let layer = Measured {
            metrics: Arc::clone(&metrics),
            timeout: Some(CALL_TIMEOUT),
            claim,
        };
        let service = layer.layer(tower::service_fn(move |_request: Request<Body>| async move {
            if !is_answered {
                std::future::pending::<()>().await;
            }
            Ok::<_, BoxError>(Response::new(()))
        }));
        let request = Request::patch("/api/v1/namespaces/shop/services/todo-task")
            .body(Body::empty())
            .unwrap();
        let answer = service.oneshot(request).await;
        (answer, metrics.text().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_answer_ends_and_is_counted_as_such() {
        let (answer, text) = call(None, false).await;
        assert_eq!(answer.unwrap_err().to_string(), "no answer within 10 s");
        assert!(
            text.contains("todoplatform_api_requests_total{verb=\"patch\",status=\"0\"} 1"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn an_answered_call_is_counted_by_its_status_and_a_write_of_a_pass_by_its_kind() {
        let (answer, text) = call(Some(Claim::for_good()), true).await;
        assert!(answer.is_ok());
        for line in [
            "todoplatform_api_requests_total{verb=\"patch\",status=\"200\"} 1",
            "todoplatform_api_writes_total{kind=\"Service\",verb=\"patch\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        let (_answer, text) = call(None, true).await;
        assert!(
            !text.contains("todoplatform_api_writes_total{"),
            "the Lease is no work on a platform: {text}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_claim_nothing_is_sent_and_a_call_under_way_ends_with_it() {
        let (answer, text) = call(Some(Claim::default()), true).await;
        assert!(
            answer
                .unwrap_err()
                .to_string()
                .contains("holds the Lease no longer")
        );
        assert!(!text.contains("todoplatform_api_requests_total{"), "{text}");

        let (start, claim) = (tokio::time::Instant::now(), Claim::for_seconds(3));
        let (answer, _text) = call(Some(claim), false).await;
        assert!(
            answer
                .unwrap_err()
                .to_string()
                .contains("holds the Lease no longer")
        );
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }

    #[test]
    fn paths_name_kinds() {
        let cases = [
            (
                "/apis/apps/v1/namespaces/shop/deployments/todo-task",
                "Deployment",
            ),
            ("/api/v1/namespaces/shop/secrets", "Secret"),
            (
                "/apis/todoplatform.dev/v1alpha1/namespaces/shop/todoplatforms/todo/status",
                "TodoPlatform",
            ),
            ("/apis/events.k8s.io/v1/namespaces/shop/events", "Event"),
            ("/apis/else.where/v1/things/x", "other"),
        ];
        for (path, expected) in cases {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn a_watch_is_not_a_get() {
        let request = |uri: &str| Request::get(uri).body(Body::empty()).unwrap();
        assert_eq!(
            verb(&request("/api/v1/pods?watch=true&timeoutSeconds=200")),
            "watch"
        );
        assert_eq!(verb(&request("/api/v1/pods?limit=50")), "get");
    }
}
