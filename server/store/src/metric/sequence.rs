//! Exactly once: which batch numbers of a writer were used, and for what content.
//!
//! Of each writer the last [`limits::WRITER_WINDOW`] numbers are kept with eight bytes of the digest of what they
//! carried; everything up to the floor below them is past. A number that is not among the kept ones but above the
//! floor was never used: batches of one writer may arrive out of order.

use crate::{
    Dialect, Result, Tx,
    rows::{Column, Rows},
};
use model::{UnixMillis, limits};
use std::collections::HashMap;

/// The numbers that one writer has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Numbers up to here are past: whatever comes with one of them is a replay.
    floor: i64,
    /// Number and digest, in order of number.
    recent: Vec<(i64, u64)>,
    changed: bool,
}

/// What a batch's number says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    New,
    Replay,
    /// The number was used for other content.
    Altered,
}

impl Used {
    pub fn standing(&self, sequence: i64, digest: u64) -> Standing {
        match self.recent.binary_search_by_key(&sequence, |(number, _)| *number) {
            Ok(place) if self.recent[place].1 == digest => Standing::Replay,
            Ok(_) => Standing::Altered,
            Err(_) if sequence <= self.floor => Standing::Replay,
            Err(_) => Standing::New,
        }
    }

    /// Notes a number that was [`Standing::New`].
    pub fn note(&mut self, sequence: i64, digest: u64) {
        let place = self.recent.partition_point(|(number, _)| *number < sequence);
        self.recent.insert(place, (sequence, digest));
        if self.recent.len() > limits::WRITER_WINDOW {
            self.floor = self.recent.remove(0).0;
        }
        self.changed = true;
    }

    fn to_bytes(&self) -> Vec<u8> {
        let pairs = self.recent.iter();
        pairs.flat_map(|(number, digest)| [number.to_le_bytes(), digest.to_le_bytes()]).flatten().collect()
    }

    fn from_stored(floor: i64, recent: &[u8]) -> Self {
        let (words, _) = recent.as_chunks::<8>();
        let pairs = words.chunks_exact(2);
        let recent = pairs.map(|pair| (i64::from_le_bytes(pair[0]), u64::from_le_bytes(pair[1]))).collect();
        Self { floor, recent, changed: false }
    }
}

const WRITER_FIND: &str =
    "SELECT writer.id, writer.floor, writer.recent FROM v JOIN writer ON writer.id = v.id";

// Another server may hold an earlier try of the very batch: adding the row, or touching it, waits for that.
const WRITER_LOCK: &str = "
    INSERT INTO writer (id, floor, updated_at_ms) SELECT v.id, -1, 0 FROM v ORDER BY v.id
    ON CONFLICT (id) DO UPDATE SET id = excluded.id
    RETURNING id, floor, recent";

/// What these writers have used, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, writers: &[&str]) -> Result<HashMap<String, Used>> {
    let mut ids: Vec<String> = writers.iter().map(|id| (*id).to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    let statement = match tx.dialect() {
        Dialect::Sqlite => WRITER_FIND,
        Dialect::Postgres => WRITER_LOCK,
    };
    let mut used: HashMap<String, Used> =
        ids.iter().map(|id| (id.clone(), Used::from_stored(-1, &[]))).collect();
    let rows: Vec<(String, i64, Option<Vec<u8>>)> =
        Rows::default().with("id", Column::Text(ids)).fetch(tx, statement).await?;
    used.extend(
        rows.into_iter()
            .map(|(id, floor, recent)| (id, Used::from_stored(floor, recent.as_deref().unwrap_or_default()))),
    );
    Ok(used)
}

const WRITER_SET: &str = "
    INSERT INTO writer (id, floor, recent, updated_at_ms) SELECT v.id, v.floor, v.recent, v.now FROM v WHERE true
    ON CONFLICT (id) DO UPDATE SET floor = excluded.floor, recent = excluded.recent, updated_at_ms = excluded.updated_at_ms";

/// Stores what has changed since `lock`.
pub(super) async fn store(tx: &mut Tx, writers: HashMap<String, Used>, now: UnixMillis) -> Result<()> {
    let mut changed: Vec<(String, Used)> = writers.into_iter().filter(|(_, used)| used.changed).collect();
    changed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Rows::default()
        .with("id", Column::Text(changed.iter().map(|(id, _)| id.clone()).collect()))
        .with("floor", Column::Int(changed.iter().map(|(_, used)| used.floor).collect()))
        .with("recent", Column::Blob(changed.iter().map(|(_, used)| used.to_bytes()).collect()))
        .with("now", Column::Int(vec![now.0; changed.len()]))
        .execute(tx, WRITER_SET)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once_whatever_the_order() {
        let mut used = Used::from_stored(-1, &[]);
        for sequence in [0, 7, 3] {
            assert_eq!(used.standing(sequence, 1), Standing::New);
            used.note(sequence, 1);
            assert_eq!(used.standing(sequence, 1), Standing::Replay);
            assert_eq!(used.standing(sequence, 2), Standing::Altered);
        }
        assert_eq!(used.standing(5, 1), Standing::New, "a gap may still be filled");
        assert_eq!(Used::from_stored(used.floor, &used.to_bytes()).recent, used.recent);
    }

    #[test]
    fn what_fell_out_of_the_window_is_past() {
        let mut used = Used::from_stored(-1, &[]);
        let window = limits::WRITER_WINDOW as i64;
        (0..window + 10).for_each(|sequence| used.note(sequence, 1));
        assert_eq!(used.recent.len(), limits::WRITER_WINDOW);
        assert_eq!(used.standing(9, 2), Standing::Replay);
        assert_eq!(used.standing(10, 2), Standing::Altered);
        assert_eq!(used.standing(window + 10, 2), Standing::New);
    }
}
