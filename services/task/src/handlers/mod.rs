//! The HTTP operations, one file each.

mod complete;
mod create;
mod delete;
mod get;
mod list;
mod update;

pub(crate) use complete::complete;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use update::update;
