//! Charts: series → scale → path → canvas. The first three are pure; nothing here fetches or knows what a run is.

pub mod density;
mod draw;
pub mod format;
mod hit;
pub mod ink;
pub mod lasso;
pub mod line;
mod path;
mod plot;
pub mod scale;
pub mod summary;

pub use plot::{Plot, View};
