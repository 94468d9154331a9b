//! Build: one file per kind, each from the validated platform alone. Cannot fail.

mod gate;

use crate::{Facts, Prepared, Resources, ValidatedPlatform};

/// Everything that the platform is made of.
pub fn build(platform: &ValidatedPlatform, facts: &Facts) -> Resources<Prepared> {
    let gate = gate::gate(platform, facts);
    Resources::new(Vec::new(), Vec::new(), gate)
}
