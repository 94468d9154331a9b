//! `postgres_exporter`, by the variables of its documentation: a URL with everything, or address, user and password.

use super::{Asked, secret_file};
use crate::{
    ValidatedPlatform,
    build::pod::{env_secret, env_value},
    names::{EXPORTER_PASSWORD, EXPORTER_ROLE},
    references::SERVICE_OF_EXPORTER,
    validated::{DatabaseLogin, DatabaseParts, Text},
};
use todoplatform_api::{Profile, SecretKeyRef, SslMode};

const CA_FOLDER: &str = "/etc/exporter/ca";
const CA_FILE: &str = "database.pem";

pub(super) fn asked(platform: &ValidatedPlatform) -> Asked {
    let mut asked = Asked {
        alive: "/",
        ..Asked::default()
    };
    if platform.postgres.is_some() {
        let password = SecretKeyRef {
            name: platform.names.postgres_exporter(),
            key: EXPORTER_PASSWORD.into(),
        };
        let host = platform.names.host(&platform.names.postgres());
        asked.env = vec![
            env_value("DATA_SOURCE_URI", format!("{host}:5432/postgres?sslmode=disable")),
            env_value("DATA_SOURCE_USER", EXPORTER_ROLE),
            env_secret("DATA_SOURCE_PASS", &password),
        ];
        return asked;
    }
    if let Some(ca) = &platform.database.ca {
        let (volume, mount) = secret_file("ca", CA_FOLDER, CA_FILE, ca);
        asked.volumes.push(volume);
        asked.mounts.push(mount);
        asked.files.push(ca.clone());
    }
    match platform.database.logins.get(SERVICE_OF_EXPORTER) {
        Some(DatabaseLogin::Url(url)) => by_url(&mut asked, url, platform),
        Some(DatabaseLogin::Parts(parts)) => by_parts(&mut asked, parts, platform.database.ca.is_some()),
        None => {}
    }
    asked
}

/// What a URL does not say is as for the services, which its driver would take as `require` and the system's authorities.
fn by_url(asked: &mut Asked, url: &SecretKeyRef, platform: &ValidatedPlatform) {
    asked.env.push(env_secret("DATA_SOURCE_NAME", url));
    let mode = if platform.database.ca.is_some() {
        asked
            .env
            .push(env_value("PGSSLROOTCERT", format!("{CA_FOLDER}/{CA_FILE}")));
        Some(SslMode::VerifyFull)
    } else {
        (platform.profile == Profile::Development).then_some(SslMode::Prefer)
    };
    if let Some(mode) = mode {
        asked.env.push(env_value("PGSSLMODE", known(mode)));
    }
}

/// The mode as the exporter's driver knows it: it does not try first one way and then the other, and what is content without
/// encryption gets none.
fn known(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Prefer => SslMode::Disable.as_str(),
        other => other.as_str(),
    }
}

/// The name of a database or user that is in a Secret comes in by a variable that Kubernetes puts in its place.
fn by_parts(asked: &mut Asked, parts: &DatabaseParts, has_ca: bool) {
    let mut insert = |variable: &str, text: &Text| match text {
        Text::Clear(text) => text.clone(),
        Text::Secret(key) => {
            asked.env.push(env_secret(variable, key));
            format!("$({variable})")
        }
    };
    let database = insert("DATABASE_NAME", &parts.database);
    let user = insert("DATABASE_USER", &parts.username);
    let authority = if has_ca {
        format!("&sslrootcert={CA_FOLDER}/{CA_FILE}")
    } else {
        String::new()
    };
    let uri = format!(
        "{}:{}/{database}?sslmode={}{authority}",
        parts.host,
        parts.port,
        known(parts.ssl_mode)
    );
    asked.env.extend([
        env_value("DATA_SOURCE_URI", uri),
        env_value("DATA_SOURCE_USER", user),
        env_secret("DATA_SOURCE_PASS", &parts.password),
    ]);
}
