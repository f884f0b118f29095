//! Comparison: runs side by side, differences marked; what changed; groups of runs against each other.

mod api;
mod change;
mod choice;
pub mod diff;
mod export;
mod file;
mod group;
mod images;
mod metrics;
mod note;
#[cfg(feature = "ssr")]
mod offline;
mod page;
mod summary;
mod table;
mod wanted;

#[cfg(feature = "ssr")]
pub use offline::html as file_of;
pub use page::{Curves, Drawn, Page, needs};
