//! A scene as SVG text: the same shapes that the canvas paints.

use super::{
    lane::SPAN_ALPHA,
    scene::{Anchor, FONT, Scene},
};
use std::fmt::Write;

/// Colours as CSS writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    pub surface: String,
    pub text: String,
    pub muted: String,
    pub grid: String,
    pub odd: String,
    pub runs: Vec<String>,
}

impl Palette {
    pub fn run(&self, place: u8) -> &str {
        self.runs.get(usize::from(place)).map_or(self.text.as_str(), String::as_str)
    }
}

/// How opaque a band, the values behind a smoothed curve, and marks are.
pub const BAND_ALPHA: f64 = 0.18;
pub const FAINT_ALPHA: f64 = 0.3;

/// Dashes of lines that share a colour, in CSS pixels.
pub fn dashes(dash: u8) -> &'static [f64] {
    match dash {
        0 => &[],
        1 => &[6.0, 4.0],
        2 => &[2.0, 3.0],
        _ => &[8.0, 3.0, 2.0, 3.0],
    }
}

pub fn svg(scene: &Scene, palette: &Palette, title: &str) -> String {
    let mut out = String::new();
    write_svg(&mut out, scene, palette, title).expect("a string takes everything");
    out
}

fn write_svg(out: &mut String, scene: &Scene, palette: &Palette, title: &str) -> std::fmt::Result {
    let (width, height, area) = (scene.width, scene.height, scene.area);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"{}\" role=\"img\">",
        FONT * scene.ratio
    )?;
    writeln!(out, "<title>{}</title>", escape(title))?;
    writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>", palette.surface)?;
    writeln!(out, "<path d=\"{}\" fill=\"none\" stroke=\"{}\"/>", d(&scene.grid, false), palette.grid)?;
    let (wide, high) = (area.right - area.left + 1.0, area.bottom - area.top + 1.0);
    writeln!(
        out,
        "<clipPath id=\"plot\"><rect x=\"{}\" y=\"{}\" width=\"{wide}\" height=\"{high}\"/></clipPath>",
        area.left, area.top
    )?;
    writeln!(out, "<g clip-path=\"url(#plot)\" fill=\"none\" stroke-linejoin=\"round\">")?;
    for curve in &scene.curves {
        let (path, color) = (&curve.path, palette.run(curve.color));
        if !path.band.is_empty() {
            writeln!(
                out,
                "<path d=\"{}\" fill=\"{color}\" fill-opacity=\"{BAND_ALPHA}\"/>",
                d(&path.band, true)
            )?;
        }
        if !path.faint.is_empty() {
            let d = d(&path.faint, false);
            writeln!(out, "<path d=\"{d}\" stroke=\"{color}\" stroke-opacity=\"{FAINT_ALPHA}\"/>")?;
        }
        let dash = dash_attribute(curve.dash, scene.ratio);
        let d = d(&path.xy, false);
        writeln!(out, "<path d=\"{d}\" stroke=\"{color}\" stroke-width=\"{}\"{dash}/>", scene.stroke)?;
        for dot in path.dots.chunks_exact(2) {
            let radius = 2.5 * scene.ratio;
            writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{color}\"/>",
                n(dot[0]),
                n(dot[1])
            )?;
        }
    }
    if !scene.odd.is_empty() {
        writeln!(out, "<path d=\"{}\" stroke=\"{}\"/>", d(&scene.odd, false), palette.odd)?;
    }
    writeln!(out, "</g>")?;
    for ink in scene.lane.iter().flat_map(|lane| &lane.inks) {
        let color = palette.run(ink.color);
        let (spans, ticks) = (d(&ink.spans, true), d(&ink.ticks, false));
        if !spans.is_empty() {
            writeln!(out, "<path d=\"{spans}\" fill=\"{color}\" fill-opacity=\"{SPAN_ALPHA}\"/>")?;
        }
        writeln!(out, "<path d=\"{ticks}\" stroke=\"{color}\" stroke-width=\"{}\"/>", ink.width)?;
    }
    for key in &scene.keys {
        let (color, dash) = (palette.run(key.color), dash_attribute(key.dash, scene.ratio));
        writeln!(
            out,
            "<path d=\"M{} {}h{}\" stroke=\"{color}\" stroke-width=\"{}\"{dash}/>",
            key.x,
            key.y,
            key.width,
            2.0 * scene.ratio
        )?;
    }
    for text in &scene.texts {
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (fill, weight) =
            if text.strong { (&palette.text, " font-weight=\"600\"") } else { (&palette.muted, "") };
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"{fill}\"{weight}>{}</text>",
            n(text.x as f32),
            n(text.y as f32),
            escape(&text.text)
        )?;
    }
    writeln!(out, "</svg>")
}

fn dash_attribute(dash: u8, ratio: f64) -> String {
    let lengths: Vec<String> = dashes(dash).iter().map(|length| (length * ratio).to_string()).collect();
    if lengths.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", lengths.join(" ")) }
}

/// Path data, a tenth of a pixel exact.
fn d(xy: &[f32], closed: bool) -> String {
    let mut out = String::with_capacity(xy.len() * 6);
    let mut down = false;
    for pair in xy.chunks_exact(2) {
        if pair[0].is_nan() {
            if down && closed {
                out.push('Z');
            }
            down = false;
            continue;
        }
        let (x, y) = (n(pair[0]), n(pair[1]));
        let pen = if down { 'L' } else { 'M' };
        // A string takes everything.
        let _ = write!(out, "{pen}{x} {y}");
        down = true;
    }
    out
}

fn n(number: f32) -> f32 {
    (number * 10.0).round() / 10.0
}

/// A text as XML and HTML hold it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // What XML does not allow at all.
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("a<b> & \"c\"\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot; ");
    }

    #[test]
    fn gaps_lift_the_pen_and_areas_close() {
        let path = [1.0, 2.04, 3.0, 4.0, f32::NAN, f32::NAN, 5.0, 6.0];
        assert_eq!(d(&path, false), "M1 2L3 4M5 6");
        assert_eq!(d(&path[..6], true), "M1 2L3 4Z");
    }
}
