//! SHA-256: of content, of secrets, of batches.

use model::{id::hex, ingest::IngestBatch};
use sha2::{Digest, Sha256};

/// SHA-256 of a text as 64 hex digits.
pub(crate) fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 of what a batch says, its writer aside. Every text and column goes in with its length,
/// so that no two batches run together to the same bytes.
pub(crate) fn of_batch(batch: &IngestBatch) -> String {
    let mut hash = Sha256::new();
    let text = |hash: &mut Sha256, text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    hash.update((batch.series.len() as u64).to_le_bytes());
    for series in &batch.series {
        text(&mut hash, series.run_id.as_str());
        text(&mut hash, &series.key);
        hash.update((series.context.0.len() as u64).to_le_bytes());
        for (key, value) in &series.context.0 {
            text(&mut hash, key);
            text(&mut hash, value);
        }
        hash.update((series.steps.len() as u64).to_le_bytes());
        series.steps.iter().for_each(|step| hash.update(step.to_le_bytes()));
        series.times_ms.iter().for_each(|time| hash.update(time.to_le_bytes()));
        series.values.iter().for_each(|value| hash.update(value.0.to_bits().to_le_bytes()));
    }
    for facts in &batch.runs {
        text(&mut hash, facts.run_id.as_str());
        hash.update((facts.params.len() as u64).to_le_bytes());
        for (key, value) in &facts.params {
            text(&mut hash, key);
            text(&mut hash, value.kind());
            text(&mut hash, &value.to_string());
        }
        hash.update((facts.tags.0.len() as u64).to_le_bytes());
        for (key, value) in &facts.tags.0 {
            text(&mut hash, key);
            text(&mut hash, value);
        }
    }
    hex(&hash.finalize())
}
