//! Metrics: the charts of a page, and the table of their summaries.

mod arrange;
mod board;
pub mod charts;
mod compute;
mod controls;
mod fetch;
pub mod goal;
mod happened;
mod lines;
mod panel;
mod roster;
mod section;
mod setup;
mod sight;
mod tab;

pub use board::{Board, BoardRun};
pub use roster::{Entry, Roster};
pub use section::Sections;
pub use tab::Tab;

use model::metric::Context;

/// A series' context as people read it: `subset=val`.
pub fn label(context: &Context) -> String {
    let pairs: Vec<_> = context.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(" ")
}
