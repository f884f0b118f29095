//! Artifacts: the files of a run and of the models that it made.

mod api;
mod file;
mod json;
mod parquet;
mod preview;
mod remove;
mod tab;
mod tree;
mod upload;

pub use api::{Files, first as list};
pub use file::run_source;
pub use tab::{Tab, wanted};
