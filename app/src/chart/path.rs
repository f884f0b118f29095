//! From a line's columns to pixels: a path with gaps, dots for points that stand alone, marks for NaN and Inf.
//! A bucket becomes first, lowest, highest, last: on screen the same as drawing every point, spikes included.

use super::{
    line::{Line, Rows},
    scale::Linear,
};
use model::series::{Buckets, Points};

/// Where the plot's data goes on the canvas.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    pub x: Linear,
    pub y: Linear,
}

/// A line ready to be stroked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// x, y, x, y …; a pair of NaN is a gap.
    pub xy: Vec<f32>,
    /// x, y of points without a neighbour to be joined to.
    pub dots: Vec<f32>,
    pub marks: Vec<Mark>,
}

/// A place where the value is no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub x: f32,
    pub kind: Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    NaN,
    PosInf,
    NegInf,
}

const GAP: [f32; 2] = [f32::NAN, f32::NAN];

pub fn path(line: &Line, axes: &Axes) -> Path {
    let mut path = match &line.rows {
        Rows::Points(points) => of_points(points, axes),
        Rows::Buckets(buckets) => of_buckets(buckets, axes),
    };
    path.dots = lone_points(&path.xy);
    path
}

fn of_points(points: &Points, axes: &Axes) -> Path {
    let mut path = Path::default();
    for (step, value) in points.steps.iter().zip(&points.values) {
        let x = axes.x.px(*step as f64) as f32;
        if value.is_finite() {
            path.xy.extend([x, axes.y.px(*value) as f32]);
        } else {
            path.xy.extend(GAP);
            path.marks.push(Mark { x, kind: odd(*value) });
        }
    }
    path
}

fn of_buckets(buckets: &Buckets, axes: &Axes) -> Path {
    let mut path = Path::default();
    for row in 0..buckets.counts.len() {
        let first_x = axes.x.px(buckets.first_steps[row] as f64) as f32;
        let last_x = axes.x.px(buckets.last_steps[row] as f64) as f32;
        let middle_x = f32::midpoint(first_x, last_x);
        if buckets.non_finite_counts[row] > 0 {
            let ends = [buckets.first[row], buckets.last[row]];
            let kind = ends.into_iter().find(|value| !value.is_finite()).map_or(Odd::NaN, odd);
            path.marks.push(Mark { x: middle_x, kind });
        }
        if buckets.min[row].is_nan() {
            path.xy.extend(GAP);
            continue;
        }
        let spots = [
            (first_x, buckets.first[row]),
            (middle_x, buckets.min[row]),
            (middle_x, buckets.max[row]),
            (last_x, buckets.last[row]),
        ];
        for (x, value) in spots {
            if value.is_finite() {
                path.xy.extend([x, axes.y.px(value) as f32]);
            }
        }
    }
    path
}

fn odd(value: f64) -> Odd {
    if value == f64::INFINITY {
        Odd::PosInf
    } else if value == f64::NEG_INFINITY {
        Odd::NegInf
    } else {
        Odd::NaN
    }
}

fn lone_points(xy: &[f32]) -> Vec<f32> {
    let pairs: Vec<_> = xy.chunks_exact(2).collect();
    let there =
        |index: Option<usize>| index.and_then(|index| pairs.get(index)).is_some_and(|pair| !pair[0].is_nan());
    let alone =
        |index: &usize| there(Some(*index)) && !there(index.checked_sub(1)) && !there(Some(index + 1));
    (0..pairs.len()).filter(alone).flat_map(|index| pairs[index].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::{buckets, points};
    use super::*;

    fn axes() -> Axes {
        Axes { x: Linear::new((0.0, 10.0), (0.0, 100.0)), y: Linear::new((0.0, 1.0), (100.0, 0.0)) }
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
        let path = path(&points(&[0, 1, 2, 3], &[0.0, f64::NAN, 1.0, 0.5]), &axes());
        assert_eq!(shown(&path.xy), "0,100 | 20,0 30,50");
        assert_eq!(path.marks, [Mark { x: 10.0, kind: Odd::NaN }]);
        assert_eq!(shown(&path.dots), "0,100");
    }

    #[test]
    fn infinities_are_marked_by_their_sign() {
        let path = path(&points(&[0, 1], &[f64::INFINITY, f64::NEG_INFINITY]), &axes());
        assert_eq!(path.marks.iter().map(|mark| mark.kind).collect::<Vec<_>>(), [Odd::PosInf, Odd::NegInf]);
        assert!(path.dots.is_empty());
    }

    #[test]
    fn a_bucket_shows_its_whole_span() {
        let path = path(&buckets(&[(0.0, 1.0, 0.5)]), &axes());
        assert_eq!(shown(&path.xy), "0,50 45,100 45,0 90,50");
    }

    #[test]
    fn a_bucket_without_a_finite_value_is_a_gap() {
        let path = path(&buckets(&[(0.0, 1.0, 0.5), (f64::NAN, f64::NAN, f64::NAN)]), &axes());
        assert!(shown(&path.xy).ends_with(" |"));
        assert_eq!(path.marks, [Mark { x: 145.0, kind: Odd::NaN }]);
    }

    #[test]
    fn a_single_point_is_a_dot() {
        assert_eq!(shown(&path(&points(&[5], &[0.5]), &axes()).dots), "50,50");
    }
}
