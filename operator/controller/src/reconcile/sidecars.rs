//! The step of a pass that looks at sidecars: what they have loaded, and which pods have none.

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use todoplatform_api::TodoPlatform;
use todoplatform_render::{Facts, Prepared, Resources};

use super::writer::Writer;
use crate::memory::PlatformMemory;
use crate::observe::Observed;
use crate::sidecars::{Answer, expected, judge, targets, watchdog};

/// Name of the dependency that is Dapr's control plane.
const DAPR: &str = "dapr";

/// Judges the sidecars of each component by what they said last, and replaces pods that missed injection. Gives when to
/// look again for those.
pub(super) async fn look(
    writer: &Writer<'_>,
    resources: &Resources<Prepared>,
    facts: &Facts,
    components: &mut [Observed],
    memory: &mut PlatformMemory,
) -> Option<Duration> {
    let Writer {
        context, platform, ..
    } = *writer;
    let namespace = platform.namespace().unwrap_or_default();
    let key = ObjectRef::<TodoPlatform>::new(&platform.name_any()).within(&namespace);
    let expected = expected(resources);
    let pods: Vec<_> = components
        .iter()
        .filter(|observed| expected.contains_key(&observed.declared.component))
        .flat_map(|observed| observed.pods.iter().map(Arc::clone))
        .collect();
    let targets = targets(&pods, &expected, context.sidecar_port);
    let answers = context.sidecars.follow(&key, &targets);
    let control_plane = facts.dependencies.get(DAPR);
    let version = control_plane.and_then(|fact| fact.version.as_deref());
    for observed in components.iter_mut() {
        let component = &observed.declared.component;
        let Some(expected) = expected.get(component) else {
            continue;
        };
        let mut said: Vec<(String, Answer)> = targets
            .iter()
            .filter(|target| target.component == *component)
            .map(|target| {
                let answer = answers.get(&target.uid).cloned();
                (target.pod.clone(), answer.unwrap_or_default())
            })
            .collect();
        said.sort_by(|(left, _), (right, _)| left.cmp(right));
        observed.sidecars = Some(judge(&namespace, expected, &said, version));
    }
    if control_plane.is_none_or(|fact| !fact.ready) {
        // As long as no injector is registered, each new pod would miss it too.
        return None;
    }
    // A pod of what is paused is left as it is, like everything else of it.
    let ours: Vec<_> = components
        .iter()
        .filter(|observed| {
            let component = observed.declared.component.as_str();
            expected.contains_key(component) && writer.may_write(Some(component))
        })
        .flat_map(|observed| observed.pods.iter().map(Arc::clone))
        .collect();
    watchdog::replace(context, platform, &namespace, &ours, &mut memory.deletions).await
}
