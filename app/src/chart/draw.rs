//! Painting a scene on canvases, in device pixels. A curve is one call into JavaScript, stroked exactly one device
//! pixel wide where there is much of it, because anything wider costs about ten times as much in software raster.

use super::{
    lane::{Ink, SPAN_ALPHA},
    plot::Focus,
    scene::{Anchor, Area, Curve, FONT, Scene},
    svg::{BAND_ALPHA, FAINT_ALPHA, Palette, dashes},
};
use crate::browser;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

#[wasm_bindgen(inline_js = "
function trace(context, xy, closed) {
  context.beginPath();
  let down = false;
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i];
    if (x !== x) { if (down && closed) context.closePath(); down = false; continue; }
    if (down) context.lineTo(x, xy[i + 1]);
    else context.moveTo(x, xy[i + 1]);
    down = true;
  }
}
export function strokePath(context, xy, color, width, alpha, dash) {
  if (xy.length === 0) return;
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.strokeStyle = color;
  context.globalAlpha = alpha;
  context.setLineDash(dash);
  trace(context, xy, false);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}
export function fillArea(context, xy, color, alpha) {
  if (xy.length === 0) return;
  context.fillStyle = color;
  context.globalAlpha = alpha;
  trace(context, xy, true);
  context.fill();
  context.globalAlpha = 1;
}
export function fillDots(context, xy, color, radius) {
  if (xy.length === 0) return;
  context.fillStyle = color;
  context.beginPath();
  for (let i = 0; i < xy.length; i += 2) {
    context.moveTo(xy[i] + radius, xy[i + 1]);
    context.arc(xy[i], xy[i + 1], radius, 0, 2 * Math.PI);
  }
  context.fill();
}")]
extern "C" {
    /// Strokes a path of x, y pairs; a pair of NaN lifts the pen.
    #[wasm_bindgen(js_name = strokePath)]
    fn stroke_path(
        context: &CanvasRenderingContext2d,
        xy: &[f32],
        color: &str,
        width: f64,
        alpha: f64,
        dash: &[f64],
    );
    #[wasm_bindgen(js_name = fillArea)]
    fn fill_area(context: &CanvasRenderingContext2d, xy: &[f32], color: &str, alpha: f64);
    #[wasm_bindgen(js_name = fillDots)]
    fn fill_dots(context: &CanvasRenderingContext2d, xy: &[f32], color: &str, radius: f64);
}

/// A canvas and how to draw on it.
pub struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Device pixels in a CSS pixel.
    ratio: f64,
}

/// The colours in the theme that applies now.
pub fn palette(element: &Element) -> Palette {
    let token = |name: &str| browser::css_variable(element, name);
    Palette {
        surface: token("--surface"),
        text: token("--text"),
        muted: token("--text-muted"),
        grid: token("--line-faint"),
        odd: token("--bad"),
        runs: (0..model::limits::RUN_COLORS).map(|place| token(&format!("--run-{place}"))).collect(),
    }
}

/// What draws on a canvas that was made so large and cleared; none where it has no room.
pub(super) fn cleared(
    canvas: &HtmlCanvasElement,
    width: u32,
    height: u32,
) -> Option<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok()??.unchecked_into::<CanvasRenderingContext2d>();
    if width == 0 || height == 0 {
        return None;
    }
    if (canvas.width(), canvas.height()) == (width, height) {
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    } else {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    Some(context)
}

impl Surface {
    /// Fits the canvas to its box on the page, whatever the screen's density, and clears it.
    pub fn fit(canvas: HtmlCanvasElement) -> Option<Self> {
        let ratio = window().device_pixel_ratio();
        let width = (f64::from(canvas.client_width()) * ratio).round() as u32;
        let height = (f64::from(canvas.client_height()) * ratio).round() as u32;
        Self::of(canvas, width, height, ratio)
    }

    /// A canvas of its own, for a picture that leaves the page.
    pub fn apart(width: f64, height: f64, ratio: f64) -> Option<Self> {
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
        Self::of(canvas, width.round() as u32, height.round() as u32, ratio)
    }

    fn of(canvas: HtmlCanvasElement, width: u32, height: u32, ratio: f64) -> Option<Self> {
        let context = cleared(&canvas, width, height)?;
        Some(Self { canvas, context, ratio })
    }

    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    pub fn canvas(&self) -> &HtmlCanvasElement {
        &self.canvas
    }

    pub fn fill(&self, color: &str) {
        self.context.set_fill_style_str(color);
        let (width, height) = (f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        self.context.fill_rect(0.0, 0.0, width, height);
    }

    pub fn paint(&self, scene: &Scene, palette: &Palette) {
        let context = &self.context;
        stroke_path(context, &scene.grid, &palette.grid, 1.0, 1.0, &[]);
        self.inside(scene.area, || {
            for curve in &scene.curves {
                self.curve(curve, palette, scene.stroke);
            }
            stroke_path(context, &scene.odd, &palette.odd, 1.0, 1.0, &[]);
        });
        if let Some(lane) = &scene.lane {
            self.lane(lane.inks.iter(), palette);
        }
        for key in &scene.keys {
            let xy = [key.x, key.y, key.x + key.width, key.y].map(|number| number as f32);
            let dash = self.dash(key.dash);
            stroke_path(context, &xy, palette.run(key.color), 2.0 * self.ratio, 1.0, &dash);
        }
        let size = FONT * self.ratio;
        for text in &scene.texts {
            let weight = if text.strong { "600 " } else { "" };
            context.set_font(&format!("{weight}{size}px system-ui, sans-serif"));
            context.set_fill_style_str(if text.strong { &palette.text } else { &palette.muted });
            context.set_text_align(match text.anchor {
                Anchor::Start => "start",
                Anchor::Middle => "center",
                Anchor::End => "end",
            });
            context.fill_text(&text.text, text.x, text.y).ok();
        }
    }

    fn dash(&self, dash: u8) -> Vec<f64> {
        dashes(dash).iter().map(|length| length * self.ratio).collect()
    }

    fn curve(&self, curve: &Curve, palette: &Palette, width: f64) {
        let (path, color, context) = (&curve.path, palette.run(curve.color), &self.context);
        fill_area(context, &path.band, color, BAND_ALPHA);
        stroke_path(context, &path.faint, color, 1.0, FAINT_ALPHA, &[]);
        stroke_path(context, &path.xy, color, width, 1.0, &self.dash(curve.dash));
        fill_dots(context, &path.dots, color, 2.5 * self.ratio);
    }

    /// Draws where the data is, and nowhere else.
    fn inside(&self, area: Area, draw: impl FnOnce()) {
        self.context.save();
        self.context.begin_path();
        let (width, height) = (area.right - area.left + 1.0, area.bottom - area.top + 1.0);
        self.context.rect(area.left, area.top, width, height);
        self.context.clip();
        draw();
        self.context.restore();
    }

    /// What is lifted, over all others.
    pub fn lift(&self, scene: &Scene, palette: &Palette, focus: &Focus) {
        self.inside(scene.area, || {
            for curve in scene.lifted(focus) {
                self.curve(curve, palette, 2.5 * self.ratio);
            }
        });
        if let Some(lane) = &scene.lane {
            self.lane(lane.inks.iter().filter(|ink| ink.owner == focus.owner), palette);
        }
    }

    /// Events under the axis.
    fn lane<'a>(&self, inks: impl Iterator<Item = &'a Ink>, palette: &Palette) {
        for ink in inks {
            let color = palette.run(ink.color);
            fill_area(&self.context, &ink.spans, color, SPAN_ALPHA);
            stroke_path(&self.context, &ink.ticks, color, ink.width, 1.0, &[]);
        }
    }

    /// The line under the pointer, and the points that it reads: colour, x, y.
    pub fn crosshair(&self, scene: &Scene, palette: &Palette, at: f64, points: &[(u8, f64, f64)]) {
        let area = scene.area;
        let x = scene.axes.x.px(at).floor() + 0.5;
        if x.is_nan() || x < area.left - 1.0 || x > area.right + 1.0 {
            return;
        }
        let xy = [x, area.top, x, area.bottom].map(|number| number as f32);
        stroke_path(&self.context, &xy, &palette.muted, 1.0, 1.0, &[]);
        self.inside(area, || {
            for (color, at, value) in points {
                let spot = [scene.axes.x.px(*at) as f32, scene.axes.y.px(*value) as f32];
                if spot.iter().all(|number| number.is_finite()) {
                    fill_dots(&self.context, &spot, palette.run(*color), 3.5 * self.ratio);
                }
            }
        });
    }

    /// The part being chosen.
    pub fn frame(&self, chosen: Area) {
        let accent = browser::css_variable(&self.canvas, "--accent");
        let corners = [
            [chosen.left, chosen.top],
            [chosen.right, chosen.top],
            [chosen.right, chosen.bottom],
            [chosen.left, chosen.bottom],
        ];
        let xy: Vec<f32> = corners.concat().into_iter().map(|number| number as f32).collect();
        fill_area(&self.context, &xy, &accent, BAND_ALPHA);
    }
}
