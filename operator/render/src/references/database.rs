//! The PostgreSQL.

use std::collections::BTreeMap;

use todoplatform_api::{
    CloudNativePg, Database, DatabaseRoles, ExternalDatabase, ReadReplica, SecretKeyRef, SslMode,
};

use super::{Collector, DependencyTarget, PostgresTarget, SecretReference, user_reference};
use crate::catalog::{Service, Store};
use crate::names::EXPORTER_PASSWORD;

/// Name of the dependency that is the platform's own Job, and of the component that the Job belongs to.
pub const SETUP: &str = "database-setup";

/// Whether the platform runs its own PostgreSQL.
pub(crate) fn embeds_postgres(database: Option<&Database>, development: bool) -> bool {
    database.map_or(development, |section| {
        section.external.is_none() && section.cloud_native_pg.is_none()
    })
}

/// Whether each service has a role of its own that a Job makes.
fn sets_up(database: Option<&Database>) -> bool {
    database.is_some_and(|section| {
        let by_admin = section
            .external
            .as_ref()
            .is_some_and(|external| external.admin.is_some());
        by_admin || section.cloud_native_pg.as_ref().is_some_and(has_own_roles)
    })
}

/// Whether each service has a role of its own in the cluster.
pub(crate) fn has_own_roles(cluster: &CloudNativePg) -> bool {
    cluster.roles.unwrap_or_default() == DatabaseRoles::PerService
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

/// How the connection to an external host is encrypted.
pub(crate) fn ssl_mode(external: &ExternalDatabase, development: bool) -> SslMode {
    external.ssl_mode.unwrap_or({
        if development && external.ca_secret_key_ref.is_none() {
            SslMode::Prefer
        } else {
            SslMode::VerifyFull
        }
    })
}

/// The port of an external host.
pub(crate) fn port(external: &ExternalDatabase) -> i32 {
    external.port.unwrap_or(5432)
}

/// The database at an external host: the services' shared one, or the one that the administrator logs in to.
pub(crate) fn database_name(external: &ExternalDatabase) -> String {
    let default = if external.admin.is_some() {
        "postgres"
    } else {
        "todo"
    };
    external.database.clone().unwrap_or_else(|| default.into())
}

/// A key of a Secret that CloudNativePG makes for a cluster.
pub(crate) fn cluster_key(cluster: &CloudNativePg, secret: &str, key: &str) -> SecretKeyRef {
    SecretKeyRef {
        name: format!("{}-{secret}", cluster.cluster_ref.name),
        key: key.into(),
    }
}

/// Where the certificate of a cluster's authority is.
pub(crate) fn cluster_ca(cluster: &CloudNativePg) -> SecretKeyRef {
    let own = cluster.ca_secret_key_ref.clone();
    own.unwrap_or_else(|| cluster_key(cluster, "ca", "ca.crt"))
}

/// The services that have a PostgreSQL schema.
pub(crate) fn database_services() -> impl Iterator<Item = Service> {
    Service::ALL
        .into_iter()
        .filter(|service| service.definition().stores_in(Store::PostgreSql))
}

/// The service whose login an exporter takes that asks an external PostgreSQL.
pub(crate) const SERVICE_OF_EXPORTER: &str = Service::Task.as_str();

/// The key of the password of an application's role.
pub(crate) fn password_key(app: &str) -> String {
    format!("{app}-password")
}

impl Collector<'_> {
    pub(super) fn database(&mut self, database: Option<&Database>, development: bool) {
        if embeds_postgres(database, development) {
            let name = self.names.postgres();
            self.own(&name, "postgres-password");
            let exporter = self.names.postgres_exporter();
            self.own(&exporter, EXPORTER_PASSWORD);
            for service in database_services() {
                self.own(&name, &password_key(service.as_str()));
                self.own(&name, &format!("{}-url", service.as_str()));
            }
            self.depend("database", DependencyTarget::StatefulSet { name });
            return;
        }
        let Some(section) = database else { return };
        if let Some(external) = &section.external {
            self.external_database(external, development);
        } else if let Some(cluster) = &section.cloud_native_pg {
            self.cluster(cluster);
        }
        if sets_up(database) {
            let name = self.names.database();
            for service in database_services() {
                self.own(&name, &password_key(service.as_str()));
            }
            self.depend(SETUP, DependencyTarget::Job);
        }
        if let Some(replica) = &section.read_replica {
            self.replica(replica);
        }
    }

    fn external_database(&mut self, external: &ExternalDatabase, development: bool) {
        let ca = self.user(
            external.ca_secret_key_ref.as_ref(),
            "spec.database.external.caSecretKeyRef",
        );
        let Some(host) = &external.host else {
            return self.databases_by_url(external, ca.as_ref());
        };
        let admin = external.admin.as_ref();
        let url = admin.and_then(|admin| admin.url_secret_key_ref.as_ref());
        if let Some(url) = self.user(url, "spec.database.external.admin.urlSecretKeyRef") {
            return self.depend("database", DependencyTarget::Postgres { url, ca });
        }
        let (section, username, password) = match admin {
            Some(admin) => (
                "spec.database.external.admin",
                &admin.username_secret_key_ref,
                &admin.password_secret_key_ref,
            ),
            None => (
                "spec.database.external",
                &external.username_secret_key_ref,
                &external.password_secret_key_ref,
            ),
        };
        let username = self.user(username.as_ref(), &format!("{section}.usernameSecretKeyRef"));
        let password = self.user(password.as_ref(), &format!("{section}.passwordSecretKeyRef"));
        if let Some((username, password)) = username.zip(password) {
            let target = PostgresTarget {
                host: host.clone(),
                port: port(external),
                database: database_name(external),
                username,
                password,
                ssl_mode: ssl_mode(external, development),
                ca,
            };
            self.depend("database", DependencyTarget::PostgresHost(Box::new(target)));
        }
    }

    fn databases_by_url(&mut self, external: &ExternalDatabase, ca: Option<&SecretReference>) {
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
            let ca = ca.cloned();
            self.depend(&name, DependencyTarget::Postgres { url, ca });
        }
    }

    /// CloudNativePG makes the Secrets along with the cluster: that they are not there yet is no fault.
    fn cluster(&mut self, cluster: &CloudNativePg) {
        const PATH: &str = "spec.database.cloudNativePG";
        let path = format!("{PATH}.caSecretKeyRef");
        match &cluster.ca_secret_key_ref {
            Some(ca) => drop(self.user(Some(ca), &path)),
            None => self.awaited(&cluster_ca(cluster), &format!("{PATH}.clusterRef")),
        }
        let secret = if has_own_roles(cluster) {
            "superuser"
        } else {
            "app"
        };
        let mut keys = vec!["username", "password"];
        if !has_own_roles(cluster) && cluster.database.is_none() {
            keys.push("dbname");
        }
        for key in keys {
            self.awaited(&cluster_key(cluster, secret, key), &format!("{PATH}.clusterRef"));
        }
        let cluster = cluster.cluster_ref.name.clone();
        self.depend("database", DependencyTarget::CloudNativePg { cluster });
    }

    fn replica(&mut self, replica: &ReadReplica) {
        let path = "spec.database.readReplica.urlSecretKeyRef";
        self.user(replica.url_secret_key_ref.as_ref(), path);
    }
}
