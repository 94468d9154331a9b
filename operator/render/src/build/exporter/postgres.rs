//! `postgres_exporter`, by the variables of its documentation: a URL with everything, or address, user and password.

use super::{Asked, secret_file};
use crate::{
    ValidatedPlatform,
    build::pod::{env_secret, env_value},
    names::{EXPORTER_PASSWORD, EXPORTER_ROLE},
    references::SERVICE_OF_EXPORTER,
    validated::{DatabaseLogin, DatabaseParts, Text},
};
use todoplatform_api::SecretKeyRef;

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
        Some(DatabaseLogin::Url(url)) => asked.env.push(env_secret("DATA_SOURCE_NAME", url)),
        Some(DatabaseLogin::Parts(parts)) => by_parts(&mut asked, parts, platform.database.ca.is_some()),
        None => {}
    }
    asked
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
        parts.ssl_mode.as_str()
    );
    asked.env.extend([
        env_value("DATA_SOURCE_URI", uri),
        env_value("DATA_SOURCE_USER", user),
        env_secret("DATA_SOURCE_PASS", &parts.password),
    ]);
}
