//! The trash: what was thrown away, what it holds, back out of it, or gone for good.

mod api;
mod dialog;
mod page;
mod query;

pub use page::Page;
