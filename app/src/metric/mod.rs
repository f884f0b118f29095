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
mod tab;

pub use board::{Board, BoardRun};
#[cfg(feature = "ssr")]
pub use lines::lines;
pub use section::Sections;
pub use setup::HIDDEN;
pub use tab::Tab;
