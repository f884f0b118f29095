//! Runs: the table of an experiment, and the page of one run.

pub mod api;
mod choice;
pub mod columns;
pub mod export;
mod family;
pub mod group;
mod header;
mod overview;
mod page;
#[cfg(feature = "ssr")]
mod preset;
pub mod query;
mod status_history;
mod table;
mod tags;

pub use choice::{Choice, ChooseRun};
pub use group::{GroupTable, Groups, group_name};
pub use header::{TagDialog, TagForm, save};
pub use page::{Page, RunView, needs};
pub use table::{Columns, Export, MoveDialog, RowMenu, RunTable, Table, TagsDialog};
