//! Kinds of `keda.sh`, the event-driven autoscaler.

mod scaled_object;
mod trigger_authentication;

pub use scaled_object::{
    Advanced, AuthenticationRef, HorizontalPodAutoscalerConfig, ScaleTargetRef, ScaledObject,
    ScaledObjectSpec, Trigger,
};
pub use trigger_authentication::{SecretTargetRef, TriggerAuthentication, TriggerAuthenticationSpec};
