//! What the operator may do: the kinds of children and a table of the rest, from which the chart's roles are printed.
//!
//! What is not here the operator cannot do, and nothing is here that it does not do: no wildcard, and of Secrets neither
//! list nor watch.

use std::collections::BTreeMap;
use std::fmt::Write;

use todoplatform_render::ChildKind;

/// One permission with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// API group; empty for the core group.
    pub group: String,
    /// Resources of the group.
    pub resources: Vec<String>,
    /// Names of the objects; empty for all.
    pub names: Vec<String>,
    /// Exact verbs.
    pub verbs: Vec<String>,
    /// Why.
    pub why: String,
}

/// A permission that no kind of children brings.
struct Fixed {
    group: &'static str,
    resources: &'static [&'static str],
    names: &'static [&'static str],
    verbs: &'static [&'static str],
    why: &'static str,
}

/// What apply, prune and the watches do with every kind of children but Secrets.
const CHILD: [&str; 6] = ["create", "delete", "get", "list", "patch", "watch"];

/// In the namespaces that are watched, beside the children.
const NAMESPACED: &[Fixed] = &[
    Fixed {
        group: "todoplatform.dev",
        resources: &["todoplatforms"],
        names: &[],
        verbs: &["get", "list", "watch"],
        why: "What users declare. It is read, never written.",
    },
    Fixed {
        group: "todoplatform.dev",
        resources: &["todoplatforms/status"],
        names: &[],
        verbs: &["patch"],
        why: "What the operator answers.",
    },
    Fixed {
        group: "todoplatform.dev",
        resources: &["todoplatforms/finalizers"],
        names: &[],
        verbs: &["update"],
        why: "Owner references that hold back a foreground deletion; some distributions ask for it.",
    },
    Fixed {
        group: "",
        resources: &["secrets"],
        names: &[],
        verbs: &["create", "get", "patch"],
        why: "Reads by name the Secrets that a spec refers to and the generated ones; creates generated ones once, and \
              changes of them only whose they are. No list, no watch, no deletion.",
    },
    Fixed {
        group: "",
        resources: &["pods"],
        names: &[],
        verbs: &["delete", "list", "watch"],
        why: "Why a component does not serve: image, crash, missing sidecar. A pod that was admitted without the sidecar \
              that it asked for is deleted, so that its ReplicaSet makes another; few at a time.",
    },
    Fixed {
        group: "postgresql.cnpg.io",
        resources: &["clusters"],
        names: &[],
        verbs: &["get"],
        why: "Whether the CloudNativePG cluster that a spec names serves. Read by name, never written.",
    },
    Fixed {
        group: "kafka.strimzi.io",
        resources: &["kafkas"],
        names: &[],
        verbs: &["get"],
        why: "Reads by name the Kafka that a platform refers to: whether it is ready, and where.",
    },
    Fixed {
        group: "cluster.redpanda.com",
        resources: &["redpandas"],
        names: &[],
        verbs: &["get"],
        why: "Reads by name the Redpanda that a platform refers to: whether it is ready.",
    },
    Fixed {
        group: "events.k8s.io",
        resources: &["events"],
        names: &[],
        verbs: &["create", "patch"],
        why: "One Event per transition; a repeat is a patch of the first.",
    },
];

/// Outside of namespaces, where the operator works on all of them.
const CLUSTER: &[Fixed] = &[Fixed {
    group: "admissionregistration.k8s.io",
    resources: &["mutatingwebhookconfigurations"],
    names: &[crate::probe::dapr::INJECTOR],
    verbs: &["get"],
    why: "Whether Dapr's sidecar injector is registered; services start only then.",
}];

/// In the operator's own namespace.
const OWN: &[Fixed] = &[
    Fixed {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &[LEASE],
        verbs: &["get", "list", "update", "watch"],
        why: "The Lease by which the replicas agree on who writes, by its name.",
    },
    Fixed {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &[],
        verbs: &["create"],
        why: "The same Lease, the first time: a name cannot be asked for before there is an object.",
    },
    Fixed {
        group: "events.k8s.io",
        resources: &["events"],
        names: &[],
        verbs: &["create", "patch"],
        why: "Events about the operator's own pod: a CRD that is missing or too old.",
    },
];

/// The name of the Lease, in the chart's language.
const LEASE: &str = "{{ include \"todoplatform-operator.leaseName\" . }}";

impl From<&Fixed> for Rule {
    fn from(fixed: &Fixed) -> Self {
        Self {
            group: fixed.group.to_owned(),
            resources: owned(fixed.resources),
            names: owned(fixed.names),
            verbs: owned(fixed.verbs),
            why: fixed.why.to_owned(),
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Permissions in the namespaces that are watched.
pub fn namespaced() -> Vec<Rule> {
    let mut rules: Vec<Rule> = NAMESPACED.iter().map(Rule::from).collect();
    rules.extend(children());
    rules
}

/// Permissions outside of namespaces.
pub fn cluster() -> Vec<Rule> {
    CLUSTER.iter().map(Rule::from).collect()
}

/// Permissions in the operator's own namespace.
pub fn own() -> Vec<Rule> {
    OWN.iter().map(Rule::from).collect()
}

/// One rule for the children of each API group.
fn children() -> Vec<Rule> {
    let mut groups = BTreeMap::<String, Vec<ChildKind>>::new();
    // Secrets have a rule of their own.
    for kind in ChildKind::ALL
        .into_iter()
        .filter(|kind| *kind != ChildKind::Secret)
    {
        groups.entry(kind.api_resource().group).or_default().push(kind);
    }
    groups
        .into_iter()
        .map(|(group, kinds)| {
            let mut resources: Vec<String> = kinds.iter().map(|kind| kind.api_resource().plural).collect();
            resources.sort();
            resources.dedup();
            let whether = if kinds.iter().all(|kind| kind.optional()) {
                ", where the API server serves the kinds"
            } else {
                ""
            };
            Rule {
                group,
                resources,
                names: Vec::new(),
                verbs: owned(&CHILD),
                why: format!("What platforms are made of{whether}."),
            }
        })
        .collect()
}

/// The chart's named templates with the rules of its roles.
pub fn template() -> String {
    let mut text = String::from(
        "{{/* Generated by `todoplatform-operator rbac`. Do not edit: change operator/controller/src/rbac.rs. */}}\n",
    );
    rules(&mut text, "namespaced", &namespaced());
    rules(&mut text, "cluster", &cluster());
    rules(&mut text, "own", &own());
    text
}

fn rules(text: &mut String, name: &str, rules: &[Rule]) {
    line(
        text,
        &format!("{{{{- define \"todoplatform-operator.rules.{name}\" -}}}}"),
    );
    for Rule {
        group,
        resources,
        names,
        verbs,
        why,
    } in rules
    {
        line(text, &format!("# {why}"));
        line(text, &format!("- apiGroups: [\"{group}\"]"));
        line(text, &format!("  resources: [{}]", quoted(resources)));
        if !names.is_empty() {
            line(text, &format!("  resourceNames: [{}]", quoted(names)));
        }
        line(text, &format!("  verbs: [{}]", quoted(verbs)));
    }
    line(text, "{{- end }}");
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "{line}");
}

fn quoted(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Rule> {
        [namespaced(), cluster(), own()].concat()
    }

    #[test]
    fn the_chart_grants_what_the_table_says() {
        let chart = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../charts/todoplatform-operator/templates/_rules.tpl"
        );
        let granted = std::fs::read_to_string(chart).unwrap();
        assert_eq!(granted, template(), "run: cargo xtask generate");
    }

    #[test]
    fn every_child_kind_may_be_written_and_nothing_else_is_granted_in_full() {
        let mut kinds: Vec<(String, String)> = ChildKind::ALL
            .into_iter()
            .filter(|kind| *kind != ChildKind::Secret)
            .map(|kind| (kind.api_resource().group, kind.api_resource().plural))
            .collect();
        let mut granted: Vec<(String, String)> = all()
            .into_iter()
            .filter(|rule| rule.verbs == CHILD)
            .flat_map(|Rule { group, resources, .. }| {
                resources.into_iter().map(move |plural| (group.clone(), plural))
            })
            .collect();
        kinds.sort();
        kinds.dedup();
        granted.sort();
        assert_eq!(granted, kinds);
    }

    #[test]
    fn no_rule_has_a_wildcard_or_lacks_a_reason() {
        for rule in all() {
            assert!(!rule.why.is_empty());
            assert!(
                !rule
                    .verbs
                    .iter()
                    .chain(&rule.resources)
                    .chain([&rule.group])
                    .any(|word| word.contains('*')),
                "{rule:?}"
            );
            assert!(rule.verbs.is_sorted() && rule.resources.is_sorted(), "{rule:?}");
        }
    }

    #[test]
    fn secrets_are_read_by_name_and_never_listed() {
        let secrets: Vec<Rule> = all()
            .into_iter()
            .filter(|rule| rule.resources.iter().any(|plural| plural == "secrets"))
            .collect();
        assert!(!secrets.is_empty());
        for rule in secrets {
            assert_eq!(rule.resources, ["secrets"], "in a rule of their own");
            for verb in rule.verbs {
                assert!(
                    ["create", "get", "patch", "delete"].contains(&verb.as_str()),
                    "{verb}"
                );
            }
        }
    }
}
