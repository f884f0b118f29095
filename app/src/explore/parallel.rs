//! Parallel coordinates: every run a line through what it has on each axis. All runs are a faint raster, those chosen a coloured
//! one, or crisp lines when they are few; the run under the pointer is drawn on a canvas of its own.

use super::{
    Nothing, Stage,
    axis::Axis,
    brush::Brush,
    choice::{FieldChoice, FindField, ScaleChoice},
    export::{self, Export},
    pointer::Pointer,
    query,
};
use crate::{
    chart::{
        Anchor, Sheet,
        density::{Density, Ramp},
        format,
        ink::{self, Ink},
    },
    frame::theme,
    run::columns,
    ui::{
        erase::{Show, drawn, effect, handler, memo, view},
        icon::Icon,
    },
};
use leptos::{ev::PointerEvent, html, prelude::*};
use model::query::Field;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Room around the axes, in CSS pixels: names above, and below a lane for runs that lack a value.
const TOP: f64 = 46.0;
const BOTTOM: f64 = 34.0;
const SIDE: f64 = 64.0;
/// Below a picture that leaves the page: what its colours mean.
const LEGEND: f64 = 42.0;
/// An axis with its labels.
const AXIS_WIDTH: usize = 112;
/// Up to so many lines are drawn one by one, crisp; more of them would be slower than the raster and tell less.
const CRISP_MAX: usize = 300;
/// From so many on the raster is half as fine while it changes with the pointer.
const SKETCH_FROM: usize = 1_500;
/// How near a line is to the pointer to be meant.
const NEAR: f64 = 10.0;
/// Letters of a label beside an axis: its neighbour is not far.
const LABEL_MAX: usize = 12;
/// Less is a click with an unsteady hand.
const DRAG_MIN: f64 = 4.0;

/// Where axes and runs are on the screen, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    width: f64,
    height: f64,
    axes: usize,
}

impl Frame {
    fn x(&self, place: usize) -> f64 {
        if self.axes < 2 {
            return self.width / 2.0;
        }
        SIDE + (self.width - 2.0 * SIDE) * place as f64 / (self.axes - 1) as f64
    }

    fn foot(&self) -> f64 {
        self.height - BOTTOM
    }

    fn y(&self, share: f64) -> f64 {
        self.foot() - share * (self.foot() - TOP)
    }

    fn share(&self, y: f64) -> f64 {
        ((self.foot() - y) / (self.foot() - TOP)).clamp(0.0, 1.0)
    }

    /// Where a run crosses an axis: in the lane below it when it has no place on it.
    fn line_y(&self, share: f32) -> f32 {
        if share.is_nan() { (self.height - 12.0) as f32 } else { self.y(f64::from(share)) as f32 }
    }

    /// The axis nearest to a place.
    fn nearest(&self, x: f64) -> usize {
        (0..self.axes).min_by(|&a, &b| (self.x(a) - x).abs().total_cmp(&(self.x(b) - x).abs())).unwrap_or(0)
    }

    /// The run whose line is nearest to a place, of these.
    fn hit(&self, axes: &[Axis], rows: &[usize], (x, y): (f64, f64)) -> Option<usize> {
        let place =
            (0..self.axes.saturating_sub(1)).find(|&place| x >= self.x(place) && x <= self.x(place + 1))?;
        let (from, to) = (self.x(place), self.x(place + 1));
        let at = ((x - from) / (to - from)) as f32;
        let distance = |row: usize| {
            let (start, end) =
                (self.line_y(axes[place].shares[row]), self.line_y(axes[place + 1].shares[row]));
            // Across the line, not down to it: a steep one is as easy to hit.
            let steep = f64::from((end - start).abs()).hypot(to - from) / (to - from);
            (f64::from(start + (end - start) * at) - y).abs() / steep
        };
        let nearest = rows.iter().map(|&row| (row, distance(row))).min_by(|a, b| a.1.total_cmp(&b.1))?;
        (nearest.1 <= NEAR).then_some(nearest.0)
    }

    /// The lines of runs as x and y, with a NaN between them.
    fn lines(&self, axes: &[Axis], rows: impl Iterator<Item = usize>) -> Vec<f32> {
        let mut xy = Vec::new();
        for row in rows {
            for (place, axis) in axes.iter().enumerate() {
                xy.extend([self.x(place) as f32, self.line_y(axis.shares[row])]);
            }
            xy.extend([f32::NAN, f32::NAN]);
        }
        xy
    }

    /// The lines of runs one by one: those of a colour together.
    fn crisp(
        &self,
        axes: &[Axis],
        rows: &[usize],
        colors: &[u8],
        ramp: &Ramp,
        mut draw: impl FnMut(&[f32], &str),
    ) {
        let mut of_color = |color: [u8; 3], alike: &dyn Fn(u8) -> bool| {
            let alike = rows.iter().zip(colors).filter(|(_, color)| alike(**color));
            let xy = self.lines(axes, alike.map(|(row, _)| *row));
            if !xy.is_empty() {
                draw(&xy, &ink::css(color));
            }
        };
        of_color(ramp[0], &|color| color == 0);
        for shade in 0..SHADES {
            let color = ramp[(shade * 256 + 128) / SHADES];
            of_color(color, &|color| color > 0 && usize::from(color) * SHADES / 256 == shade);
        }
    }

    /// Heights and labels of an axis, as many as fit.
    fn ticks(&self, axis: &Axis) -> Vec<(f64, String)> {
        let room = ((self.foot() - TOP) / 30.0).max(2.0) as usize;
        let short = |label: String| {
            if label.chars().count() > LABEL_MAX {
                label.chars().take(LABEL_MAX - 1).chain(['…']).collect()
            } else {
                label
            }
        };
        axis.ticks(room).into_iter().map(|(share, label)| (self.y(share), short(label))).collect()
    }

    /// All lines of runs in a raster of so many pixels to a CSS pixel.
    fn raster(
        &self,
        axes: &[Axis],
        rows: &[usize],
        colors: &[u8],
        size: (usize, usize),
        ratio: f64,
    ) -> Density {
        let mut raster = Density::new(size.0, size.1);
        let px = |css: f64| (css * ratio).round() as usize;
        for place in 0..self.axes.saturating_sub(1) {
            let ys = |axis: &Axis| {
                rows.iter().map(|&row| self.line_y(axis.shares[row]) * ratio as f32).collect::<Vec<f32>>()
            };
            let columns = (px(self.x(place)), px(self.x(place + 1)));
            raster.strip(columns, &ys(&axes[place]), &ys(&axes[place + 1]), colors);
        }
        raster
    }
}

#[derive(Clone, Copy)]
struct Parts {
    stage: Stage,
    axes: Memo<Arc<Vec<Axis>>>,
    /// The axis that gives the lines their colours.
    tint: Memo<Option<Arc<Axis>>>,
    frame: Memo<Frame>,
    pointer: Pointer,
    faint: NodeRef<html::Canvas>,
    strong: NodeRef<html::Canvas>,
    over: NodeRef<html::Canvas>,
    /// A brush that is being drawn: its axis and where it began, and whether it moved.
    drag: RwSignal<Option<(usize, f64, bool)>>,
    /// An axis that is being moved, and where its name is.
    moved: RwSignal<Option<(usize, f64)>>,
}

#[component]
pub(super) fn Parallel(stage: Stage) -> impl IntoView {
    let fields = memo(move || stage.axes());
    let axes = memo(move || {
        Arc::new(fields.get().iter().filter_map(|field| stage.axis(field)).collect::<Vec<Axis>>())
    });
    let tint = memo(move || {
        let field = stage.field("color").or_else(|| stage.main_metric())?;
        stage.axis(&field).map(Arc::new)
    });
    let size = RwSignal::new((0.0, 0.0));
    let frame = memo(move || {
        let (width, height) = size.get();
        Frame { width, height, axes: axes.with(|axes| axes.len()) }
    });
    let parts = Parts {
        stage,
        axes,
        tint,
        frame,
        pointer: Pointer::new(stage),
        faint: NodeRef::new(),
        strong: NodeRef::new(),
        over: NodeRef::new(),
        drag: RwSignal::new(None),
        moved: RwSignal::new(None),
    };
    let pointer = parts.pointer;
    ink::follow_size(pointer.root, size);
    parts.draw_when_needed();
    let count = memo(move || axes.with(|axes| axes.len()));
    let empty = memo(move || stage.data.current.with(|data| data.ids.is_empty()) || count.get() < 1);
    // Set by the script alone: the page's policy allows no styles in the markup.
    effect(move || {
        if let Some(root) = pointer.root.get() {
            let width = format!("{}px", fields.with(Vec::len) * AXIS_WIDTH);
            root.unchecked_ref::<HtmlElement>().style().set_property("min-width", &width).ok();
        }
    });
    let label = move || {
        let runs = stage.data.current.with(|data| data.ids.len());
        let names: Vec<String> = axes.with(|axes| axes.iter().map(|axis| axis.field.to_string()).collect());
        format!("Parallel coordinates of {runs} runs: {}. The axes are set below.", names.join(", "))
    };
    let tip = move || {
        let fields = || axes.with(|axes| axes.iter().map(|axis| axis.field.clone()).collect());
        pointer.tip(frame.get().width, fields)
    };
    view! {
        <div class="explore__bar">
            <FindField stage />
            <AddAxis parts />
            <FieldChoice stage label="Colour" key="color" none="the main metric" />
            <Export
                stage
                sheet=Callback::new(move |()| untrack(|| parts.sheet()))
                csv=Callback::new(move |()| untrack(|| parts.csv()))
            />
            <span class="muted explore__hint">
                "Drag along an axis to choose runs, drag its name to move it, double-click the name to turn it around."
            </span>
        </div>
        <Show when=move || empty.get()>
            <Nothing stage why="No run matches, or none has a param or metric to draw. Choose axes above." />
        </Show>
        <div
            class="explore__scroll"
            class:explore__scroll--empty=move || empty.get()
            tabindex="0"
            role="region"
            aria-label="Picture"
        >
            <div
                class="parallel"
                class:parallel--pinned=move || pointer.pinned.get()
                node_ref=pointer.root
                data-lines=move || stage.data.current.with(|data| data.ids.len())
                on:pointermove=handler(move |event| parts.pointed(&event))
                on:pointerleave=handler(move |_| pointer.left())
                on:pointerup=handler(move |event| parts.released(&event))
                on:pointercancel=handler(move |_| parts.cancel())
                on:click=handler(move |_| pointer.toggle())
            >
                <canvas class="parallel__canvas" node_ref=parts.faint></canvas>
                <canvas class="parallel__canvas" node_ref=parts.strong></canvas>
                <canvas class="parallel__canvas" node_ref=parts.over role="img" aria-label=drawn(label)></canvas>
                <svg class="parallel__axes" aria-hidden="true">
                    {move || (0..count.get()).map(|place| view! { <AxisLines parts place /> }).collect_view()}
                </svg>
                {move || (0..count.get()).map(|place| view! { <Head parts place /> }).collect_view()}
                {move || tip()}
            </div>
        </div>
        <AxisTable parts />
    }
}

impl Parts {
    fn draw_when_needed(self) {
        let repaint = theme::repaint();
        let stage = self.stage;
        let brushed = memo(move || stage.chosen.with(Option::is_some));
        effect(move || {
            repaint.track();
            let (frame, axes) = (self.frame.get(), self.axes.get());
            let Some(ink) = self.faint.get().and_then(Ink::coarse) else { return };
            if brushed.get() && !axes.is_empty() {
                let rows: Vec<usize> = (0..axes[0].shares.len()).collect();
                let raster = frame.raster(&axes, &rows, &vec![0; rows.len()], ink.size(), ink.ratio);
                ink.raster(&raster.pixels(&ink.plain("--line-faint"), 0.5));
            }
        });
        effect(move || {
            repaint.track();
            let (frame, axes, tint) = (self.frame.get(), self.axes.get(), self.tint.get());
            let rows = stage.rows();
            if axes.is_empty() || rows.iter().any(|row| *row >= axes[0].shares.len()) {
                self.strong.get().and_then(Ink::coarse);
                return;
            }
            let colors: Vec<u8> = rows.iter().map(|row| shade(tint.as_deref(), *row)).collect();
            if rows.len() > CRISP_MAX {
                // Half as fine while a brush is drawn over thousands, so that it follows the pointer.
                let moves = rows.len() > SKETCH_FROM && stage.draft.with(Option::is_some);
                let fit = if moves { Ink::sketch } else { Ink::coarse };
                let Some(ink) = self.strong.get().and_then(fit) else { return };
                let raster = frame.raster(&axes, &rows, &colors, ink.size(), ink.ratio);
                ink.raster(&raster.pixels(&ink.ramp(), 0.22));
                return;
            }
            let Some(ink) = self.strong.get().and_then(Ink::fine) else { return };
            frame.crisp(&axes, &rows, &colors, &ink.ramp(), |xy, color| ink.lines(xy, color, 1.0));
        });
        effect(move || {
            repaint.track();
            let (frame, axes, hover) = (self.frame.get(), self.axes.get(), stage.hover.get());
            let Some(ink) = self.over.get().and_then(Ink::fine) else { return };
            if let Some(row) = hover
                && axes.first().is_some_and(|axis| row < axis.shares.len())
            {
                ink.lines(&frame.lines(&axes, std::iter::once(row)), &ink.token("--text"), 2.0);
            }
        });
    }

    fn pointed(self, event: &PointerEvent) {
        let (x, y) = self.pointer.at(event);
        let frame = self.frame.get_untracked();
        if let Some((place, _)) = self.moved.get_untracked() {
            self.moved.set(Some((place, x)));
        } else if let Some((place, from, moved)) = self.drag.get_untracked() {
            if moved || (y - from).abs() >= DRAG_MIN {
                self.drag.set(Some((place, from, true)));
                self.stage.draft.set(self.brush(place, from, y));
            }
        } else if event.pointer_type() != "touch" {
            self.pointer.follow((x, y), || {
                let rows = untrack(|| self.stage.rows());
                self.axes.with_untracked(|axes| {
                    let known =
                        axes.first().is_some_and(|axis| rows.iter().all(|row| *row < axis.shares.len()));
                    known.then(|| frame.hit(axes, &rows, (x, y))).flatten()
                })
            });
        }
    }

    fn brush(self, place: usize, from: f64, to: f64) -> Option<Brush> {
        let frame = self.frame.get_untracked();
        self.axes.with_untracked(|axes| {
            let axis = axes.get(place)?;
            let span = axis.span(frame.share(from), frame.share(to))?;
            Some(Brush { field: axis.field.clone(), span })
        })
    }

    fn cancel(self) {
        self.drag.set(None);
        self.moved.set(None);
        self.stage.draft.set(None);
    }

    fn pressed(self, place: usize, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        event.prevent_default();
        self.pointer.capture(event);
        self.pointer.let_go();
        self.drag.set(Some((place, self.pointer.at(event).1, false)));
    }

    fn released(self, event: &PointerEvent) {
        let (x, y) = self.pointer.at(event);
        let stage = self.stage;
        if let Some((place, _)) = self.moved.get_untracked() {
            self.move_axis(place, self.frame.get_untracked().nearest(x));
        } else if let Some((place, from, moved)) = self.drag.get_untracked() {
            let mut brushes = stage.brushes.get_untracked();
            if moved {
                brushes.extend(self.brush(place, from, y));
            } else {
                // A click on a brush takes it away.
                let share = self.frame.get_untracked().share(y);
                self.axes.with_untracked(|axes| {
                    brushes.retain(|brush| {
                        let here = axes.get(place).filter(|axis| axis.field == brush.field);
                        let held = here.and_then(|axis| axis.shares_of(&brush.span));
                        held.is_none_or(|(low, high)| share < low - 0.01 || share > high + 0.01)
                    });
                });
            }
            stage.set_brushes(&brushes);
        }
        self.cancel();
    }

    /// Puts the axis at a place to another.
    fn move_axis(self, from: usize, to: usize) {
        let mut fields: Vec<Field> =
            self.axes.with_untracked(|axes| axes.iter().map(|axis| axis.field.clone()).collect());
        if from != to && from < fields.len() && to < fields.len() {
            let field = fields.remove(from);
            fields.insert(to, field);
            self.stage.show(&query::with_axes(&self.stage.search.get_untracked(), &fields));
        }
    }

    fn drop_axis(self, place: usize) {
        let mut fields = self.stage.axes();
        if place < fields.len() && fields.len() > 1 {
            let field = fields.remove(place);
            let mut brushes = self.stage.brushes.get_untracked();
            brushes.retain(|brush| brush.field != field);
            let search = query::with_brushes(&self.stage.search.get_untracked(), &brushes);
            self.stage.show(&query::with_axes(&search, &fields));
        }
    }

    /// What the page shows: axes and words as shapes, thousands of lines as the raster that they are.
    fn sheet(self) -> Option<Sheet> {
        let stage = self.stage;
        let (frame, axes, tint, rows) = (self.frame.get(), self.axes.get(), self.tint.get(), stage.rows());
        let root = document().document_element()?;
        if axes.is_empty() || rows.iter().any(|row| *row >= axes[0].shares.len()) {
            return None;
        }
        let legend = if tint.is_some() { LEGEND } else { 0.0 };
        let all = axes[0].shares.len();
        let count = format::counted(rows.len() as i64, "run", "runs");
        let count =
            if rows.len() < all { format!("{count} chosen of {}", format::count(all as i64)) } else { count };
        let mut sheet =
            export::sheet(format!("Parallel coordinates of {count}"), frame.width, frame.height + legend)?;
        let raster = |sheet: &mut Sheet, canvas: NodeRef<html::Canvas>| {
            if let Some(source) = canvas.get().and_then(|canvas| canvas.to_data_url().ok()) {
                sheet.raster(&source, frame.height);
            }
        };
        if stage.chosen.with(Option::is_some) {
            raster(&mut sheet, self.faint);
        }
        if rows.len() > CRISP_MAX {
            raster(&mut sheet, self.strong);
        } else {
            let colors: Vec<u8> = rows.iter().map(|row| shade(tint.as_deref(), *row)).collect();
            frame.crisp(&axes, &rows, &colors, &ink::scale(&root), |xy, color| sheet.lines(xy, color, 1.0));
        }
        let (line, accent) = (sheet.palette().muted.clone(), export::token("--accent"));
        let brushes = stage.brushes.get();
        for (place, axis) in axes.iter().enumerate() {
            let x = frame.x(place);
            sheet.lines(&[x as f32, TOP as f32, x as f32, frame.foot() as f32], &line, 1.0);
            for (y, label) in frame.ticks(axis) {
                sheet.lines(&[x as f32 - 4.0, y as f32, x as f32, y as f32], &line, 1.0);
                sheet.text((x - 7.0, y + 4.0), Anchor::End, &label);
            }
            if axis.absent > 0 {
                sheet.text((x - 7.0, frame.height - 8.0), Anchor::End, "none");
            }
            for (low, high) in brushes
                .iter()
                .filter(|one| one.field == axis.field)
                .filter_map(|one| axis.shares_of(&one.span))
            {
                let (top, foot) = (frame.y(high.min(1.0)), frame.y(low.max(0.0)));
                sheet.area((x - 8.0, top - 1.0, 16.0, (foot - top).max(1.0) + 2.0), &accent, 0.3);
            }
            let turned = if axis.flipped { " · flipped" } else { "" };
            sheet.text(
                (x, 14.0),
                Anchor::Middle,
                &format!("{} · {}{turned}", columns::kind(&axis.field), axis.scale.name()),
            );
            sheet.name((x, 30.0), Anchor::Middle, &columns::name(&axis.field));
        }
        if let Some(tint) = &tint {
            export::explain(&mut sheet, (SIDE / 2.0, frame.height + 8.0), tint);
        }
        Some(sheet)
    }

    /// The runs that are shown, with what they have on each axis.
    fn csv(self) -> String {
        let fields: Vec<Field> = self.axes.with(|axes| axes.iter().map(|axis| axis.field.clone()).collect());
        let rows = self.stage.rows();
        self.stage.data.current.with(|data| export::rows(data, &rows, &fields))
    }

    fn flip(self, place: usize) {
        if let Some(field) = self.field(place) {
            self.stage.show(&query::flip(&self.stage.search.get_untracked(), &field));
        }
    }

    fn field(self, place: usize) -> Option<Field> {
        self.axes.with(|axes| axes.get(place).map(|axis| axis.field.clone()))
    }
}

/// Colours that crisp lines are sorted into.
const SHADES: usize = 24;

/// The place of a run in the ramp of colours; the first is for those that have no value.
fn shade(tint: Option<&Axis>, row: usize) -> u8 {
    let share = tint.and_then(|axis| axis.shares.get(row)).copied().unwrap_or(0.0);
    if share.is_nan() { 0 } else { 1 + (share * 254.0) as u8 }
}

/// One axis with its ticks and brushes.
#[component]
fn AxisLines(parts: Parts, place: usize) -> impl IntoView {
    let Parts { stage, axes, frame, .. } = parts;
    let x = move || frame.get().x(place);
    let ticks = move || {
        let frame = frame.get();
        let ticks = axes.with(|axes| axes.get(place).map(|axis| frame.ticks(axis)).unwrap_or_default());
        let tick = |(y, label): (f64, String)| {
            view! {
                <line x1=frame.x(place) - 4.0 x2=frame.x(place) y1=y y2=y></line>
                <text x=frame.x(place) - 7.0 y=y + 4.0>
                    {label}
                </text>
            }
        };
        ticks.into_iter().map(tick).collect_view()
    };
    let absent = move || {
        let frame = frame.get();
        let absent = axes.with(|axes| axes.get(place).map_or(0, |axis| axis.absent));
        (absent > 0).then(|| {
            view! {
                <text class="parallel__none" x=frame.x(place) - 7.0 y=frame.height - 8.0>
                    "none"
                </text>
            }
        })
    };
    let brushes = move || {
        let frame = frame.get();
        let drawn = stage.brushes.get().into_iter().chain(stage.draft.get());
        axes.with(|axes| {
            let Some(axis) = axes.get(place) else { return Vec::new() };
            drawn
                .filter(|brush| brush.field == axis.field)
                .filter_map(|brush| axis.shares_of(&brush.span))
                .map(|(low, high)| {
                    let (top, foot) = (frame.y(high.min(1.0)), frame.y(low.max(0.0)));
                    view! {
                        <rect
                            class="parallel__brush"
                            x=frame.x(place) - 8.0
                            width="16"
                            y=top - 1.0
                            height=(foot - top).max(1.0) + 2.0
                            rx="3"
                        ></rect>
                    }
                })
                .collect()
        })
    };
    view! {
        <g>
            <line class="parallel__line" x1=drawn(x) x2=drawn(x) y1=TOP y2=move || frame.get().foot()></line>
            {move || ticks()}
            {move || absent()}
            {move || brushes()}
            <rect
                class="parallel__hit"
                data-axis=move || parts.field(place).map(|field| field.to_string())
                x=move || x() - 18.0
                width="36"
                y=TOP - 6.0
                height=move || (frame.get().foot() - TOP + 12.0).max(0.0)
                on:pointerdown=handler(move |event| parts.pressed(place, &event))
            ></rect>
        </g>
    }
}

/// The name of an axis: dragged to move it, double-clicked to turn it around.
#[component]
fn Head(parts: Parts, place: usize) -> impl IntoView {
    let Parts { axes, frame, moved, .. } = parts;
    let pressed = move |event: PointerEvent| {
        if event.button() == 0 {
            event.prevent_default();
            parts.pointer.capture(&event);
            parts.pointer.let_go();
            moved.set(Some((place, parts.pointer.at(&event).0)));
        }
    };
    let style = move || {
        let x = moved.get().filter(|(one, _)| *one == place).map_or_else(|| frame.get().x(place), |(_, x)| x);
        format!("{x:.1}px")
    };
    let kind = move || {
        axes.with(|axes| {
            axes.get(place).map(|axis| {
                let turned = if axis.flipped { " · flipped" } else { "" };
                format!("{} · {}{turned}", columns::kind(&axis.field), axis.scale.name())
            })
        })
    };
    view! {
        <div
            class="parallel__head"
            style:left=drawn(style)
            title=move || parts.field(place).map(|field| field.to_string())
            on:pointerdown=handler(pressed)
            on:dblclick=handler(move |_| parts.flip(place))
        >
            <span class="explore__kind">{move || kind()}</span>
            <span class="parallel__name">{move || parts.field(place).map(|field| columns::name(&field))}</span>
        </div>
    }
}

#[component]
fn AddAxis(parts: Parts) -> impl IntoView {
    let stage = parts.stage;
    let add = move |event| {
        if let Ok(field) = Field::try_from(event_target_value(&event)) {
            let mut fields = stage.axes();
            fields.push(field);
            stage.show(&query::with_axes(&stage.search.get_untracked(), &fields));
        }
    };
    let options = move || {
        let shown = stage.axes();
        let free = stage.options.get().into_iter().filter(|field| !shown.contains(field));
        free.map(|field| view! { <option value=field.to_string()>{field.to_string()}</option> })
            .collect_view()
    };
    view! {
        <label class="field field--inline explore__choice">
            <span class="field__label">"Add an axis"</span>
            <select class="select" prop:value="" on:change=handler(add)>
                <option value="">"choose…"</option>
                {move || options()}
            </select>
        </label>
    }
}

/// Everything that can be done to axes by dragging, by keys.
#[component]
fn AxisTable(parts: Parts) -> impl IntoView {
    let count = memo(move || parts.axes.with(|axes| axes.len()));
    let rows = move || (0..count.get()).map(|place| view! { <AxisRow parts place count /> }).collect_view();
    view! {
        <details class="explore__axes">
            <summary>"Axes, scales and ranges"</summary>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Axes">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Axis"</th>
                            <th scope="col">"Order"</th>
                            <th scope="col">"Scale"</th>
                            <th scope="col">"Chosen"</th>
                        </tr>
                    </thead>
                    <tbody>{move || rows()}</tbody>
                </table>
            </div>
        </details>
    }
}

#[component]
fn AxisRow(parts: Parts, place: usize, count: Memo<usize>) -> impl IntoView {
    let stage = parts.stage;
    let field = Signal::derive(move || parts.field(place));
    let scale = Signal::derive(move || {
        parts.axes.with(|axes| axes.get(place).map(|axis| (axis.scale, axis.scales())))
    });
    let name = move || field.get().map(|field| field.to_string()).unwrap_or_default();
    let condition = move || {
        let held = stage.brushes.get().into_iter().filter(|brush| Some(&brush.field) == field.get().as_ref());
        held.map(|brush| brush.condition()).collect::<Vec<_>>().join(" or ")
    };
    // Typed as a condition, exactly as the table's filter has it.
    let wrong = RwSignal::new(false);
    let type_in = move |event| {
        let text = event_target_value(&event);
        let Some(field) = field.get_untracked() else { return };
        let mut brushes = stage.brushes.get_untracked();
        brushes.retain(|brush| brush.field != field);
        let text = text.trim();
        if !text.is_empty() {
            let typed: Vec<Option<Brush>> = text.split(" or ").map(Brush::parse).collect();
            let fits = typed.iter().all(|brush| brush.as_ref().is_some_and(|brush| brush.field == field));
            wrong.set(!fits);
            if !fits {
                return;
            }
            brushes.extend(typed.into_iter().flatten());
        }
        wrong.set(false);
        stage.set_brushes(&brushes);
    };
    let button = move |icon: &'static str, what: &'static str, off: Signal<bool>, act: Callback<()>| {
        view! {
            <button
                class="button button--icon"
                type="button"
                aria-label=move || format!("{what} {}", name())
                title=what
                disabled=off
                on:click=handler(move |_| act.run(()))
            >
                <Icon name=icon />
            </button>
        }
    };
    let first = Signal::derive(move || place == 0);
    let last = Signal::derive(move || place + 1 >= count.get());
    let only = Signal::derive(move || count.get() < 2);
    view! {
        <tr>
            <th scope="row" class="mono">
                {move || name()}
            </th>
            <td class="explore__buttons">
                {button("up", "Move towards the left:", first, Callback::new(move |()| parts.move_axis(place, place - 1)))}
                {button("down", "Move towards the right:", last, Callback::new(move |()| parts.move_axis(place, place + 1)))}
                {button("restore", "Turn around:", Signal::derive(|| false), Callback::new(move |()| parts.flip(place)))}
                {button("cross", "Take away:", only, Callback::new(move |()| parts.drop_axis(place)))}
            </td>
            <td>
                <ScaleChoice stage field=field axis=scale label=format!("Scale of axis {}", place + 1) />
            </td>
            <td>
                <input
                    class="input mono explore__range"
                    aria-label=move || format!("Runs chosen by {}", name())
                    aria-invalid=move || wrong.get().to_string()
                    title="A range or a list, as the query has it: params.lr >= 0.1 and params.lr <= 1, or params.opt in ('adam')"
                    prop:value=drawn(condition)
                    on:change=handler(type_in)
                />
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        Float64,
        explore::{FieldColumn, FieldValues},
    };

    fn axis(values: &[f64]) -> Axis {
        let numbers = values.iter().map(|value| (!value.is_nan()).then_some(Float64(*value))).collect();
        Axis::new(
            &FieldColumn { field: Field::metric("a"), values: FieldValues::Numbers { numbers } },
            None,
            false,
        )
    }

    #[test]
    fn the_line_under_the_pointer_is_found_between_the_axes() {
        let axes = [axis(&[0.0, 1.0, f64::NAN]), axis(&[0.0, 1.0, 0.5])];
        let frame = Frame { width: 228.0, height: 180.0, axes: 2 };
        assert_eq!((frame.x(0), frame.x(1), frame.y(1.0), frame.y(0.0)), (64.0, 164.0, 46.0, 146.0));
        let rows = [0, 1, 2];
        assert_eq!(frame.hit(&axes, &rows, (130.0, 144.0)), Some(0));
        assert_eq!(frame.hit(&axes, &rows, (100.0, 50.0)), Some(1));
        assert_eq!(frame.hit(&axes, &rows, (65.0, 167.0)), Some(2), "in the lane of what is absent");
        assert_eq!(frame.hit(&axes, &rows[..1], (100.0, 50.0)), None, "too far from what is chosen");
        assert_eq!(frame.hit(&axes, &rows, (10.0, 146.0)), None, "beside the axes");
        assert_eq!(frame.nearest(120.0), 1);
        assert_eq!(frame.share(0.0), 1.0);
    }

    #[test]
    fn every_line_is_in_the_raster() {
        let axes = [axis(&[0.0, 1.0]), axis(&[1.0, 1.0])];
        let frame = Frame { width: 228.0, height: 180.0, axes: 2 };
        let raster = frame.raster(&axes, &[0, 1], &[0, 255], (228, 180), 1.0);
        let pixels = raster.pixels(&[[9; 3]; 256], 0.5);
        let opaque = |x: usize, y: usize| pixels[(y * 228 + x) * 4 + 3] > 0;
        assert!(opaque(64, 145) && opaque(64, 46) && !opaque(64, 100) && !opaque(10, 46));
        assert_eq!(frame.lines(&axes, std::iter::once(1)).len(), 6);
    }
}
