//! Between which bounds a service scales by itself.

use todoplatform_api::Profile;

/// Least and most pods of a service whose autoscaler is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least pods.
    pub min: i32,
    /// Most pods.
    pub max: i32,
}

/// The bounds of a component where the resource sets none.
///
/// The two services on the path of every request scale furthest. Consumers of events cannot use more pods than a topic has
/// partitions; the scheduler leases its reminders to few.
pub fn bounds(component: &str, profile: Profile) -> Bounds {
    if profile == Profile::Development {
        return Bounds { min: 1, max: 3 };
    }
    let max = match component {
        "gateway" | "task" => 10,
        "notification" => 6,
        _ => 4,
    };
    Bounds { min: 2, max }
}
