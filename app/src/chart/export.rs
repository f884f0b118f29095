//! A chart as a file or on the clipboard. The picture is the scene of the page with a title, a legend and the names of
//! its axes; lines that are hidden stay out.

use super::{
    csv::csv,
    draw::{Surface, palette},
    extent::{Look, Zoom},
    lane::Placed,
    line::Line,
    plot::axis_name,
    scene::{Dress, Scene, Size, scene},
    sheet::Sheet,
    svg::svg,
};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Element, HtmlCanvasElement};

#[wasm_bindgen(inline_js = "
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
export function saveText(text, kind, name) { save(new Blob([text], { type: kind }), name); }
export function saveImage(canvas, name) { canvas.toBlob((blob) => save(blob, name), 'image/png'); }
export function copyImage(canvas) {
  const blob = new Promise((done) => canvas.toBlob(done, 'image/png'));
  navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]).catch(() => {});
}
function painted(svg, width, height, ratio) {
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement('canvas');
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(image.src);
      canvas.toBlob(done, 'image/png');
    };
    image.onerror = failed;
    image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  });
}
export function savePainted(svg, width, height, ratio, name) {
  painted(svg, width, height, ratio).then((blob) => save(blob, name), () => {});
}
export function copyPainted(svg, width, height, ratio) {
  const blob = painted(svg, width, height, ratio);
  navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]).catch(() => {});
}")]
extern "C" {
    #[wasm_bindgen(js_name = saveText)]
    fn save_text(text: &str, kind: &str, name: &str);
    #[wasm_bindgen(js_name = saveImage)]
    fn save_image(canvas: &HtmlCanvasElement, name: &str);
    #[wasm_bindgen(js_name = copyImage)]
    fn copy_image(canvas: &HtmlCanvasElement);
    #[wasm_bindgen(js_name = savePainted)]
    fn save_painted(svg: &str, width: f64, height: f64, ratio: f64, name: &str);
    #[wasm_bindgen(js_name = copyPainted)]
    fn copy_painted(svg: &str, width: f64, height: f64, ratio: f64);
}

/// In what form a chart leaves its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Png,
    Svg,
    Csv,
    Copy,
}

/// What leaves it.
pub struct Export<'a> {
    pub title: String,
    pub note: String,
    pub lines: Vec<&'a Line>,
    pub look: Look,
    pub zoom: Zoom,
    /// The metric that is the x axis.
    pub over: Option<String>,
    /// Marked under the x axis.
    pub events: Option<Vec<Placed>>,
    /// The panel's plot in CSS pixels.
    pub size: (f64, f64),
}

/// Sends out a picture of many runs, or the numbers in it; `false` when there is nothing.
pub fn leave(
    form: Form,
    title: &str,
    csv: impl FnOnce() -> String,
    sheet: impl FnOnce() -> Option<Sheet>,
) -> bool {
    let name = file_name(title);
    if form == Form::Csv {
        save_text(&csv(), "text/csv", &format!("{name}.csv"));
        return true;
    }
    let Some(sheet) = sheet() else { return false };
    let (svg, (width, height)) = (sheet.svg(), sheet.whole());
    match form {
        Form::Svg => save_text(&svg, "image/svg+xml", &format!("{name}.svg")),
        Form::Copy => copy_painted(&svg, width, height, IMAGE_RATIO),
        _ => save_painted(&svg, width, height, IMAGE_RATIO, &format!("{name}.png")),
    }
    true
}

/// A picture is as wide as its panel, but not smaller than this.
const WIDTH_MIN: f64 = 640.0;
const HEIGHT_MIN: f64 = 360.0;
/// Pixels of an image in one of the page.
const IMAGE_RATIO: f64 = 2.0;
const FILE_NAME_MAX: usize = 80;

impl Export<'_> {
    /// Does it, with the colours that apply to `element`; `false` when there is nothing to draw.
    pub fn run(&self, form: Form, element: &Element) -> bool {
        let name = file_name(&self.title);
        if form == Form::Csv {
            save_text(&csv(&self.lines), "text/csv", &format!("{name}.csv"));
            return true;
        }
        let ratio = if form == Form::Svg { 1.0 } else { IMAGE_RATIO };
        let colors = palette(element);
        let Some(scene) = self.scene(ratio) else { return false };
        if form == Form::Svg {
            save_text(&svg(&scene, &colors, &self.title), "image/svg+xml", &format!("{name}.svg"));
            return true;
        }
        let Some(surface) = Surface::apart(scene.width, scene.height, ratio) else { return false };
        surface.fill(&colors.surface);
        surface.paint(&scene, &colors);
        match form {
            Form::Copy => copy_image(surface.canvas()),
            _ => save_image(surface.canvas(), &format!("{name}.png")),
        }
        true
    }

    fn scene(&self, ratio: f64) -> Option<Scene> {
        let axis = self.lines.first().map(|line| line.axis).unwrap_or_default();
        let name = axis_name(axis, self.look, self.over.as_deref());
        let dress = Dress {
            title: self.title.clone(),
            note: self.note.clone(),
            legend: true,
            x_name: if name.is_empty() { "step".to_owned() } else { name },
            events: self.events.clone(),
        };
        let size = Size { width: self.size.0.max(WIDTH_MIN), height: self.size.1.max(HEIGHT_MIN), ratio };
        scene(&self.lines, self.look, self.zoom, size, &dress)
    }
}

/// A metric's name as that of a file.
fn file_name(title: &str) -> String {
    let safe = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let name: String = title.chars().map(safe).take(FILE_NAME_MAX).collect();
    if name.trim_matches(['-', '.']).is_empty() { "chart".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::points;
    use super::*;

    #[test]
    fn a_metric_name_becomes_a_file_name() {
        assert_eq!(file_name("val/loss @1"), "val-loss--1");
        assert_eq!(file_name("../.."), "chart");
    }

    #[test]
    fn a_picture_carries_title_legend_and_axis() {
        let line = Line { name: "run a".into(), ..points(&[0, 1], &[1.0, 2.0]) };
        let export = Export {
            title: "val/loss".into(),
            note: "2 of 10 points".into(),
            lines: vec![&line],
            look: Look::default(),
            zoom: Zoom::default(),
            over: None,
            events: None,
            size: (300.0, 100.0),
        };
        let scene = export.scene(2.0).expect("has a curve");
        assert_eq!((scene.width, scene.height), (1280.0, 720.0));
        let texts: Vec<_> = scene.texts.iter().map(|text| text.text.as_str()).collect();
        for expected in ["val/loss", "2 of 10 points", "run a", "step"] {
            assert!(texts.contains(&expected), "{expected} in {texts:?}");
        }
    }
}
