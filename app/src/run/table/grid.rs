//! The table itself: rows and columns near the viewport, runs that stay on top, and the keys that walk through it.

use super::{
    Table,
    head::Head,
    loaded::Slot,
    row::{Blank, PinnedRow, Row},
    window,
};
use crate::{
    browser,
    chart::format,
    link::{self, Query},
    pages::{self, Tool},
    run::{columns, query},
    ui::{
        erase::{For, drawn, effect, handler, memo, view},
        icon::Icon,
    },
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use model::{
    limits,
    query::{Attribute, Field, OrderBy},
};
use std::collections::BTreeMap;

/// Columns that every table has, after those at the left.
pub const FIXED: [Attribute; 4] =
    [Attribute::Status, Attribute::Created, Attribute::Duration, Attribute::User];
/// The column of checkboxes.
const CHECK: i32 = 36;

/// How wide columns are, in pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Widths {
    given: BTreeMap<Field, u32>,
    /// Numbers stand beside their difference to another run.
    deltas: bool,
}

impl Widths {
    pub fn new(search: &Query) -> Self {
        Self { given: query::widths(search), deltas: query::base(search).is_some() }
    }

    pub fn give(&mut self, field: Field, width: u32) {
        self.given.insert(field, width);
    }

    pub fn given(&self, field: &Field) -> Option<u32> {
        self.given.get(field).copied()
    }

    pub fn of(&self, field: &Field) -> i32 {
        let usual = || match field {
            Field::Attribute(Attribute::Name) => 272,
            Field::Attribute(Attribute::Status | Attribute::User) => 112,
            Field::Attribute(Attribute::Duration) => 92,
            Field::Attribute(_) => 116,
            field => {
                // As wide as the head, within reason: about seven pixels a letter, and the sign of the order.
                let head = 7 * columns::name(field).chars().count() as i32 + 40;
                let room = if self.deltas && !matches!(field, Field::Tag(_)) { 64 } else { 0 };
                head.clamp(96, 200) + room
            }
        };
        self.given(field).map_or_else(usual, |width| width as i32)
    }
}

/// The columns that are drawn, and the room that the others take.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    pub before: i32,
    /// With their places among all.
    pub columns: Vec<(usize, Field)>,
    pub after: i32,
}

/// What decides about columns.
#[derive(Clone, Copy)]
pub struct Layout {
    pub widths: Memo<Widths>,
    /// The width that somebody is giving a column just now.
    pub dragged: RwSignal<Option<(Field, u32)>>,
    /// At the left.
    pub left: Memo<Vec<Field>>,
    pub strip: Memo<Strip>,
    /// How many columns there are in all.
    pub count: Memo<usize>,
}

impl Layout {
    pub fn new(search: Memo<Query>, shown: Memo<Vec<Field>>, across: RwSignal<(i32, i32)>) -> Self {
        let dragged = RwSignal::new(None::<(Field, u32)>);
        let widths = memo(move || {
            let mut widths = search.with(Widths::new);
            if let Some((field, width)) = dragged.get() {
                widths.give(field, width);
            }
            widths
        });
        let left = memo(move || {
            let left = search.with(query::left);
            shown.with(|shown| left.into_iter().filter(|one| shown.contains(one)).collect::<Vec<_>>())
        });
        let strip = memo(move || {
            let left = left.get();
            let rest: Vec<Field> =
                shown.with(|shown| shown.iter().filter(|one| !left.contains(one)).cloned().collect());
            widths.with(|widths| {
                let ahead = FIXED.map(Field::Attribute);
                let name = Field::Attribute(Attribute::Name);
                let fixed =
                    ahead.iter().chain(&left).chain([&name]).map(|field| widths.of(field)).sum::<i32>();
                let (before, places, after) = window::across(&rest, widths, CHECK + fixed, across.get());
                let columns = places.map(|place| (place, rest[place].clone())).collect();
                Strip { before, columns, after }
            })
        });
        let count = memo(move || 2 + FIXED.len() + shown.with(Vec::len));
        Self { widths, dragged, left, strip, count }
    }

    /// Where the strip's columns are counted from.
    pub fn first_of_strip(self) -> usize {
        3 + FIXED.len() + self.left.with(Vec::len)
    }
}

#[component]
pub fn Rows(table: Table) -> impl IntoView {
    let Table { window, selection, layout, .. } = table;
    window.follow();
    let go = link::use_go();
    let compare = move |event: SubmitEvent| {
        event.prevent_default();
        go(&super::compare_link(&untrack(|| table.compared())));
    };
    let node = NodeRef::<html::Table>::new();
    // Inline styles are the script's only: the server's page must do without, because its policy forbids them.
    effect(move || {
        let Some(table) = node.get() else { return };
        let style = web_sys::HtmlElement::style(&table);
        let name = layout.widths.with(|widths| widths.given(&Field::Attribute(Attribute::Name)));
        match name {
            Some(width) => style.set_property("--run-name", &format!("{width}px")).ok(),
            None => style.remove_property("--run-name").ok().map(drop),
        };
        let mut x = CHECK;
        for (place, field) in layout.left.get().iter().enumerate() {
            style.set_property(&format!("--left-{place}"), &format!("calc({x}px + var(--run-name))")).ok();
            x += layout.widths.with(|widths| widths.of(field));
        }
    });
    let pins = memo(move || {
        table
            .feed
            .current
            .with(|runs| runs.pinned.iter().map(|row| row.run.id.clone()).enumerate().collect::<Vec<_>>())
    });
    let rows_before = move || if window.awake.get() { window.rows.get().0 } else { 0 };
    let rows_after = move || {
        let total = window.loaded.with(|loaded| loaded.total);
        if window.awake.get() { total.saturating_sub(window.rows.get().1) } else { 0 }
    };
    let slot = move |slot: Slot| match slot {
        Slot::Run(id) => view! { <Row table id /> },
        Slot::Blank(place) => view! { <Blank table place /> },
    };
    let wanted = StoredValue::new(None::<u32>);
    effect(move || {
        window.rows.track();
        window.loaded.track();
        if wanted.get_value().is_some() {
            request_animation_frame(move || focus_wanted(wanted));
        }
    });
    let on_key = move |event: KeyboardEvent| {
        if let Some(place) = next_place(table, &event, wanted.get_value()) {
            event.prevent_default();
            event.stop_propagation();
            wanted.set_value(Some(place));
            let (first, last) = window.rows.get_untracked();
            if let Some(scroller) = window.scroller.get_untracked()
                && !(first..last).contains(&place)
            {
                // The row that has the keyboard is about to leave the document, and must not take it along.
                scroller.focus().ok();
            }
            window.show(place);
            // At once when it is drawn already: the next key, such as `x`, is for that row.
            focus_wanted(wanted);
            request_animation_frame(move || focus_wanted(wanted));
        }
    };
    let row_count = move || window.loaded.with(|loaded| loaded.total as usize) + pins.with(Vec::len) + 1;
    view! {
        <form id="run-table" method="get" action="/compare" on:submit=handler(compare)>
            <Fresh table />
            <div
                class="table-scroll run-table__scroll"
                tabindex="0"
                role="region"
                aria-label="Table of runs"
                node_ref=window.scroller
                on:scroll=handler(move |_| window.scrolled())
                on:keydown=handler(on_key)
                on:pointerdown=handler(move |_| wanted.set_value(None))
            >
                <table
                    class="table run-table"
                    data-key="rows"
                    node_ref=node
                    aria-rowcount=drawn(row_count)
                    aria-colcount=layout.count
                >
                    <caption class="hidden">"Runs"</caption>
                    <Columns table />
                    <thead class="run-table__head">
                        <Head table />
                    </thead>
                    <tbody class="run-table__pinned">
                        <For each=move || pins.get() key=Clone::clone children=move |(place, id)| view! { <PinnedRow table id place /> } />
                    </tbody>
                    <tbody>
                        <Space rows=Signal::derive(rows_before) />
                        <For each=move || window.slots() key=Clone::clone children=slot />
                        <Space rows=Signal::derive(rows_after) />
                    </tbody>
                </table>
            </div>
        </form>
        {pages::once(
            move || table.menu.with(Option::is_some),
            move || pages::tool(Tool::RowMenu(table)),
        )}
        <span class="hidden" role="status">
            {move || (selection.count() > 0).then(|| format!("{} selected", selection.count()))}
        </span>
    }
}

/// Room for rows that are not in the document. Only the script knows of any.
#[component]
fn Space(rows: Signal<u32>) -> impl IntoView {
    drawn(move || {
        let rows = rows.get();
        (rows > 0).then(|| {
            view! {
                <tr class="run-table__space" aria-hidden="true">
                    <td style:height=format!("{}px", i64::from(rows) * i64::from(window::ROW))></td>
                </tr>
            }
        })
    })
}

/// The widths of the columns: attributes, so that they hold before the script wakes.
#[component]
fn Columns(table: Table) -> impl IntoView {
    let Table { layout, .. } = table;
    let width = move |field: Field| move || layout.widths.with(|widths| widths.of(&field)).to_string();
    let name = Field::Attribute(Attribute::Name);
    let given = memo(move || layout.widths.with(|widths| widths.given(&name)));
    // The macro knows no such attribute of this element.
    let column = move |field: Field| html::col().attr("width", width(field));
    let named = html::col()
        .class(("run-table__name-column", move || given.get().is_none()))
        .attr("width", move || given.get().map(|width| width.to_string()));
    let before = html::col().attr("width", move || layout.strip.with(|strip| strip.before).to_string());
    let after = html::col()
        .attr("width", move || layout.strip.with(|strip| (strip.after > 0).then(|| strip.after.to_string())));
    view! {
        <colgroup>
            {html::col().attr("width", CHECK.to_string())} {named}
            <For each=move || layout.left.get() key=Clone::clone children=column />
            {FIXED.map(|attribute| column(Field::Attribute(attribute))).collect_view()}
            {before}
            <For
                each=move || layout.strip.with(|strip| strip.columns.clone())
                key=Clone::clone
                children=move |(_, field)| column(field)
            />
            {after}
        </colgroup>
    }
}

/// Says that runs have come above what is read, and leads there.
#[component]
fn Fresh(table: Table) -> impl IntoView {
    let Table { window, search, .. } = table;
    let newest_first = move || {
        let orders = search.with(query::orders);
        let by_age = |order: &OrderBy| {
            matches!(
                order.field,
                Field::Attribute(Attribute::Created | Attribute::Number | Attribute::Started)
            )
        };
        orders.first().is_none_or(by_age)
    };
    let words = move |count: u32| {
        let (one, many) =
            if newest_first() { ("new run", "new runs") } else { ("more run above", "more runs above") };
        format::counted(i64::from(count), one, many)
    };
    view! {
        <div class="run-table__fresh" role="status">
            {move || {
                let count = window.fresh.get();
                (count > 0)
                    .then(|| {
                        view! {
                            <button class="button" type="button" on:click=handler(move |_| window.to_top())>
                                <Icon name="up" />
                                {words(count)}
                            </button>
                        }
                    })
            }}
        </div>
    }
}

/// What part of how many is in view.
#[component]
pub fn Standing(table: Table) -> impl IntoView {
    let Table { window, feed, .. } = table;
    drawn(move || {
        let (first, last) = window.seen.get();
        let total = feed.current.with(|runs| runs.page.total);
        let here = window.loaded.with(|loaded| loaded.total);
        let last = last.min(here);
        (total > 0).then(|| {
            let count = |place: u32| format::count(i64::from(place));
            let beyond = (total > i64::from(limits::TABLE_ROWS_MAX)).then(|| {
                format!(" The first {} can be scrolled to; a filter finds the others.", count(limits::TABLE_ROWS_MAX))
            });
            view! {
                <p class="run-table__standing">
                    <span class="num">
                        {format!("{}–{} of {}", count((first + 1).min(last)), count(last), format::counted(total, "run", "runs"))}
                    </span>
                    {beyond}
                </p>
            }
        })
    })
}

/// The place to which a key leads from the row that has the keyboard, or that is about to have it.
fn next_place(table: Table, event: &KeyboardEvent, wanted: Option<u32>) -> Option<u32> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || browser::typing() {
        return None;
    }
    let row = browser::focused()?.closest("tr[data-run]").ok().flatten();
    if event.key() == "F2" {
        table.rename(row?.get_attribute("data-run")?.parse().ok()?);
        return None;
    }
    let here = wanted.or_else(|| row?.get_attribute("data-place")?.parse().ok())?;
    let total = table.window.loaded.with_untracked(|loaded| loaded.total);
    let (first, last) = table.window.seen.get_untracked();
    let page = last.saturating_sub(first).saturating_sub(2).max(1);
    let there = match event.key().as_str() {
        "j" => here + 1,
        "k" => here.checked_sub(1)?,
        "PageDown" => here.saturating_add(page),
        "PageUp" => here.saturating_sub(page),
        "Home" => 0,
        "End" => total,
        _ => return None,
    };
    Some(there.min(total.saturating_sub(1)))
}

/// Gives the keyboard to the row that somebody walked to, once it is drawn.
fn focus_wanted(wanted: StoredValue<Option<u32>>) {
    let Some(Some(place)) = wanted.try_get_value() else { return };
    if let Some(link) = browser::find(&format!("tr[data-place=\"{place}\"] [data-key=open]")) {
        wanted.set_value(None);
        link.focus().ok();
    }
}
