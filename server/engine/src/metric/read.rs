//! One curve from segments: every point where they fit, else buckets, from blocks where those suffice.

use super::scan::Scan;
use crate::Result;
use model::{
    Error, limits,
    series::{Axis, Columns, Extra, Points, SeriesQuery, Smoothing, Texts},
};
use segment::{Gatherer, Grid, Smoother};
use std::collections::VecDeque;
use store::{
    Snapshot,
    metric::{FoundSeries, SegmentPlace},
};

/// One series of numbers: where its segments lie, and what its place on the x-axis depends on.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub places: Vec<SegmentPlace>,
    /// Segments of the metric that is the x-axis.
    pub over: Vec<SegmentPlace>,
    pub started_ms: i64,
    /// First and last step, as they were found.
    pub steps: (i64, i64),
    /// Width of the whole series on the x-axis.
    pub range: f64,
}

/// The x-axis that all series of an answer share.
#[derive(Clone, Debug)]
pub(super) struct Axes {
    pub numbers: Vec<Numbers>,
    axis: Axis,
    scale: Scale,
}

#[derive(Clone, Copy, Debug)]
enum Scale {
    /// From the first step to the last, both included.
    Steps { low: i64, high: i64, grid: Grid, buckets: usize },
    /// Equal parts between two numbers, both included.
    Linear { low: f64, high: f64, buckets: usize },
    /// There is nothing to show.
    Empty,
}

/// A curve as it goes into the answer.
#[derive(Debug)]
pub(super) struct Curve {
    pub total: u64,
    pub columns: Columns,
    pub extra: Extra,
}

impl Axes {
    pub fn buckets(&self) -> usize {
        match self.scale {
            Scale::Steps { buckets, .. } | Scale::Linear { buckets, .. } => buckets,
            Scale::Empty => 0,
        }
    }

    /// The bucket of a point, or `None` when it lies outside the part that is shown.
    fn bucket(&self, step: i64, x: f64) -> Option<usize> {
        match self.scale {
            Scale::Steps { low, high, grid, .. } => (low..=high).contains(&step).then(|| grid.index(step)),
            Scale::Linear { low, high, buckets } => (low..=high).contains(&x).then(|| {
                let part = ((x - low) / (high - low) * buckets as f64) as usize;
                part.min(buckets - 1)
            }),
            Scale::Empty => None,
        }
    }

    /// Whether a segment's blocks are too coarse, or not there: a guess that costs a fetch when it is wrong.
    fn needs_points(&self, place: &SegmentPlace) -> bool {
        let Scale::Steps { low, high, grid, .. } = self.scale else { return true };
        let whole = place.has_blocks && place.step_min >= low && place.step_max <= high;
        let shown = (place.step_max >> grid.shift).saturating_sub(place.step_min >> grid.shift);
        !whole || shown > place.count / segment::POINTS_PER_BLOCK as i64
    }

    /// What orders points on the axis.
    fn place(&self, step: i64, x: f64) -> i64 {
        if self.axis == Axis::Step { step } else { order_of(x) }
    }

    /// The x that a place stands for.
    pub fn x(&self, place: i64) -> f64 {
        if self.axis == Axis::Step { place as f64 } else { of_order(place) }
    }
}

/// An integer that orders as the number does (IEEE 754's total order).
fn order_of(x: f64) -> i64 {
    let bits = x.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

fn of_order(place: i64) -> f64 {
    f64::from_bits((place ^ ((place >> 63) & i64::MAX)).cast_unsigned())
}

/// Lays out the axis: over the part that is asked for, as far as there are points.
pub(super) async fn axes(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    mut numbers: Vec<Numbers>,
) -> Result<Axes> {
    let buckets = query.buckets.unwrap_or(1);
    let scale = if query.x == Axis::Step {
        for one in &mut numbers {
            one.range = one.steps.1 as f64 - one.steps.0 as f64;
        }
        let low =
            numbers.iter().map(|one| one.steps.0).min().map(|low| low.max(query.step_min.unwrap_or(low)));
        let high =
            numbers.iter().map(|one| one.steps.1).max().map(|high| high.min(query.step_max.unwrap_or(high)));
        match low.zip(high) {
            Some((low, high)) if low <= high => {
                let grid = Grid::fit(low, high, buckets);
                Scale::Steps { low, high, grid, buckets: grid.index(high) + 1 }
            }
            _ => Scale::Empty,
        }
    } else {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for one in &mut numbers {
            let mut walk = Walk::new(query.x, one);
            let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
            while let Some((points, xs)) = walk.next(snapshot).await? {
                for (&step, &x) in points.steps.iter().zip(&xs) {
                    if x.is_finite() {
                        first = first.min(x);
                        last = last.max(x);
                        if within(query, step, x) {
                            low = low.min(x);
                            high = high.max(x);
                        }
                    }
                }
            }
            one.range = if last > first { last - first } else { 0.0 };
        }
        if low <= high { Scale::Linear { low, high, buckets: buckets as usize } } else { Scale::Empty }
    };
    Ok(Axes { numbers, axis: query.x, scale })
}

/// Whether a point lies in the part that is asked for.
fn within(query: &SeriesQuery, step: i64, x: f64) -> bool {
    query.step_min.is_none_or(|min| step >= min)
        && query.step_max.is_none_or(|max| step <= max)
        && query.x_min.is_none_or(|min| x >= min)
        && query.x_max.is_none_or(|max| x <= max)
}

/// A series in order of step, with the place of each point on the x-axis. A point without a place has NaN.
struct Walk {
    axis: Axis,
    started_ms: i64,
    scan: Scan,
    over: Scan,
    /// Points of the metric that is the x-axis, from where the walk stands.
    ahead: VecDeque<(i64, f64)>,
    over_ended: bool,
    x: f64,
}

impl Walk {
    fn new(axis: Axis, numbers: &Numbers) -> Self {
        Self {
            axis,
            started_ms: numbers.started_ms,
            scan: Scan::new(&numbers.places),
            over: Scan::new(&numbers.over),
            ahead: VecDeque::new(),
            over_ended: false,
            x: f64::NAN,
        }
    }

    async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<(Points, Vec<f64>)>> {
        let Some(points) = self.scan.next(snapshot).await? else { return Ok(None) };
        let xs = match self.axis {
            Axis::Step => points.steps.iter().map(|&step| step as f64).collect(),
            Axis::Wall => points.times_ms.iter().map(|&time| time as f64).collect(),
            Axis::Relative => {
                points.times_ms.iter().map(|&time| time.saturating_sub(self.started_ms) as f64).collect()
            }
            Axis::Metric => {
                let mut xs = Vec::with_capacity(points.len());
                for &step in &points.steps {
                    xs.push(self.x_at(snapshot, step).await?);
                }
                xs
            }
        };
        Ok(Some((points, xs)))
    }

    /// The value of the x-axis' metric at this step, or its last one before. Steps must not fall from call to call.
    async fn x_at(&mut self, snapshot: &mut Snapshot, step: i64) -> Result<f64> {
        loop {
            while let Some(&(at, x)) = self.ahead.front() {
                if at > step {
                    return Ok(self.x);
                }
                self.x = x;
                self.ahead.pop_front();
            }
            if self.over_ended {
                return Ok(self.x);
            }
            match self.over.next(snapshot).await? {
                Some(points) => self.ahead.extend(points.steps.into_iter().zip(points.values)),
                None => self.over_ended = true,
            }
        }
    }
}

/// Exact points, as long as no more come than there is room for.
struct Exact {
    points: Points,
    extra: Extra,
    room: usize,
    overflown: bool,
}

impl Exact {
    fn add_all(&mut self, steps: &[i64], times_ms: &[i64], values: &[f64]) {
        self.overflown |= self.points.len() + steps.len() > self.room;
        if !self.overflown {
            self.points.steps.extend_from_slice(steps);
            self.points.times_ms.extend_from_slice(times_ms);
            self.points.values.extend_from_slice(values);
        }
    }

    fn add(&mut self, step: i64, time_ms: i64, value: f64, x: Option<f64>, smooth: Option<f64>) {
        if self.overflown || self.points.len() == self.room {
            self.overflown = true;
            return;
        }
        self.points.steps.push(step);
        self.points.times_ms.push(time_ms);
        self.points.values.push(value);
        self.extra.xs.extend(x);
        self.extra.smooth.extend(smooth);
    }
}

/// Fetches what the next series will need in one request instead of one each, as far as it is little. Answers the first
/// series that is not among them.
pub(super) async fn fetch_ahead(snapshot: &mut Snapshot, axes: &Axes, from: usize) -> Result<usize> {
    let mut wanted: Vec<SegmentPlace> = Vec::new();
    let mut points = 0;
    let mut to = from;
    for one in &axes.numbers[from..] {
        let count: i64 = one.places.iter().map(|place| place.count).sum();
        points += count;
        if to > from && points > FETCH_AHEAD_POINTS_MAX {
            break;
        }
        if count <= FETCH_AHEAD_POINTS_MAX {
            wanted.extend(one.places.iter().filter(|place| axes.needs_points(place)));
        }
        to += 1;
    }
    snapshot.fetch_ahead(&wanted).await?;
    Ok(to)
}

/// About two megabytes of packed segments.
const FETCH_AHEAD_POINTS_MAX: i64 = 4 * limits::SEGMENT_POINTS_MAX as i64;

/// One series, exact when it has at most `room` points in the part that is asked for.
pub(super) async fn curve(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    axes: &Axes,
    numbers: &Numbers,
    room: usize,
) -> Result<Curve> {
    let mut exact = Exact { points: Points::default(), extra: Extra::default(), room, overflown: false };
    let mut gatherer = Gatherer::new(if query.buckets.is_some() { axes.buckets() } else { 0 });
    pour(snapshot, query, axes, numbers, Some(&mut exact), &mut gatherer).await?;
    if !exact.overflown {
        let total = exact.points.len() as u64;
        return Ok(Curve { total, columns: Columns::Points(exact.points), extra: exact.extra });
    }
    if query.buckets.is_none() {
        let expected = format!("more than {} points; ask for buckets or a range", limits::RAW_POINTS_MAX);
        return Err(Error::too_large("buckets", expected).into());
    }
    let total = gatherer.total();
    let (buckets, extra) = gatherer.finish((axes.axis != Axis::Step).then_some(of_order));
    Ok(Curve { total, columns: Columns::Buckets(buckets), extra })
}

/// One series in the buckets of the axis, however few points it has.
pub(super) async fn gather(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    axes: &Axes,
    numbers: &Numbers,
) -> Result<Gatherer> {
    let mut gatherer = Gatherer::new(axes.buckets());
    pour(snapshot, query, axes, numbers, None, &mut gatherer).await?;
    Ok(gatherer)
}

/// Reads a series once and hands its points on: exact ones to `exact`, and all to the gatherer, when it has buckets.
async fn pour(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    axes: &Axes,
    numbers: &Numbers,
    mut exact: Option<&mut Exact>,
    gatherer: &mut Gatherer,
) -> Result<()> {
    let bucketed = query.buckets.is_some();
    let plain = query.x == Axis::Step && query.smoothing == Smoothing::None;
    let room = exact.as_ref().map_or(0, |exact| exact.room);
    let mut rest = numbers.clone();
    if plain && bucketed {
        rest.places = pour_blocks(snapshot, axes, &numbers.places, room, gatherer).await?;
        if let Some(exact) = exact.as_mut().filter(|_| gatherer.total() > 0) {
            exact.overflown = true;
        }
    }
    if let (true, Scale::Steps { low, high, grid, .. }) = (plain, axes.scale) {
        return pour_steps(snapshot, (low, high), grid, &rest, exact, bucketed.then_some(gatherer)).await;
    }
    let mut smoother = (query.smoothing != Smoothing::None)
        .then(|| Smoother::new(query.smoothing, query.weight, numbers.range));
    let mut smoothed = Vec::new();
    let mut waiting: VecDeque<(i64, i64, f64, f64)> = VecDeque::new();
    let mut hand_on = |(step, time_ms, value, x): (i64, i64, f64, f64), smooth: Option<f64>| {
        if !within(query, step, x) {
            return;
        }
        // What was logged after the axis was laid out comes with the next question.
        let Some(bucket) = axes.bucket(step, x) else { return };
        if let Some(exact) = exact.as_mut() {
            exact.add(step, time_ms, value, (axes.axis != Axis::Step).then_some(x), smooth);
        }
        if bucketed {
            gatherer.add(bucket, axes.place(step, x), step, time_ms, value, smooth);
        }
    };
    let mut walk = Walk::new(query.x, &rest);
    while let Some((points, xs)) = walk.next(snapshot).await? {
        for (row, &x) in xs.iter().enumerate() {
            let point = (points.steps[row], points.times_ms[row], points.values[row], x);
            let Some(smoother) = &mut smoother else {
                hand_on(point, None);
                continue;
            };
            // A point without a place has no part in the curve.
            if x.is_nan() {
                continue;
            }
            waiting.push_back(point);
            smoother.push(x, point.2, &mut smoothed);
            for smooth in smoothed.drain(..) {
                hand_on(waiting.pop_front().expect("one smoothed value a point"), Some(smooth));
            }
        }
    }
    if let Some(smoother) = &mut smoother {
        smoother.finish(&mut smoothed);
        for smooth in smoothed.drain(..) {
            hand_on(waiting.pop_front().expect("one smoothed value a point"), Some(smooth));
        }
    }
    Ok(())
}

/// The usual case of `pour`: the axis of steps, nothing smoothed. Points go on in stretches, not one by one.
async fn pour_steps(
    snapshot: &mut Snapshot,
    (low, high): (i64, i64),
    grid: Grid,
    numbers: &Numbers,
    mut exact: Option<&mut Exact>,
    mut gatherer: Option<&mut Gatherer>,
) -> Result<()> {
    let mut scan = Scan::new(&numbers.places);
    while let Some(points) = scan.next(snapshot).await? {
        // What was logged after the axis was laid out comes with the next question.
        let start = points.steps.partition_point(|&step| step < low);
        let end = points.steps.partition_point(|&step| step <= high);
        let (steps, times_ms) = (&points.steps[start..end], &points.times_ms[start..end]);
        let values = &points.values[start..end];
        if let Some(exact) = &mut exact {
            exact.add_all(steps, times_ms, values);
        }
        if let Some(gatherer) = &mut gatherer {
            gatherer.add_points(grid, steps, times_ms, values);
        }
    }
    Ok(())
}

/// Gathers the segments whose blocks say all that is needed, and answers the others. Blocks are used only when they
/// alone stand for more than `room` points: then the curve cannot be exact anyway.
async fn pour_blocks(
    snapshot: &mut Snapshot,
    axes: &Axes,
    places: &[SegmentPlace],
    room: usize,
    gatherer: &mut Gatherer,
) -> Result<Vec<SegmentPlace>> {
    let Scale::Steps { grid, .. } = axes.scale else { return Ok(places.to_vec()) };
    let (mut rest, whole): (Vec<SegmentPlace>, Vec<SegmentPlace>) =
        places.iter().partition(|place| axes.needs_points(place));
    if whole.iter().map(|place| place.count).sum::<i64>() <= room as i64 {
        return Ok(places.to_vec());
    }
    let mut blocks = snapshot.blocks(&whole).await?;
    let coarse = |place: &SegmentPlace| blocks.get(&place.id).is_none_or(|blocks| blocks.shift > grid.shift);
    let (fine, whole): (Vec<SegmentPlace>, Vec<SegmentPlace>) = whole.into_iter().partition(coarse);
    rest.extend(fine);
    for place in whole {
        // What is gathered later counts as written later, so a segment whose steps meet an older one's waits with it.
        let meets =
            |other: &SegmentPlace| other.step_min <= place.step_max && other.step_max >= place.step_min;
        if rest.iter().any(|other| other.id < place.id && meets(other)) {
            rest.push(place);
            continue;
        }
        for block in blocks.remove(&place.id).into_iter().flat_map(|blocks| blocks.blocks) {
            gatherer.add_block(grid.index(block.first_step), block.first_step, block.last_step, &block);
        }
    }
    rest.sort_unstable_by_key(|place| place.id);
    Ok(rest)
}

/// A series of texts in the part that is asked for: the last ones when there are more than `buckets`. Answers how many
/// there are in all.
pub(super) async fn texts(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    found: &FoundSeries,
) -> Result<(u64, Texts)> {
    let (low, high) = (query.step_min.unwrap_or(i64::MIN), query.step_max.unwrap_or(i64::MAX));
    let places = snapshot.places(std::slice::from_ref(found), low, high).await?.remove(0);
    let mut all = Texts { are_bytes: found.kind == model::metric::Kind::Bytes, ..Texts::default() };
    let mut total = 0;
    let mut bytes = 0;
    let room = query.buckets.map_or(limits::RAW_POINTS_MAX, |buckets| buckets as usize);
    // From the end, because the last ones are wanted; segments of texts are small.
    for place in places.iter().rev() {
        let texts = snapshot.texts(std::slice::from_ref(place), all.are_bytes).await?;
        for row in (0..texts.steps.len()).rev().filter(|&row| (low..=high).contains(&texts.steps[row])) {
            total += 1;
            if all.steps.len() < room {
                bytes += texts.values[row].len();
                if bytes > limits::TEXT_ANSWER_BYTES_MAX {
                    let expected =
                        format!("more than {} bytes; ask for a range", limits::TEXT_ANSWER_BYTES_MAX);
                    return Err(Error::too_large("buckets", expected).into());
                }
                all.steps.push(texts.steps[row]);
                all.times_ms.push(texts.times_ms[row]);
                all.values.push(texts.values[row].clone());
            }
        }
    }
    all.steps.reverse();
    all.times_ms.reverse();
    all.values.reverse();
    segment::sort_texts_by_step(&mut all);
    Ok((total, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_order_as_numbers_do() {
        let numbers = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 5e-324, 1.0, 1e300];
        assert!(numbers.map(order_of).is_sorted());
        assert_eq!(numbers.map(|number| of_order(order_of(number))), numbers);
    }
}
