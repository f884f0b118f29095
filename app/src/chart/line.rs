//! What a chart is given: lines of columns, and what their data spans.

use super::scale::widen;
use model::series::{Buckets, Columns, Points};

/// One line. Charts know neither runs nor metrics, only names and colours.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    /// Place in the palette, 0 to 11.
    pub color: u8,
    /// Lines that share a colour differ by their dashes: 0 is solid.
    pub dash: u8,
    /// Points behind the rows.
    pub total: u64,
    pub rows: Rows,
}

/// What a line is drawn from: its points, or buckets of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    Points(Points),
    Buckets(Buckets),
}

impl Rows {
    /// What of an answer can be drawn as a line; texts cannot.
    pub fn of(columns: Columns) -> Option<Self> {
        match columns {
            Columns::Points(points) => Some(Self::Points(points)),
            Columns::Buckets(buckets) => Some(Self::Buckets(buckets)),
            Columns::Group(_) | Columns::Texts(_) => None,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Points(points) => points.len(),
            Self::Buckets(buckets) => buckets.counts.len(),
        }
    }
}

/// The ranges that the axes show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub x: (f64, f64),
    pub y: (f64, f64),
}

/// What there is to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content {
    /// Not one point.
    Empty,
    /// Points, but no finite value among them.
    NonFinite,
    Curves,
}

impl Line {
    /// The value where the line ends.
    pub fn last(&self) -> Option<(i64, f64)> {
        let row = self.rows.len().checked_sub(1)?;
        Some((self.step(row), self.value(row)))
    }

    /// The step that a row stands for; a bucket stands for its last.
    pub fn step(&self, row: usize) -> i64 {
        match &self.rows {
            Rows::Points(points) => points.steps[row],
            Rows::Buckets(buckets) => buckets.last_steps[row],
        }
    }

    pub fn value(&self, row: usize) -> f64 {
        match &self.rows {
            Rows::Points(points) => points.values[row],
            Rows::Buckets(buckets) => buckets.last[row],
        }
    }

    /// First and last step of the data.
    fn steps(&self) -> Option<(f64, f64)> {
        let (first, last) = match &self.rows {
            Rows::Points(points) => (&points.steps, &points.steps),
            Rows::Buckets(buckets) => (&buckets.first_steps, &buckets.last_steps),
        };
        Some((*first.first()? as f64, *last.last()? as f64))
    }

    /// The finite values of a row, lowest and highest.
    fn span(&self, row: usize) -> Option<(f64, f64)> {
        let (low, high) = match &self.rows {
            Rows::Points(points) => (points.values[row], points.values[row]),
            Rows::Buckets(buckets) => (buckets.min[row], buckets.max[row]),
        };
        (low.is_finite() && high.is_finite()).then_some((low, high))
    }
}

pub fn content(lines: &[Line]) -> Content {
    if lines.iter().all(|line| line.rows.len() == 0) {
        Content::Empty
    } else if lines.iter().any(|line| (0..line.rows.len()).any(|row| line.span(row).is_some())) {
        Content::Curves
    } else {
        Content::NonFinite
    }
}

/// What the axes show: all of the data, or the steps zoomed to and the values found there.
pub fn extent(lines: &[Line], zoom: Option<(f64, f64)>) -> Extent {
    let merge = |all: Option<(f64, f64)>, one: (f64, f64)| match all {
        Some((low, high)) => Some((low.min(one.0), high.max(one.1))),
        None => Some(one),
    };
    let data = lines.iter().filter_map(Line::steps).fold(None, merge);
    let x = match (zoom, data) {
        (Some(zoom), _) => zoom,
        (None, Some((first, last))) if first < last => (first, last),
        (None, Some((only, _))) => (only - 1.0, only + 1.0),
        (None, None) => (0.0, 1.0),
    };
    let mut y = None;
    for line in lines {
        for row in 0..line.rows.len() {
            let step = line.step(row) as f64;
            if let Some(span) = line.span(row)
                && step >= x.0
                && step <= x.1
            {
                y = merge(y, span);
            }
        }
    }
    Extent { x, y: widen(y.unwrap_or((0.0, 1.0)), 0.06) }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn points(steps: &[i64], values: &[f64]) -> Line {
        let points =
            Points { steps: steps.to_vec(), times_ms: vec![0; steps.len()], values: values.to_vec() };
        line(Rows::Points(points), steps.len())
    }

    /// Buckets of ten steps with their lowest, highest and last values.
    pub fn buckets(rows: &[(f64, f64, f64)]) -> Line {
        let steps = |add: i64| (0..rows.len()).map(|row| row as i64 * 10 + add).collect::<Vec<_>>();
        let pick = |one: fn(&(f64, f64, f64)) -> f64| rows.iter().map(one).collect::<Vec<_>>();
        let buckets = Buckets {
            first_steps: steps(0),
            last_steps: steps(9),
            first_times_ms: steps(0),
            last_times_ms: steps(9),
            first: pick(|row| row.2),
            last: pick(|row| row.2),
            min: pick(|row| row.0),
            max: pick(|row| row.1),
            mean: pick(|row| row.2),
            counts: vec![10; rows.len()],
            non_finite_counts: rows.iter().map(|row| i64::from(row.0.is_nan()) * 10).collect(),
        };
        line(Rows::Buckets(buckets), rows.len() * 10)
    }

    fn line(rows: Rows, total: usize) -> Line {
        Line { name: "a".into(), color: 0, dash: 0, total: total as u64, rows }
    }

    #[test]
    fn axes_span_finite_values_only() {
        let line = points(&[0, 1, 2, 3], &[1.0, f64::NAN, f64::INFINITY, 3.0]);
        let extent = extent(&[line], None);
        assert_eq!(extent.x, (0.0, 3.0));
        assert_eq!(extent.y, (1.0 - 0.12, 3.0 + 0.12));
    }

    #[test]
    fn zoomed_axes_span_what_is_in_view() {
        let line = points(&[0, 10, 20], &[100.0, 1.0, 2.0]);
        let extent = extent(&[line], Some((5.0, 25.0)));
        assert_eq!(extent.x, (5.0, 25.0));
        assert_eq!(extent.y, (1.0 - 0.06, 2.0 + 0.06));
    }

    #[test]
    fn a_spike_inside_a_bucket_counts() {
        let line = buckets(&[(0.0, 1.0, 0.5), (0.0, 1000.0, 0.5)]);
        assert!(extent(&[line], None).y.1 > 1000.0);
    }

    #[test]
    fn empty_all_nan_and_single_points_are_told_apart() {
        assert_eq!(content(&[points(&[], &[])]), Content::Empty);
        assert_eq!(content(&[points(&[1, 2], &[f64::NAN, f64::INFINITY])]), Content::NonFinite);
        assert_eq!(content(&[points(&[1], &[0.5])]), Content::Curves);
        assert_eq!(extent(&[points(&[7], &[0.5])], None).x, (6.0, 8.0));
        assert_eq!(content(&[]), Content::Empty);
    }
}
