//! The box beside the crosshair: what every line says there, sorted by value.

use super::{
    format, hit,
    lane::{Event, Placed},
    line::{Kind, Line},
    plot::{Focus, Parts},
    scene::Scene,
    tick::{self, Measure},
};
use crate::ui::erase::{Show, drawn, effect, handler, memo, view};
use leptos::{html, prelude::*};
use std::{collections::HashMap, sync::Arc};
use web_sys::HtmlElement;

/// What a line says near a place on the x axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub id: String,
    pub owner: String,
    pub name: String,
    pub color: u8,
    pub x: f64,
    pub value: f64,
    pub smooth: Option<f64>,
    /// Lowest and highest of the points that the row stands for.
    pub span: Option<(f64, f64)>,
    pub step: Option<i64>,
    pub time_ms: Option<i64>,
}

impl Reading {
    /// What is drawn there: the smoothed value, if there is one.
    pub fn shown(&self) -> f64 {
        self.smooth.unwrap_or(self.value)
    }
}

/// The readings of all lines near `x`, highest first; those that are no numbers last. A line that ends more than `reach`
/// before, or begins so far behind, says nothing.
pub fn readings(lines: &[&Line], x: f64, reach: f64) -> Vec<Reading> {
    let read = |line: &&Line| {
        let row = hit::nearest_row(line, x)?;
        let (first, last) = (*line.from.first()?, *line.to.last()?);
        (x >= first - reach && x <= last + reach).then(|| Reading {
            id: line.id.clone(),
            owner: line.owner.clone(),
            name: line.name.clone(),
            color: line.color,
            x: line.to[row],
            value: line.last[row],
            smooth: line.smooth.get(row).copied(),
            span: (line.kind != Kind::Points).then(|| (line.low[row], line.high[row])),
            step: line.steps.get(row).copied(),
            time_ms: line.times_ms.get(row).copied(),
        })
    };
    let mut readings: Vec<Reading> = lines.iter().filter_map(read).collect();
    readings.sort_by(|a, b| {
        let (a, b) = (a.shown(), b.shown());
        a.is_nan().cmp(&b.is_nan()).then(b.total_cmp(&a))
    });
    readings
}

/// The reading whose curve is closest to a height on the canvas, when it is close at all.
pub fn closest<'a>(readings: &'a [Reading], scene: &Scene, y: f64) -> Option<&'a Reading> {
    let away = |reading: &Reading| (scene.axes.y.px(reading.shown()) - y).abs();
    let near = readings.iter().filter(|reading| away(reading) <= NEAR * scene.ratio);
    near.min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// CSS pixels from which on a curve is not the one that is meant.
const NEAR: f64 = 20.0;

/// A place on the x axis in words.
pub fn place_of(measure: Measure, x: f64) -> String {
    match measure {
        Measure::Step => format!("step {}", x.round()),
        Measure::Wall => format::utc(x as i64),
        Measure::Span => tick::span(x),
        Measure::Number => format::full(x),
    }
}

/// Rows of the box while it follows the pointer; more would cover the curves they describe. Pinned, it scrolls.
const ROWS_MAX: usize = 16;

/// Where more is told of an owner's time: by owner, the address that the time ends, in Unix milliseconds.
#[derive(Clone, Copy)]
pub struct Moments(pub RwSignal<HashMap<String, String>>);

#[component]
pub fn Tip(parts: StoredValue<Parts>, names: Signal<bool>) -> impl IntoView {
    let parts = parts.get_value();
    let focus = parts.view.focus;
    let node = NodeRef::<html::Div>::new();
    let pinned = move || parts.pin.get().is_some();
    let at = move || parts.pin.get().or_else(|| parts.hover_here());
    effect(move || {
        if let (Some(tip), Some(x)) = (node.get(), at()) {
            place(&tip, parts.scene.get_value(), x);
        }
    });
    let rows = memo(move || at().map(|x| parts.read(x)).unwrap_or_default());
    let head = move || {
        let axis =
            parts.lines.with(|lines| lines.as_ref().and_then(|lines| lines.first().map(|line| line.axis)));
        at().zip(axis).map(|(x, axis)| place_of(Measure::of(axis), x))
    };
    let more = move || {
        let more = rows.with(Vec::len).saturating_sub(ROWS_MAX);
        (more > 0 && !pinned())
            .then(|| view! { <p class="tip__more">{format!("and {more} more: click to pin")}</p> })
    };
    let moments = use_context::<Moments>();
    let table = move || {
        let shown = if pinned() { usize::MAX } else { ROWS_MAX };
        let rows = rows.get();
        let columns = Columns {
            names: names.get(),
            smooth: rows.iter().any(|row| row.smooth.is_some()),
            // Of a group, the band is half of what there is to say.
            span: rows.iter().any(|row| row.span.is_some() && (pinned() || row.step.is_none())),
            // What the head says already is not said again.
            step: rows.iter().filter_map(|row| row.step).any(|step| head() != Some(format!("step {step}"))),
            time: pinned() || rows.len() == 1,
        };
        let row = |row: Reading| {
            // While it follows the pointer, nobody can click in it.
            let moment = moments
                .filter(|_| pinned())
                .and_then(|Moments(moments)| moments.with(|moments| moments.get(&row.owner).cloned()));
            view! { <Row row focus columns moment /> }
        };
        rows.into_iter().take(shown).map(row).collect_view()
    };
    view! {
        <div class="tip" class:tip--pinned=pinned node_ref=node aria-hidden=move || (!pinned()).then_some("true")>
            <div class="tip__head">
                <span class="num">{move || head()}</span>
                <Show when=pinned>
                    <button class="tip__unpin" type="button" on:click=handler(move |_| parts.pin.set(None))>
                        "Unpin"
                    </button>
                </Show>
            </div>
            <table>
                <tbody>{move || table()}</tbody>
            </table>
            {move || more()}
        </div>
    }
}

/// Which columns there is something to say in.
#[expect(clippy::struct_excessive_bools, reason = "each column is there or not, whatever the others are")]
#[derive(Clone, Copy)]
struct Columns {
    names: bool,
    smooth: bool,
    span: bool,
    step: bool,
    time: bool,
}

#[component]
fn Row(
    row: Reading,
    focus: RwSignal<Option<Focus>>,
    columns: Columns,
    moment: Option<String>,
) -> impl IntoView {
    let (owner, id) = (row.owner.clone(), row.id.clone());
    let near = move || focus.with(|focus| focus.as_ref().is_some_and(|focus| focus.is_on(&owner, &id)));
    let smooth = columns.smooth.then(|| {
        let text = row.smooth.map(format::number).unwrap_or_default();
        view! { <td class="num tip__main" title="Smoothed">{text}</td> }
    });
    let class = if columns.smooth { "num muted" } else { "num tip__main" };
    let span = columns.span.then(|| {
        let span = |(low, high): (f64, f64)| format!("{} … {}", format::number(low), format::number(high));
        view! { <td class="num muted">{row.span.map(span).unwrap_or_default()}</td> }
    });
    let step = columns.step.then(|| {
        let text = row.step.map(|step| format!("step {step}")).unwrap_or_default();
        view! { <td class="num muted">{text}</td> }
    });
    let time = columns.time.then(|| {
        let text = row.time_ms.map(format::utc).unwrap_or_default();
        let text = match (moment, row.time_ms) {
            (Some(moment), Some(time_ms)) => view! {
                <a href=format!("{moment}{time_ms}") title="What was printed then">
                    {text}
                </a>
            },
            _ => text.into_any(),
        };
        view! { <td class="num muted">{text}</td> }
    });
    view! {
        <tr class:tip__near=drawn(near)>
            <td>
                <span class=format!("swatch run-color-{}", row.color)></span>
            </td>
            {columns.names.then(|| view! { <td class="tip__name">{row.name}</td> })}
            {smooth}
            <td class=class>{format::full(row.value)}</td>
            {span}
            {step}
            {time}
        </tr>
    }
}

/// Events said at once.
const EVENTS_MAX: usize = 8;

/// What happened where the pointer is, under the axis.
#[component]
pub fn LaneTip(parts: StoredValue<Parts>, names: Signal<bool>) -> impl IntoView {
    let parts = parts.get_value();
    let node = NodeRef::<html::Div>::new();
    effect(move || {
        let first = parts.happened.with(|found| found.first().map(|one| one.from));
        if let (Some(tip), Some(x)) = (node.get(), first) {
            place(&tip, parts.scene.get_value(), x);
        }
    });
    let one = move |placed: Placed| {
        let words = placed.words();
        let Event { color, who, name, source, details, .. } = placed.event;
        let source = (!source.is_empty()).then(|| view! { <span class="muted">{source}</span> });
        let details = (!details.is_empty()).then(|| view! { <p class="tip__more mono">{details}</p> });
        view! {
            <li>
                <span class=format!("swatch run-color-{color}")></span>
                <strong>{name}</strong>
                {source}
                {names.get().then(|| view! { <span class="tip__name">{who}</span> })}
                <p class="tip__more num">{words}</p>
                {details}
            </li>
        }
    };
    let more = move || {
        let more = parts.happened.with(Vec::len).saturating_sub(EVENTS_MAX);
        (more > 0).then(|| view! { <li class="tip__more">{format!("and {more} more: zoom in")}</li> })
    };
    view! {
        <div class="tip tip--lane" node_ref=node aria-hidden="true">
            <ul>
                {move || parts.happened.get().into_iter().take(EVENTS_MAX).map(one).collect_view()}
                {move || more()}
            </ul>
        </div>
    }
}

/// Beside the crosshair, on the side that has room.
fn place(tip: &HtmlElement, scene: Option<Arc<Scene>>, x: f64) {
    let Some(scene) = scene else { return };
    let start = tip.offset_parent().map_or(0.0, |parent| parent.get_bounding_client_rect().left());
    let window = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(f64::MAX);
    let (low, high) = (EDGE - start, window - start - EDGE);
    let width = f64::from(tip.offset_width());
    let left = beside(scene.axes.x.px(x) / scene.ratio, width, scene.area.right / scene.ratio, (low, high));
    tip.style().set_property("left", &format!("{}px", left.round())).ok();
}

/// CSS pixels between the crosshair and the box, and between the box and the edge of the window.
const ASIDE: f64 = 12.0;
const EDGE: f64 = 8.0;

/// Where a box begins that must not cover what it tells of: inside the chart if it can, else over its edge, in the window.
fn beside(x: f64, width: f64, chart: f64, (low, high): (f64, f64)) -> f64 {
    let (right, left) = (x + ASIDE, x - ASIDE - width);
    if right + width <= chart || (left < 0.0 && right + width <= high) {
        right
    } else if left >= low {
        left
    } else {
        right.min(high - width).max(low)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::points;
    use super::*;

    #[test]
    fn readings_are_sorted_by_value_and_what_is_no_number_comes_last() {
        let line = |id: &str, value: f64| Line { id: id.into(), ..points(&[0, 1], &[value, value]) };
        let (low, high, none) = (line("low", 1.0), line("high", 9.0), line("none", f64::NAN));
        let ids: Vec<_> = readings(&[&low, &none, &high], 0.4, 10.0).into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["high", "low", "none"]);
    }

    #[test]
    fn a_line_that_ended_long_before_says_nothing() {
        let (short, long) = (points(&[0, 10], &[1.0, 2.0]), points(&[0, 1000], &[1.0, 2.0]));
        assert_eq!(readings(&[&short, &long], 1000.0, 50.0).len(), 1);
        assert_eq!(readings(&[&short, &long], 12.0, 50.0).len(), 2);
    }

    #[test]
    fn places_are_said_in_the_words_of_their_axis() {
        assert_eq!(place_of(Measure::Step, 119.0), "step 119");
        assert_eq!(place_of(Measure::Span, 90_000.0), "1m 30s");
        assert_eq!(place_of(Measure::Wall, 0.0), "1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn the_box_stands_beside_the_crosshair_while_there_is_room() {
        // A chart 500 wide in a window that reaches 100 beyond it to either side.
        let at = |x: f64, width: f64| beside(x, width, 500.0, (-100.0, 600.0));
        assert_eq!(at(100.0, 200.0), 112.0);
        assert_eq!(at(400.0, 200.0), 188.0);
        assert_eq!(at(250.0, 300.0), 262.0, "over the right edge of the chart");
        assert_eq!(at(320.0, 300.0), 8.0);
        assert_eq!(at(250.0, 650.0), -50.0, "as far left as it must");
    }
}
