//! The administrator's login, as the environment says it: in the words in which the services are told theirs.

use std::collections::BTreeMap;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::probe::postgres::APPLICATION;

/// What of the environment is missing or wrong. Never with its value.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// A variable is missing or empty.
    #[error("environment variable {name}: is missing or empty")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A variable cannot be used.
    #[error("environment variable {name}: {message}")]
    Unusable {
        /// Its name.
        name: &'static str,
        /// What it is not.
        message: &'static str,
    },
}

/// The environment of a process, by name.
pub type Environment = BTreeMap<String, String>;

/// The value of a variable that must be there.
pub fn required<'a>(environment: &'a Environment, name: &str) -> Result<&'a str, LoginError> {
    let value = environment.get(name).filter(|value| !value.is_empty());
    value.map(String::as_str).ok_or_else(|| LoginError::Missing {
        name: name.to_owned(),
    })
}

/// The administrator's login: `DATABASE_URL`, or its parts.
pub fn admin(environment: &Environment) -> Result<PgConnectOptions, LoginError> {
    let optional = |name: &str| required(environment, name).ok();
    let unusable = |name, message| move |_| LoginError::Unusable { name, message };
    let options = if let Some(url) = optional("DATABASE_URL") {
        // The parser's own words may quote the URL.
        PgConnectOptions::from_str(url).map_err(|_| LoginError::Unusable {
            name: "DATABASE_URL",
            message: "is not a PostgreSQL URL",
        })?
    } else {
        let port = optional("DATABASE_PORT").unwrap_or("5432").parse();
        PgConnectOptions::new_without_pgpass()
            .host(required(environment, "DATABASE_HOST")?)
            .port(port.map_err(unusable("DATABASE_PORT", "is not a port number"))?)
            .database(required(environment, "DATABASE_NAME")?)
            .username(required(environment, "DATABASE_USER")?)
            .password(required(environment, "DATABASE_PASSWORD")?)
    };
    let options = options.application_name(APPLICATION);
    let options = match optional("DATABASE_CA_FILE") {
        Some(path) => options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(path),
        None => options,
    };
    Ok(match optional("DATABASE_SSLMODE") {
        Some(mode) => options.ssl_mode(PgSslMode::from_str(mode).map_err(|_| LoginError::Unusable {
            name: "DATABASE_SSLMODE",
            message: "is none of disable, prefer, require, verify-ca, verify-full",
        })?),
        None => options,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<String, String> {
        let environment = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        admin(&environment.collect())
            .map(|options| {
                let (host, port, user) = (options.get_host(), options.get_port(), options.get_username());
                format!(
                    "{user}@{host}:{port}/{}",
                    options.get_database().unwrap_or_default()
                )
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_login_is_a_url_or_its_parts_and_what_is_wrong_is_named() {
        let parts = [
            ("DATABASE_HOST", "db"),
            ("DATABASE_NAME", "postgres"),
            ("DATABASE_USER", "admin"),
            ("DATABASE_PASSWORD", "canary"),
        ];
        assert_eq!(told(&parts).unwrap(), "admin@db:5432/postgres");
        assert_eq!(
            told(&[("DATABASE_URL", "postgres://root:canary@h:1/x"), parts[0]]).unwrap(),
            "root@h:1/x"
        );
        for (index, (name, _)) in parts.iter().enumerate() {
            let mut parts = parts.to_vec();
            parts.remove(index);
            assert_eq!(
                told(&parts).unwrap_err(),
                format!("environment variable {name}: is missing or empty")
            );
        }
        for name in ["DATABASE_URL", "DATABASE_PORT", "DATABASE_SSLMODE"] {
            let error = told(&[&parts[..], &[(name, "canary")]].concat()).unwrap_err();
            assert!(error.contains(name) && !error.contains("canary"), "{error}");
        }
    }
}
