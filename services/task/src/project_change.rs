//! One change of one project: read, decide, write; again when somebody else wrote in between.

use axum::response::Response;
use todo_domain::{MemberError, Project, ProjectId, Role};
use todo_kit::auth::Caller;
use todo_kit::http::IfMatch;
use todo_kit::http::idempotency::Claim;
use todo_kit::problem::{self, Problem};

use crate::answer::Answer;
use crate::change::unless_referred;
use crate::once::{Tried, demand};
use crate::store::ProjectWrite;
use crate::{App, Record, Written};

/// What is to become of a project, and what is answered.
pub(crate) enum ProjectPlan {
    /// It stays as it is and is shown.
    Keep,
    /// It becomes its next version and is shown.
    Replace(Project),
    /// A member goes; 204. `None` when there was none.
    Take(Option<Project>),
    /// It goes; 204.
    Delete,
}

/// Who asks for a change of what, and how.
#[derive(Clone, Copy)]
pub(crate) struct ProjectChange<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) id: ProjectId,
    pub(crate) if_match: &'a IfMatch,
    pub(crate) claim: Option<&'a Claim>,
    /// The least role in which the caller may do so.
    pub(crate) role: Role,
}

impl App {
    /// Carries out what `plan` makes of the project, once per claim, and gives the answer.
    pub(crate) async fn change_project(
        &self,
        change: ProjectChange<'_>,
        plan: impl Fn(&Project) -> Result<ProjectPlan, Problem> + Send + Sync,
    ) -> Result<Response, Problem> {
        let attempt = || self.try_change_project(change, &plan);
        self.once(change.caller, change.claim, attempt).await
    }

    async fn try_change_project(
        &self,
        change: ProjectChange<'_>,
        plan: &(impl Fn(&Project) -> Result<ProjectPlan, Problem> + Sync),
    ) -> Tried {
        let caller = &change.caller.sub;
        let found = self.store.project(caller, change.id).await?;
        let project = found.ok_or_else(Problem::not_found)?;
        if project.role_of(caller).is_none_or(|role| role < change.role) {
            return Err(Problem::new(problem::FORBIDDEN).detail("this is for owners of the project"));
        }
        demand(&project, change.if_match)?;
        let plan = plan(&project)?;
        self.carry_out_project(change, project, plan).await
    }

    async fn carry_out_project(
        &self,
        change: ProjectChange<'_>,
        project: Project,
        plan: ProjectPlan,
    ) -> Tried {
        let caller = &change.caller.sub;
        let answer = match &plan {
            ProjectPlan::Keep => Answer::shown(&project),
            ProjectPlan::Replace(next) => Answer::shown(next),
            ProjectPlan::Take(next) => Answer::taken_from(next.as_ref().unwrap_or(&project)),
            ProjectPlan::Delete => Answer::deleted(),
        };
        let record = change.claim.map(|claim| Record {
            claim,
            answer: &answer,
        });
        let write = |project| ProjectWrite {
            project,
            role: change.role,
        };
        let written = match (&plan, record) {
            (ProjectPlan::Replace(next) | ProjectPlan::Take(Some(next)), record) => {
                self.store.update_project(caller, write(next), record).await?
            }
            (ProjectPlan::Keep | ProjectPlan::Take(None), None) => Written::Yes,
            (ProjectPlan::Keep | ProjectPlan::Take(None), Some(record)) => {
                self.store.keep_project(caller, write(&project), record).await?
            }
            (ProjectPlan::Delete, record) => {
                let deleted = self.store.delete_project(caller, &project, record).await?;
                unless_referred(
                    deleted,
                    "the project has tasks; delete or move them, or archive it",
                )?
            }
        };
        Ok((written, answer))
    }

    /// 404 for a project that the caller is no member of.
    pub(crate) async fn see_project(&self, caller: &Caller, id: Option<ProjectId>) -> Result<(), Problem> {
        let Some(id) = id else { return Ok(()) };
        if self.store.is_member(&caller.sub, id).await? {
            return Ok(());
        }
        Err(Problem::not_found())
    }
}

/// What keeps the members as they are, as a problem.
pub(crate) fn refused(error: MemberError) -> Problem {
    let kind = match error {
        MemberError::OwnerStays => problem::OWNER_STAYS,
        MemberError::TooMany => problem::LIMIT_REACHED,
    };
    Problem::new(kind).detail(error.to_string())
}
