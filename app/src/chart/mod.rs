//! Charts: lines → extent → scene → canvas or SVG. All but the last is pure; nothing here fetches or knows what a run is.

pub mod csv;
pub mod density;
mod draw;
mod export;
pub mod extent;
pub mod format;
mod forms;
mod gesture;
mod hit;
pub mod ink;
pub mod lane;
pub mod lasso;
mod legend;
pub mod line;
mod path;
mod plot;
pub mod scale;
mod scene;
mod sheet;
mod size;
pub mod summary;
pub mod svg;
mod tick;
mod tip;

pub use draw::palette;
pub use export::{Export, Form, leave};
pub use forms::Forms;
pub use legend::Legend;
pub use plot::{Events, Facts, Focus, Lines, Plot, View, placed};
pub use scene::Anchor;
pub use sheet::Sheet;
pub use tip::Moments;

use model::series::Axis;

/// A place on an x axis in words.
pub fn place(axis: Axis, x: f64) -> String {
    tip::place_of(tick::Measure::of(axis), x)
}
