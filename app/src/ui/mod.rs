//! The design system: small parts that know no feature. Their looks live in `style/ui.css`.

pub mod copy;
pub mod dialog;
pub mod erase;
pub mod filter;
pub mod find;
pub mod form;
pub mod icon;
pub mod notice;
pub mod number;
pub mod pager;
pub mod popover;
pub mod selection;
pub mod sort;
pub mod status;
pub mod tag;
pub mod time;
pub mod title;
pub mod toast;
pub mod wrong;

use model::{limits, run::Run};

/// The place of a run's colour in the palette: the one that somebody chose, or that of its number.
pub fn run_color_place(number: i64, chosen: Option<u8>) -> u8 {
    let colors = i64::from(limits::RUN_COLORS);
    let place = chosen.map_or(number - 1, i64::from);
    place.rem_euclid(colors) as u8
}

/// The class that gives an element the colour of a run.
pub fn run_color(run: &Run) -> String {
    run_color_class(run.number, run.color)
}

/// The same of a run of which only this is known.
pub fn run_color_class(number: i64, chosen: Option<u8>) -> String {
    format!("run-color-{}", run_color_place(number, chosen))
}

#[cfg(test)]
mod tests {
    use super::run_color_place;

    #[test]
    fn colours_repeat_after_twelve_runs_unless_one_was_chosen() {
        assert_eq!(run_color_place(1, None), 0);
        assert_eq!(run_color_place(12, None), 11);
        assert_eq!(run_color_place(13, None), 0);
        assert_eq!(run_color_place(0, None), 11);
        assert_eq!(run_color_place(1, Some(7)), 7);
        assert_eq!(run_color_place(1, Some(12)), 0, "a newer server's palette may be larger");
    }
}
