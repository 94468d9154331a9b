//! How clients reach the platform.

use std::collections::BTreeMap;

use todoplatform_api::{IssuerRef, ParentRef, RouteClass, Scheme, ServiceType};

/// How clients reach the gateway.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySettings {
    /// Which web pages may call.
    pub cors: CorsSettings,
    /// Requests per user and period, of all classes of routes without a policy.
    pub requests: i32,
    /// The period in seconds.
    pub period_seconds: i32,
    /// Requests at once.
    pub burst: i32,
    /// Classes of routes that are counted apart.
    pub policies: Vec<PolicySettings>,
    /// Type of its Service.
    pub service_type: ServiceType,
    /// Port on every node.
    pub node_port: Option<i32>,
    /// Its Ingress.
    pub ingress: Option<IngressSettings>,
    /// Its HTTPRoute.
    pub http_route: Option<GatewayRouteSettings>,
}

impl GatewaySettings {
    /// Where the gateway answers outside the cluster; none without a host that is known.
    pub fn outside(&self) -> Option<String> {
        let (hosts, scheme) = match (&self.ingress, &self.http_route) {
            (Some(ingress), _) => {
                let scheme = ingress.tls.as_ref().map_or("http", |_| "https");
                (&ingress.hosts, scheme)
            }
            (None, Some(route)) => {
                let scheme = match route.scheme {
                    Scheme::Http => "http",
                    Scheme::Https => "https",
                };
                (&route.route.hostnames, scheme)
            }
            (None, None) => return None,
        };
        let host = hosts.iter().find(|host| !host.starts_with('*'))?;
        Some(format!("{scheme}://{host}"))
    }
}

/// Which web pages may call. What is empty is left to the gateway.
#[derive(serde::Serialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CorsSettings {
    /// Exact origins.
    pub origins: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// Request headers.
    pub headers: Vec<String>,
    /// How long the answer to a preflight holds, in seconds.
    pub max_age_seconds: Option<i32>,
    /// Whether cookies may be sent.
    pub allow_credentials: bool,
}

/// The bucket of one class of routes.
#[derive(serde::Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PolicySettings {
    /// The class.
    pub class: RouteClass,
    /// Requests per user and period.
    pub requests: i32,
    /// The period in seconds.
    pub period_seconds: i32,
    /// Requests at once.
    pub burst: i32,
}

/// An Ingress.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct IngressSettings {
    /// The class of the Ingress; none means the cluster's default.
    pub class_name: Option<String>,
    /// Host names.
    pub hosts: Vec<String>,
    /// Path below which requests go to the application.
    pub path: String,
    /// Encryption.
    pub tls: Option<IngressTlsSettings>,
    /// Annotations for its controller.
    pub annotations: BTreeMap<String, String>,
}

/// Encryption at the Ingress.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct IngressTlsSettings {
    /// The Secret with certificate and key.
    pub secret_name: String,
    /// The issuer from which cert-manager gets them.
    pub issuer: Option<IssuerRef>,
}

/// The HTTPRoute to the gateway.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRouteSettings {
    /// The route.
    #[serde(flatten)]
    pub route: HttpRouteSettings,
    /// How clients speak to the Gateways.
    pub scheme: Scheme,
}

/// An HTTPRoute.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteSettings {
    /// The Gateways that it attaches to.
    pub parents: Vec<ParentRef>,
    /// Host names; none takes those of the Gateways.
    pub hostnames: Vec<String>,
    /// Path below which requests go to the application.
    pub path: String,
}
