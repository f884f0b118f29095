//! The way into the search: a link to its page that opens the dialog once the page has woken.

use super::PATH;
use crate::ui::{
    erase::{effect, handler, view},
    icon::Icon,
};
use leptos::{ev::MouseEvent, prelude::*};

/// Whether the dialog is open; provided by the frame.
#[derive(Clone, Copy)]
pub struct SearchOpen(pub RwSignal<bool>);

#[component]
pub fn SearchButton() -> impl IntoView {
    let open = expect_context::<SearchOpen>().0;
    let key = RwSignal::new("Ctrl K");
    effect(move || {
        if window().navigator().platform().is_ok_and(|name| name.starts_with("Mac")) {
            key.set("⌘ K");
        }
    });
    let click = move |event: MouseEvent| {
        // With Ctrl or a middle click the page opens in a tab of its own.
        if !event.ctrl_key() && !event.meta_key() && !event.shift_key() {
            event.prevent_default();
            event.stop_propagation();
            open.set(true);
        }
    };
    view! {
        <a
            class="search-open"
            href=PATH
            aria-haspopup="dialog"
            aria-keyshortcuts="Control+K Meta+K"
            title="Search everything"
            on:click=handler(click)
        >
            <Icon name="search" />
            <span class="search-open__word">"Search"</span>
            <span class="hidden">" everything"</span>
            <kbd aria-hidden="true">{key}</kbd>
        </a>
    }
}
