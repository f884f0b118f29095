//! Events over time: a lane for each name and source, spans as bars, what takes no time as marks.

use super::spans;
use crate::{chart::format, ui::erase::view};
use leptos::prelude::*;
use model::run_event::{RunEvent, RunEventKind};
use std::{cmp::Reverse, collections::BTreeMap};

/// Lanes that are drawn, those with the most spans first.
const LANES_MAX: usize = 12;
/// Width of a drawing, in its own units.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 16.0;
/// The narrowest bar that is still seen.
const BAR_MIN: f64 = 2.0;

/// From when to when something lasted; a point in time ends as it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    from: i64,
    /// Absent when it has not ended, as far as these events tell.
    to: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Lane {
    name: String,
    source: String,
    marks: Vec<Mark>,
}

/// Lanes of these events, in any order. A finish without its start among them is a point.
fn lanes(events: &[RunEvent]) -> Vec<Lane> {
    let [starts, finishes] =
        [RunEventKind::Start, RunEventKind::Finish].map(|kind| spans::by_span(events.iter(), kind));
    let mut lanes: BTreeMap<(&str, &str), Vec<Mark>> = BTreeMap::new();
    for event in events {
        let from = event.time_ms.0;
        let mark = match (event.kind, &event.span) {
            (RunEventKind::Start, Some(span)) => {
                Mark { from, to: finishes.get(span).map(|finish| finish.time_ms.0.max(from)) }
            }
            (RunEventKind::Finish, Some(span)) if starts.contains_key(span) => continue,
            _ => Mark { from, to: Some(from) },
        };
        lanes.entry((&event.name, &event.source)).or_default().push(mark);
    }
    let lane = |((name, source), marks): ((&str, &str), Vec<Mark>)| Lane {
        name: name.to_owned(),
        source: source.to_owned(),
        marks,
    };
    let mut lanes: Vec<_> = lanes.into_iter().map(lane).collect();
    let lasting = |lane: &Lane| lane.marks.iter().filter(|mark| mark.to != Some(mark.from)).count();
    lanes.sort_by_key(|lane| Reverse((lasting(lane), lane.marks.len())));
    lanes
}

/// Where a time stands in the drawing.
fn place(at: i64, (first, last): (i64, i64)) -> f64 {
    let span = last as f64 - first as f64;
    if span > 0.0 { (at as f64 - first as f64) / span * WIDTH } else { WIDTH / 2.0 }
}

/// Nothing when there is nothing to see in time: fewer than two events.
pub fn draw(events: &[RunEvent]) -> Option<impl IntoView + use<>> {
    let times = || events.iter().map(|event| event.time_ms.0);
    let window = (times().min()?, times().max()?);
    if events.len() < 2 {
        return None;
    }
    let lanes = lanes(events);
    let more = lanes.len().saturating_sub(LANES_MAX);
    let took = format::duration(window.1.saturating_sub(window.0));
    let row = |lane: Lane| {
        let count = format::counted(lane.marks.len() as i64, "time", "times");
        let label = format!("{} {count}", lane.name);
        let bars = lane.marks.iter().map(|mark| bar(mark, window)).collect_view();
        view! {
            <li class="lanes__row">
                <span class="lanes__name" title=lane.name.clone()>
                    {lane.name.clone()}
                    <span class="muted">{format!(" {}", lane.source)}</span>
                </span>
                <svg
                    class="lanes__lane"
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=label
                >
                    {bars}
                </svg>
            </li>
        }
    };
    Some(view! {
        <figure class="lanes card">
            <ul class="lanes__rows">{lanes.into_iter().take(LANES_MAX).map(row).collect_view()}</ul>
            <figcaption class="muted">
                {format!("{} to {}, {took}", format::utc(window.0), format::utc(window.1))}
                {(more > 0).then(|| format!("; {more} more names are not drawn"))}
            </figcaption>
        </figure>
    })
}

fn bar(mark: &Mark, window: (i64, i64)) -> impl IntoView + use<> {
    let (from, to) = (place(mark.from, window), place(mark.to.unwrap_or(window.1), window));
    let x = from.min(WIDTH - BAR_MIN);
    let width = (to - from).max(BAR_MIN);
    let (class, title) = match mark.to {
        Some(to) if to == mark.from => ("lanes__point", format::utc(mark.from)),
        Some(to) => {
            ("lanes__span", format!("{}, {}", format::utc(mark.from), format::duration(to - mark.from)))
        }
        None => ("lanes__open", format!("{}, not finished", format::utc(mark.from))),
    };
    view! {
        <rect class=class x=format!("{x:.1}") y="2" width=format!("{width:.1}") height=HEIGHT - 4.0>
            <title>{title}</title>
        </rect>
    }
}

#[cfg(test)]
mod tests {
    use super::super::spans::tests::event;
    use super::*;
    use RunEventKind::{Finish, Point, Start};

    #[test]
    fn spans_are_bars_from_their_start_to_their_finish() {
        let named = |event: RunEvent, name: &str| RunEvent { name: name.into(), ..event };
        let events = [
            event(Finish, Some(1), 90),
            event(Start, Some(1), 40),
            event(Start, Some(2), 95),
            event(Finish, Some(3), 10),
            named(event(Point, None, 20), "checkpoint"),
            named(event(Point, None, 30), "checkpoint"),
        ];
        let lanes = lanes(&events);
        let names: Vec<_> = lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["evaluate", "checkpoint"]);
        let mark = |from, to| Mark { from, to };
        assert_eq!(lanes[0].marks, [mark(40, Some(90)), mark(95, None), mark(10, Some(10))]);
        assert_eq!(lanes[1].marks, [mark(20, Some(20)), mark(30, Some(30))]);
    }

    #[test]
    fn a_finish_before_its_start_by_another_clock_is_a_point() {
        let lanes = lanes(&[event(Start, Some(1), 40), event(Finish, Some(1), 30)]);
        assert_eq!(lanes[0].marks, [Mark { from: 40, to: Some(40) }]);
    }

    #[test]
    fn times_are_spread_over_the_drawing() {
        assert!((place(5, (0, 10)) - WIDTH / 2.0).abs() < 1e-9);
        assert!((place(7, (7, 7)) - WIDTH / 2.0).abs() < 1e-9);
        assert!(place(i64::MAX, (i64::MIN, i64::MAX)).is_finite());
    }
}
