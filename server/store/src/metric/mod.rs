//! Metrics: batches into segments and summaries, and back.
//!
//! `apply` takes a group of batches in one transaction; `sequence` tells a replay from news; `segment` adds points to
//! a series and merges what has become many small pieces; in `bundle` the smallest wait for each other; `read` answers
//! lists and charts.

mod apply;
mod bundle;
mod read;
mod segment;
mod sequence;

pub use apply::{Applied, PreparedBatch, Rejection, apply};
pub(crate) use bundle::Waiting;
#[cfg(test)]
pub(crate) use read::mean_values;
pub use read::{
    FoundSeries, SegmentPlace, Snapshot, find_series, last_values_of_runs, stats_of_runs, summaries,
    summaries_in_contexts, summaries_of_runs,
};
pub use segment::seal;

use crate::{Error, Result};
use ::segment::Summary;
use model::{
    Float64, UnixMillis,
    metric::{Context, Kind, MetricSummary},
    series::{Points, Texts},
};

/// Segments of a series are numbered within this many bits of their id; see `segment_id`.
const NUMBER_BITS: u32 = 28;

/// The id of a segment: those of one series follow each other in the order of writing, which keeps them on
/// neighbouring pages. Merging frees numbers again, so that they do not run out.
fn segment_id(series_id: i64, number: i64) -> i64 {
    (series_id << NUMBER_BITS) | number
}

/// A series as the database has it, without its points.
#[derive(Clone, Debug, sqlx::FromRow)]
struct SeriesRow {
    id: i64,
    run_id: String,
    key: String,
    context: String,
    kind: String,
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
    last_number: i64,
    small_count: i64,
}

/// The columns of [`SeriesRow`], of a table or alias `s`.
macro_rules! series_columns {
    () => {
        "s.id, s.run_id, s.key, s.context, s.kind, s.count, s.non_finite_count, s.first_step, s.last_step, \
         s.last_time_ms, s.last_bits, s.min_value, s.min_step, s.max_value, s.max_step, s.sum_bits, s.last_number, \
         s.small_count"
    };
}
pub(crate) use series_columns;

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

    fn kind(&self) -> Result<Kind> {
        match self.kind.as_str() {
            "number" => Ok(Kind::Number),
            "text" => Ok(Kind::Text),
            "bytes" => Ok(Kind::Bytes),
            other => Err(Error::Corrupt(format!("series of kind {other}"))),
        }
    }

    fn into_metric(self) -> Result<MetricSummary> {
        let (summary, kind) = (self.summary(), self.kind()?);
        Ok(MetricSummary {
            context: read_context(&self.context)?,
            kind,
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
            mean: summary.mean().filter(|_| kind == Kind::Number).map(Float64),
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

/// Segments of one series, given in the order of writing, put together in order of step. Each blob is dropped once it is
/// read.
fn join(blobs: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<Points> {
    let mut points = Points::default();
    for blob in blobs {
        ::segment::append(&mut points, &::segment::decode(blob.as_ref()).map_err(corrupt)?);
    }
    ::segment::sort_by_step(&mut points);
    Ok(points)
}

/// The same for texts.
fn join_texts(blobs: impl Iterator<Item = impl AsRef<[u8]>>, are_bytes: bool) -> Result<Texts> {
    let mut texts = Texts { are_bytes, ..Texts::default() };
    for blob in blobs {
        let mut more = ::segment::decode_texts(blob.as_ref(), are_bytes).map_err(corrupt)?;
        texts.steps.append(&mut more.steps);
        texts.times_ms.append(&mut more.times_ms);
        texts.values.append(&mut more.values);
    }
    ::segment::sort_texts_by_step(&mut texts);
    Ok(texts)
}

fn corrupt(error: ::segment::DecodeError) -> Error {
    Error::Corrupt(error.to_string())
}
