//! Operational events of a run, as a list.

mod api;
mod lanes;
mod spans;
mod tab;

pub use api::list;
pub use spans::{line, pairs};
pub use tab::{Tab, wanted};
