//! A batch as bytes: what `POST /api/v1/ingest` takes beside JSON, at a third of the size and a tenth of the work.
//!
//! ```text
//! "TWB1"  u32 length of the head | u32 number of series | u32 zero
//! head    JSON with `writer` and `runs` as in the JSON form of a batch; zero bytes up to a multiple of 8
//! series  16 bytes run id | u32 kind (0 numbers, 1 texts, 2 bytes) | u32 rows n
//!         u32 length of the key | u32 pairs of context | key | per pair: u32 length, key, u32 length, value
//!         zero bytes up to a multiple of 8 from the start of the batch
//!         n × i64 steps | n × i64 times (Unix milliseconds) | n × f64 values
//!         kinds 1 and 2 have instead of values: n × u64 ends, then the bytes up to the last end, padded to 8
//! ```
//! All integers are little-endian, values IEEE 754 doubles, kept bit for bit: NaN payloads too.

use super::{Base64, IngestBatch, RunFacts, SeriesPoints, Writer};
use crate::{
    Error, Float64, RunId,
    metric::{Context, Kind},
};
use serde::{Deserialize, Serialize};

pub const MIME: &str = "application/vnd.trackway.batch";
const MAGIC: &[u8; 4] = b"TWB1";

#[derive(Serialize)]
struct HeadOut<'a> {
    writer: &'a Option<Writer>,
    runs: &'a [RunFacts],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    writer: Option<Writer>,
    #[serde(default)]
    runs: Vec<RunFacts>,
}

/// Writes a batch.
pub fn encode(batch: &IngestBatch) -> Vec<u8> {
    let head = serde_json::to_vec(&HeadOut { writer: &batch.writer, runs: &batch.runs });
    let head = head.expect("writers and facts are JSON");
    let mut out = Vec::with_capacity(64 + head.len() + batch.series.len() * 96 + batch.point_count() * 24);
    out.extend_from_slice(MAGIC);
    put_u32(&mut out, head.len());
    put_u32(&mut out, batch.series.len());
    put_u32(&mut out, 0);
    out.extend_from_slice(&head);
    pad(&mut out);
    for series in &batch.series {
        out.extend_from_slice(&series.run_id.to_bytes());
        put_u32(&mut out, series.kind() as usize);
        put_u32(&mut out, series.steps.len());
        put_u32(&mut out, series.key.len());
        put_u32(&mut out, series.context.0.len());
        out.extend_from_slice(series.key.as_bytes());
        for text in series.context.0.iter().flat_map(|(key, value)| [key, value]) {
            put_u32(&mut out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        pad(&mut out);
        out.extend(series.steps.iter().flat_map(|step| step.to_le_bytes()));
        out.extend(series.times_ms.iter().flat_map(|time| time.to_le_bytes()));
        match series.kind() {
            Kind::Number => out.extend(series.values.iter().flat_map(|value| value.0.to_le_bytes())),
            Kind::Text => put_texts(&mut out, series.texts.iter().map(String::as_bytes)),
            Kind::Bytes => put_texts(&mut out, series.bytes.iter().map(|bytes| bytes.0.as_slice())),
        }
    }
    out
}

fn put_texts<'a>(out: &mut Vec<u8>, values: impl Iterator<Item = &'a [u8]> + Clone) {
    let mut end = 0_u64;
    for value in values.clone() {
        end += value.len() as u64;
        out.extend_from_slice(&end.to_le_bytes());
    }
    values.for_each(|value| out.extend_from_slice(value));
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).expect("a batch is far below 4 GiB").to_le_bytes());
}

/// Reads a batch. Any bytes are safe to pass: nothing is allocated beyond their own length.
///
/// # Errors
/// `Invalid` with the field `body`, or the part of the head or the series that is wrong.
pub fn decode(bytes: &[u8]) -> Result<IngestBatch, Error> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != MAGIC {
        return Err(Error::invalid("body", "expected a batch that begins with TWB1"));
    }
    let head_len = reader.u32()?;
    let count = reader.u32()?;
    reader.u32()?;
    let head: Head = serde_json::from_slice(reader.take(head_len)?)
        .map_err(|error| Error::invalid("head", error.to_string()))?;
    reader.pad()?;
    let mut series = Vec::new();
    for index in 0..count {
        series.push(reader.series(index)?);
    }
    if reader.at != bytes.len() {
        return Err(Error::invalid("body", format!("expected the batch to end at byte {}", reader.at)));
    }
    Ok(IngestBatch { writer: head.writer, series, runs: head.runs })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(len);
        let slice = end.and_then(|end| self.bytes.get(self.at..end));
        let slice = slice.ok_or_else(|| {
            Error::invalid("body", format!("the batch breaks off at byte {}", self.bytes.len()))
        })?;
        self.at += len;
        Ok(slice)
    }

    fn pad(&mut self) -> Result<(), Error> {
        self.take(self.at.next_multiple_of(8) - self.at).map(drop)
    }

    fn u32(&mut self) -> Result<usize, Error> {
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        Ok(u32::from_le_bytes(bytes) as usize)
    }

    fn words(&mut self, rows: usize) -> Result<&'a [[u8; 8]], Error> {
        // A product that does not fit is longer than any body.
        Ok(self.take(rows.saturating_mul(8))?.as_chunks::<8>().0)
    }

    fn text(&mut self, len: usize, field: &str) -> Result<String, Error> {
        utf8(self.take(len)?.to_vec(), field)
    }

    fn texts(&mut self, rows: usize) -> Result<Vec<Vec<u8>>, Error> {
        let ends = self.words(rows)?;
        let mut values = Vec::with_capacity(rows);
        let mut start = 0;
        for end in ends {
            let end = u64::from_le_bytes(*end);
            let len = end.checked_sub(start).and_then(|len| usize::try_from(len).ok());
            let len = len.ok_or_else(|| Error::invalid("body", "expected ends of texts that never fall"))?;
            values.push(self.take(len)?.to_vec());
            start = end;
        }
        self.pad()?;
        Ok(values)
    }

    fn series(&mut self, index: usize) -> Result<SeriesPoints, Error> {
        let run_id = RunId::from_bytes(self.take(16)?.try_into().expect("sixteen bytes were taken"));
        let kind = self.u32()?;
        let rows = self.u32()?;
        let key_len = self.u32()?;
        let pairs = self.u32()?;
        let key = self.text(key_len, &format!("series[{index}].key"))?;
        let mut context = Context::default();
        for _ in 0..pairs {
            let field = format!("series[{index}].context");
            let len = self.u32()?;
            let name = self.text(len, &field)?;
            let len = self.u32()?;
            context.0.insert(name, self.text(len, &field)?);
        }
        self.pad()?;
        let steps = self.words(rows)?.iter().map(|word| i64::from_le_bytes(*word)).collect();
        let times_ms = self.words(rows)?.iter().map(|word| i64::from_le_bytes(*word)).collect();
        let mut series = SeriesPoints {
            run_id,
            key,
            context,
            steps,
            times_ms,
            values: Vec::new(),
            texts: Vec::new(),
            bytes: Vec::new(),
        };
        match kind {
            0 => {
                let words = self.words(rows)?;
                series.values = words.iter().map(|word| Float64(f64::from_le_bytes(*word))).collect();
            }
            1 => {
                let field = format!("series[{index}].texts");
                let texts = self.texts(rows)?.into_iter().map(|text| utf8(text, &field));
                series.texts = texts.collect::<Result<_, _>>()?;
            }
            2 => series.bytes = self.texts(rows)?.into_iter().map(Base64).collect(),
            kind => {
                let expected = format!("expected kind 0, 1 or 2, not {kind}");
                return Err(Error::invalid(format!("series[{index}].kind"), expected));
            }
        }
        Ok(series)
    }
}

fn utf8(bytes: Vec<u8>, field: &str) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| Error::invalid(field, "expected UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tags, param::ParamValue};

    fn example() -> IngestBatch {
        let run_id: RunId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let series = |key: &str| SeriesPoints {
            run_id: run_id.clone(),
            key: key.into(),
            context: Context::default(),
            steps: vec![i64::MIN, 7],
            times_ms: vec![-1, i64::MAX],
            values: vec![],
            texts: vec![],
            bytes: vec![],
        };
        let mut numbers = series("lo\u{df}");
        numbers.context = Context([("subset".to_owned(), "val".to_owned())].into());
        numbers.values = vec![Float64(f64::from_bits(0x7ff8_0000_dead_beef)), Float64(-0.0)];
        let mut texts = series("t");
        texts.texts = vec![String::new(), "two".into()];
        let mut bytes = series("b");
        bytes.bytes = vec![Base64(vec![0xff]), Base64(vec![])];
        let facts = RunFacts {
            run_id: run_id.clone(),
            params: [("lr".to_owned(), ParamValue::Float(Float64(0.1)))].into(),
            tags: Tags::default(),
        };
        IngestBatch {
            writer: Some(Writer { id: "w".into(), sequence: 3 }),
            series: vec![numbers, texts, bytes],
            runs: vec![facts],
        }
    }

    #[test]
    fn a_batch_reads_back_bit_for_bit() {
        let batch = example();
        assert!(batch.check().is_ok());
        assert_eq!(decode(&encode(&batch)).unwrap(), batch);
        let empty = IngestBatch::default();
        assert_eq!(decode(&encode(&empty)).unwrap(), empty);
    }

    #[test]
    fn json_says_the_same() {
        let mut batch = example();
        // JSON has no payload of a NaN.
        batch.series[0].values[0] = Float64(f64::NAN);
        let text = serde_json::to_string(&batch).unwrap();
        assert_eq!(serde_json::from_str::<IngestBatch>(&text).unwrap(), batch);
    }

    #[test]
    fn a_torn_or_altered_batch_never_panics() {
        let bytes = encode(&example());
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{len}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            let _ = decode(&changed).map(|batch| batch.check());
        }
    }

    #[test]
    fn errors_name_the_part_that_is_wrong() {
        assert_eq!(decode(b"nope").unwrap_err().field.as_deref(), Some("body"));
        let mut bytes = encode(&example());
        let at = bytes.windows(3).position(|three| three == b"two").unwrap();
        bytes[at] = 0xff;
        assert_eq!(decode(&bytes).unwrap_err().field.as_deref(), Some("series[1].texts"));
    }
}
