//! The table of an experiment's runs: sorted by links, selected for comparison, kept current in place.

mod actions;
mod picker;
mod query_bar;
mod row;

use self::{actions::Actions, picker::ColumnPicker, query_bar::QueryBar, row::Row};
use super::{
    api::Runs,
    columns,
    group::{GroupPicker, GroupTable},
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
    },
};
use leptos::{
    ev::{DragEvent, MouseEvent, SubmitEvent},
    prelude::*,
};
use model::{
    RunId, limits,
    query::{Attribute, Field},
};
use std::collections::BTreeMap;

/// What the parts of the table share.
#[derive(Clone, Copy)]
struct Table {
    feed: Feed<Runs>,
    search: Memo<Query>,
    path: StoredValue<String>,
    columns: Memo<Vec<Field>>,
    best: Memo<BTreeMap<Field, f64>>,
    /// In the order they were picked: the first is what the others are compared with.
    selected: RwSignal<Vec<RunId>>,
    /// Everything that matches is selected, on every page.
    all: RwSignal<bool>,
}

impl Table {
    /// Goes to the same view with other columns.
    fn show(self) -> impl Fn(Vec<Field>) + Clone + 'static {
        let go = link::use_go();
        let Self { search, path, .. } = self;
        move |columns: Vec<Field>| {
            let query = query::with_columns(&search.get_untracked(), &columns);
            go(&path.with_value(|path| query.href(path)));
        }
    }
}

#[component]
pub fn RunTable(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let columns = Memo::new(move |_| feed.current.with(|runs| runs.columns.clone()));
    let best = Memo::new(move |_| {
        columns.with(|columns| feed.current.with(|runs| columns::best_values(&runs.page.items, columns)))
    });
    let path = StoredValue::new(path);
    let table = Table {
        feed,
        search,
        path,
        columns,
        best,
        selected: RwSignal::new(Vec::new()),
        all: RwSignal::new(false),
    };
    let nothing = Memo::new(move |_| feed.current.with(Runs::is_empty));
    let grouped = Memo::new(move |_| feed.current.with(|runs| runs.groups.is_some()));
    let total = Signal::derive(move || feed.current.with(Runs::total));
    let rows = move || match (nothing.get(), grouped.get()) {
        (true, _) => view! { <NothingFound table /> }.into_any(),
        (_, true) => view! { <GroupTable feed search path=path.get_value() /> }.into_any(),
        _ => view! { <Rows table /> }.into_any(),
    };
    view! {
        <div class="toolbar">
            <Filter table />
            <ColumnPicker table />
            <GroupPicker feed search path=path.get_value() />
            {move || (!grouped.get()).then(|| view! { <CompareButton table /> })}
        </div>
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {rows}
            <Pager path=path.get_value() query=search total />
        </div>
        <Actions table />
    }
}

#[component]
fn Filter(table: Table) -> impl IntoView {
    let Table { search, path, .. } = table;
    let status =
        move |word: &'static str| search.with(|query| query.get("status").unwrap_or_default() == word);
    let in_trash = move || search.with(|query| query.get("trash") == Some("only"));
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
            <select name="trash" class="select" aria-label="Runs or trash">
                <option value="" selected=move || !in_trash() prop:selected=move || !in_trash()>"runs"</option>
                <option value="only" selected=in_trash prop:selected=in_trash>"trash"</option>
            </select>
            <QueryBar table />
            <Hidden search except=&["search", "filter", "status", "trash", "offset"] />
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

/// The head of a column: a click sorts by it, with shift as well by it; dragging it moves the column.
#[component]
fn ColumnHead(
    table: Table,
    field: Field,
    #[prop(into)] name: String,
    #[prop(optional)] kind: &'static str,
    #[prop(optional)] class: &'static str,
    /// The column that is being dragged, of those that may be.
    #[prop(optional)]
    dragged: Option<RwSignal<Option<Field>>>,
) -> impl IntoView {
    let Table { search, path, columns, .. } = table;
    let go = link::use_go();
    let field = StoredValue::new(field);
    let sorted = move |more: bool| {
        field.with_value(|field| {
            path.with_value(|path| search.with(|query| query::sort_by(query, field, more).href(path)))
        })
    };
    let place = Memo::new(move |_| {
        let orders = search.with(query::orders);
        // Without any, the newest comes first.
        let newest = field.with_value(|field| *field == Field::Attribute(Attribute::Created));
        if orders.is_empty() && newest {
            return Some((1, 1, false));
        }
        let at = field.with_value(|field| orders.iter().position(|order| order.field == *field))?;
        Some((at + 1, orders.len(), !orders[at].descending))
    });
    let clicked = move |event: MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
            event.stop_propagation();
            go(&sorted(true));
        }
    };
    let show = table.show();
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        let Some(moved) = dragged.and_then(|dragged| dragged.try_update(Option::take)).flatten() else {
            return;
        };
        let mut order = columns.get_untracked();
        let here = field.get_value();
        let (Some(from), Some(to)) =
            (order.iter().position(|one| *one == moved), order.iter().position(|one| *one == here))
        else {
            return;
        };
        let one = order.remove(from);
        order.insert(to, one);
        show(order);
    };
    let over = move |event: DragEvent| {
        if dragged.is_some_and(|dragged| dragged.with_untracked(Option::is_some)) {
            event.prevent_default();
        }
    };
    let aria = move || place.get().map(|(_, _, up)| if up { "ascending" } else { "descending" });
    let title = format!("{name}: click to sort, with Shift to sort by it as well");
    view! {
        <th
            scope="col"
            class=class
            aria-sort=aria
            draggable=dragged.is_some().to_string()
            on:dragstart=move |_| {
                if let Some(dragged) = dragged {
                    dragged.set(Some(field.get_value()));
                }
            }
            on:dragover=over
            on:drop=dropped
        >
            <a
                class="sort-head"
                href=move || sorted(false)
                data-noscroll=""
                title=title
                draggable="false"
                on:click=clicked
            >
                {(!kind.is_empty()).then(|| view! { <span class="sort-head__kind">{kind}</span> })}
                <span class="sort-head__name">{name}</span>
                {move || {
                    place
                        .get()
                        .map(|(at, of, up)| {
                            view! {
                                <Icon name=if up { "up" } else { "down" } />
                                {(of > 1).then(|| view! { <sub class="num">{at}</sub> })}
                            }
                        })
                }}
            </a>
        </th>
    }
}

#[component]
fn Head(table: Table) -> impl IntoView {
    let dragged = RwSignal::new(None::<Field>);
    let logged = move |field: Field| {
        let (name, kind) = (columns::name(&field), columns::kind(&field));
        view! { <ColumnHead table field name kind class="run-table__logged" dragged /> }
    };
    let head = move |name: &'static str, attribute: Attribute, class: &'static str| {
        view! { <ColumnHead table field=Field::Attribute(attribute) name class /> }
    };
    view! {
        <tr>
            <th scope="col" class="cell-check">
                <SelectAll table />
            </th>
            {head("Run", Attribute::Name, "run-table__name")}
            {head("Status", Attribute::Status, "")}
            {head("Started", Attribute::Created, "")}
            {head("Duration", Attribute::Duration, "cell-num")}
            {head("User", Attribute::User, "")}
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
