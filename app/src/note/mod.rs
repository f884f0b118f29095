//! Notes: what people write about a run, in Markdown.

mod api;
mod dialog;
mod editor;
mod history;
mod tab;

pub use dialog::{NoteDialog, Writing};
pub use tab::Tab;
