//! Artifacts: the files that a run made.

mod api;
mod preview;
mod tab;
mod tree;

pub use api::{Files, open};
pub use tab::{Tab, wanted};
