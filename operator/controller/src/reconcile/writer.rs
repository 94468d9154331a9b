//! Says on the platform what a pass is doing and what it came to.

use std::time::Duration;

use todoplatform_api::{Blocker, TodoPlatform, TodoPlatformStatus};
use todoplatform_render::SecretRecipe;

use super::PassError;
use super::prepare::Wanted;
use crate::apply::ApplyError;
use crate::chain::Chain;
use crate::context::Context;
use crate::findings::FORMER_PLATFORM_LEAVING;
use crate::memory::PlatformMemory;
use crate::pause::{Pause, Strategy};
use crate::plan::{Plan, Write, lines};
use crate::report::Outcome;
use crate::status::{Finding, Situation, status};
use crate::step::step;
use crate::write_status::{standing, write_status};
use crate::{ensure_secrets, findings};

/// Longest time that saying why a pass failed may take.
const LAST_WORD_TIMEOUT: Duration = Duration::from_secs(10);

/// What a pass came to, with the status that now stands.
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) wait: Duration,
    pub(super) status: TodoPlatformStatus,
}

/// Writes the status of one platform.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) context: &'a Context,
    pub(super) platform: &'a TodoPlatform,
    pub(super) namespace: &'a str,
    pub(super) pause: &'a Pause,
}

impl Writer<'_> {
    /// Writes what a pass found, unless it says nothing new.
    pub(super) async fn write(
        &self,
        before: &TodoPlatformStatus,
        finding: Finding,
        memory: &mut PlatformMemory,
    ) -> Result<TodoPlatformStatus, PassError> {
        let situation = Situation {
            namespace: self.namespace,
            generation: self.platform.metadata.generation.unwrap_or_default(),
            now: self.context.clock.now(),
            before,
            paused: self.pause.condition(),
        };
        let status = status(&situation, finding);
        step(
            &self.context.metrics,
            "status",
            write_status(&self.context.client, self.platform, before, status, memory),
        )
        .await
        .map_err(PassError::Status)
    }

    /// Before the first write after an edit: nobody may take the old `Ready` for the new spec, and what is about to
    /// be made is on record should this process end half-way.
    pub(super) async fn announce(
        &self,
        before: &TodoPlatformStatus,
        wanted: &Wanted,
        memory: &mut PlatformMemory,
    ) -> Result<TodoPlatformStatus, PassError> {
        let writes = wanted.plan.writes.len() + self.missing(wanted).len();
        let inventory = findings::inventory(&wanted.resources);
        let is_new = before.observed_generation != self.platform.metadata.generation;
        let is_on_record = inventory.iter().all(|entry| before.inventory.contains(entry));
        if writes == 0 || (!is_new && is_on_record) {
            return Ok(before.clone());
        }
        let inventory = findings::union(&before.inventory, inventory);
        self.write(before, Finding::Applying { inventory, writes }, memory)
            .await
    }

    /// Generated Secrets that are made in this pass.
    pub(super) fn missing<'b>(&self, wanted: &'b Wanted) -> Vec<&'b SecretRecipe> {
        let mut missing = ensure_secrets::missing(&wanted.resources.secrets, &wanted.facts.secrets);
        missing.retain(|recipe| self.may_write(recipe.component.as_deref()));
        missing
    }

    /// Names of the generated Secrets that a pause keeps from being made.
    pub(super) fn paused_secrets(&self, wanted: &Wanted) -> Vec<String> {
        ensure_secrets::missing(&wanted.resources.secrets, &wanted.facts.secrets)
            .into_iter()
            .filter(|recipe| !self.may_write(recipe.component.as_deref()))
            .map(|recipe| recipe.name.clone())
            .collect()
    }

    /// Whether objects of this component are written in this pass.
    pub(super) fn may_write(&self, component: Option<&str>) -> bool {
        self.pause.strategy(component) == Strategy::Write
    }

    /// Nothing more is sent in this pass.
    pub(super) async fn stalled(
        &self,
        before: &TodoPlatformStatus,
        problems: Vec<Blocker>,
        memory: &mut PlatformMemory,
    ) -> Result<Settled, PassError> {
        let wait = findings::until_mended(self.context, &problems);
        let leaves = problems
            .first()
            .filter(|_| {
                problems
                    .iter()
                    .all(|problem| problem.reason == FORMER_PLATFORM_LEAVING)
            })
            .cloned();
        let (outcome, finding) = match leaves {
            Some(problem) => (Outcome::Waiting, Finding::Retrying { problem }),
            None => (Outcome::Stalled, Finding::Stalled { problems }),
        };
        let status = self.write(before, finding, memory).await?;
        Ok(Settled {
            outcome,
            wait,
            status,
        })
    }

    /// Children were not taken: say so, and fail the pass when sending them again may help.
    pub(super) async fn refused(
        &self,
        before: &TodoPlatformStatus,
        errors: Vec<ApplyError>,
        memory: &mut PlatformMemory,
    ) -> Result<Settled, PassError> {
        let problems = findings::refusals(self.namespace, &errors);
        let unavailable = errors
            .into_iter()
            .find(|error| matches!(error, ApplyError::Unavailable { .. }));
        match (unavailable, problems.first().cloned()) {
            (Some(error), Some(problem)) => {
                self.write(before, Finding::Retrying { problem }, memory).await?;
                Err(PassError::Apply(error))
            }
            _ => self.stalled(before, problems, memory).await,
        }
    }

    /// A pass failed: best effort to say so, where nothing has said it yet.
    pub(super) async fn failed(&self, error: &PassError, memory: &mut PlatformMemory) {
        // A child that was not taken is in the status already, and a status that was not taken will not be now.
        if matches!(error, PassError::Apply(_) | PassError::Status(_)) {
            return;
        }
        let problem = Blocker {
            component: "operator".into(),
            reason: error.reason().into(),
            message: Chain(error).to_string(),
            next_action:
                "It is tried again; see whether the API server answers and lets the operator do this".into(),
        };
        let before = standing(self.platform, memory);
        let writing = self.write(&before, Finding::Failed { problem }, memory);
        match tokio::time::timeout(LAST_WORD_TIMEOUT, writing).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error.chain = %Chain(&error), "the status does not say that the pass failed");
            }
            Err(_) => tracing::warn!("the status does not say that the pass failed: no answer in time"),
        }
    }

    /// Counts what was undone, and gives it as the status tells it.
    pub(super) fn count(&self, plan: &Plan) -> Vec<String> {
        self.context.metrics.writes_skipped(plan.unchanged);
        let mut undone = Vec::new();
        for Write {
            child, deviations, ..
        } in &plan.writes
        {
            for deviation in deviations {
                self.context
                    .metrics
                    .drift_corrected(deviation.known_manager(), child.kind.as_str());
            }
            undone.extend(lines(child, Some(deviations)));
        }
        undone
    }
}
