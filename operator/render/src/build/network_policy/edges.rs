//! The connections of a platform, from the catalog and the settings.

use std::collections::BTreeSet;

use todoplatform_api::{NetworkRule, Protocol};

use super::graph::{Edge, Party, Port};
use crate::{
    ValidatedPlatform,
    catalog::{Service, Store},
    graph::Node,
    references::{SERVICE_OF_EXPORTER, SETUP},
    validated::{
        BrokerSettings, CacheLogin, DatabaseLogin, Exporter, ExporterKind, KeySource, NetworkPolicySettings,
        ReplicaSettings, StateStoreSettings,
    },
};

/// daprd to daprd, by mTLS.
const SIDECAR_INTERNAL: u16 = 50_002;
/// daprd's probes and metadata, open without a token.
const SIDECAR_PUBLIC: u16 = 3501;
/// daprd's metrics.
const SIDECAR_METRICS: u16 = 9090;
/// Dapr's operator, sentry, placement and scheduler, by the ports of their pods.
const DAPR_CONTROL_PLANE: [u16; 4] = [6500, 50_001, 50_005, 50_006];
const DNS: u16 = 53;
const POSTGRES: u16 = 5432;
const REDIS: u16 = 6379;
const POSTGRES_COMPONENT: &str = "postgres";
const REDIS_COMPONENT: &str = "redis";

/// Every component that runs pods of the platform.
pub(super) fn components(platform: &ValidatedPlatform) -> BTreeSet<String> {
    let apps = platform.apps.iter().map(|app| app.node.name.as_str());
    let stores = [
        platform.postgres.as_ref().map(|_| POSTGRES_COMPONENT),
        platform.redis.as_ref().map(|_| REDIS_COMPONENT),
    ];
    let setup = platform.database.setup.as_ref().map(|_| SETUP);
    let exporters = exporters(platform).into_iter().map(ExporterKind::component);
    apps.chain(stores.into_iter().flatten())
        .chain(setup)
        .map(str::to_owned)
        .chain(exporters.map(str::to_owned))
        .collect()
}

/// Every connection that the platform needs, and those that its owner adds.
pub(super) fn edges(platform: &ValidatedPlatform, settings: &NetworkPolicySettings) -> BTreeSet<Edge> {
    let mut found = Collector {
        platform,
        settings,
        edges: BTreeSet::new(),
    };
    for app in &platform.apps {
        let node = &app.node;
        // The gateway is there for clients, inside the cluster too.
        if node.is(Service::Gateway) || platform.ingress(app).is_some() || platform.http_route(app).is_some()
        {
            found.entry(node);
        }
        found.sidecar(node);
        found.stores(node);
        found.outside(node);
    }
    if let Some(setup) = &platform.database.setup {
        let this = component(SETUP);
        found.dns(&this);
        found.database_server(&this, Some(&setup.admin));
    }
    for kind in exporters(platform) {
        found.exporter(kind);
    }
    found.extra();
    found.edges
}

fn exporters(platform: &ValidatedPlatform) -> Vec<ExporterKind> {
    let monitoring = platform.monitoring.iter();
    monitoring
        .flat_map(|monitoring| monitoring.exporters.keys().copied())
        .collect()
}

struct Collector<'a> {
    platform: &'a ValidatedPlatform,
    settings: &'a NetworkPolicySettings,
    edges: BTreeSet<Edge>,
}

impl Collector<'_> {
    fn edge(&mut self, from: Party, to: Party, port: Port) {
        self.edges.insert(Edge { from, to, port });
    }

    /// A server that the platform does not run.
    fn external(&mut self, from: &Party, port: Option<u16>) {
        let server = if self.settings.external_cidrs.is_empty() {
            Party::Anyone
        } else {
            Party::Addresses(self.settings.external_cidrs.clone())
        };
        if let Some(port) = port {
            self.edge(from.clone(), server, Port::Tcp(port));
        }
    }

    /// What clients reach, from wherever they may come.
    fn entry(&mut self, node: &Node) {
        let clients = if self.settings.ingress_namespaces.is_empty() {
            Party::Anyone
        } else {
            Party::Namespaces(self.settings.ingress_namespaces.clone())
        };
        self.edge(clients, component(&node.name), tcp(node.port));
    }

    fn dns(&mut self, this: &Party) {
        for port in [Port::Udp(DNS), Port::Tcp(DNS)] {
            self.edge(this.clone(), Party::ClusterDns, port);
        }
    }

    /// What every pod with a sidecar needs, and whom its service calls.
    fn sidecar(&mut self, node: &Node) {
        let this = component(&node.name);
        self.dns(&this);
        for port in DAPR_CONTROL_PLANE {
            let control_plane = Party::DaprControlPlane(self.settings.dapr_namespace.clone());
            self.edge(this.clone(), control_plane, Port::Tcp(port));
        }
        for callee in &node.calls {
            self.edge(this.clone(), component(callee), Port::Tcp(SIDECAR_INTERNAL));
        }
        let operator = Party::Operator(self.settings.operator_namespace.clone());
        self.edge(operator, this.clone(), Port::Tcp(SIDECAR_PUBLIC));
        let metrics = [node.metrics_port.map(tcp), Some(Port::Tcp(SIDECAR_METRICS))];
        for port in metrics.into_iter().flatten() {
            self.scraped(&this, port);
        }
    }

    fn scraped(&mut self, this: &Party, port: Port) {
        let monitoring = if self.settings.monitoring_namespaces.is_empty() {
            Party::Prometheus
        } else {
            Party::Namespaces(self.settings.monitoring_namespaces.clone())
        };
        self.edge(monitoring, this.clone(), port);
    }

    /// What an exporter asks, and who asks it.
    fn exporter(&mut self, kind: ExporterKind) {
        let this = component(kind.component());
        self.dns(&this);
        self.scraped(&this, Port::Tcp(kind.port()));
        match kind {
            ExporterKind::Postgres if self.platform.postgres.is_some() => {
                self.edge(this, component(POSTGRES_COMPONENT), Port::Tcp(POSTGRES));
            }
            ExporterKind::Postgres => {
                self.database_server(&this, self.platform.database.logins.get(SERVICE_OF_EXPORTER));
            }
            ExporterKind::Redis if self.platform.redis.is_some() => {
                self.edge(this, component(REDIS_COMPONENT), Port::Tcp(REDIS));
            }
            ExporterKind::Redis => self.cache(&this),
            ExporterKind::Kafka => self.kafka(&this),
        }
    }

    fn stores(&mut self, node: &Node) {
        let this = component(&node.name);
        if node.stores_in(Store::PostgreSql) {
            self.database(node);
        }
        if node.stores_in(Store::Redis) {
            self.cache(&this);
        }
        if node.stores_in(Store::DaprState) {
            match &self.platform.dapr.state_store {
                StateStoreSettings::Postgresql { .. } => self.database(node),
                StateStoreSettings::Redis { host, .. } => self.redis(&this, host),
            }
        }
        if node.uses_events() {
            match &self.platform.broker {
                BrokerSettings::Redis { host, .. } => self.redis(&this, host),
                BrokerSettings::Kafka { .. } => self.kafka(&this),
            }
        }
    }

    fn kafka(&mut self, this: &Party) {
        if let BrokerSettings::Kafka { brokers, .. } = &self.platform.broker {
            for broker in brokers {
                self.external(this, port_of(broker));
            }
        }
    }

    fn database(&mut self, service: &Node) {
        let this = component(&service.name);
        if self.platform.postgres.is_some() {
            self.edge(this, component(POSTGRES_COMPONENT), Port::Tcp(POSTGRES));
            return;
        }
        self.database_server(&this, self.platform.database.logins.get(&service.name));
        if !service.is(Service::Analytics) {
            return;
        }
        match &self.platform.database.replica {
            Some(ReplicaSettings::Host { port, .. }) => self.external(&this, u16::try_from(*port).ok()),
            Some(ReplicaSettings::Url(_)) => self.external(&this, Some(self.settings.database_port)),
            None => {}
        }
    }

    /// The server that a login leads to, which the platform does not run.
    fn database_server(&mut self, this: &Party, login: Option<&DatabaseLogin>) {
        let port = match login {
            Some(DatabaseLogin::Parts(parts)) => u16::try_from(parts.port).ok(),
            Some(DatabaseLogin::Url(_)) | None => Some(self.settings.database_port),
        };
        self.external(this, port);
    }

    fn cache(&mut self, service: &Party) {
        let own = self.platform.names.redis();
        match &self.platform.cache.login {
            CacheLogin::Url(url) if url.name == own && self.platform.redis.is_some() => {
                self.edge(service.clone(), component(REDIS_COMPONENT), Port::Tcp(REDIS));
            }
            CacheLogin::Url(_) => self.external(service, Some(self.settings.cache_port)),
            CacheLogin::Servers(servers) => {
                for address in &servers.addresses {
                    self.external(service, port_of(address));
                }
                // Sentinels and nodes name further servers, on a port of their own.
                self.external(service, Some(self.settings.cache_port));
            }
        }
    }

    /// A Redis by host and port, which may be the platform's own.
    fn redis(&mut self, service: &Party, host: &str) {
        let names = &self.platform.names;
        let own = format!("{}:{REDIS}", names.host(&names.redis()));
        if self.platform.redis.is_some() && host == own {
            self.edge(service.clone(), component(REDIS_COMPONENT), Port::Tcp(REDIS));
        } else {
            self.external(service, port_of(host));
        }
    }

    /// The issuer, the mail server, the collector.
    fn outside(&mut self, node: &Node) {
        let this = component(&node.name);
        if let KeySource::Url(url) = &self.platform.auth.keys {
            self.external(&this, port_of_url(url));
        }
        if node.is(Service::Notification)
            && let Some(smtp) = &self.platform.smtp
        {
            self.external(&this, u16::try_from(smtp.port).ok());
        }
        match self
            .platform
            .dapr
            .tracing
            .as_ref()
            .map(|tracing| &tracing.exporter)
        {
            Some(Exporter::Otlp { endpoint, .. }) => self.external(&this, port_of(endpoint)),
            Some(Exporter::Zipkin(url)) => self.external(&this, port_of_url(url)),
            None => {}
        }
    }

    fn extra(&mut self) {
        for rule in &self.settings.extra_ingress {
            for this in self.of_rule(rule) {
                for port in ports(rule) {
                    self.edge(party(rule), this.clone(), port);
                }
            }
        }
        for rule in &self.settings.extra_egress {
            for this in self.of_rule(rule) {
                for port in ports(rule) {
                    self.edge(this.clone(), party(rule), port);
                }
            }
        }
    }

    fn of_rule(&self, rule: &NetworkRule) -> Vec<Party> {
        if rule.components.is_empty() {
            let apps = self.platform.apps.iter();
            return apps.map(|app| component(&app.node.name)).collect();
        }
        rule.components.iter().map(|name| component(name)).collect()
    }
}

fn component(name: &str) -> Party {
    Party::Component(name.to_owned())
}

fn tcp(port: i32) -> Port {
    u16::try_from(port).map_or(Port::All, Port::Tcp)
}

fn party(rule: &NetworkRule) -> Party {
    if !rule.cidrs.is_empty() {
        return Party::Addresses(rule.cidrs.clone());
    }
    if rule.pod_labels.is_empty() && rule.namespace_labels.is_empty() {
        return Party::Anyone;
    }
    Party::Pods {
        labels: rule.pod_labels.clone(),
        namespaces: (!rule.namespace_labels.is_empty()).then(|| rule.namespace_labels.clone()),
    }
}

fn ports(rule: &NetworkRule) -> Vec<Port> {
    let number = |port: &i32| {
        let port = u16::try_from(*port).ok()?;
        Some(match rule.protocol.unwrap_or_default() {
            Protocol::Tcp => Port::Tcp(port),
            Protocol::Udp => Port::Udp(port),
        })
    };
    if rule.ports.is_empty() {
        vec![Port::All]
    } else {
        rule.ports.iter().filter_map(number).collect()
    }
}

/// The port of `host:port`.
fn port_of(host: &str) -> Option<u16> {
    host.rsplit_once(':')?.1.parse().ok()
}

/// The port of a URL, by its scheme when it names none.
fn port_of_url(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    // The colons of an IPv6 address are no port's.
    let after_address = authority
        .rsplit_once(']')
        .map_or(authority, |(_address, rest)| rest);
    match after_address.rsplit_once(':') {
        Some((_host, port)) => port.parse().ok(),
        None if scheme.eq_ignore_ascii_case("https") => Some(443),
        None => Some(80),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_port_even_where_it_names_none() {
        for (url, port) in [
            ("https://issuer.example/keys", Some(443)),
            ("http://issuer.example", Some(80)),
            ("https://issuer.example:8443/keys", Some(8443)),
            ("http://[fd00::1]/keys", Some(80)),
            ("http://[fd00::1]:9411/keys?a=b:1", Some(9411)),
            ("https://issuer.example:99999/", None),
            ("issuer.example", None),
        ] {
            assert_eq!(port_of_url(url), port, "{url}");
        }
        assert_eq!(port_of("kafka-0.example:9093"), Some(9093));
    }
}
