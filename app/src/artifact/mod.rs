//! Artifacts: the files that a run made.

mod api;
mod preview;
mod tab;
mod tree;

pub use api::{Files, list};
pub use tab::{Tab, wanted};
