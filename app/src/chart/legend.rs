//! The names of a chart's lines: they lift their curve, and hide it on a click.

use super::{
    line::Line,
    plot::{Focus, Lines, View},
};
use crate::ui::erase::{Show, drawn, handler, memo, view};
use leptos::prelude::*;

/// Names shown at once; with more, the table or the pointer's box tells lines apart better.
const NAMES_MAX: usize = 24;

#[component]
pub fn Legend(lines: Signal<Lines>, view: View) -> impl IntoView {
    let entries = memo(move || {
        lines.with(|lines| {
            let entry =
                |line: &Line| (line.owner.clone(), line.id.clone(), line.name.clone(), line.color, line.dash);
            lines.iter().flat_map(|lines| lines.iter().map(entry)).collect::<Vec<_>>()
        })
    });
    let more = move || {
        let more = entries.with(Vec::len).saturating_sub(NAMES_MAX);
        (more > 0).then(|| view! { <li class="legend__more">{format!("and {more} more")}</li> })
    };
    let one = move |(owner, id, name, color, dash): (String, String, String, u8, u8)| {
        let focus = StoredValue::new(Focus::on_line(&owner, &id));
        let id = StoredValue::new(id);
        let is_shown = move || view.hidden.with(|hidden| id.with_value(|id| !hidden.contains(id)));
        let lifted = move || {
            let lifts = |on: &Focus| id.with_value(|id| on.is_on(&owner, id));
            view.focus.with(|focus| focus.as_ref().is_some_and(lifts))
        };
        let toggle = move |_| {
            view.hidden.update(|hidden| {
                let id = id.get_value();
                if !hidden.remove(&id) {
                    hidden.insert(id);
                }
            });
        };
        let lift = move || view.focus.set(Some(focus.get_value()));
        let drop = move || view.focus.set(None);
        let title = format!("{name}: show or hide");
        view! {
            <li>
                <button
                    class="legend__name"
                    class:legend__name--lifted=drawn(lifted)
                    type="button"
                    aria-pressed=move || is_shown().to_string()
                    title=title
                    on:click=handler(toggle)
                    on:pointerenter=handler(move |_| lift())
                    on:pointerleave=handler(move |_| drop())
                    on:focus=handler(move |_| lift())
                    on:blur=handler(move |_| drop())
                >
                    <span class=format!("legend__key legend__key--{dash} run-color-{color}")></span>
                    <span class="legend__word">{name}</span>
                </button>
            </li>
        }
    };
    view! {
        <Show when=move || { entries.with(Vec::len) > 1 }>
            <ul class="legend" aria-label="Lines">
                {move || entries.get().into_iter().take(NAMES_MAX).map(one).collect_view()}
                {move || more()}
            </ul>
        </Show>
    }
}
