//! How many pods a component has.

use crate::{ValidatedPlatform, validated::App};

/// In an application's Deployment; none when an autoscaler owns the number, which then no apply may contain.
pub(super) fn app(platform: &ValidatedPlatform, app: &App) -> Option<i32> {
    if platform.hibernated {
        Some(0)
    } else if app.autoscaling.is_some() {
        None
    } else {
        Some(app.replicas)
    }
}

/// In the StatefulSet of an embedded store.
pub(super) fn store(platform: &ValidatedPlatform) -> i32 {
    i32::from(!platform.hibernated)
}
