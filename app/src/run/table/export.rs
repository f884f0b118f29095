//! The menu that takes the table along: plain links to files, which work before wasm arrives, and the page as Markdown.

use super::Table;
use crate::{
    browser,
    chart::format::counted,
    frame::clock,
    pages::{self, Tool},
    run::{export, query},
    ui::{
        erase::{drawn, handler, memo, view},
        icon::Icon,
        popover::{Asleep, Popover},
        toast::Toaster,
    },
};
use leptos::{ev::MouseEvent, prelude::*};
use model::{UnixMillis, query::Field, run::RunRow};
use wasm_bindgen::JsCast;

#[component]
pub fn ExportMenu(table: Table) -> impl IntoView {
    let label = view! {
        <Icon name="download" />
        "Export"
    };
    view! {
        <Popover label>
            <Asleep part=move || pages::tool(Tool::Export(table)) />
        </Popover>
    }
}

/// What the popover holds.
#[component]
pub fn Export(table: Table) -> impl IntoView {
    let Table { feed, search, columns, selection, window, .. } = table;
    let id = feed.current.with_untracked(|runs| runs.experiment.id);
    let now = clock::now();
    let asked = memo(move || search.with(|search| query::parse(id, search)));
    let total = move || feed.current.with(|runs| runs.page.total);
    let shown = move || Some(columns.get());
    let copy = move |_| {
        let toaster = Toaster::here();
        let picked = untrack(move || selection.picked());
        let text = window.loaded.with_untracked(|loaded| {
            let wanted = |row: &&RunRow| picked.is_empty() || picked.contains(&row.run.id);
            let rows: Vec<&RunRow> = loaded.rows().filter(wanted).collect();
            let now = UnixMillis(now.get_untracked());
            let text = columns.with_untracked(|columns| export::markdown(rows.iter().copied(), columns, now));
            (!rows.is_empty()).then_some((text, rows.len() as i64))
        });
        match text {
            Some((text, count)) => {
                browser::copy(&text);
                toaster.say(format!("Copied {} as Markdown", counted(count, "row", "rows")));
            }
            None => toaster.fail("None of the selected runs is in view"),
        }
    };
    let links = move |columns: fn(Option<Vec<Field>>) -> Option<Vec<Field>>, what: &'static str| {
        let link = move |kind: &'static str, name: &'static str| {
            let href = move || asked.with(|asked| export::href(kind, asked, columns(shown()).as_deref()));
            view! {
                <a class="button" href=drawn(href) download="" aria-label=format!("{name}, {what}")>
                    <Icon name="download" />
                    {name}
                </a>
            }
        };
        view! { <div class="export__links">{link("csv", "CSV")} {link("parquet", "Parquet")}</div> }
    };
    view! {
            <div class="popover__box export" role="group" aria-label="Export" on:click=handler(close)>
                <p class="export__count">
                    {move || format!("{}, filtered and sorted as here", counted(total(), "run", "runs"))}
                </p>
                <fieldset class="popover__group">
                    <legend>"With the columns shown"</legend>
                    {links(|shown| shown, "with the columns shown")}
                </fieldset>
                <fieldset class="popover__group">
                    <legend>"With all columns"</legend>
                    {links(|_| None, "with all columns")}
                </fieldset>
                <fieldset class="popover__group export__page">
                    <legend>
                        {move || {
                            if selection.count() == 0 { "What is in view" } else { "The selected runs in view" }
                        }}
                    </legend>
                    <button class="button" type="button" on:click=handler(copy)>
                        <Icon name="copy" />
                        "Copy as Markdown"
                    </button>
                </fieldset>
            </div>
    }
}

/// Whatever was chosen, the menu has done its work.
fn close(event: MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if let Some(chosen) = target.and_then(|target| target.closest("a, button").ok().flatten())
        && let Some(details) = chosen.closest("details").ok().flatten()
    {
        details.remove_attribute("open").ok();
    }
}
