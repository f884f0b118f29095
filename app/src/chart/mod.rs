//! Charts: series → scale → path → canvas. The first three are pure; nothing here fetches or knows what a run is.

mod draw;
pub mod format;
mod hit;
pub mod line;
mod path;
mod plot;
mod scale;

pub use plot::{Plot, View};
