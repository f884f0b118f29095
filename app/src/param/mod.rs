//! Params: what a run was told to do.

mod api;
mod code;
mod code_dialog;
mod lines;
mod nest;
mod tab;

pub use api::{Other, beside};
pub use code_dialog::CodeDialog;
pub use tab::{Tab, wanted};
