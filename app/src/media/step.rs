//! The step that is looked at: one for all images, histograms and tables of a page.

use crate::ui::erase::{drawn, handler, memo, view};
use leptos::prelude::*;

/// The step of the address: what a copied link keeps.
pub const AT: &str = "at";

/// The steps there are, and which of them is looked at.
#[derive(Clone, Copy)]
pub struct Steps {
    all: Memo<Vec<i64>>,
    /// Absent: the last one, whichever that comes to be.
    at: RwSignal<Option<i64>>,
    place: Memo<usize>,
    pub current: Memo<i64>,
}

/// The place of a step among all, or of the one before it; the last without a step.
fn place_of(steps: &[i64], at: Option<i64>) -> usize {
    let last = steps.len().saturating_sub(1);
    at.map_or(last, |at| steps.partition_point(|step| *step <= at).saturating_sub(1))
}

impl Steps {
    /// `all` is in order, each step once.
    pub fn new(all: Memo<Vec<i64>>, at: Option<i64>) -> Self {
        let at = RwSignal::new(at);
        let place = memo(move || all.with(|all| place_of(all, at.get())));
        let current = memo(move || all.with(|all| all.get(place.get()).copied().unwrap_or_default()));
        Self { all, at, place, current }
    }

    pub fn go_to(self, step: i64) {
        let is_last = self.all.with_untracked(|all| all.last() == Some(&step));
        self.at.set((!is_last).then_some(step));
    }

    fn go_to_place(self, place: usize) {
        let step = self.all.with_untracked(|all| all.get(place.min(all.len().saturating_sub(1))).copied());
        if let Some(step) = step {
            self.go_to(step);
        }
    }

    fn count(self) -> usize {
        self.all.with(Vec::len)
    }
}

/// The slider. `on_keep` is told when a person lets it go: then the step may go into the address.
#[component]
pub fn StepSlider(steps: Steps, on_keep: Callback<()>) -> impl IntoView {
    let said =
        move || format!("step {} ({} of {})", steps.current.get(), steps.place.get() + 1, steps.count());
    let slide = move |event| {
        if let Ok(wanted) = event_target_value(&event).parse::<usize>() {
            steps.go_to_place(wanted);
        }
    };
    let last = move || steps.count().saturating_sub(1);
    view! {
        <label class="step-slider">
            <span class="field__label">"Step"</span>
            <input
                type="range"
                min="0"
                max=move || last().to_string()
                step="1"
                value=steps.place.get_untracked().to_string()
                prop:value=move || {
                    // A place beyond the last one is cut off by the browser: more may have come.
                    last();
                    steps.place.get().to_string()
                }
                aria-valuetext=drawn(said)
                disabled=move || last() == 0
                on:input=handler(slide)
                on:change=handler(move |_| on_keep.run(()))
            />
            <output class="num">{move || said()}</output>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn the_slider_begins_where_the_address_says_or_at_the_end() {
        let steps = [0, 10, 20];
        assert_eq!(
            [None, Some(10), Some(15), Some(-5), Some(99)].map(|at| place_of(&steps, at)),
            [2, 1, 1, 0, 2]
        );
        assert_eq!(place_of(&[], Some(3)), 0);
    }
}
