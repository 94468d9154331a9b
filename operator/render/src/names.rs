//! Names: one function makes every child's.

use sha2::{Digest, Sha256};

/// What PostgreSQL keeps of an identifier.
const LONGEST_ROLE: usize = 63;

/// Names of one platform's children and what is derived from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    platform: String,
    namespace: String,
    cluster_domain: String,
}

impl Names {
    /// The names of the platform's children.
    pub fn new(platform: &str, namespace: &str, cluster_domain: &str) -> Self {
        Self {
            platform: platform.into(),
            namespace: namespace.into(),
            cluster_domain: cluster_domain.into(),
        }
    }

    /// The platform's name.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The platform's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of a child: `<platform>-<component>`.
    pub fn child(&self, component: &str) -> String {
        format!("{}-{component}", self.platform)
    }

    /// The Dapr app-id of an application: the name of its Deployment.
    pub fn app_id(&self, app: impl AsRef<str>) -> String {
        self.child(app.as_ref())
    }

    /// The pub/sub component of an application.
    pub fn events_component(&self, app: impl AsRef<str>) -> String {
        format!("{}-events", self.app_id(app))
    }

    /// The state store of an application.
    pub fn state_component(&self, app: impl AsRef<str>) -> String {
        format!("{}-state", self.app_id(app))
    }

    /// The Secret with what the sidecar shows the app.
    pub fn app_token(&self, app: impl AsRef<str>) -> String {
        format!("{}-app-token", self.app_id(app))
    }

    /// The Secret with what the app shows the sidecar.
    pub fn api_token(&self, app: impl AsRef<str>) -> String {
        format!("{}-api-token", self.app_id(app))
    }

    /// The Subscription of an application on a topic.
    pub fn subscription(&self, app: impl AsRef<str>, topic: &str) -> String {
        format!("{}-{}", self.app_id(app), topic.replace('.', "-"))
    }

    /// The Subscription of an application on its dead letters of a topic.
    pub fn dead_letter_subscription(&self, app: impl AsRef<str>, topic: &str) -> String {
        format!("{}-dlq", self.subscription(app, topic))
    }

    /// The topic with the dead letters of one consumer.
    pub fn dead_letter_topic(&self, prefix: &str, app: &str, topic: &str) -> String {
        format!("{prefix}{topic}.{}.dlq", self.app_id(app))
    }

    /// The embedded PostgreSQL: StatefulSet, Service, Secret.
    pub fn postgres(&self) -> String {
        self.child("postgres")
    }

    /// The Secret with the password of the role that reads the statistics of the embedded PostgreSQL.
    pub fn postgres_exporter(&self) -> String {
        self.child("postgres-exporter")
    }

    /// The consumer group of an application, at the broker: Dapr's default is the bare app-id, which equally named platforms
    /// of two namespaces share.
    pub fn consumer_group(&self, app: impl AsRef<str>) -> String {
        format!("{}.{}", self.namespace, self.app_id(app))
    }

    /// The Secret with the passwords of the services' own roles, and the beginning of the name of the Job that makes these.
    pub fn database(&self) -> String {
        self.child("database")
    }

    /// The role of an application on a PostgreSQL that others use too, and its database: at most 63 bytes.
    pub fn database_role(&self, app: &str) -> String {
        let full = format!("{}-{}", self.namespace, self.app_id(app));
        if full.len() <= LONGEST_ROLE {
            return full;
        }
        let digest = hex::encode(Sha256::digest(&full));
        format!("{}-{}", &full[..LONGEST_ROLE - 9], &digest[..8])
    }

    /// The embedded Redis: StatefulSet, Service, Secret.
    pub fn redis(&self) -> String {
        self.child("redis")
    }

    /// The Secret with the development signing key.
    pub fn signing_key(&self) -> String {
        self.child("signing-key")
    }

    /// The Secret that cert-manager fills for the Ingress of an application.
    pub fn tls(&self, app: impl AsRef<str>) -> String {
        format!("{}-tls", self.app_id(app))
    }

    /// The DNS name of a child Service.
    pub fn host(&self, child: &str) -> String {
        format!("{child}.{}.svc.{}", self.namespace, self.cluster_domain)
    }

    /// The issuer of development tokens, which is their audience too: a name, nothing answers there.
    pub fn development_issuer(&self) -> String {
        format!("https://{}.{}.todoplatform.local", self.platform, self.namespace)
    }
}

/// The role of the embedded PostgreSQL that may read its statistics and nothing else.
pub(crate) const EXPORTER_ROLE: &str = "exporter";
/// Key of the Secret with the password of [`EXPORTER_ROLE`].
pub(crate) const EXPORTER_PASSWORD: &str = "password";
/// Key of a token Secret; Dapr asks for this name.
pub const TOKEN_KEY: &str = "token";
/// Key of the signing key Secret with the private key.
pub const SIGNING_KEY_PEM: &str = "private.pem";
/// Key of the signing key Secret with the public JSON Web Key Set.
pub const SIGNING_KEY_JWKS: &str = "jwks.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_long_names_stay_apart_and_fit() {
        let short = Names::new("todo", "team", "");
        assert_eq!(short.database_role("task"), "team-todo-task");
        let (namespace, platform) = ("n".repeat(63), "p".repeat(40));
        let long = Names::new(&platform, &namespace, "");
        let roles = ["task", "notification", "analytics"].map(|app| long.database_role(app));
        assert!(roles.iter().all(|role| role.len() <= 63), "{roles:?}");
        assert_ne!(roles[0], roles[1]);
        assert_ne!(
            roles[0],
            Names::new("other", &namespace, "").database_role("task")
        );
    }
}
