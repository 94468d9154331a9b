//! The conditions of a platform that is to sleep.
//!
//! Asleep as declared is `Ready=True` with the reason `Hibernated`: kstatus and whatever builds on it (Flux, Argo CD, Helm)
//! then call the platform current instead of waiting for it for ever, as Kubernetes itself calls a Deployment of no pods
//! available. Who waits for it to serve waits for a new spec, whose generation no old `Ready` speaks of.

use todoplatform_api::Blocker;

use super::conditions::{DAPR_READY, DEPENDENCIES_READY, Draft, READY, RECONCILING, listed};
use crate::turns::Reason;

/// It sleeps, as declared.
const HIBERNATED: &str = "Hibernated";

pub(super) fn drafts(blocking: &[Blocker]) -> Vec<Draft> {
    let mut drafts = if blocking.is_empty() {
        vec![Draft::yes(
            READY,
            HIBERNATED,
            "no pods run, as declared; all data is kept",
        )]
    } else {
        let why = Reason::Hibernating.as_str();
        let texts: Vec<String> = blocking
            .iter()
            .map(|blocker| format!("{}: {}", blocker.component, blocker.message))
            .collect();
        let message = listed(texts.iter().map(String::as_str));
        vec![
            Draft::yes(RECONCILING, why, message.clone()),
            Draft::no(READY, why, message),
        ]
    };
    drafts.push(Draft::unknown(
        DEPENDENCIES_READY,
        HIBERNATED,
        "nothing needs them",
    ));
    drafts.push(Draft::unknown(DAPR_READY, HIBERNATED, "no sidecar is to run"));
    drafts
}
