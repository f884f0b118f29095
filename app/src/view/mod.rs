//! Saved views of an experiment's runs, and the steps back and forth between looks at them.

pub mod api;
mod form;
mod menu;
mod step;
mod tool;

pub use form::{RenameDialog, SaveDialog};
pub use menu::List;
pub use tool::Tools;

use crate::ui::erase::{effect, memo, watch};
use crate::{
    feed::Feed,
    link::{self, Query},
};
use leptos::{ev, prelude::*};
use leptos_router::hooks;
use model::{
    ExperimentId, ViewId,
    view::{View, ViewState},
};
use std::time::Duration;
use step::{Place, Steps};

/// Which saved view the address is of; the rest of the address says how the table looks now.
const SAVED: &str = "saved";

/// What the parts of an experiment's page know of its views.
#[derive(Clone, Copy)]
pub struct Views {
    experiment_id: ExperimentId,
    path: StoredValue<String>,
    feed: Feed<Vec<View>>,
    place: Memo<Place>,
    /// The saved view that is looked at, changed or not.
    current: Memo<Option<View>>,
    steps: RwSignal<Steps>,
}

impl Views {
    /// For the page of an experiment, which shows its runs at `path`.
    pub fn provide(experiment_id: ExperimentId, path: &str, views: Vec<View>, search: Memo<Query>) -> Self {
        let input = memo(move || experiment_id);
        let feed = Feed::new(views, input, api::list);
        let place = memo(move || search.with(place));
        let current =
            memo(move || place.with(|place| feed.current.with(|views| current(views, place).cloned())));
        let path = StoredValue::new(path.to_owned());
        let steps = RwSignal::new(Steps::at(place.get_untracked()));
        let views = Self { experiment_id, path, feed, place, current, steps };
        views.follow(search);
        provide_context(views);
        views
    }

    /// From inside the page.
    pub fn here() -> Self {
        expect_context()
    }

    pub fn refresh(self) {
        self.feed.refresh();
    }

    /// The table out of the box.
    pub fn plain(self) -> String {
        self.path.with_value(|path| plain(path))
    }

    fn link(self, view: &View) -> String {
        self.path.with_value(|path| opened(view).href(path))
    }

    /// The current view is not as it was saved.
    fn modified(self) -> bool {
        let state = self.place.with(|place| place.state.clone());
        self.current.with(|current| current.as_ref().is_some_and(|view| view.state != state))
    }

    /// Takes note of every change of the address, and of whether it is one by the browser's own buttons.
    fn follow(self, search: Memo<Query>) {
        let Self { path, feed, place, steps, .. } = self;
        let shown = hooks::use_location().pathname;
        let rewrite = link::use_rewrite();
        let popped = StoredValue::new(false);
        effect(move || {
            let back = window_event_listener(ev::popstate, move |_| popped.set_value(true));
            on_cleanup(move || back.remove());
        });
        watch(
            move || search.get(),
            move |now, _| {
                // The address of the next page comes before this one leaves.
                if path.with_value(|path| shown.with_untracked(|shown| shown != path)) {
                    return;
                }
                // The bare address would open with the default view: who has taken everything away means nothing at all.
                let has_default = feed.current.with_untracked(|views| View::default_of(views).is_some());
                if *now == Query::default() && has_default {
                    path.with_value(|path| rewrite(&plain(path)));
                }
                let (next, at_ms) = (place.get_untracked(), js_sys::Date::now() as i64);
                // The router hears of the browser's buttons before we do: a moment later we have heard of them too.
                let note = move || {
                    let by_browser = popped.try_get_value().unwrap_or_default();
                    popped.try_set_value(false);
                    steps.try_update(|steps| steps.note(next, by_browser, at_ms));
                };
                set_timeout(note, Duration::ZERO);
            },
        );
    }

    /// Steps to the look before or after, if there is one.
    fn step(self) -> impl Fn(bool) + Clone + 'static {
        let go = link::use_go();
        move |back: bool| {
            let next =
                self.steps.try_update(|steps| if back { steps.undo() } else { steps.redo() }).flatten();
            if let Some(next) = next {
                go(&self.path.with_value(|path| next.href(path)));
            }
        }
    }
}

/// What an address says of a view.
fn place(query: &Query) -> Place {
    Place {
        state: ViewState::of_address(&query.href("")),
        saved: query.get(SAVED).and_then(|id| id.parse().ok()),
    }
}

/// The view that the address names, or one that looks the same.
fn current<'a>(views: &'a [View], place: &Place) -> Option<&'a View> {
    let named = |id: ViewId| views.iter().find(|view| view.id == id);
    place
        .saved
        .and_then(named)
        .or_else(|| views.iter().find(|view| !view.state.is_empty() && view.state == place.state))
}

/// The address of a view.
fn opened(view: &View) -> Query {
    Query::parse(view.state.as_str()).with(SAVED, view.id.to_string())
}

/// The address of the table out of the box, also where a view is the default.
pub fn plain(path: &str) -> String {
    Query::default().with("view", "runs").href(path)
}

/// What an experiment opens with when the address says nothing: the address of its default view.
pub fn default_of(views: &[View], asked: &Query) -> Option<Query> {
    View::default_of(views).filter(|_| *asked == Query::default()).map(opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::UnixMillis;

    pub fn view(id: i64, state: &str) -> View {
        View {
            id: ViewId(id),
            experiment_id: ExperimentId(1),
            name: format!("view {id}"),
            state: state.parse().expect("a state"),
            shared: false,
            author: "ada".into(),
            mine: true,
            may_edit: true,
            default_for_me: false,
            default_for_all: false,
            created_at_ms: UnixMillis(0),
            updated_at_ms: UnixMillis(0),
        }
    }

    #[test]
    fn the_default_opens_only_where_the_address_says_nothing() {
        let everybodys = View { default_for_all: true, ..view(1, "sort=name") };
        let mine = View { default_for_me: true, ..view(2, "filter=metrics.a+%3E+1") };
        let views = [everybodys.clone(), mine];
        let href = |views: &[View], asked: &str| {
            default_of(views, &Query::parse(asked)).map(|query| query.href("/experiments/1"))
        };
        assert_eq!(
            href(&views, "").as_deref(),
            Some("/experiments/1?filter=metrics.a%20%3E%201&saved=2"),
            "the own one before everybody's"
        );
        assert_eq!(href(&[everybodys], "").as_deref(), Some("/experiments/1?sort=name&saved=1"));
        assert_eq!(href(&views, "view=runs"), None);
        assert_eq!(href(&[view(3, "sort=name")], ""), None);
    }

    #[test]
    fn a_view_is_current_by_its_id_or_by_its_looks() {
        let views = [view(1, "sort=name"), view(2, "search=a"), view(3, "")];
        let current = |raw: &str| current(&views, &place(&Query::parse(raw))).map(|view| view.id.0);
        assert_eq!(current("search=a&offset=100"), Some(2));
        assert_eq!(current("search=b&saved=1"), Some(1), "changed since");
        assert_eq!(current("search=a&saved=99"), Some(2), "a view that is gone");
        assert_eq!(current("search=b"), None);
        assert_eq!(current(""), None);
        assert_eq!(current("saved=3"), Some(3));
    }
}
