//! What a platform shows of itself, made from what the catalog and the spec say of it.

pub mod alerts;
pub mod dashboards;
mod decimal;
pub mod metrics;
pub mod reference;
pub mod slo;

use sha2::{Digest, Sha256};

use crate::names::Names;

/// The id of a dashboard of a platform: the same in every Grafana, at most 40 characters.
pub fn dashboard_uid(names: &Names, dashboard: &str) -> String {
    let digest = Sha256::digest(format!("{}/{}", names.namespace(), names.platform()));
    format!("todo-{dashboard}-{}", &hex::encode(digest)[..12])
}
