//! What the gateway is told: CORS, limits, tokens.

use serde_json::{Value, json};
use todoplatform_render::ChildKind;

use crate::common::{object, platform, rendered};

fn configuration(section: Value, service: &str) -> Value {
    let resources = rendered(&platform(section));
    let map = object(&resources, ChildKind::ConfigMap, &format!("todo-{service}"));
    serde_yaml::from_str(map["data"]["config.yaml"].as_str().unwrap()).unwrap()
}

#[test]
fn what_web_pages_may_do_and_what_users_may_send_reaches_the_gateway() {
    let config = configuration(
        json!({"gateway": {
            "cors": {"origins": ["https://app.example"], "methods": ["GET"], "headers": ["authorization"], "maxAgeSeconds": 5, "allowCredentials": true},
            "rateLimit": {"requests": 60, "policies": [{"class": "write", "requests": 30}, {"class": "analytics", "requests": 5, "periodSeconds": 1, "burst": 2}]},
        }}),
        "gateway",
    );
    assert_eq!(
        config["cors"],
        json!({"origins": ["https://app.example"], "methods": ["GET"], "headers": ["authorization"], "maxAgeSeconds": 5, "allowCredentials": true})
    );
    assert_eq!(
        config["rateLimit"],
        json!({"requests": 60, "periodSeconds": 60, "burst": 60, "policies": [
            {"class": "write", "requests": 30, "periodSeconds": 60, "burst": 30},
            {"class": "analytics", "requests": 5, "periodSeconds": 1, "burst": 2},
        ]})
    );
}

#[test]
fn every_service_verifies_the_same_tokens() {
    for service in ["gateway", "task", "analytics"] {
        let config = configuration(
            json!({"auth": {
                "issuer": "https://i", "audience": "a", "audiences": ["b"], "jwksUrl": "https://i/jwks",
                "algorithms": ["Ed25519", "EdDSA", "PS256"], "clockSkewSeconds": 5,
            }}),
            service,
        );
        assert_eq!(
            config["auth"],
            json!({"issuer": "https://i", "audience": "a", "audiences": ["b"], "jwksUrl": "https://i/jwks", "algorithms": ["EdDSA", "PS256"], "clockSkewSeconds": 5})
        );
    }
}

#[test]
fn a_signing_key_of_the_user_is_mounted_and_none_is_generated() {
    let resources = rendered(&platform(
        json!({"auth": {"signingKeySecretRef": {"name": "own"}}}),
    ));
    assert!(
        resources
            .secrets
            .iter()
            .all(|recipe| recipe.name != "todo-signing-key")
    );
    let task = object(&resources, ChildKind::Deployment, "todo-task").to_string();
    assert!(
        task.contains(r#""secretName":"own""#) || task.contains(r#""name":"own""#),
        "{task}"
    );
}
