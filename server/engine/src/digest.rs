//! Digests: SHA-256 of secrets and questions, XXH3 of batches.

use model::{id::hex, ingest::IngestBatch};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;

/// SHA-256 of a text as 64 hex digits.
pub(crate) fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// What a batch says, its writer aside, as 64 bits (XXH3) that tell it from another batch of the same number: a guard
/// against mistakes, not against forgery. Every text and column goes in with its length, so that no two batches run
/// together to the same bytes.
pub(crate) fn of_batch(batch: &IngestBatch) -> u64 {
    let mut hash = Content(Xxh3::new());
    hash.len(batch.series.len());
    for series in &batch.series {
        hash.text(series.run_id.as_str());
        hash.text(&series.key);
        hash.len(series.context.0.len());
        for (key, value) in &series.context.0 {
            hash.text(key);
            hash.text(value);
        }
        hash.len(series.steps.len());
        hash.words(series.steps.iter().map(|step| step.to_le_bytes()));
        hash.words(series.times_ms.iter().map(|time| time.to_le_bytes()));
        hash.text(series.kind().as_str());
        hash.words(series.values.iter().map(|value| value.0.to_bits().to_le_bytes()));
        series.texts.iter().for_each(|text| hash.text(text));
        series.bytes.iter().for_each(|bytes| hash.bytes(&bytes.0));
    }
    for facts in &batch.runs {
        hash.text(facts.run_id.as_str());
        hash.len(facts.params.len());
        for (key, value) in &facts.params {
            hash.text(key);
            hash.text(value.kind());
            hash.text(&value.to_string());
        }
        hash.len(facts.tags.0.len());
        for (key, value) in &facts.tags.0 {
            hash.text(key);
            hash.text(value);
        }
    }
    hash.0.digest()
}

struct Content(Xxh3);

impl Content {
    fn len(&mut self, len: usize) {
        self.0.update(&(len as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A column, in portions: a call a word would cost more than the hash.
    fn words(&mut self, mut column: impl Iterator<Item = [u8; 8]>) {
        let mut portion = [0; 1024];
        loop {
            let mut len = 0;
            for (place, word) in portion.as_chunks_mut::<8>().0.iter_mut().zip(&mut column) {
                *place = word;
                len += 8;
            }
            self.0.update(&portion[..len]);
            if len < portion.len() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Float64, ingest::SeriesPoints, metric::Context};

    fn batch(rows: usize) -> IngestBatch {
        let series = SeriesPoints {
            run_id: model::RunId::from_bytes([1; 16]),
            key: "k".into(),
            context: Context::default(),
            steps: (0..rows as i64).collect(),
            times_ms: vec![0; rows],
            values: vec![Float64(0.5); rows],
            texts: Vec::new(),
            bytes: Vec::new(),
        };
        IngestBatch { series: vec![series], ..IngestBatch::default() }
    }

    #[test]
    fn any_change_of_content_changes_the_digest() {
        // Around the size of a portion, where a column could lose its end.
        for rows in [1, 127, 128, 129, 300] {
            let same = of_batch(&batch(rows));
            assert_eq!(same, of_batch(&batch(rows)));
            let mut changed = batch(rows);
            changed.series[0].values[rows - 1] = Float64(-0.5);
            assert_ne!(same, of_batch(&changed));
            let mut changed = batch(rows);
            changed.series[0].times_ms[rows - 1] = 1;
            assert_ne!(same, of_batch(&changed));
            assert_ne!(same, of_batch(&batch(rows + 1)));
        }
    }
}
