//! Recipes of the Secrets that the controller makes once: what is in them is decided there, by chance.

use std::collections::BTreeMap;

use super::object::{deletion_annotations, labels, owner_references};
use crate::{
    SecretRecipe, SecretValue, ValidatedPlatform,
    day2::DeletionClass,
    names::{EXPORTER_PASSWORD, SIGNING_KEY_JWKS, SIGNING_KEY_PEM, TOKEN_KEY},
    references::{database_services, password_key},
    validated::{App, KeySource},
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<SecretRecipe> {
    let names = &platform.names;
    let mut recipes = Vec::new();
    if platform.postgres.is_some() {
        recipes.push(recipe(
            platform,
            names.postgres(),
            Some("postgres"),
            postgres(platform),
        ));
        // Of its own: whoever reads statistics has no business with the other passwords.
        let password = BTreeMap::from([(EXPORTER_PASSWORD.into(), SecretValue::Password)]);
        recipes.push(recipe(
            platform,
            names.postgres_exporter(),
            Some("postgres"),
            password,
        ));
    }
    if platform.database.setup.is_some() {
        let values =
            database_services().map(|service| (password_key(service.as_str()), SecretValue::Password));
        recipes.push(recipe(platform, names.database(), None, values.collect()));
    }
    if platform.redis.is_some() {
        let host = names.host(&names.redis());
        let values = BTreeMap::from([
            ("password".into(), SecretValue::Password),
            (
                "url".into(),
                SecretValue::Url {
                    template: format!("redis://:{{password}}@{host}:6379/0"),
                },
            ),
        ]);
        recipes.push(recipe(platform, names.redis(), Some("redis"), values));
    }
    if let KeySource::Generated(_) = platform.auth.keys {
        let values = BTreeMap::from([
            (SIGNING_KEY_PEM.into(), SecretValue::Ed25519PrivatePem),
            (SIGNING_KEY_JWKS.into(), SecretValue::Ed25519Jwks),
        ]);
        recipes.push(recipe(platform, names.signing_key(), None, values));
    }
    for App { node, .. } in &platform.apps {
        let component = Some(node.name.as_str());
        let token = || BTreeMap::from([(TOKEN_KEY.into(), SecretValue::Token)]);
        if node.has_app_port() {
            recipes.push(recipe(platform, names.app_token(&node.name), component, token()));
        }
        recipes.push(recipe(platform, names.api_token(&node.name), component, token()));
    }
    recipes.sort_by(|left, right| left.name.cmp(&right.name));
    recipes
}

fn postgres(platform: &ValidatedPlatform) -> BTreeMap<String, SecretValue> {
    let host = platform.names.host(&platform.names.postgres());
    let mut values = BTreeMap::from([("postgres-password".into(), SecretValue::Password)]);
    for service in database_services() {
        let user = service.as_str();
        let template = format!("postgres://{user}:{{{user}-password}}@{host}:5432/{user}");
        values.insert(password_key(service.as_str()), SecretValue::Password);
        values.insert(format!("{user}-url"), SecretValue::Url { template });
    }
    values
}

fn recipe(
    platform: &ValidatedPlatform,
    name: String,
    component: Option<&str>,
    values: BTreeMap<String, SecretValue>,
) -> SecretRecipe {
    // A volume without the password of what is on it is lost.
    let class = match component {
        Some("postgres" | "redis") => DeletionClass::Data,
        _ => DeletionClass::Keys,
    };
    SecretRecipe {
        name,
        component: component.map(Into::into),
        labels: labels(platform, component),
        annotations: deletion_annotations(platform, class),
        owner_references: owner_references(platform, class),
        values,
    }
}
