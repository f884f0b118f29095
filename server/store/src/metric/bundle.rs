//! Bundles: the small segments that a commit adds to a run lie in one row, whatever the number of series, and wait
//! there until enough has gathered for each series to get a segment of its own (`segment::settle`).

use super::corrupt;
use crate::{
    Result, Tx,
    db::on,
    rows::{Column, Rows},
};
use ::segment::{Bundled, decode_bundle, encode_bundle};
use model::limits;
use std::{borrow::Cow, collections::BTreeMap};

/// A segment that lies in a bundle, or is about to.
#[derive(Clone, Debug)]
pub(super) struct SmallSegment {
    pub id: i64,
    pub count: u32,
    pub step_min: i64,
    pub step_max: i64,
    pub blob: Vec<u8>,
}

impl SmallSegment {
    fn bundled(&self) -> Bundled<'_> {
        let Self { id, count, step_min, step_max, ref blob } = *self;
        Bundled { id, count, step_min, step_max, blob: Cow::Borrowed(blob) }
    }
}

/// How much waits in the bundles of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    pub bundles: i64,
    pub bytes: i64,
}

impl Waiting {
    /// Whether it is time to give it to the series, when another bundle has come.
    pub fn is_due(self, added_bytes: i64) -> bool {
        self.bundles + 1 >= limits::BUNDLES_PER_RUN_MAX
            || self.bytes + added_bytes >= limits::BUNDLE_BYTES_PER_RUN_MAX
    }
}

const BUNDLE_ADD: &str = "INSERT INTO bundle (run_id, bytes, data) SELECT v.run_id, v.bytes, v.data FROM v";

/// Adds a bundle to each of these runs. Answers the bytes of each.
pub(super) async fn add(
    tx: &mut Tx,
    by_run: BTreeMap<String, Vec<SmallSegment>>,
) -> Result<BTreeMap<String, i64>> {
    let (mut run_ids, mut bytes, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for (run_id, segments) in by_run {
        let bundle = encode_bundle(&segments.iter().map(SmallSegment::bundled).collect::<Vec<_>>());
        run_ids.push(run_id);
        bytes.push(bundle.len() as i64);
        data.push(bundle);
    }
    let added = run_ids.iter().cloned().zip(bytes.iter().copied()).collect();
    Rows::default()
        .with("run_id", Column::Text(run_ids))
        .with("bytes", Column::Int(bytes))
        .with("data", Column::Blob(data))
        .execute(tx, BUNDLE_ADD)
        .await?;
    Ok(added)
}

const BUNDLE_DATA: &str = "SELECT bundle.data FROM v JOIN bundle ON bundle.run_id = v.run_id";

/// Runs whose bundles are held at once.
const RUNS_AT_ONCE: usize = 8;

/// The segments in the bundles of these runs that `wanted` asks for by id, lowest and highest step; by id: in each series
/// in the order of writing.
pub(super) async fn segments(
    tx: &mut Tx,
    run_ids: &[String],
    wanted: impl Fn(i64, i64, i64) -> bool,
) -> Result<Vec<SmallSegment>> {
    let mut found = Vec::new();
    for run_ids in run_ids.chunks(RUNS_AT_ONCE) {
        let rows: Vec<(Vec<u8>,)> =
            Rows::default().with("run_id", Column::Text(run_ids.to_vec())).fetch(tx, BUNDLE_DATA).await?;
        for (bundle,) in rows {
            for segment in decode_bundle(&bundle, &wanted).map_err(corrupt)? {
                let Bundled { id, count, step_min, step_max, blob } = segment;
                found.push(SmallSegment { id, count, step_min, step_max, blob: blob.into_owned() });
            }
        }
    }
    found.sort_unstable_by_key(|segment| segment.id);
    Ok(found)
}

const BUNDLE_REMOVE: &str = "DELETE FROM bundle WHERE run_id = $1";

/// Takes all segments out of the bundles of a run, in the order of `segments`.
pub(super) async fn take(tx: &mut Tx, run_id: &str) -> Result<Vec<SmallSegment>> {
    let found = segments(tx, &[run_id.to_owned()], |_, _, _| true).await?;
    if !found.is_empty() {
        on!(tx, c => sqlx::query(BUNDLE_REMOVE).bind(run_id).execute(c).await.map(drop))?;
    }
    Ok(found)
}
