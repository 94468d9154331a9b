//! Redis by the addresses of a server, of sentinels, or of a cluster's nodes.

use redis::{FromRedisValue, RedisConnectionInfo, RedisError};
use todoplatform_render::{DependencyFact, RedisMode, RedisTarget};

use super::redis::{connect, refused, server_client};
use super::{PROBE_TIMEOUT, Sensitive, answered, failed, timed_out};

/// The logins, apart from the addresses.
pub struct Logins {
    /// The user's name.
    pub username: Option<Sensitive>,
    /// The password.
    pub password: Option<Sensitive>,
    /// The user's name at the sentinels.
    pub sentinel_username: Option<Sensitive>,
    /// The sentinels' own password.
    pub sentinel_password: Option<Sensitive>,
    /// The certificate of the servers' authority.
    pub ca: Option<Sensitive>,
}

/// Asks the addresses in turn until one answers as it must. Hosts are named as in `namespace`.
///
/// Reasons: those of a Redis by URL, with `InvalidLogin` for `InvalidUrl`; of sentinels also `MasterUnknown`,
/// `NotMaster`, `SentinelPasswordRefused`, `SentinelPasswordMissing`; of a cluster also `NotACluster`, `ClusterDown`.
pub async fn probe(target: &RedisTarget, logins: &Logins, namespace: &str) -> DependencyFact {
    let asker = Asker {
        target,
        logins,
        namespace,
    };
    let each = async {
        let mut last = failed("InvalidHost", "there is no address");
        for address in &target.addresses {
            last = match &target.mode {
                RedisMode::Server => asker.server(address).await,
                RedisMode::Sentinel { master, .. } => asker.sentinel(address, master).await,
                RedisMode::Cluster => asker.node(address).await,
            };
            if last.ready {
                break;
            }
        }
        last
    };
    tokio::time::timeout(PROBE_TIMEOUT, each)
        .await
        .unwrap_or_else(|_| timed_out("Redis"))
}

struct Asker<'a> {
    target: &'a RedisTarget,
    logins: &'a Logins,
    namespace: &'a str,
}

/// What went wrong with one question.
enum Failure {
    /// The login or the address cannot be used.
    Invalid,
    /// The server said no, or nothing.
    Redis(RedisError),
}

impl Failure {
    fn into_fact(self) -> DependencyFact {
        match self {
            Self::Invalid => failed(
                "InvalidLogin",
                "an address is not a host and port, or a user's name or password in the Secret is not text",
            ),
            Self::Redis(error) => refused(&error),
        }
    }
}

impl Asker<'_> {
    async fn server(&self, address: &str) -> DependencyFact {
        match self.ask::<()>(address, &["PING"]).await {
            Ok(()) => answered("Redis answered PING"),
            Err(failure) => failure.into_fact(),
        }
    }

    /// The sentinel names the master, and the master is one.
    async fn sentinel(&self, address: &str, master: &str) -> DependencyFact {
        let login = (&self.logins.sentinel_username, &self.logins.sentinel_password);
        let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master];
        let named: Option<(String, u16)> = match self.ask_as(address, login, 0, &question).await {
            Ok(named) => named,
            Err(failure) => return of_sentinel(&failure.into_fact()),
        };
        let Some((host, port)) = named else {
            return failed(
                "MasterUnknown",
                format!("the sentinels know no master of the name {master}"),
            );
        };
        match self
            .ask::<redis::Value>(&format!("{host}:{port}"), &["ROLE"])
            .await
        {
            Ok(redis::Value::Array(role)) if role.first().is_some_and(is_master) => {
                answered(format!("the master {master} answered"))
            }
            Ok(_) => failed(
                "NotMaster",
                format!("the server that the sentinels name as {master} is not a master"),
            ),
            Err(failure) => failure.into_fact(),
        }
    }

    async fn node(&self, address: &str) -> DependencyFact {
        match self.ask::<String>(address, &["CLUSTER", "INFO"]).await {
            Ok(info) if info.contains("cluster_state:ok") => {
                answered("the Redis cluster serves all its slots")
            }
            Ok(_) => failed("ClusterDown", "the Redis cluster does not serve all its slots"),
            // Redis says no more than ERR when it runs without a cluster.
            Err(Failure::Redis(error)) if error.code() == Some("ERR") => {
                failed("NotACluster", format!("{address} runs without a Redis cluster"))
            }
            Err(failure) => failure.into_fact(),
        }
    }

    async fn ask<T: FromRedisValue>(&self, address: &str, words: &[&str]) -> Result<T, Failure> {
        let login = (&self.logins.username, &self.logins.password);
        self.ask_as(address, login, self.target.database, words).await
    }

    async fn ask_as<T: FromRedisValue>(
        &self,
        address: &str,
        (username, password): (&Option<Sensitive>, &Option<Sensitive>),
        database: i32,
        words: &[&str],
    ) -> Result<T, Failure> {
        let mut settings = RedisConnectionInfo::default().set_db(database.into());
        if let Some(username) = username {
            settings = settings.set_username(username.expose_text().ok_or(Failure::Invalid)?);
        }
        if let Some(password) = password {
            settings = settings.set_password(password.expose_text().ok_or(Failure::Invalid)?);
        }
        let place = (address, self.target.tls);
        let client = server_client(place, settings, self.logins.ca.as_ref(), self.namespace)
            .ok_or(Failure::Invalid)?;
        let mut connection = connect(&client).await.map_err(Failure::Redis)?;
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query_async(&mut connection).await.map_err(Failure::Redis)
    }
}

fn is_master(role: &redis::Value) -> bool {
    matches!(role, redis::Value::BulkString(text) if text == b"master")
}

/// The same of a sentinel, so that nobody mends the wrong password.
fn of_sentinel(fact: &DependencyFact) -> DependencyFact {
    let reason = match fact.reason.as_str() {
        "PasswordRefused" => "SentinelPasswordRefused",
        "PasswordMissing" => "SentinelPasswordMissing",
        _ => return failed(&fact.reason, format!("at the sentinel: {}", fact.message)),
    };
    failed(reason, format!("at the sentinel: {}", fact.message))
}
