//! The PostgreSQL.

use std::collections::BTreeMap;

use todoplatform_api::{Database, ExternalDatabase, SecretKeyRef};

use super::{Collector, DependencyTarget, user_reference};
use crate::catalog::{Service, Store};

/// Whether the platform runs its own PostgreSQL.
pub(crate) fn embeds_postgres(database: Option<&Database>, development: bool) -> bool {
    database.map_or(development, |section| section.external.is_none())
}

/// The field that gives a service its connection URL, with its path.
pub(crate) fn database_url(
    external: &ExternalDatabase,
    service: Service,
) -> Option<(&SecretKeyRef, &'static str)> {
    let own = match service {
        Service::Task => external
            .task_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.taskUrlSecretKeyRef")),
        Service::Notification => external
            .notification_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.notificationUrlSecretKeyRef")),
        Service::Analytics => external
            .analytics_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.analyticsUrlSecretKeyRef")),
        Service::Gateway | Service::Scheduler => None,
    };
    own.or_else(|| {
        external
            .url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.urlSecretKeyRef"))
    })
}

/// The services that have a PostgreSQL schema.
pub(crate) fn database_services() -> impl Iterator<Item = Service> {
    Service::ALL
        .into_iter()
        .filter(|service| service.definition().stores_in(Store::PostgreSql))
}

impl Collector<'_> {
    pub(super) fn database(&mut self, database: Option<&Database>, development: bool) {
        if embeds_postgres(database, development) {
            let name = self.names.postgres();
            self.own(&name, "postgres-password");
            for service in database_services() {
                self.own(&name, &format!("{}-password", service.as_str()));
                self.own(&name, &format!("{}-url", service.as_str()));
            }
            self.depend("database", DependencyTarget::StatefulSet { name });
            return;
        }
        let Some(external) = database.and_then(|section| section.external.as_ref()) else {
            return;
        };
        let ca = self.user(
            external.ca_secret_key_ref.as_ref(),
            "spec.database.external.caSecretKeyRef",
        );
        // Services that share a URL share a dependency.
        let mut by_field = BTreeMap::<&str, Service>::new();
        for service in database_services() {
            let Some((reference, path)) = database_url(external, service) else {
                continue;
            };
            if by_field.insert(path, service).is_some() {
                continue;
            }
            let url = user_reference(reference, path);
            self.references.secrets.push(url.clone());
            let name = if path.ends_with(".urlSecretKeyRef") {
                "database".into()
            } else {
                format!("database-{}", service.as_str())
            };
            self.depend(&name, DependencyTarget::Postgres { url, ca: ca.clone() });
        }
    }
}
