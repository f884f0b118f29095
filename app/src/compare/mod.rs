//! Comparison: runs side by side, differences marked.

mod api;
mod metrics;
mod page;
mod params;
mod table;

pub use page::Page;
