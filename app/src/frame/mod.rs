//! The frame around every page: rail, banner, messages, keys.

pub mod clock;
pub mod crumbs;
mod foreign;
mod keys;
mod rail;
pub mod session;
pub mod theme;

use crate::{
    live::{Line, LineState},
    search::{SearchDialog, SearchOpen},
    ui::{
        erase::{Show, effect, view},
        icon::Icon,
        notice::{AllExperiments, Empty},
        title::Title,
        toast::{Toaster, Toasts},
    },
};
use leptos::{ev, prelude::*};

#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let state = LineState::provide();
    let toaster = Toaster::provide();
    let keys_open = RwSignal::new(false);
    let search_open = RwSignal::new(false);
    provide_context(SearchOpen(search_open));
    keys::listen(keys_open, search_open);
    foreign::follow();
    view! {
        // The browser, not the router, must follow this link: it moves the keyboard, too.
        <a class="skip" href="#main" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <rail::Rail keys_open />
            <div class="frame__body">
                <Banner state />
                <main id="main" class="main" tabindex="-1">
                    {children()}
                </main>
            </div>
            <Toasts toaster />
            <keys::KeyList open=keys_open />
            <SearchDialog open=search_open />
        </div>
    }
}

/// Says that the page may be stale; what is shown stays.
#[component]
fn Banner(state: LineState) -> impl IntoView {
    effect(move || {
        let gone = window_event_listener(ev::offline, move |_| state.cut.set(true));
        let back = window_event_listener(ev::online, move |_| state.cut.set(false));
        on_cleanup(move || {
            gone.remove();
            back.remove();
        });
    });
    let shown = move || state.cut.get() || state.now() == Some(Line::Lost);
    view! {
        <div role="status">
            <Show when=shown>
                <p class="banner">
                    <Icon name="offline" />
                    "The server cannot be reached. The page shows what it last knew and reconnects by itself."
                </p>
            </Show>
        </div>
    }
}

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(model::ErrorKind::NotFound);
    effect(crate::wake::end);
    view! {
        <Title text="Not found" />
        <Empty icon="search" title="There is no such page" alone=true>
            <p>"The address may be mistyped or belong to another version of Trackway."</p>
            <p>
                <AllExperiments />
            </p>
        </Empty>
    }
}
