//! The rail: what there is to go to, and how the frame looks. Folds to icons; a bar at the bottom on phones.

use super::{session::Session, theme::ThemeSwitch};
use crate::{
    browser, link,
    ui::{
        erase::{drawn, handler, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use leptos_router::hooks;

#[component]
pub fn Rail(keys_open: RwSignal<bool>) -> impl IntoView {
    let session = Session::current();
    let path = hooks::use_location().pathname;
    let experiments = move || {
        let here = path.with(|path| !["/sign-in", "/trash", "/search"].contains(&path.as_str()));
        here.then_some("true")
    };
    let trash = move || path.with(|path| path == "/trash").then_some("page");
    view! {
        <header class="rail">
            <a class="rail__brand" href="/experiments" aria-label="Trackway, to all experiments">
                <Icon name="logo" />
                <span class="rail__word">"Trackway"</span>
            </a>
            <nav class="rail__nav" aria-label="Main">
                <a class="rail__item" href="/experiments" aria-current=drawn(experiments) title="Experiments">
                    <Icon name="experiment" />
                    <span class="rail__word">"Experiments"</span>
                </a>
                <a class="rail__item" href="/trash" aria-current=drawn(trash) title="Trash">
                    <Icon name="trash" />
                    <span class="rail__word">"Trash"</span>
                </a>
            </nav>
            <div class="rail__foot">
                <ThemeSwitch first=session.theme />
                <button
                    class="rail__item"
                    type="button"
                    title="Keyboard shortcuts"
                    aria-label="Keys: keyboard shortcuts"
                    data-key="keys"
                    on:click=handler(move |_| keys_open.set(true))
                >
                    <Icon name="keyboard" />
                    <span class="rail__word">"Keys"</span>
                </button>
                <FoldSwitch narrow=session.rail == "narrow" />
                {session
                    .user
                    .map(|user| {
                        let title = format!("Signed in as {user}");
                        view! {
                            <p class="rail__item rail__user" title=title>
                                <Icon name="user" />
                                <span class="rail__word">{user}</span>
                            </p>
                        }
                    })}
            </div>
        </header>
    }
}

#[component]
fn FoldSwitch(narrow: bool) -> impl IntoView {
    let narrow = RwSignal::new(narrow);
    let switch = move |_| {
        let next = if narrow.get() { "" } else { "narrow" };
        browser::set_root_attribute("data-rail", next);
        browser::remember("trackway_rail", next);
        narrow.set(!next.is_empty());
    };
    let label = move || if narrow.get() { "Unfold the rail" } else { "Fold the rail" };
    view! {
        <button class="rail__item rail__fold" type="button" on:click=handler(switch) aria-label=drawn(label) title=drawn(label)>
            <Icon name="rail" />
            <span class="rail__word">"Fold"</span>
        </button>
    }
}

/// Goes to the list of experiments; what `g e` does.
pub fn use_go_to_experiments() -> impl Fn() + Clone + 'static {
    let go = link::use_go();
    move || go("/experiments")
}
