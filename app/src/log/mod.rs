//! The Logs tab of a run: what its processes printed, a window of lines at a time.

mod held;
mod line;
mod query;
mod tab;
mod window;

pub use query::moment;
pub use tab::Tab;
