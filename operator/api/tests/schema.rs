//! The CRD as a whole: what is checked in, and what every field must have.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

use std::{fs, path::Path};

use kube::core::cel::{ScopeContext, analyze_rule, compile_schema};
use serde_json::Value;
use todoplatform_api::{crd, crd_yaml, docs, rules, schema};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn same_as(path: &str, generated: &str) {
    let checked_in = fs::read_to_string(repository().join(path)).unwrap_or_default();
    assert!(
        checked_in == generated,
        "{path} is stale: run `cargo xtask generate`"
    );
}

#[test]
fn the_checked_in_crd_is_the_generated_one() {
    same_as("crds/todoplatform.yaml", &crd_yaml());
}

#[test]
fn the_checked_in_reference_is_the_generated_one() {
    same_as("docs/api.md", &docs());
}

/// Every schema below `schema` with its path.
fn each(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        each(field, &format!("{path}.{name}"), visit);
    }
    if schema["items"].is_object() {
        each(&schema["items"], &format!("{path}[]"), visit);
    }
    if schema["additionalProperties"].is_object() {
        each(&schema["additionalProperties"], &format!("{path}{{}}"), visit);
    }
}

fn faults(section: &str, faulty: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let schema = schema();
    let mut paths = Vec::new();
    let mut seen = 0;
    each(&schema["properties"][section], section, &mut |path, field| {
        seen += 1;
        if faulty(path, field) {
            paths.push(path.to_owned());
        }
    });
    assert!(seen > 20, "the schema of {section} was not walked");
    paths
}

#[test]
fn every_field_has_a_description() {
    for section in ["spec", "status"] {
        let undescribed = faults(section, |path, field| {
            !path.ends_with(['}', ']']) && field["description"].as_str().is_none_or(str::is_empty)
        });
        assert_eq!(undescribed, Vec::<String>::new());
    }
}

#[test]
fn every_field_of_the_spec_names_its_default_or_that_it_is_required() {
    let silent = faults("spec", |path, field| {
        let description = field["description"].as_str().unwrap_or_default();
        path != "spec"
            && !path.ends_with(['}', ']'])
            && !["Default", "Required.", "No default."]
                .iter()
                .any(|word| description.contains(word))
    });
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_list_string_and_map_of_the_spec_is_bounded() {
    let unbounded = faults("spec", |_, field| match field["type"].as_str() {
        Some("array") => field["maxItems"].is_null(),
        Some("string") => field["maxLength"].is_null() && field["enum"].is_null(),
        Some("integer") => field["minimum"].is_null() || field["maximum"].is_null(),
        Some("object") => field["additionalProperties"].is_object() && field["maxProperties"].is_null(),
        _ => false,
    });
    assert_eq!(unbounded, Vec::<String>::new());
}

#[test]
fn every_list_says_how_it_merges() {
    let atomic = faults("spec", |_, field| {
        field["type"] == "array" && field["x-kubernetes-list-type"].is_null()
    });
    assert_eq!(atomic, Vec::<String>::new());
    let untyped = faults("spec", |_, field| {
        field["items"]["type"] == "object" && field["x-kubernetes-list-type"] != "map"
    });
    assert_eq!(untyped, Vec::<String>::new());
}

#[test]
fn the_spec_has_no_defaults_and_takes_no_null() {
    let wrong = faults("spec", |_, field| {
        !field["default"].is_null() || !field["nullable"].is_null()
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_format_is_one_that_the_server_does_not_know() {
    for section in ["spec", "status"] {
        let unknown = faults(section, |_, field| {
            field["format"]
                .as_str()
                .is_some_and(|format| format.starts_with("uint"))
        });
        assert_eq!(unknown, Vec::<String>::new());
    }
}

#[test]
fn a_status_nobody_wrote_is_older_than_any_generation() {
    assert_eq!(
        schema()["properties"]["status"]["default"],
        serde_json::json!({"observedGeneration": -1})
    );
}

#[test]
fn every_rule_is_in_the_crd() {
    let mut found = Vec::new();
    let schema = schema();
    each(&schema, "", &mut |_, field| {
        for rule in field["x-kubernetes-validations"].as_array().into_iter().flatten() {
            found.push((
                rule["rule"].as_str().unwrap().to_owned(),
                rule["message"].as_str().unwrap().to_owned(),
            ));
        }
    });
    found.sort();
    found.dedup();
    let mut stated: Vec<_> = rules::ALL
        .iter()
        .map(|rule| (rule.rule.to_owned(), rule.message.to_owned()))
        .collect();
    stated.sort();
    stated.dedup();
    assert_eq!(found, stated);
}

#[test]
fn every_rule_compiles_and_is_within_the_servers_budget() {
    let mut analysed = 0;
    each(&schema(), "", &mut |path, field| {
        let compiled = compile_schema(field);
        assert!(
            compiled.compilation_errors().is_empty(),
            "{path} does not compile"
        );
        for rule in field["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let warnings = analyze_rule(
                rule["rule"].as_str().unwrap(),
                &compiled,
                ScopeContext::CrdValidation,
            );
            assert!(warnings.is_empty(), "{path}: {warnings:?}");
            analysed += 1;
        }
    });
    assert!(analysed >= rules::ALL.len());
}

#[test]
fn kubectl_shows_what_a_user_asks_first() {
    let crd = crd();
    let columns: Vec<_> = crd.spec.versions[0]
        .additional_printer_columns
        .iter()
        .flatten()
        .map(|column| (column.name.as_str(), column.priority.unwrap_or(0)))
        .collect();
    let expected = [
        ("READY", 0),
        ("STATUS", 0),
        ("COMPONENTS", 0),
        ("VERSION", 0),
        ("AGE", 0),
        ("MESSAGE", 1),
        ("ENDPOINT", 1),
        ("DRIFT", 1),
    ];
    assert_eq!(columns, expected);
    assert_eq!(crd.spec.names.short_names, Some(vec!["tp".to_owned()]));
    assert_eq!(
        crd.spec.names.categories,
        Some(vec!["todo".to_owned(), "all".to_owned()])
    );
}
