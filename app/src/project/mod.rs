//! Projects: the switcher over the list of experiments, and the field that says where an experiment belongs.

pub mod api;
mod field;
mod switch;

pub use field::ProjectField;
pub use switch::ProjectSwitch;
