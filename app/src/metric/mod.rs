//! Metrics: the charts of a page, and the table of their summaries.

mod board;
pub mod charts;
mod controls;
mod fetch;
pub mod goal;
mod lines;
mod panel;
mod section;
mod setup;
mod sight;
mod spark;
mod tab;

pub use board::{Board, BoardRun};
pub use section::Sections;
pub use spark::Sparks;
pub use tab::Tab;

use model::metric::Context;

/// A series' context as people read it: `subset=val`.
pub fn label(context: &Context) -> String {
    let pairs: Vec<_> = context.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(" ")
}
