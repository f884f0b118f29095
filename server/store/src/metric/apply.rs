//! A group of batches in one transaction. Each batch is applied whole or refused whole, and a refused one does not
//! disturb its neighbours. Everything is read and written for the group at once, so that a commit costs a handful of
//! statements however many batches, runs and series share it.

use super::{
    SeriesRow, context_text, corrupt, read,
    segment::{self, Allowance, Gathered},
    sequence::{self, Standing},
    series_columns, to_bits,
};
use crate::{
    Error, Result, Tx, param,
    rows::{Column, Rows},
    run::{self, Target},
    run_field, tag,
};
use model::{
    ExperimentId, RunId, UnixMillis,
    ingest::{IngestBatch, IngestReceipt, SeriesPoints},
    limits,
    metric::Kind,
    series::Points,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

/// Why a batch was not applied. Nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    NoSuchRun(RunId),
    /// The writer used this number before, for other content.
    SequenceReused {
        sequence: i64,
    },
    TooManyParams(RunId),
    /// The batch is strict and the run lies in the trash.
    Trashed(RunId),
    /// The batch is strict and the param has another value.
    ParamTaken {
        run_id: RunId,
        key: String,
        holds: String,
    },
    /// The series holds points of another kind.
    OtherKind {
        run_id: RunId,
        key: String,
        holds: Kind,
    },
}

/// A batch with eight bytes of the digest of its content, by which a replay is told from another batch of the same number.
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    pub batch: IngestBatch,
    pub digest: u64,
    /// Whether a run in the trash takes nothing, and a param keeps its first value.
    pub strict: bool,
}

/// What one group did: an answer a batch, and the runs that changed.
#[derive(Debug)]
pub struct Applied {
    pub answers: Vec<Result<IngestReceipt, Rejection>>,
    pub changed: Vec<(RunId, ExperimentId)>,
}

/// A series' place: run, key, context as canonical text.
type SeriesName = (String, String, String);

/// Applies batches in the order given. The caller commits, and answers only then.
pub async fn apply(tx: &mut Tx, batches: &[PreparedBatch], now: UnixMillis) -> Result<Applied> {
    let numbered = batches.iter().filter_map(|one| one.batch.writer.as_ref());
    let mut writers =
        sequence::lock(tx, &numbered.map(|writer| writer.id.as_str()).collect::<Vec<_>>()).await?;
    let ids: BTreeSet<&RunId> = batches.iter().flat_map(|one| run_ids(&one.batch)).collect();
    let targets = run::lock(tx, ids).await?;
    let names = batches.iter().flat_map(|one| &one.batch.series).filter(|series| !series.steps.is_empty());
    let names: BTreeSet<SeriesName> = names.map(name_of).collect();
    let mut group = Group { rows: find_series(tx, names.iter()).await?, ..Group::default() };

    let mut answers = Vec::with_capacity(batches.len());
    let mut changed: BTreeMap<RunId, ExperimentId> = BTreeMap::new();
    for PreparedBatch { batch, digest, strict } in batches {
        let points = batch.point_count() as i64;
        let mut used =
            batch.writer.as_ref().and_then(|writer| Some((writer.sequence, writers.get_mut(&writer.id)?)));
        if let Some((sequence, used)) = &used {
            match used.standing(*sequence, *digest) {
                Standing::New => {}
                Standing::Replay => {
                    answers.push(Ok(IngestReceipt { points, replayed: true }));
                    continue;
                }
                Standing::Altered => {
                    answers.push(Err(Rejection::SequenceReused { sequence: *sequence }));
                    continue;
                }
            }
        }
        if let Some(rejection) = refuse(tx, batch, *strict, &targets, &group).await? {
            answers.push(Err(rejection));
            continue;
        }
        if let Some((sequence, used)) = &mut used {
            used.note(*sequence, *digest);
        }
        for facts in &batch.runs {
            param::put(tx, facts.run_id.as_str(), &facts.params, now).await?;
            tag::put_run(tx, facts.run_id.as_str(), &facts.tags).await?;
        }
        for series in batch.series.iter().filter(|series| !series.steps.is_empty()) {
            group.gather(tx, series, batch.writer.is_none()).await?;
        }
        for id in run_ids(batch) {
            changed.entry(id.clone()).or_insert(targets[id.as_str()].experiment_id);
        }
        answers.push(Ok(IngestReceipt { points, replayed: false }));
    }
    group.store(tx, &targets).await?;
    sequence::store(tx, writers, now).await?;
    run::touch(tx, changed.keys().map(|id| id.as_str().to_owned()).collect(), now).await?;
    Ok(Applied { answers, changed: changed.into_iter().collect() })
}

fn run_ids(batch: &IngestBatch) -> impl Iterator<Item = &RunId> {
    batch.series.iter().map(|series| &series.run_id).chain(batch.runs.iter().map(|facts| &facts.run_id))
}

fn name_of(series: &SeriesPoints) -> SeriesName {
    (series.run_id.as_str().to_owned(), series.key.clone(), context_text(&series.context))
}

/// Why a batch must not be applied, from what is stored. Reads only.
async fn refuse(
    tx: &mut Tx,
    batch: &IngestBatch,
    strict: bool,
    targets: &HashMap<String, Target>,
    group: &Group,
) -> Result<Option<Rejection>> {
    if let Some(id) = run_ids(batch).find(|id| !targets.contains_key(id.as_str())) {
        return Ok(Some(Rejection::NoSuchRun(id.clone())));
    }
    if let Some(id) = run_ids(batch).find(|id| strict && targets[id.as_str()].trashed) {
        return Ok(Some(Rejection::Trashed(id.clone())));
    }
    let mut begun: HashMap<SeriesName, Kind> = HashMap::new();
    for series in batch.series.iter().filter(|series| !series.steps.is_empty()) {
        let name = name_of(series);
        let kind = series.kind();
        let holds = match group.kind(&name)? {
            Some(holds) => holds,
            // Two series of one name in a batch must agree as well.
            None => *begun.entry(name).or_insert(kind),
        };
        if holds != kind {
            let (run_id, key) = (series.run_id.clone(), series.key.clone());
            return Ok(Some(Rejection::OtherKind { run_id, key, holds }));
        }
    }
    for facts in batch.runs.iter().filter(|facts| !facts.params.is_empty()) {
        let count = param::count(tx, facts.run_id.as_str()).await?;
        if count as usize + facts.params.len() > limits::PARAMS_PER_RUN_MAX {
            return Ok(Some(Rejection::TooManyParams(facts.run_id.clone())));
        }
        if strict {
            let held = param::of_keys(tx, facts.run_id.as_str(), facts.params.keys()).await?;
            let taken = held.into_iter().find(|(key, holds)| facts.params.get(key) != Some(holds));
            if let Some((key, holds)) = taken {
                let (run_id, holds) = (facts.run_id.clone(), holds.to_string());
                return Ok(Some(Rejection::ParamTaken { run_id, key, holds }));
            }
        }
    }
    Ok(None)
}

/// A point without its series: what makes two points one for writers that do not number their batches.
type Identity = (i64, i64, u64);

/// What the accepted batches of a group add to each series.
#[derive(Default)]
struct Group {
    rows: HashMap<SeriesName, SeriesRow>,
    gathered: BTreeMap<SeriesName, Gathered>,
    /// Of series to which someone logs without numbers: points that are there already.
    seen: HashMap<SeriesName, HashSet<Identity>>,
}

impl Group {
    /// What the series holds; none when it is yet to begin.
    fn kind(&self, name: &SeriesName) -> Result<Option<Kind>> {
        match (self.gathered.get(name), self.rows.get(name)) {
            (Some(gathered), _) => Ok(Some(gathered.kind())),
            (None, Some(row)) => row.kind().map(Some),
            (None, None) => Ok(None),
        }
    }

    async fn gather(&mut self, tx: &mut Tx, series: &SeriesPoints, unnumbered: bool) -> Result<()> {
        let name = name_of(series);
        if unnumbered && series.kind() == Kind::Number && !self.is_beyond(&name, &series.steps) {
            self.gather_unseen(tx, name, series).await?;
        } else {
            // Whoever logs without numbers later in this group must see these.
            if let Some(seen) = self.seen.get_mut(&name) {
                seen.extend((0..series.steps.len()).map(|row| identity(series, row)));
            }
            self.gathered.entry(name).or_insert_with(|| Gathered::new(series.kind())).extend(series);
        }
        Ok(())
    }

    /// Whether these steps rise strictly, from beyond all that the series has: then nothing can be there already.
    fn is_beyond(&self, name: &SeriesName, steps: &[i64]) -> bool {
        let last = |row: &SeriesRow| (row.count > 0).then_some(row.last_step);
        let stored = self.rows.get(name).and_then(last);
        let gathered = self.gathered.get(name).and_then(|gathered| gathered.steps().iter().max().copied());
        stored.max(gathered).is_none_or(|last| last < steps[0]) && steps.is_sorted_by(|a, b| a < b)
    }

    /// Adds the points that are not there yet: equal step, time and value is one point.
    async fn gather_unseen(&mut self, tx: &mut Tx, name: SeriesName, series: &SeriesPoints) -> Result<()> {
        let low = series.steps.iter().min().copied().unwrap_or_default();
        let high = series.steps.iter().max().copied().unwrap_or_default();
        let gathered = self.gathered.entry(name.clone()).or_insert_with(|| Gathered::new(Kind::Number));
        // Once begun, `gather` and this function keep it up with what is gathered.
        let mut seen = self.seen.remove(&name).unwrap_or_else(|| match gathered {
            Gathered::Numbers(points) => (0..points.len()).map(|row| identity_of(points, row)).collect(),
            Gathered::Texts(_) => HashSet::new(),
        });
        if let Some(row) = self.rows.get(&name).filter(|row| row.count > 0 && low <= row.last_step) {
            for blob in read::blobs_between(tx, row, low, high).await? {
                let points = ::segment::decode(&blob).map_err(corrupt)?;
                let rows = (0..points.len()).filter(|&row| (low..=high).contains(&points.steps[row]));
                seen.extend(rows.map(|row| identity_of(&points, row)));
            }
        }
        for row in (0..series.steps.len()).filter(|&row| seen.insert(identity(series, row))) {
            gathered.push_number(series, row);
        }
        self.seen.insert(name, seen);
        Ok(())
    }

    /// Writes what was gathered: new series, segments, summaries. Then gives to the series what has waited enough.
    async fn store(mut self, tx: &mut Tx, targets: &HashMap<String, Target>) -> Result<()> {
        self.gathered.retain(|_, gathered| !gathered.steps().is_empty());
        let new: Vec<SeriesName> =
            self.gathered.keys().filter(|name| !self.rows.contains_key(*name)).cloned().collect();
        if !new.is_empty() {
            let kinds: Vec<String> =
                new.iter().map(|name| self.gathered[name].kind().as_str().to_owned()).collect();
            let listed =
                new.iter().filter(|name| name.2.is_empty() && self.gathered[*name].kind() == Kind::Number);
            let noted = listed.map(|(run_id, key, _)| (run_id.clone(), key.clone())).collect();
            run_field::note(tx, run_field::Kind::Metric, noted).await?;
            self.rows.extend(begin_series(tx, &new, kinds).await?);
        }
        let mut rows = Vec::with_capacity(self.gathered.len());
        let mut additions = Vec::with_capacity(self.gathered.len());
        for (name, gathered) in self.gathered {
            let mut row =
                self.rows.remove(&name).ok_or_else(|| Error::Corrupt("a series was not begun".into()))?;
            let mut summary = row.summary();
            gathered.sum_up(&mut summary);
            (row.count, row.non_finite_count) = (summary.count, summary.non_finite_count);
            (row.first_step, row.last_step, row.last_time_ms) =
                (summary.first_step, summary.last_step, summary.last_time_ms);
            (row.last_bits, row.sum_bits) = (to_bits(summary.last), to_bits(summary.sum));
            (row.min_value, row.min_step) = summary.min.unzip();
            (row.max_value, row.max_step) = summary.max.unzip();
            additions.push(gathered);
            rows.push(row);
        }
        let points = additions.iter().map(|addition| addition.steps().len()).sum();
        let due = segment::append(tx, &mut rows, additions).await?;
        store_series(tx, rows).await?;
        let waiting = |run_id: &str| targets[run_id].waiting;
        let mut due: Vec<(String, segment::Due)> = due
            .into_iter()
            .filter(|(run_id, due)| {
                !due.series_ids.is_empty() || due.bundle_bytes > 0 && waiting(run_id).is_due(due.bundle_bytes)
            })
            .collect();
        // The longest waiting first: what is put off has its turn in one of the next commits.
        due.sort_by_key(|(run_id, _)| Reverse(waiting(run_id).bundles));
        let mut allowance = Allowance::of_commit(points);
        for (run_id, due) in due {
            if allowance.is_used_up() {
                break;
            }
            segment::settle(tx, &run_id, &due.series_ids, &mut allowance).await?;
        }
        Ok(())
    }
}

fn identity(series: &SeriesPoints, row: usize) -> Identity {
    (series.steps[row], series.times_ms[row], series.values[row].0.to_bits())
}

fn identity_of(points: &Points, row: usize) -> Identity {
    (points.steps[row], points.times_ms[row], points.values[row].to_bits())
}

const SERIES_FIND: &str = concat!(
    "SELECT ",
    series_columns!(),
    " FROM v JOIN series s ON s.run_id = v.run_id AND s.key = v.key AND s.context = v.context"
);

/// The series of these names that exist. Their runs are locked, so nobody else changes them.
async fn find_series(
    tx: &mut Tx,
    names: impl Iterator<Item = &SeriesName>,
) -> Result<HashMap<SeriesName, SeriesRow>> {
    let rows: Vec<SeriesRow> = name_rows(names).fetch(tx, SERIES_FIND).await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.run_id.clone(), row.key.clone(), row.context.clone()), row))
        .collect())
}

fn name_rows<'a>(names: impl Iterator<Item = &'a SeriesName>) -> Rows {
    let (mut run_ids, mut keys, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
    for (run_id, key, context) in names {
        run_ids.push(run_id.clone());
        keys.push(key.clone());
        contexts.push(context.clone());
    }
    Rows::default()
        .with("run_id", Column::Text(run_ids))
        .with("key", Column::Text(keys))
        .with("context", Column::Text(contexts))
}

const SERIES_BEGIN: &str = "
    INSERT INTO series (run_id, key, context, kind, count, non_finite_count, first_step, last_step, last_time_ms,
        last_bits, sum_bits, last_number, small_count)
    SELECT v.run_id, v.key, v.context, v.kind, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM v";

/// Adds empty series, and answers them.
async fn begin_series(
    tx: &mut Tx,
    names: &[SeriesName],
    kinds: Vec<String>,
) -> Result<HashMap<SeriesName, SeriesRow>> {
    name_rows(names.iter()).with("kind", Column::Text(kinds)).execute(tx, SERIES_BEGIN).await?;
    find_series(tx, names.iter()).await
}

const SERIES_SET: &str = "
    UPDATE series SET count = v.count, non_finite_count = v.non_finite_count, first_step = v.first_step,
        last_step = v.last_step, last_time_ms = v.last_time_ms, last_bits = v.last_bits, last_value = v.last_value,
        min_value = v.min_value, min_step = v.min_step, max_value = v.max_value, max_step = v.max_step,
        sum_bits = v.sum_bits, mean_value = v.mean_value, last_number = v.last_number, small_count = v.small_count
    FROM v WHERE series.id = v.id";

async fn store_series(tx: &mut Tx, rows: Vec<SeriesRow>) -> Result<()> {
    let ints = |field: fn(&SeriesRow) -> i64| Column::Int(rows.iter().map(field).collect());
    let opt_ints = |field: fn(&SeriesRow) -> Option<i64>| Column::OptInt(rows.iter().map(field).collect());
    let floats = |field: fn(&SeriesRow) -> Option<f64>| Column::OptFloat(rows.iter().map(field).collect());
    Rows::default()
        .with("id", ints(|row| row.id))
        .with("count", ints(|row| row.count))
        .with("non_finite_count", ints(|row| row.non_finite_count))
        .with("first_step", ints(|row| row.first_step))
        .with("last_step", ints(|row| row.last_step))
        .with("last_time_ms", ints(|row| row.last_time_ms))
        .with("last_bits", ints(|row| row.last_bits))
        .with(
            "last_value",
            floats(|row| Some(super::from_bits(row.last_bits)).filter(|last| last.is_finite())),
        )
        .with("min_value", floats(|row| row.min_value))
        .with("min_step", opt_ints(|row| row.min_step))
        .with("max_value", floats(|row| row.max_value))
        .with("max_step", opt_ints(|row| row.max_step))
        .with("sum_bits", ints(|row| row.sum_bits))
        .with("mean_value", floats(|row| row.summary().mean().filter(|mean| mean.is_finite())))
        .with("last_number", ints(|row| row.last_number))
        .with("small_count", ints(|row| row.small_count))
        .execute(tx, SERIES_SET)
        .await
}
