//! The heads of the columns: a click sorts, dragging moves a column, and dragging its edge makes it wider.

use super::{Table, grid::FIXED, loaded::Loaded};
use crate::{
    browser, link,
    run::{columns, query},
    ui::{
        erase::{For, drawn, handler, memo, view},
        icon::Icon,
    },
};
use leptos::{
    ev::{DragEvent, KeyboardEvent, MouseEvent, PointerEvent},
    prelude::*,
};
use model::{
    RunId,
    query::{Attribute, Field},
};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// By so much a key changes the width of a column.
const STEP: i32 = 16;
/// Pixels at the sides of a cell, for the sign of the order, and for what stands beside a run's name.
const PADDING: i32 = 22;
const ORDER_SIGN: i32 = 16;
const BESIDE_NAME: i32 = 96;

/// How a column's head is drawn, and what may be done with it.
#[derive(Clone, Copy)]
struct Shape {
    class: &'static str,
    /// The column that is being dragged, of those that may be.
    dragged: Option<RwSignal<Option<Field>>>,
    /// Its place among those that stay at the left.
    left: Option<usize>,
    /// Counted from 1, where not all columns are drawn.
    place: Option<usize>,
}

#[component]
pub fn Head(table: Table) -> impl IntoView {
    let layout = table.layout;
    let dragged = RwSignal::new(None::<Field>);
    let fixed = move |attribute: Attribute| {
        let (name, class) = match attribute {
            Attribute::Name => ("Run", "run-table__name"),
            Attribute::Status => ("Status", ""),
            Attribute::Duration => ("Duration", "cell-num"),
            Attribute::User => ("User", ""),
            _ => ("Started", ""),
        };
        let shape = Shape { class, dragged: None, left: None, place: None };
        view! { <ColumnHead table field=Field::Attribute(attribute) name=name.to_owned() kind="" shape /> }
    };
    let logged = move |field: Field, left: Option<usize>, place: Option<usize>| {
        let (name, kind) = (columns::name(&field), columns::kind(&field));
        let shape = Shape { class: "run-table__logged", dragged: Some(dragged), left, place };
        view! { <ColumnHead table field name kind shape /> }
    };
    let left = move || layout.left.get().into_iter().enumerate().collect::<Vec<_>>();
    let strip = move || {
        let first = layout.first_of_strip();
        let columns = layout.strip.with(|strip| strip.columns.clone());
        columns.into_iter().map(|(place, field)| (first + place, field)).collect::<Vec<_>>()
    };
    view! {
        <tr aria-rowindex="1">
            <th scope="col" class="cell-check">
                <SelectAll table />
            </th>
            {fixed(Attribute::Name)}
            <For each=left key=Clone::clone children=move |(place, field)| logged(field, Some(place), None) />
            {FIXED.map(fixed).collect_view()}
            <td class="run-table__gap" aria-hidden="true"></td>
            <For each=strip key=Clone::clone children=move |(place, field)| logged(field, None, Some(place)) />
            <td class="run-table__gap" aria-hidden="true"></td>
        </tr>
    }
}

/// The head of a column: a click sorts by it, with shift as well by it; dragging it moves the column.
#[component]
fn ColumnHead(table: Table, field: Field, name: String, kind: &'static str, shape: Shape) -> impl IntoView {
    let Table { search, path, columns, layout, .. } = table;
    let Shape { class, dragged, left, place } = shape;
    let class = match left {
        Some(place) => format!("{class} run-table__left run-table__left--{place}"),
        None => class.to_owned(),
    };
    let go = link::use_go();
    let field = StoredValue::new(field);
    let sorted = move |more: bool| {
        field.with_value(|field| {
            path.with_value(|path| search.with(|query| query::sort_by(query, field, more).href(path)))
        })
    };
    let order = memo(move || {
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
            go(&untrack(|| sorted(true)));
        }
    };
    let widen = table.widen();
    let by_key = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" if event.alt_key() => -STEP,
            "ArrowRight" if event.alt_key() => STEP,
            _ => return,
        };
        event.prevent_default();
        let field = field.get_value();
        let width = layout.widths.with_untracked(|widths| widths.of(&field)) + step;
        widen(field, width.max(0) as u32);
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
    let aria = move || order.get().map(|(_, _, up)| if up { "ascending" } else { "descending" });
    let title = format!(
        "{name}: click to sort, with Shift to sort by it as well; Alt and an arrow key change its width"
    );
    view! {
        <th
            scope="col"
            class=class
            aria-sort=drawn(aria)
            aria-colindex=place
            draggable=dragged.is_some().to_string()
            on:dragstart=handler(move |_| {
                if let Some(dragged) = dragged {
                    dragged.set(Some(field.get_value()));
                }
            })
            on:dragover=handler(over)
            on:drop=handler(dropped)
        >
            <a
                class="sort-head"
                href=move || sorted(false)
                data-noscroll=""
                title=title
                draggable="false"
                on:click=handler(clicked)
                on:keydown=handler(by_key)
            >
                {(!kind.is_empty()).then(|| view! { <span class="sort-head__kind">{kind}</span> })}
                <span class="sort-head__name">{name}</span>
                {move || {
                    order
                        .get()
                        .map(|(at, of, up)| {
                            view! {
                                <Icon name=if up { "up" } else { "down" } />
                                {(of > 1).then(|| view! { <sub class="num">{at}</sub> })}
                            }
                        })
                }}
            </a>
            <Edge table field />
        </th>
    }
}

/// The edge of a column: dragged it changes the width, a double click fits it to what is in view.
#[component]
fn Edge(table: Table, field: StoredValue<Field>) -> impl IntoView {
    let layout = table.layout;
    // Where the drag began, and how wide the column was.
    let began = StoredValue::new(None::<(i32, i32)>);
    let (widen, fit) = (table.widen(), table.widen());
    let pressed = move |event: PointerEvent| {
        event.prevent_default();
        let Some(edge) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        edge.set_pointer_capture(event.pointer_id()).ok();
        let width = edge.closest("th").ok().flatten().map_or(0, |head| head.client_width());
        began.set_value(Some((event.client_x(), width)));
    };
    let width_at = move |event: &PointerEvent| {
        began.get_value().map(|(x, width)| (width + event.client_x() - x).max(0) as u32)
    };
    let moved = move |event: PointerEvent| {
        if let Some(width) = width_at(&event) {
            // Within bounds already while it is dragged.
            let bounded = query::width_within(width);
            layout.dragged.set(Some((field.get_value(), bounded)));
        }
    };
    let released = move |event: PointerEvent| {
        if let (Some(width), Some((x, _))) = (width_at(&event), began.get_value()) {
            began.set_value(None);
            if event.client_x() != x {
                widen(field.get_value(), width);
            }
        }
        layout.dragged.set(None);
    };
    let fitted = move |event: MouseEvent| {
        event.prevent_default();
        let Some(edge) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let Some(head) = edge.closest("th").ok().flatten() else { return };
        if let Some(width) = width_of_content(&head) {
            fit(field.get_value(), width);
        }
    };
    view! {
        <span
            class="run-table__edge"
            aria-hidden="true"
            on:pointerdown=handler(pressed)
            on:pointermove=handler(moved)
            on:pointerup=handler(released)
            on:pointercancel=handler(move |_| {
                began.set_value(None);
                layout.dragged.set(None);
            })
            on:mousedown=handler(|event: MouseEvent| event.prevent_default())
            on:dblclick=handler(fitted)
        ></span>
    }
}

/// What the widest cell of a column that is in the document needs.
fn width_of_content(head: &Element) -> Option<u32> {
    let heads = head.parent_element()?.children();
    let place = (0..heads.length()).find(|place| heads.item(*place).as_ref() == Some(head))?;
    let selector = format!(".run-table tr > :nth-child({})", place + 1);
    let needed = |cell: &web_sys::HtmlElement| {
        let cut = |part: &str| cell.query_selector(part).ok().flatten().map_or(0, |part| part.scroll_width());
        let name = cut(".run-cell__name");
        if name > 0 {
            // The colour, the buttons and perhaps a mark stand beside the name.
            return name + cut(".run-cell__mark") + BESIDE_NAME;
        }
        let range = document().create_range().ok();
        let text = range.and_then(|range| {
            range.select_node_contents(cell).ok()?;
            Some(range.get_bounding_client_rect().width().ceil() as i32)
        });
        text.unwrap_or(0).max(cut(".sort-head__name") + ORDER_SIGN) + PADDING
    };
    let cells = browser::find_all(&selector);
    // A cell that spans the table has no width of its own.
    let single = |cell: &&web_sys::HtmlElement| !cell.has_attribute("colspan");
    let widest = cells.iter().filter(single).map(needed).max()?;
    Some(widest.max(0) as u32)
}

/// Selects what matches: by name when all of it is here, as a whole otherwise.
#[component]
fn SelectAll(table: Table) -> impl IntoView {
    let Table { window, selection, all, .. } = table;
    let ids = move || window.loaded.with(Loaded::all);
    let checked = move || {
        all.get()
            || ids().is_some_and(|ids: Vec<RunId>| !ids.is_empty() && ids.iter().all(|id| selection.has(id)))
    };
    let toggle = move |_| {
        let (clear, ids) = untrack(|| (checked(), ids()));
        match (clear, ids) {
            (true, _) => {
                all.set(false);
                selection.clear();
            }
            (false, Some(ids)) => selection.set(ids),
            (false, None) => all.set(true),
        }
    };
    view! { <input type="checkbox" aria-label="Select all runs that match" prop:checked=drawn(checked) on:change=handler(toggle) /> }
}
