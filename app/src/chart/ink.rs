//! What pictures of many runs are drawn with: a raster, thin lines, dots. One call into JavaScript each.

use super::{density::Ramp, draw, size};
use crate::browser;
use leptos::{html, prelude::*};
use wasm_bindgen::{Clamped, prelude::wasm_bindgen};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ImageData};

#[wasm_bindgen(inline_js = "
export function strokeLines(context, xy, color, width) {
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.strokeStyle = color;
  context.beginPath();
  let down = false;
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i], y = xy[i + 1];
    if (x !== x || y !== y) { down = false; continue; }
    if (down) context.lineTo(x, y);
    else context.moveTo(x, y);
    down = true;
  }
  context.stroke();
}
export function fillDots(context, xyr, color, alpha) {
  context.fillStyle = color;
  context.globalAlpha = alpha;
  context.beginPath();
  for (let i = 0; i < xyr.length; i += 3) {
    context.moveTo(xyr[i] + xyr[i + 2], xyr[i + 1]);
    context.arc(xyr[i], xyr[i + 1], xyr[i + 2], 0, 6.2832);
  }
  context.fill();
  context.globalAlpha = 1;
}")]
extern "C" {
    #[wasm_bindgen(js_name = strokeLines)]
    fn stroke_lines(context: &CanvasRenderingContext2d, xy: &[f32], color: &str, width: f64);
    #[wasm_bindgen(js_name = fillDots)]
    fn fill_dots(context: &CanvasRenderingContext2d, xyr: &[f32], color: &str, alpha: f64);
}

/// A canvas that was cleared and fits its box on the page.
pub struct Ink {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Canvas pixels in a CSS pixel.
    pub ratio: f64,
}

impl Ink {
    /// One canvas pixel for a device pixel.
    pub fn fine(canvas: HtmlCanvasElement) -> Option<Self> {
        Self::new(canvas, window().device_pixel_ratio())
    }

    /// At most one canvas pixel for a CSS pixel: a raster of thousands of lines is none the better for more.
    pub fn coarse(canvas: HtmlCanvasElement) -> Option<Self> {
        Self::new(canvas, window().device_pixel_ratio().min(1.0))
    }

    /// Half of that, while something moves.
    pub fn sketch(canvas: HtmlCanvasElement) -> Option<Self> {
        Self::new(canvas, 0.5)
    }

    fn new(canvas: HtmlCanvasElement, ratio: f64) -> Option<Self> {
        let width = (f64::from(canvas.client_width()) * ratio).round() as u32;
        let height = (f64::from(canvas.client_height()) * ratio).round() as u32;
        let context = draw::cleared(&canvas, width, height)?;
        Some(Self { canvas, context, ratio })
    }

    /// Canvas pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.canvas.width() as usize, self.canvas.height() as usize)
    }

    pub fn token(&self, name: &str) -> String {
        browser::css_variable(&self.canvas, name)
    }

    /// The colours of the scale in the theme that applies now; the first is for what has no place on it.
    pub fn ramp(&self) -> Ramp {
        scale(&self.canvas)
    }

    /// One colour for all shares.
    pub fn plain(&self, token: &str) -> Ramp {
        [rgb(&self.token(token)); 256]
    }

    pub fn raster(&self, pixels: &[u8]) {
        let width = self.canvas.width();
        if let Ok(image) = ImageData::new_with_u8_clamped_array(Clamped(pixels), width) {
            self.context.put_image_data(&image, 0.0, 0.0).ok();
        }
    }

    /// Lines of x and y in CSS pixels; a NaN lifts the pen.
    pub fn lines(&self, xy: &[f32], color: &str, width: f64) {
        let scaled: Vec<f32> = xy.iter().map(|one| one * self.ratio as f32).collect();
        // Exactly one pixel of the canvas where it may be: wider strokes cost about ten times as much.
        let width = if width <= 1.0 { 1.0 } else { width * self.ratio };
        stroke_lines(&self.context, &scaled, color, width);
    }

    /// Dots of x, y and radius in CSS pixels.
    pub fn dots(&self, xyr: &[f32], color: &str, alpha: f64) {
        let scaled: Vec<f32> = xyr.iter().map(|one| one * self.ratio as f32).collect();
        fill_dots(&self.context, &scaled, color, alpha);
    }
}

/// The same where nothing is drawn.
pub fn scale(element: &Element) -> Ramp {
    let token = |name: &str| rgb(&browser::css_variable(element, name));
    let stops: [[u8; 3]; STOPS] = std::array::from_fn(|place| token(&format!("--scale-{place}")));
    let mut ramp = ramp(&stops);
    ramp[0] = token("--text-muted");
    ramp
}

const STOPS: usize = 5;

fn ramp(stops: &[[u8; 3]; STOPS]) -> Ramp {
    std::array::from_fn(|place| {
        let at = place as f32 / 255.0 * (STOPS - 1) as f32;
        let low = (at as usize).min(STOPS - 2);
        let share = at - low as f32;
        std::array::from_fn(|part| {
            let (from, to) = (f32::from(stops[low][part]), f32::from(stops[low + 1][part]));
            (from + (to - from) * share).round() as u8
        })
    })
}

/// A registered colour as browsers compute it: `rgb(31, 79, 209)`.
fn rgb(text: &str) -> [u8; 3] {
    let mut parts = text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok());
    std::array::from_fn(|_| parts.next().unwrap_or(128))
}

pub fn css([red, green, blue]: [u8; 3]) -> String {
    format!("rgb({red} {green} {blue})")
}

/// Width and height of an element in CSS pixels, as they change.
pub fn follow_size(root: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    size::watch(root, move |element| {
        let now = (f64::from(element.client_width()), f64::from(element.client_height()));
        if size.try_get_untracked().is_some_and(|before| before != now) {
            size.try_set(now);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_goes_through_its_stops() {
        let ramp = ramp(&[[0, 0, 0], [64, 0, 0], [128, 0, 0], [192, 0, 0], [255, 255, 0]]);
        assert_eq!((ramp[0], ramp[255]), ([0, 0, 0], [255, 255, 0]));
        assert!(ramp.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
        assert_eq!(rgb("rgb(31, 79, 209)"), [31, 79, 209]);
    }
}
