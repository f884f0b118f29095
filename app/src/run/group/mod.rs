//! The run table in groups: how many runs each has, means of the metrics that the table shows, and in place, opened by a
//! button, its runs.

mod cell;
mod picker;
pub mod query;
mod row;

pub use cell::name as group_name;
pub use picker::{GroupPicker, Groups};

use self::row::GroupRows;
use super::{
    api::{Groups, Runs},
    columns,
};
use crate::{
    feed::Feed,
    link::Query,
    ui::{
        erase::{For, drawn, effect, memo, view},
        icon::Icon,
        notice::Problem,
    },
};
use leptos::prelude::*;
use model::{
    query::{Field, GroupOrder, GroupSort, parse_group_orders},
    run::group::{GroupKey, RunGroup},
};

/// What the parts of the table share.
#[derive(Clone, Copy)]
struct Table {
    feed: Feed<Runs>,
    search: Memo<Query>,
    path: StoredValue<String>,
    /// What the runs are grouped by, as far as it tells them apart.
    keys: Memo<Vec<Field>>,
    /// What the groups have means of.
    fields: Memo<Vec<Field>>,
    best: Memo<Vec<Option<f64>>>,
    order: Memo<Vec<GroupOrder>>,
    /// Buttons work.
    awake: RwSignal<bool>,
}

impl Table {
    fn with_groups<T>(feed: Feed<Runs>, read: impl FnOnce(&Groups) -> T) -> Option<T> {
        feed.current.with(|runs| runs.groups.as_ref().map(read))
    }

    fn with_items<T: Default>(feed: Feed<Runs>, read: impl FnOnce(&[RunGroup]) -> T) -> T {
        Self::with_groups(feed, |groups| read(&groups.page.items)).unwrap_or_default()
    }
}

#[component]
pub fn GroupTable(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let of_first = |items: &[RunGroup]| items.first().map(|group| group.keys.clone()).unwrap_or_default();
    let keys = memo(move || {
        let keys = Table::with_items(feed, of_first);
        keys.into_iter().map(|key| key.field).collect::<Vec<_>>()
    });
    let fields = memo(move || Table::with_groups(feed, |groups| groups.fields.clone()).unwrap_or_default());
    let best = memo(move || fields.with(|fields| Table::with_items(feed, |items| cell::best(items, fields))));
    let order = memo(move || {
        Table::with_groups(feed, |groups| parse_group_orders(&groups.sort).unwrap_or_default())
            .unwrap_or_default()
    });
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let path = StoredValue::new(path);
    let table = Table { feed, search, path, keys, fields, best, order, awake };
    let failed = Signal::derive(move || Table::with_groups(feed, |groups| groups.failed.clone()).flatten());
    let groups = move || {
        let keys = |group: &RunGroup| group.keys.clone();
        Table::with_items(feed, |items| items.iter().map(keys).collect::<Vec<Vec<GroupKey>>>())
    };
    view! {
        <Problem error=failed />
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of groups">
            <table class="table run-table group-table" data-key="rows">
                <caption class="hidden">"Groups of runs"</caption>
                <thead>
                    <Head table />
                </thead>
                <For each=groups key=|keys| keys.clone() children=move |keys| view! { <GroupRows table keys /> } />
            </table>
        </div>
    }
}

#[component]
fn Head(table: Table) -> impl IntoView {
    let Table { keys, fields, .. } = table;
    let key = move |(place, field): (usize, Field)| {
        let class = if place == 0 { "run-table__name" } else { "run-table__logged" };
        let (name, kind) = (columns::name(&field), columns::kind(&field));
        view! { <ColumnHead table by=GroupSort::Field(field) name kind class /> }
    };
    let mean = move |field: Field| {
        let (name, kind) = (columns::name(&field), format!("mean of {}", columns::kind(&field)));
        view! { <ColumnHead table by=GroupSort::Field(field) name kind class="run-table__logged" /> }
    };
    let keys = move || {
        let keys = keys.get();
        if keys.is_empty() {
            view! {
                <th scope="col" class="run-table__name">
                    "Group"
                </th>
            }
        } else {
            keys.into_iter().enumerate().map(key).collect_view().into_any()
        }
    };
    view! {
        <tr>
            <th scope="col" class="cell-check">
                <span class="hidden">"Open"</span>
            </th>
            {move || keys()}
            <ColumnHead table by=GroupSort::Count name="n" kind="runs" class="run-table__logged" />
            {move || fields.get().into_iter().map(mean).collect_view()}
        </tr>
    }
}

/// The head of a column: a click sorts by it.
#[component]
fn ColumnHead(
    table: Table,
    by: GroupSort,
    #[prop(into)] name: String,
    #[prop(into)] kind: String,
    class: &'static str,
) -> impl IntoView {
    let Table { search, path, order, .. } = table;
    let by = StoredValue::new(by);
    let href = move || {
        let query =
            by.with_value(|by| order.with(|order| search.with(|search| query::sort_by(search, order, by))));
        path.with_value(|path| query.href(path))
    };
    let place = memo(move || {
        let of_this = |order: &&GroupOrder| by.with_value(|by| order.by == *by);
        order.with(|order| order.first().filter(of_this).map(|order| !order.descending))
    });
    let aria = move || place.get().map(|up| if up { "ascending" } else { "descending" });
    let title = format!("{name}: click to sort");
    view! {
        <th scope="col" class=class aria-sort=drawn(aria)>
            <a class="sort-head" href=drawn(href) data-noscroll="" title=title>
                <span class="sort-head__kind">{kind}</span>
                <span class="sort-head__name">{name}</span>
                {move || place.get().map(|up| view! { <Icon name=if up { "up" } else { "down" } /> })}
            </a>
        </th>
    }
}
