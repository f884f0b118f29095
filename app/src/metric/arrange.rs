//! Where charts stand that somebody has moved by hand: those come first, in their order, and the others follow as they
//! always do.

use leptos::prelude::RwSignal;
use model::limits;

/// The chart that is being dragged to another place.
#[derive(Clone, Copy)]
pub struct Dragged(pub RwSignal<Option<String>>);

/// Charts in the order in which they are shown.
pub fn arranged(keys: &[String], placed: &[String]) -> Vec<String> {
    let moved = placed.iter().filter(|key| keys.contains(key));
    let rest = keys.iter().filter(|key| !placed.contains(key));
    moved.chain(rest).cloned().collect()
}

/// What is placed once a chart of these, which are shown in this order, stands where another one stood; `None` when more
/// would be placed than an address holds.
pub fn moved(shown: &[String], placed: &[String], key: &str, target: usize) -> Option<Vec<String>> {
    let Some(from) = shown.iter().position(|one| one == key) else { return Some(placed.to_vec()) };
    let target = target.min(shown.len() - 1);
    let mut order = shown.to_vec();
    let one = order.remove(from);
    order.insert(target, one);
    // What follows the last chart that is not where it always is needs no place.
    let known = shown.iter().rposition(|one| placed.contains(one)).map_or(0, |last| last + 1);
    order.truncate(known.max(from.max(target) + 1));
    let others = placed.iter().filter(|one| !shown.contains(one));
    let all: Vec<String> = others.cloned().chain(order).collect();
    (all.len() <= limits::CHARTS_PLACED_MAX).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        text.split_whitespace().map(ToOwned::to_owned).collect()
    }

    fn after(shown: &str, placed: &str, key: &str, target: usize) -> String {
        let all = keys("a b c d e");
        let placed = moved(&keys(shown), &keys(placed), key, target).expect("room");
        arranged(&all, &placed).join(" ")
    }

    #[test]
    fn a_chart_that_is_moved_stands_where_the_other_stood() {
        assert_eq!(after("a b c d e", "", "d", 1), "a d b c e");
        assert_eq!(after("a b c d e", "", "a", 2), "b c a d e");
        assert_eq!(after("a b c d e", "", "e", 99), "a b c d e");
        assert_eq!(after("d a b c e", "d", "b", 1), "d b a c e");
        assert_eq!(moved(&keys("a b c d e"), &[], "b", 0).expect("room"), ["b", "a"], "no more than must be");
    }

    #[test]
    fn other_sections_and_what_is_gone_keep_their_places() {
        assert_eq!(moved(&keys("a b"), &keys("z y"), "b", 0).expect("room"), ["z", "y", "b", "a"]);
        assert_eq!(arranged(&keys("a b"), &keys("gone b")), ["b", "a"]);
    }

    #[test]
    fn what_an_address_cannot_hold_is_refused() {
        let many: Vec<String> = (0..=limits::CHARTS_PLACED_MAX).map(|key| key.to_string()).collect();
        assert_eq!(moved(&many, &[], "0", many.len()), None);
        assert!(moved(&many, &[], "1", 0).is_some());
        assert_eq!(moved(&many, &[], "unknown", 0), Some(Vec::new()));
    }
}
