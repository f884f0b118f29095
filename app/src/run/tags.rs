//! Tags of a run, edited in place: each can be taken away, and a field adds more.

use super::{RunView, api};
use crate::{
    frame::session::Session,
    ui::{
        erase::{handler, memo, view},
        icon::Icon,
        tag::TagList,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use model::{Tags, run::RunUpdate};

#[component]
pub fn Editor(view: RunView) -> impl IntoView {
    let tags = memo(move || view.detail.current.with(|detail| detail.run.tags.clone()));
    if !Session::current().may_edit() {
        let none =
            move || tags.with(|tags| tags.0.is_empty()).then(|| view! { <span class="none">"–"</span> });
        return view! {
            <TagList tags />
            {move || none()}
        };
    }
    let toaster = Toaster::here();
    let send = move |update: RunUpdate| {
        if let Err(error) = update.check() {
            toaster.fail(error.to_string());
            return;
        }
        spawn_local(async move {
            match api::update(view.id(), update).await {
                Ok(run) => view.detail.current.update(|detail| detail.run = run),
                Err(error) => toaster.fail(error.to_string()),
            }
        });
    };
    let one = move |(key, value): (String, String)| {
        let label = if value.is_empty() { key.clone() } else { format!("{key}: {value}") };
        let away = format!("Remove tag {label}");
        let take = move |_| send(RunUpdate { remove_tags: vec![key.clone()], ..RunUpdate::default() });
        view! {
            <li class="tag tag--edited">
                {label}
                <button class="tag__away" type="button" aria-label=away on:click=handler(take)>
                    <Icon name="cross" />
                </button>
            </li>
        }
    };
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let tags = Tags::parse_line(&input.value());
        if !tags.0.is_empty() {
            send(RunUpdate { tags, ..RunUpdate::default() });
            input.set_value("");
        }
    };
    view! {
        <ul class="tags" aria-label="Tags of this run">
            {move || tags.get().0.into_iter().map(one).collect_view()}
        </ul>
        <form class="tag-add" on:submit=handler(submit)>
            <input
                class="tag-add__input"
                node_ref=input
                type="text"
                autocomplete="off"
                aria-label="Add tags"
                title="Enter adds; commas part tags, a value stands after a colon"
                placeholder="Add: baseline, phase: test"
            />
        </form>
    }
}
