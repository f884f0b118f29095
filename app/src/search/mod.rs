//! The search over everything that has a name: a dialog over any page, and a page of its own for those without a script.

pub mod api;
mod dialog;
mod entry;
mod open;
mod page;

pub use dialog::SearchDialog;
pub use open::{SearchButton, SearchOpen};
pub use page::Page;

/// The page.
const PATH: &str = "/search";
