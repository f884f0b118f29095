//! What a run ran on: code, command, machine, packages.

mod api;
mod facts;
mod tab;

pub use api::get;
pub use tab::Tab;
