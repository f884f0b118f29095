//! Metrics of several runs in numbers.

use super::{Compare, KEYS_MAX, all_equal, side_by_side};
use crate::{Result, metric::SeriesAnswer};
use model::{
    RunId,
    compare::{MetricCell, MetricRow, MetricTable, MetricTableQuery, MetricValue},
    limits,
    metric::{Context, Goal, MetricSummary},
    series::{Columns, Series, SeriesQuery},
    user::{Caller, Role},
};
use std::collections::{BTreeMap, HashMap};

impl Compare {
    /// Metrics of the runs in numbers. At a step, rows differ whose series do, and that are what `differing` leaves.
    pub async fn metrics(&self, caller: &Caller, query: &MetricTableQuery) -> Result<MetricTable> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let compared = self.runs(&query.run).await?;
        let wanted = query.search.to_lowercase();
        let mut table = MetricTable { base: query.base_place() as u32, ..MetricTable::default() };
        let (first, limit) = (i64::from(query.offset), query.limit.map_or(i64::MAX, i64::from));
        for ((key, context), summaries) in self.summaries(&query.run).await? {
            let goal = compared.goal(&key);
            for one in summaries.iter().flatten() {
                table.first_step =
                    Some(table.first_step.map_or(one.first_step, |step| step.min(one.first_step)));
                table.last_step = Some(table.last_step.map_or(one.last_step, |step| step.max(one.last_step)));
            }
            let cells: Vec<_> =
                summaries.iter().map(|one| one.as_ref().map(|one| cell(query.value, goal, one))).collect();
            let differs = match query.value {
                MetricValue::Step => !all_equal(&summaries),
                MetricValue::Last | MetricValue::Best => {
                    let values: Vec<_> = cells.iter().map(|cell| cell.map(|cell| cell.value)).collect();
                    !all_equal(&values)
                }
            };
            table.all += 1;
            table.differing += i64::from(differs);
            let row = MetricRow { key, context, goal, cells, differs };
            if !row.name().to_lowercase().contains(&wanted) || (query.differing && !differs) {
                continue;
            }
            if table.total >= first && table.total - first < limit {
                table.rows.push(row);
            }
            table.total += 1;
        }
        table.runs = compared.runs;
        if let Some(step) = query.step {
            self.go_to_step(caller, &query.run, &mut table.rows, step).await?;
        }
        Ok(table)
    }

    /// Metrics that more than one of the runs have (or the one run has): what curves can be held against each other.
    pub async fn shared_metrics(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Vec<String>> {
        caller.require(Role::Viewer)?;
        let least = run_ids.len().min(2);
        let rows = self.summaries(run_ids).await?;
        let shared = rows.filter(|(_, cells)| cells.iter().flatten().count() >= least);
        let mut keys: Vec<String> = shared.map(|((key, _), _)| key).collect();
        // Curves of one metric in several contexts share a chart.
        keys.dedup();
        Ok(keys)
    }

    /// One row a metric and context, one summary a run.
    pub(super) async fn summaries(
        &self,
        run_ids: &[RunId],
    ) -> Result<impl Iterator<Item = ((String, Context), Vec<Option<MetricSummary>>)> + use<>> {
        let found = store::metric::summaries_in_contexts(&self.base.db, run_ids, KEYS_MAX).await?;
        let by_series = |list: Vec<MetricSummary>| -> BTreeMap<(String, Context), MetricSummary> {
            list.into_iter().map(|one| ((one.key.clone(), one.context.clone()), one)).collect()
        };
        let found: HashMap<_, _> = found.into_iter().map(|(id, list)| (id, by_series(list))).collect();
        Ok(side_by_side(run_ids, found))
    }

    /// Replaces the values of the rows by those at a step.
    async fn go_to_step(
        &self,
        caller: &Caller,
        run_ids: &[RunId],
        rows: &mut [MetricRow],
        step: i64,
    ) -> Result<()> {
        // A row is a key in one context, and the request gives all contexts of a key: the last key of a chunk may have more.
        let rows_at_once = (limits::SERIES_PER_QUERY_MAX / run_ids.len() / 2).max(1);
        for rows in rows.chunks_mut(rows_at_once) {
            let mut keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
            keys.dedup();
            let query = SeriesQuery {
                run: run_ids.to_vec(),
                key: keys,
                step_max: Some(step),
                buckets: Some(1),
                ..SeriesQuery::default()
            };
            let SeriesAnswer::Fresh { series, .. } = self.metric.series(caller, query, None).await? else {
                continue;
            };
            let mut found: HashMap<(&str, &str, &Context), MetricCell> = HashMap::new();
            for one in &series {
                if let Some(cell) = last(one) {
                    found.insert((one.run_id.as_str(), one.key.as_str(), &one.context), cell);
                }
            }
            for row in rows {
                let at = |id: &RunId| found.get(&(id.as_str(), row.key.as_str(), &row.context)).copied();
                row.cells = run_ids.iter().map(at).collect();
                let values: Vec<_> = row.cells.iter().map(|cell| cell.map(|cell| cell.value)).collect();
                row.differs = !all_equal(&values);
            }
        }
        Ok(())
    }
}

/// The number of a series that is asked for.
pub(super) fn cell(value: MetricValue, goal: Option<Goal>, one: &MetricSummary) -> MetricCell {
    let best = match goal.filter(|_| value == MetricValue::Best) {
        Some(Goal::Min) => one.min.zip(one.min_step),
        Some(Goal::Max) => one.max.zip(one.max_step),
        None => None,
    };
    let (value, step) = best.unwrap_or((one.last, one.last_step));
    MetricCell { value, step }
}

/// The last point of an answer.
fn last(series: &Series) -> Option<MetricCell> {
    let (value, step) = match &series.columns {
        Columns::Points(points) => (points.values.last()?, points.steps.last()?),
        Columns::Buckets(buckets) => (buckets.last.last()?, buckets.last_steps.last()?),
        Columns::Group(_) | Columns::Texts(_) => return None,
    };
    Some(MetricCell { value: model::Float64(*value), step: *step })
}
