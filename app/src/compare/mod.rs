//! Comparison: runs side by side, differences marked.

mod api;
mod metrics;
mod page;
mod params;

pub use page::Page;
