//! A button that copies a text and says so.

use super::{
    erase::{drawn, handler, view},
    icon::Icon,
};
use crate::browser;
use leptos::prelude::*;
use std::time::Duration;

/// Copies `text`. `what` names it: "run id".
#[component]
pub fn Copy(#[prop(into)] text: Signal<String>, what: &'static str) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        browser::copy(&text.get());
        copied.set(true);
        set_timeout(
            move || {
                copied.try_set(false);
            },
            Duration::from_secs(2),
        );
    };
    let label = move || if copied.get() { "Copied".to_owned() } else { format!("Copy {what}") };
    view! {
        <button class="button button--icon" type="button" on:click=handler(copy) aria-label=drawn(label) title=drawn(label)>
            {move || view! { <Icon name=if copied.get() { "check" } else { "copy" } /> }}
        </button>
    }
}
