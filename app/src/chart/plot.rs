//! A chart on the page: two canvases, one for what changes with the data, one for what follows the pointer.
//! Only the browser draws; the server renders the frame, so that nothing jumps.

use super::{
    draw::{Layout, Surface},
    format, hit,
    line::{self, Content, Line},
};
use crate::frame::theme;
use leptos::{ev::PointerEvent, html, prelude::*};
use std::sync::Arc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

/// What charts on one page share: a place under the pointer, and the steps zoomed to.
#[derive(Clone, Copy)]
pub struct View {
    pub hover: RwSignal<Option<f64>>,
    pub zoom: RwSignal<Option<(f64, f64)>>,
}

impl View {
    pub fn new() -> Self {
        Self { hover: RwSignal::new(None), zoom: RwSignal::new(None) }
    }
}

/// Data on its way to a chart; `None` while nothing was fetched yet.
pub type Lines = Option<Arc<Vec<Line>>>;

/// A line chart. `name` says what it shows: it becomes the chart's accessible name.
#[component]
pub fn Plot(
    name: String,
    #[prop(into)] lines: Signal<Lines>,
    view: View,
    /// Shown in the corner of the pointer's box, the line's name beside each value.
    #[prop(optional)]
    names: bool,
) -> impl IntoView {
    let parts = Parts {
        still: NodeRef::new(),
        over: NodeRef::new(),
        layout: StoredValue::new(None),
        lines,
        view,
        size: RwSignal::new(0),
        drag: RwSignal::new(None),
        here: RwSignal::new(false),
    };
    parts.draw_when_needed();
    let root = NodeRef::<html::Div>::new();
    follow_size(root, parts.size);
    let label = move || describe(&name, lines.get().as_deref().map(Vec::as_slice));
    let state = move || match lines.get() {
        None => Some(""),
        Some(lines) => match line::content(&lines) {
            Content::Empty if view.zoom.get().is_some() => Some("No points in these steps"),
            Content::Empty => Some("No points"),
            Content::NonFinite => Some("Every value is NaN or infinite"),
            Content::Curves => None,
        },
    };
    view! {
        <div class="plot" node_ref=root>
            <div class="plot__canvases" role="img" aria-label=label>
                <canvas class="plot__canvas" node_ref=parts.still></canvas>
                <canvas
                    class="plot__canvas plot__canvas--over"
                    node_ref=parts.over
                    on:pointermove=move |event| parts.moved(&event)
                    on:pointerleave=move |_| parts.left()
                    on:pointerdown=move |event| parts.pressed(&event)
                    on:pointerup=move |event| parts.released(&event)
                    on:dblclick=move |_| view.zoom.set(None)
                ></canvas>
            </div>
            {move || state().map(|text| view! { <p class="plot__state">{text}</p> })}
            <Show when=move || parts.here.get()>
                <Tip parts names />
            </Show>
        </div>
    }
}

#[derive(Clone, Copy)]
struct Parts {
    still: NodeRef<html::Canvas>,
    over: NodeRef<html::Canvas>,
    layout: StoredValue<Option<Layout>>,
    lines: Signal<Lines>,
    view: View,
    /// Counts changes of size.
    size: RwSignal<u32>,
    /// Where a drag began and where it is, in device pixels.
    drag: RwSignal<Option<(f64, f64)>>,
    /// The pointer is over this chart, not over one beside it.
    here: RwSignal<bool>,
}

impl Parts {
    fn draw_when_needed(self) {
        let repaint = theme::repaint();
        let drawn = RwSignal::new(0_u32);
        Effect::new(move || {
            self.size.track();
            repaint.track();
            let zoom = self.view.zoom.get();
            let lines = self.lines.get().unwrap_or_default();
            self.draw(&lines, zoom);
            drawn.update(|count| *count += 1);
        });
        Effect::new(move || {
            drawn.track();
            self.draw_over(self.view.hover.get(), self.drag.get());
        });
    }

    fn draw(self, lines: &[Line], zoom: Option<(f64, f64)>) {
        let Some(surface) = self.still.get().and_then(Surface::fit) else {
            return;
        };
        self.layout.set_value(None);
        if line::content(lines) == Content::Curves {
            let layout = surface.axes(line::extent(lines, zoom));
            if let Some(layout) = &layout {
                surface.lines(lines, layout);
            }
            self.layout.set_value(layout);
        }
    }

    fn draw_over(self, hover: Option<f64>, drag: Option<(f64, f64)>) {
        let surface = self.over.get().and_then(Surface::fit);
        let (Some(surface), Some(layout)) = (surface, self.layout.get_value()) else {
            return;
        };
        if let Some((from, to)) = drag {
            surface.band(&layout, from.min(to), from.max(to));
        }
        if let Some(step) = hover {
            let points: Vec<_> = self
                .read(step)
                .into_iter()
                .map(|reading| (reading.color, reading.step as f64, reading.value))
                .collect();
            surface.crosshair(&layout, step, &points);
        }
    }

    /// What every line says near a step.
    fn read(self, step: f64) -> Vec<Reading> {
        let lines = self.lines.get_untracked().unwrap_or_default();
        let read = |line: &Line| {
            let row = hit::nearest_row(line, step)?;
            Some(Reading {
                name: line.name.clone(),
                color: line.color,
                step: line.step(row),
                value: line.value(row),
            })
        };
        lines.iter().filter_map(read).collect()
    }

    fn px(self, event: &PointerEvent) -> f64 {
        f64::from(event.offset_x()) * self.layout.get_value().map_or(1.0, |layout| layout.ratio)
    }

    fn moved(self, event: &PointerEvent) {
        let Some(layout) = self.layout.get_value() else {
            return;
        };
        let px = self.px(event);
        let lines = self.lines.get_untracked().unwrap_or_default();
        let step = hit::nearest_step(&lines, layout.axes.x.value(px));
        self.here.set(true);
        self.view.hover.set(step.map(|step| step as f64));
        if let Some((from, _)) = self.drag.get_untracked() {
            self.drag.set(Some((from, px)));
        }
    }

    fn left(self) {
        self.here.set(false);
        self.view.hover.set(None);
        self.drag.set(None);
    }

    fn pressed(self, event: &PointerEvent) {
        // A finger scrolls the page; only a mouse or a pen chooses steps.
        if event.pointer_type() != "touch" && event.button() == 0 {
            let px = self.px(event);
            self.drag.set(Some((px, px)));
        }
    }

    fn released(self, event: &PointerEvent) {
        let (Some((from, _)), Some(layout)) = (self.drag.get_untracked(), self.layout.get_value()) else {
            return;
        };
        self.drag.set(None);
        let to = self.px(event);
        // Less than six pixels is a click with an unsteady hand.
        if (to - from).abs() < 6.0 * layout.ratio {
            return;
        }
        let step = |px: f64| layout.axes.x.value(px.clamp(layout.left, layout.right));
        let (low, high) = (step(from.min(to)), step(from.max(to)));
        if high > low {
            // The place under the pointer means another step from now on.
            self.view.hover.set(None);
            self.view.zoom.set(Some((low, high)));
        }
    }
}

#[derive(Clone, PartialEq)]
struct Reading {
    name: String,
    color: u8,
    step: i64,
    value: f64,
}

/// Rows of the pointer's box: more would cover the curves they describe.
const TIP_ROWS_MAX: usize = 12;

/// The values under the pointer.
#[component]
fn Tip(parts: Parts, names: bool) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let (Some(tip), Some(step)) = (node.get(), parts.view.hover.get()) {
            place(&tip, parts.layout.get_value(), step);
        }
    });
    let rows = move || {
        let mut rows = parts.view.hover.get().map(|step| parts.read(step)).unwrap_or_default();
        rows.sort_by(|a, b| b.value.total_cmp(&a.value));
        rows.truncate(TIP_ROWS_MAX);
        rows
    };
    let row = move |reading: Reading| {
        view! {
            <tr>
                <td>
                    <span class=format!("swatch run-color-{}", reading.color)></span>
                </td>
                {names.then(|| view! { <td class="tip__name">{reading.name}</td> })}
                <td class="num">{format::full(reading.value)}</td>
                <td class="num muted">{format!("step {}", reading.step)}</td>
            </tr>
        }
    };
    view! {
        <div class="tip" node_ref=node aria-hidden="true">
            <table>
                <tbody>{move || rows().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// Beside the crosshair, on the side that has room.
fn place(tip: &HtmlElement, layout: Option<Layout>, step: f64) {
    let Some(layout) = layout else { return };
    let x = layout.axes.x.px(step) / layout.ratio;
    let width = f64::from(tip.offset_width());
    let fits = x + 12.0 + width <= layout.right / layout.ratio;
    let left = if fits { x + 12.0 } else { x - 12.0 - width };
    let style = tip.unchecked_ref::<HtmlElement>().style();
    style.set_property("left", &format!("{}px", left.max(0.0).round())).ok();
}

fn describe(name: &str, lines: Option<&[Line]>) -> String {
    match lines {
        None => format!("{name}: loading"),
        Some([]) => format!("{name}: no points"),
        Some([only]) => {
            let points = format::counted(only.total as i64, "point", "points");
            match only.last() {
                Some((step, value)) => {
                    format!("{name}: {points}, last {} at step {step}", format::number(value))
                }
                None => format!("{name}: no points"),
            }
        }
        Some(lines) => format!("{name}: {} lines", lines.len()),
    }
}

/// Counts the changes of an element's size.
fn follow_size(root: NodeRef<html::Div>, size: RwSignal<u32>) {
    // The effect keeps what it returned until it runs again or ends.
    Effect::new(move |_: Option<Option<Watched>>| {
        let root = root.get()?;
        let changed = Closure::<dyn FnMut()>::new(move || {
            size.try_update(|count| *count += 1);
        });
        let sizes = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok()?;
        sizes.observe(root.unchecked_ref::<Element>());
        Some(Watched { sizes, _changed: changed })
    });
}

struct Watched {
    sizes: ResizeObserver,
    _changed: Closure<dyn FnMut()>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.sizes.disconnect();
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
}
