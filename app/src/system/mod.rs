//! The machine: what it did while a run went on.

mod gauge;
mod tab;

pub use tab::Tab;
