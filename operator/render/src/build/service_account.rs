//! One `ServiceAccount` per application: an identity for Dapr's certificates, without access to the API server.

use k8s_openapi::api::core::v1::{LocalObjectReference, ServiceAccount};

use super::object::{child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let secrets: Vec<_> = platform
        .image_pull_secrets
        .iter()
        .map(|name| LocalObjectReference { name: name.clone() })
        .collect();
    platform
        .apps
        .iter()
        .map(|app| {
            let component = app.node.name.as_str();
            let mut metadata = metadata(platform, &platform.names.app_id(component), Some(component));
            let annotations = app.service_account_annotations.clone();
            metadata.annotations = (!annotations.is_empty()).then_some(annotations);
            let account = ServiceAccount {
                metadata,
                automount_service_account_token: Some(false),
                image_pull_secrets: (!secrets.is_empty()).then(|| secrets.clone()),
                ..ServiceAccount::default()
            };
            child(ChildKind::ServiceAccount, Some(component), &account)
        })
        .collect()
}
