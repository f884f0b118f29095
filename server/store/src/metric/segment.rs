//! The segments of a series: adding new ones, settling what waits in bundles, and merging what has become many small
//! ones.

use super::{
    NUMBER_BITS, SeriesRow,
    bundle::{self, SmallSegment},
    join, join_texts, segment_id,
};
use crate::{
    Result, Tx,
    db::on,
    rows::{Column, Rows},
    run,
};
use ::segment::Summary;
use model::{
    ingest::SeriesPoints,
    limits,
    metric::Kind,
    series::{Points, Texts},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// Texts are merged only while the result stays this small: a chart of texts reads a few at a time.
const TEXT_SEGMENT_BYTES_MAX: i64 = 1024 * 1024;
/// Numbers of segments looked at when merging: more than can be open at once, and the numbers that bundles left out.
const OPEN_NUMBERS_MAX: i64 = 2_048;

/// Points of one series in the order of writing, of whichever kind the series is.
#[derive(Clone, Debug)]
pub(super) enum Gathered {
    Numbers(Points),
    Texts(Texts),
}

impl Gathered {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Points::default()),
            Kind::Text => Self::Texts(Texts::default()),
            Kind::Bytes => Self::Texts(Texts { are_bytes: true, ..Texts::default() }),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Numbers(_) => Kind::Number,
            Self::Texts(texts) if texts.are_bytes => Kind::Bytes,
            Self::Texts(_) => Kind::Text,
        }
    }

    /// Whether these wait for more before they become a segment.
    fn is_few(&self) -> bool {
        match self {
            Self::Numbers(points) => points.len() < limits::BUNDLE_POINTS_MAX,
            Self::Texts(texts) => {
                let bytes = texts.values.iter().map(Vec::len).sum::<usize>();
                texts.steps.len() < limits::BUNDLE_POINTS_MAX && bytes < limits::BUNDLE_TEXT_BYTES_MAX
            }
        }
    }

    pub fn steps(&self) -> &[i64] {
        match self {
            Self::Numbers(points) => &points.steps,
            Self::Texts(texts) => &texts.steps,
        }
    }

    /// Adds points of the same kind.
    pub fn extend(&mut self, series: &SeriesPoints) {
        match self {
            Self::Numbers(points) => {
                points.steps.extend_from_slice(&series.steps);
                points.times_ms.extend_from_slice(&series.times_ms);
                points.values.extend(series.values.iter().map(|value| value.0));
            }
            Self::Texts(texts) => {
                texts.steps.extend_from_slice(&series.steps);
                texts.times_ms.extend_from_slice(&series.times_ms);
                texts.values.extend(series.texts.iter().map(|text| text.clone().into_bytes()));
                texts.values.extend(series.bytes.iter().map(|bytes| bytes.0.clone()));
            }
        }
    }

    /// Adds one point of a series of numbers.
    pub fn push_number(&mut self, series: &SeriesPoints, row: usize) {
        if let Self::Numbers(points) = self {
            points.steps.push(series.steps[row]);
            points.times_ms.push(series.times_ms[row]);
            points.values.push(series.values[row].0);
        }
    }

    pub fn sum_up(&self, summary: &mut Summary) {
        match self {
            Self::Numbers(points) => summary.add(points),
            Self::Texts(texts) => summary.add_texts(&texts.steps, &texts.times_ms),
        }
    }
}

/// A segment about to be stored.
struct NewSegment {
    id: i64,
    count: usize,
    steps: (i64, i64),
    blocks: Option<Vec<u8>>,
    data: Vec<u8>,
}

impl NewSegment {
    /// A segment of points in order of step.
    fn of_points(id: i64, points: &Points, tightly: bool) -> Self {
        let data = if tightly { ::segment::encode_tightly(points) } else { ::segment::encode(points) };
        let blocks = points.len() >= limits::SEGMENT_PACKED_POINTS_MIN;
        Self {
            id,
            count: points.len(),
            steps: (points.steps[0], points.steps[points.len() - 1]),
            blocks: blocks.then(|| ::segment::Blocks::of(points).encode()),
            data,
        }
    }

    fn of_texts(id: i64, texts: &Texts) -> Self {
        let last = texts.steps.len() - 1;
        Self {
            id,
            count: texts.steps.len(),
            steps: (texts.steps[0], texts.steps[last]),
            blocks: None,
            data: ::segment::encode_texts(texts),
        }
    }
}

impl NewSegment {
    fn into_small(self) -> SmallSegment {
        let (step_min, step_max) = self.steps;
        SmallSegment { id: self.id, count: self.count as u32, step_min, step_max, blob: self.data }
    }
}

const SEGMENT_ADD: &str = "
    INSERT INTO segment (id, count, step_min, step_max, blocks, data)
    SELECT v.id, v.count, v.step_min, v.step_max, v.blocks, v.data FROM v";

async fn add(tx: &mut Tx, segments: Vec<NewSegment>) -> Result<()> {
    let (mut blocks, mut data) = (Vec::with_capacity(segments.len()), Vec::with_capacity(segments.len()));
    let (mut ids, mut counts) = (Vec::with_capacity(segments.len()), Vec::with_capacity(segments.len()));
    let (mut lows, mut highs) = (Vec::with_capacity(segments.len()), Vec::with_capacity(segments.len()));
    for segment in segments {
        ids.push(segment.id);
        counts.push(segment.count as i64);
        lows.push(segment.steps.0);
        highs.push(segment.steps.1);
        blocks.push(segment.blocks);
        data.push(segment.data);
    }
    Rows::default()
        .with("id", Column::Int(ids))
        .with("count", Column::Int(counts))
        .with("step_min", Column::Int(lows))
        .with("step_max", Column::Int(highs))
        .with("blocks", Column::OptBlob(blocks))
        .with("data", Column::Blob(data))
        .execute(tx, SEGMENT_ADD)
        .await
}

/// What an addition leaves to do in a run.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Of the new bundle.
    pub bundle_bytes: i64,
    /// The series in which enough small segments have gathered.
    pub series_ids: Vec<i64>,
}

/// Adds points to series, one addition a row: many at once as new segments, few to the bundle of their run. Changes
/// `last_number` and `small_count` of the rows, which the caller stores.
pub(super) async fn append(
    tx: &mut Tx,
    rows: &mut [SeriesRow],
    additions: Vec<Gathered>,
) -> Result<BTreeMap<String, Due>> {
    let mut due: BTreeMap<String, Due> = BTreeMap::new();
    let mut segments = Vec::new();
    let mut bundles: BTreeMap<String, Vec<SmallSegment>> = BTreeMap::new();
    for (row, gathered) in rows.iter_mut().zip(additions) {
        let is_few = gathered.is_few();
        let new = new_segments(row, gathered);
        if is_few {
            let small = new.into_iter().map(NewSegment::into_small);
            bundles.entry(row.run_id.clone()).or_default().extend(small);
        } else {
            row.small_count += i64::from(!::segment::is_full(new[0].count));
            segments.extend(new);
            if row.small_count >= limits::SEGMENT_FAN as i64 {
                due.entry(row.run_id.clone()).or_default().series_ids.push(row.id);
            }
        }
    }
    add(tx, segments).await?;
    for (run_id, bytes) in bundle::add(tx, bundles).await? {
        due.entry(run_id).or_default().bundle_bytes = bytes;
    }
    Ok(due)
}

/// How many points a commit still packs anew.
#[derive(Debug)]
pub(super) struct Allowance(usize);

impl Allowance {
    pub fn of_commit(points: usize) -> Self {
        Self(limits::MERGE_POINTS_PER_COMMIT + limits::MERGE_POINTS_PER_POINT * points)
    }

    pub fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    fn spend(&mut self, points: usize) {
        self.0 = self.0.saturating_sub(points);
    }
}

/// The next segments of a series.
fn new_segments(row: &mut SeriesRow, gathered: Gathered) -> Vec<NewSegment> {
    let mut next_id = || {
        row.last_number += 1;
        segment_id(row.id, row.last_number)
    };
    match gathered {
        Gathered::Numbers(mut points) => {
            ::segment::sort_by_step(&mut points);
            pieces(&points).map(|piece| NewSegment::of_points(next_id(), &piece, false)).collect()
        }
        Gathered::Texts(mut texts) => {
            ::segment::sort_texts_by_step(&mut texts);
            vec![NewSegment::of_texts(next_id(), &texts)]
        }
    }
}

/// Gives what waits in the bundles of a run to its series, a segment each, and merges where enough small ones have
/// gathered: there, and in these other series of the run. What is allowed may be overdrawn by one merge; series that
/// are left over wait for their next segment.
pub(super) async fn settle(
    tx: &mut Tx,
    run_id: &str,
    others: &[i64],
    allowance: &mut Allowance,
) -> Result<()> {
    let mut by_series: BTreeMap<i64, Vec<SmallSegment>> = others.iter().map(|&id| (id, Vec::new())).collect();
    for small in bundle::take(tx, run_id).await? {
        by_series.entry(small.id >> NUMBER_BITS).or_default().push(small);
    }
    let mut rows = series_of_ids(tx, by_series.keys().copied().collect()).await?;
    let mut segments = Vec::with_capacity(rows.len());
    for row in &mut rows {
        let small = by_series.remove(&row.id).unwrap_or_default();
        // Numbers without a gap: no segment of its own was written between these, so joining them keeps the order.
        for stretch in small.chunk_by(|a, b| a.id + 1 == b.id) {
            segments.push(joined(
                row.kind()?,
                stretch[0].id,
                stretch.iter().map(|one| one.blob.as_slice()),
                false,
            )?);
            row.small_count += 1;
        }
    }
    allowance.spend(segments.iter().map(|segment| segment.count).sum());
    add(tx, segments).await?;
    rows.sort_by_key(|row| Reverse(row.small_count));
    let full = rows.iter_mut().filter(|row| row.small_count >= limits::SEGMENT_FAN as i64);
    merge(tx, full.collect(), Some(allowance)).await?;
    store_segment_counts(tx, &rows).await
}

/// Segments of one series, given in the order of writing, as one; of numbers few enough for one.
fn joined(
    kind: Kind,
    id: i64,
    blobs: impl Iterator<Item = impl AsRef<[u8]>>,
    tightly: bool,
) -> Result<NewSegment> {
    Ok(match kind {
        Kind::Number => NewSegment::of_points(id, &join(blobs)?, tightly),
        Kind::Text | Kind::Bytes => NewSegment::of_texts(id, &join_texts(blobs, kind == Kind::Bytes)?),
    })
}

/// Points cut into segments of at most the usual size, about equally large; one at a time, because they are copies.
fn pieces(points: &Points) -> impl Iterator<Item = Points> {
    let count = ::segment::pieces(points.len());
    let edge = move |piece: usize| points.len() * piece / count;
    (0..count).map(move |piece| slice(points, edge(piece)..edge(piece + 1)))
}

fn slice(points: &Points, rows: Range<usize>) -> Points {
    Points {
        steps: points.steps[rows.clone()].to_vec(),
        times_ms: points.times_ms[rows.clone()].to_vec(),
        values: points.values[rows].to_vec(),
    }
}

const SEGMENT_SIZES: &str = "
    SELECT segment.id, segment.count, CAST(LENGTH(segment.data) AS BIGINT)
    FROM v JOIN segment ON segment.id BETWEEN v.low AND v.high";

const SEGMENT_DATA: &str = "SELECT segment.id, segment.data FROM v JOIN segment ON segment.id = v.id";

const SEGMENT_REMOVE: &str = "DELETE FROM segment WHERE id IN (SELECT v.id FROM v)";

/// A segment looked at when merging: id, points, bytes.
type Size = (i64, i64, i64);

/// Series whose segments are looked at together when merging.
const SERIES_AT_ONCE: usize = 64;
/// Points with which no further series is merged in the same go.
const POINTS_AT_ONCE: usize = limits::SEGMENT_POINTS_MAX / 4;

/// Merges the small segments at the end of each of these series: those whose turn it is, while it is allowed, or, to seal
/// the series, all of them. The bundles of their runs must be empty. Changes `last_number` and `small_count`, which the
/// caller stores.
async fn merge(
    tx: &mut Tx,
    mut rows: Vec<&mut SeriesRow>,
    mut allowance: Option<&mut Allowance>,
) -> Result<()> {
    let all = allowance.is_none();
    for rows in rows.chunks_mut(SERIES_AT_ONCE) {
        let mut sizes = sizes(tx, rows).await?;
        let (mut turns, mut points) = (Vec::new(), 0);
        for row in rows {
            if allowance.as_ref().is_some_and(|allowance| allowance.is_used_up()) {
                break;
            }
            // 1 until the series is sealed: what was merged may still be small.
            row.small_count = i64::from(!all);
            let Some(turn) = turn(row.kind()?, sizes.remove(&row.id).unwrap_or_default(), all) else {
                continue;
            };
            let count = turn.iter().map(|(_, count, _)| *count as usize).sum::<usize>();
            if let Some(allowance) = &mut allowance {
                allowance.spend(count);
            }
            points += count;
            turns.push((&mut **row, turn));
            // Bounds what is held at once: one large merge, or several small ones.
            if points >= POINTS_AT_ONCE {
                merge_turns(tx, std::mem::take(&mut turns), all).await?;
                points = 0;
            }
        }
        merge_turns(tx, turns, all).await?;
    }
    Ok(())
}

/// The newest segments of each series, in the order of writing.
async fn sizes(tx: &mut Tx, rows: &[&mut SeriesRow]) -> Result<HashMap<i64, Vec<Size>>> {
    let low = |row: &&mut SeriesRow| segment_id(row.id, (row.last_number - OPEN_NUMBERS_MAX).max(0));
    let found: Vec<Size> = Rows::default()
        .with("low", Column::Int(rows.iter().map(low).collect()))
        .with("high", Column::Int(rows.iter().map(|row| segment_id(row.id + 1, 0) - 1).collect()))
        .fetch(tx, SEGMENT_SIZES)
        .await?;
    let mut by_series: HashMap<i64, Vec<Size>> = HashMap::new();
    for size in found {
        by_series.entry(size.0 >> NUMBER_BITS).or_default().push(size);
    }
    for sizes in by_series.values_mut() {
        sizes.sort_unstable();
    }
    Ok(by_series)
}

/// Which segments become one now.
fn turn(kind: Kind, sizes: Vec<Size>, all: bool) -> Option<Vec<Size>> {
    let counts: Vec<usize> = sizes.iter().map(|(_, count, _)| *count as usize).collect();
    let range = if all { open_stretch(&counts) } else { ::segment::plan(&counts) }?;
    let is_last = range.end == sizes.len() && !range.is_empty();
    let turn = sizes[range].to_vec();
    let bytes: i64 = turn.iter().map(|(_, _, bytes)| bytes).sum();
    (is_last && (kind == Kind::Number || bytes <= TEXT_SEGMENT_BYTES_MAX)).then_some(turn)
}

async fn merge_turns(tx: &mut Tx, turns: Vec<(&mut SeriesRow, Vec<Size>)>, all: bool) -> Result<()> {
    let ids: Vec<i64> = turns.iter().flat_map(|(_, turn)| turn).map(|(id, ..)| *id).collect();
    let ids = || Rows::default().with("id", Column::Int(ids.clone()));
    let blobs: Vec<(i64, Vec<u8>)> = ids().fetch(tx, SEGMENT_DATA).await?;
    let mut blobs: HashMap<i64, Vec<u8>> = blobs.into_iter().collect();
    let mut merged = Vec::with_capacity(turns.len());
    for (row, turn) in turns {
        let low = turn[0].0;
        let blobs = turn.iter().filter_map(|(id, ..)| blobs.remove(id));
        let before = merged.len();
        if row.kind()? == Kind::Number {
            let points = join(blobs)?;
            merged
                .extend(pieces(&points).zip(low..).map(|(piece, id)| NewSegment::of_points(id, &piece, all)));
        } else {
            merged.push(joined(row.kind()?, low, blobs, all)?);
        }
        row.last_number = (low + (merged.len() - before) as i64 - 1) & ((1 << NUMBER_BITS) - 1);
    }
    ids().execute(tx, SEGMENT_REMOVE).await?;
    add(tx, merged).await
}

/// All segments at the end that are not full, as many as are merged at once.
fn open_stretch(counts: &[usize]) -> Option<Range<usize>> {
    let mut points = 0;
    let stretch = counts.iter().rev().take_while(|&&count| {
        points += count;
        !::segment::is_full(count) && points <= 2 * limits::SEGMENT_POINTS_MAX
    });
    let length = stretch.count();
    (length > 0).then(|| counts.len() - length..counts.len())
}

const SERIES_SMALL: &str = concat!(
    "SELECT ",
    super::series_columns!(),
    " FROM series s WHERE s.run_id = $1 AND s.small_count > 0 ORDER BY s.key, s.context LIMIT $2"
);

/// Packs small segments of a run that has ended, of at most so many series. Answers whether there may be more to do.
pub async fn seal(tx: &mut Tx, series_max: i64) -> Result<bool> {
    let Some(run_id) = run::lock_unsealed(tx).await? else { return Ok(false) };
    // Nobody waits for this one; what it leaves is merged below.
    settle(tx, &run_id, &[], &mut Allowance(usize::MAX)).await?;
    let mut rows: Vec<SeriesRow> =
        on!(tx, c => sqlx::query_as(SERIES_SMALL).bind(&run_id).bind(series_max).fetch_all(c).await)?;
    if (rows.len() as i64) < series_max {
        run::set_sealed(tx, &run_id).await?;
    }
    merge(tx, rows.iter_mut().collect(), None).await?;
    store_segment_counts(tx, &rows).await?;
    Ok(true)
}

const SERIES_OF_IDS: &str =
    concat!("SELECT ", super::series_columns!(), " FROM v JOIN series s ON s.id = v.id");

async fn series_of_ids(tx: &mut Tx, ids: Vec<i64>) -> Result<Vec<SeriesRow>> {
    Rows::default().with("id", Column::Int(ids)).fetch(tx, SERIES_OF_IDS).await
}

const SERIES_SEGMENTS_SET: &str = "
    UPDATE series SET last_number = v.last_number, small_count = v.small_count FROM v WHERE series.id = v.id";

async fn store_segment_counts(tx: &mut Tx, rows: &[SeriesRow]) -> Result<()> {
    Rows::default()
        .with("id", Column::Int(rows.iter().map(|row| row.id).collect()))
        .with("last_number", Column::Int(rows.iter().map(|row| row.last_number).collect()))
        .with("small_count", Column::Int(rows.iter().map(|row| row.small_count).collect()))
        .execute(tx, SERIES_SEGMENTS_SET)
        .await
}
