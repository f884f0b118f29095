//! What the overview tells of a run's environment: where the code came from, the command, the machine.

use super::{
    api::{self, Told},
    facts, tab,
};
use crate::{
    feed::Feed,
    run::RunView,
    ui::erase::{drawn, memo, view, watch},
};
use leptos::prelude::*;

/// Rows of a list of facts. `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Summary(view: RunView, first: Option<Told>) -> impl IntoView {
    let input = memo(move || view.id());
    let (feed, _) = Feed::soon(first, input, |run_id| api::get(run_id, false));
    watch(move || view.told.get(), move |_, _| feed.refresh());
    let told = memo(move || feed.current.with(|told| told.environment.clone()));
    drawn(move || {
        told.with(|told| {
            let host = facts::host(told).map(|host| {
                view! {
                    <dt>"Host"</dt>
                    <dd class="mono">{host}</dd>
                }
            });
            view! {
                {facts::source(told).map(|source| tab::origin(view, source))}
                {tab::command(told)}
                {host}
            }
        })
    })
}
