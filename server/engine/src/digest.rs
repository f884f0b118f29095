//! SHA-256: of content, of secrets, of batches.

use model::{id::hex, ingest::IngestBatch};
use sha2::{Digest, Sha256};

/// SHA-256 of a text as 64 hex digits.
pub(crate) fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 of what a batch says, its writer aside. Every text and column goes in with its length,
/// so that no two batches run together to the same bytes.
/// The first eight bytes tell batches of one number apart well enough: nobody gains by a collision.
pub(crate) fn of_batch(batch: &IngestBatch) -> u64 {
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
        words(&mut hash, series.steps.iter().map(|step| step.to_le_bytes()));
        words(&mut hash, series.times_ms.iter().map(|time| time.to_le_bytes()));
        hash.update(series.kind().as_str());
        words(&mut hash, series.values.iter().map(|value| value.0.to_bits().to_le_bytes()));
        series.texts.iter().for_each(|value| text(&mut hash, value));
        for bytes in &series.bytes {
            hash.update((bytes.0.len() as u64).to_le_bytes());
            hash.update(&bytes.0);
        }
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
    let digest = hash.finalize();
    u64::from_le_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"))
}

/// Hashes a column in portions: one word at a time costs more than the hash.
fn words(hash: &mut Sha256, mut column: impl Iterator<Item = [u8; 8]>) {
    let mut portion = [0; 1024];
    loop {
        let mut len = 0;
        for (place, word) in portion.as_chunks_mut::<8>().0.iter_mut().zip(&mut column) {
            *place = word;
            len += 8;
        }
        hash.update(&portion[..len]);
        if len < portion.len() {
            return;
        }
    }
}
