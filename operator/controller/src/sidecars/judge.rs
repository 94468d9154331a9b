//! What is declared against what the sidecars of one app said. Pure.

use std::collections::BTreeSet;

use todoplatform_api::ComponentDapr;

use super::expected::Expected;
use super::follow::Answer;
use super::metadata::Metadata;

/// A sidecar runs without a component.
pub const COMPONENT_NOT_LOADED: &str = "ComponentNotLoaded";
/// A sidecar runs without a subscription: events wait.
pub const SUBSCRIPTION_NOT_ACTIVE: &str = "SubscriptionNotActive";
/// Sidecars have been asked and have not answered yet.
pub const ASKING_SIDECARS: &str = "AskingSidecars";
/// A sidecar does not answer the operator.
pub const SIDECAR_UNREACHABLE: &str = "SidecarUnreachable";
/// Sidecars run another version than the control plane.
pub const VERSION_SKEW: &str = "VersionSkew";
/// Sidecars run a version that nobody has tried with this operator.
pub const VERSION_UNTESTED: &str = "VersionUntested";

/// First and last line of Dapr that the platform is made for.
const TESTED: [(u64, u64); 2] = [(1, 17), (1, 19)];

/// What holds the app back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One of the constants.
    pub reason: &'static str,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub next_action: String,
}

/// What is worth saying, and holds nothing back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// One of the constants.
    pub reason: &'static str,
    /// One sentence.
    pub message: String,
}

/// How the sidecars of one app stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The line in the status.
    pub status: ComponentDapr,
    /// What holds the app back.
    pub problem: Option<Problem>,
    /// What is worth saying.
    pub doubt: Option<Doubt>,
}

/// Whether a sidecar has everything that it is to have.
pub fn is_complete(expected: &Expected, said: &Metadata) -> bool {
    expected.components.is_subset(&said.components) && expected.subscriptions.is_subset(&said.subscriptions)
}

/// Judges the sidecars of one app: `answers` by the names of their pods, in their order.
///
/// A sidecar that cannot be reached proves nothing: its pod is Ready by its own probes, and the operator may run where
/// no pod can be reached. It is told and holds nothing back.
pub fn judge(
    namespace: &str,
    expected: &Expected,
    answers: &[(String, Answer)],
    control_plane: Option<&str>,
) -> Judgement {
    let said: Vec<(&str, &Metadata)> = answers
        .iter()
        .filter_map(|(pod, answer)| match answer {
            Answer::Said(metadata) => Some((pod.as_str(), metadata)),
            Answer::Pending | Answer::Silent(_) => None,
        })
        .collect();
    Judgement {
        status: line(expected, &said),
        problem: problem(namespace, expected, answers, &said),
        doubt: doubt(answers, &said, control_plane),
    }
}

fn line(expected: &Expected, said: &[(&str, &Metadata)]) -> ComponentDapr {
    let count = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    let fewest =
        |of: &dyn Fn(&Metadata) -> usize| said.iter().map(|(_pod, metadata)| count(of(metadata))).min();
    let failed: BTreeSet<&String> = said
        .iter()
        .flat_map(|(_pod, metadata)| expected.components.difference(&metadata.components))
        .collect();
    let versions = versions(said);
    ComponentDapr {
        app_id: expected.app_id.clone(),
        sidecars: count(said.len()),
        runtime_version: (!versions.is_empty()).then(|| versions.into_iter().collect::<Vec<_>>().join(", ")),
        components_declared: count(expected.components.len()),
        components_loaded: fewest(&|metadata| expected.components.intersection(&metadata.components).count()),
        failed: failed.into_iter().cloned().collect(),
        subscriptions_declared: count(expected.subscriptions.len()),
        subscriptions_active: fewest(&|metadata| {
            expected
                .subscriptions
                .intersection(&metadata.subscriptions)
                .count()
        }),
    }
}

fn versions<'a>(said: &[(&'a str, &'a Metadata)]) -> BTreeSet<&'a str> {
    said.iter()
        .map(|(_pod, metadata)| metadata.runtime_version.as_str())
        .filter(|version| !version.is_empty())
        .collect()
}

fn problem(
    namespace: &str,
    expected: &Expected,
    answers: &[(String, Answer)],
    said: &[(&str, &Metadata)],
) -> Option<Problem> {
    for (pod, metadata) in said {
        let missing: Vec<&str> = expected
            .components
            .difference(&metadata.components)
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            return Some(Problem {
                reason: COMPONENT_NOT_LOADED,
                message: format!("the sidecar of pod {pod} has not loaded {}", missing.join(", ")),
                next_action: format!("kubectl -n {namespace} logs {pod} -c daprd | grep -i component"),
            });
        }
    }
    for (pod, metadata) in said {
        let missing: Vec<&str> = expected
            .subscriptions
            .difference(&metadata.subscriptions)
            .map(|(_component, topic)| topic.as_str())
            .collect();
        if !missing.is_empty() {
            return Some(Problem {
                reason: SUBSCRIPTION_NOT_ACTIVE,
                message: format!(
                    "the sidecar of pod {pod} has not subscribed to {}",
                    missing.join(", ")
                ),
                next_action: format!("kubectl -n {namespace} logs {pod} -c daprd | grep -i subscri"),
            });
        }
    }
    let pending: Vec<&str> = answers
        .iter()
        .filter(|(_pod, answer)| *answer == Answer::Pending)
        .map(|(pod, _answer)| pod.as_str())
        .collect();
    (!pending.is_empty()).then(|| Problem {
        reason: ASKING_SIDECARS,
        message: format!("asking what is loaded in the sidecars of {}", pending.join(", ")),
        next_action: "Nothing: the answer, or that there is none, is known in seconds".into(),
    })
}

fn doubt(
    answers: &[(String, Answer)],
    said: &[(&str, &Metadata)],
    control_plane: Option<&str>,
) -> Option<Doubt> {
    let silent = answers.iter().find_map(|(pod, answer)| match answer {
        Answer::Silent(why) => Some((pod, why)),
        Answer::Pending | Answer::Said(_) => None,
    });
    if let Some((pod, why)) = silent {
        return Some(Doubt {
            reason: SIDECAR_UNREACHABLE,
            message: format!(
                "the operator cannot ask the sidecar of pod {pod} on port {}: {why}",
                super::PUBLIC_PORT
            ),
        });
    }
    let versions = versions(said);
    if let Some(untested) = versions.iter().find(|version| !is_tested(version)) {
        return Some(Doubt {
            reason: VERSION_UNTESTED,
            message: format!("sidecars run Dapr {untested}; 1.17 to 1.19 are tested"),
        });
    }
    let running: BTreeSet<&str> = versions.iter().copied().chain(control_plane).collect();
    let is_skewed = running
        .iter()
        .map(|version| numbers(version))
        .collect::<BTreeSet<_>>()
        .len()
        > 1;
    (is_skewed && !versions.is_empty()).then(|| Doubt {
        reason: VERSION_SKEW,
        message: match control_plane {
            Some(version) => format!(
                "sidecars run Dapr {}, the control plane {version}: restart the pods once it has settled",
                versions.iter().copied().collect::<Vec<_>>().join(", ")
            ),
            None => format!(
                "sidecars of one app run different versions of Dapr: {}",
                versions.iter().copied().collect::<Vec<_>>().join(", ")
            ),
        },
    })
}

/// A version that cannot be read is one that somebody built, and no reason for doubt.
fn is_tested(version: &str) -> bool {
    let [first, last] = TESTED;
    match numbers(version)[..] {
        [major, minor, ..] => (first..=last).contains(&(major, minor)),
        _ => true,
    }
}

/// `1.18.2-mariner` as 1, 18, 2.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.trim_start_matches('v').split(['-', '+']).next();
    let numbers: Result<Vec<u64>, _> = release.unwrap_or_default().split('.').map(str::parse).collect();
    numbers.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Expected {
        Expected {
            app_id: "todo-analytics".into(),
            config_hash: None,
            components: ["events".to_owned(), "state".to_owned()].into(),
            subscriptions: [("events".to_owned(), "task.created".to_owned())].into(),
        }
    }

    fn said(version: &str, components: &[&str], topics: &[&str]) -> Answer {
        Answer::Said(Metadata {
            runtime_version: version.into(),
            components: components.iter().map(|&name| name.to_owned()).collect(),
            subscriptions: topics
                .iter()
                .map(|&topic| ("events".to_owned(), topic.to_owned()))
                .collect(),
        })
    }

    fn whole(version: &str) -> Answer {
        said(version, &["events", "state", "another"], &["task.created"])
    }

    fn judged(answers: &[Answer], control_plane: Option<&str>) -> Judgement {
        let answers: Vec<_> = answers
            .iter()
            .enumerate()
            .map(|(index, answer)| (format!("pod-{index}"), answer.clone()))
            .collect();
        judge("shop", &expected(), &answers, control_plane)
    }

    /// What is asked, the answers, the control plane; then what is expected.
    type Case = (
        &'static str,
        Vec<Answer>,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
    );

    #[test]
    fn what_holds_an_app_back_and_what_does_not() {
        let silent = Answer::Silent("no answer within 2 s".into());
        let cases: [Case; 13] = [
            ("no pods", vec![], Some("1.18.2"), None, None),
            (
                "as declared",
                vec![whole("1.18.2"), whole("1.18.2")],
                Some("1.18.2"),
                None,
                None,
            ),
            ("control plane not known", vec![whole("1.18.2")], None, None, None),
            (
                "not asked yet",
                vec![whole("1.18.2"), Answer::Pending],
                None,
                Some(ASKING_SIDECARS),
                None,
            ),
            (
                "silent",
                vec![silent.clone()],
                None,
                None,
                Some(SIDECAR_UNREACHABLE),
            ),
            (
                "silent beside one that lacks something",
                vec![silent, said("1.18.2", &["events"], &["task.created"])],
                None,
                Some(COMPONENT_NOT_LOADED),
                Some(SIDECAR_UNREACHABLE),
            ),
            (
                "one lacks a component",
                vec![whole("1.18.2"), said("1.18.2", &["events"], &["task.created"])],
                None,
                Some(COMPONENT_NOT_LOADED),
                None,
            ),
            (
                "one lacks a subscription",
                vec![said("1.18.2", &["events", "state"], &["else"])],
                None,
                Some(SUBSCRIPTION_NOT_ACTIVE),
                None,
            ),
            (
                "a component says more than its subscriptions",
                vec![said("1.18.2", &[], &[])],
                None,
                Some(COMPONENT_NOT_LOADED),
                None,
            ),
            (
                "behind the control plane",
                vec![whole("1.17.9")],
                Some("1.18.2"),
                None,
                Some(VERSION_SKEW),
            ),
            (
                "of two versions",
                vec![whole("1.18.1"), whole("1.18.2")],
                None,
                None,
                Some(VERSION_SKEW),
            ),
            (
                "a flavour is no skew",
                vec![whole("1.18.2")],
                Some("1.18.2-mariner"),
                None,
                None,
            ),
            (
                "too old",
                vec![whole("1.16.0")],
                Some("1.16.0"),
                None,
                Some(VERSION_UNTESTED),
            ),
        ];
        for (name, answers, control_plane, problem, doubt) in cases {
            let found = judged(&answers, control_plane);
            assert_eq!(found.problem.as_ref().map(|p| p.reason), problem, "{name}");
            assert_eq!(found.doubt.as_ref().map(|d| d.reason), doubt, "{name}");
        }
    }

    #[test]
    fn the_line_counts_the_worst_sidecar_and_names_what_failed() {
        let answers = [whole("1.18.2"), said("1.18.2", &["events"], &[]), Answer::Pending];
        let line = judged(&answers, None).status;
        assert_eq!(
            line,
            ComponentDapr {
                app_id: "todo-analytics".into(),
                sidecars: 2,
                runtime_version: Some("1.18.2".into()),
                components_declared: 2,
                components_loaded: Some(1),
                failed: vec!["state".into()],
                subscriptions_declared: 1,
                subscriptions_active: Some(0),
            }
        );
        let unknown = judged(&[], None).status;
        assert_eq!((unknown.sidecars, unknown.components_loaded), (0, None));
    }

    #[test]
    fn a_message_names_pod_and_component() {
        let problem = judged(&[said("1.18.2", &["events"], &[])], None).problem.unwrap();
        assert_eq!(problem.message, "the sidecar of pod pod-0 has not loaded state");
        assert!(problem.next_action.contains("logs pod-0 -c daprd"));
    }

    #[test]
    fn a_version_somebody_built_is_no_reason_for_doubt() {
        assert!(is_tested("edge") && is_tested("1.19.0-rc.1") && is_tested("v1.18.2"));
        assert!(!is_tested("1.20.0") && !is_tested("2.0.0"));
    }
}
