//! Level 3: the platform on a real node with real Dapr. `cargo xtask test --level 3` prepares the cluster.
//!
//! The scenarios run one after another: each makes a whole platform.

mod node {
    pub mod bad_input;
    pub mod development;
    pub mod external;
    pub mod job;
    pub mod keep;
    pub mod network;
}
