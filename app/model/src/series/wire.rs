//! Series on the wire: columns of little-endian numbers that the browser and the client read without parsing text.
//!
//! ```text
//! "TWS2"  u32 number of series
//! series  16 bytes run id | u32 kind (0 points, 1 buckets, 2 group, 3 texts, 4 bytes) | u32 group or 2³² − 1
//!         u64 points behind the rows | u32 rows n | u32 columns
//!         u32 length of the key | u32 pairs of context | key | per pair: u32 length, key, u32 length, value
//!         zero bytes up to a multiple of 8 from the start of the answer
//! column  u32 what it is (see `Column`) | u32 zero | n × 8 bytes
//! text    after the columns of kind 3 and 4: n ends as a column, then the bytes up to the last end, padded to 8
//! ```
//! All integers are little-endian; steps, times and counts are i64, values IEEE 754 doubles, bit for bit as logged.
//! A reader skips columns that it does not know.

use super::{Buckets, Columns, Extra, Group, Points, Series, Texts};
use crate::{RunId, metric::Context};

pub const MIME: &str = "application/vnd.trackway.series";
const MAGIC: &[u8; 4] = b"TWS2";
const NO_GROUP: u32 = u32::MAX;

/// What a column holds, by its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Column {
    Step = 1,
    TimeMs = 2,
    Value = 3,
    LastStep = 4,
    LastTimeMs = 5,
    Last = 6,
    Min = 7,
    Max = 8,
    Mean = 9,
    Count = 10,
    NonFiniteCount = 11,
    X = 12,
    LastX = 13,
    Smooth = 14,
    SmoothMin = 15,
    SmoothMax = 16,
    Center = 17,
    Low = 18,
    High = 19,
    Members = 20,
    TextEnd = 21,
}

enum Numbers<'a> {
    Ints(&'a [i64]),
    Floats(&'a [f64]),
}

impl Numbers<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Ints(numbers) => numbers.is_empty(),
            Self::Floats(numbers) => numbers.is_empty(),
        }
    }
}

/// The columns of a series as they are written, empty ones left out.
fn columns(series: &Series) -> Vec<(Column, Numbers<'_>)> {
    use Numbers::{Floats, Ints};
    let mut columns = match &series.columns {
        Columns::Points(points) => vec![
            (Column::Step, Ints(&points.steps)),
            (Column::TimeMs, Ints(&points.times_ms)),
            (Column::Value, Floats(&points.values)),
        ],
        Columns::Buckets(buckets) => vec![
            (Column::Step, Ints(&buckets.first_steps)),
            (Column::LastStep, Ints(&buckets.last_steps)),
            (Column::TimeMs, Ints(&buckets.first_times_ms)),
            (Column::LastTimeMs, Ints(&buckets.last_times_ms)),
            (Column::Value, Floats(&buckets.first)),
            (Column::Last, Floats(&buckets.last)),
            (Column::Min, Floats(&buckets.min)),
            (Column::Max, Floats(&buckets.max)),
            (Column::Mean, Floats(&buckets.mean)),
            (Column::Count, Ints(&buckets.counts)),
            (Column::NonFiniteCount, Ints(&buckets.non_finite_counts)),
        ],
        Columns::Group(group) => vec![
            (Column::X, Floats(&group.first_xs)),
            (Column::LastX, Floats(&group.last_xs)),
            (Column::Center, Floats(&group.center)),
            (Column::Low, Floats(&group.low)),
            (Column::High, Floats(&group.high)),
            (Column::Members, Ints(&group.members)),
            (Column::Count, Ints(&group.counts)),
        ],
        Columns::Texts(texts) => {
            vec![(Column::Step, Ints(&texts.steps)), (Column::TimeMs, Ints(&texts.times_ms))]
        }
    };
    let extra = &series.extra;
    columns.extend([
        (Column::X, Floats(&extra.xs)),
        (Column::LastX, Floats(&extra.last_xs)),
        (Column::Smooth, Floats(&extra.smooth)),
        (Column::SmoothMin, Floats(&extra.smooth_min)),
        (Column::SmoothMax, Floats(&extra.smooth_max)),
    ]);
    columns.retain(|(_, numbers)| !numbers.is_empty());
    columns
}

fn kind(columns: &Columns) -> u32 {
    match columns {
        Columns::Points(_) => 0,
        Columns::Buckets(_) => 1,
        Columns::Group(_) => 2,
        Columns::Texts(texts) => 3 + u32::from(texts.are_bytes),
    }
}

/// Writes an answer.
pub fn encode(series: &[Series]) -> Vec<u8> {
    let capacity = series.iter().map(|one| 128 + one.key.len() + one.columns.rows() * 128).sum::<usize>();
    let mut out = Vec::with_capacity(capacity + 8);
    out.extend_from_slice(MAGIC);
    put_u32(&mut out, series.len());
    for one in series {
        let columns = columns(one);
        out.extend_from_slice(&one.run_id.to_bytes());
        out.extend_from_slice(&kind(&one.columns).to_le_bytes());
        out.extend_from_slice(&one.group.unwrap_or(NO_GROUP).to_le_bytes());
        out.extend_from_slice(&one.total.to_le_bytes());
        put_u32(&mut out, one.columns.rows());
        put_u32(&mut out, columns.len());
        put_u32(&mut out, one.key.len());
        put_u32(&mut out, one.context.0.len());
        out.extend_from_slice(one.key.as_bytes());
        for text in one.context.0.iter().flat_map(|(key, value)| [key, value]) {
            put_u32(&mut out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        pad(&mut out);
        for (column, numbers) in columns {
            put_column(&mut out, column, &numbers);
        }
        if let Columns::Texts(texts) = &one.columns {
            let ends: Vec<i64> = ends(&texts.values).collect();
            put_column(&mut out, Column::TextEnd, &Numbers::Ints(&ends));
            texts.values.iter().for_each(|value| out.extend_from_slice(value));
            pad(&mut out);
        }
    }
    out
}

fn ends(values: &[Vec<u8>]) -> impl Iterator<Item = i64> {
    values.iter().scan(0, |end, value| {
        *end += value.len() as i64;
        Some(*end)
    })
}

fn put_column(out: &mut Vec<u8>, column: Column, numbers: &Numbers<'_>) {
    out.extend_from_slice(&(column as u32).to_le_bytes());
    put_u32(out, 0);
    match numbers {
        Numbers::Ints(numbers) => out.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
        Numbers::Floats(numbers) => out.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
    }
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).expect("limits.rs keeps rows below 2^32").to_le_bytes());
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
        series.push(decode_one(&mut reader)?);
    }
    (reader.at == bytes.len()).then_some(series)
}

fn decode_one(reader: &mut Reader<'_>) -> Option<Series> {
    let run_id = RunId::from_bytes(reader.take(16)?.try_into().ok()?);
    let kind = reader.u32()?;
    let group = u32::from_le_bytes(reader.take(4)?.try_into().ok()?);
    let total = u64::from_le_bytes(reader.take(8)?.try_into().ok()?);
    let rows = reader.u32()?;
    let columns = reader.u32()?;
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
    reader.pad()?;
    let mut held = Held { rows, columns: Vec::new() };
    for _ in 0..columns {
        held.columns.push(reader.column(rows)?);
    }
    let columns = match kind {
        0 => Columns::Points(Points {
            steps: held.ints(Column::Step)?,
            times_ms: held.ints(Column::TimeMs)?,
            values: held.floats(Column::Value)?,
        }),
        1 => Columns::Buckets(Buckets {
            first_steps: held.ints(Column::Step)?,
            last_steps: held.ints(Column::LastStep)?,
            first_times_ms: held.ints(Column::TimeMs)?,
            last_times_ms: held.ints(Column::LastTimeMs)?,
            first: held.floats(Column::Value)?,
            last: held.floats(Column::Last)?,
            min: held.floats(Column::Min)?,
            max: held.floats(Column::Max)?,
            mean: held.floats(Column::Mean)?,
            counts: held.ints(Column::Count)?,
            non_finite_counts: held.ints(Column::NonFiniteCount)?,
        }),
        2 => Columns::Group(Group {
            first_xs: held.floats(Column::X)?,
            last_xs: held.floats(Column::LastX)?,
            center: held.floats(Column::Center)?,
            low: held.floats(Column::Low)?,
            high: held.floats(Column::High)?,
            members: held.ints(Column::Members)?,
            counts: held.ints(Column::Count)?,
        }),
        3 | 4 => Columns::Texts(Texts {
            steps: held.ints(Column::Step)?,
            times_ms: held.ints(Column::TimeMs)?,
            values: reader.texts(rows)?,
            are_bytes: kind == 4,
        }),
        _ => return None,
    };
    let extra = if kind == 2 {
        Extra::default()
    } else {
        Extra {
            xs: held.floats(Column::X).unwrap_or_default(),
            last_xs: held.floats(Column::LastX).unwrap_or_default(),
            smooth: held.floats(Column::Smooth).unwrap_or_default(),
            smooth_min: held.floats(Column::SmoothMin).unwrap_or_default(),
            smooth_max: held.floats(Column::SmoothMax).unwrap_or_default(),
        }
    };
    let group = (group != NO_GROUP).then_some(group);
    Some(Series { run_id, group, key, context, total, columns, extra })
}

/// The columns of one series, still as bytes.
struct Held<'a> {
    rows: usize,
    columns: Vec<(u32, &'a [[u8; 8]])>,
}

impl<'a> Held<'a> {
    /// An empty series has no columns at all.
    fn words(&self, column: Column) -> Option<&'a [[u8; 8]]> {
        if self.rows == 0 {
            return Some(&[]);
        }
        self.columns.iter().find(|(name, _)| *name == column as u32).map(|(_, words)| *words)
    }

    fn ints(&self, column: Column) -> Option<Vec<i64>> {
        Some(self.words(column)?.iter().map(|word| i64::from_le_bytes(*word)).collect())
    }

    fn floats(&self, column: Column) -> Option<Vec<f64>> {
        Some(self.words(column)?.iter().map(|word| f64::from_le_bytes(*word)).collect())
    }
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

    fn pad(&mut self) -> Option<()> {
        self.take(self.at.next_multiple_of(8) - self.at).map(drop)
    }

    fn u32(&mut self) -> Option<usize> {
        let number = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        usize::try_from(number).ok()
    }

    fn text(&mut self, len: usize) -> Option<String> {
        String::from_utf8(self.take(len)?.to_vec()).ok()
    }

    fn column(&mut self, rows: usize) -> Option<(u32, &'a [[u8; 8]])> {
        let name = u32::try_from(self.u32()?).ok()?;
        self.u32()?;
        let (words, _) = self.take(rows.checked_mul(8)?)?.as_chunks::<8>();
        Some((name, words))
    }

    fn texts(&mut self, rows: usize) -> Option<Vec<Vec<u8>>> {
        let (_, ends) = self.column(rows)?;
        let mut start = 0;
        let mut values = Vec::new();
        for end in ends {
            let end = usize::try_from(i64::from_le_bytes(*end)).ok()?;
            values.push(self.take(end.checked_sub(start)?)?.to_vec());
            start = end;
        }
        self.pad()?;
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<Series> {
        let run_id: RunId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let plain = |key: &str, columns: Columns| Series {
            run_id: run_id.clone(),
            group: None,
            key: key.into(),
            context: Context::default(),
            total: 10,
            columns,
            extra: Extra::default(),
        };
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
        let group = Group {
            first_xs: vec![0.0],
            last_xs: vec![7.0],
            center: vec![1.0],
            low: vec![0.5],
            high: vec![1.5],
            members: vec![3],
            counts: vec![24],
        };
        let texts = Texts {
            steps: vec![1, 2],
            times_ms: vec![3, 4],
            values: vec![b"one".to_vec(), Vec::new()],
            are_bytes: false,
        };
        let mut labelled = plain("lo\u{df}", Columns::Points(points));
        labelled.context = Context([("subset".to_owned(), "val".to_owned())].into());
        labelled.extra.xs = vec![0.5, 1.5];
        let mut bucketed = plain("b", Columns::Buckets(buckets));
        bucketed.extra.smooth = vec![1.25];
        let mut grouped = plain("g", Columns::Group(group));
        grouped.group = Some(2);
        let empty = plain("none", Columns::Points(Points::default()));
        vec![labelled, bucketed, grouped, plain("t", Columns::Texts(texts)), empty]
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
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            let _ = decode(&changed);
        }
    }
}
