//! Notes: what people write about a run, in Markdown.

mod api;
mod editor;
mod history;
mod tab;

pub use tab::Tab;
