//! The points of metrics, page by page.

use super::{
    convert::{self, Input, double, object, page_token},
    error::{Answer, Failure},
};
use axum::{Extension, extract::State};
use engine::{Services, metric::SeriesAnswer};
use model::{
    RunId,
    series::{Columns, Points, SeriesQuery},
    user::Caller,
};
use serde_json::{Value, json};

const RUNS_MAX: usize = 100;
const BULK_RESULTS_MAX: usize = 25_000;
const INTERVAL_RESULTS_MAX: usize = 2_500;

/// The points of one metric, in order of (step, time, value); none when the run has no such metric.
async fn points(services: &Services, caller: &Caller, run_id: &RunId, key: &str) -> Answer<Points> {
    let query =
        SeriesQuery { run: vec![run_id.clone()], key: vec![key.to_owned()], ..SeriesQuery::default() };
    let answer = services.metric.series(caller, query, None).await.map_err(engine::Error::into_public);
    let answer = answer.map_err(|error| match error.kind {
        model::ErrorKind::NotFound => Failure::not_there(format!("Run with id={run_id} not found")),
        _ => error.into(),
    })?;
    let SeriesAnswer::Fresh { series, .. } = answer else { return Ok(Points::default()) };
    let found = series.into_iter().find(|one| one.context.is_empty());
    Ok(match found.map(|one| one.columns) {
        Some(Columns::Points(points)) => points,
        _ => Points::default(),
    })
}

/// Rows in the order that `by` gives them.
fn sorted<K: Ord>(points: &Points, by: impl Fn(usize) -> K) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..points.len()).collect();
    rows.sort_by_cached_key(|&row| by(row));
    rows
}

/// A double as an integer that orders as it does.
fn rank(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

fn encode(points: &Points, row: usize, key: &str, run_id: Option<&RunId>) -> Value {
    let mut metric = json!({
        "key": key,
        "value": double(points.values[row]),
        "timestamp": points.times_ms[row],
        "step": points.steps[row],
    });
    if let (Some(id), Some(members)) = (run_id, metric.as_object_mut()) {
        members.insert("run_id".to_owned(), json!(id.as_str()));
    }
    metric
}

/// `GET metrics/get-history`: everything, or pages of `max_results`.
pub(super) async fn one(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let run_id = input.run_id()?;
    let key = input.required("metric_key")?;
    let count = input.int("max_results")?;
    if count.is_some_and(|count| count < 1) {
        return Err(Failure::invalid(
            "Invalid value for parameter 'max_results' supplied: it must be positive",
        ));
    }
    let offset = input.offset()? as usize;
    let points = points(&services, &caller, &run_id, &key).await?;
    let rows = sorted(&points, |row| (points.times_ms[row], points.steps[row], rank(points.values[row])));
    let count = count.map_or(rows.len(), |count| count as usize);
    let page: Vec<_> =
        rows.iter().skip(offset).take(count).map(|&row| encode(&points, row, &key, None)).collect();
    let end = offset + page.len();
    let next = (end < rows.len()).then(|| page_token(end));
    Ok(axum::Json(object([("metrics", Value::Array(page)), ("next_page_token", json!(next))])))
}

fn run_ids(input: &Input, name: &str) -> Answer<Vec<RunId>> {
    let ids = input.texts(name)?;
    if ids.is_empty() {
        return Err(Failure::invalid("GetMetricHistoryBulk request must specify at least one run_id."));
    }
    if ids.len() > RUNS_MAX {
        let message = format!(
            "GetMetricHistoryBulk request cannot specify more than {RUNS_MAX} run_ids. Received {} run_ids.",
            ids.len()
        );
        return Err(Failure::invalid(message));
    }
    let mut ids: Vec<RunId> = ids.iter().filter_map(|id| convert::run_id(id).ok()).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// The points of one run; a run that is not there has none.
async fn points_if_any(
    services: &Services,
    caller: &Caller,
    id: &RunId,
    key: &str,
) -> Answer<Option<Points>> {
    if services.run.header(caller, id).await.is_err() {
        return Ok(None);
    }
    points(services, caller, id, key).await.map(Some)
}

/// `get-history-bulk`: one metric of several runs, with one limit for all.
pub(super) async fn bulk(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = run_ids(&input, "run_id")?;
    let key = input.required("metric_key")?;
    let count = input.int("max_results")?.map_or(BULK_RESULTS_MAX, |count| count.max(0) as usize);
    let mut metrics = Vec::new();
    for id in &ids {
        let Some(points) = points_if_any(&services, &caller, id, &key).await? else { continue };
        let rows = sorted(&points, |row| (points.times_ms[row], points.steps[row], rank(points.values[row])));
        let room = count.min(BULK_RESULTS_MAX) - metrics.len();
        metrics.extend(rows.into_iter().take(room).map(|row| encode(&points, row, &key, Some(id))));
    }
    Ok(axum::Json(object([("metrics", Value::Array(metrics))])))
}

/// `get-history-bulk-interval`: of each run about so many points, evenly over its rows, the first and last among them.
pub(super) async fn bulk_interval(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = run_ids(&input, "run_ids")?;
    let key = input.required("metric_key")?;
    let count = input.int("max_results")?.unwrap_or(INTERVAL_RESULTS_MAX as i64);
    if !(1..=INTERVAL_RESULTS_MAX as i64).contains(&count) {
        return Err(Failure::invalid(format!("max_results must be between 1 and {INTERVAL_RESULTS_MAX}")));
    }
    let (start, end) = match (input.int("start_step")?, input.int("end_step")?) {
        (None, None) => (i64::MIN, i64::MAX),
        (Some(start), Some(end)) if start <= end => (start, end),
        (Some(start), Some(end)) => {
            let message = format!(
                "end_step must be greater than start_step. Found start_step={start} and end_step={end}."
            );
            return Err(Failure::invalid(message));
        }
        _ => {
            return Err(Failure::invalid(
                "If either start step or end step are specified, both must be specified.",
            ));
        }
    };
    let mut metrics = Vec::new();
    for id in &ids {
        let Some(points) = points_if_any(&services, &caller, id, &key).await? else { continue };
        let mut rows =
            sorted(&points, |row| (points.steps[row], points.times_ms[row], rank(points.values[row])));
        rows.retain(|&row| (start..=end).contains(&points.steps[row]));
        let rows = evenly(&rows, count as usize);
        metrics.extend(rows.into_iter().map(|row| encode(&points, row, &key, Some(id))));
    }
    Ok(axum::Json(object([("metrics", Value::Array(metrics))])))
}

/// At most so many rows, evenly, with the first and the last.
fn evenly(rows: &[usize], count: usize) -> Vec<usize> {
    if rows.len() <= count || count < 2 {
        return rows.iter().copied().take(count.max(1)).collect();
    }
    (0..count).map(|place| rows[place * (rows.len() - 1) / (count - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_the_ends() {
        let rows: Vec<usize> = (0..1_000).collect();
        assert_eq!(evenly(&rows, 3), [0, 499, 999]);
        assert_eq!(evenly(&rows[..2], 5), [0, 1]);
        assert!(evenly(&[], 5).is_empty());
        assert!(rank(-1.0) < rank(0.0) && rank(0.0) < rank(f64::INFINITY));
    }
}
