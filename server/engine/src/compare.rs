//! Comparing runs: params and metrics side by side, differences marked.

use crate::{Base, Result};
use model::{
    Error, RunId,
    compare::{ComparedMetric, ComparedParam, ComparedRun, Comparison},
    limits,
    user::{Caller, Role},
};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};
use store::Keys;

#[derive(Clone, Debug)]
pub struct Compare(pub(crate) Arc<Base>);

impl Compare {
    /// Columns in the order of `run_ids`; the runs may be of different experiments.
    pub async fn compare(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Comparison> {
        caller.require(Role::Viewer)?;
        if run_ids.is_empty() || run_ids.len() > limits::COMPARE_RUNS_MAX {
            let expected = format!("expected 1 to {} run ids", limits::COMPARE_RUNS_MAX);
            return Err(Error::invalid("run", expected).into());
        }
        let db = &self.0.db;
        let keys_max = limits::PARAMS_PER_RUN_MAX as i64;
        let params = store::param::of_runs(db, run_ids, Keys::Most(keys_max)).await?;
        let metrics = store::metric::summaries_of_runs(db, run_ids, Keys::Most(keys_max)).await?;
        let metrics = metrics.into_iter().map(|(run_id, list)| {
            (run_id, list.into_iter().map(|one| (one.key.clone(), one)).collect::<BTreeMap<_, _>>())
        });
        let param_rows = side_by_side(run_ids, params);
        let metric_rows = side_by_side(run_ids, metrics.collect());
        Ok(Comparison {
            runs: self.runs(run_ids).await?,
            params: param_rows
                .map(|(key, cells)| ComparedParam { differs: !all_equal(&cells), key, cells })
                .collect(),
            metrics: metric_rows
                .map(|(key, cells)| {
                    let last: Vec<_> = cells.iter().map(|cell| cell.as_ref().map(|one| one.last)).collect();
                    ComparedMetric { differs: !all_equal(&last), key, cells }
                })
                .collect(),
        })
    }

    async fn runs(&self, run_ids: &[RunId]) -> Result<Vec<ComparedRun>> {
        let db = &self.0.db;
        let found = store::run::get_many(db, run_ids).await?;
        let found: HashMap<_, _> = found.into_iter().map(|run| (run.id.clone(), run)).collect();
        let mut names: HashMap<_, String> = HashMap::new();
        let mut runs = Vec::with_capacity(run_ids.len());
        for id in run_ids {
            let run = found.get(id).cloned().ok_or_else(|| Error::not_found("run", id))?;
            let experiment_name = match names.entry(run.experiment_id) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(place) => {
                    let experiment = store::experiment::get(db, run.experiment_id).await?;
                    place.insert(experiment.map(|one| one.name).unwrap_or_default()).clone()
                }
            };
            runs.push(ComparedRun { experiment_name, run });
        }
        Ok(runs)
    }
}

/// One row a key that any run has, one cell a run.
fn side_by_side<T: Clone>(
    run_ids: &[RunId],
    of_runs: HashMap<String, BTreeMap<String, T>>,
) -> impl Iterator<Item = (String, Vec<Option<T>>)> {
    let mut rows: BTreeMap<String, Vec<Option<T>>> = BTreeMap::new();
    for (column, id) in run_ids.iter().enumerate() {
        for (key, value) in of_runs.get(id.as_str()).into_iter().flatten() {
            rows.entry(key.clone()).or_insert_with(|| vec![None; run_ids.len()])[column] =
                Some(value.clone());
        }
    }
    rows.into_iter()
}

fn all_equal<T: PartialEq>(cells: &[T]) -> bool {
    cells.windows(2).all(|pair| pair[0] == pair[1])
}
