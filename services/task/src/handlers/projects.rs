//! What is done with projects.

mod create;
mod delete;
mod get;
mod list;
mod put_member;
mod remove_member;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// The routes, with their document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(put_member::put_member, remove_member::remove_member))
}
