//! Level 2, one by one: scenarios that take away or change what all others of one API server share.

mod alone {
    pub(crate) mod crds;
    pub(crate) mod memory;
    pub(crate) mod optional_kinds;
    pub(crate) mod own_crd;
    pub(crate) mod route;
    pub(crate) mod strimzi;
}

#[path = "api/fixture.rs"]
#[expect(dead_code, reason = "other scenarios use the rest")]
mod fixture;
