//! PostgreSQL: a real login with the URL that the services will use.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use todoplatform_render::{DependencyFact, PostgresTarget};

use super::{PROBE_TIMEOUT, Sensitive, answered, failed, seen_from, timed_out};

/// The name under which the server shows our sessions.
pub(crate) const APPLICATION: &str = "todoplatform-operator";

/// Logs in, asks for nothing, logs out. The host is named as in `namespace`.
///
/// Reasons: `Answered`, `InvalidUrl`, `Unreachable`, `PasswordRefused`, `DatabaseMissing`, `TlsFailed`, `Refused`.
pub async fn probe(url: &Sensitive, ca: Option<&Sensitive>, namespace: &str) -> DependencyFact {
    let Some(options) = options(url, ca, namespace) else {
        return failed(
            "InvalidUrl",
            "the connection URL in the Secret is not of the form postgres://user:password@host:port/database",
        );
    };
    ask(options).await
}

/// The login to a host, apart from its name.
pub struct Login {
    /// The user's name.
    pub username: Sensitive,
    /// The user's password.
    pub password: Sensitive,
    /// The certificate of the server's authority.
    pub ca: Option<Sensitive>,
}

/// The same for a PostgreSQL that is named by its host, with its login apart.
///
/// Reasons: those of [`probe`], with `InvalidLogin` for `InvalidUrl`.
pub async fn probe_host(target: &PostgresTarget, login: &Login, namespace: &str) -> DependencyFact {
    match host_options(target, login, namespace) {
        Some(options) => ask(options).await,
        None => failed(
            "InvalidLogin",
            "the user's name or the password in the Secret is not text",
        ),
    }
}

async fn ask(options: PgConnectOptions) -> DependencyFact {
    match tokio::time::timeout(PROBE_TIMEOUT, options.connect()).await {
        Err(_elapsed) => timed_out("PostgreSQL"),
        Ok(Err(error)) => refused(&error),
        Ok(Ok(connection)) => {
            // Whether the farewell arrives does not matter: the login has worked.
            drop(tokio::time::timeout(PROBE_TIMEOUT, connection.close()).await);
            answered("PostgreSQL accepted the login")
        }
    }
}

fn host_options(target: &PostgresTarget, login: &Login, namespace: &str) -> Option<PgConnectOptions> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&seen_from(namespace, &target.host))
        .port(u16::try_from(target.port).ok()?)
        .database(&target.database)
        .username(login.username.expose_text()?)
        .password(login.password.expose_text()?)
        .ssl_mode(PgSslMode::from_str(target.ssl_mode.as_str()).ok()?)
        .application_name(APPLICATION);
    Some(match &login.ca {
        Some(ca) => options.ssl_root_cert_from_pem(ca.expose().to_vec()),
        None => options,
    })
}

fn options(url: &Sensitive, ca: Option<&Sensitive>, namespace: &str) -> Option<PgConnectOptions> {
    let text = url.expose_text()?;
    if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        return None;
    }
    let options = PgConnectOptions::from_str(text)
        .ok()?
        .application_name(APPLICATION);
    let host = seen_from(namespace, options.get_host());
    let options = options.host(&host);
    Some(match ca {
        Some(ca) => options
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert_from_pem(ca.expose().to_vec()),
        None => options,
    })
}

/// What a failed login says of the server, without a word of the driver's or of the server's.
pub(crate) fn refused(error: &sqlx::Error) -> DependencyFact {
    match error {
        sqlx::Error::Database(answer) => sqlstate(answer.code().as_deref().unwrap_or("unknown")),
        sqlx::Error::Io(error) => failed(
            "Unreachable",
            format!("no connection to PostgreSQL: {}", error.kind()),
        ),
        sqlx::Error::Tls(_) => failed("TlsFailed", "the TLS handshake with PostgreSQL failed"),
        _ => failed("Refused", "PostgreSQL ended the login without saying why"),
    }
}

/// The server's own answer, by its SQLSTATE: its text may name what was sent.
fn sqlstate(code: &str) -> DependencyFact {
    match code {
        "28P01" | "28000" => failed("PasswordRefused", "PostgreSQL refused the user or the password"),
        "3D000" => failed(
            "DatabaseMissing",
            "PostgreSQL has no database of the name that the login asks for",
        ),
        "57P03" => failed("Unreachable", "PostgreSQL is starting up or shutting down"),
        "53300" => failed("TooManyConnections", "PostgreSQL has no connection left"),
        code => failed(
            "Refused",
            format!("PostgreSQL refused the login (SQLSTATE {code})"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Sensitive {
        Sensitive::new(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn what_is_not_a_url_is_said_without_repeating_it() {
        for text in [
            "",
            "canary-password",
            "redis://u:canary-password@h/0",
            "postgres://u:canary-password@h:port/d",
        ] {
            let fact = probe(&url(text), None, "todo").await;
            assert_eq!(
                (fact.ready, fact.reason.as_str()),
                (false, "InvalidUrl"),
                "{text}"
            );
            assert!(!format!("{fact:?}").contains("canary"));
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_nothing_of_the_url_is_told() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let fact = probe(
            &url(&format!("postgres://u:canary-password@127.0.0.1:{port}/d")),
            None,
            "todo",
        )
        .await;
        assert_eq!(fact.reason, "Unreachable");
        assert!(!format!("{fact:?}").contains("canary"));
    }

    #[test]
    fn answers_are_told_apart_by_their_code() {
        let cases = [
            ("28P01", "PasswordRefused"),
            ("28000", "PasswordRefused"),
            ("3D000", "DatabaseMissing"),
            ("57P03", "Unreachable"),
            ("53300", "TooManyConnections"),
            ("XX000", "Refused"),
        ];
        for (code, reason) in cases {
            assert_eq!(sqlstate(code).reason, reason, "{code}");
        }
    }
}
