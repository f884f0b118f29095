//! The view taken along: its table as a CSV file, and as Markdown for a message or an issue.

use super::api::{Look, Shown};
use crate::{
    browser,
    run::export,
    ui::{icon::Icon, toast::Toaster},
};
use leptos::prelude::*;
use model::compare::Grid;

/// The view's table as texts; none when it has none.
fn grid(look: &Look) -> Option<(Grid, bool)> {
    Some(match &look.shown {
        Shown::Table(table) | Shown::Code { table, .. } | Shown::Files { table, .. } => {
            (Grid::from(table), false)
        }
        Shown::Metrics(table) | Shown::Summary { metrics: table, .. } => (Grid::from(table), true),
        Shown::Changes(Some(changes)) => (Grid::from(&**changes), false),
        Shown::Groups { found: Some(groups), .. } => (Grid::from(&**groups), true),
        Shown::Changes(None) | Shown::Groups { found: None, .. } | Shown::Curves(_) | Shown::Notes { .. } => {
            return None;
        }
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
    let copy = move |_| {
        let toaster = Toaster::here();
        if let Some((grid, numbers)) = look.with_untracked(grid) {
            browser::copy(&export::grid(&grid.head, &grid.rows, numbers));
            toaster.say("Copied the table as Markdown");
        }
    };
    let has_grid = move || look.with(|look| grid(look).is_some_and(|(grid, _)| !grid.rows.is_empty()));
    view! {
        {csv}
        <Show when=has_grid>
            <button class="button" type="button" on:click=copy>
                <Icon name="copy" />
                "Copy as Markdown"
            </button>
        </Show>
    }
}
