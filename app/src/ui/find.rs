//! A field in which a person looks for something in a longer list: what it says counts once they pause.

use super::erase::{handler, view};
use leptos::{ev, prelude::*};
use std::time::Duration;

/// A pause of a person who types.
const PAUSE: Duration = Duration::from_millis(150);

#[component]
pub fn Find(placeholder: &'static str, label: &'static str, on_find: Callback<String>) -> impl IntoView {
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |event: ev::Event| {
        let text = event_target_value(&event);
        if let Some(timer) = waiting.get_value() {
            timer.clear();
        }
        let send = move || on_find.run(text.clone());
        waiting.set_value(set_timeout_with_handle(send, PAUSE).ok());
    };
    view! {
        <input
            class="input"
            type="search"
            placeholder=placeholder
            aria-label=label
            autocomplete="off"
            on:input=handler(typed)
        />
    }
}
