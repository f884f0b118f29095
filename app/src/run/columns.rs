//! The columns of the run table that depend on what was logged: their names and values.

use crate::metric::goal::{best, goal};
use model::{
    query::{Field, Stat},
    run::RunRow,
};
use std::collections::BTreeMap;

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

/// The number of a metric that a column shows.
pub fn number(row: &RunRow, field: &Field) -> Option<f64> {
    let Field::Metric { key, stat } = field else { return None };
    row.metrics.get(key)?.get(*stat).map(|value| value.0)
}

/// The best value of each metric shown whose direction its name tells.
pub fn best_values<'a>(
    rows: impl Iterator<Item = &'a RunRow> + Clone,
    columns: &[Field],
) -> BTreeMap<Field, f64> {
    let of_column = |field: &Field| {
        let Field::Metric { key, .. } = field else { return None };
        let value = best(goal(key)?, rows.clone().filter_map(|row| number(row, field)))?;
        Some((field.clone(), value))
    };
    columns.iter().filter_map(of_column).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use model::{
        ExperimentId, Float64, Tags, UnixMillis,
        metric::MetricStat,
        param::ParamValue,
        run::{Run, RunStatus},
    };

    pub fn row(params: &[(&str, i64)], metrics: &[(&str, f64)]) -> RunRow {
        let run = Run {
            id: "0".repeat(32).parse().expect("32 hex digits"),
            experiment_id: ExperimentId(1),
            parent_id: None,
            name: "a".into(),
            number: 1,
            color: None,
            status: RunStatus::Running,
            user: "me".into(),
            created_at_ms: UnixMillis(0),
            started_at_ms: None,
            ended_at_ms: None,
            updated_at_ms: UnixMillis(0),
            late_at_ms: None,
            trashed_at_ms: None,
            archived_at_ms: None,
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

    #[test]
    fn best_is_marked_only_where_the_name_tells_the_direction() {
        let rows = [row(&[], &[("loss", 1.0), ("lr", 1.0)]), row(&[], &[("loss", 0.5), ("lr", 2.0)])];
        let least = Field::Metric { key: "loss".into(), stat: Stat::Min };
        let columns = [Field::metric("loss"), Field::metric("lr"), least.clone()];
        let best = best_values(rows.iter(), &columns);
        assert_eq!(best, BTreeMap::from([(Field::metric("loss"), 0.5), (least, -0.5)]));
    }
}
