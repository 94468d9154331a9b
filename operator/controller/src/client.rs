//! Clients of the API server: one for passes, whose calls end after ten seconds, and one for watches, which stay
//! open.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};

use crate::metrics::Metrics;

/// Longest time that one call of a pass may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The two clients of the operator.
#[derive(Clone)]
pub struct Clients {
    /// For passes: every call is answered or given up after [`CALL_TIMEOUT`], and never retried in silence.
    pub passes: Client,
    /// For watches and discovery.
    pub watches: Client,
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
    /// Both clients for one cluster; every call is counted in `metrics`.
    pub fn new(config: &Config, metrics: &Arc<Metrics>) -> Result<Self, ClientError> {
        let build = |timeout: Option<Duration>| {
            let mut config = config.clone();
            config.default_retry = false;
            config.connect_timeout = Some(CALL_TIMEOUT);
            config.read_timeout = timeout;
            let layer = Measured {
                metrics: Arc::clone(metrics),
                timeout,
            };
            let builder = ClientBuilder::try_from(config).map_err(|source| ClientError::Unusable {
                source: Box::new(source),
            })?;
            Ok(builder.with_layer(&layer).build())
        };
        Ok(Self {
            passes: build(Some(CALL_TIMEOUT))?,
            watches: build(None)?,
        })
    }
}

/// Counts calls by verb and status, and ends those that take too long.
#[derive(Clone)]
struct Measured {
    metrics: Arc<Metrics>,
    timeout: Option<Duration>,
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

/// No answer came in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", CALL_TIMEOUT.as_secs())]
struct NoAnswer;

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
        let verb = verb(&request);
        let Measured { metrics, timeout } = self.measured.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = match timeout {
                None => answer.await.map_err(Into::into),
                Some(timeout) => match tokio::time::timeout(timeout, answer).await {
                    Ok(answer) => answer.map_err(Into::into),
                    Err(_elapsed) => Err(NoAnswer.into()),
                },
            };
            metrics.request_ended(
                verb,
                answer.as_ref().map_or(0, |response| response.status().as_u16()),
            );
            answer
        })
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

    async fn call(timeout: Option<Duration>, is_answered: bool) -> (Result<Response<()>, BoxError>, String) {
        let metrics = Arc::new(Metrics::default());
        let layer = Measured {
            metrics: Arc::clone(&metrics),
            timeout,
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
        let (answer, text) = call(Some(CALL_TIMEOUT), false).await;
        assert_eq!(answer.unwrap_err().to_string(), "no answer within 10 s");
        assert!(
            text.contains("todoplatform_api_requests_total{verb=\"patch\",status=\"0\"} 1"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn an_answered_call_is_counted_by_its_status() {
        let (answer, text) = call(Some(CALL_TIMEOUT), true).await;
        assert!(answer.is_ok());
        assert!(
            text.contains("todoplatform_api_requests_total{verb=\"patch\",status=\"200\"} 1"),
            "{text}"
        );
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
