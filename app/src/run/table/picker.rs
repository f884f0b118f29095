//! Which params and metrics the run table shows: a form in a popover, so that it works before wasm arrives.

use super::Table;
use crate::{
    link,
    run::{
        columns::{self, Column},
        query,
    },
    ui::{filter::Hidden, icon::Icon, popover::Popover},
};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlFormElement;

#[component]
pub fn ColumnPicker(table: Table) -> impl IntoView {
    let Table { feed, search, path, columns, .. } = table;
    let form = NodeRef::<html::Form>::new();
    let go = link::use_go();
    let known = Memo::new(move |_| feed.current.with(|runs| columns::available(&runs.page.items)));
    let apply = move |_| {
        if let Some(form) = form.get_untracked() {
            let ticked = ticked(&form);
            go(&path.with_value(|path| query::with_columns(&search.get_untracked(), &ticked).href(path)));
        }
    };
    let option = move |column: Column| {
        let (name, key) = (column.name(), column.key().to_owned());
        let shown = Memo::new(move |_| columns.with(|columns| columns.contains(&column)));
        view! {
            <label class="check">
                <input type="checkbox" name="col" value=name checked=shown prop:checked=shown />
                <span class="mono">{key}</span>
            </label>
        }
    };
    let group = move |title: &'static str, metric: bool| {
        let one =
            move || known.get().into_iter().filter(move |one| matches!(one, Column::Metric(_)) == metric);
        view! {
            <fieldset class="popover__group">
                <legend>{title}</legend>
                {move || one().map(option).collect_view()}
            </fieldset>
        }
    };
    let preset = move || path.with_value(|path| search.get().without("cols").without("col").href(path));
    let label = view! {
        <Icon name="columns" />
        "Columns"
    }
    .into_any();
    view! {
        <Popover label>
            <form
                class="popover__box"
                method="get"
                action=path.get_value()
                node_ref=form
                on:change=apply
                aria-label="Columns"
            >
                {group("Params", false)}
                {group("Metrics", true)}
                <Hidden search except=&["col", "cols"] />
                <p class="popover__foot">
                    <a href=preset data-noscroll="">
                        "Show the usual ones"
                    </a>
                    <noscript>
                        <button class="button" type="submit">
                            "Apply"
                        </button>
                    </noscript>
                </p>
            </form>
        </Popover>
    }
}

fn ticked(form: &HtmlFormElement) -> Vec<Column> {
    let boxes = form.query_selector_all("input[name=col]:checked");
    let Ok(boxes) = boxes else { return Vec::new() };
    (0..boxes.length())
        .filter_map(|index| boxes.get(index)?.dyn_into::<web_sys::HtmlInputElement>().ok())
        .filter_map(|input| Column::parse(&input.value()))
        .collect()
}
