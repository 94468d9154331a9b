//! Step 9: writes the status, by server-side apply on the status subresource, only when it says something new.

use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;
use todoplatform_api::{TodoPlatform, TodoPlatformStatus};

use crate::apply::FIELD_MANAGER;
use crate::memory::PlatformMemory;
use crate::status::{ours, says_the_same};

/// The status could not be written.
#[derive(Debug, thiserror::Error)]
#[error("TodoPlatform {name}: the API server did not take the status")]
pub struct WriteStatusError {
    /// Name of the platform.
    pub name: String,
    /// What the API server said.
    pub source: Box<kube::Error>,
}

/// The status that stands, as far as this operator wrote it: what the watch shows, or what was written last when
/// the watch is behind that.
pub fn standing(platform: &TodoPlatform, memory: &PlatformMemory) -> TodoPlatformStatus {
    let shown = || ours(platform.status.clone().unwrap_or_default());
    match &memory.status {
        Some((written, version)) if !is_newer(platform.resource_version().as_deref(), version) => {
            written.clone()
        }
        _ => shown(),
    }
}

/// Resource versions of one object grow; one that is no number is taken to be newer, which costs one write at most.
fn is_newer(shown: Option<&str>, written: &str) -> bool {
    match (
        shown.and_then(|version| version.parse::<u64>().ok()),
        written.parse::<u64>().ok(),
    ) {
        (Some(shown), Some(written)) => shown > written,
        _ => true,
    }
}

/// Writes `status` unless the one before says the same. Gives the status that now stands.
pub async fn write_status(
    client: &Client,
    platform: &TodoPlatform,
    before: &TodoPlatformStatus,
    status: TodoPlatformStatus,
    memory: &mut PlatformMemory,
) -> Result<TodoPlatformStatus, WriteStatusError> {
    if says_the_same(before, &status) {
        return Ok(before.clone());
    }
    let name = platform.name_any();
    let api = Api::<TodoPlatform>::namespaced(client.clone(), &platform.namespace().unwrap_or_default());
    // With the UID, a platform that was made anew under the same name is not mistaken for this one.
    let patch = json!({
        "apiVersion": TodoPlatform::api_version(&()),
        "kind": TodoPlatform::kind(&()),
        "metadata": {"name": name, "uid": platform.metadata.uid},
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let written = api
        .patch_status(&name, &params, &Patch::Apply(&patch))
        .await
        .map_err(|source| WriteStatusError {
            name,
            source: Box::new(source),
        })?;
    let version = written.resource_version().unwrap_or_default();
    memory.status = Some((status.clone(), version));
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(version: &str, ready: &str) -> TodoPlatform {
        let mut platform = TodoPlatform::new("todo", todoplatform_api::TodoPlatformSpec::default());
        platform.metadata.resource_version = Some(version.into());
        platform.status = Some(TodoPlatformStatus {
            components_ready: Some(ready.into()),
            ..TodoPlatformStatus::default()
        });
        platform
    }

    #[test]
    fn a_watch_that_is_behind_does_not_undo_what_was_written() {
        let written = TodoPlatformStatus {
            components_ready: Some("5/5".into()),
            ..TodoPlatformStatus::default()
        };
        let memory = PlatformMemory {
            status: Some((written, "1000".into())),
            ..PlatformMemory::default()
        };
        let cases = [
            ("999", "5/5", "the watch is behind"),
            ("1000", "5/5", "the watch shows what was written"),
            ("1001", "4/5", "somebody wrote after us"),
            ("odd", "4/5", "a version that is no number"),
        ];
        for (version, expected, name) in cases {
            let standing = standing(&platform(version, "4/5"), &memory);
            assert_eq!(standing.components_ready.as_deref(), Some(expected), "{name}");
        }
        let standing = standing(&platform("1", "4/5"), &PlatformMemory::default());
        assert_eq!(standing.components_ready.as_deref(), Some("4/5"));
    }
}
