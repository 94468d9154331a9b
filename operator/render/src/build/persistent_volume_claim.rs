//! The volumes of the embedded stores. They are objects of their own, not made from a StatefulSet's template: so they
//! outlive a StatefulSet that somebody deletes, follow `deletionPolicy.data` also when it changes, and can grow.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements},
    apimachinery::pkg::api::resource::Quantity,
};

use super::{
    object::{child, classed_metadata},
    quantity,
};
use crate::{Child, ChildKind, ValidatedPlatform, day2::DeletionClass, validated::StoreSettings};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let stores = [("postgres", &platform.postgres), ("redis", &platform.redis)];
    stores
        .into_iter()
        .filter_map(|(component, settings)| Some(claim(platform, component, settings.as_ref()?)))
        .collect()
}

fn claim(platform: &ValidatedPlatform, component: &str, settings: &StoreSettings) -> Child {
    let storage = Quantity(quantity::memory(&settings.storage_size));
    let name = platform.names.child(component);
    let claim = PersistentVolumeClaim {
        metadata: classed_metadata(platform, DeletionClass::Data, &name, Some(component)),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            storage_class_name: settings.storage_class_name.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some(BTreeMap::from([("storage".into(), storage)])),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    };
    child(ChildKind::PersistentVolumeClaim, Some(component), &claim)
}
