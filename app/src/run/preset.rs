//! What the run table shows out of the box: what a person came for.

use crate::error::AppError;
use model::{
    ExperimentId, RunId, limits, metric,
    query::Field,
    run::{RunQuery, RunRow, Trash},
    user::Caller,
};
use std::collections::{BTreeMap, BTreeSet};

/// Of each kind, so many fit a laptop's screen.
const SHOWN_MAX: usize = 6;

/// Params and metrics of these rows, the most telling first: params that differ, then the others; metrics that most runs
/// have, those of the machine last.
fn available(rows: &[RunRow]) -> Vec<Field> {
    let keys: BTreeSet<&String> = rows.iter().flat_map(|row| row.params.keys()).collect();
    let mut params: Vec<_> = keys.into_iter().map(|key| (!differs(rows, key), key)).collect();
    params.sort_by_key(|(same, _)| *same);
    let mut metrics: BTreeMap<&str, usize> = BTreeMap::new();
    for key in rows.iter().flat_map(|row| row.metrics.keys()) {
        *metrics.entry(key).or_default() += 1;
    }
    let mut metrics: Vec<_> = metrics.into_iter().collect();
    metrics.sort_by_key(|(key, count)| (metric::of_system(key), usize::MAX - count));
    let params = params.into_iter().map(|(_, key)| Field::Param(key.to_owned()));
    params.chain(metrics.into_iter().map(|(key, _)| Field::metric(key))).collect()
}

/// Whether a param tells runs apart. A run without any params, such as one that just began, says nothing about it.
fn differs(rows: &[RunRow], key: &str) -> bool {
    let mut values = rows.iter().filter(|row| !row.params.is_empty()).map(|row| row.params.get(key));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// What is shown when the URL does not say: the first few of each kind; params that are the same everywhere
/// only when none differs; metrics of the machine never.
pub fn columns(rows: &[RunRow]) -> Vec<Field> {
    let all = available(rows);
    let params: Vec<_> = all.iter().filter(|one| matches!(one, Field::Param(_))).collect();
    let differs = |one: &Field| one.key().is_some_and(|key| differs(rows, key));
    let differing: Vec<_> = params.iter().copied().filter(|one| differs(one)).collect();
    let params = if differing.is_empty() { params } else { differing };
    let metrics =
        all.iter().filter(|one| matches!(one, Field::Metric { key, .. } if !metric::of_system(key)));
    params.into_iter().take(SHOWN_MAX).chain(metrics.take(SHOWN_MAX)).cloned().collect()
}

/// Those of these columns that are the same in all runs that the query means. What every run has by itself always stays.
pub async fn same(caller: &Caller, query: &RunQuery, columns: &[Field]) -> Result<Vec<Field>, AppError> {
    let logged = |field: &&Field| matches!(field, Field::Param(_) | Field::Metric { .. } | Field::Tag(_));
    let logged: Vec<&Field> = columns.iter().filter(logged).take(limits::DIFFERENCES_MAX).collect();
    if logged.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = logged.iter().map(ToString::to_string).collect();
    let query = RunQuery { fields: names.join(","), ..query.clone() };
    let differing = crate::remote::services().run.differing(caller, query).await?;
    Ok(logged.into_iter().filter(|field| !differing.contains(field)).cloned().collect())
}

/// The rows of runs that stay on top, in this order. Runs that the experiment does not have are left out.
pub async fn pinned(
    caller: &Caller,
    experiment_id: ExperimentId,
    pins: &[RunId],
    columns: &[Field],
) -> Result<Vec<RunRow>, AppError> {
    if pins.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = pins.iter().take(limits::PINNED_RUNS_MAX).map(|id| format!("'{id}'")).collect();
    let fields: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let query = RunQuery {
        filter: format!("id in ({})", ids.join(", ")),
        trash: Trash::With,
        fields: fields.join(","),
        ..RunQuery::new(experiment_id)
    };
    let mut rows = crate::remote::services().run.list(caller, query).await?.items;
    rows.sort_by_key(|row| pins.iter().position(|id| *id == row.run.id));
    Ok(rows)
}

/// Leaves of each row what these columns show.
pub fn strip(rows: &mut [RunRow], columns: &[Field]) {
    let shown: BTreeSet<&Field> = columns.iter().collect();
    let metrics: BTreeSet<&str> = columns
        .iter()
        .filter_map(|field| if let Field::Metric { key, .. } = field { Some(key.as_str()) } else { None })
        .collect();
    for row in rows {
        row.params.retain(|key, _| shown.contains(&Field::Param(key.clone())));
        row.metrics.retain(|key, _| metrics.contains(key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::columns::tests::row;

    fn names(columns: &[Field]) -> Vec<String> {
        columns.iter().map(Field::to_string).collect()
    }

    #[test]
    fn params_that_differ_come_first_and_alone() {
        let rows =
            [row(&[("batch", 32), ("lr", 1)], &[]), row(&[("batch", 32), ("lr", 2), ("warm", 1)], &[])];
        assert_eq!(names(&available(&rows)), ["params.lr", "params.warm", "params.batch"]);
        assert_eq!(names(&super::columns(&rows)), ["params.lr", "params.warm"]);
        assert_eq!(names(&super::columns(&rows[..1])), ["params.batch", "params.lr"]);
        assert!(super::columns(&[]).is_empty());
    }

    #[test]
    fn a_run_that_just_began_does_not_make_every_param_differ() {
        let rows =
            [row(&[("batch", 32), ("lr", 1)], &[]), row(&[("batch", 32), ("lr", 2)], &[]), row(&[], &[])];
        assert_eq!(names(&super::columns(&rows)), ["params.lr"]);
    }

    #[test]
    fn metrics_that_most_runs_have_come_first_and_those_of_the_machine_only_when_asked_for() {
        let rows = [
            row(&[], &[("system/cpu", 1.0), ("acc", 0.5), ("rare", 1.0)]),
            row(&[], &[("system/cpu", 1.0), ("acc", 0.6)]),
        ];
        assert_eq!(names(&available(&rows)), ["metrics.acc", "metrics.rare", "metrics.system/cpu"]);
        assert_eq!(names(&super::columns(&rows)), ["metrics.acc", "metrics.rare"]);
    }

    #[test]
    fn few_columns_are_shown_of_many() {
        let many: Vec<(String, f64)> = (0..50).map(|index| (format!("m{index:02}"), 0.0)).collect();
        let many: Vec<(&str, f64)> = many.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(super::columns(&[row(&[], &many)]).len(), SHOWN_MAX);
    }
}
