//! How the platform's own Jobs stand, from what the watches show. Pure but for the look.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerState, Pod};
use kube::ResourceExt;
use todoplatform_api::TodoPlatform;
use todoplatform_render::JobFact;

use crate::live::Live;
use crate::status::cut;

/// Label of a Job's pods with the Job's name.
const JOB_NAME: &str = "batch.kubernetes.io/job-name";
/// Longest message of a pod that is repeated, in bytes.
const LONGEST: usize = 512;

/// The platform's Jobs by name.
pub fn look(live: &Live, namespace: &str, platform: &TodoPlatform) -> BTreeMap<String, JobFact> {
    let uid = platform.metadata.uid.as_deref().unwrap_or_default();
    let jobs = live.jobs(namespace, uid);
    if jobs.is_empty() {
        return BTreeMap::new();
    }
    let pods = live.pods(namespace, &platform.name_any());
    jobs.iter()
        .map(|job| {
            let name = job.name_any();
            let own = pods
                .iter()
                .filter(|pod| pod.labels().get(JOB_NAME) == Some(&name));
            let said = own.filter_map(|pod| last_words(pod)).next_back();
            let fact = judge(job, said);
            (name, fact)
        })
        .collect()
}

fn judge(job: &Job, said: Option<String>) -> JobFact {
    let condition = |type_: &str| {
        let conditions = job
            .status
            .as_ref()
            .and_then(|status| status.conditions.as_deref());
        conditions
            .unwrap_or_default()
            .iter()
            .find(|condition| condition.type_ == type_ && condition.status == "True")
    };
    let failed = condition("Failed");
    let why = failed.and_then(|condition| condition.message.clone());
    JobFact {
        complete: condition("Complete").is_some(),
        failed: failed.is_some(),
        message: said.or(why).unwrap_or_default(),
    }
}

/// Why the pod's container did not do its work, in its own last line; or why it does not start.
fn last_words(pod: &Pod) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_deref()?;
    statuses.iter().find_map(|status| {
        let terminated = |state: &ContainerState| {
            let ended = state.terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
            let message = ended.message.as_deref().unwrap_or_default().trim();
            let line = message.lines().next_back().unwrap_or_default();
            Some(if line.is_empty() {
                format!("its container ended with exit code {}", ended.exit_code)
            } else {
                line.to_owned()
            })
        };
        let waiting = |state: &ContainerState| {
            let waiting = state.waiting.as_ref()?;
            let reason = waiting.reason.as_deref()?;
            // These two are the way of things.
            (!["ContainerCreating", "PodInitializing"].contains(&reason)).then(|| {
                let message = waiting.message.as_deref().unwrap_or_default();
                format!("{reason}: {message}")
            })
        };
        let states = [status.state.as_ref(), status.last_state.as_ref()];
        let mut said = states
            .iter()
            .flatten()
            .find_map(|state| terminated(state))
            .or_else(|| status.state.as_ref().and_then(waiting))?;
        cut(&mut said, LONGEST);
        Some(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fact(conditions: &Value, container: &Value) -> JobFact {
        let job = serde_json::from_value(json!({"status": {"conditions": conditions}})).unwrap();
        let pod = serde_json::from_value(json!({"status": {"containerStatuses": [container]}})).unwrap();
        judge(&job, last_words(&pod))
    }

    #[test]
    fn a_job_stands_by_its_conditions_and_says_what_its_pod_said_last() {
        let container = |state: Value, last: Value| json!({"name": "setup", "image": "", "imageID": "", "ready": false, "restartCount": 1, "state": state, "lastState": last});
        let ended = |message: &str| json!({"terminated": {"exitCode": 1, "message": message}});
        let crashed = container(
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}),
            ended("a line\nerror: PostgreSQL refused the user or the password\n"),
        );
        let retrying = fact(&json!([]), &crashed);
        assert_eq!(
            retrying.message,
            "error: PostgreSQL refused the user or the password"
        );
        assert!(!retrying.complete && !retrying.failed);
        let silent = fact(&json!([]), &container(ended(""), json!({})));
        assert_eq!(silent.message, "its container ended with exit code 1");
        let unpullable = container(
            json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}),
            json!({}),
        );
        assert_eq!(fact(&json!([]), &unpullable).message, "ErrImagePull: not found");
        let starting = container(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}));
        assert_eq!(fact(&json!([]), &starting), JobFact::default());

        let done = fact(
            &json!([{"type": "Complete", "status": "True"}]),
            &container(
                json!({"terminated": {"exitCode": 0, "message": "made"}}),
                json!({}),
            ),
        );
        assert_eq!((done.complete, done.message.as_str()), (true, ""));
        let given_up = fact(
            &json!([{"type": "Failed", "status": "True", "message": "too many"}]),
            &starting,
        );
        assert_eq!((given_up.failed, given_up.message.as_str()), (true, "too many"));
        let not_yet = fact(&json!([{"type": "Complete", "status": "False"}]), &starting);
        assert!(!not_yet.complete);
    }
}
