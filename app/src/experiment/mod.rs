//! Experiments: the list, and the page of one with its runs.

pub mod api;
mod bulk;
mod first_run;
mod form;
mod list;
mod page;
mod query;
mod spark;
mod table;

pub use first_run::FirstRun;
pub use form::EditDialog;
pub use list::{ListPage, NEW};
pub use page::Page;
