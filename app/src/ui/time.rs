//! Times: relative on the page, absolute in the tooltip, kept current by the frame's clock.

use super::erase::{drawn, memo, view};
use crate::{chart::format, frame::clock};
use leptos::prelude::*;
use model::UnixMillis;

/// How long ago something happened.
#[component]
pub fn Ago(#[prop(into)] at: Signal<UnixMillis>) -> impl IntoView {
    let now = clock::now();
    let shown = memo(move || (at.get().0, format::ago(at.get().0, now.get())));
    drawn(move || {
        let (at, text) = shown.get();
        view! {
            <time class="time" datetime=format::iso(at) title=format::utc(at)>
                {text}
            </time>
        }
    })
}

/// How long something took, or has been taking.
#[component]
pub fn Took(
    #[prop(into)] from: Signal<Option<UnixMillis>>,
    #[prop(into)] to: Signal<Option<UnixMillis>>,
) -> impl IntoView {
    let now = clock::now();
    let text = memo(move || {
        let Some(from) = from.get() else {
            return "–".to_owned();
        };
        let to = to.get().map_or_else(|| now.get(), |to| to.0);
        format::duration(to - from.0)
    });
    view! { <span class="num">{text}</span> }
}
