//! The table of an experiment's runs: sorted by links, selected for comparison, kept current in place.

mod picker;
mod row;

use self::{picker::ColumnPicker, row::Row};
use super::{
    api::Runs,
    columns::{self, Column},
    query,
};
use crate::{
    feed::Feed,
    link::{self, Query},
    ui::{
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Problem},
        pager::Pager,
        sort::SortHead,
    },
};
use leptos::{ev::SubmitEvent, prelude::*};
use model::{RunId, limits, run::RunSort};
use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_keeps_the_order_of_selection() {
        let id = |digit: char| digit.to_string().repeat(32).parse::<RunId>().expect("32 hex digits");
        assert_eq!(compare_link(&[id('b'), id('a')]), format!("/compare?runs={},{}", id('b'), id('a')));
    }
}
