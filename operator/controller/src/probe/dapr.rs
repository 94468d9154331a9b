//! Dapr's control plane: its kinds are served and its sidecar injector is registered.
//!
//! The injector's registration is one cluster-wide object that can be read by name, so this needs no permission on
//! Dapr's own namespace. An operator of single namespaces has not even that one, and takes the served kinds for an
//! answer. Whether the injector really answers shows in the pods: one without a sidecar is reported.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use kube::{Api, Client};
use todoplatform_render::{ChildKind, DependencyFact};

use super::{answered, failed};

/// The name that Dapr's chart gives to the registration of its sidecar injector.
pub const INJECTOR: &str = "dapr-sidecar-injector";

/// Label of everything in Dapr's chart, with the version of the control plane.
const VERSION_LABEL: &str = "app.kubernetes.io/version";

/// Reasons: `Answered`, `NotInstalled`, `InjectorMissing`, `Unreachable`. Without a client only the kinds are looked at.
pub async fn probe(client: Option<&Client>, served: &BTreeSet<ChildKind>) -> DependencyFact {
    let missing: Vec<&str> = ChildKind::ALL
        .into_iter()
        .filter(|kind| kind.is_dapr() && !served.contains(kind))
        .map(ChildKind::as_str)
        .collect();
    if !missing.is_empty() {
        return failed(
            "NotInstalled",
            format!(
                "the API server does not serve these kinds of dapr.io: {}",
                missing.join(", ")
            ),
        );
    }
    let Some(client) = client else {
        return answered("Dapr's kinds are served");
    };
    let registrations = Api::<MutatingWebhookConfiguration>::all(client.clone());
    match registrations.get_metadata_opt(INJECTOR).await {
        Ok(Some(registration)) => DependencyFact {
            version: registration
                .metadata
                .labels
                .and_then(|mut labels| labels.remove(VERSION_LABEL)),
            ..answered("Dapr's kinds are served and its sidecar injector is registered")
        },
        Ok(None) => failed(
            "InjectorMissing",
            format!("Dapr's kinds are served, but MutatingWebhookConfiguration {INJECTOR} is not there"),
        ),
        Err(_error) => failed(
            "Unreachable",
            "the API server did not say whether Dapr's sidecar injector is there",
        ),
    }
}
