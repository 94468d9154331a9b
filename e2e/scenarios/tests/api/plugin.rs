//! `kubectl todo` against a real API server: what it says is what is there, and what it asks is done.

use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster,
    command::{self, Output},
    env, platform,
};

use super::fixture::World;

/// What the scenarios' operator is started with: it has no Deployment in which the plugin could look.
const OPERATORS_FLAGS: [&str; 4] = ["--image-registry", "localhost", "--image-tag", "test"];

impl World {
    /// The plugin in this world's namespace.
    async fn todo(&self, args: &[&str]) -> Result<Output> {
        let plugin = env::required("TODO_TEST_KUBECTL_TODO")?;
        command::run(&plugin, &[args, &["-n", &self.ns]].concat(), None).await
    }

    /// Its JSON answer, with the exit code that is expected.
    async fn todo_json(&self, args: &[&str], code: i32) -> Result<Value> {
        let output = self.todo(&[args, &["-o", "json"]].concat()).await?;
        if output.code != Some(code) {
            return Err(format!("{args:?}: {:?}: {}{}", output.code, output.stdout, output.stderr).into());
        }
        Ok(serde_json::from_str(&output.stdout)?)
    }

    /// `diff` with the flags that this world's operator has.
    async fn diff(&self, more: &[&str], code: i32) -> Result<Value> {
        self.todo_json(&[&["diff"], &OPERATORS_FLAGS[..], more].concat(), code)
            .await
    }

    /// A file with the platform under this spec.
    fn file(&self, spec: &Value) -> Result<String> {
        let path = std::env::temp_dir().join(format!("{}-plugin.yaml", self.ns));
        let mut object = platform::todo(spec);
        object["metadata"]["namespace"] = json!(self.ns);
        std::fs::write(&path, object.to_string())?;
        Ok(path.display().to_string())
    }
}

fn texts(values: &Value, field: &str) -> Vec<String> {
    let values = values.as_array().into_iter().flatten();
    values
        .map(|value| value[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn status_why_and_tree_tell_a_waiting_platform_and_a_ready_one() -> Result<()> {
    let world = World::new("plugin-status").await?;
    world.apply(&json!({"profile": "development"})).await?;
    platform::condition_is(
        &world.client,
        &world.ns,
        "Reconciling",
        "True",
        "WaitingForDependencies",
    )
    .await?;
    let status = world.todo_json(&["status", "todo"], 1).await?;
    assert_eq!(status["ready"], false);
    assert!(!texts(&status["dependencies"], "name").is_empty(), "{status:#}");

    let why = world.todo_json(&["why"], 1).await?;
    let chains = why["chains"].as_array().ok_or("no chains")?;
    assert!(!chains.is_empty());
    for chain in chains {
        assert_eq!(chain["links"][0]["about"], "condition Ready", "{chain:#}");
        assert!(
            chain["nextAction"].as_str().is_some_and(|next| !next.is_empty()),
            "{chain:#}"
        );
    }
    let text = world.todo(&["why"]).await?.stdout;
    assert!(text.contains("└─") && text.contains("\nnext: "), "{text}");
    assert!(!text.contains('\u{1b}'), "colours without a terminal: {text:?}");

    world.serve_until_ready().await?;
    assert_eq!(world.todo_json(&["status"], 0).await?["ready"], true);
    assert_eq!(world.todo_json(&["why", "todo"], 0).await?["chains"], json!([]));
    let all = world.todo_json(&["status", "-A"], 0).await;
    // Other scenarios' platforms may not be Ready: then the exit code says so.
    let all = match all {
        Ok(all) => all,
        Err(_) => world.todo_json(&["status", "-A"], 1).await?,
    };
    assert!(texts(&all, "namespace").contains(&world.ns), "{all:#}");

    let tree = world.todo_json(&["tree"], 0).await?;
    let components = texts(&tree["branches"], "component");
    for component in [
        "gateway",
        "task",
        "scheduler",
        "notification",
        "analytics",
        "postgres",
        "redis",
    ] {
        assert!(
            components.iter().any(|found| found == component),
            "{component}: {components:?}"
        );
    }
    let drawn: Vec<(String, String)> = tree["branches"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|branch| branch["nodes"].as_array().into_iter().flatten())
        .map(|node| (node["kind"].to_string(), node["name"].to_string()))
        .collect();
    let ready = world.get("TodoPlatform", "todo").await?;
    for entry in ready["status"]["inventory"].as_array().ok_or("no inventory")? {
        let entry = (entry["kind"].to_string(), entry["name"].to_string());
        assert!(drawn.contains(&entry), "{entry:?} is not in the tree");
    }
    Ok(())
}

#[tokio::test]
async fn diff_is_silent_without_a_difference_and_names_exactly_who_restarts() -> Result<()> {
    let world = World::new("plugin-diff").await?;
    world.ready().await?;
    let none = world.diff(&[], 0).await?;
    assert_eq!(none["changes"], json!([]), "{none:#}");
    let same = world.file(&json!({"profile": "development"}))?;
    world.diff(&["-f", &same], 0).await?;

    let changed = world.file(&json!({
        "profile": "development",
        "services": {"task": {"logLevel": "debug"}, "analytics": {"dapr": {"logLevel": "debug"}}, "scheduler": {"replicas": 2}},
    }))?;
    let diff = world.diff(&["-f", &changed], 1).await?;
    assert_eq!(
        texts(&diff["restarts"], "component"),
        ["analytics", "task"],
        "{diff:#}"
    );
    let names = texts(&diff["changes"], "name");
    assert!(names.contains(&"todo-scheduler".to_owned()), "{names:?}");
    assert!(!names.contains(&"todo-gateway".to_owned()), "{names:?}");

    // It told the truth: these pods' templates change, and no others.
    let before = templates(&world).await?;
    world
        .apply(&serde_json::from_str::<Value>(&std::fs::read_to_string(&changed)?)?["spec"])
        .await?;
    world.serve_until_ready().await?;
    let after = templates(&world).await?;
    let moved: Vec<_> = after
        .iter()
        .filter(|(name, template)| before.iter().all(|old| old != &(name.clone(), template.clone())))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(moved, ["todo-analytics", "todo-task"]);
    world.diff(&["-f", &changed], 0).await?;

    let pruned = world
        .file(&json!({"profile": "development", "observability": {"monitoring": {"enabled": false}}}))?;
    let diff = world.diff(&["-f", &pruned], 1).await?;
    let deleted: Vec<_> = diff["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|change| change["verb"] == "deleted")
        .map(|change| change["kind"].as_str().unwrap_or_default())
        .collect();
    for kind in ["PodMonitor", "ServiceMonitor", "PrometheusRule"] {
        assert!(deleted.contains(&kind), "{kind}: {deleted:?}");
    }
    std::fs::remove_file(&pruned)?;
    Ok(())
}

#[tokio::test]
async fn no_value_of_a_secret_is_told() -> Result<()> {
    let world = World::new("plugin-secret").await?;
    world.ready().await?;
    let changed =
        world.file(&json!({"profile": "development", "gateway": {"rateLimit": {"requests": 99}}}))?;
    let mut told = String::new();
    for args in [
        &["status", "-o", "yaml"][..],
        &["tree", "-o", "yaml"],
        &[&["diff", "-f", &changed][..], &OPERATORS_FLAGS].concat(),
        &[&["render", "todo"][..], &OPERATORS_FLAGS].concat(),
    ] {
        let output = world.todo(args).await?;
        assert!(
            output.code.is_some_and(|code| code < 2),
            "{args:?}: {}",
            output.stderr
        );
        told += &output.stdout;
        told += &output.stderr;
    }
    let secrets = cluster::objects(&world.client, &world.ns, "Secret")
        .list(&kube::api::ListParams::default())
        .await?;
    let mut values = 0;
    for secret in secrets {
        for value in secret.data["data"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_str())
        {
            let bytes: k8s_openapi::ByteString = serde_json::from_value(json!(value))?;
            let plain = String::from_utf8(bytes.0)?;
            assert!(
                !told.contains(value) && !told.contains(&plain),
                "a value of {:?}",
                secret.metadata.name
            );
            values += 1;
        }
    }
    assert!(values > 10, "{values}");
    std::fs::remove_file(&changed)?;
    Ok(())
}

#[tokio::test]
async fn the_plugin_and_the_operator_render_the_same_bytes_and_those_are_applied() -> Result<()> {
    let world = World::new("plugin-render").await?;
    let file = world.file(&json!({"profile": "development"}))?;
    let plugin = world
        .todo(&[&["render", "-f", &file][..], &OPERATORS_FLAGS].concat())
        .await?;
    assert_eq!(plugin.code, Some(0), "{}", plugin.stderr);
    let operator = env::required("TODO_TEST_OPERATOR")?;
    let args = [&["render", "-f", &file][..], &OPERATORS_FLAGS].concat();
    assert_eq!(plugin.stdout, command::ok(&operator, &args, None).await?);

    // What is rendered from the cluster is applied byte for byte: sending it changes no object.
    world.ready().await?;
    assert_eq!(world.diff(&[], 0).await?["changes"], json!([]));
    let folder = std::env::temp_dir().join(format!("{}-split", world.ns));
    let split = folder.display().to_string();
    let output = world
        .todo(&[&["render", "todo", "--split", &split][..], &OPERATORS_FLAGS].concat())
        .await?;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let written = std::fs::read_dir(&folder)?.count();
    assert_eq!(written, output.stdout.lines().count());
    assert!(written > 30, "{written}");
    std::fs::remove_dir_all(&folder)?;
    std::fs::remove_file(&file)?;
    Ok(())
}

#[tokio::test]
async fn pause_and_resume_are_acknowledged_and_hold() -> Result<()> {
    let world = World::new("plugin-pause").await?;
    world.ready().await?;
    for args in [&["pause"][..], &["pause", "todo", "--for", "2h"]] {
        let output = world.todo(args).await?;
        assert_eq!(
            output.code,
            Some(0),
            "{args:?}: {}{}",
            output.stdout,
            output.stderr
        );
        assert!(
            output.stdout.starts_with("TodoPlatform todo: paused"),
            "{}",
            output.stdout
        );
        platform::condition_is_true(&world.client, &world.ns, "Paused").await?;
        let output = world.todo(&["resume"]).await?;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let platform = world.get("TodoPlatform", "todo").await?;
        assert_eq!(platform["spec"]["paused"], Value::Null);
        assert_eq!(
            platform["metadata"]["annotations"]["todoplatform.dev/paused-until"],
            Value::Null
        );
        assert!(
            platform::condition(&platform, "Paused").is_none_or(|(status, _, _)| status != "True"),
            "{:#}",
            platform["status"]
        );
    }
    Ok(())
}

#[tokio::test]
async fn reconcile_is_acknowledged() -> Result<()> {
    let world = World::new("plugin-reconcile").await?;
    world.ready().await?;
    let output = world.todo(&["reconcile"]).await?;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let platform = world.get("TodoPlatform", "todo").await?;
    let asked = &platform["metadata"]["annotations"]["todoplatform.dev/reconcile-requested-at"];
    assert_eq!(&platform["status"]["lastHandledReconcileAt"], asked);
    Ok(())
}

#[tokio::test]
async fn restart_of_one_component_changes_its_pods_only() -> Result<()> {
    let world = World::new("plugin-restart").await?;
    world.ready().await?;
    let before = templates(&world).await?;
    let refused = world.todo(&["restart", "tsak"]).await?;
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("next: name one of "),
        "{}",
        refused.stderr
    );
    let (output, served) = tokio::join!(world.todo(&["restart", "task"]), async {
        platform::until(
            &world.client,
            &world.ns,
            std::time::Duration::from_mins(1),
            "the restart followed",
            |platform| !platform["status"]["lastHandledRestartAt"].is_null(),
        )
        .await
    });
    let output = output?;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    served?;
    let after = templates(&world).await?;
    let moved: Vec<_> = after
        .iter()
        .filter(|found| !before.contains(found))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(moved, ["todo-task"]);
    Ok(())
}

#[tokio::test]
async fn errors_say_what_and_what_to_do() -> Result<()> {
    let world = World::new("plugin-errors").await?;
    let output = world.todo(&["status"]).await?;
    assert_eq!(output.code, Some(2));
    assert!(
        output.stderr.contains("has no TodoPlatform") && output.stderr.contains("\nnext: "),
        "{}",
        output.stderr
    );
    let file = world.file(&json!({"profile": "production"}))?;
    let output = world.todo(&["check", "-f", &file]).await?;
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(
        output.stdout.contains("error InvalidSpec spec.broker:"),
        "{}",
        output.stdout
    );
    let output = world.todo(&["diff", "-f", &file]).await?;
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("spec.broker"), "{}", output.stderr);
    std::fs::remove_file(&file)?;
    Ok(())
}

/// The pod template of each Deployment, by name.
async fn templates(world: &World) -> Result<Vec<(String, Value)>> {
    let mut templates = Vec::new();
    for name in world.services().await? {
        let found = world.get("Deployment", &name).await?;
        templates.push((name, found["spec"]["template"].clone()));
    }
    Ok(templates)
}
