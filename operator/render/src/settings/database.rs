//! The PostgreSQL.

use std::collections::BTreeMap;

use todoplatform_api::{CloudNativePg, ExternalDatabase, ReadReplica, SecretKeyRef, SessionOption, SslMode};

use super::{
    Resolver,
    common::{embedded, image},
};
use crate::{
    Violation,
    catalog::{self, Service},
    references,
    validated::{
        DatabaseLogin, DatabaseParts, DatabaseSettings, ReplicaSettings, SetupSettings, StoreSettings, Text,
    },
};

impl Resolver<'_> {
    pub(super) fn embeds_postgres(&self) -> bool {
        references::embeds_postgres(self.spec.database.as_ref(), self.development())
    }

    pub(super) fn postgres(&self, violations: &mut Vec<Violation>) -> Option<StoreSettings> {
        let own = self
            .spec
            .images
            .as_ref()
            .and_then(|images| images.postgres.as_deref());
        let store = self
            .spec
            .database
            .as_ref()
            .and_then(|database| database.embedded.as_ref());
        let image = self.store_image("postgres", own, &self.defaults.postgres_image, violations)?;
        Some(embedded(store, image, catalog::POSTGRES_AMOUNTS))
    }

    /// The databases; none when something that is among the violations leaves them open.
    pub(super) fn database(&self, violations: &mut Vec<Violation>) -> Option<DatabaseSettings> {
        if self.embeds_postgres() {
            let url = |service: Service| SecretKeyRef {
                name: self.names.postgres(),
                key: format!("{}-url", service.as_str()),
            };
            return Some(DatabaseSettings {
                logins: each(|service| Some(DatabaseLogin::Url(url(service))))?,
                replica: None,
                ca: None,
                setup: None,
            });
        }
        let section = self.spec.database.as_ref()?;
        let settings = match (&section.external, &section.cloud_native_pg) {
            (Some(external), _) => self.external_database(external, violations)?,
            (None, Some(cluster)) => self.cluster(cluster, violations)?,
            (None, None) => return None,
        };
        let replica = section.read_replica.as_ref().and_then(|replica| {
            let of_cluster = section.cloud_native_pg.as_ref();
            self.replica(replica, of_cluster)
        });
        Some(DatabaseSettings { replica, ..settings })
    }

    fn external_database(
        &self,
        external: &ExternalDatabase,
        violations: &mut Vec<Violation>,
    ) -> Option<DatabaseSettings> {
        let ca = external.ca_secret_key_ref.clone();
        let Some(host) = external.host.clone() else {
            let url = |service| references::database_url(external, service).map(|(url, _)| url.clone());
            return Some(DatabaseSettings {
                logins: each(|service| url(service).map(DatabaseLogin::Url))?,
                replica: None,
                ca,
                setup: None,
            });
        };
        let place = Place {
            host,
            port: references::port(external),
            ssl_mode: references::ssl_mode(external, self.development()),
            options: external.options.clone(),
            ca,
        };
        let login = |username: &Option<SecretKeyRef>, password: &Option<SecretKeyRef>| {
            let database = Text::Clear(references::database_name(external));
            Some(place.login(database, Text::Secret(username.clone()?), password.clone()?))
        };
        let Some(admin) = &external.admin else {
            let shared = login(
                &external.username_secret_key_ref,
                &external.password_secret_key_ref,
            )?;
            return Some(shared_by_all(shared, place.ca));
        };
        let by_url = admin.url_secret_key_ref.clone().map(DatabaseLogin::Url);
        let by_parts = login(&admin.username_secret_key_ref, &admin.password_secret_key_ref);
        let login = by_url.or(by_parts.map(|parts| DatabaseLogin::Parts(Box::new(parts))))?;
        self.role_per_service(login, &place, violations)
    }

    fn cluster(&self, cluster: &CloudNativePg, violations: &mut Vec<Violation>) -> Option<DatabaseSettings> {
        let has_own_roles = references::has_own_roles(cluster);
        let secret = if has_own_roles { "superuser" } else { "app" };
        let key = |key| references::cluster_key(cluster, secret, key);
        let place = Place {
            host: self.cluster_host(cluster, "rw"),
            port: 5432,
            ssl_mode: SslMode::VerifyFull,
            options: Vec::new(),
            ca: Some(references::cluster_ca(cluster)),
        };
        let database = match &cluster.database {
            _ if has_own_roles => Text::Clear("postgres".into()),
            Some(database) => Text::Clear(database.clone()),
            None => Text::Secret(key("dbname")),
        };
        let login = place.login(database, Text::Secret(key("username")), key("password"));
        if has_own_roles {
            self.role_per_service(DatabaseLogin::Parts(Box::new(login)), &place, violations)
        } else {
            Some(shared_by_all(login, place.ca))
        }
    }

    /// A Service that CloudNativePG makes for a cluster, by the name for which its certificates are good.
    fn cluster_host(&self, cluster: &CloudNativePg, service: &str) -> String {
        format!(
            "{}-{service}.{}.svc",
            cluster.cluster_ref.name,
            self.names.namespace()
        )
    }

    fn replica(&self, replica: &ReadReplica, cluster: Option<&CloudNativePg>) -> Option<ReplicaSettings> {
        if let Some(url) = &replica.url_secret_key_ref {
            return Some(ReplicaSettings::Url(url.clone()));
        }
        let host = replica.host.clone();
        Some(ReplicaSettings::Host {
            host: host.or_else(|| Some(self.cluster_host(cluster?, "ro")))?,
            port: replica.port.unwrap_or(5432),
        })
    }

    /// Roles and databases of the services' own, which a Job makes with the administrator's login.
    fn role_per_service(
        &self,
        admin: DatabaseLogin,
        place: &Place,
        violations: &mut Vec<Violation>,
    ) -> Option<DatabaseSettings> {
        let images = self.spec.images.as_ref();
        let registry = images
            .and_then(|images| images.registry.as_deref())
            .unwrap_or(&self.defaults.image_registry);
        let own = format!("{registry}/todoplatform-operator:{}", self.defaults.image_tag);
        let role = |service: Service| Text::Clear(self.names.database_role(service.as_str()));
        let password = |service: Service| SecretKeyRef {
            name: self.names.database(),
            key: references::password_key(service.as_str()),
        };
        let login = |service: Service| place.login(role(service), role(service), password(service));
        Some(DatabaseSettings {
            logins: each(|service| Some(DatabaseLogin::Parts(Box::new(login(service)))))?,
            replica: None,
            ca: place.ca.clone(),
            setup: Some(SetupSettings {
                image: image(&own, "spec.images.registry", violations)?,
                admin,
                roles: each(|service| Some(self.names.database_role(service.as_str())))?,
            }),
        })
    }
}

/// A server without a login.
struct Place {
    host: String,
    port: i32,
    ssl_mode: SslMode,
    options: Vec<SessionOption>,
    ca: Option<SecretKeyRef>,
}

impl Place {
    fn login(&self, database: Text, username: Text, password: SecretKeyRef) -> DatabaseParts {
        DatabaseParts {
            host: self.host.clone(),
            port: self.port,
            database,
            username,
            password,
            ssl_mode: self.ssl_mode,
            options: self.options.clone(),
        }
    }
}

fn shared_by_all(login: DatabaseParts, ca: Option<SecretKeyRef>) -> DatabaseSettings {
    let login = DatabaseLogin::Parts(Box::new(login));
    DatabaseSettings {
        logins: references::database_services()
            .map(|service| (service.as_str().to_owned(), login.clone()))
            .collect(),
        replica: None,
        ca,
        setup: None,
    }
}

/// Something for each service that has a database; none when one of them has none.
fn each<T>(of: impl Fn(Service) -> Option<T>) -> Option<BTreeMap<String, T>> {
    references::database_services()
        .map(|service| Some((service.as_str().to_owned(), of(service)?)))
        .collect()
}
