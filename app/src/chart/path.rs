//! From a line's columns to pixels: paths with gaps, bands, dots for points that stand alone, marks for what is no
//! number. A bucket becomes first, lowest, highest, last: on screen the same as every point, spikes included.

use super::{
    extent::Look,
    line::{Kind, Line},
    scale::Scale,
};
use model::series::Axis;

/// Where the plot's data goes on the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    pub x: Scale,
    pub y: Scale,
    /// The foot of the plot, where a log axis ends.
    pub bottom: f64,
}

/// A line ready to be stroked. Paths are x, y, x, y …; a pair of NaN is a gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Areas, each along its upper edge and back along the lower one.
    pub band: Vec<f32>,
    /// The values as logged, behind the smoothed ones.
    pub faint: Vec<f32>,
    pub xy: Vec<f32>,
    /// x, y of points without a neighbour to be joined to.
    pub dots: Vec<f32>,
    pub marks: Vec<Mark>,
    /// Rows without a place on the y axis.
    pub placeless: u64,
}

/// A place where the value is no number, or none on this axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub x: f32,
    pub kind: Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    NaN,
    PosInf,
    NegInf,
    /// NaN or an infinity somewhere inside a bucket, which only a closer look tells.
    NotFinite,
    /// Zero or below on a log axis.
    NotPositive,
}

const GAP: [f32; 2] = [f32::NAN, f32::NAN];

/// On an axis of time, a pause so many times longer than usual is a gap, unless it is too short to be seen.
const PAUSE_TIMES: f64 = 20.0;
const PAUSE_SHARE: f64 = 0.02;

pub fn path(line: &Line, axes: &Axes, look: Look) -> Path {
    let mut path = Path::default();
    let trace = Trace { line, axes, pause: pause(line, axes) };
    let raw = match line.kind {
        Kind::Points => trace.points(&mut path),
        Kind::Group => {
            path.band = trace.band();
            trace.ends(&line.last)
        }
        Kind::Buckets if look.band => {
            path.band = trace.band();
            trace.marks(&mut path);
            // A spike one pixel wide would be lost in the area.
            path.faint = trace.spans(&line.first, &line.low, &line.high, &line.last);
            if line.smooth.is_empty() { trace.ends(&line.last) } else { Vec::new() }
        }
        Kind::Buckets => {
            trace.marks(&mut path);
            trace.spans(&line.first, &line.low, &line.high, &line.last)
        }
    };
    if line.smooth.is_empty() {
        path.xy = raw;
    } else {
        if path.faint.is_empty() {
            path.faint = raw;
        }
        path.xy = match line.kind {
            Kind::Buckets => trace.spans(&line.smooth_low, &line.smooth_low, &line.smooth_high, &line.smooth),
            Kind::Points | Kind::Group => trace.ends(&line.smooth),
        };
    }
    path.dots = lone_points(&path.xy);
    path
}

struct Trace<'a> {
    line: &'a Line,
    axes: &'a Axes,
    pause: f64,
}

impl Trace<'_> {
    fn x(&self, at: f64) -> f32 {
        self.axes.x.px(at) as f32
    }

    fn y(&self, value: f64) -> Option<f32> {
        if !value.is_finite() {
            return None;
        }
        let y = self.axes.y.px(value);
        (!y.is_nan()).then_some(y as f32)
    }

    /// The same, at the foot of the plot for what lies below a log axis.
    fn edge(&self, value: f64) -> f32 {
        self.y(value).unwrap_or(self.axes.bottom as f32)
    }

    /// Whether nothing joins a row to the one before.
    fn parted(&self, row: usize) -> bool {
        row > 0 && self.line.from[row] - self.line.to[row - 1] > self.pause
    }

    fn points(&self, path: &mut Path) -> Vec<f32> {
        let mut xy = Vec::with_capacity(self.line.len() * 2);
        for (row, value) in self.line.last.iter().enumerate() {
            let x = self.x(self.line.from[row]);
            if x.is_nan() {
                continue;
            }
            if self.parted(row) {
                xy.extend(GAP);
            }
            if let Some(y) = self.y(*value) {
                xy.extend([x, y]);
            } else {
                xy.extend(GAP);
                path.placeless += u64::from(value.is_finite());
                path.marks.push(Mark { x, kind: odd(*value) });
            }
        }
        xy
    }

    /// One vertex a row, at its end.
    fn ends(&self, values: &[f64]) -> Vec<f32> {
        let mut xy = Vec::with_capacity(values.len() * 2);
        for (row, value) in values.iter().enumerate() {
            let at = if self.line.kind == Kind::Group {
                f64::midpoint(self.line.from[row], self.line.to[row])
            } else {
                self.line.to[row]
            };
            let x = self.x(at);
            if self.parted(row) {
                xy.extend(GAP);
            }
            match self.y(*value) {
                Some(y) if !x.is_nan() => xy.extend([x, y]),
                _ => xy.extend(GAP),
            }
        }
        xy
    }

    /// The whole span of each row.
    fn spans(&self, first: &[f64], low: &[f64], high: &[f64], last: &[f64]) -> Vec<f32> {
        let mut xy = Vec::with_capacity(last.len() * 8);
        for row in 0..last.len() {
            let (first_x, last_x) = (self.x(self.line.from[row]), self.x(self.line.to[row]));
            if last_x.is_nan() {
                continue;
            }
            if self.parted(row) {
                xy.extend(GAP);
            }
            // Without a value, or with none above zero on a log axis.
            if self.y(high[row]).is_none() {
                xy.extend(GAP);
                continue;
            }
            let first_x = if first_x.is_nan() { last_x } else { first_x };
            let middle_x = f32::midpoint(first_x, last_x);
            xy.extend(self.y(first[row]).into_iter().flat_map(|y| [first_x, y]));
            xy.extend([middle_x, self.edge(low[row]), middle_x, self.edge(high[row])]);
            xy.extend(self.y(last[row]).into_iter().flat_map(|y| [last_x, y]));
        }
        xy
    }

    fn band(&self) -> Vec<f32> {
        let mut band = Vec::new();
        let mut lower: Vec<[f32; 2]> = Vec::new();
        let close = |band: &mut Vec<f32>, lower: &mut Vec<[f32; 2]>| {
            if !lower.is_empty() {
                band.extend(lower.drain(..).rev().flatten());
                band.extend(GAP);
            }
        };
        for row in 0..self.line.len() {
            let (from, to) = (self.x(self.line.from[row]), self.x(self.line.to[row]));
            let top = self.y(self.line.high[row]);
            if top.is_none() || from.is_nan() || self.parted(row) {
                close(&mut band, &mut lower);
            }
            let Some(top) = top.filter(|_| !from.is_nan()) else { continue };
            let bottom = self.edge(self.line.low[row]);
            if self.line.kind == Kind::Group {
                let middle = f32::midpoint(from, to);
                band.extend([middle, top]);
                lower.push([middle, bottom]);
            } else {
                band.extend([from, top, to, top]);
                lower.extend([[from, bottom], [to, bottom]]);
            }
        }
        close(&mut band, &mut lower);
        band
    }

    /// Of buckets with values that are no numbers.
    fn marks(&self, path: &mut Path) {
        for row in (0..self.line.len()).filter(|row| self.line.odd[*row] > 0) {
            let x = f32::midpoint(self.x(self.line.from[row]), self.x(self.line.to[row]));
            let ends = [self.line.first[row], self.line.last[row]];
            let kind = ends.into_iter().find(|value| !value.is_finite()).map_or(Odd::NotFinite, odd);
            path.marks.push(Mark { x, kind });
        }
        for row in 0..self.line.len() {
            if self.line.low[row].is_finite() && self.y(self.line.low[row]).is_none() {
                path.placeless += 1;
                let x = f32::midpoint(self.x(self.line.from[row]), self.x(self.line.to[row]));
                path.marks.push(Mark { x, kind: Odd::NotPositive });
            }
        }
    }
}

/// From which distance on rows are not joined.
fn pause(line: &Line, axes: &Axes) -> f64 {
    if !matches!(line.axis, Axis::Wall | Axis::Relative) || line.len() < 3 {
        return f64::INFINITY;
    }
    let mut distances: Vec<f64> = line.from.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = distances.len() / 2;
    let (_, usual, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
    let (from, to) = axes.x.domain();
    (*usual * PAUSE_TIMES).max((to - from) * PAUSE_SHARE)
}

fn odd(value: f64) -> Odd {
    if value == f64::INFINITY {
        Odd::PosInf
    } else if value == f64::NEG_INFINITY {
        Odd::NegInf
    } else if value.is_nan() {
        Odd::NaN
    } else {
        Odd::NotPositive
    }
}

fn lone_points(xy: &[f32]) -> Vec<f32> {
    let (pairs, _) = xy.as_chunks::<2>();
    let there =
        |index: Option<usize>| index.and_then(|index| pairs.get(index)).is_some_and(|pair| !pair[0].is_nan());
    let alone =
        |index: &usize| there(Some(*index)) && !there(index.checked_sub(1)) && !there(Some(index + 1));
    (0..pairs.len()).filter(alone).flat_map(|index| pairs[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{
        line::tests::{buckets, over, points, smoothed},
        scale::Bend,
    };
    use super::*;

    fn axes() -> Axes {
        bent(Bend::Linear, (0.0, 1.0))
    }

    fn bent(bend: Bend, y: (f64, f64)) -> Axes {
        let x = Scale::new(Bend::Linear, (0.0, 10.0), (0.0, 100.0));
        Axes { x, y: Scale::new(bend, y, (100.0, 0.0)), bottom: 100.0 }
    }

    fn of(line: &Line) -> Path {
        path(line, &axes(), Look::default())
    }

    /// Gaps as text, so that NaN compares.
    fn shown(xy: &[f32]) -> String {
        xy.chunks_exact(2)
            .map(|pair| if pair[0].is_nan() { "|".into() } else { format!("{},{}", pair[0], pair[1]) })
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_nan_is_a_gap_and_a_mark() {
        let path = of(&points(&[0, 1, 2, 3], &[0.0, f64::NAN, 1.0, 0.5]));
        assert_eq!(shown(&path.xy), "0,100 | 20,0 30,50");
        assert_eq!(path.marks, [Mark { x: 10.0, kind: Odd::NaN }]);
        assert_eq!(shown(&path.dots), "0,100");
    }

    #[test]
    fn infinities_are_marked_by_their_sign() {
        let path = of(&points(&[0, 1], &[f64::INFINITY, f64::NEG_INFINITY]));
        assert_eq!(path.marks.iter().map(|mark| mark.kind).collect::<Vec<_>>(), [Odd::PosInf, Odd::NegInf]);
        assert!(path.dots.is_empty());
    }

    #[test]
    fn a_bucket_shows_its_whole_span() {
        let path = of(&buckets(&[(0.0, 1.0, 0.5)]));
        assert_eq!(shown(&path.xy), "0,50 45,100 45,0 90,50");
    }

    #[test]
    fn a_bucket_without_a_finite_value_is_a_gap() {
        let path = of(&buckets(&[(0.0, 1.0, 0.5), (f64::NAN, f64::NAN, f64::NAN)]));
        assert!(shown(&path.xy).ends_with(" |"));
        assert_eq!(path.marks, [Mark { x: 145.0, kind: Odd::NaN }]);
    }

    #[test]
    fn what_a_bucket_has_inside_is_not_called_nan() {
        let mut line = buckets(&[(0.0, 1.0, 0.5)]);
        line.odd[0] = 1;
        assert_eq!(of(&line).marks, [Mark { x: 45.0, kind: Odd::NotFinite }]);
        line.last[0] = f64::INFINITY;
        assert_eq!(of(&line).marks, [Mark { x: 45.0, kind: Odd::PosInf }]);
    }

    #[test]
    fn buckets_as_a_band_are_an_area_with_the_last_values_in_it() {
        let line = buckets(&[(0.0, 1.0, 0.5), (0.2, 0.8, 0.5), (f64::NAN, f64::NAN, f64::NAN)]);
        let path = path(&line, &axes(), Look { band: true, ..Look::default() });
        assert_eq!(shown(&path.band), "0,0 90,0 100,20 190,20 190,80 100,80 90,100 0,100 |");
        assert_eq!(shown(&path.xy), "90,50 190,50 |");
    }

    #[test]
    fn a_single_point_is_a_dot() {
        assert_eq!(shown(&of(&points(&[5], &[0.5])).dots), "50,50");
    }

    #[test]
    fn the_raw_curve_stays_behind_the_smoothed_one() {
        let path = of(&smoothed(&[0, 1, 2], &[0.0, 1.0, f64::NAN], &[0.0, 0.5, f64::NAN]));
        assert_eq!(shown(&path.faint), "0,100 10,0 |");
        assert_eq!(shown(&path.xy), "0,100 10,50 |");
        assert_eq!(path.marks.len(), 1);
    }

    #[test]
    fn zero_on_a_log_axis_is_a_gap_with_a_mark_of_its_own() {
        let axes = bent(Bend::Log, (1.0, 100.0));
        let path = path(&points(&[0, 1, 2], &[1.0, 0.0, 100.0]), &axes, Look::default());
        assert_eq!(shown(&path.xy), "0,100 | 20,0");
        assert_eq!((path.marks[0].kind, path.placeless), (Odd::NotPositive, 1));
        // A bucket that reaches below is drawn down to the foot.
        let path = super::path(&buckets(&[(-1.0, 10.0, 10.0)]), &axes, Look::default());
        assert_eq!(shown(&path.xy), "0,50 45,100 45,50 90,50");
        assert_eq!(path.placeless, 1);
    }

    #[test]
    fn a_long_pause_is_a_gap_on_an_axis_of_time_only() {
        let xs: Vec<f64> = (0..10).map(|at| f64::from(at) * 0.1).chain([9.0, 9.1]).collect();
        let values = vec![0.5; xs.len()];
        let gaps = |axis| shown(&of(&over(axis, &xs, &values)).xy).matches('|').count();
        assert_eq!((gaps(Axis::Wall), gaps(Axis::Relative), gaps(Axis::Metric)), (1, 1, 0));
    }
}
