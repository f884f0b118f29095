//! Notes: what people write about a run, in Markdown.

mod api;
mod tab;

pub use tab::Tab;
