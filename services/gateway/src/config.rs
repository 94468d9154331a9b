//! What the gateway is told beyond what every service is told.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use todo_kit::config::ConfigError;

use crate::limit::Policy;
use crate::route::Target;

/// The gateway's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayConfig {
    /// Dapr app-ids of the services behind, by service name; the routes of one that is not named are not there.
    pub peers: BTreeMap<String, String>,
    /// Which web pages may call.
    #[serde(default)]
    pub cors: CorsConfig,
    /// How much one user may send.
    #[serde(default)]
    pub rate_limit: RateLimitConfig,
}

/// Which web pages may call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CorsConfig {
    /// Exact origins, such as `https://app.example`; none by default.
    pub origins: Vec<String>,
}

/// How much one user may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RateLimitConfig {
    /// Requests in a period; 10 by default.
    pub requests: u32,
    /// The period; 60 by default.
    pub period_seconds: u64,
    /// Requests that may come at once; 10 by default.
    pub burst: u32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            requests: 10,
            period_seconds: 60,
            burst: 10,
        }
    }
}

impl RateLimitConfig {
    /// The policy that the limiters apply.
    pub fn policy(&self) -> Policy {
        Policy {
            requests: self.requests,
            period: Duration::from_secs(self.period_seconds),
            burst: self.burst,
        }
    }
}

impl GatewayConfig {
    /// What the types cannot say.
    pub fn check(&self) -> Result<(), ConfigError> {
        // A service that is switched off is no peer; a gateway without any is a mistake.
        if !Target::ALL
            .into_iter()
            .any(|target| self.peers.contains_key(target.name()))
        {
            return Err(ConfigError::refused("peers", "no service is named"));
        }
        let limit = &self.rate_limit;
        if limit.requests == 0 || limit.period_seconds == 0 || limit.burst == 0 {
            return Err(ConfigError::refused(
                "rateLimit",
                "requests, periodSeconds and burst must be at least 1",
            ));
        }
        let odd = self.cors.origins.iter().find(|origin| !is_origin(origin));
        odd.map_or(Ok(()), |origin| {
            Err(ConfigError::refused(
                "cors.origins",
                format!("{origin} is no origin such as https://app.example"),
            ))
        })
    }
}

/// Scheme, host and perhaps port, as a browser sends it; never `*`.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
        && HeaderValue::from_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GatewayConfig {
        let peers = Target::ALL.map(|t| (t.name().to_owned(), format!("todo-{}", t.name())));
        GatewayConfig {
            peers: peers.into(),
            cors: CorsConfig::default(),
            rate_limit: RateLimitConfig::default(),
        }
    }

    #[test]
    fn what_would_not_work_is_refused_by_its_key() {
        assert!(config().check().is_ok());
        let mut no_peer = config();
        no_peer.peers.clear();
        let mut no_limit = config();
        no_limit.rate_limit.burst = 0;
        let mut any_origin = config();
        any_origin.cors.origins = vec!["*".to_owned()];
        let mut path = config();
        path.cors.origins = vec!["https://app.example/".to_owned()];
        for (bad, key) in [
            (no_peer, "peers"),
            (no_limit, "rateLimit"),
            (any_origin, "cors.origins"),
            (path, "cors.origins"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
