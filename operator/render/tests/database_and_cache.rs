//! The database and the cache in each of their forms: what is asked, what is made, what the services are told.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod common;

use std::collections::BTreeMap;

use common::{defaults, named, object, objects, platform, rendered, services};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ChildKind, DependencyFact, Facts, Gate, JobFact, SETUP, build, references, setup_standing, validate,
};

fn key(key: &str) -> Value {
    json!({"name": "user", "key": key})
}

/// The environment of a service's container: values as they are, keys of Secrets as `<name>/<key>`.
fn environment(platform: &TodoPlatform, service: &str, prefix: &str) -> BTreeMap<String, String> {
    let resources = rendered(platform);
    let deployment = object(&resources, ChildKind::Deployment, &format!("todo-{service}"));
    told(&deployment["spec"]["template"]["spec"]["containers"][0], prefix)
}

fn told(container: &Value, prefix: &str) -> BTreeMap<String, String> {
    let variables = container["env"].as_array().unwrap().iter();
    variables
        .filter(|variable| variable["name"].as_str().unwrap().starts_with(prefix))
        .map(|variable| {
            let selector = &variable["valueFrom"]["secretKeyRef"];
            let value = match variable["value"].as_str() {
                Some(value) => value.to_owned(),
                None => format!(
                    "{}/{}",
                    selector["name"].as_str().unwrap(),
                    selector["key"].as_str().unwrap()
                ),
            };
            let name = variable["name"].as_str().unwrap().trim_start_matches(prefix);
            (name.to_owned(), value)
        })
        .collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Name and kind of each dependency.
fn dependencies(platform: &TodoPlatform) -> Vec<(String, &'static str)> {
    references(platform)
        .dependencies
        .into_iter()
        .map(|dependency| (dependency.name.clone(), dependency.target.kind()))
        .filter(|(name, _)| !["cache", "broker", "dapr"].contains(&name.as_str()))
        .collect()
}

fn by_parts() -> Value {
    json!({"external": {
        "host": "db.example", "port": 6432, "usernameSecretKeyRef": key("user"), "passwordSecretKeyRef": key("password"),
        "caSecretKeyRef": key("ca"), "options": [{"name": "statement_timeout", "value": "5s"}, {"name": "lock_timeout", "value": "1s"}],
    }, "readReplica": {"host": "ro.example"}})
}

fn with_admin() -> Value {
    json!({"external": {
        "host": "db.example", "sslMode": "require",
        "admin": {"usernameSecretKeyRef": key("admin"), "passwordSecretKeyRef": key("admin-password")},
    }})
}

fn cluster(roles: &str) -> Value {
    json!({"cloudNativePG": {"clusterRef": {"name": "pg"}, "roles": roles}, "readReplica": {}})
}

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
        let mut spec = common::everything_external();
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
fn an_administrator_gives_each_service_a_role_by_a_job() {
    let platform = platform(json!({"database": with_admin()}));
    let resources = rendered(&platform);
    let jobs = objects(&resources, ChildKind::Job);
    let [job] = jobs[..] else { unreachable!("one Job") };
    let pod = &job["spec"]["template"]["spec"];
    assert_eq!(
        pod["containers"][0]["args"],
        json!([
            "database-setup",
            "--owner=team/todo",
            "--role=analytics=team-todo-analytics",
            "--role=notification=team-todo-notification",
            "--role=task=team-todo-task",
        ])
    );
    assert_eq!(
        pod["containers"][0]["image"],
        "registry.example/todo/todoplatform-operator:1.2.3"
    );
    assert_eq!(
        told(&pod["containers"][0], "DATABASE_"),
        map(&[
            ("HOST", "db.example"),
            ("PORT", "5432"),
            ("NAME", "postgres"),
            ("USER", "user/admin"),
            ("PASSWORD", "user/admin-password"),
            ("SSLMODE", "require"),
        ])
    );
    assert_eq!(
        told(&pod["containers"][0], "TASK_"),
        map(&[("PASSWORD", "todo-database/task-password")])
    );
    for (pointer, wanted) in [
        ("/securityContext/runAsNonRoot", json!(true)),
        ("/securityContext/seccompProfile/type", json!("RuntimeDefault")),
        ("/automountServiceAccountToken", json!(false)),
        (
            "/containers/0/securityContext/allowPrivilegeEscalation",
            json!(false),
        ),
        (
            "/containers/0/securityContext/readOnlyRootFilesystem",
            json!(true),
        ),
        ("/containers/0/securityContext/capabilities/drop", json!(["ALL"])),
        ("/restartPolicy", json!("OnFailure")),
    ] {
        assert_eq!(pod.pointer(pointer), Some(&wanted), "{pointer}");
    }
    assert!(job["spec"]["ttlSecondsAfterFinished"].is_null());

    let task = environment(&platform, "task", "DATABASE_");
    let own = [
        ("NAME", "team-todo-task"),
        ("USER", "team-todo-task"),
        ("PASSWORD", "todo-database/task-password"),
    ];
    for (name, value) in own {
        assert_eq!(task[name], value);
    }
    let secret = resources
        .secrets
        .iter()
        .find(|secret| secret.name == "todo-database")
        .unwrap();
    let keys: Vec<_> = secret.values.keys().collect();
    assert_eq!(
        keys,
        ["analytics-password", "notification-password", "task-password"]
    );
}

fn job_name(platform: &TodoPlatform, facts: &Facts) -> Option<String> {
    let resources = build(&validate(platform, facts, &defaults()).unwrap(), facts);
    let jobs = objects(&resources, ChildKind::Job);
    jobs.first()
        .map(|job| job["metadata"]["name"].as_str().unwrap().to_owned())
}

#[test]
fn the_job_has_another_name_when_what_goes_into_it_changes_and_only_then() {
    let platform = platform(json!({"database": with_admin()}));
    let facts = Facts::assumed(&platform);
    let name = job_name(&platform, &facts).unwrap();
    assert!(
        name.starts_with("todo-database-") && name.len() == "todo-database-".len() + 8,
        "{name}"
    );
    let changed = |secret: &str, key: &str| {
        let mut facts = facts.clone();
        let keys = &mut facts.secrets.get_mut(secret).unwrap().keys;
        keys.insert(key.into(), "another".into());
        job_name(&platform, &facts).unwrap()
    };
    for (secret, key) in [
        ("user", "admin"),
        ("user", "admin-password"),
        ("todo-database", "task-password"),
    ] {
        assert_ne!(changed(secret, key), name, "{secret} {key}");
    }
    assert_eq!(changed("todo-task-api-token", "token"), name);
    let longest = named(&"x".repeat(40), json!({"database": with_admin()}));
    assert!(job_name(&longest, &Facts::assumed(&longest)).unwrap().len() <= 63);
}

#[test]
fn the_job_waits_for_the_database_and_the_services_wait_for_the_job() {
    let platform = platform(json!({"database": with_admin()}));
    let facts = Facts::assumed(&platform);
    let validated = validate(&platform, &facts, &defaults()).unwrap();
    let name = job_name(&platform, &facts).unwrap();
    let standing = |facts: &Facts| setup_standing(&validated, facts).unwrap();
    let reason = |job: Option<JobFact>| {
        let mut facts = facts.clone();
        facts.jobs.extend(job.map(|job| (name.clone(), job)));
        let fact = standing(&facts);
        (fact.ready, fact.reason)
    };
    let job = |complete, failed, message: &str| {
        Some(JobFact {
            complete,
            failed,
            message: message.into(),
        })
    };
    assert_eq!(reason(None), (false, "NotCreated".into()));
    assert_eq!(reason(job(false, false, "")), (false, "Running".into()));
    assert_eq!(reason(job(false, false, "refused")), (false, "Retrying".into()));
    assert_eq!(reason(job(false, true, "refused")), (false, "Failed".into()));
    assert_eq!(reason(job(true, false, "")), (true, "Completed".into()));

    let mut waiting = facts.clone();
    waiting.dependencies.insert(SETUP.into(), standing(&facts));
    let resources = build(&validated, &waiting);
    assert!(matches!(&resources.gate, Gate::Closed { waiting_for } if waiting_for[0].1 == "NotCreated"));
    assert!(services(&resources).is_empty());

    let away = DependencyFact {
        ready: false,
        reason: "Unreachable".into(),
        message: "no answer".into(),
        version: None,
    };
    let mut blinking = facts.clone();
    blinking.dependencies.insert("database".into(), away);
    assert_eq!(job_name(&platform, &blinking), None, "nobody to ask");
    blinking.jobs.insert(name.clone(), JobFact::default());
    assert_eq!(
        job_name(&platform, &blinking),
        Some(name),
        "what runs is not taken away"
    );
    let mut without_secret = facts.clone();
    without_secret.secrets.remove("todo-database");
    assert_eq!(job_name(&platform, &without_secret), None);
    assert_eq!(standing(&without_secret).reason, "SecretsMissing");
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

#[test]
fn where_networks_are_closed_the_job_reaches_names_and_the_database_and_nobody_reaches_it() {
    let resources = rendered(&platform(
        json!({"database": with_admin(), "networkPolicy": {"enabled": true}}),
    ));
    let jobs = objects(&resources, ChildKind::Job);
    let labels = &jobs[0]["spec"]["template"]["metadata"]["labels"];
    let policy = &object(&resources, ChildKind::NetworkPolicy, "todo-database-setup")["spec"];
    for (label, value) in policy["podSelector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(&labels[label], value, "the policy is about the Job's pods");
    }
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    assert!(policy["ingress"].is_null(), "{policy}");
    let ports: Vec<u64> = policy["egress"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|rule| rule["ports"].as_array().unwrap())
        .map(|port| port["port"].as_u64().unwrap())
        .collect();
    assert_eq!(
        std::collections::BTreeSet::from_iter(ports),
        [53, 5432].into(),
        "{policy}"
    );
}
