//! The connection to the sidecar.

use std::time::Duration;

use dapr::client::ApiTokenInterceptor;
use dapr::dapr::proto::runtime::v1::dapr_client::DaprClient as Generated;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

use crate::Environment;
use crate::config::ConfigError;

/// How long one call may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// The generated client with the token on every call.
pub(super) type Grpc = Generated<InterceptedService<Channel, ApiTokenInterceptor>>;

/// A connection to the sidecar: made with the first call, made again when it breaks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DaprClient {
    grpc: Grpc,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum DaprClientError {
    /// The environment is not usable.
    #[error(transparent)]
    Environment(#[from] ConfigError),
    /// The token is no text that a header can carry.
    #[error("DAPR_API_TOKEN: cannot be sent")]
    Token,
    /// The address is not one.
    #[error("DAPR_GRPC_PORT: no endpoint")]
    Endpoint {
        /// What the client said.
        source: tonic::transport::Error,
    },
}

impl DaprClient {
    /// The sidecar at `127.0.0.1:$DAPR_GRPC_PORT` (50001), with `DAPR_API_TOKEN` when that is set. Must be called
    /// inside the runtime.
    pub fn from_environment(environment: &Environment) -> Result<Self, DaprClientError> {
        let port = environment.port("DAPR_GRPC_PORT", 50001)?;
        let token = environment.get("DAPR_API_TOKEN").map(str::to_owned);
        let interceptor = ApiTokenInterceptor::try_new(token).map_err(|_| DaprClientError::Token)?;
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))
            .map_err(|source| DaprClientError::Endpoint { source })?
            .connect_timeout(Duration::from_secs(1));
        Ok(Self {
            grpc: Generated::with_interceptor(endpoint.connect_lazy(), interceptor),
        })
    }

    /// A handle for one call.
    pub(super) fn grpc(&self) -> Grpc {
        self.grpc.clone()
    }
}
