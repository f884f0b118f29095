//! The design system: small parts that know no feature. Their looks live in `style/ui.css`.

pub mod copy;
pub mod dialog;
pub mod filter;
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
pub mod toast;

/// The class that gives an element the colour of the run with this number.
pub fn run_color(number: i64) -> String {
    format!("run-color-{}", (number - 1).rem_euclid(12))
}

#[cfg(test)]
mod tests {
    use super::run_color;

    #[test]
    fn colours_repeat_after_twelve_runs() {
        assert_eq!(run_color(1), "run-color-0");
        assert_eq!(run_color(12), "run-color-11");
        assert_eq!(run_color(13), "run-color-0");
        assert_eq!(run_color(0), "run-color-11");
    }
}
