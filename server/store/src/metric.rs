//! Metrics: batches into segments and summaries, and back. One call applies a group of batches in one transaction;
//! each batch is applied whole or refused whole, and a refused one does not disturb its neighbours.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    param, run,
    run::Standing,
    sql::{Statement, fetch_all},
    tag,
};
use model::{
    Float64, RunId, UnixMillis,
    ingest::{IngestBatch, IngestReceipt, Writer},
    limits,
    metric::{Context, MetricSummary},
    series::Points,
};
use segment::Summary;
use std::collections::{BTreeMap, HashMap};

/// Points that may gather in the open tail before it is closed. A small tail bounds what a client that sends one
/// point at a time makes us rewrite: at most 256 × 24 bytes a request.
const TAIL_POINTS_MAX: usize = 256;

/// Why a batch was not applied. Nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    NoSuchRun(RunId),
    /// The writer used this number before, for other content.
    SequenceReused {
        sequence: i64,
    },
    TooManyParams(RunId),
}

/// A batch with the digest of its content, by which a replay is told from another batch of the same number.
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    pub batch: IngestBatch,
    pub digest: String,
}

/// What one group did: an answer a batch, and the runs that changed.
#[derive(Debug)]
pub struct Applied {
    pub answers: Vec<Result<IngestReceipt, Rejection>>,
    pub changed: Vec<(RunId, model::ExperimentId)>,
}

/// A series' place: run, key, context as canonical text.
type SeriesName = (RunId, String, String);

/// Applies batches in the order given. The caller commits, and answers only then.
pub async fn apply(tx: &mut Tx, batches: &[PreparedBatch], now: UnixMillis) -> Result<Applied> {
    let mut standings: HashMap<RunId, Option<Standing>> = HashMap::new();
    // Sorted, so that two servers lock rows of one PostgreSQL in one order.
    let mut points: BTreeMap<SeriesName, Points> = BTreeMap::new();
    let mut changed: BTreeMap<RunId, Standing> = BTreeMap::new();
    let mut answers = Vec::with_capacity(batches.len());
    for PreparedBatch { batch, digest } in batches {
        if let Some(answer) = check(tx, batch, digest, &mut standings).await? {
            answers.push(answer);
            continue;
        }
        if let Some(writer) = &batch.writer {
            advance(tx, writer, digest, now).await?;
        }
        for facts in &batch.runs {
            param::put(tx, facts.run_id.as_str(), &facts.params).await?;
            tag::put_run(tx, facts.run_id.as_str(), &facts.tags).await?;
        }
        for series in batch.series.iter().filter(|series| !series.steps.is_empty()) {
            let name = (series.run_id.clone(), series.key.clone(), context_text(&series.context));
            let into = points.entry(name).or_default();
            into.steps.extend_from_slice(&series.steps);
            into.times_ms.extend_from_slice(&series.times_ms);
            into.values.extend(series.values.iter().map(|value| value.0));
        }
        for id in run_ids(batch) {
            changed.extend(standings[id].map(|standing| (id.clone(), standing)));
        }
        answers.push(Ok(IngestReceipt { points: batch.point_count() as i64, replayed: false }));
    }
    for (name, points) in &points {
        add_points(tx, name, points).await?;
    }
    for (id, standing) in &changed {
        run::touch(tx, id, standing.ended, now).await?;
    }
    let changed = changed.into_iter().map(|(id, standing)| (id, standing.experiment_id)).collect();
    Ok(Applied { answers, changed })
}

fn run_ids(batch: &IngestBatch) -> impl Iterator<Item = &RunId> {
    batch.series.iter().map(|series| &series.run_id).chain(batch.runs.iter().map(|facts| &facts.run_id))
}

/// Reads only: the answer of a batch that is not to be applied, because it was before or because it may not be.
async fn check(
    tx: &mut Tx,
    batch: &IngestBatch,
    digest: &str,
    standings: &mut HashMap<RunId, Option<Standing>>,
) -> Result<Option<Result<IngestReceipt, Rejection>>> {
    if let Some(writer) = &batch.writer
        && let Some((sequence, last_digest)) = last_batch(tx, &writer.id).await?
        && writer.sequence <= sequence
    {
        if writer.sequence == sequence && last_digest != digest {
            return Ok(Some(Err(Rejection::SequenceReused { sequence })));
        }
        return Ok(Some(Ok(IngestReceipt { points: batch.point_count() as i64, replayed: true })));
    }
    for id in run_ids(batch) {
        if !standings.contains_key(id) {
            let standing = run::standing(tx, id).await?;
            standings.insert(id.clone(), standing);
        }
        if standings[id].is_none() {
            return Ok(Some(Err(Rejection::NoSuchRun(id.clone()))));
        }
    }
    for facts in batch.runs.iter().filter(|facts| !facts.params.is_empty()) {
        let count = param::count(tx, facts.run_id.as_str()).await?;
        if count as usize + facts.params.len() > limits::PARAMS_PER_RUN_MAX {
            return Ok(Some(Err(Rejection::TooManyParams(facts.run_id.clone()))));
        }
    }
    Ok(None)
}

// Taking the row's lock: on PostgreSQL another server may hold an earlier try of the very batch.
const WRITER_LOCK: &str = "
    INSERT INTO writer (id, sequence, digest, updated_at_ms) VALUES ($1, -1, '', 0)
    ON CONFLICT (id) DO UPDATE SET id = excluded.id
    RETURNING sequence, digest";

async fn last_batch(tx: &mut Tx, writer: &str) -> Result<Option<(i64, String)>> {
    let (sequence, digest): (i64, String) =
        on!(tx, c => sqlx::query_as(WRITER_LOCK).bind(writer).fetch_one(c).await)?;
    Ok((sequence >= 0).then_some((sequence, digest)))
}

const WRITER_ADVANCE: &str = "UPDATE writer SET sequence = $2, digest = $3, updated_at_ms = $4 WHERE id = $1";

async fn advance(tx: &mut Tx, writer: &Writer, digest: &str, now: UnixMillis) -> Result<()> {
    on!(tx, c => sqlx::query(WRITER_ADVANCE)
        .bind(&writer.id)
        .bind(writer.sequence)
        .bind(digest)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct SeriesRow {
    id: i64,
    run_id: String,
    key: String,
    context: String,
    count: i64,
    non_finite_count: i64,
    first_step: i64,
    last_step: i64,
    last_time_ms: i64,
    last_bits: i64,
    min_value: Option<f64>,
    min_step: Option<i64>,
    max_value: Option<f64>,
    max_step: Option<i64>,
    sum_bits: i64,
    tail_number: i64,
    tail_count: i64,
}

impl SeriesRow {
    fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            non_finite_count: self.non_finite_count,
            first_step: self.first_step,
            last_step: self.last_step,
            last_time_ms: self.last_time_ms,
            last: from_bits(self.last_bits),
            min: self.min_value.zip(self.min_step),
            max: self.max_value.zip(self.max_step),
            sum: from_bits(self.sum_bits),
        }
    }

    fn into_metric(self) -> Result<MetricSummary> {
        let summary = self.summary();
        Ok(MetricSummary {
            context: read_context(&self.context)?,
            key: self.key,
            count: summary.count,
            non_finite_count: summary.non_finite_count,
            first_step: summary.first_step,
            last_step: summary.last_step,
            last_time_ms: UnixMillis(summary.last_time_ms),
            last: Float64(summary.last),
            min: summary.min.map(|(value, _)| Float64(value)),
            min_step: summary.min.map(|(_, step)| step),
            max: summary.max.map(|(value, _)| Float64(value)),
            max_step: summary.max.map(|(_, step)| step),
            mean: summary.mean().map(Float64),
        })
    }
}

/// A double as the integer of the same 64 bits, which every database keeps exactly.
fn to_bits(value: f64) -> i64 {
    value.to_bits().cast_signed()
}

fn from_bits(bits: i64) -> f64 {
    f64::from_bits(bits.cast_unsigned())
}

// Makes the row or locks it, and answers what it holds: one statement on either database.
const SERIES_LOCK: &str = "
    INSERT INTO series (run_id, key, context, count, non_finite_count, first_step, last_step, last_time_ms,
        last_bits, sum_bits, tail_number, tail_count)
    VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    ON CONFLICT (run_id, key, context) DO UPDATE SET key = excluded.key
    RETURNING *";

const SERIES_SET: &str = "
    UPDATE series SET count = $2, non_finite_count = $3, first_step = $4, last_step = $5, last_time_ms = $6,
        last_bits = $7, last_value = $8, min_value = $9, min_step = $10, max_value = $11, max_step = $12,
        sum_bits = $13, tail_number = $14, tail_count = $15
    WHERE id = $1";

const SEGMENT_DATA: &str = "SELECT data FROM segment WHERE series_id = $1 AND number = $2";

const SEGMENT_PUT: &str = "
    INSERT INTO segment (series_id, number, count, step_min, step_max, data) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (series_id, number) DO UPDATE SET count = excluded.count, step_min = excluded.step_min,
        step_max = excluded.step_max, data = excluded.data";

/// Adds points to one series: into its open tail where they fit, else as new segments.
async fn add_points(tx: &mut Tx, (run_id, key, context): &SeriesName, points: &Points) -> Result<()> {
    let mut row: SeriesRow = on!(tx, c => sqlx::query_as(SERIES_LOCK)
        .bind(run_id.as_str())
        .bind(key)
        .bind(context)
        .fetch_one(c)
        .await)?;
    let mut summary = row.summary();
    summary.add(points);

    let mut gathered = Points::default();
    if row.tail_count > 0 && row.tail_count as usize + points.steps.len() <= TAIL_POINTS_MAX {
        let (data,): (Vec<u8>,) = on!(tx, c => sqlx::query_as(SEGMENT_DATA)
            .bind(row.id)
            .bind(row.tail_number)
            .fetch_one(c)
            .await)?;
        gathered = decode(&data)?;
    } else if row.tail_count > 0 {
        row.tail_number += 1;
    }
    segment::append(&mut gathered, points);
    let chunks = gathered.steps.len().div_ceil(limits::SEGMENT_POINTS_MAX);
    for chunk in 0..chunks {
        let rows = chunk * limits::SEGMENT_POINTS_MAX
            ..gathered.steps.len().min((chunk + 1) * limits::SEGMENT_POINTS_MAX);
        row.tail_number += i64::from(chunk > 0);
        row.tail_count = rows.len() as i64;
        put_segment(tx, row.id, row.tail_number, &slice(&gathered, rows)).await?;
    }
    on!(tx, c => sqlx::query(SERIES_SET)
        .bind(row.id)
        .bind(summary.count)
        .bind(summary.non_finite_count)
        .bind(summary.first_step)
        .bind(summary.last_step)
        .bind(summary.last_time_ms)
        .bind(to_bits(summary.last))
        .bind(Some(summary.last).filter(|value| value.is_finite()))
        .bind(summary.min.map(|(value, _)| value))
        .bind(summary.min.map(|(_, step)| step))
        .bind(summary.max.map(|(value, _)| value))
        .bind(summary.max.map(|(_, step)| step))
        .bind(to_bits(summary.sum))
        .bind(row.tail_number)
        .bind(row.tail_count)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

fn slice(points: &Points, rows: std::ops::Range<usize>) -> Points {
    Points {
        steps: points.steps[rows.clone()].to_vec(),
        times_ms: points.times_ms[rows.clone()].to_vec(),
        values: points.values[rows].to_vec(),
    }
}

async fn put_segment(tx: &mut Tx, series_id: i64, number: i64, points: &Points) -> Result<()> {
    let step_min = points.steps.iter().min().copied().unwrap_or_default();
    let step_max = points.steps.iter().max().copied().unwrap_or_default();
    on!(tx, c => sqlx::query(SEGMENT_PUT)
        .bind(series_id)
        .bind(number)
        .bind(points.steps.len() as i64)
        .bind(step_min)
        .bind(step_max)
        .bind(segment::encode(points))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

fn decode(data: &[u8]) -> Result<Points> {
    segment::decode(data).map_err(|error| Error::Corrupt(error.to_string()))
}

/// The same context is the same text: keys in order, empty for none.
fn context_text(context: &Context) -> String {
    if context.is_empty() {
        return String::new();
    }
    serde_json::to_string(context).expect("a map of texts is JSON")
}

fn read_context(text: &str) -> Result<Context> {
    if text.is_empty() {
        return Ok(Context::default());
    }
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("series context: {error}")))
}

const SUMMARIES: &str = "SELECT * FROM series WHERE run_id = $1 ORDER BY key, context";

/// Summaries of every metric of a run, by key.
pub async fn summaries(db: &Db, run_id: &RunId) -> Result<Vec<MetricSummary>> {
    let mut conn = db.read().await?;
    let rows: Vec<SeriesRow> =
        on!(conn, c => sqlx::query_as(SUMMARIES).bind(run_id.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(SeriesRow::into_metric).collect()
}

/// Summaries of several runs without context, at most `keys_max` different keys: those that most runs have.
pub async fn summaries_of_runs(
    db: &Db,
    run_ids: &[RunId],
    keys_max: i64,
) -> Result<HashMap<String, Vec<MetricSummary>>> {
    let mut conn = db.read().await?;
    let ids = || run_ids.iter().map(RunId::as_str);
    let mut query = Statement::default();
    query
        .push("SELECT * FROM series WHERE context = '' AND run_id IN ")
        .bind_list(ids())
        .push(" AND key IN (SELECT key FROM series WHERE context = '' AND run_id IN ")
        .bind_list(ids())
        .push(" GROUP BY key ORDER BY COUNT(*) DESC, key LIMIT ")
        .bind(keys_max)
        .push(")");
    let rows: Vec<SeriesRow> = fetch_all!(conn, query)?;
    let mut metrics: HashMap<String, Vec<MetricSummary>> = HashMap::new();
    for row in rows {
        metrics.entry(row.run_id.clone()).or_default().push(row.into_metric()?);
    }
    Ok(metrics)
}

/// A series as found: its name, how many points it has, and where they lie.
#[derive(Clone, Debug)]
pub struct FoundSeries {
    id: i64,
    pub run_id: RunId,
    pub key: String,
    pub context: Context,
    pub count: i64,
}

/// The series of these runs with these keys (every key when none is given), in order of run, key and context.
pub async fn find_series(
    db: &Db,
    run_ids: &[RunId],
    keys: &[String],
    series_max: i64,
) -> Result<Vec<FoundSeries>> {
    let mut conn = db.read().await?;
    let mut query = Statement::default();
    query.push("SELECT id, run_id, key, context, count FROM series WHERE run_id IN ");
    query.bind_list(run_ids.iter().map(RunId::as_str));
    if !keys.is_empty() {
        query.push(" AND key IN ").bind_list(keys.iter().map(String::as_str));
    }
    query.push(" ORDER BY run_id, key, context LIMIT ").bind(series_max);
    let rows: Vec<(i64, String, String, String, i64)> = fetch_all!(conn, query)?;
    rows.into_iter()
        .map(|(id, run_id, key, context, count)| {
            let run_id = run_id.parse().map_err(|error: model::Error| Error::Corrupt(error.to_string()))?;
            Ok(FoundSeries { id, run_id, key, context: read_context(&context)?, count })
        })
        .collect()
}

const SEGMENTS: &str = "
    SELECT data FROM segment WHERE series_id = $1 AND step_max >= $2 AND step_min <= $3 ORDER BY number";

/// The points of a series from one step to another, both included, in order of step.
pub async fn points(db: &Db, series: &FoundSeries, step_min: i64, step_max: i64) -> Result<Points> {
    let mut conn = db.read().await?;
    let blobs: Vec<(Vec<u8>,)> = on!(conn, c => sqlx::query_as(SEGMENTS)
        .bind(series.id)
        .bind(step_min)
        .bind(step_max)
        .fetch_all(c)
        .await)?;
    let mut points = Points::default();
    for (blob,) in blobs {
        segment::append(&mut points, &decode(&blob)?);
    }
    segment::sort_by_step(&mut points);
    let start = points.steps.partition_point(|&step| step < step_min);
    let end = points.steps.partition_point(|&step| step <= step_max);
    Ok(if start == 0 && end == points.steps.len() { points } else { slice(&points, start..end) })
}
