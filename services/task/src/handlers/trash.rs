//! What is done with deleted tasks.

mod list;
mod purge;
mod restore;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// The routes, with their document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(purge::purge))
        .routes(routes!(restore::restore))
}
