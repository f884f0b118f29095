//! Drawing on canvases, in device pixels. Axes by plotters; curves by one call a line into JavaScript, stroked exactly
//! one device pixel wide, because anything wider costs about ten times as much in software raster.

use super::{
    format,
    line::{Extent, Line},
    path::{Axes, Mark, Odd, Path, path},
    scale::{Linear, ticks},
};
use crate::browser;
use leptos::prelude::window;
use plotters::{
    coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
    prelude::{ChartBuilder, IntoDrawingArea, IntoFont, RGBColor},
    style::Color,
};
use plotters_canvas::CanvasBackend;
use std::ops::Range;
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

#[wasm_bindgen(inline_js = "
export function strokePath(context, xy, color, dash) {
  context.lineWidth = 1;
  context.lineJoin = 'round';
  context.strokeStyle = color;
  context.setLineDash(dash === 0 ? [] : dash === 1 ? [6, 4] : dash === 2 ? [2, 3] : [8, 3, 2, 3]);
  context.beginPath();
  let down = false;
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i];
    if (x !== x) { down = false; continue; }
    if (down) context.lineTo(x, xy[i + 1]);
    else context.moveTo(x, xy[i + 1]);
    down = true;
  }
  context.stroke();
  context.setLineDash([]);
}")]
extern "C" {
    /// Strokes a path of x, y pairs; a pair of NaN lifts the pen.
    #[wasm_bindgen(js_name = strokePath)]
    fn stroke_path(context: &CanvasRenderingContext2d, xy: &[f32], color: &str, dash: u8);
}

/// A canvas and how to draw on it.
pub struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Device pixels in a CSS pixel.
    ratio: f64,
}

/// The plot's inside in device pixels, and the scales that fill it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub axes: Axes,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub ratio: f64,
}

impl Surface {
    /// Fits the canvas to its box on the page, whatever the screen's density, and clears it.
    pub fn fit(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.unchecked_into::<CanvasRenderingContext2d>();
        let ratio = window().device_pixel_ratio();
        let width = (f64::from(canvas.client_width()) * ratio).round() as u32;
        let height = (f64::from(canvas.client_height()) * ratio).round() as u32;
        if width == 0 || height == 0 {
            return None;
        }
        if (canvas.width(), canvas.height()) == (width, height) {
            context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        } else {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        Some(Self { canvas, context, ratio })
    }

    fn token(&self, name: &str) -> String {
        browser::css_variable(&self.canvas, name)
    }

    /// The colour of a place in the palette, in the theme that applies now.
    pub fn color(&self, place: u8) -> String {
        self.token(&format!("--run-{place}"))
    }

    /// Draws axes, ticks and labels, and says where the data goes.
    pub fn axes(&self, extent: Extent) -> Option<Layout> {
        let text = rgb(&self.token("--text-muted"));
        let grid = rgb(&self.token("--line-faint"));
        let px = |css: f64| (css * self.ratio).round() as i32;
        let backend = CanvasBackend::with_canvas_object(self.canvas.clone())?;
        let area = backend.into_drawing_area();
        let (width, height) = area.dim_in_pixel();
        let x = Axis::new(extent.x, (f64::from(width) / self.ratio / 90.0) as usize, 1.0);
        let y = Axis::new(extent.y, (f64::from(height) / self.ratio / 36.0) as usize, 0.0);
        let font = ("system-ui, sans-serif", 11.0 * self.ratio).into_font();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(px(8.0))
            .margin_right(px(14.0))
            .x_label_area_size(px(22.0))
            .y_label_area_size(px(54.0))
            .build_cartesian_2d(x, y)
            .ok()?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(grid.stroke_width(1))
            .axis_style(grid.stroke_width(1))
            .label_style(font.color(&text))
            .set_all_tick_mark_size(px(3.0))
            .draw()
            .ok()?;
        let (xs, ys) = chart.plotting_area().get_pixel_range();
        let edges = |range: &Range<i32>| (f64::from(range.start), f64::from(range.end));
        let ((left, right), (top, bottom)) = (edges(&xs), edges(&ys));
        let axes = Axes { x: Linear::new(extent.x, (left, right)), y: Linear::new(extent.y, (bottom, top)) };
        Some(Layout { axes, left, right, top, bottom, ratio: self.ratio })
    }

    /// Draws every line inside the plot.
    pub fn lines(&self, lines: &[Line], layout: &Layout) {
        let context = &self.context;
        context.save();
        context.begin_path();
        let (width, height) = (layout.right - layout.left, layout.bottom - layout.top);
        context.rect(layout.left, layout.top, width + 1.0, height + 1.0);
        context.clip();
        for line in lines {
            let color = self.color(line.color);
            let Path { xy, dots, marks } = path(line, &layout.axes);
            stroke_path(context, &xy, &color, line.dash);
            context.set_fill_style_str(&color);
            for dot in dots.chunks_exact(2) {
                self.dot(f64::from(dot[0]), f64::from(dot[1]), 2.5);
            }
            self.marks(&marks, layout);
        }
        context.restore();
    }

    /// NaN as a cross at the foot of the plot, an infinity as a triangle at the edge it left by.
    fn marks(&self, marks: &[Mark], layout: &Layout) {
        let size = 3.0 * self.ratio;
        self.context.set_stroke_style_str(&self.token("--bad"));
        self.context.set_line_width(1.0);
        self.context.begin_path();
        for mark in marks {
            let x = f64::from(mark.x);
            let strokes = match mark.kind {
                Odd::NaN => {
                    let y = layout.bottom - size - 1.0;
                    [(x - size, y - size), (x + size, y + size), (x - size, y + size), (x + size, y - size)]
                }
                Odd::PosInf => wedge(x, layout.top + 1.0, size, 1.0),
                Odd::NegInf => wedge(x, layout.bottom - 1.0, size, -1.0),
            };
            for pair in strokes.chunks_exact(2) {
                self.context.move_to(pair[0].0, pair[0].1);
                self.context.line_to(pair[1].0, pair[1].1);
            }
        }
        self.context.stroke();
    }

    /// A filled circle, its radius in CSS pixels.
    fn dot(&self, x: f64, y: f64, radius: f64) {
        self.context.begin_path();
        // An arc fails only for a negative radius.
        self.context.arc(x, y, radius * self.ratio, 0.0, std::f64::consts::TAU).ok();
        self.context.fill();
    }

    /// The line under the pointer, and the points that it reads.
    pub fn crosshair(&self, layout: &Layout, step: f64, points: &[(u8, f64, f64)]) {
        let x = layout.axes.x.px(step).round() + 0.5;
        if x < layout.left - 1.0 || x > layout.right + 1.0 {
            return;
        }
        self.context.set_stroke_style_str(&self.token("--text-muted"));
        self.context.set_line_width(1.0);
        self.context.begin_path();
        self.context.move_to(x, layout.top);
        self.context.line_to(x, layout.bottom);
        self.context.stroke();
        for (color, step, value) in points.iter().filter(|(_, _, value)| value.is_finite()) {
            self.context.set_fill_style_str(&self.color(*color));
            self.dot(layout.axes.x.px(*step), layout.axes.y.px(*value), 3.5);
        }
    }

    /// The band of steps being chosen, between two places on the canvas.
    pub fn band(&self, layout: &Layout, from: f64, to: f64) {
        let (from, to) = (from.max(layout.left), to.min(layout.right));
        self.context.set_fill_style_str(&self.token("--accent"));
        self.context.set_global_alpha(0.18);
        self.context.fill_rect(from, layout.top, to - from, layout.bottom - layout.top);
        self.context.set_global_alpha(1.0);
    }
}

/// Two strokes that meet at the edge of the plot.
fn wedge(x: f64, edge: f64, size: f64, down: f64) -> [(f64, f64); 4] {
    let foot = edge + size * 2.0 * down;
    [(x - size, foot), (x, edge), (x, edge), (x + size, foot)]
}

/// A registered colour as browsers compute it: `rgb(31, 79, 209)`.
fn rgb(text: &str) -> RGBColor {
    let mut parts = text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let mut next = || parts.next().unwrap_or(128);
    RGBColor(next(), next(), next())
}

/// Our own axis for plotters: its float axes can loop without end on extreme ranges.
struct Axis {
    domain: (f64, f64),
    ticks: Vec<f64>,
    step: f64,
}

impl Axis {
    fn new(domain: (f64, f64), count: usize, smallest_step: f64) -> Self {
        let (ticks, step) = ticks(domain, count.max(2), smallest_step);
        Self { domain, ticks, step }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        Linear::new(self.domain, (f64::from(limit.0), f64::from(limit.1))).px(*value).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Asked once for labelled lines and once for the faint ones between; there are none between.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.domain.0..self.domain.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        format::tick(*value, self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_as_colours() {
        assert_eq!(rgb("rgb(31, 79, 209)"), RGBColor(31, 79, 209));
        assert_eq!(rgb(""), RGBColor(128, 128, 128));
    }

    #[test]
    fn an_axis_labels_its_ticks_and_has_no_lines_between() {
        let axis = Axis::new((0.0, 1.0), 5, 0.0);
        assert_eq!(axis.map(&0.5, (0, 200)), 100);
        assert_eq!(axis.format_ext(&0.2), "0.2");
        let ticks = axis.key_points(plotters::coord::ranged1d::BoldPoints(5));
        assert_eq!(ticks.len(), 6);
    }
}
