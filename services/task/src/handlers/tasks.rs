//! What is done with tasks.

mod complete;
mod create;
mod delete;
mod due;
mod get;
mod history;
mod list;
mod moving;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// The routes, with their document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(due::due))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(complete::complete))
        .routes(routes!(moving::move_after))
        .routes(routes!(history::history))
}
