//! The HTTP operations, one file each.

mod complete;
mod create;
mod delete;
mod get;
mod list;
mod update;

use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use todo_domain::Task;
use todo_kit::http::etag;

pub(crate) use complete::complete;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use update::update;

/// 200 with the task and its entity tag.
fn shown(task: &Task) -> Response {
    ([(ETAG, etag(task.version))], axum::Json(task)).into_response()
}
