//! What a picture shows, chosen from lists.

use super::{
    Stage,
    axis::Scale,
    query::{self},
};
use crate::ui::{
    erase::{Show, drawn, handler, memo, view},
    find::Find,
};
use leptos::prelude::*;
use model::query::Field;

/// A field of the picture.
#[component]
pub(super) fn FieldChoice(
    stage: Stage,
    label: &'static str,
    /// Of the address.
    key: &'static str,
    /// What no field means, where that is possible.
    #[prop(optional)]
    none: Option<&'static str>,
) -> impl IntoView {
    let current = memo(move || stage.field(key).map(|field| field.to_string()).unwrap_or_default());
    let change = move |event| {
        let word = event_target_value(&event);
        stage.show(&stage.search.get_untracked().with(key, word));
    };
    let option = move |name: String| {
        let (word, shown) = (name.clone(), name.clone());
        let chosen = move || current.with(|current| *current == name);
        let again = chosen.clone();
        view! {
            <option value=word selected=drawn(chosen) prop:selected=again>
                {shown}
            </option>
        }
    };
    let options = move || {
        let mut names: Vec<String> = stage.options.with(|all| all.iter().map(Field::to_string).collect());
        let current = current.get();
        if !current.is_empty() && !names.contains(&current) {
            names.insert(0, current);
        }
        names.into_iter().map(option).collect_view()
    };
    view! {
        <label class="field field--inline explore__choice">
            <span class="field__label">{label}</span>
            <select class="select" on:change=handler(change)>
                {none.map(|none| view! { <option value="">{none}</option> })}
                {move || options()}
            </select>
        </label>
    }
}

/// Narrows what the choices beside it offer, where that is more than anybody looks through.
#[component]
pub(super) fn FindField(stage: Stage) -> impl IntoView {
    let on_find = Callback::new(move |text| stage.wanted.set(text));
    view! {
        <Show when=move || stage.many.get()>
            <Find placeholder="Find a field" label="Find a field to choose" on_find />
        </Show>
    }
}

/// A scale, and those that could be in its place.
pub(super) type Scaled = (Scale, &'static [(Scale, &'static str)]);

/// The scale of an axis.
#[component]
pub(super) fn ScaleChoice(
    stage: Stage,
    #[prop(into)] field: Signal<Option<Field>>,
    /// What it is drawn as, and what it could be.
    #[prop(into)]
    axis: Signal<Option<Scaled>>,
    #[prop(into)] label: String,
) -> impl IntoView {
    let change = move |event| {
        if let (Some(field), Some(scale)) = (field.get_untracked(), Scale::named(&event_target_value(&event)))
        {
            stage.show(&query::with_scale(&stage.search.get_untracked(), &field, scale));
        }
    };
    let options = move || {
        axis.get().map(|(current, scales)| {
            let option = |(scale, name): (Scale, &'static str)| {
                view! {
                    <option value=name selected=scale == current prop:selected=scale == current>
                        {name}
                    </option>
                }
            };
            scales.iter().copied().map(option).collect_view()
        })
    };
    view! {
        <select class="select" aria-label=label on:change=handler(change)>
            {move || options()}
        </select>
    }
}
