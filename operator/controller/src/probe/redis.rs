//! Redis: a real PING with the URL that the services will use.

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, TlsCertificates,
};
use todoplatform_render::DependencyFact;

use super::{PROBE_TIMEOUT, Sensitive, answered, failed, seen_from, timed_out};

/// Connects, logs in when the URL says so, and sends PING. The host is named as in `namespace`.
///
/// Reasons: `Answered`, `InvalidUrl`, `Unreachable`, `PasswordMissing`, `PasswordRefused`, `Loading`, `Refused`.
pub async fn probe(url: &Sensitive, ca: Option<&Sensitive>, namespace: &str) -> DependencyFact {
    let Some(client) = client(url, ca, namespace) else {
        return failed(
            "InvalidUrl",
            "the connection URL in the Secret is not of the form redis://:password@host:port/0 (rediss:// with TLS)",
        );
    };
    ask(&client).await
}

/// The same for a Redis that is named by host and port, with its password apart.
pub async fn probe_host(
    host: &str,
    password: Option<&Sensitive>,
    has_tls: bool,
    namespace: &str,
) -> DependencyFact {
    let Some(client) = host_client(host, password, has_tls, namespace) else {
        return failed(
            "InvalidHost",
            format!("{host} is not a host and port, or the password is not text"),
        );
    };
    ask(&client).await
}

async fn ask(client: &Client) -> DependencyFact {
    match tokio::time::timeout(PROBE_TIMEOUT, ping(client)).await {
        Err(_elapsed) => timed_out("Redis"),
        Ok(Err(error)) => refused(&error),
        Ok(Ok(())) => answered("Redis answered PING"),
    }
}

fn host_client(host: &str, password: Option<&Sensitive>, has_tls: bool, namespace: &str) -> Option<Client> {
    let scheme = if has_tls { "rediss" } else { "redis" };
    let info = by_name_of(
        namespace,
        format!("{scheme}://{host}/0").into_connection_info().ok()?,
    );
    let info = match password {
        Some(password) => {
            let settings = RedisConnectionInfo::default().set_password(password.expose_text()?);
            info.set_redis_settings(settings)
        }
        None => info,
    };
    Client::open(info).ok()
}

fn client(url: &Sensitive, ca: Option<&Sensitive>, namespace: &str) -> Option<Client> {
    let info = by_name_of(namespace, url.expose_text()?.into_connection_info().ok()?);
    with_ca(info, ca)
}

/// A client of one server by host and port.
pub(super) fn server_client(
    (host, has_tls): (&str, bool),
    settings: RedisConnectionInfo,
    ca: Option<&Sensitive>,
    namespace: &str,
) -> Option<Client> {
    let scheme = if has_tls { "rediss" } else { "redis" };
    let info = by_name_of(
        namespace,
        format!("{scheme}://{host}").into_connection_info().ok()?,
    );
    with_ca(info.set_redis_settings(settings), ca)
}

fn with_ca(info: ConnectionInfo, ca: Option<&Sensitive>) -> Option<Client> {
    let Some(ca) = ca else {
        return Client::open(info).ok();
    };
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(ca.expose().to_vec()),
    };
    Client::build_with_tls(info, certificates).ok()
}

fn by_name_of(namespace: &str, info: ConnectionInfo) -> ConnectionInfo {
    let mut address = info.addr().clone();
    if let ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } = &mut address {
        *host = seen_from(namespace, host);
    }
    info.set_addr(address)
}

async fn ping(client: &Client) -> Result<(), RedisError> {
    redis::cmd("PING")
        .query_async::<()>(&mut connect(client).await?)
        .await
}

/// A connection whose every step is bounded.
pub(super) async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PROBE_TIMEOUT))
        .set_response_timeout(Some(PROBE_TIMEOUT));
    client.get_multiplexed_async_connection_with_config(&config).await
}

pub(super) fn refused(error: &RedisError) -> DependencyFact {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return failed("PasswordRefused", "Redis refused the user or the password");
    }
    match error.code() {
        Some("NOAUTH") => failed("PasswordMissing", "Redis asks for a password and is given none"),
        Some("WRONGPASS" | "NOPERM") => failed("PasswordRefused", "Redis refused the user or the password"),
        Some("LOADING") => failed("Loading", "Redis is loading its data"),
        Some(code) => failed("Refused", format!("Redis answered {code}")),
        None if error.is_timeout() => timed_out("Redis"),
        None => failed("Unreachable", "no connection to Redis"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A Redis that gives the same answer to whatever it is told.
    async fn server(login: &str, answer: &'static str) -> Sensitive {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _peer) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            while let Ok(read) = stream.read(&mut buffer).await
                && read > 0
            {
                // One answer per command; a command starts with `*`.
                let commands = String::from_utf8_lossy(&buffer[..read]).matches('*').count();
                stream
                    .write_all(answer.repeat(commands).as_bytes())
                    .await
                    .unwrap();
            }
        });
        Sensitive::new(format!("redis://{login}127.0.0.1:{port}/0").into_bytes())
    }

    #[tokio::test]
    async fn answers_are_told_apart_without_repeating_them() {
        let login = ":canary-password@";
        let cases = [
            (login, "+OK\r\n", true, "Answered"),
            (login, "-WRONGPASS canary-password\r\n", false, "PasswordRefused"),
            (
                "",
                "-NOAUTH Authentication required.\r\n",
                false,
                "PasswordMissing",
            ),
            ("", "-LOADING Redis is loading\r\n", false, "Loading"),
        ];
        for (login, answer, ready, reason) in cases {
            let fact = probe(&server(login, answer).await, None, "todo").await;
            assert_eq!((fact.ready, fact.reason.as_str()), (ready, reason), "{answer}");
            assert!(!format!("{fact:?}").contains("canary"));
        }
    }

    #[tokio::test]
    async fn a_host_is_asked_with_its_password_apart() {
        let url = server(":any@", "-WRONGPASS canary-password\r\n").await;
        let host = url
            .expose_text()
            .unwrap()
            .split_once('@')
            .unwrap()
            .1
            .trim_end_matches("/0")
            .to_owned();
        let password = Sensitive::new(b"canary/pass@word".to_vec());
        let fact = probe_host(&host, Some(&password), false, "todo").await;
        assert_eq!(fact.reason, "PasswordRefused");
        assert_eq!(
            probe_host("not a host", None, false, "todo").await.reason,
            "InvalidHost"
        );
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_text_that_is_no_url_is_invalid() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        for (url, reason) in [
            (format!("redis://127.0.0.1:{port}/0"), "Unreachable"),
            ("canary".to_owned(), "InvalidUrl"),
        ] {
            let fact = probe(&Sensitive::new(url.into_bytes()), None, "todo").await;
            assert_eq!(fact.reason, reason);
            assert!(!fact.message.contains("canary"));
        }
    }
}
