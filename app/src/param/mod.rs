//! Params: what a run was told to do.

mod tab;

pub use tab::Tab;
