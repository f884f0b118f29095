//! The looks at a table that somebody has had, so that they can be stepped through.

use super::SAVED;
use crate::link::Query;
use model::{ViewId, limits, view::ViewState};

/// Letters, and moves of a slider, that come so close to each other are one change.
const TYPING_MILLIS: i64 = 2_000;

/// How the table looks, and which saved view that was before it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub state: ViewState,
    pub saved: Option<ViewId>,
}

impl Place {
    pub fn href(&self, path: &str) -> String {
        let saved = self.saved.map(|id| id.to_string()).unwrap_or_default();
        let query = Query::parse(self.state.as_str()).with(SAVED, saved);
        if query == Query::default() { super::plain(path) } else { query.href(path) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    past: Vec<Place>,
    now: Place,
    /// The next one last.
    future: Vec<Place>,
    /// What was typed into, and when.
    typed: Option<(&'static str, i64)>,
}

impl Steps {
    pub fn at(now: Place) -> Self {
        Self { past: Vec::new(), now, future: Vec::new(), typed: None }
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes note of how the table looks now. What the browser's own buttons did is a step like ours, where it leads to
    /// the look before or after.
    pub fn note(&mut self, next: Place, by_browser: bool, at_ms: i64) {
        let leads_to = |list: &[Place]| list.last().is_some_and(|last| last.state == next.state);
        if next.state == self.now.state {
            self.now = next;
            return;
        }
        if by_browser && leads_to(&self.past) {
            self.undo();
        } else if by_browser && leads_to(&self.future) {
            self.redo();
        } else {
            let typed = match self.now.state.differences(&next.state)[..] {
                [key @ ("search" | "filter" | "chart")] => Some((key, at_ms)),
                _ => None,
            };
            let goes_on = matches!((self.typed, typed), (Some((key, before)), Some((now, _)))
                if key == now && at_ms - before < TYPING_MILLIS);
            self.future.clear();
            if !goes_on {
                self.past.push(self.now.clone());
            }
            if self.past.len() > limits::VIEW_STEPS_MAX {
                self.past.remove(0);
            }
            self.typed = typed;
        }
        self.now = next;
    }

    pub fn undo(&mut self) -> Option<Place> {
        let next = self.past.pop()?;
        self.future.push(std::mem::replace(&mut self.now, next.clone()));
        self.typed = None;
        Some(next)
    }

    pub fn redo(&mut self) -> Option<Place> {
        let next = self.future.pop()?;
        self.past.push(std::mem::replace(&mut self.now, next.clone()));
        self.typed = None;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(state: &str) -> Place {
        Place { state: state.parse().expect("a state"), saved: None }
    }

    fn walked(states: &[&str]) -> Steps {
        let mut steps = Steps::at(at(""));
        for (index, state) in states.iter().enumerate() {
            steps.note(at(state), false, index as i64 * 60_000);
        }
        steps
    }

    #[test]
    fn steps_lead_back_and_forth_and_a_change_ends_what_was_ahead() {
        let mut steps = walked(&["sort=name", "sort=name+desc", "sort=name"]);
        assert_eq!(steps.undo(), Some(at("sort=name+desc")));
        assert_eq!(steps.undo(), Some(at("sort=name")));
        assert_eq!(steps.undo(), Some(at("")));
        assert_eq!(steps.undo(), None);
        assert_eq!(steps.redo(), Some(at("sort=name")));
        steps.note(at("sort=name"), false, 0);
        assert!(steps.can_undo() && steps.can_redo(), "the address follows a step, which is none of its own");
        steps.note(at("status=failed"), false, 0);
        assert!(!steps.can_redo());
        assert_eq!(steps.undo(), Some(at("sort=name")));
    }

    #[test]
    fn what_the_browsers_buttons_do_is_a_step_too() {
        let mut steps = walked(&["sort=name", "status=failed"]);
        steps.note(at("sort=name"), true, 0);
        assert!(steps.can_undo() && steps.can_redo());
        steps.note(at("status=failed"), true, 0);
        assert!(!steps.can_redo());
        steps.note(at("search=far"), true, 0);
        assert_eq!(steps.undo(), Some(at("status=failed")), "where else it leads is a change");
    }

    #[test]
    fn letters_are_one_change_until_somebody_pauses() {
        let mut steps = Steps::at(at(""));
        for (state, at_ms) in
            [("search=a", 0), ("search=ad", 500), ("search=ada", 1_000), ("search=adam", 9_000)]
        {
            steps.note(at(state), false, at_ms);
        }
        assert_eq!(steps.undo(), Some(at("search=ada")));
        assert_eq!(steps.undo(), Some(at("")));
    }

    #[test]
    fn an_address_says_the_look_and_its_view() {
        assert_eq!(at("").href("/e"), "/e?view=runs");
        assert_eq!(Place { saved: Some(ViewId(7)), ..at("") }.href("/e"), "/e?saved=7");
        assert_eq!(at("sort=name").href("/e"), "/e?sort=name");
    }

    #[test]
    fn only_so_many_steps_are_kept() {
        let mut steps = Steps::at(at(""));
        for index in 0..limits::VIEW_STEPS_MAX + 9 {
            steps.note(at(&format!("base={index}")), false, 0);
        }
        assert_eq!(std::iter::from_fn(|| steps.undo()).count(), limits::VIEW_STEPS_MAX);
    }
}
