//! The driver of a pass: dereference, validate, build, plan, ensure secrets, apply, prune, observe, status.

mod prepare;
mod settle;
mod sidecars;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use kube::core::DeserializeGuard;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource as _, ResourceExt};
use todoplatform_api::{TodoPlatform, annotations};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

use crate::apply::ApplyError;
use crate::context::Context;
use crate::dereference::DereferenceError;
use crate::ensure_secrets::EnsureSecretsError;
use crate::memory::PlatformMemory;
use crate::pause::Pause;
use crate::plan::PlanError;
use crate::prune::PruneError;
use crate::report::{self, Outcome};
use crate::telemetry::spans;
use crate::write_status::{WriteStatusError, standing};
use crate::{findings, invalid_object};
use settle::settle;
use writer::Writer;

/// Longest time that one pass may take.
const PASS_TIMEOUT: Duration = Duration::from_mins(1);

/// How long after the end of a pause the next pass is due.
const RESUMED_AFTER: Duration = Duration::from_millis(50);

/// Longest value of an annotation that the status acknowledges.
const LONGEST_REQUEST: usize = 256;

/// Why a pass failed. It is tried again with a backoff of its own.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// Reading what the spec refers to.
    #[error("dereference failed")]
    Dereference(#[source] DereferenceError),
    /// Reading children.
    #[error("plan failed")]
    Plan(#[source] PlanError),
    /// Making a generated Secret.
    #[error("ensuring the generated Secrets failed")]
    EnsureSecrets(#[source] EnsureSecretsError),
    /// Sending children.
    #[error("apply failed")]
    Apply(#[source] ApplyError),
    /// Deleting children.
    #[error("prune failed")]
    Prune(#[source] PruneError),
    /// Writing the status.
    #[error("status failed")]
    Status(#[source] WriteStatusError),
    /// It took too long.
    #[error("the pass did not end within {} s", PASS_TIMEOUT.as_secs())]
    TimedOut,
}

impl PassError {
    /// One word; stable, for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Dereference(_) => "DereferenceFailed",
            Self::Plan(_) => "PlanFailed",
            Self::EnsureSecrets(_) => "EnsureSecretsFailed",
            Self::Apply(error) => error.reason(),
            Self::Prune(_) => "PruneFailed",
            Self::Status(_) => "StatusFailed",
            Self::TimedOut => "TimedOut",
        }
    }
}

/// What a pass came to, and when the next one is due if nothing moves before.
type Done = (Outcome, Duration);

/// One pass, bounded in time and told of. kube's runtime never runs two for one platform at once.
pub async fn reconcile(
    guarded: Arc<DeserializeGuard<TodoPlatform>>,
    context: Arc<Context>,
) -> Result<Action, PassError> {
    let started = Instant::now();
    let namespace = guarded.namespace().unwrap_or_default();
    let key = ObjectRef::<TodoPlatform>::new(&guarded.name_any()).within(&namespace);
    let span = tracing::info_span!(
        "pass",
        platform = key.name,
        namespace = key.namespace,
        generation = guarded.meta().generation,
        trace_id = Empty
    );
    spans::identify(&span);
    let pass = bounded(&context, &guarded, &key).boxed();
    let result = pass.instrument(span.clone()).await;
    let action = span.in_scope(|| ended(&context, key, result, started.elapsed()));
    Ok(action)
}

async fn bounded(
    context: &Context,
    guarded: &DeserializeGuard<TodoPlatform>,
    key: &ObjectRef<TodoPlatform>,
) -> Result<Done, PassError> {
    if !context.duty.may_work() {
        return Ok((Outcome::Skipped, findings::rarely(context)));
    }
    let memory = context.memory.of(key);
    let mut memory = memory.lock().await;
    let pass = async {
        match &guarded.0 {
            Ok(platform) => pass(context, platform, &mut memory).await,
            Err(invalid) => invalid_object::report(context, invalid).await,
        }
    };
    let result = tokio::select! {
        biased;
        // A pass can be cut anywhere: the next one, here or elsewhere, begins from what is there.
        () = context.duty.ends() => return Ok((Outcome::Skipped, findings::rarely(context))),
        result = tokio::time::timeout(PASS_TIMEOUT, pass) => result.unwrap_or(Err(PassError::TimedOut)),
    };
    if let (Err(error), Ok(platform)) = (&result, &guarded.0) {
        let pause = Pause::of(platform, context.clock.now());
        let writer = Writer {
            context,
            platform,
            namespace: key.namespace.as_deref().unwrap_or_default(),
            pause: &pause,
        };
        writer.failed(error, &mut memory).await;
    }
    result
}

/// Tells of the pass, and says when the next one is due.
fn ended(
    context: &Context,
    key: ObjectRef<TodoPlatform>,
    result: Result<Done, PassError>,
    took: Duration,
) -> Action {
    let mut backoff = context.backoff.lock().unwrap_or_else(PoisonError::into_inner);
    let wait = match result {
        Ok((outcome, wait)) => {
            backoff.reset(&key);
            report::ended(&context.metrics, outcome, took);
            wait
        }
        Err(error) => {
            let wait = backoff.failed(key, (context.jitter)());
            report::failed(&context.metrics, &error, error.reason(), took, wait);
            wait
        }
    };
    context.metrics.set_in_backoff(backoff.len());
    Action::requeue(wait)
}

async fn pass(
    context: &Context,
    platform: &TodoPlatform,
    memory: &mut PlatformMemory,
) -> Result<Done, PassError> {
    if platform.metadata.deletion_timestamp.is_some() {
        // The children are owned: Kubernetes deletes them, and whatever is written now would come back to life.
        return Ok((Outcome::Skipped, findings::rarely(context)));
    }
    if !context.duty.is_ours(platform) {
        // It may have been until now: its names leave the metrics.
        let namespace = platform.namespace().unwrap_or_default();
        let components = memory.components.iter().map(String::as_str);
        context
            .metrics
            .forget(&namespace, &platform.name_any(), components);
        let key = ObjectRef::<TodoPlatform>::new(&platform.name_any()).within(&namespace);
        context.sidecars.forget(&key);
        *memory = PlatformMemory::default();
        return Ok((Outcome::Skipped, findings::rarely(context)));
    }
    if memory.uid != platform.metadata.uid {
        *memory = PlatformMemory {
            uid: platform.metadata.uid.clone(),
            ..PlatformMemory::default()
        };
    }
    let before = standing(platform, memory);
    if let Some(request) = asked(platform)
        && before.last_handled_reconcile_at.as_ref() != Some(&request)
    {
        memory.doubt();
    }
    let pause = Pause::of(platform, context.clock.now());
    let after = Box::pin(settle(context, platform, &pause, &before, memory)).await?;
    report::publish(
        &context.recorder,
        &context.metrics,
        platform,
        &before,
        &after.status,
    )
    .await;
    let namespace = platform.namespace().unwrap_or_default();
    memory.components = report::gauge(&context.metrics, &namespace, &platform.name_any(), &after.status);
    let until_resumed = pause
        .ends_in(context.clock.now())
        .map(|left| left + RESUMED_AFTER);
    let wait = until_resumed.map_or(after.wait, |left| left.min(after.wait));
    Ok((after.outcome, wait))
}

/// The request for a pass, as far as the status acknowledges it.
fn asked(platform: &TodoPlatform) -> Option<String> {
    let request = platform.annotations().get(annotations::RECONCILE_REQUESTED_AT)?;
    Some(request.chars().take(LONGEST_REQUEST).collect())
}
