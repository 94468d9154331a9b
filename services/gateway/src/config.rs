//! What the gateway is told beyond what every service is told.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use todo_kit::config::ConfigError;

use crate::client::TrustedProxiesConfig;
use crate::limit::{OnError, Policies, Policy};
use crate::route::{Class, Target};

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
    /// Which proxies before the gateway are believed about where a request comes from; none by default.
    #[serde(default, skip_serializing_if = "TrustedProxiesConfig::is_empty")]
    pub trusted_proxies: TrustedProxiesConfig,
}

/// Which web pages may call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CorsConfig {
    /// Exact origins, such as `https://app.example`; none by default.
    pub origins: Vec<String>,
    /// Methods that such a page may use; those of the API by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Request headers that such a page may set; those that the API reads by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// How long a browser may remember the answer to a preflight; 600 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// Whether such a page may send cookies; false by default.
    pub allow_credentials: bool,
}

/// How much one user may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RateLimitConfig {
    /// Requests in a period; 10 by default.
    pub requests: u32,
    /// The period; 60 by default.
    pub period_seconds: u64,
    /// Requests that may come at once; 10 by default.
    pub burst: u32,
    /// Classes of routes with a bucket of their own; none by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyConfig>,
    /// Requests without a token that is accepted, by address; 30 a minute by default.
    pub unauthenticated: UnauthenticatedConfig,
}

/// The bucket of requests without a token that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UnauthenticatedConfig {
    /// Requests in a period; 30 by default.
    pub requests: u32,
    /// The period; 60 by default.
    pub period_seconds: u64,
    /// Requests that may come at once; 30 by default.
    pub burst: u32,
    /// What becomes of them while Redis is away: `local` by default, or `closed`.
    pub on_error: OnError,
}

/// The bucket of one class of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyConfig {
    /// The class.
    pub class: Class,
    /// Requests in a period.
    pub requests: u32,
    /// The period.
    pub period_seconds: u64,
    /// Requests that may come at once.
    pub burst: u32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            requests: 10,
            period_seconds: 60,
            burst: 10,
            policies: Vec::new(),
            unauthenticated: UnauthenticatedConfig::default(),
        }
    }
}

impl Default for UnauthenticatedConfig {
    fn default() -> Self {
        Self {
            requests: 30,
            period_seconds: 60,
            burst: 30,
            on_error: OnError::Local,
        }
    }
}

impl RateLimitConfig {
    /// The policies that the limiters apply.
    pub fn policies(&self) -> Policies {
        let shared = Policy {
            bucket: Policy::SHARED,
            requests: self.requests,
            period: Duration::from_secs(self.period_seconds),
            burst: self.burst,
        };
        let strangers = Policy {
            bucket: Policy::UNAUTHENTICATED,
            requests: self.unauthenticated.requests,
            period: Duration::from_secs(self.unauthenticated.period_seconds),
            burst: self.unauthenticated.burst,
        };
        let policies = Policies::new(shared, strangers, self.unauthenticated.on_error);
        self.policies.iter().fold(policies, |policies, own| {
            let policy = Policy {
                bucket: own.class.as_str(),
                requests: own.requests,
                period: Duration::from_secs(own.period_seconds),
                burst: own.burst,
            };
            policies.with(own.class, policy)
        })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let shared = (self.requests, self.period_seconds, self.burst);
        let strangers = self.unauthenticated;
        let strangers = (strangers.requests, strangers.period_seconds, strangers.burst);
        let own = self
            .policies
            .iter()
            .map(|policy| (policy.requests, policy.period_seconds, policy.burst));
        if [shared, strangers]
            .into_iter()
            .chain(own)
            .any(|(requests, period, burst)| requests == 0 || period == 0 || burst == 0)
        {
            return Err(ConfigError::refused(
                "rateLimit",
                "requests, periodSeconds and burst must be at least 1",
            ));
        }
        let mut classes: Vec<_> = self.policies.iter().map(|policy| policy.class).collect();
        classes.sort_unstable();
        let twice = classes.windows(2).find(|pair| pair[0] == pair[1]);
        twice.map_or(Ok(()), |pair| {
            Err(ConfigError::refused(
                "rateLimit.policies",
                format!("the class {} has two policies", pair[0].as_str()),
            ))
        })
    }
}

impl CorsConfig {
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(origin) = self.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::refused(
                "cors.origins",
                format!("{origin} is no origin such as https://app.example"),
            ));
        }
        // A star would be a name like any other to us, and everything to a browser.
        let method = |text: &&String| *text == "*" || Method::from_bytes(text.as_bytes()).is_err();
        if let Some(odd) = self.methods.iter().find(method) {
            return Err(ConfigError::refused(
                "cors.methods",
                format!("{odd} is no method"),
            ));
        }
        let header = |text: &&String| *text == "*" || HeaderName::from_bytes(text.as_bytes()).is_err();
        self.headers.iter().find(header).map_or(Ok(()), |odd| {
            Err(ConfigError::refused(
                "cors.headers",
                format!("{odd} is no name of a header"),
            ))
        })
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
        self.rate_limit.check()?;
        self.trusted_proxies.proxies()?;
        self.cors.check()
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
    use crate::client::Proxies;

    fn config() -> GatewayConfig {
        let peers = Target::ALL.map(|t| (t.name().to_owned(), format!("todo-{}", t.name())));
        GatewayConfig {
            peers: peers.into(),
            cors: CorsConfig::default(),
            rate_limit: RateLimitConfig::default(),
            trusted_proxies: TrustedProxiesConfig::default(),
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
        let policy = PolicyConfig {
            class: Class::Read,
            requests: 1,
            period_seconds: 1,
            burst: 0,
        };
        let mut no_burst = config();
        no_burst.rate_limit.policies = vec![policy];
        let mut twice = config();
        twice.rate_limit.policies = vec![PolicyConfig { burst: 1, ..policy }; 2];
        let mut any_method = config();
        any_method.cors.methods = vec!["*".to_owned()];
        let mut any_header = config();
        any_header.cors.headers = vec!["*".to_owned()];
        let mut no_method = config();
        no_method.cors.methods = vec!["GET, POST".to_owned()];
        let mut no_header = config();
        no_header.cors.headers = vec!["a header".to_owned()];
        let mut no_strangers = config();
        no_strangers.rate_limit.unauthenticated.requests = 0;
        let proxies = |hops: usize, networks: &[&str]| GatewayConfig {
            trusted_proxies: TrustedProxiesConfig {
                hops,
                networks: networks.iter().map(|&network| network.to_owned()).collect(),
            },
            ..config()
        };
        for (bad, key) in [
            (no_strangers, "rateLimit"),
            (proxies(1, &["10.0.0.0/8"]), "trustedProxies"),
            (proxies(17, &[]), "trustedProxies.hops"),
            (proxies(0, &["10.0.0.0/8", "ingress"]), "trustedProxies.networks"),
            (no_peer, "peers"),
            (no_limit, "rateLimit"),
            (any_origin, "cors.origins"),
            (path, "cors.origins"),
            (no_burst, "rateLimit"),
            (twice, "rateLimit.policies"),
            (any_method, "cors.methods"),
            (any_header, "cors.headers"),
            (no_method, "cors.methods"),
            (no_header, "cors.headers"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_configuration_of_before_means_what_it_meant() {
        let old = r#"{"peers": {"task": "todo-task"}, "rateLimit": {"requests": 5, "periodSeconds": 60, "burst": 5}}"#;
        let config: GatewayConfig = serde_json::from_str(old).unwrap();
        assert_eq!(config.trusted_proxies.proxies().unwrap(), Proxies::None);
        let (strangers, on_error) = config.rate_limit.policies().unauthenticated();
        assert_eq!((strangers.requests, strangers.burst), (30, 30));
        assert_eq!(on_error, OnError::Local);
    }
}
