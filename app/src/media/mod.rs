//! Media: what a run logged to be looked at step by step. Images, histograms and tables, with one slider for all.

mod api;
mod histogram;
mod image;
mod step;
mod tab;
mod table;

pub use api::list;
pub use image::{Still, said};
pub use step::{AT, StepSlider, Steps};
pub use tab::{Tab, wanted};
