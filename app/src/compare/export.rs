//! The comparison taken along: all of it as one file, its view's table as a CSV file, and as Markdown for a message or an issue.

use super::api::{Look, Shown};
use crate::{
    browser,
    link::Query,
    metric::HIDDEN,
    run::export,
    ui::{
        erase::{Show, drawn, handler, view},
        icon::Icon,
        toast::Toaster,
    },
};
use leptos::{ev::MouseEvent, prelude::*};
use model::compare::Grid;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// The view's table as texts; none when it has none.
fn grid(look: &Look) -> Option<(Grid, bool)> {
    Some(match &look.shown {
        Shown::Table(table) | Shown::Code { table, .. } | Shown::Files { table, .. } => {
            (Grid::from(table), false)
        }
        Shown::Metrics(table) | Shown::Summary { metrics: table, .. } => (Grid::from(table), true),
        Shown::Changes(Some(changes)) => (Grid::from(&**changes), false),
        Shown::Groups { found: Some(groups), .. } => (Grid::from(&**groups), true),
        Shown::Changes(None)
        | Shown::Groups { found: None, .. }
        | Shown::Curves(_)
        | Shown::Picture(_)
        | Shown::Notes { .. } => return None,
    })
}

#[component]
pub fn Export(look: Signal<Look>) -> impl IntoView {
    let csv = move || {
        look.with(|look| look.wanted.csv()).map(|href| {
            view! {
                <a class="button" href=href download="" rel="external">
                    <Icon name="download" />
                    "CSV"
                </a>
            }
        })
    };
    let whole = move || look.with(|look| look.wanted.html(std::iter::empty()));
    // Which curves are hidden is known to the address alone, and changes without the router.
    let without_hidden = move |event: MouseEvent| {
        let query = Query::parse(browser::search().trim_start_matches('?'));
        let href = look.with_untracked(|look| look.wanted.html(query.all(HIDDEN)));
        if let Some(link) = event.current_target().and_then(|link| link.dyn_into::<Element>().ok()) {
            link.set_attribute("href", &href).ok();
        }
    };
    let copy = move |_| {
        let toaster = Toaster::here();
        if let Some((grid, numbers)) = look.with_untracked(grid) {
            browser::copy(&export::grid(&grid.head, &grid.rows, numbers));
            toaster.say("Copied the table as Markdown");
        }
    };
    let has_grid = move || look.with(|look| grid(look).is_some_and(|(grid, _)| !grid.rows.is_empty()));
    view! {
        <a
            class="button"
            href=drawn(whole)
            download=""
            rel="external"
            title="The whole comparison as one file that opens without a server"
            on:click=handler(without_hidden)
        >
            <Icon name="download" />
            "HTML"
        </a>
        {move || csv()}
        <Show when=has_grid>
            <button class="button" type="button" on:click=handler(copy)>
                <Icon name="copy" />
                "Copy as Markdown"
            </button>
        </Show>
    }
}
