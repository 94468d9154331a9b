//! What the services are told, and what is awaited before.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use todoplatform_render::{ChildKind, Facts, Gate, SETUP, build, validate};

use crate::common::{defaults, everything_external, object, objects, platform, rendered};
use crate::{by_parts, cluster, dependencies, environment, key, map, told, with_admin};

#[test]
fn services_log_in_by_parts_and_only_analytics_knows_the_replica() {
    let platform = platform(json!({"database": by_parts()}));
    let login = [
        ("HOST", "db.example"),
        ("PORT", "6432"),
        ("NAME", "todo"),
        ("USER", "user/user"),
        ("PASSWORD", "user/password"),
        ("SSLMODE", "verify-full"),
        ("OPTIONS", "statement_timeout=5s,lock_timeout=1s"),
        ("CA_FILE", "/etc/todo/ca/database.pem"),
    ];
    assert_eq!(environment(&platform, "task", "DATABASE_"), map(&login));
    let replica = [("REPLICA_HOST", "ro.example"), ("REPLICA_PORT", "5432")];
    assert_eq!(
        environment(&platform, "analytics", "DATABASE_"),
        map(&[&login[..], &replica].concat())
    );
    assert_eq!(dependencies(&platform), [("database".to_owned(), "PostgreSQL")]);
}

#[test]
fn the_state_store_logs_in_as_its_service_does() {
    let items = |database: Value| {
        let resources = rendered(&platform(json!({"database": database})));
        let component = object(&resources, ChildKind::Component, "todo-notification-state").clone();
        let items = component["spec"]["metadata"].as_array().unwrap().clone();
        let text = |item: &Value| match item["value"].as_str() {
            Some(value) => value.to_owned(),
            None => format!(
                "{}/{}",
                item["secretKeyRef"]["name"].as_str().unwrap(),
                item["secretKeyRef"]["key"].as_str().unwrap()
            ),
        };
        let pairs = items
            .iter()
            .map(|item| (item["name"].as_str().unwrap().to_owned(), text(item)));
        let login = [
            "connectionString",
            "host",
            "port",
            "database",
            "user",
            "password",
            "sslRootCert",
        ];
        pairs
            .filter(|(name, _)| login.contains(&name.as_str()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        items(by_parts()),
        map(&[
            (
                "connectionString",
                "sslmode=verify-full statement_timeout=5s lock_timeout=1s"
            ),
            ("host", "db.example"),
            ("port", "6432"),
            ("database", "todo"),
            ("user", "user/user"),
            ("password", "user/password"),
            ("sslRootCert", "/etc/todo/ca/database.pem"),
        ])
    );
    assert_eq!(
        items(cluster("Shared")),
        map(&[
            ("connectionString", "sslmode=verify-full"),
            ("host", "pg-rw.team.svc"),
            ("port", "5432"),
            ("database", "pg-app/dbname"),
            ("user", "pg-app/username"),
            ("password", "pg-app/password"),
            ("sslRootCert", "/etc/todo/ca/database.pem"),
        ])
    );
}

#[test]
fn each_profile_verifies_a_server_as_its_default_says() {
    let mode = |profile: &str, ca: bool, own: Option<&str>| {
        let mut external =
            json!({"host": "db", "usernameSecretKeyRef": key("u"), "passwordSecretKeyRef": key("p")});
        if ca {
            external["caSecretKeyRef"] = key("ca");
        }
        if let Some(own) = own {
            external["sslMode"] = json!(own);
        }
        let mut spec = everything_external();
        spec["profile"] = json!(profile);
        spec["database"] = json!({"external": external});
        let told = environment(&platform(spec), "analytics", "DATABASE_");
        told["SSLMODE"].clone()
    };
    assert_eq!(mode("development", false, None), "prefer");
    assert_eq!(mode("development", true, None), "verify-full");
    assert_eq!(mode("production", false, None), "verify-full");
    assert_eq!(mode("production", true, Some("verify-ca")), "verify-ca");
    assert_eq!(mode("production", false, Some("disable")), "disable");
}

#[test]
fn a_cluster_is_known_by_its_name_and_its_secrets_are_awaited() {
    let shared = platform(json!({"database": cluster("Shared")}));
    assert_eq!(dependencies(&shared), [("database".to_owned(), "CloudNativePG")]);
    assert_eq!(
        environment(&shared, "analytics", "DATABASE_"),
        map(&[
            ("HOST", "pg-rw.team.svc"),
            ("PORT", "5432"),
            ("NAME", "pg-app/dbname"),
            ("USER", "pg-app/username"),
            ("PASSWORD", "pg-app/password"),
            ("SSLMODE", "verify-full"),
            ("CA_FILE", "/etc/todo/ca/database.pem"),
            ("REPLICA_HOST", "pg-ro.team.svc"),
            ("REPLICA_PORT", "5432"),
        ])
    );
    let own = platform(json!({"database": cluster("PerService")}));
    assert_eq!(
        dependencies(&own),
        [
            ("database".to_owned(), "CloudNativePG"),
            (SETUP.to_owned(), "Job")
        ]
    );
    let resources = rendered(&own);
    let job = objects(&resources, ChildKind::Job)[0];
    let admin = told(&job["spec"]["template"]["spec"]["containers"][0], "DATABASE_");
    assert_eq!(
        (admin["USER"].as_str(), admin["NAME"].as_str()),
        ("pg-superuser/username", "postgres")
    );

    for secret in ["pg-ca", "pg-app"] {
        let mut facts = Facts::assumed(&shared);
        facts.secrets.remove(secret);
        let resources = build(&validate(&shared, &facts, &defaults()).unwrap(), &facts);
        let Gate::Closed { waiting_for } = resources.gate else {
            unreachable!("the services wait for {secret}")
        };
        assert_eq!(waiting_for[0].1, "SecretsAwaited");
        assert!(waiting_for[0].2.contains(secret), "{}", waiting_for[0].2);
    }
}

#[test]
fn the_cache_is_told_in_each_of_its_modes() {
    let told = |external: Value| {
        let platform = platform(json!({"cache": {"external": external}}));
        let gateway = environment(&platform, "gateway", "REDIS_");
        assert_eq!(gateway, environment(&platform, "scheduler", "REDIS_"));
        gateway
    };
    assert_eq!(
        told(json!({"urlSecretKeyRef": key("url")})),
        map(&[("URL", "user/url")])
    );
    assert_eq!(
        told(json!({
            "host": "redis", "database": 2, "usernameSecretKeyRef": key("u"), "passwordSecretKeyRef": key("p"),
            "caSecretKeyRef": key("ca"),
        })),
        map(&[
            ("MODE", "server"),
            ("ADDRESSES", "redis:6379"),
            ("DATABASE", "2"),
            ("USERNAME", "user/u"),
            ("PASSWORD", "user/p"),
            ("TLS", "true"),
            ("CA_FILE", "/etc/todo/ca/redis.pem"),
        ])
    );
    assert_eq!(
        told(json!({
            "sentinel": {"masterName": "todo", "addresses": ["a:26379", "b:26379"], "passwordSecretKeyRef": key("s")},
            "passwordSecretKeyRef": key("p"),
        })),
        map(&[
            ("MODE", "sentinel"),
            ("ADDRESSES", "a:26379,b:26379"),
            ("PASSWORD", "user/p"),
            ("SENTINEL_MASTER", "todo"),
            ("SENTINEL_PASSWORD", "user/s"),
        ])
    );
    assert_eq!(
        told(json!({"cluster": {"addresses": ["a:6379"]}, "enableTls": true})),
        map(&[("MODE", "cluster"), ("ADDRESSES", "a:6379"), ("TLS", "true")])
    );
}

#[test]
fn a_missing_secret_of_any_form_is_named_with_its_field() {
    let missing = |spec: Value| -> Vec<String> {
        let platform = platform(spec);
        let mut facts = Facts::assumed(&platform);
        facts.secrets.remove("user");
        let invalid = validate(&platform, &facts, &defaults()).unwrap_err();
        invalid
            .violations
            .into_iter()
            .map(|violation| violation.field_path)
            .collect()
    };
    let external = |fields: &[&str]| -> Vec<String> {
        fields
            .iter()
            .map(|field| format!("spec.database.external.{field}"))
            .collect()
    };
    assert_eq!(
        missing(json!({"database": by_parts()})),
        external(&["caSecretKeyRef", "usernameSecretKeyRef", "passwordSecretKeyRef"])
    );
    assert_eq!(
        missing(json!({"database": with_admin()})),
        external(&["admin.usernameSecretKeyRef", "admin.passwordSecretKeyRef"])
    );
    let sentinel = json!({"masterName": "todo", "addresses": ["a:1"], "passwordSecretKeyRef": key("s")});
    assert_eq!(
        missing(json!({"cache": {"external": {"sentinel": sentinel, "passwordSecretKeyRef": key("p")}}})),
        [
            "spec.cache.external.passwordSecretKeyRef",
            "spec.cache.external.sentinel.passwordSecretKeyRef"
        ]
    );
    let replica = json!({"external": {"host": "db", "admin": {"urlSecretKeyRef": key("a")}}, "readReplica": {"urlSecretKeyRef": key("r")}});
    assert_eq!(
        missing(json!({"database": replica})),
        [
            "spec.database.external.admin.urlSecretKeyRef",
            "spec.database.readReplica.urlSecretKeyRef"
        ]
    );
}
