//! Metrics: the charts of a page, and the table of their summaries.

mod arrange;
mod board;
mod bundle;
pub mod charts;
mod compute;
mod controls;
mod fetch;
pub mod goal;
mod happened;
mod lines;
mod numbers;
mod panel;
mod roster;
mod section;
mod setup;
mod sight;
mod spark;
mod tab;

pub use board::{Board, BoardRun};
pub use bundle::{Bundle, Part};
pub use fetch::{Request, fetch, json};
pub use happened::EventNews;
#[cfg(feature = "ssr")]
pub use lines::lines;
pub use numbers::{StepValue, at_step, wanted};
pub use roster::{Entry, Roster};
pub use section::Sections;
pub use setup::HIDDEN;
pub use spark::Sparks;
pub use tab::{Tab, numbers, of_training};
