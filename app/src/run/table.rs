//! The table of an experiment's runs: sorted by links, selected for comparison, kept current in place.

use super::{
    api::Runs,
    columns::{self, Column},
    query,
};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    ui::{
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Problem},
        number::Number,
        pager::Pager,
        popover::Popover,
        run_color,
        sort::SortHead,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use model::{
    RunId, limits,
    run::{RunRow, RunSort},
};
use std::collections::BTreeMap;
use wasm_bindgen::JsCast;
use web_sys::HtmlFormElement;

/// What the parts of the table share.
#[derive(Clone, Copy)]
struct Table {
    feed: Feed<Runs>,
    search: Memo<Query>,
    path: StoredValue<String>,
    columns: Memo<Vec<Column>>,
    best: Memo<BTreeMap<String, f64>>,
    /// In the order they were picked: the first is what the others are compared with.
    selected: RwSignal<Vec<RunId>>,
}

#[component]
pub fn RunTable(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let columns = Memo::new(move |_| {
        search
            .with(query::columns)
            .unwrap_or_else(|| feed.current.with(|runs| columns::preset(&runs.page.items)))
    });
    let best = Memo::new(move |_| {
        columns.with(|columns| feed.current.with(|runs| columns::best_values(&runs.page.items, columns)))
    });
    let path = StoredValue::new(path);
    let table = Table { feed, search, path, columns, best, selected: RwSignal::new(Vec::new()) };
    let nothing = Memo::new(move |_| feed.current.with(|runs| runs.page.items.is_empty()));
    let total = Signal::derive(move || feed.current.with(|runs| runs.page.total));
    view! {
        <div class="toolbar">
            <Filter table />
            <ColumnPicker table />
            <CompareButton table />
        </div>
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || if nothing.get() { view! { <NothingFound table /> }.into_any() } else { view! { <Rows table /> }.into_any() }}
            <Pager path=path.get_value() query=search total />
        </div>
    }
}

#[component]
fn Filter(table: Table) -> impl IntoView {
    let Table { search, path, .. } = table;
    let status =
        move |word: &'static str| search.with(|query| query.get("status").unwrap_or_default() == word);
    let option = move |word: &'static str| {
        view! {
            <option value=word selected=move || status(word) prop:selected=move || status(word)>
                {word}
            </option>
        }
    };
    view! {
        <FilterForm path=path.get_value() search label="Search run name or id">
            <div class="field field--inline">
                <label class="field__label" for="filter-status">"Status"</label>
                <select id="filter-status" name="status" class="select">
                    <option value="" selected=move || status("") prop:selected=move || status("")>"any"</option>
                    {query::statuses().map(option).collect_view()}
                </select>
            </div>
            <Hidden search except=&["search", "status", "offset"] />
        </FilterForm>
    }
}

/// Which columns are shown: a form in a popover, so that it works before wasm arrives.
#[component]
fn ColumnPicker(table: Table) -> impl IntoView {
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

/// Submits the table's form: without wasm a plain GET with the ticked runs, with it a link of our own.
#[component]
fn CompareButton(table: Table) -> impl IntoView {
    let count = move || table.selected.with(Vec::len);
    let awake = RwSignal::new(false);
    Effect::new(move || awake.set(true));
    let off = move || awake.get() && !(2..=limits::COMPARE_RUNS_MAX).contains(&count());
    let title = move || match count() {
        0 | 1 => "Select at least two runs".to_owned(),
        many if many > limits::COMPARE_RUNS_MAX => format!("At most {} runs", limits::COMPARE_RUNS_MAX),
        _ => "Compare the selected runs".to_owned(),
    };
    view! {
        <button
            class="button button--primary"
            type="submit"
            form="run-table"
            data-key="compare"
            disabled=off
            title=title
        >
            <Icon name="compare" />
            "Compare"
            {move || (count() > 0).then(|| view! { <span class="button__count num">{count()}</span> })}
        </button>
    }
}

#[component]
fn NothingFound(table: Table) -> impl IntoView {
    let narrowed = move || table.search.with(query::narrows);
    move || {
        if narrowed() {
            view! {
                <Empty icon="search" title="No run matches">
                    <p>
                        <a class="button" href=table.path.get_value()>
                            "Clear all filters"
                        </a>
                    </p>
                </Empty>
            }
            .into_any()
        } else {
            let id = table.feed.current.with_untracked(|runs| runs.experiment.id);
            view! { <crate::experiment::FirstRun experiment=id /> }.into_any()
        }
    }
}

#[component]
fn Rows(table: Table) -> impl IntoView {
    let go = link::use_go();
    let compare = move |event: SubmitEvent| {
        event.prevent_default();
        go(&compare_link(&table.selected.get_untracked()));
    };
    let ids = move || {
        table
            .feed
            .current
            .with(|runs| runs.page.items.iter().map(|row| row.run.id.clone()).collect::<Vec<_>>())
    };
    view! {
        <form id="run-table" method="get" action="/compare" on:submit=compare>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Table of runs">
                <table class="table run-table" data-key="rows">
                    <caption class="hidden">"Runs"</caption>
                    <thead>
                        <Head table />
                    </thead>
                    <tbody>
                        <For each=ids key=|id| id.clone() children=move |id| view! { <Row table id /> } />
                    </tbody>
                </table>
            </div>
        </form>
    }
}

/// The page that compares these runs.
pub fn compare_link(ids: &[RunId]) -> String {
    let ids: Vec<_> = ids.iter().map(RunId::as_str).collect();
    Query::default().with("runs", ids.join(",")).href("/compare")
}

#[component]
fn Head(table: Table) -> impl IntoView {
    let head = move |name: String, sort: RunSort, class: &'static str| {
        let wanted = sort.clone();
        let href = Signal::derive(move || {
            table.path.with_value(|path| table.search.with(|query| query::sort_by(query, &wanted).href(path)))
        });
        let ascending = Signal::derive(move || {
            let now = table.search.with(|query| query::parse(model::ExperimentId::DEFAULT, query));
            (now.sort == sort).then(|| query::from_small(&sort) != now.reverse)
        });
        view! { <SortHead name href ascending class /> }
    };
    let logged = move |column: Column| head(column.key().to_owned(), column.sort(), "run-table__logged");
    let width = move |metric: bool| {
        table
            .columns
            .with(|columns| columns.iter().filter(|one| matches!(one, Column::Metric(_)) == metric).count())
    };
    let group = move |title: &'static str, metric: bool| {
        let width = width(metric);
        (width > 0).then(|| {
            view! {
                <th scope="colgroup" colspan=width.to_string() class="run-table__group">
                    {title}
                </th>
            }
        })
    };
    view! {
        <tr class="run-table__groups">
            <td colspan="6"></td>
            {move || group("Params", false)}
            {move || group("Metrics", true)}
        </tr>
        <tr>
            <th scope="col" class="cell-check">
                <SelectAll table />
            </th>
            {head("Run".to_owned(), RunSort::Name, "run-table__name")}
            {head("Status".to_owned(), RunSort::Status, "")}
            {head("Started".to_owned(), RunSort::Created, "")}
            {head("Duration".to_owned(), RunSort::Duration, "cell-num")}
            <th scope="col">"User"</th>
            {move || table.columns.get().into_iter().map(logged).collect_view()}
        </tr>
    }
}

#[component]
fn SelectAll(table: Table) -> impl IntoView {
    let shown = move || {
        table
            .feed
            .current
            .with(|runs| runs.page.items.iter().map(|row| row.run.id.clone()).collect::<Vec<_>>())
    };
    let all = move || table.selected.with(|selected| shown().iter().all(|id| selected.contains(id)));
    let toggle = move |_| {
        let (ids, clear) = (shown(), all());
        table.selected.update(|selected| {
            selected.retain(|id| !ids.contains(id));
            if !clear {
                selected.extend(ids);
            }
        });
    };
    view! { <input type="checkbox" aria-label="Select all runs on this page" prop:checked=all on:change=toggle /> }
}

#[component]
fn Row(table: Table, id: RunId) -> impl IntoView {
    let wanted = id.clone();
    let row = Memo::new(move |last: Option<&RunRow>| {
        let found =
            table.feed.current.with(|runs| runs.page.items.iter().find(|row| row.run.id == wanted).cloned());
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for a run in the table")
    });
    let picked = id.clone();
    let selected = Memo::new(move |_| table.selected.with(|selected| selected.contains(&picked)));
    let value = id.to_string();
    let toggle = move |_| {
        let id = id.clone();
        table.selected.update(|selected| match selected.iter().position(|one| *one == id) {
            Some(at) => {
                selected.remove(at);
            }
            None => selected.push(id),
        });
    };
    let name = move || row.with(|row| row.run.name.clone());
    let cells = move || {
        table.columns.get().into_iter().map(|column| view! { <Cell table row column /> }).collect_view()
    };
    view! {
        <tr data-selected=move || selected.get().to_string()>
            <td class="cell-check">
                <input
                    type="checkbox"
                    name="run"
                    value=value
                    aria-label=move || format!("Select {}", name())
                    prop:checked=selected
                    on:change=toggle
                />
            </td>
            <th scope="row" class="run-table__name">
                <span class=move || format!("swatch {}", row.with(|row| run_color(row.run.number)))></span>
                <a class="row-link" data-key="open" href=row.with_untracked(|row| format!("/runs/{}", row.run.id)) title=name>
                    {name}
                </a>
            </th>
            <td>
                <RunState status=Signal::derive(move || row.with(|row| row.run.status)) />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|row| row.run.started_at_ms.unwrap_or(row.run.created_at_ms))) />
            </td>
            <td class="cell-num">
                <Took
                    from=Signal::derive(move || row.with(|row| row.run.started_at_ms))
                    to=Signal::derive(move || row.with(|row| row.run.ended_at_ms))
                />
            </td>
            <td class="run-table__user">{move || row.with(|row| row.run.user.clone())}</td>
            {cells}
        </tr>
    }
}

/// A param or the last value of a metric.
#[component]
fn Cell(table: Table, row: Memo<RunRow>, column: Column) -> impl IntoView {
    match column {
        Column::Param(key) => {
            let value = Memo::new(move |_| row.with(|row| row.params.get(&key).cloned()));
            (move || {
                value.get().map_or_else(
                    || view! { <td class="none">"–"</td> }.into_any(),
                    |value| {
                        let class =
                            if value.number().is_some() { "cell-num mono" } else { "cell-param mono" };
                        let text = value.to_string();
                        let title = text.clone();
                        view! {
                            <td class=class title=title>
                                {text}
                            </td>
                        }
                        .into_any()
                    },
                )
            })
            .into_any()
        }
        Column::Metric(key) => {
            let metric = key.clone();
            let value = Memo::new(move |_| row.with(|row| Some(row.metrics.get(&key)?.last)));
            let best = Memo::new(move |_| {
                let best = table.best.with(|best| best.get(&metric).copied());
                value.get().is_some_and(|value| Some(value.0) == best)
            });
            (move || {
                value.get().map_or_else(
                    || view! { <td class="none cell-num">"–"</td> }.into_any(),
                    |value| metric_cell(value.0, best.get()).into_any(),
                )
            })
            .into_any()
        }
    }
}

fn metric_cell(value: f64, best: bool) -> impl IntoView {
    let title = if best { format!("{}, the best here", format::full(value)) } else { format::full(value) };
    view! {
        <td class="cell-num" class=("cell-best", best) title=title>
            <Number value />
            {best.then(|| view! { <span class="hidden">" best"</span> })}
        </td>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_keeps_the_order_of_selection() {
        let id = |digit: char| digit.to_string().repeat(32).parse::<RunId>().expect("32 hex digits");
        assert_eq!(compare_link(&[id('b'), id('a')]), format!("/compare?runs={},{}", id('b'), id('a')));
    }
}
