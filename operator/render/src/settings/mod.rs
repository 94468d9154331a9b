//! Applies the profile: every setting gets the user's value or the profile's. One file per section of the spec.

mod alerting;
mod apps;
mod auth;
mod autoscaling;
mod broker;
mod cache;
mod common;
mod dapr;
mod dashboards;
mod database;
mod gateway;
mod images;
mod network_policy;
mod notifications;
mod observability;
mod pod;
mod routing;
mod way_in;

use todoplatform_api::{Profile, TodoPlatform, TodoPlatformSpec};

use crate::{
    Facts, OperatorDefaults, ValidatedPlatform, Violation, graph::graph, names::Names, references::References,
};

/// The platform with every setting decided; none when something that is among the violations leaves one open.
pub(crate) fn resolve(
    platform: &TodoPlatform,
    references: References,
    facts: &Facts,
    defaults: &OperatorDefaults,
    violations: &mut Vec<Violation>,
) -> Option<ValidatedPlatform> {
    let resolver = Resolver {
        spec: &platform.spec,
        facts,
        defaults,
        names: Names::new(
            platform.metadata.name.as_deref().unwrap_or_default(),
            platform.metadata.namespace.as_deref().unwrap_or("default"),
            &defaults.cluster_domain,
        ),
        profile: platform.spec.profile.unwrap_or_default(),
    };
    resolver.check_images(violations);
    resolver.check_pod_defaults(violations);
    // Every image is looked at, so that every fault is reported at once.
    let nodes = graph(&platform.spec);
    let alerting = resolver.alerting(&nodes.iter().collect::<Vec<_>>(), violations);
    let of_extra_services = resolver.extra_databases(&nodes, violations);
    let apps: Vec<_> = nodes
        .into_iter()
        .map(|node| resolver.app(node, violations))
        .collect();
    let postgres = resolver.embeds_postgres().then(|| resolver.postgres(violations));
    let redis = resolver.embeds_redis().then(|| resolver.redis(violations));
    let images = platform.spec.images.as_ref();
    let pull_policy = images
        .and_then(|images| images.pull_policy)
        .map(|policy| policy.as_str().to_owned());
    let daprd_image = resolver.daprd_image(violations);
    Some(ValidatedPlatform {
        uid: platform.metadata.uid.clone(),
        profile: resolver.profile,
        version: resolver.version().into(),
        sidecar_pull_policy: pull_policy.clone(),
        daprd_image,
        image_pull_policy: pull_policy
            .or_else(|| defaults.image_pull_policy.clone())
            .unwrap_or_else(|| "IfNotPresent".into()),
        image_pull_secrets: images.map_or_else(Vec::new, |images| {
            images
                .pull_secrets
                .iter()
                .map(|secret| secret.name.clone())
                .collect()
        }),
        apps: apps.into_iter().collect::<Option<_>>()?,
        auth: resolver.auth()?,
        gateway: resolver.gateway(),
        postgres: optional(postgres)?,
        redis: optional(redis)?,
        database: {
            let mut database = resolver.database(violations)?;
            database.logins.extend(of_extra_services);
            database
        },
        cache: resolver.cache()?,
        broker: resolver.broker(&references, violations)?,
        topics: resolver.topics(&references, violations),
        topic_prefix: resolver.topic_prefix(),
        smtp: resolver.smtp(),
        resiliency: resolver.resiliency(),
        dapr: resolver.dapr(violations),
        network_policy: resolver.network_policy(violations),
        alerting,
        monitoring: resolver.monitoring(&references, violations),
        routing: resolver.routing(),
        dashboards: resolver.dashboards(),
        hibernated: platform.spec.hibernated.unwrap_or(false),
        day2: crate::day2::resolve(platform, resolver.profile),
        references,
        names: resolver.names,
    })
}

/// Something that is not wanted, or wanted and decided; none when it is wanted and left open.
#[expect(clippy::option_option, reason = "absent and undecided are two things")]
fn optional<T>(wanted: Option<Option<T>>) -> Option<Option<T>> {
    match wanted {
        None => Some(None),
        Some(decided) => decided.map(Some),
    }
}

struct Resolver<'a> {
    spec: &'a TodoPlatformSpec,
    facts: &'a Facts,
    defaults: &'a OperatorDefaults,
    names: Names,
    profile: Profile,
}

impl Resolver<'_> {
    fn development(&self) -> bool {
        self.profile == Profile::Development
    }
}
