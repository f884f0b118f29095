//! Which params and metrics the run table shows: out of the box, what a person came for.

use crate::metric::goal::{best, goal};
use model::{
    metric,
    run::{RunRow, RunSort},
};
use std::collections::{BTreeMap, BTreeSet};

/// A column that depends on what was logged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Param(String),
    Metric(String),
}

/// Of each kind, so many fit a laptop's screen.
const SHOWN_MAX: usize = 6;

impl Column {
    /// As the URL spells it: `params.lr`.
    pub fn name(&self) -> String {
        self.sort().into()
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name.parse().ok()? {
            RunSort::Param(key) => Some(Self::Param(key)),
            RunSort::Metric(key) => Some(Self::Metric(key)),
            _ => None,
        }
    }

    pub fn sort(&self) -> RunSort {
        match self.clone() {
            Self::Param(key) => RunSort::Param(key),
            Self::Metric(key) => RunSort::Metric(key),
        }
    }

    pub fn key(&self) -> &str {
        match self {
            Self::Param(key) | Self::Metric(key) => key,
        }
    }
}

/// Every column that the rows could fill, the most telling first: params that differ, then the others;
/// metrics that most runs have, those of the machine last.
pub fn available(rows: &[RunRow]) -> Vec<Column> {
    let keys: BTreeSet<&String> = rows.iter().flat_map(|row| row.params.keys()).collect();
    let mut params: Vec<_> = keys.into_iter().map(|key| (!differs(rows, key), key)).collect();
    params.sort_by_key(|(same, _)| *same);
    let mut metrics: BTreeMap<&str, usize> = BTreeMap::new();
    for key in rows.iter().flat_map(|row| row.metrics.keys()) {
        *metrics.entry(key).or_default() += 1;
    }
    let mut metrics: Vec<_> = metrics.into_iter().collect();
    metrics.sort_by_key(|(key, count)| (metric::of_system(key), usize::MAX - count));
    let params = params.into_iter().map(|(_, key)| Column::Param(key.to_owned()));
    params.chain(metrics.into_iter().map(|(key, _)| Column::Metric(key.to_owned()))).collect()
}

/// Whether a param tells runs apart. A run without any params, such as one that just began, says nothing about it.
fn differs(rows: &[RunRow], key: &str) -> bool {
    let mut values = rows.iter().filter(|row| !row.params.is_empty()).map(|row| row.params.get(key));
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// What is shown when the URL does not say: the first few of each kind; params that are the same everywhere
/// only when none differs; metrics of the machine never.
pub fn preset(rows: &[RunRow]) -> Vec<Column> {
    let all = available(rows);
    let params: Vec<_> = all.iter().filter(|one| matches!(one, Column::Param(_))).collect();
    let differing: Vec<_> = params.iter().copied().filter(|one| differs(rows, one.key())).collect();
    let params = if differing.is_empty() { params } else { differing };
    let metrics = all.iter().filter(|one| matches!(one, Column::Metric(key) if !metric::of_system(key)));
    params.into_iter().take(SHOWN_MAX).chain(metrics.take(SHOWN_MAX)).cloned().collect()
}

/// The best last value of each metric shown whose direction its name tells.
pub fn best_values(rows: &[RunRow], columns: &[Column]) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for column in columns {
        if let Column::Metric(key) = column
            && let Some(goal) = goal(key)
            && let Some(value) = best(goal, rows.iter().filter_map(|row| Some(row.metrics.get(key)?.last.0)))
        {
            found.insert(key.clone(), value);
        }
    }
    found
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
        let stat = |value: f64| MetricStat { last: Float64(value), last_step: 0, min: None, max: None };
        RunRow {
            run,
            params: params.iter().map(|(key, value)| ((*key).to_owned(), ParamValue::Int(*value))).collect(),
            metrics: metrics.iter().map(|(key, value)| ((*key).to_owned(), stat(*value))).collect(),
        }
    }

    fn names(columns: &[Column]) -> Vec<String> {
        columns.iter().map(Column::name).collect()
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
        let best = best_values(&rows, &preset(&rows));
        assert_eq!(best, BTreeMap::from([("loss".to_owned(), 0.5)]));
    }
}
