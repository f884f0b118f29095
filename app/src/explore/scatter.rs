//! Runs as points over two fields, with colour and size by two more; a box or a line drawn around points chooses their runs.

use super::{
    Nothing, Stage,
    axis::{Axis, Scale},
    brush::Brush,
    choice::{FieldChoice, FindField, ScaleChoice},
    export::{self, Export},
    pointer::Pointer,
    query,
};
use crate::{
    chart::{
        Anchor, Sheet,
        density::Ramp,
        format,
        ink::{self, Ink},
        lasso,
        summary::pareto,
    },
    frame::theme,
    run::columns,
    ui::erase::{Show, drawn, effect, handler, memo, view},
};
use leptos::{ev::PointerEvent, html, prelude::*};
use model::{explore::FieldValues, limits, metric::Goal, query::Field, relation};
use std::sync::Arc;
use web_sys::Element;

const LEFT: f64 = 76.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// Points keep away from the edges.
const ROOM: f64 = 0.04;
/// Below a picture that leaves the page: what its colours mean.
const LEGEND: f64 = 42.0;
const NEAR: f64 = 12.0;
const DRAG_MIN: f64 = 5.0;

/// Where a point is on the screen, in CSS pixels; NaN when it lacks a value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    width: f64,
    height: f64,
}

impl Frame {
    fn x(&self, share: f64) -> f64 {
        LEFT + (ROOM + share * (1.0 - 2.0 * ROOM)) * (self.width - LEFT - RIGHT)
    }

    fn y(&self, share: f64) -> f64 {
        self.height - BOTTOM - (ROOM + share * (1.0 - 2.0 * ROOM)) * (self.height - TOP - BOTTOM)
    }

    /// Places and labels of the axis below.
    fn across(&self, axis: &Axis) -> Vec<(f64, String)> {
        let ticks = axis.ticks((self.width / 90.0).max(2.0) as usize);
        ticks.into_iter().map(|(share, label)| (self.x(share), label)).collect()
    }

    /// Places and labels of the axis at the left.
    fn upwards(&self, axis: &Axis) -> Vec<(f64, String)> {
        let ticks = axis.ticks((self.height / 50.0).max(2.0) as usize);
        ticks.into_iter().map(|(share, label)| (self.y(share), label)).collect()
    }

    fn share_x(&self, x: f64) -> f64 {
        ((x - LEFT) / (self.width - LEFT - RIGHT) - ROOM) / (1.0 - 2.0 * ROOM)
    }

    fn share_y(&self, y: f64) -> f64 {
        ((self.height - BOTTOM - y) / (self.height - TOP - BOTTOM) - ROOM) / (1.0 - 2.0 * ROOM)
    }
}

/// The point nearest to a place, if it is near.
fn hit(points: &[(f64, f64)], (x, y): (f64, f64)) -> Option<usize> {
    let distance = |point: &(f64, f64)| (point.0 - x).hypot(point.1 - y);
    let near = points.iter().enumerate().map(|(row, point)| (row, distance(point)));
    let near = near.filter(|(_, distance)| *distance <= NEAR);
    near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row)
}

/// How a dot is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    /// Of a run that was not chosen.
    Faint,
    /// Of a run without a value on the scale of colours.
    Plain,
    /// On the scale, one of [`SHADES`].
    Shade(usize),
    /// In the run's own colour.
    Run(usize),
}

impl Paint {
    /// As CSS writes it, and how opaque.
    fn of(self, ramp: &Ramp, token: &dyn Fn(&str) -> String) -> (String, f64) {
        match self {
            Self::Faint => (token("--text-muted"), 0.2),
            Self::Plain => (token("--text-muted"), 0.75),
            Self::Shade(shade) => (ink::css(ramp[(shade * 256 + 128) / SHADES]), 0.75),
            Self::Run(place) => (token(&format!("--run-{place}")), 0.75),
        }
    }
}

/// Dots of x, y and radius, those painted alike together; what was not chosen lies below.
fn dots(
    points: &[(f64, f64)],
    tint: Option<&Axis>,
    weight: Option<&Axis>,
    chosen: Option<&Vec<bool>>,
    color: impl Fn(usize) -> u8,
) -> Vec<(Paint, Vec<f32>)> {
    let (mut faint, mut plain) = (Vec::new(), Vec::new());
    let mut shades: Vec<Vec<f32>> = vec![Vec::new(); SHADES.max(usize::from(limits::RUN_COLORS))];
    for (row, (x, y)) in points.iter().enumerate() {
        if !x.is_finite() || !y.is_finite() {
            continue;
        }
        let radius = match weight.and_then(|axis| axis.shares.get(row)).copied() {
            Some(share) if share.is_nan() => 2.0,
            Some(share) => 2.5 + 7.0 * share.sqrt(),
            None => 3.5,
        };
        let dot = [*x as f32, *y as f32, radius];
        if chosen.is_some_and(|chosen| chosen.get(row) != Some(&true)) {
            faint.extend(dot);
            continue;
        }
        let shade = match tint {
            Some(axis) => {
                let share = axis.shares.get(row).copied().unwrap_or(0.0);
                if share.is_nan() {
                    plain.extend(dot);
                    continue;
                }
                (share * (SHADES - 1) as f32) as usize
            }
            None => usize::from(color(row)),
        };
        shades[shade].extend(dot);
    }
    let paint = |place| if tint.is_some() { Paint::Shade(place) } else { Paint::Run(place) };
    let shades = shades.into_iter().enumerate().map(|(place, dots)| (paint(place), dots));
    let all = [(Paint::Faint, faint), (Paint::Plain, plain)].into_iter().chain(shades);
    all.filter(|(_, dots)| !dots.is_empty()).collect()
}

/// Places one after another, in CSS pixels.
type Way = Vec<(f64, f64)>;

#[derive(Clone, Copy)]
struct Parts {
    stage: Stage,
    x: Memo<Option<Arc<Axis>>>,
    y: Memo<Option<Arc<Axis>>>,
    tint: Memo<Option<Arc<Axis>>>,
    weight: Memo<Option<Arc<Axis>>>,
    frame: Memo<Frame>,
    points: Memo<Arc<Vec<(f64, f64)>>>,
    pointer: Pointer,
    still: NodeRef<html::Canvas>,
    over: NodeRef<html::Canvas>,
    /// The way of the pointer since it was pressed.
    drawn: RwSignal<Vec<(f64, f64)>>,
    /// A line around points rather than a box.
    free: RwSignal<bool>,
}

#[component]
pub(super) fn Scatter(stage: Stage) -> impl IntoView {
    let axis = move |key: &'static str| {
        memo(move || stage.field(key).and_then(|field| stage.axis(&field)).map(Arc::new))
    };
    let (x, y, tint, weight) = (axis("x"), axis("y"), axis("color"), axis("size"));
    let size = RwSignal::new((0.0, 0.0));
    let frame = memo(move || {
        let (width, height) = size.get();
        Frame { width, height }
    });
    let points = memo(move || {
        let (Some(x), Some(y), frame) = (x.get(), y.get(), frame.get()) else { return Arc::default() };
        let each = x.shares.iter().zip(&y.shares);
        Arc::new(each.map(|(x, y)| (frame.x(f64::from(*x)), frame.y(f64::from(*y)))).collect::<Vec<_>>())
    });
    let parts = Parts {
        stage,
        x,
        y,
        tint,
        weight,
        frame,
        points,
        pointer: Pointer::new(stage),
        still: NodeRef::new(),
        over: NodeRef::new(),
        drawn: RwSignal::new(Vec::new()),
        free: RwSignal::new(false),
    };
    let pointer = parts.pointer;
    ink::follow_size(pointer.root, size);
    parts.draw_when_needed();
    let empty = memo(move || {
        stage.data.current.with(|data| data.ids.is_empty()) || x.get().is_none() || y.get().is_none()
    });
    let placed = memo(move || {
        points.with(|points| points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()).count())
    });
    let label = move || {
        let name = |key| stage.field(key).map(|field| field.to_string()).unwrap_or_default();
        format!("Scatter of {} runs: {} over {}", placed.get(), name("y"), name("x"))
    };
    let without = move || {
        let missing = points.with(|points| points.len()) - placed.get();
        (missing > 0).then(|| {
            format!("{} without a value are not drawn. ", format::counted(missing as i64, "run", "runs"))
        })
    };
    let tip = move || pointer.tip(frame.get().width, || stage.fields());
    let field = move |key: &'static str| Signal::derive(move || stage.field(key));
    let scaled = move |axis: Memo<Option<Arc<Axis>>>| {
        Signal::derive(move || axis.with(|axis| axis.as_ref().map(|axis| (axis.scale, axis.scales()))))
    };
    view! {
        <div class="explore__bar">
            <FindField stage />
            <FieldChoice stage label="X" key="x" />
            <ScaleChoice stage field=field("x") axis=scaled(x) label="Scale of x" />
            <FieldChoice stage label="Y" key="y" />
            <ScaleChoice stage field=field("y") axis=scaled(y) label="Scale of y" />
            <FieldChoice stage label="Colour" key="color" none="the run" />
            <FieldChoice stage label="Size" key="size" none="all the same" />
            <Toggles parts />
            <Export
                stage
                sheet=Callback::new(move |()| untrack(|| parts.sheet()))
                csv=Callback::new(move |()| untrack(|| parts.csv()))
            />
        </div>
        <p class="explore__facts" role="status">
            {move || without()}
            <Facts parts />
        </p>
        <Show when=move || empty.get()>
            <Nothing stage why="No run matches, or there are no two fields to draw. Choose them above." />
        </Show>
        <div
            class="explore__scroll"
            class:explore__scroll--empty=move || empty.get()
            tabindex="0"
            role="region"
            aria-label="Picture"
        >
            <div
                class="scatter"
                class:parallel--pinned=move || pointer.pinned.get()
                node_ref=pointer.root
                data-points=move || placed.get()
                on:pointermove=handler(move |event| parts.pointed(&event))
                on:pointerleave=handler(move |_| pointer.left())
                on:pointerdown=handler(move |event| parts.pressed(&event))
                on:pointerup=handler(move |event| parts.released(&event))
                on:pointercancel=handler(move |_| parts.drawn.set(Vec::new()))
            >
                <svg class="parallel__axes" aria-hidden="true">
                    <Axes parts />
                </svg>
                <canvas class="parallel__canvas" node_ref=parts.still></canvas>
                <canvas class="parallel__canvas" node_ref=parts.over role="img" aria-label=drawn(label)></canvas>
                <svg class="parallel__axes scatter__over" aria-hidden="true">
                    <Marks parts />
                </svg>
                {move || tip()}
            </div>
        </div>
        <Legend parts />
    }
}

impl Parts {
    fn draw_when_needed(self) {
        let repaint = theme::repaint();
        let stage = self.stage;
        effect(move || {
            repaint.track();
            let (points, tint, weight) = (self.points.get(), self.tint.get(), self.weight.get());
            let Some(ink) = self.still.get().and_then(Ink::fine) else { return };
            let mask = stage.chosen.get();
            let dots =
                dots(&points, tint.as_deref(), weight.as_deref(), mask.as_deref(), |row| stage.color(row));
            for (color, dots) in dots {
                let (color, alpha) = color.of(&ink.ramp(), &|token| ink.token(token));
                ink.dots(&dots, &color, alpha);
            }
        });
        effect(move || {
            repaint.track();
            let (points, hover) = (self.points.get(), stage.hover.get());
            let Some(ink) = self.over.get().and_then(Ink::fine) else { return };
            if let Some(&(x, y)) = hover.and_then(|row| points.get(row))
                && x.is_finite()
                && y.is_finite()
            {
                ink.dots(&[x as f32, y as f32, 6.5], &ink.token("--text"), 1.0);
                ink.dots(&[x as f32, y as f32, 4.0], &ink.token("--accent"), 1.0);
            }
        });
    }

    fn pressed(self, event: &PointerEvent) {
        let on_tip = event_target::<Element>(event).closest(".tip").ok().flatten().is_some();
        // A finger scrolls the page unless it draws a line.
        if event.button() != 0 || on_tip || (event.pointer_type() == "touch" && !self.free.get_untracked()) {
            return;
        }
        event.prevent_default();
        self.pointer.capture(event);
        self.drawn.set(vec![self.pointer.at(event)]);
    }

    fn pointed(self, event: &PointerEvent) {
        let at = self.pointer.at(event);
        if self.drawn.with_untracked(|drawn| !drawn.is_empty()) {
            self.drawn.update(|drawn| {
                // A line of many thousand points is no better.
                if drawn.len() < 2_000 {
                    drawn.push(at);
                }
            });
        } else {
            self.pointer.follow(at, || self.points.with_untracked(|points| hit(points, at)));
        }
    }

    fn released(self, event: &PointerEvent) {
        let drawn = self.drawn.get_untracked();
        self.drawn.set(Vec::new());
        let (Some(&from), to) = (drawn.first(), self.pointer.at(event)) else { return };
        let far = drawn.iter().any(|at| (at.0 - from.0).abs().max((at.1 - from.1).abs()) >= DRAG_MIN);
        if !far {
            self.pointer.toggle();
        } else if self.free.get_untracked() {
            self.surround(&drawn);
        } else {
            self.frame_in(from, to);
        }
    }

    /// Chooses what lies inside a line.
    fn surround(self, line: &[(f64, f64)]) {
        let ids = self.stage.data.current.with_untracked(|data| {
            self.points.with_untracked(|points| {
                let inside = points.iter().zip(&data.ids).filter(|(point, _)| lasso::inside(line, **point));
                inside.map(|(_, id)| id.clone()).collect()
            })
        });
        self.stage.lasso.set(Some(ids));
    }

    /// Chooses what lies inside a box: the brushes of both axes, so that it is a query.
    fn frame_in(self, from: (f64, f64), to: (f64, f64)) {
        let frame = self.frame.get_untracked();
        let (Some(x), Some(y)) = (self.x.get_untracked(), self.y.get_untracked()) else { return };
        let mut brushes = self.stage.brushes.get_untracked();
        brushes.retain(|brush| brush.field != x.field && brush.field != y.field);
        let spans = [
            (&x, x.span(frame.share_x(from.0), frame.share_x(to.0))),
            (&y, y.span(frame.share_y(from.1), frame.share_y(to.1))),
        ];
        for (axis, span) in spans {
            brushes.extend(span.map(|span| Brush { field: axis.field.clone(), span }));
        }
        self.stage.lasso.set(None);
        self.stage.set_brushes(&brushes);
    }

    /// The chosen runs' values on both axes.
    fn values(self) -> (Vec<usize>, Vec<f64>, Vec<f64>) {
        let rows = self.stage.rows();
        let (x, y) = (self.stage.field("x"), self.stage.field("y"));
        self.stage.data.current.with(|data| {
            let numbers = |field: &Option<Field>| {
                let column = data.columns.iter().find(|column| Some(&column.field) == field.as_ref());
                match column.map(|column| &column.values) {
                    Some(FieldValues::Numbers { numbers }) => rows
                        .iter()
                        .map(|row| numbers.get(*row).copied().flatten().map_or(f64::NAN, |one| one.0))
                        .collect(),
                    _ => vec![f64::NAN; rows.len()],
                }
            };
            let (x, y) = (numbers(&x), numbers(&y));
            (rows, x, y)
        })
    }

    /// What the page shows.
    fn sheet(self) -> Option<Sheet> {
        let stage = self.stage;
        let (x, y, tint, weight) = (self.x.get()?, self.y.get()?, self.tint.get(), self.weight.get());
        let (frame, points) = (self.frame.get(), self.points.get());
        let ramp = ink::scale(&document().document_element()?);
        let legend = if tint.is_some() { LEGEND } else { 0.0 };
        let title = format!("{} over {}", columns::name(&y.field), columns::name(&x.field));
        let mut sheet = export::sheet(title, frame.width, frame.height + legend)?;
        let grid = sheet.palette().grid.clone();
        let (foot, right) = (frame.height - BOTTOM, frame.width - RIGHT);
        for (at, label) in frame.across(&x) {
            sheet.lines(&[at as f32, TOP as f32, at as f32, foot as f32], &grid, 1.0);
            sheet.text((at, foot + 16.0), Anchor::Middle, &label);
        }
        for (at, label) in frame.upwards(&y) {
            sheet.lines(&[LEFT as f32, at as f32, right as f32, at as f32], &grid, 1.0);
            sheet.text((LEFT - 7.0, at + 4.0), Anchor::End, &label);
        }
        sheet.name(
            (f64::midpoint(LEFT, right), frame.height - 8.0),
            Anchor::Middle,
            &columns::name(&x.field),
        );
        sheet.upright((14.0, f64::midpoint(TOP, foot)), &columns::name(&y.field));
        let mask = stage.chosen.get();
        let dots = dots(&points, tint.as_deref(), weight.as_deref(), mask.as_deref(), |row| stage.color(row));
        for (paint, dots) in dots {
            let (color, alpha) = paint.of(&ramp, &export::token);
            sheet.dots(&dots, &color, alpha);
        }
        let flat = |points: &[(f64, f64)]| {
            points.iter().flat_map(|(x, y)| [*x as f32, *y as f32]).collect::<Vec<_>>()
        };
        let accent = export::token("--accent");
        if let Some(ends) = self.fit() {
            sheet.lines(&flat(&ends), &accent, 1.5);
        }
        if let Some((steps, _)) = self.front() {
            sheet.lines(&flat(&steps), &accent, 1.5);
        }
        if let Some(tint) = &tint {
            export::explain(&mut sheet, (LEFT, frame.height + 8.0), tint);
        }
        Some(sheet)
    }

    /// The runs that are shown, with what the picture says of them.
    fn csv(self) -> String {
        let (rows, fields) = (self.stage.rows(), self.stage.fields());
        self.stage.data.current.with(|data| export::rows(data, &rows, &fields))
    }

    fn on(self, key: &'static str) -> bool {
        self.stage.search.with(|query| query.get(key).is_some())
    }

    /// The ends of the line of least squares, if it is wished for. On a scale of logarithms it is one of logarithms: it is
    /// straight as drawn.
    fn fit(self) -> Option<[(f64, f64); 2]> {
        let (x, y, frame) = (self.x.get()?, self.y.get()?, self.frame.get());
        self.on("fit").then_some(())?;
        let rows = self.stage.rows();
        let shares = |axis: &Axis| rows.iter().map(|row| f64::from(axis.shares[*row])).collect::<Vec<f64>>();
        let (slope, base) = relation::least_squares(&shares(&x), &shares(&y))?;
        Some([0.0, 1.0].map(|share| (frame.x(share), frame.y(base + slope * share))))
    }

    /// The way along the front, and the points on it, if it is wished for.
    fn front(self) -> Option<(Way, Way)> {
        let (lower_x, lower_y) = (self.lower("x")?, self.lower("y")?);
        self.on("front").then_some(())?;
        let (rows, xs, ys) = self.values();
        let pairs: Vec<(f64, f64)> = xs.into_iter().zip(ys).collect();
        let front = pareto(&pairs, lower_x, lower_y);
        let points: Vec<(f64, f64)> = self
            .points
            .with(|points| front.iter().filter_map(|place| points.get(rows[*place]).copied()).collect());
        // From one to the next it goes around what neither reaches.
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for &(x, y) in &points {
            if let Some(&(last_x, last_y)) = steps.last() {
                steps.push(if lower_x { (x, last_y) } else { (last_x, y) });
            }
            steps.push((x, y));
        }
        Some((steps, points))
    }

    /// Whether less is better on an axis; none where it is no metric.
    fn lower(self, key: &str) -> Option<bool> {
        let field = self.stage.field(key)?;
        let chosen = self.stage.search.with(|query| query.get("front").map(str::to_owned));
        let known = self.stage.direction(&field).map(|goal| goal == Goal::Min);
        let turned = chosen.is_some_and(|words| words.split(',').any(|word| word == key));
        matches!(field, Field::Metric { .. }).then(|| known.unwrap_or(true) != turned)
    }
}

const SHADES: usize = 24;

/// Ticks, their lines and the names of both axes.
#[component]
fn Axes(parts: Parts) -> impl IntoView {
    let Parts { x, y, frame, .. } = parts;
    let across = move || {
        let (axis, frame) = (x.get()?, frame.get());
        let foot = frame.height - BOTTOM;
        let tick = |(at, label): (f64, String)| {
            view! {
                <line class="scatter__grid" x1=at x2=at y1=TOP y2=foot></line>
                <text class="scatter__x" x=at y=foot + 16.0>
                    {label}
                </text>
            }
        };
        let ticks = frame.across(&axis).into_iter().map(tick).collect_view();
        let middle = f64::midpoint(LEFT, frame.width - RIGHT);
        Some(view! {
            {ticks}
            <text class="scatter__x scatter__name" x=middle y=frame.height - 8.0>
                {columns::name(&axis.field)}
            </text>
        })
    };
    let upwards = move || {
        let (axis, frame) = (y.get()?, frame.get());
        let tick = |(at, label): (f64, String)| {
            view! {
                <line class="scatter__grid" x1=LEFT x2=frame.width - RIGHT y1=at y2=at></line>
                <text x=LEFT - 7.0 y=at + 4.0>
                    {label}
                </text>
            }
        };
        let ticks = frame.upwards(&axis).into_iter().map(tick).collect_view();
        let middle = f64::midpoint(TOP, frame.height - BOTTOM);
        Some(view! {
            {ticks}
            <text class="scatter__x scatter__name" transform=format!("translate(14 {middle:.0}) rotate(-90)")>
                {columns::name(&axis.field)}
            </text>
        })
    };
    view! {
        {move || across()}
        {move || upwards()}
    }
}

/// What lies over the points: the line of least squares, the front, brushes, and what is being drawn.
#[component]
fn Marks(parts: Parts) -> impl IntoView {
    let Parts { stage, x, y, frame, drawn, free, .. } = parts;
    let path = |points: &[(f64, f64)]| {
        points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
    };
    let fit = move || {
        parts.fit().map(|ends| view! { <polyline class="scatter__fit" points=path(&ends)></polyline> })
    };
    let front = move || {
        let (steps, points) = parts.front()?;
        let dots = points
            .iter()
            .map(|&(x, y)| view! { <circle class="scatter__front-dot" cx=x cy=y r="6"></circle> });
        Some(view! {
            <polyline class="scatter__front" points=path(&steps)></polyline>
            {dots.collect_view()}
        })
    };
    let brush = move || {
        let (x, y, frame) = (x.get()?, y.get()?, frame.get());
        let held = |axis: &Axis| {
            let of_axis = stage.brushes.get().into_iter().find(|brush| brush.field == axis.field);
            of_axis.and_then(|brush| axis.shares_of(&brush.span))
        };
        let (across, upwards) = (held(&x), held(&y));
        (across.is_some() || upwards.is_some()).then(|| {
            let all = (-ROOM, 1.0 + ROOM);
            let ((low, high), (foot, top)) = (across.unwrap_or(all), upwards.unwrap_or(all));
            let (left, right, top, foot) = (frame.x(low), frame.x(high), frame.y(top), frame.y(foot));
            view! {
                <rect
                    class="parallel__brush"
                    x=left
                    y=top
                    width=(right - left).max(1.0)
                    height=(foot - top).max(1.0)
                ></rect>
            }
        })
    };
    let drawing = move || {
        let drawn = drawn.get();
        let (first, last) = (drawn.first().copied()?, drawn.last().copied()?);
        let line = if free.get() { drawn } else { vec![first, (last.0, first.1), last, (first.0, last.1)] };
        Some(view! { <polygon class="parallel__brush" points=path(&line)></polygon> })
    };
    view! {
        {move || fit()}
        {move || front()}
        {move || brush()}
        {move || drawing()}
    }
}

/// The correlations, in words.
#[component]
fn Facts(parts: Parts) -> impl IntoView {
    drawn(move || {
        let (_, xs, ys) = parts.values();
        // Of what is drawn: on a scale of logarithms that is the line's correlation too.
        let log = |axis: &Memo<Option<Arc<Axis>>>| {
            axis.with(|axis| axis.as_ref().is_some_and(|axis| axis.scale == Scale::Log))
        };
        let (log_x, log_y) = (log(&parts.x), log(&parts.y));
        let drawn = |values: Vec<f64>, log: bool| -> Vec<f64> {
            if log { values.into_iter().map(f64::ln).collect() } else { values }
        };
        let (xs, ys) = (drawn(xs, log_x), drawn(ys, log_y));
        let n = xs.iter().zip(&ys).filter(|(x, y)| x.is_finite() && y.is_finite()).count();
        let number = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}").replace('-', "−"))
        };
        let (pearson, spearman) = (relation::pearson(&xs, &ys), relation::spearman(&xs, &ys));
        let of = if parts.stage.chosen.with(Option::is_some) { "chosen " } else { "" };
        pearson.is_some().then(|| {
            let runs = if n == 1 { "run" } else { "runs" };
            let scale = match (log_x, log_y) {
                (true, true) => " of log x and log y",
                (true, false) => " of log x",
                (false, true) => " of log y",
                (false, false) => "",
            };
            format!("Pearson r {}{scale}, Spearman ρ {} of {n} {of}{runs}", number(pearson), number(spearman))
        })
    })
}

/// How points are chosen, and what is drawn over them.
#[component]
fn Toggles(parts: Parts) -> impl IntoView {
    let stage = parts.stage;
    let on = move |key: &'static str| memo(move || stage.search.with(|query| query.get(key).is_some()));
    let (fit, front) = (on("fit"), on("front"));
    let flip = move |key: &'static str, on: bool| {
        stage.show(&stage.search.get_untracked().with(key, if on { "" } else { "1" }));
    };
    let both = move || parts.lower("x").is_some() && parts.lower("y").is_some();
    let turn = move |key: &'static str| {
        let search = stage.search.get_untracked();
        let mut words: Vec<String> =
            search.get("front").unwrap_or("1").split(',').map(str::to_owned).collect();
        match words.iter().position(|word| word == key) {
            Some(place) => drop(words.remove(place)),
            None => words.push(key.to_owned()),
        }
        stage.show(&search.with("front", words.join(",")));
    };
    let way = move |key: &'static str| {
        let words = move || {
            let less = if parts.lower(key) == Some(true) { "less" } else { "more" };
            format!("{key}: {less} is better")
        };
        view! {
            <button class="button" type="button" on:click=handler(move |_| turn(key))>
                {move || words()}
            </button>
        }
    };
    view! {
        <button
            class="button"
            type="button"
            aria-pressed=move || parts.free.get().to_string()
            on:click=handler(move |_| parts.free.update(|free| *free = !*free))
            title="Draw a line around points instead of a box"
        >
            "Lasso"
        </button>
        <button
            class="button"
            type="button"
            aria-pressed=move || fit.get().to_string()
            on:click=handler(move |_| flip("fit", fit.get_untracked()))
        >
            "Regression line"
        </button>
        <Show when=both>
            <button
                class="button"
                type="button"
                aria-pressed=move || front.get().to_string()
                on:click=handler(move |_| flip("front", front.get_untracked()))
            >
                "Pareto front"
            </button>
            <Show when=move || front.get()>{way("x")} {way("y")}</Show>
        </Show>
        <RangeFields parts />
    }
}

/// A box by keys: the conditions of both axes.
#[component]
fn RangeFields(parts: Parts) -> impl IntoView {
    let stage = parts.stage;
    let field = move |key: &'static str| {
        let condition = move || {
            let field = stage.field(key);
            let held = stage.brushes.get().into_iter().find(|brush| Some(&brush.field) == field.as_ref());
            held.map(|brush| brush.condition()).unwrap_or_default()
        };
        let type_in = move |event| {
            let Some(field) = stage.field(key) else { return };
            let text = event_target_value(&event);
            let mut brushes = stage.brushes.get_untracked();
            brushes.retain(|brush| brush.field != field);
            brushes.extend(Brush::parse(&text).filter(|brush| brush.field == field));
            stage.rewrite.get_value()(
                &stage.href(&query::with_brushes(&stage.search.get_untracked(), &brushes)),
            );
        };
        view! {
            <label class="field field--inline explore__choice">
                <span class="field__label">{format!("Range of {key}")}</span>
                <input class="input mono explore__range" prop:value=drawn(condition) on:change=handler(type_in) />
            </label>
        }
    };
    view! {
        <details class="explore__keys">
            <summary>"Ranges"</summary>
            {field("x")}
            {field("y")}
        </details>
    }
}

/// What the colours mean.
#[component]
fn Legend(parts: Parts) -> impl IntoView {
    drawn(move || {
        parts.tint.get().map(|axis| {
            let ticks = axis.ticks(5);
            let label = |(share, label): (f64, String)| {
                view! { <span style:left=format!("{:.1}%", share * 100.0)>{label}</span> }
            };
            view! {
                <div class="explore-legend">
                    <span class="explore-legend__name">{columns::name(&axis.field)}</span>
                    <span class="explore-legend__ramp"></span>
                    <span class="explore-legend__ticks">{ticks.into_iter().map(label).collect_view()}</span>
                </div>
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_shares_turn_into_each_other() {
        let frame = Frame { width: 500.0, height: 300.0 };
        for share in [0.0, 0.25, 1.0] {
            assert!((frame.share_x(frame.x(share)) - share).abs() < 1e-12);
            assert!((frame.share_y(frame.y(share)) - share).abs() < 1e-12);
        }
        assert!(frame.x(0.0) > LEFT && frame.y(1.0) > TOP);
    }

    #[test]
    fn the_nearest_point_is_hit_if_it_is_near_and_has_a_place() {
        let points = [(100.0, 100.0), (104.0, 100.0), (f64::NAN, 50.0)];
        assert_eq!(hit(&points, (103.0, 101.0)), Some(1));
        assert_eq!(hit(&points, (92.0, 100.0)), Some(0));
        assert_eq!(hit(&points, (300.0, 50.0)), None);
    }
}
