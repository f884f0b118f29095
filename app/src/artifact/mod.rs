//! Artifacts: the files of a run and of the models that it made.

mod api;
mod preview;
mod tab;
mod tree;

pub use api::{Files, list};
pub use tab::{Tab, wanted};
