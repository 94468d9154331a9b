//! Images and amounts, which several sections have.

use todoplatform_api::{EmbeddedStore, Resources};

use crate::{
    Violation,
    catalog::Amounts,
    image::ImageRef,
    validate::INVALID_IMAGE,
    validated::{ContainerResources, StoreSettings},
};

pub(super) fn image(text: &str, field_path: &str, violations: &mut Vec<Violation>) -> Option<ImageRef> {
    match ImageRef::parse(text) {
        Ok(image) => Some(image),
        Err(error) => {
            let violation = Violation {
                field_path: field_path.into(),
                reason: INVALID_IMAGE,
                message: format!("image `{text}` cannot be used: {error}"),
                next_action: format!("Set {field_path} to a reference with a fixed tag or a digest"),
            };
            // Five services with one bad tag are one fault.
            if !violations.iter().any(|known| known.field_path == field_path) {
                violations.push(violation);
            }
            None
        }
    }
}

pub(super) fn embedded(store: Option<&EmbeddedStore>, image: ImageRef, amounts: Amounts) -> StoreSettings {
    StoreSettings {
        image,
        storage_size: store
            .and_then(|store| store.storage_size.clone())
            .unwrap_or_else(|| "1Gi".into()),
        storage_class_name: store.and_then(|store| store.storage_class_name.clone()),
        resources: resources(store.and_then(|store| store.resources.as_ref()), None, amounts),
    }
}

/// The most specific amount that is set: the component's own, what all share, the profile's.
pub(super) fn resources(
    own: Option<&Resources>,
    shared: Option<&Resources>,
    amounts: Amounts,
) -> ContainerResources {
    let layers = [own, shared];
    let request = |pick: fn(&todoplatform_api::ResourceAmounts) -> &Option<String>| {
        layers
            .iter()
            .flatten()
            .find_map(|layer| layer.requests.as_ref().and_then(|set| pick(set).clone()))
    };
    let limit = |pick: fn(&todoplatform_api::ResourceAmounts) -> &Option<String>| {
        layers
            .iter()
            .flatten()
            .find_map(|layer| layer.limits.as_ref().and_then(|set| pick(set).clone()))
    };
    ContainerResources {
        cpu_request: request(|set| &set.cpu).unwrap_or_else(|| amounts.cpu.into()),
        memory_request: request(|set| &set.memory).unwrap_or_else(|| amounts.memory.into()),
        cpu_limit: limit(|set| &set.cpu),
        memory_limit: limit(|set| &set.memory).unwrap_or_else(|| amounts.memory_limit.into()),
    }
}
