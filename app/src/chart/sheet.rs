//! A picture of many runs as it leaves its page: shapes in CSS pixels under a title, written as SVG. An image is that SVG
//! painted, so there is one picture and not two.

use super::{
    scene::{Anchor, FONT},
    svg::{Palette, escape},
};
use std::fmt::Write as _;

/// Room for the title, in CSS pixels.
const HEAD: f64 = 34.0;
/// What stands around the picture.
const EDGE: f64 = 12.0;

/// Shapes one over another.
pub struct Sheet {
    title: String,
    size: (f64, f64),
    palette: Palette,
    shapes: String,
}

impl Sheet {
    /// An empty one of so many CSS pixels.
    pub fn new(title: String, width: f64, height: f64, palette: Palette) -> Self {
        Self { title, size: (width, height), palette, shapes: String::new() }
    }

    pub fn palette(&self) -> &Palette {
        &self.palette
    }

    /// Width and height with the title, in whole pixels.
    pub fn whole(&self) -> (f64, f64) {
        ((self.size.0 + 2.0 * EDGE).ceil(), (self.size.1 + HEAD + EDGE).ceil())
    }

    /// Lines of x and y; a NaN lifts the pen.
    pub fn lines(&mut self, xy: &[f32], color: &str, width: f64) {
        let mut path = String::new();
        let mut down = false;
        for point in xy.chunks_exact(2) {
            if point.iter().any(|one| one.is_nan()) {
                down = false;
                continue;
            }
            let _ = write!(path, "{}{:.1} {:.1}", if down { 'L' } else { 'M' }, point[0], point[1]);
            down = true;
        }
        if !path.is_empty() {
            self.put(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"/>"
            ));
        }
    }

    /// Dots of x, y and radius.
    pub fn dots(&mut self, xyr: &[f32], color: &str, alpha: f64) {
        if xyr.is_empty() {
            return;
        }
        self.put(format_args!("<g fill=\"{color}\" fill-opacity=\"{alpha}\">"));
        for dot in xyr.chunks_exact(3).filter(|dot| dot.iter().all(|one| one.is_finite())) {
            self.put(format_args!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\"/>", dot[0], dot[1], dot[2]));
        }
        self.put(format_args!("</g>"));
    }

    /// A filled box; its left upper corner, its width and height.
    pub fn area(&mut self, (x, y, width, height): (f64, f64, f64, f64), color: &str, alpha: f64) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\" fill-opacity=\"{alpha}\"/>"
        ));
    }

    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let color = self.palette.muted.clone();
        self.words((x, y), anchor, text, &color, "");
    }

    /// A name: what the rest is about.
    pub fn name(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let color = self.palette.text.clone();
        self.words((x, y), anchor, text, &color, "");
    }

    /// A name along an axis that goes upwards.
    pub fn upright(&mut self, (x, y): (f64, f64), text: &str) {
        let color = self.palette.text.clone();
        self.words(
            (x, y),
            Anchor::Middle,
            text,
            &color,
            &format!(" transform=\"rotate(-90 {x:.1} {y:.1})\""),
        );
    }

    fn words(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str, color: &str, more: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (text, halo) = (escape(text), self.palette.surface.clone());
        // Lines that cross words leave them readable.
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" stroke=\"{halo}\" stroke-width=\"3\" \
             paint-order=\"stroke\" fill=\"{color}\"{more}>{text}</text>"
        ));
    }

    /// A raster as wide as the sheet and so high. `source` is a `data:` address.
    pub fn raster(&mut self, source: &str, height: f64) {
        let width = self.size.0;
        let source = escape(source);
        self.put(format_args!(
            "<image x=\"0\" y=\"0\" width=\"{width:.1}\" height=\"{height:.1}\" preserveAspectRatio=\"none\" href=\"{source}\"/>"
        ));
    }

    /// What the colours of a scale mean: a strip with its labels, at a place.
    pub fn ramp(&mut self, (x, y): (f64, f64), name: &str, colors: &[String], labels: &[(f64, String)]) {
        const WIDTH: f64 = 220.0;
        self.name((x, y + 9.0), Anchor::Start, name);
        let from = x + 8.0 + name.chars().count() as f64 * FONT * 0.6;
        let wide = WIDTH / colors.len().max(1) as f64;
        for (place, color) in colors.iter().enumerate() {
            // A little wider than its share: no seams between neighbours.
            self.area((from + place as f64 * wide, y, wide + 0.5, 10.0), color, 1.0);
        }
        for (share, label) in labels {
            self.text((from + share * WIDTH, y + 24.0), Anchor::Middle, label);
        }
    }

    fn put(&mut self, shape: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.shapes, "{shape}");
    }

    pub fn svg(&self) -> String {
        let ((width, height), title, surface) = (self.whole(), escape(&self.title), &self.palette.surface);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"{FONT}\" role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"{surface}\"/>\n\
             <text x=\"{EDGE}\" y=\"22\" font-weight=\"600\" font-size=\"14\" fill=\"{}\">{title}</text>\n\
             <g transform=\"translate({EDGE} {HEAD})\">\n{}</g>\n</svg>\n",
            self.palette.text, self.shapes
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let palette = Palette {
            surface: "white".into(),
            text: "black".into(),
            muted: "grey".into(),
            grid: "silver".into(),
            odd: "red".into(),
            runs: Vec::new(),
        };
        Sheet::new("a <b> & \"c\"".into(), 100.0, 50.5, palette)
    }

    #[test]
    fn a_sheet_is_as_large_as_its_picture_and_its_title() {
        assert_eq!(sheet().whole(), (124.0, 97.0));
        assert!(sheet().svg().contains("width=\"124\" height=\"97\" viewBox=\"0 0 124 97\""));
    }

    #[test]
    fn texts_are_escaped_and_shapes_follow_each_other() {
        let mut sheet = sheet();
        sheet.text((1.0, 2.0), Anchor::End, "x < y");
        sheet.area((0.0, 0.0, -1.0, 4.0), "red", 0.5);
        let svg = sheet.svg();
        assert!(svg.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"));
        assert!(svg.contains("fill=\"grey\">x &lt; y</text>"));
        assert!(svg.contains("width=\"0.0\" height=\"4.0\""), "never less than nothing");
    }

    #[test]
    fn a_nan_lifts_the_pen_and_dots_without_a_place_are_left_out() {
        let mut sheet = sheet();
        sheet.lines(&[0.0, 1.0, 2.0, 3.0, f32::NAN, f32::NAN, 4.0, 5.0, 6.0, 7.0], "red", 1.0);
        sheet.dots(&[1.0, 2.0, 3.0, f32::NAN, 2.0, 3.0], "red", 1.0);
        let svg = sheet.svg();
        assert!(svg.contains("d=\"M0.0 1.0L2.0 3.0M4.0 5.0L6.0 7.0\""));
        assert_eq!(svg.matches("<circle").count(), 1);
    }
}
