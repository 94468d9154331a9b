//! What is done with tasks.

mod complete;
mod create;
mod delete;
mod due;
mod get;
mod list;
mod moving;
mod update;

pub(crate) use complete::complete;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use due::due;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use moving::move_after;
pub(crate) use update::update;
