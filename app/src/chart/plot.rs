//! A chart on the page: two canvases, one for what changes with the data, one for what follows the pointer.
//! Only the browser draws; the server renders the frame, so that nothing jumps.

mod hand;

use super::{
    draw::{Surface, palette},
    extent::{Look, Zoom},
    format,
    gesture::Drag,
    lane::{self, Event, Placed},
    line::{self, Content, Line},
    scale::Kind,
    scene::{Dress, Scene, Size, scene},
    size,
    svg::Palette,
    tip::{LaneTip, Reading, Tip, readings},
};
use crate::{
    frame::theme,
    ui::erase::{Show, drawn, effect, handler, view},
};
use leptos::{html, prelude::*};
use model::series::Axis;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What charts on one page share. Those that stand over the same x axis share the place under the pointer and the zoom.
#[derive(Clone, Copy)]
pub struct View {
    pub hover: RwSignal<Option<(Axis, f64)>>,
    pub zooms: RwSignal<HashMap<Axis, (f64, f64)>>,
    /// What is lifted over the others.
    pub focus: RwSignal<Option<Focus>>,
    /// Lines that are not drawn.
    pub hidden: RwSignal<BTreeSet<String>>,
}

/// What is lifted: a line, and in charts that do not have it all lines of its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    pub owner: String,
    /// Its id; without one, all lines of the owner.
    pub line: Option<String>,
}

impl Focus {
    pub fn on_all_of(owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), line: None }
    }

    pub fn on_line(owner: &str, id: &str) -> Self {
        Self { owner: owner.to_owned(), line: Some(id.to_owned()) }
    }

    /// Whether it is about this line, or all of its owner's.
    pub fn is_on(&self, owner: &str, id: &str) -> bool {
        self.owner == owner && self.line.as_deref().is_none_or(|line| line == id)
    }
}

impl View {
    pub fn new() -> Self {
        Self {
            hover: RwSignal::new(None),
            zooms: RwSignal::default(),
            focus: RwSignal::new(None),
            hidden: RwSignal::default(),
        }
    }

    pub fn zoom(self, axis: Axis) -> Option<(f64, f64)> {
        self.zooms.with(|zooms| zooms.get(&axis).copied())
    }

    pub fn set_zoom(self, axis: Axis, range: Option<(f64, f64)>) {
        // The place under the pointer means another one from now on.
        self.hover.set(None);
        self.zooms.update(|zooms| match range {
            Some(range) => drop(zooms.insert(axis, range)),
            None => drop(zooms.remove(&axis)),
        });
    }

    /// The lines that are drawn.
    pub fn shown<'a>(&self, lines: &'a [Line]) -> Vec<&'a Line> {
        self.hidden.with(|hidden| lines.iter().filter(|line| !hidden.contains(&line.id)).collect())
    }
}

/// Data on its way to a chart; `None` while nothing was fetched yet.
pub type Lines = Option<Arc<Vec<Line>>>;

/// What a picture leaves out, for its corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Rows that reach beyond the y axis.
    pub cut: u64,
    /// Rows without a place on a log axis.
    pub placeless: u64,
    /// Events without a place on the x axis.
    pub adrift: u64,
}

/// What happened to whom the lines are of; `None` leaves no room for it.
pub type Events = Option<Arc<Vec<Event>>>;

/// A line chart. `name` says what it shows: it becomes the chart's accessible name.
#[component]
pub fn Plot(
    #[prop(into)] name: Signal<String>,
    #[prop(into)] lines: Signal<Lines>,
    #[prop(into)] look: Signal<Look>,
    #[prop(into)] events: Signal<Events>,
    view: View,
    /// The range of values zoomed to.
    y_zoom: RwSignal<Option<(f64, f64)>>,
    facts: RwSignal<Facts>,
    /// Shown in the pointer's box: the line's name beside each value.
    #[prop(into)]
    names: Signal<bool>,
) -> impl IntoView {
    let parts = Parts {
        still: NodeRef::new(),
        over: NodeRef::new(),
        scene: StoredValue::new(None),
        colors: StoredValue::new(None),
        lines,
        look,
        events,
        view,
        y_zoom,
        facts,
        happened: RwSignal::default(),
        size: RwSignal::new(0),
        drag: RwSignal::new(None),
        here: RwSignal::new(false),
        pin: RwSignal::new(None),
        spoken: RwSignal::new(String::new()),
    };
    parts.draw_when_needed();
    let kept = StoredValue::new(parts);
    let root = NodeRef::<html::Div>::new();
    size::watch(root, move |_| {
        parts.size.try_update(|count| *count += 1);
    });
    let label = move || name.with(|name| describe(name, lines.get().as_deref().map(Vec::as_slice)));
    let state = move || match lines.get() {
        None => Some(""),
        Some(lines) if !lines.is_empty() && view.shown(&lines).is_empty() => Some("Every line is hidden"),
        Some(lines) => match line::content(view.shown(&lines)) {
            Content::Empty if parts.zoom().x.is_some() => Some("No points in this range"),
            Content::Empty => Some("No points"),
            Content::NonFinite => Some("Every value is NaN or infinite"),
            Content::Curves => None,
        },
    };
    let dims = move || view.focus.with(Option::is_some);
    view! {
        <div class="plot" node_ref=root>
            <div
                class="plot__canvases"
                role="img"
                tabindex="0"
                aria-label=drawn(label)
                aria-keyshortcuts="ArrowLeft ArrowRight + - Enter Escape"
                on:keydown=handler(move |event| parts.key(&event))
                on:blur=handler(move |_| parts.left())
            >
                <canvas class="plot__canvas" class:plot__canvas--dim=drawn(dims) node_ref=parts.still></canvas>
                <canvas
                    class="plot__canvas plot__canvas--over"
                    node_ref=parts.over
                    on:pointermove=handler(move |event| parts.moved(&event))
                    on:pointerleave=handler(move |_| parts.left())
                    on:pointerdown=handler(move |event| parts.pressed(&event))
                    on:pointerup=handler(move |event| parts.released(&event))
                    on:dblclick=handler(move |_| parts.reset())
                ></canvas>
            </div>
            {move || state().map(|text| view! { <p class="plot__state">{text}</p> })}
            <Show when=move || parts.here.get() || parts.pin.get().is_some()>
                <Tip parts=kept names />
            </Show>
            <Show when=move || !parts.happened.with(Vec::is_empty)>
                <LaneTip parts=kept names />
            </Show>
            <p class="hidden" aria-live="polite">{parts.spoken}</p>
        </div>
    }
}

#[derive(Clone, Copy)]
pub struct Parts {
    still: NodeRef<html::Canvas>,
    over: NodeRef<html::Canvas>,
    pub scene: StoredValue<Option<Arc<Scene>>>,
    colors: StoredValue<Option<Arc<Palette>>>,
    pub lines: Signal<Lines>,
    look: Signal<Look>,
    events: Signal<Events>,
    pub view: View,
    y_zoom: RwSignal<Option<(f64, f64)>>,
    facts: RwSignal<Facts>,
    /// The events under the pointer.
    pub happened: RwSignal<Vec<Placed>>,
    /// Counts changes of size.
    size: RwSignal<u32>,
    drag: RwSignal<Option<Drag>>,
    /// The pointer or the keyboard is on this chart, not on one beside it.
    here: RwSignal<bool>,
    /// Where a click holds the box of values.
    pub pin: RwSignal<Option<f64>>,
    /// What the keyboard walked to, for those who hear.
    spoken: RwSignal<String>,
}

/// Where a line ends, it still answers for so many CSS pixels.
const REACH: f64 = 12.0;

impl Parts {
    fn axis(self) -> Axis {
        self.lines.with(|lines| {
            lines.as_ref().and_then(|lines| lines.first().map(|line| line.axis)).unwrap_or_default()
        })
    }

    fn zoom(self) -> Zoom {
        Zoom { x: self.view.zoom(self.axis()), y: self.y_zoom.get() }
    }

    /// The place under the pointer, of whichever chart over the same axis.
    fn hover(self) -> Option<f64> {
        self.view.hover.get().filter(|(axis, _)| *axis == self.axis()).map(|(_, x)| x)
    }

    pub fn hover_here(self) -> Option<f64> {
        self.hover().filter(|_| self.here.get())
    }

    fn draw_when_needed(self) {
        let repaint = theme::repaint();
        let drawn = RwSignal::new(0_u32);
        effect(move || {
            self.size.track();
            repaint.track();
            self.draw();
            drawn.update(|count| *count += 1);
        });
        effect(move || {
            drawn.track();
            self.draw_over();
        });
    }

    fn draw(self) {
        let (lines, look, zoom) = (self.lines.get().unwrap_or_default(), self.look.get(), self.zoom());
        let shown = self.view.shown(&lines);
        let Some(canvas) = self.still.get() else { return };
        let Some(surface) = Surface::fit(canvas.clone()) else { return };
        let size = Size {
            width: f64::from(canvas.client_width()),
            height: f64::from(canvas.client_height()),
            ratio: surface.ratio(),
        };
        let (events, adrift) = match self.events.get() {
            Some(events) => placed(&events, &lines, &shown, zoom),
            None => (None, 0),
        };
        let dress = Dress { x_name: axis_name(self.axis(), look, None), events, ..Dress::default() };
        let scene = scene(&shown, look, zoom, size, &dress);
        let colors = palette(&canvas);
        if let Some(scene) = &scene {
            surface.paint(scene, &colors);
        }
        let facts = scene.as_ref().map(|scene| Facts {
            cut: scene.cut,
            placeless: scene.placeless,
            adrift: adrift as u64,
        });
        self.colors.set_value(Some(Arc::new(colors)));
        self.scene.set_value(scene.map(Arc::new));
        let facts = facts.unwrap_or_default();
        if self.facts.get_untracked() != facts {
            self.facts.set(facts);
        }
    }

    fn draw_over(self) {
        let (hover, pin, drag, focus) =
            (self.hover(), self.pin.get(), self.drag.get(), self.view.focus.get());
        let surface = self.over.get().and_then(Surface::fit);
        let (Some(surface), Some(scene), Some(colors)) =
            (surface, self.scene.get_value(), self.colors.get_value())
        else {
            return;
        };
        if let Some(focus) = focus {
            surface.lift(&scene, &colors, &focus);
        }
        if let Some(area) = drag.and_then(|drag| drag.area(&scene)) {
            surface.frame(area);
        }
        for x in [pin, hover].into_iter().flatten() {
            let points: Vec<_> =
                self.read(x).into_iter().map(|one| (one.color, one.x, one.shown())).collect();
            surface.crosshair(&scene, &colors, x, &points);
        }
    }

    /// What every line that is shown says near a place.
    pub fn read(self, x: f64) -> Vec<Reading> {
        let lines = self.lines.get_untracked().unwrap_or_default();
        let reach = self.scene.get_value().map_or(0.0, |scene| {
            let px = scene.axes.x.px(x);
            (scene.axes.x.value(px + REACH * scene.ratio) - x).abs()
        });
        readings(&untrack(|| self.view.shown(&lines)), x, reach)
    }
}

/// The events of whom lines are shown, and how many of them have no place; none where the chart has lines of nobody to whom
/// anything happened.
pub fn placed(events: &[Event], lines: &[Line], shown: &[&Line], zoom: Zoom) -> (Option<Vec<Placed>>, usize) {
    let of = |event: &Event, owner: &str| event.owner == owner;
    if !events.iter().any(|event| lines.iter().any(|line| of(event, &line.owner))) {
        return (None, 0);
    }
    let owned = |event: &&Event| shown.iter().any(|line| of(event, &line.owner));
    let events: Vec<Event> = events.iter().filter(owned).cloned().collect();
    let axis = lines.first().map(|line| line.axis).unwrap_or_default();
    let (placed, adrift) = lane::place(&events, shown, axis, zoom.x.is_none());
    (Some(placed), adrift)
}

/// What the x axis counts; nothing when that is as usual. `over` names the metric that is the axis.
pub fn axis_name(axis: Axis, look: Look, over: Option<&str>) -> String {
    let name = match axis {
        Axis::Step => "step",
        Axis::Wall => "wall time (UTC)",
        Axis::Relative => "time since the start",
        Axis::Metric => over.unwrap_or("another metric"),
    };
    match (axis, look.x) {
        (Axis::Step, Kind::Linear) if over.is_none() => String::new(),
        (_, Kind::Log) => format!("{name} (log)"),
        _ => name.to_owned(),
    }
}

fn describe(name: &str, lines: Option<&[Line]>) -> String {
    match lines {
        None => format!("{name}: loading"),
        Some([]) => format!("{name}: no points"),
        Some([only]) => {
            let points = format::counted(only.total as i64, "point", "points");
            if only.kind == line::Kind::Group {
                return format!("{name}: {}, {points}", only.name);
            }
            match only.end() {
                Some((step, value)) => {
                    format!("{name}: {points}, last {} at step {step}", format::number(value))
                }
                None => format!("{name}: no points"),
            }
        }
        Some(lines) => format!("{name}: {} lines", lines.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::points;
    use super::*;

    #[test]
    fn a_chart_says_in_words_what_it_shows() {
        let one = [points(&[0, 119], &[1.0, 0.123_456])];
        assert_eq!(describe("val_loss", Some(&one)), "val_loss: 2 points, last 0.1235 at step 119");
        assert_eq!(describe("a", Some(&[points(&[], &[])])), "a: no points");
        assert_eq!(describe("a", None), "a: loading");
    }

    #[test]
    fn an_axis_is_named_when_it_is_not_the_usual_one() {
        assert_eq!(axis_name(Axis::Step, Look::default(), None), "");
        assert_eq!(axis_name(Axis::Step, Look { x: Kind::Log, ..Look::default() }, None), "step (log)");
        assert_eq!(axis_name(Axis::Metric, Look::default(), Some("epoch")), "epoch");
    }
}
