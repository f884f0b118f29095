//! Which params, metrics, tags and attributes the run table shows: out of the box, what a person came for.

use crate::metric::goal::{best, goal};
#[cfg(feature = "ssr")]
use model::metric;
use model::{
    query::{Field, Stat},
    run::RunRow,
};
use std::collections::BTreeMap;
#[cfg(feature = "ssr")]
use std::collections::BTreeSet;

/// Of each kind, so many fit a laptop's screen.
#[cfg(feature = "ssr")]
const SHOWN_MAX: usize = 6;

/// The word over a column's name.
pub fn kind(field: &Field) -> &'static str {
    match field {
        Field::Param(_) => "param",
        Field::Metric { stat: Stat::Last, .. } => "metric",
        Field::Metric { stat: Stat::Min, .. } => "metric · min",
        Field::Metric { stat: Stat::Max, .. } => "metric · max",
        Field::Metric { stat: Stat::Mean, .. } => "metric · mean",
        Field::Tag(_) => "tag",
        Field::Attribute(_) => "run",
        Field::Dataset(_) => "dataset",
    }
}

/// The name of a column.
pub fn name(field: &Field) -> String {
    match field {
        Field::Attribute(attribute) => attribute.name().to_owned(),
        Field::Dataset(field) => field.name().to_owned(),
        Field::Param(key) | Field::Tag(key) | Field::Metric { key, .. } => key.clone(),
    }
}

/// Params and metrics of these rows, the most telling first: params that differ, then the others; metrics that most runs
/// have, those of the machine last.
#[cfg(feature = "ssr")]
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
#[cfg(feature = "ssr")]
fn differs(rows: &[RunRow], key: &str) -> bool {
    let mut values = rows.iter().filter(|row| !row.params.is_empty()).map(|row| row.params.get(key));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// What is shown when the URL does not say: the first few of each kind; params that are the same everywhere
/// only when none differs; metrics of the machine never.
#[cfg(feature = "ssr")]
pub fn preset(rows: &[RunRow]) -> Vec<Field> {
    let all = available(rows);
    let params: Vec<_> = all.iter().filter(|one| matches!(one, Field::Param(_))).collect();
    let differs = |one: &Field| one.key().is_some_and(|key| differs(rows, key));
    let differing: Vec<_> = params.iter().copied().filter(|one| differs(one)).collect();
    let params = if differing.is_empty() { params } else { differing };
    let metrics =
        all.iter().filter(|one| matches!(one, Field::Metric { key, .. } if !metric::of_system(key)));
    params.into_iter().take(SHOWN_MAX).chain(metrics.take(SHOWN_MAX)).cloned().collect()
}

/// Leaves of each row what these columns show.
#[cfg(feature = "ssr")]
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

/// The number of a metric that a column shows.
pub fn number(row: &RunRow, field: &Field) -> Option<f64> {
    let Field::Metric { key, stat } = field else { return None };
    row.metrics.get(key)?.get(*stat).map(|value| value.0)
}

/// The best value of each metric shown whose direction its name tells.
pub fn best_values(rows: &[RunRow], columns: &[Field]) -> BTreeMap<Field, f64> {
    let of_column = |field: &Field| {
        let Field::Metric { key, .. } = field else { return None };
        let value = best(goal(key)?, rows.iter().filter_map(|row| number(row, field)))?;
        Some((field.clone(), value))
    };
    columns.iter().filter_map(of_column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        ExperimentId, Float64, Tags, UnixMillis,
        metric::MetricStat,
        param::ParamValue,
        run::{Run, RunStatus},
    };

    fn row(params: &[(&str, i64)], metrics: &[(&str, f64)]) -> RunRow {
        let run = Run {
            id: "0".repeat(32).parse().expect("32 hex digits"),
            experiment_id: ExperimentId(1),
            parent_id: None,
            name: "a".into(),
            number: 1,
            status: RunStatus::Running,
            user: "me".into(),
            created_at_ms: UnixMillis(0),
            started_at_ms: None,
            ended_at_ms: None,
            updated_at_ms: UnixMillis(0),
            late_at_ms: None,
            trashed_at_ms: None,
            stop_requested: false,
            tags: Tags::default(),
        };
        let stat = |value: f64| MetricStat {
            last: Float64(value),
            last_step: 0,
            min: Some(Float64(value - 1.0)),
            max: None,
            mean: None,
        };
        RunRow {
            run,
            params: params.iter().map(|(key, value)| ((*key).to_owned(), ParamValue::Int(*value))).collect(),
            metrics: metrics.iter().map(|(key, value)| ((*key).to_owned(), stat(*value))).collect(),
        }
    }

    fn names(columns: &[Field]) -> Vec<String> {
        columns.iter().map(Field::to_string).collect()
    }

    #[test]
    fn params_that_differ_come_first_and_alone() {
        let rows =
            [row(&[("batch", 32), ("lr", 1)], &[]), row(&[("batch", 32), ("lr", 2), ("warm", 1)], &[])];
        assert_eq!(names(&available(&rows)), ["params.lr", "params.warm", "params.batch"]);
        assert_eq!(names(&preset(&rows)), ["params.lr", "params.warm"]);
        assert_eq!(names(&preset(&rows[..1])), ["params.batch", "params.lr"]);
        assert!(preset(&[]).is_empty());
    }

    #[test]
    fn a_run_that_just_began_does_not_make_every_param_differ() {
        let rows =
            [row(&[("batch", 32), ("lr", 1)], &[]), row(&[("batch", 32), ("lr", 2)], &[]), row(&[], &[])];
        assert_eq!(names(&preset(&rows)), ["params.lr"]);
    }

    #[test]
    fn metrics_that_most_runs_have_come_first_and_those_of_the_machine_only_when_asked_for() {
        let rows = [
            row(&[], &[("system/cpu", 1.0), ("acc", 0.5), ("rare", 1.0)]),
            row(&[], &[("system/cpu", 1.0), ("acc", 0.6)]),
        ];
        assert_eq!(names(&available(&rows)), ["metrics.acc", "metrics.rare", "metrics.system/cpu"]);
        assert_eq!(names(&preset(&rows)), ["metrics.acc", "metrics.rare"]);
    }

    #[test]
    fn few_columns_are_shown_of_many() {
        let many: Vec<(String, f64)> = (0..50).map(|index| (format!("m{index:02}"), 0.0)).collect();
        let many: Vec<(&str, f64)> = many.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(preset(&[row(&[], &many)]).len(), SHOWN_MAX);
    }

    #[test]
    fn best_is_marked_only_where_the_name_tells_the_direction() {
        let rows = [row(&[], &[("loss", 1.0), ("lr", 1.0)]), row(&[], &[("loss", 0.5), ("lr", 2.0)])];
        let least = Field::Metric { key: "loss".into(), stat: Stat::Min };
        let mut columns = preset(&rows);
        columns.push(least.clone());
        let best = best_values(&rows, &columns);
        assert_eq!(best, BTreeMap::from([(Field::metric("loss"), 0.5), (least, -0.5)]));
    }
}
