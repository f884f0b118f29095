//! One curve from segments: every point where they fit, else buckets, from blocks where those suffice.

use super::{
    axis::{Axes, Numbers, Scale, Walk, of_order, within},
    scan::Scan,
};
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

/// A curve as it goes into the answer.
#[derive(Debug)]
pub(super) struct Curve {
    pub total: u64,
    pub columns: Columns,
    pub extra: Extra,
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
        let count: i64 = one.read().map(|place| place.count).sum();
        points += count;
        if to > from && points > FETCH_AHEAD_POINTS_MAX {
            break;
        }
        if count <= FETCH_AHEAD_POINTS_MAX {
            let needed = |place: &&SegmentPlace| one.joined.is_some() || axes.needs_points(place);
            wanted.extend(one.read().filter(needed));
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
    let seen = pour(snapshot, query, axes, numbers, Some(&mut exact), &mut gatherer).await?;
    if !exact.overflown {
        let total = seen.unwrap_or(exact.points.len() as u64);
        return Ok(Curve { total, columns: Columns::Points(exact.points), extra: exact.extra });
    }
    if query.buckets.is_none() {
        let expected = format!("more than {} points; ask for buckets or a range", limits::RAW_POINTS_MAX);
        return Err(Error::too_large("buckets", expected).into());
    }
    let total = seen.unwrap_or(gatherer.total());
    let (buckets, extra) = gatherer.finish((axes.axis != Axis::Step).then_some(of_order));
    Ok(Curve { total, columns: Columns::Buckets(buckets), extra })
}

/// One series in the buckets of the axis, however few points it has, and how many it has in all.
pub(super) async fn gather(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    axes: &Axes,
    numbers: &Numbers,
) -> Result<(Gatherer, u64)> {
    let mut gatherer = Gatherer::new(axes.buckets());
    let seen = pour(snapshot, query, axes, numbers, None, &mut gatherer).await?;
    let total = seen.unwrap_or(gatherer.total());
    Ok((gatherer, total))
}

/// Reads a series once and hands its points on: exact ones to `exact`, and all to the gatherer, when it has buckets. Of
/// what is computed, it answers at how many steps any of its metrics has a value.
async fn pour(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    axes: &Axes,
    numbers: &Numbers,
    mut exact: Option<&mut Exact>,
    gatherer: &mut Gatherer,
) -> Result<Option<u64>> {
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
        let mut scan = rest.scan(query);
        pour_steps(snapshot, (low, high), grid, &mut scan, exact, bucketed.then_some(gatherer)).await?;
        return Ok(scan.seen());
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
    let mut walk = Walk::new(query, &rest);
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
    Ok(walk.scan.seen())
}

/// The usual case of `pour`: the axis of steps, nothing smoothed. Points go on in stretches, not one by one.
async fn pour_steps(
    snapshot: &mut Snapshot,
    (low, high): (i64, i64),
    grid: Grid,
    scan: &mut Scan,
    mut exact: Option<&mut Exact>,
    mut gatherer: Option<&mut Gatherer>,
) -> Result<()> {
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

/// A series of texts in the part that is asked for: the last ones when there are more than `buckets`. Of byte strings,
/// such as histograms, every so-manieth from the last one back, because they are looked at as a whole. Answers how many there
/// are in all.
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
    let mut stride = 1;
    let room = query.buckets.map_or(limits::RAW_POINTS_MAX, |buckets| buckets as usize);
    let thins = all.are_bytes && query.buckets.is_some();
    // From the end, because the last ones are wanted; segments of texts are small.
    for place in places.iter().rev() {
        let texts = snapshot.texts(std::slice::from_ref(place), all.are_bytes).await?;
        for row in (0..texts.steps.len()).rev().filter(|&row| (low..=high).contains(&texts.steps[row])) {
            total += 1;
            if thins && (total - 1) % stride == 0 && all.steps.len() == room {
                bytes = thin(&mut all);
                stride *= 2;
            }
            if (total - 1) % stride == 0 && all.steps.len() < room {
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

/// Keeps every other one, the first among them. Answers how many bytes are left.
fn thin(texts: &mut Texts) -> usize {
    fn every_other<T>(column: &mut Vec<T>) {
        let mut keeps = false;
        column.retain(|_| {
            keeps = !keeps;
            keeps
        });
    }
    every_other(&mut texts.steps);
    every_other(&mut texts.times_ms);
    every_other(&mut texts.values);
    texts.values.iter().map(Vec::len).sum()
}
