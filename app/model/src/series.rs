//! Series on the wire: columns of little-endian numbers that the browser and the client read without parsing text.
//!
//! ```text
//! "TWS1"  u32 number of series
//! series  16 bytes run id | u32 columns (0 = points, 1 = buckets) | u32 rows n | u64 points behind the rows
//!         u32 length of the key | u32 pairs of context | key | per pair: u32 length, key, u32 length, value
//!         zero bytes up to a multiple of 8 from the start of the answer
//!         the columns, n × 8 bytes each, in the order of `Points` or `Buckets` below
//! ```
//! All integers are little-endian; steps, times and counts are i64, values IEEE 754 doubles, bit for bit as logged.

use crate::{Error, RunId, limits, metric::Context};
use serde::{Deserialize, Serialize};

pub const MIME: &str = "application/vnd.trackway.series";
const MAGIC: &[u8; 4] = b"TWS1";

/// Which series, which part of them, how finely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SeriesQuery {
    /// Repeat for several runs.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub run: Vec<RunId>,
    /// Repeat for several metrics; none: every metric of the runs.
    #[serde(default)]
    pub key: Vec<String>,
    /// Only points from this step on.
    #[serde(default)]
    pub step_min: Option<i64>,
    /// Only points up to and including this step.
    #[serde(default)]
    pub step_max: Option<i64>,
    /// At most so many rows a series, as buckets where there are more points. Without it: every point.
    #[serde(default)]
    pub buckets: Option<u32>,
}

impl SeriesQuery {
    pub fn check(&self) -> Result<(), Error> {
        if self.run.is_empty() {
            return Err(Error::invalid("run", "expected at least one run id"));
        }
        if self.run.len().saturating_mul(self.key.len().max(1)) > limits::SERIES_PER_QUERY_MAX {
            let expected = format!("at most {} series in one request", limits::SERIES_PER_QUERY_MAX);
            return Err(Error::too_large("key", expected));
        }
        if let Some(buckets) = self.buckets
            && !(1..=limits::BUCKETS_MAX).contains(&buckets)
        {
            return Err(Error::invalid("buckets", format!("expected 1 to {}", limits::BUCKETS_MAX)));
        }
        Ok(())
    }
}

/// One series of an answer, ordered by step, equal steps in the order they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub run_id: RunId,
    pub key: String,
    pub context: Context,
    /// Points that stand behind the rows: more than the rows when they are buckets.
    pub total: u64,
    pub columns: Columns,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Columns {
    Points(Points),
    Buckets(Buckets),
}

/// Every point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub steps: Vec<i64>,
    pub times_ms: Vec<i64>,
    pub values: Vec<f64>,
}

/// Neighbouring points drawn together. `min`, `max` and `mean` are over finite values, NaN when a bucket has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub first_steps: Vec<i64>,
    pub last_steps: Vec<i64>,
    pub first_times_ms: Vec<i64>,
    pub last_times_ms: Vec<i64>,
    pub first: Vec<f64>,
    pub last: Vec<f64>,
    pub min: Vec<f64>,
    pub max: Vec<f64>,
    pub mean: Vec<f64>,
    pub counts: Vec<i64>,
    pub non_finite_counts: Vec<i64>,
}

impl Columns {
    pub fn rows(&self) -> usize {
        match self {
            Self::Points(points) => points.steps.len(),
            Self::Buckets(buckets) => buckets.counts.len(),
        }
    }
}

/// Writes an answer.
pub fn encode(series: &[Series]) -> Vec<u8> {
    let mut out = Vec::with_capacity(
        8 + series.iter().map(|one| 64 + one.key.len() + one.columns.rows() * 88).sum::<usize>(),
    );
    out.extend_from_slice(MAGIC);
    put_u32(&mut out, series.len());
    for one in series {
        out.extend_from_slice(&run_id_bytes(&one.run_id));
        put_u32(&mut out, usize::from(matches!(one.columns, Columns::Buckets(_))));
        put_u32(&mut out, one.columns.rows());
        out.extend_from_slice(&one.total.to_le_bytes());
        put_u32(&mut out, one.key.len());
        put_u32(&mut out, one.context.0.len());
        out.extend_from_slice(one.key.as_bytes());
        for text in one.context.0.iter().flat_map(|(key, value)| [key, value]) {
            put_u32(&mut out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        out.resize(out.len().next_multiple_of(8), 0);
        match &one.columns {
            Columns::Points(points) => {
                put_i64s(&mut out, &points.steps);
                put_i64s(&mut out, &points.times_ms);
                put_f64s(&mut out, &points.values);
            }
            Columns::Buckets(buckets) => {
                put_i64s(&mut out, &buckets.first_steps);
                put_i64s(&mut out, &buckets.last_steps);
                put_i64s(&mut out, &buckets.first_times_ms);
                put_i64s(&mut out, &buckets.last_times_ms);
                put_f64s(&mut out, &buckets.first);
                put_f64s(&mut out, &buckets.last);
                put_f64s(&mut out, &buckets.min);
                put_f64s(&mut out, &buckets.max);
                put_f64s(&mut out, &buckets.mean);
                put_i64s(&mut out, &buckets.counts);
                put_i64s(&mut out, &buckets.non_finite_counts);
            }
        }
    }
    out
}

/// Reads an answer; `None` when the bytes are not one.
pub fn decode(bytes: &[u8]) -> Option<Vec<Series>> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != MAGIC {
        return None;
    }
    let count = reader.u32()?;
    let mut series = Vec::new();
    for _ in 0..count {
        let run_id = RunId::from_bytes(reader.take(16)?.try_into().ok()?);
        let bucketed = reader.u32()? == 1;
        let rows = reader.u32()?;
        let total = reader.take(8)?.try_into().map(u64::from_le_bytes).ok()?;
        let key_len = reader.u32()?;
        let pairs = reader.u32()?;
        let key = reader.text(key_len)?;
        let mut context = Context::default();
        for _ in 0..pairs {
            let len = reader.u32()?;
            let name = reader.text(len)?;
            let len = reader.u32()?;
            context.0.insert(name, reader.text(len)?);
        }
        reader.at = reader.at.next_multiple_of(8);
        let columns = if bucketed {
            Columns::Buckets(Buckets {
                first_steps: reader.i64s(rows)?,
                last_steps: reader.i64s(rows)?,
                first_times_ms: reader.i64s(rows)?,
                last_times_ms: reader.i64s(rows)?,
                first: reader.f64s(rows)?,
                last: reader.f64s(rows)?,
                min: reader.f64s(rows)?,
                max: reader.f64s(rows)?,
                mean: reader.f64s(rows)?,
                counts: reader.i64s(rows)?,
                non_finite_counts: reader.i64s(rows)?,
            })
        } else {
            Columns::Points(Points {
                steps: reader.i64s(rows)?,
                times_ms: reader.i64s(rows)?,
                values: reader.f64s(rows)?,
            })
        };
        series.push(Series { run_id, key, context, total, columns });
    }
    (reader.at == bytes.len()).then_some(series)
}

fn run_id_bytes(id: &RunId) -> [u8; 16] {
    u128::from_str_radix(id.as_str(), 16).expect("a RunId is 32 hex digits").to_be_bytes()
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).expect("limits.rs keeps rows below 2^32").to_le_bytes());
}

fn put_i64s(out: &mut Vec<u8>, column: &[i64]) {
    out.extend(column.iter().flat_map(|number| number.to_le_bytes()));
}

fn put_f64s(out: &mut Vec<u8>, column: &[f64]) {
    out.extend(column.iter().flat_map(|number| number.to_le_bytes()));
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        let slice = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(slice)
    }

    fn u32(&mut self) -> Option<usize> {
        let number = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        usize::try_from(number).ok()
    }

    fn text(&mut self, len: usize) -> Option<String> {
        String::from_utf8(self.take(len)?.to_vec()).ok()
    }

    fn words(&mut self, rows: usize) -> Option<impl Iterator<Item = [u8; 8]> + use<'a>> {
        let slice = self.take(rows.checked_mul(8)?)?;
        Some(slice.chunks_exact(8).map(|word| word.try_into().expect("chunks of 8")))
    }

    fn i64s(&mut self, rows: usize) -> Option<Vec<i64>> {
        Some(self.words(rows)?.map(i64::from_le_bytes).collect())
    }

    fn f64s(&mut self, rows: usize) -> Option<Vec<f64>> {
        Some(self.words(rows)?.map(f64::from_le_bytes).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<Series> {
        let run_id: RunId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let points =
            Points { steps: vec![-1, i64::MAX], times_ms: vec![0, 1], values: vec![-0.0, f64::INFINITY] };
        let buckets = Buckets {
            first_steps: vec![0],
            last_steps: vec![9],
            first_times_ms: vec![5],
            last_times_ms: vec![6],
            first: vec![1.0],
            last: vec![2.0],
            min: vec![0.5],
            max: vec![3.0],
            mean: vec![1.5],
            counts: vec![10],
            non_finite_counts: vec![1],
        };
        let context = Context([("subset".to_owned(), "val".to_owned())].into());
        vec![
            Series {
                run_id: run_id.clone(),
                key: "lo\u{df}".into(),
                context,
                total: 2,
                columns: Columns::Points(points),
            },
            Series {
                run_id,
                key: "b".into(),
                context: Context::default(),
                total: 10,
                columns: Columns::Buckets(buckets),
            },
        ]
    }

    #[test]
    fn an_answer_reads_back_as_written() {
        let bytes = encode(&example());
        assert_eq!(decode(&bytes), Some(example()));
        assert_eq!(decode(&encode(&[])), Some(vec![]));
    }

    #[test]
    fn a_damaged_answer_is_refused_without_a_panic() {
        let bytes = encode(&example());
        for len in 0..bytes.len() {
            assert_eq!(decode(&bytes[..len]), None, "{len}");
        }
        let mut huge = bytes.clone();
        huge[28..32].fill(0xff);
        assert_eq!(decode(&huge), None);
    }
}
