//! Keys. Pages mark what a key acts on by data attributes, so the frame needs no knowledge of them:
//! `data-key="filter"` (`/`), `data-key="compare"` (`c`), `data-key="archive"` (`e`),
//! `data-key="rows"` (`j`, `k`, `x`), `data-key="tabs"` (`[`, `]`), `data-key="undo"` and `data-key="redo"`.

use super::rail::use_go_to_experiments;
use crate::{
    browser,
    ui::{
        dialog::Dialog,
        erase::{effect, view},
    },
};
use leptos::{ev, prelude::*};
use web_sys::{HtmlElement, KeyboardEvent};

/// On a Mac, Ctrl is ⌘.
const KEYS: [(&str, &str); 14] = [
    ("Ctrl K", "Search everything, and go there"),
    ("/", "To the filter"),
    ("g e", "To all experiments"),
    ("j, k", "Next row, previous row"),
    ("Enter", "Open the row"),
    ("x", "Select the row"),
    ("c", "Compare what is selected"),
    ("e", "Archive what is selected, or the run"),
    ("[, ]", "Previous tab, next tab"),
    ("←, →", "On a chart: along the curves; + and − zoom, Enter holds the values, Esc comes back"),
    ("Ctrl Z", "Undo the last change of how the runs are shown"),
    ("Ctrl Shift Z", "Redo it"),
    ("?", "This list"),
    ("Esc", "Close, or leave the filter"),
];

/// Listens for as long as the application lives.
pub fn listen(keys_open: RwSignal<bool>, search_open: RwSignal<bool>) {
    if cfg!(feature = "ssr") {
        // Nobody types on the server, and what belongs to one thread must not be made there.
        return;
    }
    let go_to_experiments = use_go_to_experiments();
    let go_to_experiments = StoredValue::new_local(go_to_experiments);
    let after_g = StoredValue::new(false);
    let on_key = move |event: KeyboardEvent| {
        let key = event.key();
        let command = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
        if command && !event.shift_key() && key.eq_ignore_ascii_case("k") {
            // Also from a field, and to close it again; not over another dialog.
            if search_open.get_untracked() || browser::find("dialog[open]").is_none() {
                event.prevent_default();
                search_open.update(|open| *open = !*open);
            }
            return;
        }
        if browser::typing() {
            if key == "Escape" {
                // The browser would empty a search field, and with it change what is shown. Dialogs close by it.
                if browser::find("dialog[open]").is_none() {
                    event.prevent_default();
                }
                browser::find(":focus").map(|element| element.blur());
            }
            return;
        }
        if browser::find("dialog[open]").is_some() {
            return;
        }
        if command && key.eq_ignore_ascii_case("z") {
            let selector = if event.shift_key() { "[data-key=redo]" } else { "[data-key=undo]" };
            if click(selector) {
                event.prevent_default();
            }
            return;
        }
        if command || event.alt_key() {
            return;
        }
        let was_g = after_g.get_value();
        after_g.set_value(key == "g");
        let done = match key.as_str() {
            "e" if was_g => {
                go_to_experiments.with_value(|go| go());
                true
            }
            "?" => {
                keys_open.set(true);
                true
            }
            "/" => focus("[data-key=filter]"),
            "c" => click("[data-key=compare]"),
            "e" => click("[data-key=archive]"),
            "j" => step_row(1),
            "k" => step_row(-1),
            "x" => click("[data-key=rows] tr:focus-within input[type=checkbox]"),
            "]" => step_tab(1),
            "[" => step_tab(-1),
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    };
    effect(move || {
        let handle = window_event_listener(ev::keydown, on_key);
        on_cleanup(move || handle.remove());
    });
}

fn focus(selector: &str) -> bool {
    browser::find(selector).is_some_and(|element| element.focus().is_ok())
}

fn click(selector: &str) -> bool {
    browser::find(selector).map(|element| element.click()).is_some()
}

/// Moves the keyboard to the link of the next row, so that Enter opens it.
fn step_row(by: i32) -> bool {
    let rows = browser::find_all("[data-key=rows] tr:has([data-key=open])");
    let links = browser::find_all("[data-key=rows] tr [data-key=open]");
    let at = rows.iter().position(|row| row.contains(browser::focused().as_deref()));
    step(&links, at, by).is_some_and(|link| link.focus().is_ok())
}

fn step_tab(by: i32) -> bool {
    let tabs = browser::find_all("[data-key=tabs] a");
    let at = tabs.iter().position(|tab| tab.has_attribute("aria-current"));
    step(&tabs, at, by).map(HtmlElement::click).is_some()
}

fn step(list: &[HtmlElement], at: Option<usize>, by: i32) -> Option<&HtmlElement> {
    let next = match at {
        Some(at) => at.checked_add_signed(by as isize)?,
        None => 0,
    };
    list.get(next)
}

/// What the keys do.
#[component]
pub fn KeyList(open: RwSignal<bool>) -> impl IntoView {
    let row = |(key, what): (&'static str, &'static str)| {
        view! {
            <dt>
                {key
                    .split(", ")
                    .map(|key| view! { <kbd>{key}</kbd> })
                    .collect_view()}
            </dt>
            <dd>{what}</dd>
        }
    };
    view! {
        <Dialog open title="Keyboard shortcuts".to_owned()>
            <dl class="keys">{KEYS.into_iter().map(row).collect_view()}</dl>
        </Dialog>
    }
}
