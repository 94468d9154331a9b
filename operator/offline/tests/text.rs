//! What a person sees of a check and of the settings' origins.

use serde_json::{Value, json};
use todoplatform_offline::{check, input::Document, provenance, render};
use todoplatform_render::{OperatorDefaults, origins};

fn document(spec: Value) -> Document {
    let mut resource = json!({"apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform", "metadata": {"name": "todo"}});
    resource["spec"] = spec;
    Document {
        file: "todo.yaml".into(),
        resource,
    }
}

fn defaults() -> OperatorDefaults {
    OperatorDefaults {
        image_tag: "1.2.3".into(),
        ..OperatorDefaults::default()
    }
}

fn text(spec: Value) -> String {
    check::text(&check::check(&document(spec), &defaults()), &|_, words| {
        words.to_owned()
    })
}

#[test]
fn findings_are_told_with_what_to_do() {
    assert_eq!(text(json!({})), "TodoPlatform todo (todo.yaml): valid\n");
    insta::assert_snapshot!(text(json!({
        "services": {"task": {"replicas": 0, "env": [{"name": "API_KEY", "value": "x"}]}},
        "auth": {"clockSkewSeconds": 600},
    })));
    insta::assert_snapshot!(text(json!({"profile": "production", "auth": {"issuer": ""}})));
    insta::assert_snapshot!(text(json!({"profile": "production"})));
}

#[test]
fn settings_are_told_as_yaml_with_their_origins() {
    let mut resource = document(json!({
        "services": {"task": {"replicas": 3}},
        "observability": {"monitoring": {"labels": {"example.com/team": "a"}}},
    }))
    .resource;
    resource["metadata"]["namespace"] = json!("shop");
    let settings = origins(&serde_json::from_value(resource).unwrap(), &defaults()).unwrap();
    let text = provenance::text(&settings);
    let read: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(read["services"]["task"]["replicas"], 3);
    assert_eq!(read["monitoring"]["labels"]["example.com/team"], "a");
    for line in [
        "replicas: 3",
        "# user: spec.services.task.replicas",
        "# profile development",
        "# operator: --image-registry; operator: --image-tag",
        "# default of both profiles",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    let rows = provenance::json(&settings);
    assert_eq!(rows.as_array().unwrap().len(), settings.len());
}

#[test]
fn split_writes_one_file_per_object_with_the_same_bytes() {
    let document = document(json!({}));
    let objects = render::of_document(&document, "shop", &defaults()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = render::split(&objects, &folder.path().join("out")).unwrap();
    assert_eq!(files.len(), objects.len(), "two objects have one file");
    let whole = render::text(&objects).unwrap();
    let mut length = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(whole.contains(&text), "{}", file.display());
        length += "---\n".len() + text.len();
    }
    assert_eq!(length, whole.len());
}

#[test]
fn split_keeps_namespaces_apart_and_overwrites_nothing() {
    let document = document(json!({}));
    let one = render::of_document(&document, "a", &defaults()).unwrap();
    let two = render::of_document(&document, "b", &defaults()).unwrap();
    let both: Vec<Value> = one.iter().chain(&two).cloned().collect();
    let folder = tempfile::tempdir().unwrap();
    let files = render::split(&both, folder.path()).unwrap();
    assert_eq!(files.len(), both.len());
    for namespace in ["a", "b"] {
        assert!(
            folder
                .path()
                .join(namespace)
                .join("deployment-todo-task.yaml")
                .is_file()
        );
    }

    let again: Vec<Value> = one.iter().chain(&one).cloned().collect();
    let empty = tempfile::tempdir().unwrap();
    let told = render::split(&again, empty.path()).unwrap_err().to_string();
    assert!(told.contains("two objects of the same kind and name"), "{told}");
    assert_eq!(
        std::fs::read_dir(empty.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}
