//! What is done with projects.

mod create;
mod delete;
mod get;
mod list;
mod put_member;
mod remove_member;
mod update;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use get::get;
pub(crate) use list::list;
pub(crate) use put_member::put_member;
pub(crate) use remove_member::remove_member;
pub(crate) use update::update;
