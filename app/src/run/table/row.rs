//! One run in the table, kept current in place.

use super::{Table, grid::FIXED, menu::What};
use crate::{
    chart::format,
    frame::session::Session,
    metric::goal::{Goal, goal},
    run::columns,
    ui::{
        erase::{For, drawn, effect, handler, memo, memo_after, view},
        icon::Icon,
        run_color,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    html,
    prelude::*,
};
use model::{
    RunId, UnixMillis,
    param::ParamValue,
    query::{Attribute, Field},
    run::{Run, RunRow},
};
use std::sync::Arc;

type Shared = Memo<Arc<RunRow>>;

/// A run among those that match.
#[component]
pub fn Row(table: Table, id: RunId) -> impl IntoView {
    let window = table.window;
    let (wanted, placed) = (id.clone(), id.clone());
    let row = memo_after(move |last: Option<&Arc<RunRow>>| {
        let found = window.loaded.with(|loaded| loaded.get(&wanted));
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for a run in the table")
    });
    let place = memo(move || window.loaded.with(|loaded| loaded.place(&placed)));
    let pins = move || table.feed.current.with(|runs| runs.pinned.len());
    view! {
        <Line
            table
            id
            row
            class=""
            place=place.into()
            index=Signal::derive(move || place.get().map(|place| place as usize + pins() + 2))
        />
    }
}

/// A run that stays on top, whatever the filter.
#[component]
pub fn PinnedRow(table: Table, id: RunId, place: usize) -> impl IntoView {
    let wanted = id.clone();
    let row = memo_after(move |last: Option<&Arc<RunRow>>| {
        let found = table
            .feed
            .current
            .with(|runs| runs.pinned.iter().find(|row| row.run.id == wanted).cloned().map(Arc::new));
        found.or_else(|| last.cloned()).expect("a row is made for a pinned run")
    });
    view! {
        <Line
            table
            id
            row
            class=PINNED.get(place).copied().unwrap_or_default()
            place=Signal::stored(None)
            index=Signal::stored(Some(place + 2))
        />
    }
}

/// A class for each place among the runs on top: how far down it sticks.
const PINNED: [&str; model::limits::PINNED_RUNS_MAX] = [
    "run-table__pin--0",
    "run-table__pin--1",
    "run-table__pin--2",
    "run-table__pin--3",
    "run-table__pin--4",
    "run-table__pin--5",
    "run-table__pin--6",
    "run-table__pin--7",
];

/// A row that is on its way.
#[component]
pub fn Blank(table: Table, place: u32) -> impl IntoView {
    let spans = move || {
        let layout = table.layout;
        layout.left.with(Vec::len) + FIXED.len() + 2 + layout.strip.with(|strip| strip.columns.len())
    };
    view! {
        <tr class="run-table__blank" aria-rowindex=place + 2 aria-busy="true">
            <td class="cell-check"></td>
            <th scope="row" class="run-table__name">
                <span class="hidden">"Loading"</span>
                <span class="run-table__shade"></span>
            </th>
            <td colspan=drawn(spans)>
                <span class="run-table__shade run-table__shade--long"></span>
            </td>
        </tr>
    }
}

#[component]
fn Line(
    table: Table,
    id: RunId,
    row: Shared,
    class: &'static str,
    place: Signal<Option<u32>>,
    index: Signal<Option<usize>>,
) -> impl IntoView {
    let Table { selection, all, layout, window, .. } = table;
    let id = StoredValue::new(id);
    let picked = memo(move || all.get() || id.with_value(|id| selection.has(id)));
    let toggle = move |event: MouseEvent| {
        all.set(false);
        let rows = id.with_value(|id| window.loaded.with_untracked(|loaded| loaded.stretch(id)));
        id.with_value(|id| selection.click(id, &rows, &event));
    };
    let name = move || row.with(|row| row.run.name.clone());
    let hidden = memo(move || id.with_value(|id| table.hidden.with(|hidden| hidden.contains(id))));
    let is_base = memo(move || id.with_value(|id| table.base.with(|base| base.as_ref() == Some(id))));
    let left = move || layout.left.get().into_iter().enumerate().collect::<Vec<_>>();
    let strip = move || {
        let first = layout.first_of_strip();
        let columns = layout.strip.with(|strip| strip.columns.clone());
        columns.into_iter().map(|(place, field)| (first + place, field)).collect::<Vec<_>>()
    };
    // Only one of the two lines of a pinned run belongs to the form that works without the script.
    let form_name = class.is_empty().then_some("run");
    view! {
        <tr
            class=class
            data-run=id.get_value().to_string()
            data-place=move || place.get()
            data-selected=move || picked.get().to_string()
            data-hidden=move || hidden.get().then_some("true")
            data-base=move || is_base.get().then_some("true")
            aria-rowindex=move || index.get()
        >
            <td class="cell-check">
                <input
                    type="checkbox"
                    name=form_name
                    value=id.get_value().to_string()
                    aria-label=move || format!("Select {}", name())
                    prop:checked=picked
                    on:click=handler(toggle)
                />
            </td>
            <Name table id row hidden is_base on_top=!class.is_empty() />
            <For
                each=left
                key=Clone::clone
                children=move |(place, column)| view! { <Cell table row column left=Some(place) colindex=None /> }
            />
            <td>
                <RunState status=memo(move || row.with(|row| row.run.status)) />
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
            <td class="run-table__gap" aria-hidden="true"></td>
            <For
                each=strip
                key=Clone::clone
                children=move |(place, column)| view! { <Cell table row column left=None colindex=Some(place) /> }
            />
            <td class="run-table__gap" aria-hidden="true"></td>
        </tr>
    }
}

/// Who the run is, and what may be done with it.
#[component]
fn Name(
    table: Table,
    id: StoredValue<RunId>,
    row: Shared,
    hidden: Memo<bool>,
    is_base: Memo<bool>,
    on_top: bool,
) -> impl IntoView {
    let may = Session::current().may_edit();
    // A run on top has two lines, and one field is enough.
    let is_here = move || {
        let pinned =
            |id: &RunId| table.feed.current.with(|runs| runs.pinned.iter().any(|row| row.run.id == *id));
        on_top || !id.with_value(pinned)
    };
    let renaming =
        memo(move || id.with_value(|id| table.renaming.with(|one| one.as_ref() == Some(id))) && is_here());
    let rename = move |event: MouseEvent| {
        if may {
            event.prevent_default();
            table.rename(id.get_value());
        }
    };
    let go_hide = table.flip(crate::run::query::HIDDEN);
    let hide = Callback::new(move |()| go_hide(&id.get_value()));
    let named = memo(move || row.with(|row| Named::of(&row.run, hidden.get(), is_base.get())));
    let inside = move || {
        if renaming.get() {
            // Nothing that changes meanwhile disturbs who writes.
            let Named { name, color, .. } = named.get_untracked();
            view! {
                <div class="run-cell">
                    <span class="run-cell__swatch">{swatch(&color)}</span>
                    <Rename table id first=name />
                </div>
            }
        } else {
            named.get().draw(table, id, may, hide)
        }
    };
    view! {
        <th scope="row" class="run-table__name" on:dblclick=handler(rename)>
            {move || inside()}
        </th>
    }
}

fn swatch(color: &str) -> impl IntoView + use<> {
    view! { <span class=format!("swatch {color}")></span> }
}

/// What the cell of a run's name says.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    name: String,
    color: String,
    archived: bool,
    hidden: bool,
    is_base: bool,
}

impl Named {
    fn of(run: &Run, hidden: bool, is_base: bool) -> Self {
        let archived = run.archived_at_ms.is_some();
        Self { name: run.name.clone(), color: run_color(run), archived, hidden, is_base }
    }

    fn draw(self, table: Table, id: StoredValue<RunId>, may: bool, hide: Callback<()>) -> AnyView {
        let Self { name, color, archived, hidden, is_base } = self;
        let color = swatch(&color);
        let swatch = if may {
            view! {
                <button
                    class="run-cell__swatch"
                    type="button"
                    title="Choose a colour"
                    aria-label=format!("Colour of {name}")
                    on:click=handler(move |event| table.open(id.get_value(), What::Colors, &event))
                >
                    {color}
                </button>
            }
        } else {
            view! { <span class="run-cell__swatch">{color}</span> }
        };
        let (verb, effect, eye) = if hidden {
            ("Show", "Show in charts and comparisons", "eye-off")
        } else {
            ("Hide", "Hide from charts and comparisons", "eye")
        };
        let (hide_label, more_label) = (format!("{verb} {name}"), format!("More on {name}"));
        let whole = name.clone();
        let who = view! {
            <a
                class="row-link run-cell__name"
                data-key="open"
                href=id.with_value(|id| format!("/runs/{id}"))
                title=whole
            >
                {name}
            </a>
        };
        let mark = |word: &'static str| view! { <span class="mark run-cell__mark">{word}</span> };
        view! {
            <div class="run-cell">
                {swatch} {who} {is_base.then(|| mark("baseline"))} {archived.then(|| mark("archived"))}
                <button
                    class="button button--icon run-cell__act"
                    type="button"
                    title=effect
                    aria-label=hide_label
                    aria-pressed=hidden.to_string()
                    on:click=handler(move |_| hide.run(()))
                >
                    <Icon name=eye />
                </button>
                <button
                    class="button button--icon run-cell__act"
                    type="button"
                    data-menu=""
                    title="More"
                    aria-haspopup="menu"
                    aria-label=more_label
                    on:click=handler(move |event| table.open(id.get_value(), What::Actions, &event))
                >
                    <Icon name="more" />
                </button>
            </div>
        }
    }
}

/// The name as a field: Enter saves, Escape leaves it as it was.
#[component]
fn Rename(table: Table, id: StoredValue<RunId>, first: String) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let done = StoredValue::new(false);
    effect(move || {
        if let Some(input) = input.get() {
            input.focus().ok();
            input.select();
        }
    });
    let before = StoredValue::new(first.clone());
    let leave = move |save: bool| {
        if done.try_get_value() != Some(false) {
            return;
        }
        done.set_value(true);
        let name = input.get_untracked().map(|input| input.value()).unwrap_or_default();
        table.renaming.set(None);
        if save && name != before.get_value() {
            table.save_name(id.get_value(), name);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        // Neither the form around the table nor the keys of the page are meant.
        event.stop_propagation();
        match event.key().as_str() {
            "Enter" => {
                event.prevent_default();
                leave(true);
                super::focus_run(id.get_value());
            }
            "Escape" => {
                leave(false);
                super::focus_run(id.get_value());
            }
            _ => {}
        }
    };
    view! {
        <input
            class="run-cell__rename"
            type="text"
            aria-label="Run name"
            autocomplete="off"
            node_ref=input
            value=first
            on:keydown=handler(on_key)
            on:blur=handler(move |_| leave(true))
            on:dblclick=handler(|event: MouseEvent| event.stop_propagation())
        />
    }
}

#[component]
fn Cell(
    table: Table,
    row: Shared,
    column: Field,
    left: Option<usize>,
    colindex: Option<usize>,
) -> impl IntoView {
    let left = left.map(|place| format!("run-table__left run-table__left--{place}")).unwrap_or_default();
    // All that a cell says is one value: rows come and go while somebody scrolls, and each thing that follows another
    // for itself costs.
    let shown = memo(move || Shown::of(table, row, &column));
    drawn(move || shown.get().draw(&left, colindex))
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    content: Content,
    best: bool,
    delta: Option<Delta>,
    /// Rows are compared with one: numbers without a difference leave its room, so that all stand below each other.
    compared: bool,
}

impl Shown {
    fn of(table: Table, row: Shared, column: &Field) -> Self {
        let content = row.with(|row| content_of(row, column));
        let number = content.number();
        let best = match column {
            Field::Metric { .. } => table.best.with(|best| best.get(column).copied()),
            _ => None,
        };
        let (mut delta, mut compared) = (None, false);
        if let Some(base) = table.base_row.get() {
            compared = true;
            let there = content_of(&base, column).number();
            if let (Some(here), Some(there)) = (number, there)
                && row.with(|row| row.run.id != base.run.id)
            {
                delta = Some(Delta::of(here, there, column));
            }
        }
        Self { best: best.is_some() && number == best, content, delta, compared }
    }

    fn draw(self, left: &str, colindex: Option<usize>) -> AnyView {
        let number = |value: f64| if value.is_finite() { "cell-num" } else { "cell-num num--odd" };
        let kind = match &self.content {
            Content::Nothing => "none cell-num",
            Content::Metric(value) => number(*value),
            Content::Text { is_number: true, .. } => "cell-num mono",
            Content::Text { .. } => "cell-param mono",
            Content::Time(_) => "",
        };
        let class = format!("{kind}{} {left}", if self.best { " cell-best" } else { "" });
        let room = self.compared && (self.content.number().is_some() || self.content == Content::Nothing);
        let title = match &self.content {
            Content::Metric(value) if self.best => Some(format!("{}, the best here", format::full(*value))),
            Content::Metric(value) => Some(format::full(*value)),
            Content::Text { title, .. } => Some(title.clone()),
            Content::Nothing => None,
            Content::Time(at) => {
                let at = Signal::stored(*at);
                return view! { <td class=class aria-colindex=colindex><Ago at /></td> };
            }
        };
        let text = match self.content {
            Content::Metric(value) => format::number(value),
            Content::Text { text, .. } => text,
            Content::Nothing | Content::Time(_) => "–".to_owned(),
        };
        let best = self.best.then(|| view! { <span class="hidden">" best"</span> });
        let beside = match self.delta {
            Some(delta) => Some(delta.draw()),
            None => room.then(|| view! { <span class="delta delta--none"></span> }),
        };
        if best.is_none() && beside.is_none() {
            // Nearly every cell: one text in one element.
            return view! { <td class=class title=title aria-colindex=colindex>{text}</td> };
        }
        view! {
            <td class=class title=title aria-colindex=colindex>
                {text}
                {best}
                {beside}
            </td>
        }
    }
}

/// A number beside that of the run that others are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Delta {
    by: f64,
    /// Whether that is good, where the name of the metric tells.
    better: Option<bool>,
}

impl Delta {
    fn of(here: f64, there: f64, column: &Field) -> Self {
        let by = here - there;
        let goal = match column {
            Field::Metric { key, .. } => goal(key),
            _ => None,
        };
        let better =
            goal.filter(|_| by != 0.0 && by.is_finite()).map(|goal| (by < 0.0) == (goal == Goal::Min));
        Self { by, better }
    }

    fn draw(self) -> AnyView {
        let (class, word) = match self.better {
            Some(true) => ("delta delta--better", " better"),
            Some(false) => ("delta delta--worse", " worse"),
            None => ("delta", " against the baseline"),
        };
        view! {
            <span class=class title=format!("{}{word}", format::delta(self.by))>
                {format::delta(self.by)}
                <span class="hidden">{word}</span>
            </span>
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Nothing,
    Metric(f64),
    Text {
        text: String,
        /// Whole, where the text is cut.
        title: String,
        is_number: bool,
        number: Option<f64>,
    },
    Time(UnixMillis),
}

impl Content {
    /// What differences are made of.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Metric(value) => Some(*value),
            Self::Text { number, .. } => *number,
            Self::Nothing | Self::Time(_) => None,
        }
    }

    fn plain(text: String) -> Self {
        Self::Text { title: text.clone(), text, is_number: false, number: None }
    }
}

/// What a column shows of a run.
fn content_of(row: &RunRow, column: &Field) -> Content {
    let found = match column {
        Field::Metric { .. } => columns::number(row, column).map(Content::Metric),
        Field::Param(key) => row.params.get(key).map(|value| {
            let title = value.to_string();
            let text = match value {
                ParamValue::Float(number) => format::number(number.0),
                _ => title.clone(),
            };
            Content::Text { text, title, is_number: value.number().is_some(), number: value.number() }
        }),
        Field::Tag(key) => row.run.tags.0.get(key).cloned().map(Content::plain),
        Field::Attribute(Attribute::Created) => Some(Content::Time(row.run.created_at_ms)),
        Field::Attribute(Attribute::Ended) => row.run.ended_at_ms.map(Content::Time),
        Field::Attribute(Attribute::Updated) => Some(Content::Time(row.run.updated_at_ms)),
        Field::Attribute(Attribute::Number) => {
            let text = row.run.number.to_string();
            Some(Content::Text { title: text.clone(), text, is_number: true, number: None })
        }
        Field::Attribute(Attribute::Id) => Some(Content::plain(row.run.id.to_string())),
        Field::Attribute(Attribute::Name) => Some(Content::plain(row.run.name.clone())),
        Field::Attribute(Attribute::User) => Some(Content::plain(row.run.user.clone())),
        Field::Attribute(Attribute::Parent) => {
            row.run.parent_id.as_ref().map(|id| Content::plain(id.to_string()))
        }
        Field::Attribute(Attribute::Status) => Some(Content::plain(row.run.status.as_str().to_owned())),
        Field::Attribute(Attribute::Archived) => row.run.archived_at_ms.map(Content::Time),
        _ => None,
    };
    found.unwrap_or(Content::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_good_or_bad_only_where_the_name_of_the_metric_tells() {
        let better = |here, there, column: &Field| Delta::of(here, there, column).better;
        assert_eq!(better(0.5, 0.7, &Field::metric("val_loss")), Some(true));
        assert_eq!(better(0.5, 0.7, &Field::metric("acc")), Some(false));
        assert_eq!(better(0.7, 0.7, &Field::metric("acc")), None);
        assert_eq!(better(0.7, f64::NAN, &Field::metric("acc")), None);
        assert_eq!(better(0.7, 0.5, &Field::metric("throughput")), None);
        assert_eq!(Delta::of(3.0, 1.0, &Field::Param("loss".into())), Delta { by: 2.0, better: None });
    }
}
