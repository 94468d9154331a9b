//! The Job that makes roles and databases.

use serde_json::json;
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ChildKind, DependencyFact, Facts, Gate, JobFact, SETUP, build, setup_standing, validate,
};

use crate::common::{defaults, named, object, objects, platform, rendered, services};
use crate::{environment, map, told, with_admin};

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
