//! Comparison: runs side by side, differences marked; what changed; groups of runs against each other.

mod api;
mod change;
mod choice;
pub mod diff;
mod export;
mod file;
mod group;
mod metrics;
mod note;
mod page;
mod summary;
mod table;
mod wanted;

pub use page::Page;
