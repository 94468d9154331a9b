//! Level 2: the operator, as a process, against a real API server without controllers or nodes.
//!
//! What those would do, the scenarios do: they patch the statuses of StatefulSets and Deployments.

mod api {
    pub mod bad_input;
    pub mod converge;
    pub mod drift;
    pub mod external;
    pub mod fixture;
    pub mod render;
}
