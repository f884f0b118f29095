//! What a chart is given: lines of columns. A row is a point, or neighbouring points drawn as one.

use model::series::{Axis, Columns, Series};

/// One line. Charts know neither runs nor metrics, only names and colours. All columns are equally long but those that
/// are empty because there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Tells lines apart, also from one chart to another.
    pub id: String,
    /// Whose it is: of lines that are one thing's in several charts, or in several contexts, it is the same.
    pub owner: String,
    pub name: String,
    /// Place in the palette, 0 to 11.
    pub color: u8,
    /// Lines that share a colour differ by their dashes: 0 is solid.
    pub dash: u8,
    /// Points behind the rows.
    pub total: u64,
    /// Of what is computed: the steps at which it could have a value if nothing were missing.
    pub offered: Option<u64>,
    pub kind: Kind,
    /// What `from` and `to` count.
    pub axis: Axis,
    /// Where a row begins and ends on the x axis; rows follow each other along it.
    pub from: Vec<f64>,
    pub to: Vec<f64>,
    /// Of the last point of a row; empty for groups.
    pub steps: Vec<i64>,
    pub times_ms: Vec<i64>,
    /// First and last value of a row; of a group, its centre.
    pub first: Vec<f64>,
    pub last: Vec<f64>,
    /// Lowest and highest finite value of a row, NaN when there is none; of a group, the edges of its band.
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    /// Values of a row that are no numbers.
    pub odd: Vec<i64>,
    /// Points of a row.
    pub counts: Vec<i64>,
    /// Smoothed: at the last point of a row, and lowest and highest in it.
    pub smooth: Vec<f64>,
    pub smooth_low: Vec<f64>,
    pub smooth_high: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Every point is a row.
    #[default]
    Points,
    Buckets,
    Group,
}

impl Line {
    /// What of an answer can be drawn as a line; texts cannot.
    pub fn of(series: Series, axis: Axis) -> Option<Self> {
        let Series { columns, extra, total, .. } = series;
        let floats = |steps: &[i64]| steps.iter().map(|step| *step as f64).collect::<Vec<_>>();
        let mut line = Self { total, axis, ..Self::default() };
        match columns {
            Columns::Points(points) => {
                let rows = points.len();
                line.from = if axis == Axis::Step { floats(&points.steps) } else { extra.xs };
                line.to.clone_from(&line.from);
                (line.steps, line.times_ms) = (points.steps, points.times_ms);
                line.odd = points.values.iter().map(|value| i64::from(!value.is_finite())).collect();
                let finite = |value: &f64| if value.is_finite() { *value } else { f64::NAN };
                line.low = points.values.iter().map(finite).collect();
                line.high.clone_from(&line.low);
                (line.first, line.last) = (points.values.clone(), points.values);
                line.counts = vec![1; rows];
                line.smooth = extra.smooth;
                (line.smooth_low, line.smooth_high) = (line.smooth.clone(), line.smooth.clone());
                line.in_order();
            }
            Columns::Buckets(buckets) => {
                line.kind = Kind::Buckets;
                if axis == Axis::Step {
                    (line.from, line.to) = (floats(&buckets.first_steps), floats(&buckets.last_steps));
                } else {
                    (line.from, line.to) = (extra.xs, extra.last_xs);
                }
                (line.steps, line.times_ms) = (buckets.last_steps, buckets.last_times_ms);
                (line.first, line.last) = (buckets.first, buckets.last);
                (line.low, line.high) = (buckets.min, buckets.max);
                (line.odd, line.counts) = (buckets.non_finite_counts, buckets.counts);
                line.smooth = extra.smooth;
                (line.smooth_low, line.smooth_high) = (extra.smooth_min, extra.smooth_max);
            }
            Columns::Group(group) => {
                line.kind = Kind::Group;
                (line.from, line.to) = (group.first_xs, group.last_xs);
                (line.first, line.last) = (group.center.clone(), group.center);
                (line.low, line.high) = (group.low, group.high);
                line.odd = vec![0; line.from.len()];
                line.counts = group.counts;
            }
            Columns::Texts(_) => return None,
        }
        let rows = line.last.len();
        let whole = [line.from.len(), line.to.len(), line.first.len(), line.low.len(), line.odd.len()];
        let or_none = [line.smooth.len(), line.smooth_low.len(), line.smooth_high.len(), line.steps.len()];
        (whole.iter().all(|len| *len == rows) && or_none.iter().all(|len| *len == rows || *len == 0))
            .then_some(line)
    }

    /// Of what is computed, the answer's total is the steps at which it could have a value.
    pub fn is_computed(&mut self, is_known: bool) {
        self.offered = is_known.then_some(self.total);
        self.total = self.counts.iter().sum::<i64>().cast_unsigned();
    }

    /// All columns of values along the y axis.
    fn values(&mut self) -> [&mut Vec<f64>; 7] {
        [
            &mut self.first,
            &mut self.last,
            &mut self.low,
            &mut self.high,
            &mut self.smooth,
            &mut self.smooth_low,
            &mut self.smooth_high,
        ]
    }

    /// Into another unit.
    pub fn scale(&mut self, factor: f64) {
        self.values().into_iter().flatten().for_each(|value| *value *= factor);
    }

    /// Points come in order of step; on other axes they may stand in another order, or nowhere.
    fn in_order(&mut self) {
        if self.from.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.from.len()).filter(|row| !self.from[*row].is_nan()).collect();
        order.sort_by(|a, b| self.from[*a].total_cmp(&self.from[*b]));
        let sort = |column: &mut Vec<f64>| {
            *column = order.iter().filter_map(|row| column.get(*row).copied()).collect();
        };
        sort(&mut self.from);
        sort(&mut self.to);
        self.values().into_iter().for_each(sort);
        for column in [&mut self.steps, &mut self.times_ms, &mut self.odd, &mut self.counts] {
            *column = order.iter().filter_map(|row| column.get(*row).copied()).collect();
        }
    }

    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Whether rows stand for more points than they are.
    pub fn is_sampled(&self) -> bool {
        self.kind == Kind::Buckets
    }

    /// The value where the line ends, and its step.
    pub fn end(&self) -> Option<(i64, f64)> {
        Some((*self.steps.last()?, *self.last.last()?))
    }

    /// Whether a row has a part between two places.
    pub fn within(&self, row: usize, (from, to): (f64, f64)) -> bool {
        self.to[row] >= from && self.from[row] <= to
    }
}

/// What there is to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Not one point.
    Empty,
    /// Points, but no finite value among them.
    NonFinite,
    Curves,
}

pub fn content<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Content {
    let mut content = Content::Empty;
    for line in lines {
        if line.low.iter().any(|value| value.is_finite()) {
            return Content::Curves;
        }
        if line.len() > 0 {
            content = Content::NonFinite;
        }
    }
    content
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use model::{
        metric::Context,
        series::{Buckets, Extra, Points},
    };

    pub fn series(columns: Columns, total: u64, extra: Extra) -> Series {
        let run_id = "0123456789abcdef0123456789abcdef".parse().expect("32 hex digits");
        Series { run_id, group: None, key: "loss".into(), context: Context::default(), total, columns, extra }
    }

    pub fn points(steps: &[i64], values: &[f64]) -> Line {
        smoothed(steps, values, &[])
    }

    /// With a smoothed column beside the values.
    pub fn smoothed(steps: &[i64], values: &[f64], smooth: &[f64]) -> Line {
        let points =
            Points { steps: steps.to_vec(), times_ms: vec![0; steps.len()], values: values.to_vec() };
        let extra = Extra { smooth: smooth.to_vec(), ..Extra::default() };
        let line = Line::of(series(Columns::Points(points), steps.len() as u64, extra), Axis::Step);
        Line { name: "a".into(), ..line.expect("points make a line") }
    }

    /// On another axis than steps.
    pub fn over(axis: Axis, xs: &[f64], values: &[f64]) -> Line {
        let steps: Vec<i64> = (0..xs.len() as i64).collect();
        let points = Points { times_ms: steps.clone(), steps, values: values.to_vec() };
        let extra = Extra { xs: xs.to_vec(), ..Extra::default() };
        let line = Line::of(series(Columns::Points(points), xs.len() as u64, extra), axis);
        Line { name: "a".into(), ..line.expect("points make a line") }
    }

    /// Buckets of ten steps with their lowest, highest and last values.
    pub fn buckets(rows: &[(f64, f64, f64)]) -> Line {
        wide_buckets(rows, 10)
    }

    pub fn wide_buckets(rows: &[(f64, f64, f64)], width: i64) -> Line {
        let steps = |add: i64| (0..rows.len()).map(|row| row as i64 * width + add).collect::<Vec<_>>();
        let pick = |one: fn(&(f64, f64, f64)) -> f64| rows.iter().map(one).collect::<Vec<_>>();
        let buckets = Buckets {
            first_steps: steps(0),
            last_steps: steps(width - 1),
            first_times_ms: steps(0),
            last_times_ms: steps(width - 1),
            first: pick(|row| row.2),
            last: pick(|row| row.2),
            min: pick(|row| row.0),
            max: pick(|row| row.1),
            mean: pick(|row| row.2),
            counts: vec![width; rows.len()],
            non_finite_counts: rows.iter().map(|row| i64::from(row.0.is_nan()) * width).collect(),
        };
        let total = rows.len() as u64 * width as u64;
        let line = Line::of(series(Columns::Buckets(buckets), total, Extra::default()), Axis::Step);
        Line { name: "a".into(), ..line.expect("buckets make a line") }
    }

    #[test]
    fn empty_all_nan_and_single_points_are_told_apart() {
        assert_eq!(content(&[points(&[], &[])]), Content::Empty);
        assert_eq!(content(&[points(&[1, 2], &[f64::NAN, f64::INFINITY])]), Content::NonFinite);
        assert_eq!(content(&[points(&[1], &[0.5])]), Content::Curves);
        assert_eq!(content(&[]), Content::Empty);
    }

    #[test]
    fn over_another_axis_points_stand_in_its_order_and_those_without_a_place_nowhere() {
        let line = over(Axis::Wall, &[30.0, f64::NAN, 10.0, 20.0], &[3.0, 9.0, 1.0, 2.0]);
        assert_eq!((line.from, line.last), (vec![10.0, 20.0, 30.0], vec![1.0, 2.0, 3.0]));
        assert_eq!(line.steps, [2, 3, 0]);
    }

    #[test]
    fn equal_steps_keep_the_order_of_writing() {
        let line = points(&[1, 1, 2], &[5.0, 4.0, 3.0]);
        assert_eq!(line.last, [5.0, 4.0, 3.0]);
    }

    #[test]
    fn an_answer_without_places_on_its_axis_is_no_line() {
        let points = Points { steps: vec![1], times_ms: vec![0], values: vec![1.0] };
        assert_eq!(Line::of(series(Columns::Points(points), 1, Extra::default()), Axis::Wall), None);
    }
}
