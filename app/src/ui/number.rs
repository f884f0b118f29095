//! Numbers: four significant digits on the page, every digit in the tooltip and on copy.

use super::erase::view;
use crate::chart::format;
use leptos::prelude::*;

#[component]
pub fn Number(value: f64) -> impl IntoView {
    let class = if value.is_finite() { "num" } else { "num num--odd" };
    view! {
        <span class=class title=format::full(value)>
            {format::number(value)}
        </span>
    }
}

/// A number that may be absent.
#[component]
pub fn MaybeNumber(value: Option<f64>) -> impl IntoView {
    match value {
        Some(value) => view! { <Number value /> },
        None => view! { <span class="none">"–"</span> },
    }
}
