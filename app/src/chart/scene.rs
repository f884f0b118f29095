//! A chart as shapes in device pixels: what the canvas paints and the SVG writes. A pure function of lines and looks.

use super::{
    extent::{Extent, Look, Zoom, extent},
    format,
    lane::{self, Lane, Placed},
    line::{Content, Line, content},
    path::{Axes, Mark, Odd, Path, path},
    plot::Focus,
    scale::{Bend, Scale},
    tick::{Measure, Tick, ticks},
};
use model::series::Axis;

/// In CSS pixels, and how many device pixels there are in one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
    pub ratio: f64,
}

/// What a picture needs that leaves its page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dress {
    pub title: String,
    /// Beside the title: what the picture stands for.
    pub note: String,
    /// Names the lines.
    pub legend: bool,
    /// What the x axis counts.
    pub x_name: String,
    /// Events to mark under the x axis; `None` leaves no room for any.
    pub events: Option<Vec<Placed>>,
}

/// A rectangle of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where its baseline is anchored.
    pub x: f64,
    pub y: f64,
    pub anchor: Anchor,
    pub text: String,
    /// A title, not a label.
    pub strong: bool,
}

/// One line as shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub id: String,
    pub owner: String,
    pub color: u8,
    pub dash: u8,
    pub path: Path,
}

/// A sample of a line in the legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub color: u8,
    pub dash: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// In device pixels.
    pub width: f64,
    pub height: f64,
    pub ratio: f64,
    pub area: Area,
    pub axes: Axes,
    pub axis: Axis,
    /// Strokes of the grid and of the marks, x, y pairs; a pair of NaN lifts the pen.
    pub grid: Vec<f32>,
    pub odd: Vec<f32>,
    pub texts: Vec<Label>,
    pub keys: Vec<Key>,
    pub curves: Vec<Curve>,
    pub lane: Option<Lane>,
    /// Device pixels of a stroke.
    pub stroke: f64,
    /// Rows with values beyond the y axis, and without a place on it.
    pub cut: u64,
    pub placeless: u64,
}

impl Scene {
    /// The curves that are lifted over the others.
    pub fn lifted(&self, focus: &Focus) -> impl Iterator<Item = &Curve> {
        // A chart without that very line has others of the same owner, if any.
        let has = self.curves.iter().any(|curve| focus.line.as_ref() == Some(&curve.id));
        let focus = if has { focus.clone() } else { Focus::on_all_of(focus.owner.as_str()) };
        self.curves.iter().filter(move |curve| focus.is_on(&curve.owner, &curve.id))
    }
}

/// Text is so many CSS pixels high, and its digits so wide.
pub const FONT: f64 = 11.0;
const GLYPH: f64 = 6.6;
const TITLE_GLYPH: f64 = 7.0;
/// From here on a wider stroke would cost more than it is worth: ten times as much in software raster.
const VERTICES_WIDE_MAX: usize = 6_000;
/// Lines that a legend names; of more it gives the number.
const KEYS_MAX: usize = 40;
const NAME_LETTERS_MAX: usize = 44;

/// `None` when there is no curve to draw.
pub fn scene(lines: &[&Line], look: Look, zoom: Zoom, size: Size, dress: &Dress) -> Option<Scene> {
    if content(lines.iter().copied()) != Content::Curves {
        return None;
    }
    let Size { width, height, ratio } = size;
    let extent = extent(lines, look, zoom);
    let axis = lines.first().map(|line| line.axis).unwrap_or_default();
    let mut texts = Vec::new();
    let mut keys = Vec::new();
    let top = head(dress, lines, width, &mut texts, &mut keys);
    let lane_room = if dress.events.is_some() { lane::ROOM } else { 0.0 };
    let foot = if dress.x_name.is_empty() { 22.0 } else { 38.0 } + lane_room;
    let (top, bottom) = (top + 8.0, height - foot);
    let y_ticks = ticks(Measure::Number, extent.y_bend, extent.y, ((bottom - top) / 36.0) as usize);
    let label = y_ticks.iter().map(|tick| tick.text.chars().count()).max().unwrap_or(0);
    let (left, right) = ((label as f64 * GLYPH + 14.0).max(34.0), width - 14.0);
    if right - left < 20.0 || bottom - top < 20.0 {
        return None;
    }
    let measure = Measure::of(axis);
    let x_ticks = ticks(measure, extent.x_bend, extent.x, ((right - left) / 76.0) as usize);
    let px = |css: f64| (css * ratio).round();
    let area = Area { left: px(left), right: px(right), top: px(top), bottom: px(bottom) };
    let axes = Axes {
        x: Scale::new(extent.x_bend, extent.x, (area.left, area.right)),
        y: Scale::new(extent.y_bend, extent.y, (area.bottom, area.top)),
        bottom: area.bottom,
    };
    let mut grid = Vec::new();
    label_axes(&axes, (area, lane_room, ratio), &x_ticks, &y_ticks, &mut grid, &mut texts);
    if !dress.x_name.is_empty() {
        let (x, y) = (f64::midpoint(left, right), height - 8.0);
        // Times of day do not tell of which day.
        let text = match axis {
            Axis::Wall => format!("{}, from {}", dress.x_name, &format::utc(extent.x.0 as i64)[..10]),
            _ => dress.x_name.clone(),
        };
        texts.push(Label { x, y, anchor: Anchor::Middle, text, strong: false });
    }
    for text in &mut texts {
        (text.x, text.y) = (text.x * ratio, text.y * ratio);
    }
    for key in &mut keys {
        (key.x, key.y, key.width) = (px(key.x), px(key.y) + 0.5, key.width * ratio);
    }
    let curves: Vec<Curve> = lines
        .iter()
        .map(|line| Curve {
            id: line.id.clone(),
            owner: line.owner.clone(),
            color: line.color,
            dash: line.dash,
            path: path(line, &axes, look),
        })
        .collect();
    let vertices: usize = curves.iter().map(|curve| curve.path.xy.len() / 2).sum();
    let odd = odd_strokes(curves.iter().flat_map(|curve| &curve.path.marks), area, ratio);
    Some(Scene {
        width: px(width),
        height: px(height),
        ratio,
        area,
        axes,
        axis,
        grid,
        odd,
        lane: dress.events.as_deref().map(|events| lane::lane(events, &axes, area, ratio)),
        texts,
        keys,
        stroke: if vertices <= VERTICES_WIDE_MAX { 1.5 * ratio } else { 1.0 },
        cut: if zoom.y.is_some() { 0 } else { cut(lines, &extent) },
        placeless: curves.iter().map(|curve| curve.path.placeless).sum(),
        curves,
    })
}

/// Title and legend; answers how high they are.
fn head(dress: &Dress, lines: &[&Line], width: f64, texts: &mut Vec<Label>, keys: &mut Vec<Key>) -> f64 {
    let mut top = 0.0;
    if !dress.title.is_empty() {
        let (title, strong) = (dress.title.clone(), true);
        let room = width - 28.0 - dress.note.chars().count() as f64 * GLYPH;
        let text = shorten(&title, (room / TITLE_GLYPH) as usize);
        texts.push(Label { x: 14.0, y: 22.0, anchor: Anchor::Start, text, strong });
        top = 28.0;
    }
    if !dress.note.is_empty() {
        let (text, strong) = (dress.note.clone(), false);
        texts.push(Label { x: width - 14.0, y: 22.0, anchor: Anchor::End, text, strong });
        top = 28.0;
    }
    if !dress.legend {
        return top;
    }
    let (mut x, mut y) = (14.0, top + 14.0);
    let mut place = |texts: &mut Vec<Label>, text: String, sample: Option<&Line>| {
        let indent = if sample.is_some() { 24.0 } else { 0.0 };
        let wide = indent + text.chars().count() as f64 * GLYPH;
        if x > 14.0 && x + wide > width - 14.0 {
            (x, y) = (14.0, y + 17.0);
        }
        if let Some(line) = sample {
            keys.push(Key { x, y: y - 4.0, width: 18.0, color: line.color, dash: line.dash });
        }
        texts.push(Label { x: x + indent, y, anchor: Anchor::Start, text, strong: false });
        x += wide + 14.0;
        y
    };
    let mut end = 14.0;
    for line in lines.iter().take(KEYS_MAX) {
        end = place(texts, shorten(&line.name, NAME_LETTERS_MAX), Some(line));
    }
    if lines.len() > KEYS_MAX {
        end = place(texts, format!("and {} more", lines.len() - KEYS_MAX), None);
    }
    end + 4.0
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Grid lines, ticks and their labels; texts in CSS pixels.
fn label_axes(
    axes: &Axes,
    (area, lane_room, ratio): (Area, f64, f64),
    x_ticks: &[Tick],
    y_ticks: &[Tick],
    grid: &mut Vec<f32>,
    texts: &mut Vec<Label>,
) {
    // In the middle of a pixel, so that a line one pixel wide is one pixel wide.
    let crisp = |px: f64| (px.floor() + 0.5) as f32;
    let mut stroke = |x1: f64, y1: f64, x2: f64, y2: f64| {
        grid.extend([crisp(x1), crisp(y1), crisp(x2), crisp(y2), f32::NAN, f32::NAN]);
    };
    for tick in y_ticks {
        let y = axes.y.px(tick.at);
        if y >= area.top - 1.0 && y <= area.bottom + 1.0 {
            stroke(area.left - 3.0 * ratio, y, area.right, y);
            let (x, y) = (area.left / ratio - 7.0, y / ratio + 4.0);
            texts.push(Label { x, y, anchor: Anchor::End, text: tick.text.clone(), strong: false });
        }
    }
    stroke(area.left, area.top, area.left, area.bottom);
    stroke(area.left, area.bottom, area.right, area.bottom);
    let mut free = 0.0;
    for tick in x_ticks {
        let x = axes.x.px(tick.at);
        let half = tick.text.chars().count() as f64 * GLYPH / 2.0;
        let css = x / ratio;
        if x < area.left - 1.0 || x > area.right + 1.0 {
            continue;
        }
        stroke(x, area.bottom, x, area.bottom + 3.0 * ratio);
        let middle = css.min(area.right / ratio + 13.0 - half);
        if middle - half >= free {
            free = middle + half + 8.0;
            let (text, strong) = (tick.text.clone(), false);
            texts.push(Label {
                x: middle,
                y: area.bottom / ratio + 15.0 + lane_room,
                anchor: Anchor::Middle,
                text,
                strong,
            });
        }
    }
}

/// NaN as a cross at the foot of the plot, an infinity as a wedge at the edge it left by, either of them inside a bucket as a
/// lozenge at the foot, and what has no place on a log axis as a short stroke there. One of a kind where several would cover each other.
fn odd_strokes<'a>(marks: impl Iterator<Item = &'a Mark>, area: Area, ratio: f64) -> Vec<f32> {
    let size = (3.0 * ratio) as f32;
    let (top, bottom) = (area.top as f32 + 1.0, area.bottom as f32 - 1.0);
    let mut strokes = Vec::new();
    let mut taken: Vec<(Odd, i32)> = marks
        .filter(|mark| f64::from(mark.x) >= area.left - 1.0 && f64::from(mark.x) <= area.right + 1.0)
        .map(|mark| (mark.kind, (mark.x / size).round() as i32))
        .collect();
    taken.sort_unstable();
    taken.dedup();
    for (kind, column) in taken {
        let x = column as f32 * size;
        let legs: [[f32; 2]; 4] = match kind {
            Odd::NaN => {
                let y = bottom - size - 1.0;
                [[x - size, y - size], [x + size, y + size], [x - size, y + size], [x + size, y - size]]
            }
            Odd::PosInf => [[x - size, top + 2.0 * size], [x, top], [x, top], [x + size, top + 2.0 * size]],
            Odd::NegInf => {
                [[x - size, bottom - 2.0 * size], [x, bottom], [x, bottom], [x + size, bottom - 2.0 * size]]
            }
            Odd::NotFinite => {
                let y = bottom - size - 1.0;
                let corners = [[x - size, y], [x, y - size], [x + size, y], [x, y + size]];
                for (from, to) in [(1, 2), (3, 0)] {
                    strokes.extend([corners[from][0], corners[from][1], corners[to][0], corners[to][1]]);
                    strokes.extend([f32::NAN, f32::NAN]);
                }
                [corners[0], corners[1], corners[2], corners[3]]
            }
            Odd::NotPositive => [[x, bottom - 2.0 * size], [x, bottom], [x, bottom], [x, bottom]],
        };
        for leg in legs.chunks_exact(2) {
            strokes.extend([leg[0][0], leg[0][1], leg[1][0], leg[1][1], f32::NAN, f32::NAN]);
        }
    }
    strokes
}

/// Rows in view that reach beyond the y axis.
fn cut(lines: &[&Line], extent: &Extent) -> u64 {
    let (low, high) = extent.y;
    let on_axis = |value: f64| extent.y_bend != Bend::Log || value > 0.0;
    let outside = |line: &Line, row: usize| {
        line.within(row, extent.x)
            && [line.low[row], line.high[row]]
                .into_iter()
                .any(|value| on_axis(value) && (value < low || value > high))
    };
    lines.iter().map(|line| (0..line.len()).filter(|row| outside(line, *row)).count() as u64).sum()
}

#[cfg(test)]
mod tests;
