//! The lane under the x axis: what happened besides the metrics, as ticks and spans where the axis has a place for it.

use super::{format, line::Line, path::Axes, scene::Area};
use model::series::Axis;
use std::collections::BTreeMap;

/// Something that happened, at the clock's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Whose lines it belongs to, and in which colour.
    pub owner: String,
    pub color: u8,
    /// The owner in words, where there are several.
    pub who: String,
    pub name: String,
    pub source: String,
    pub from_ms: i64,
    /// The same as the beginning for what takes no time.
    pub to_ms: i64,
    pub kind: EventKind,
    /// What else is known, in one line.
    pub details: String,
    /// What relative times of its owner count from.
    pub started_ms: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventKind {
    #[default]
    Point,
    /// It began and ended.
    Span,
    /// It began, and its end is not known.
    Begun,
    /// It ended, and its beginning is not known.
    Ended,
}

/// An event with its place on an x axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    pub event: Event,
    pub from: f64,
    pub to: f64,
    /// The step whose point stands for the time, on axes that do not count time.
    pub near: Option<i64>,
}

/// Where events stand, and how many have no place: on an axis that counts no time, those before the first point. Such an
/// axis takes the place of the last point before, of any line of the owner. Lines that are not `whole` are those of a part
/// that is zoomed to: what lies outside it is out of view.
pub fn place(events: &[Event], lines: &[&Line], axis: Axis, whole: bool) -> (Vec<Placed>, usize) {
    let mut clocks: BTreeMap<&str, Vec<(i64, f64, i64)>> = BTreeMap::new();
    if !matches!(axis, Axis::Wall | Axis::Relative) {
        for line in lines.iter().filter(|line| line.times_ms.len() == line.len()) {
            let rows = line.times_ms.iter().zip(&line.to).zip(&line.steps);
            let clock = clocks.entry(line.owner.as_str()).or_default();
            clock.extend(
                rows.map(|((time_ms, x), step)| (*time_ms, *x, *step)).filter(|(_, x, _)| !x.is_nan()),
            );
        }
        for clock in clocks.values_mut() {
            clock.sort_by_key(|row| (row.0, row.2));
        }
    }
    let at = |event: &Event, time_ms: i64| match axis {
        Axis::Wall => Some((time_ms as f64, None)),
        Axis::Relative => Some((time_ms.saturating_sub(event.started_ms) as f64, None)),
        Axis::Step | Axis::Metric => {
            let clock = clocks.get(event.owner.as_str())?;
            let before = clock.partition_point(|row| row.0 <= time_ms).checked_sub(1);
            match before {
                // What began before the part that is known goes on in it.
                None if !whole => clock.first().map(|(_, x, _)| (*x, None)),
                before => clock.get(before?).map(|(_, x, step)| (*x, Some(*step))),
            }
        }
    };
    // Of what lies outside the known part nobody knows more.
    let is_known = |event: &Event| match clocks.get(event.owner.as_str()).map(Vec::as_slice) {
        Some([first, .., last]) => whole || (event.to_ms >= first.0 && event.from_ms <= last.0),
        _ => true,
    };
    let one = |event: &Event| {
        let (from, near) = at(event, event.from_ms).filter(|_| is_known(event))?;
        let (to, _) = at(event, event.to_ms)?;
        Some(Placed { event: event.clone(), from, to: to.max(from), near })
    };
    let placed: Vec<Placed> = events.iter().filter_map(one).collect();
    let adrift = if whole { events.len() - placed.len() } else { 0 };
    (placed, adrift)
}

/// The lane as shapes in device pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub top: f64,
    pub bottom: f64,
    pub inks: Vec<Ink>,
    /// Those in view, from and to.
    pub marks: Vec<(f64, f64, Placed)>,
}

/// What is drawn in one colour for one owner: x, y pairs; a pair of NaN lifts the pen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ink {
    pub owner: String,
    pub color: u8,
    pub ticks: Vec<f32>,
    pub spans: Vec<f32>,
    pub width: f64,
}

/// CSS pixels that the lane takes below the axis, where it begins and how high it is.
pub const ROOM: f64 = 12.0;
const ASIDE: f64 = 4.0;
const HEIGHT: f64 = 8.0;
/// How opaque a span is between its ends.
pub const SPAN_ALPHA: f64 = 0.3;
/// CSS pixels at which the pointer still means an event.
const NEAR: f64 = 5.0;

pub fn lane(events: &[Placed], axes: &Axes, area: Area, ratio: f64) -> Lane {
    let top = area.bottom + (ASIDE * ratio).round();
    let bottom = top + (HEIGHT * ratio).round();
    let mut marks: Vec<(f64, f64, Placed)> = Vec::new();
    let mut inks: Vec<Ink> = Vec::new();
    for placed in events {
        let (from, to) = (axes.x.px(placed.from), axes.x.px(placed.to));
        let in_view = from <= area.right + 1.0 && to >= area.left - 1.0;
        if !in_view {
            continue;
        }
        let (owner, color) = (&placed.event.owner, placed.event.color);
        let known = inks.iter().position(|ink| ink.owner == *owner);
        let place = known.unwrap_or_else(|| {
            let width = (1.5 * ratio).max(1.0);
            inks.push(Ink { owner: owner.clone(), color, width, ..Ink::default() });
            inks.len() - 1
        });
        let ink = &mut inks[place];
        let (low, high) = (top as f32, bottom as f32);
        for end in [from, to] {
            let x = (end.floor() + 0.5) as f32;
            let inside = end >= area.left - 1.0 && end <= area.right + 1.0;
            // Where several share a pixel, one stroke is all that shows.
            if inside && !ink.ticks.chunks_exact(6).rev().take(64).any(|known| known[0] == x) {
                ink.ticks.extend([x, low, x, high, f32::NAN, f32::NAN]);
            }
        }
        let (left, right) = (from.max(area.left) as f32, to.min(area.right) as f32);
        if right > left {
            ink.spans.extend([left, low, right, low, right, high, left, high, f32::NAN, f32::NAN]);
        }
        marks.push((from, to, placed.clone()));
    }
    Lane { top, bottom, inks, marks }
}

impl Lane {
    /// The events under a place of the canvas, those with a name first that stand closest; none above or below the lane.
    pub fn under(&self, (x, y): (f64, f64), ratio: f64) -> Vec<Placed> {
        let reach = NEAR * ratio;
        if y < self.top - reach / 2.0 || y > self.bottom + reach {
            return Vec::new();
        }
        self.near(x, ratio)
    }

    /// The events at a place on the x axis of the canvas: ticks close by, else the spans that it lies in.
    pub fn near(&self, x: f64, ratio: f64) -> Vec<Placed> {
        let reach = NEAR * ratio;
        let away = |from: f64, to: f64| (x - from).abs().min((x - to).abs());
        let mut found: Vec<(f64, &Placed)> = self
            .marks
            .iter()
            .filter(|(from, to, _)| away(*from, *to) <= reach || (x >= *from && x <= *to))
            .map(|(from, to, placed)| (away(*from, *to), placed))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.into_iter().map(|(_, placed)| placed.clone()).collect()
    }
}

impl Placed {
    /// When it was, or how long it took, and where it stands if that is a guess.
    pub fn words(&self) -> String {
        let Event { from_ms, to_ms, kind, .. } = &self.event;
        let mut words = vec![format::utc(*from_ms)];
        match kind {
            EventKind::Point => {}
            EventKind::Span => words.push(format!("took {}", format::duration(to_ms - from_ms))),
            EventKind::Begun => words.push("no end is known".to_owned()),
            EventKind::Ended => words.push("ended then".to_owned()),
        }
        words.extend(self.near.map(|step| format!("near step {step}")));
        words.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        extent::{Look, Zoom},
        line::tests::points,
        plot::Focus,
        scene::{Dress, Scene, Size, scene},
    };
    use super::*;

    fn event(name: &str, from_ms: i64, to_ms: i64) -> Event {
        let kind = if from_ms == to_ms { EventKind::Point } else { EventKind::Span };
        Event {
            owner: "a".into(),
            name: name.into(),
            from_ms,
            to_ms,
            kind,
            started_ms: 1000,
            ..Event::default()
        }
    }

    fn line(steps: &[i64], times_ms: &[i64]) -> Line {
        let values: Vec<f64> = steps.iter().map(|step| *step as f64).collect();
        Line { owner: "a".into(), id: "a".into(), times_ms: times_ms.to_vec(), ..points(steps, &values) }
    }

    #[test]
    fn on_axes_of_time_events_stand_at_their_time() {
        let events = [event("e", 500, 500), event("f", 2000, 3500)];
        let (placed, adrift) = place(&events, &[], Axis::Wall, true);
        assert_eq!((placed[0].from, placed[1].to, adrift), (500.0, 3500.0, 0));
        let (placed, _) = place(&events, &[], Axis::Relative, true);
        assert_eq!((placed[0].from, placed[1].from, placed[1].to), (-500.0, 1000.0, 2500.0));
        assert_eq!(placed[0].near, None);
    }

    #[test]
    fn on_the_axis_of_steps_they_stand_at_the_last_point_before() {
        let line = line(&[0, 10, 20], &[100, 200, 150]);
        let events = [
            event("early", 99, 99),
            event("at", 150, 150),
            event("between", 199, 500),
            event("late", 900, 900),
        ];
        let (placed, adrift) = place(&events, &[&line], Axis::Step, true);
        let found: Vec<_> =
            placed.iter().map(|one| (one.event.name.as_str(), one.from, one.to, one.near)).collect();
        assert_eq!(
            found,
            [("at", 20.0, 20.0, Some(20)), ("between", 20.0, 20.0, Some(20)), ("late", 10.0, 10.0, Some(10))]
        );
        assert_eq!(adrift, 1, "before the first point there is no step");
        let other = Line { owner: "b".into(), ..line.clone() };
        assert_eq!(place(&events, &[&other], Axis::Step, true), (Vec::new(), 4), "no point of its owner");
    }

    #[test]
    fn where_only_a_part_is_known_nothing_is_placed_by_guess() {
        let line = line(&[10, 20, 30], &[100, 200, 300]);
        let events = [
            event("before", 50, 50),
            event("into", 50, 250),
            event("in", 210, 210),
            event("after", 400, 400),
        ];
        let (placed, adrift) = place(&events, &[&line], Axis::Step, false);
        let found: Vec<_> =
            placed.iter().map(|one| (one.event.name.as_str(), one.from, one.to, one.near)).collect();
        assert_eq!(found, [("into", 10.0, 20.0, None), ("in", 20.0, 20.0, Some(20))]);
        assert_eq!(adrift, 0, "they are out of view");
    }

    fn drawn(events: &[Event]) -> Scene {
        let line = line(&[0, 100], &[0, 100]);
        let (events, _) = place(events, &[&line], Axis::Wall, true);
        let line = Line { axis: Axis::Wall, ..line };
        let size = Size { width: 400.0, height: 200.0, ratio: 2.0 };
        let dress = Dress { events: Some(events), ..Dress::default() };
        scene(&[&line], Look::default(), Zoom::default(), size, &dress).expect("has a curve")
    }

    #[test]
    fn the_lane_lies_under_the_axis_and_tells_what_is_under_the_pointer() {
        let scene = drawn(&[
            event("span", 20, 60),
            event("tick", 50, 50),
            event("tick", 50, 50),
            event("out", 900, 900),
        ]);
        let lane = scene.lane.as_ref().expect("a lane");
        assert!(lane.top > scene.area.bottom && lane.bottom < scene.height - 20.0);
        assert_eq!(lane.marks.len(), 3, "what is out of view is not drawn");
        assert_eq!(lane.inks[0].ticks.len(), 3 * 6, "two ends and one tick for two at one place");
        let middle = f64::midpoint(lane.top, lane.bottom);
        let names = |at: f64, y: f64| {
            let found = lane.under((scene.axes.x.px(at), y), scene.ratio);
            found.into_iter().map(|one| one.event.name).collect::<Vec<_>>()
        };
        assert_eq!(names(50.0, middle), ["tick", "tick", "span"]);
        assert_eq!(names(40.0, middle), ["span"]);
        assert!(names(90.0, middle).is_empty() && names(50.0, scene.area.top).is_empty());
        assert_eq!(scene.lifted(&Focus::on_line("a", "other line")).count(), 1);
        assert_eq!(scene.lifted(&Focus::on_all_of("b")).count(), 0);
    }

    #[test]
    fn an_event_says_when_it_was_and_whether_its_step_is_a_guess() {
        let placed = Placed { event: event("e", 0, 65_000), near: Some(320), ..Placed::default() };
        assert_eq!(placed.words(), "1970-01-01 00:00:00 UTC · took 1m 05s · near step 320");
    }
}
