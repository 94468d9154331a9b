//! Level 3: the platform on a real node with real Dapr. `cargo xtask test --level 3` prepares the cluster.
//!
//! The scenarios run one after another: each makes a whole platform.

mod node {
    pub(crate) mod again;
    pub(crate) mod bad_input;
    pub(crate) mod dapr;
    pub(crate) mod development;
    pub(crate) mod external;
    pub(crate) mod job;
    pub(crate) mod keep;
    pub(crate) mod network;
    pub(crate) mod shared;
    pub(crate) mod watched;
}
