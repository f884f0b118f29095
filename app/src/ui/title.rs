//! What the browser's tab says.

use crate::ui::erase::view;
use leptos::{prelude::*, text_prop::TextProp};

/// What a page is, and whose. There is none around the pages: when one wakes before the page in it does, the tab is empty
/// until then.
#[component]
pub fn Title(#[prop(into)] text: TextProp) -> impl IntoView {
    view! { <leptos_meta::Title text=move || format!("{} · Trackway", text.get()) /> }
}
