//! Where PostgreSQL is, as the environment says it.

use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::ConfigError;
use crate::{Environment, Secret};

/// Where PostgreSQL is, and how to log in there.
#[derive(Clone)]
pub struct Address(PgConnectOptions);

impl Address {
    /// A database by its URL; `ca_file` holds the certificate of a private authority, against which the server is then
    /// verified.
    pub fn url(url: &Secret, ca_file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::parse("DATABASE_URL", url, ca_file)
    }

    /// `DATABASE_URL`, or its parts: `DATABASE_HOST`, `DATABASE_PORT`, `DATABASE_NAME`, `DATABASE_USER`,
    /// `DATABASE_PASSWORD`, `DATABASE_SSLMODE`, and `DATABASE_OPTIONS` (`name=value`, parted by commas) for each session.
    pub fn of(environment: &Environment) -> Result<Self, ConfigError> {
        let ca_file = environment.path("DATABASE_CA_FILE");
        if let Some(url) = environment.optional_secret("DATABASE_URL") {
            return Self::url(&url, ca_file.as_deref());
        }
        let Some(host) = environment.get("DATABASE_HOST") else {
            return Err(ConfigError::MissingVariable { name: "DATABASE_URL" });
        };
        let options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(environment.port("DATABASE_PORT", 5432)?)
            .database(required(environment, "DATABASE_NAME")?)
            .username(required(environment, "DATABASE_USER")?)
            .password(environment.secret("DATABASE_PASSWORD")?.expose());
        let options = with_ca(options, ca_file.as_deref());
        let options = match environment.get("DATABASE_SSLMODE") {
            Some(mode) => options.ssl_mode(PgSslMode::from_str(mode).map_err(|_| {
                ConfigError::refused(
                    "DATABASE_SSLMODE",
                    "is none of disable, prefer, require, verify-ca, verify-full",
                )
            })?),
            None => options,
        };
        Ok(Self(options.options(settings(environment)?)))
    }

    /// The read replica: `DATABASE_REPLICA_URL`, or `DATABASE_REPLICA_HOST` and `DATABASE_REPLICA_PORT` with the login
    /// of [`Address::of`]; none when neither is set.
    pub fn replica_of(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        if let Some(url) = environment.optional_secret("DATABASE_REPLICA_URL") {
            let ca_file = environment.path("DATABASE_CA_FILE");
            return Self::parse("DATABASE_REPLICA_URL", &url, ca_file.as_deref()).map(Some);
        }
        let Some(host) = environment.get("DATABASE_REPLICA_HOST") else {
            return Ok(None);
        };
        let Self(primary) = Self::of(environment)?;
        let port = environment.port("DATABASE_REPLICA_PORT", 5432)?;
        Ok(Some(Self(primary.host(host).port(port))))
    }

    fn parse(name: &'static str, url: &Secret, ca_file: Option<&Path>) -> Result<Self, ConfigError> {
        // The parser's own words may quote the URL.
        let options = PgConnectOptions::from_str(url.expose())
            .map_err(|_| ConfigError::refused(name, "is not a PostgreSQL URL"))?;
        Ok(Self(with_ca(options, ca_file)))
    }

    /// For the driver, with the name under which the server shows our sessions and the schema that they work in.
    pub(super) fn session(&self, schema: &str) -> PgConnectOptions {
        self.0
            .clone()
            .application_name(&format!("todo-{schema}"))
            .options([("search_path", schema)])
    }
}

fn with_ca(options: PgConnectOptions, ca_file: Option<&Path>) -> PgConnectOptions {
    match ca_file {
        Some(path) => options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(path),
        None => options,
    }
}

fn required<'a>(environment: &'a Environment, name: &'static str) -> Result<&'a str, ConfigError> {
    environment.get(name).ok_or(ConfigError::MissingVariable { name })
}

fn settings(environment: &Environment) -> Result<Vec<(&str, &str)>, ConfigError> {
    let Some(text) = environment.get("DATABASE_OPTIONS") else {
        return Ok(Vec::new());
    };
    text.split(',')
        .map(|pair| {
            pair.split_once('=').ok_or_else(|| {
                ConfigError::refused("DATABASE_OPTIONS", "is not name=value, parted by commas")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [(&str, &str); 4] = [
        ("DATABASE_HOST", "db.example"),
        ("DATABASE_NAME", "todo"),
        ("DATABASE_USER", "task"),
        ("DATABASE_PASSWORD", "p@ss/word"),
    ];

    fn environment(more: &[(&str, &str)]) -> Environment {
        PARTS.iter().chain(more).copied().collect()
    }

    #[test]
    fn parts_say_what_a_url_says() {
        let more = [
            ("DATABASE_SSLMODE", "require"),
            ("DATABASE_OPTIONS", "statement_timeout=5s,lock_timeout=1s"),
        ];
        let Address(options) = Address::of(&environment(&more)).unwrap();
        assert_eq!(
            (
                options.get_host(),
                options.get_port(),
                options.get_username(),
                options.get_database()
            ),
            ("db.example", 5432, "task", Some("todo"))
        );
        assert!(matches!(options.get_ssl_mode(), PgSslMode::Require));
        assert_eq!(
            options.get_options(),
            Some("-c statement_timeout=5s -c lock_timeout=1s")
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_without_its_value() {
        let of = |variables: &[(&str, &str)]| {
            let environment: Environment = variables.iter().copied().collect();
            Address::of(&environment)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        };
        let missing = |name: &str| format!("environment variable {name}: is missing or empty");
        assert_eq!(of(&[]), missing("DATABASE_URL"));
        for (left_out, name) in ["DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD"]
            .iter()
            .enumerate()
        {
            let mut parts = PARTS.to_vec();
            parts.remove(left_out + 1);
            assert_eq!(of(&parts), missing(name));
        }
        assert_eq!(
            of(&[("DATABASE_URL", "canary")]),
            "DATABASE_URL: is not a PostgreSQL URL"
        );
        for (name, value) in [
            ("DATABASE_SSLMODE", "canary"),
            ("DATABASE_OPTIONS", "canary"),
            ("DATABASE_PORT", "canary"),
        ] {
            let mut parts = PARTS.to_vec();
            parts.push((name, value));
            let error = of(&parts);
            assert!(error.contains(name) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_replica_by_host_has_the_login_of_the_primary() {
        assert!(Address::replica_of(&environment(&[])).unwrap().is_none());
        let host = ("DATABASE_REPLICA_HOST", "ro.example");
        let Some(Address(options)) = Address::replica_of(&environment(&[host])).unwrap() else {
            panic!("a replica")
        };
        assert_eq!(
            (options.get_host(), options.get_username(), options.get_database()),
            ("ro.example", "task", Some("todo"))
        );
        let url = ("DATABASE_REPLICA_URL", "postgres://reader:x@other/counts");
        let Some(Address(options)) = Address::replica_of(&environment(&[host, url])).unwrap() else {
            panic!("a replica")
        };
        assert_eq!((options.get_host(), options.get_username()), ("other", "reader"));
    }
}
