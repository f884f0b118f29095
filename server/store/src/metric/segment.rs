//! The segments of a series: adding new ones, and merging what has become many small ones.

use super::{NUMBER_BITS, SeriesRow, join, join_texts, segment_id};
use crate::{
    Dialect, Result, Tx,
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
use std::ops::Range;

/// Texts are merged only while the result stays this small: a chart of texts reads a few at a time.
const TEXT_SEGMENT_BYTES_MAX: i64 = 1024 * 1024;
/// Segments looked at when merging: more than can be open at once.
const OPEN_SEGMENTS_MAX: i64 = 256;

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

/// Adds points to series as new segments, one addition a row, and merges where enough small ones have gathered.
/// Changes `last_number` and `small_count` of the rows, which the caller stores.
pub(super) async fn append(tx: &mut Tx, rows: &mut [SeriesRow], additions: Vec<Gathered>) -> Result<()> {
    let mut segments = Vec::with_capacity(rows.len());
    for (row, gathered) in rows.iter_mut().zip(additions) {
        let small = match gathered {
            Gathered::Numbers(mut points) => {
                ::segment::sort_by_step(&mut points);
                let pieces = pieces(&points);
                let small = !::segment::is_full(pieces[0].len());
                for piece in pieces {
                    row.last_number += 1;
                    segments.push(NewSegment::of_points(segment_id(row.id, row.last_number), &piece, false));
                }
                small
            }
            Gathered::Texts(mut texts) => {
                ::segment::sort_texts_by_step(&mut texts);
                row.last_number += 1;
                segments.push(NewSegment::of_texts(segment_id(row.id, row.last_number), &texts));
                true
            }
        };
        row.small_count += i64::from(small);
    }
    add(tx, segments).await?;
    for row in rows.iter_mut().filter(|row| row.small_count >= limits::SEGMENT_FAN as i64) {
        merge(tx, row, false).await?;
    }
    Ok(())
}

/// Points cut into segments of at most the usual size, about equally large.
fn pieces(points: &Points) -> Vec<Points> {
    let count = ::segment::pieces(points.len());
    let edge = |piece: usize| points.len() * piece / count;
    (0..count).map(|piece| slice(points, edge(piece)..edge(piece + 1))).collect()
}

fn slice(points: &Points, rows: Range<usize>) -> Points {
    Points {
        steps: points.steps[rows.clone()].to_vec(),
        times_ms: points.times_ms[rows.clone()].to_vec(),
        values: points.values[rows].to_vec(),
    }
}

// Newest first: what is open lies at the end.
const SEGMENT_SIZES: &str = "
    SELECT id, count, CAST(LENGTH(data) AS BIGINT) FROM segment WHERE id BETWEEN $1 AND $2 ORDER BY id DESC LIMIT $3";

const SEGMENT_DATA: &str = "SELECT data FROM segment WHERE id BETWEEN $1 AND $2 ORDER BY id";

const SEGMENT_REMOVE: &str = "DELETE FROM segment WHERE id BETWEEN $1 AND $2";

/// Merges the small segments at the end of a series: those whose turn it is, or, to seal the series, all of them.
async fn merge(tx: &mut Tx, row: &mut SeriesRow, all: bool) -> Result<()> {
    // 1 until the series is sealed: what was merged may still be small.
    row.small_count = i64::from(!all);
    let mut sizes: Vec<(i64, i64, i64)> = on!(tx, c => sqlx::query_as(SEGMENT_SIZES)
        .bind(segment_id(row.id, 0))
        .bind(segment_id(row.id + 1, 0) - 1)
        .bind(OPEN_SEGMENTS_MAX)
        .fetch_all(c)
        .await)?;
    sizes.reverse();
    let counts: Vec<usize> = sizes.iter().map(|(_, count, _)| *count as usize).collect();
    let range = if all { open_stretch(&counts) } else { ::segment::plan(&counts) };
    let Some(range) = range.filter(|range| range.end == sizes.len() && !range.is_empty()) else {
        return Ok(());
    };
    let kind = row.kind()?;
    if kind != Kind::Number
        && sizes[range.clone()].iter().map(|size| size.2).sum::<i64>() > TEXT_SEGMENT_BYTES_MAX
    {
        return Ok(());
    }
    let (low, high) = (sizes[range.start].0, sizes[range.end - 1].0);
    let blobs: Vec<(Vec<u8>,)> =
        on!(tx, c => sqlx::query_as(SEGMENT_DATA).bind(low).bind(high).fetch_all(c).await)?;
    let blobs = blobs.iter().map(|(blob,)| blob.as_slice());
    let mut merged = Vec::new();
    if kind == Kind::Number {
        let points = join(blobs)?;
        for (place, piece) in pieces(&points).iter().enumerate() {
            merged.push(NewSegment::of_points(low + place as i64, piece, all));
        }
    } else {
        merged.push(NewSegment::of_texts(low, &join_texts(blobs, kind == Kind::Bytes)?));
    }
    row.last_number = (low + merged.len() as i64 - 1) & ((1 << NUMBER_BITS) - 1);
    on!(tx, c => sqlx::query(SEGMENT_REMOVE).bind(low).bind(high).execute(c).await.map(drop))?;
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

// Locked against another server's ingest, which numbers its segments by these rows.
const SERIES_SMALL_LOCK: &str = concat!(
    "SELECT ",
    super::series_columns!(),
    " FROM series s WHERE s.run_id = $1 AND s.small_count > 0 ORDER BY s.key, s.context LIMIT $2 FOR UPDATE"
);

const SERIES_SEALED: &str = "UPDATE series SET last_number = $2, small_count = 0 WHERE id = $1";

/// Packs small segments of a run that has ended, of at most so many series. Answers whether there may be more to do.
pub async fn seal(tx: &mut Tx, series_max: i64) -> Result<bool> {
    let Some(run_id) = run::unsealed(tx).await? else { return Ok(false) };
    let statement = match tx.dialect() {
        Dialect::Sqlite => SERIES_SMALL,
        Dialect::Postgres => SERIES_SMALL_LOCK,
    };
    let rows: Vec<SeriesRow> =
        on!(tx, c => sqlx::query_as(statement).bind(&run_id).bind(series_max).fetch_all(c).await)?;
    if (rows.len() as i64) < series_max {
        run::set_sealed(tx, &run_id).await?;
    }
    for mut row in rows {
        merge(tx, &mut row, true).await?;
        on!(tx, c => sqlx::query(SERIES_SEALED).bind(row.id).bind(row.last_number).execute(c).await.map(drop))?;
    }
    Ok(true)
}
