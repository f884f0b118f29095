//! What a run ran on: code, command, machine, packages.

mod api;
mod facts;
mod patch;
mod reproduce;
mod summary;
mod tab;

pub use api::{Told, get};
pub use summary::Summary;
pub use tab::Tab;
