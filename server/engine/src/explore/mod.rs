//! Pictures over many runs: columns of chosen fields, and how much a metric depends on params.

mod forest;
#[cfg(test)]
mod tests;

use crate::{Base, Result, run::Runs};
use model::{
    Error, ErrorKind, Float64,
    explore::{FieldColumn, FieldValues, Importance, ParamImportance, RunColumns},
    limits,
    query::{self, Field},
    relation,
    run::RunQuery,
    user::{Caller, Role},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[derive(Clone, Debug)]
pub struct Explorer {
    runs: Runs,
    /// Places for forests.
    places: Arc<Semaphore>,
}

impl Explorer {
    pub(crate) fn new(base: Arc<Base>) -> Self {
        Self { runs: Runs(base), places: Arc::new(Semaphore::new(limits::IMPORTANCE_AT_ONCE_MAX)) }
    }

    /// The query's fields for the runs that it means, whatever its page.
    pub async fn columns(&self, caller: &Caller, query: RunQuery) -> Result<RunColumns> {
        self.runs.columns(caller, query).await
    }

    /// How much the first of the query's fields, a metric, depends on the others, which are params; on all params of the
    /// experiment when none is named. Over the runs that the query means.
    pub async fn importance(&self, caller: &Caller, query: RunQuery) -> Result<Importance> {
        caller.require(Role::Viewer)?;
        let named = query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
        let (metric, mut params) = check_named(named)?;
        let mut left_out = 0;
        if params.is_empty() {
            let most = i64::from(limits::PAGE_MAX);
            let mut all = store::run_field::list(&self.runs.0.db, query.experiment_id, "", most).await?;
            all.retain(|field| matches!(field, Field::Param(_)));
            left_out = all.len().saturating_sub(limits::IMPORTANCE_PARAMS_MAX) as i64;
            all.truncate(limits::IMPORTANCE_PARAMS_MAX);
            params = all;
        }
        let words: Vec<String> = std::iter::once(&metric).chain(&params).map(Field::to_string).collect();
        let found = self.columns(caller, RunQuery { fields: words.join(","), ..query }).await?;
        // Who hangs up while waiting for a place gives up the wait.
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return Err(Error::new(ErrorKind::Unavailable, "the server is shutting down").into());
        };
        let work = move || {
            let importance = importance(metric, found.columns, left_out);
            drop(place);
            importance
        };
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| Error::new(ErrorKind::Internal, "the importance could not be computed"))?)
    }
}

fn check_named(named: Vec<Field>) -> Result<(Field, Vec<Field>), Error> {
    let mut named = named.into_iter();
    let metric = named.next().filter(|field| matches!(field, Field::Metric { .. }));
    let metric = metric.ok_or_else(|| Error::invalid("fields", "expected a metric, then params"))?;
    let params: Vec<Field> = named.collect();
    if params.len() > limits::IMPORTANCE_PARAMS_MAX {
        let most = format!("at most {} params", limits::IMPORTANCE_PARAMS_MAX);
        return Err(Error::too_large("fields", most));
    }
    match params.iter().find(|field| !matches!(field, Field::Param(_))) {
        Some(field) => {
            let fault = format!("{field} is no param: expected a metric, then params");
            Err(Error::invalid("fields", fault))
        }
        None => Ok((metric, params)),
    }
}

/// The first column is the metric's.
fn importance(metric: Field, columns: Vec<FieldColumn>, left_out: i64) -> Importance {
    let mut columns = columns.into_iter();
    let target = columns.next().map(|column| numbers(&column.values)).unwrap_or_default();
    let rows: Vec<usize> = (0..target.len()).filter(|&row| target[row].is_finite()).collect();
    let of_rows = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
    let target = of_rows(&target);
    let mut params: Vec<(Field, Option<f64>, Vec<f64>)> = Vec::new();
    for column in columns {
        let coded = of_rows(&coded(&column.values));
        if coded.iter().all(|value| *value == coded[0]) {
            continue;
        }
        let correlation = match &column.values {
            FieldValues::Numbers { .. } => relation::spearman(&of_rows(&numbers(&column.values)), &target),
            FieldValues::Texts { .. } => None,
        };
        params.push((column.field, correlation, coded));
    }
    let most = (limits::IMPORTANCE_CELLS_MAX / params.len().max(1)).min(limits::IMPORTANCE_RUNS_MAX);
    let sample: Vec<usize> = match rows.len() {
        few if few <= most => (0..few).collect(),
        many => (0..most).map(|place| place * many / most).collect(),
    };
    let matrix: Vec<Vec<f64>> =
        params.iter().map(|(.., values)| sample.iter().map(|&row| values[row]).collect()).collect();
    let sampled: Vec<f64> = sample.iter().map(|&row| target[row]).collect();
    let grown = (sample.len() >= limits::IMPORTANCE_RUNS_MIN && !params.is_empty())
        .then(|| forest::importance(&matrix, &sampled))
        .flatten();
    let mut params: Vec<ParamImportance> = params
        .into_iter()
        .enumerate()
        .map(|(place, (field, correlation, _))| {
            let drop = grown.as_ref().map(|grown| grown.drops[place]);
            ParamImportance {
                field,
                correlation: correlation.map(Float64),
                importance: drop.map(|(mean, _)| Float64(mean)),
                deviation: drop.map(|(_, deviation)| Float64(deviation)),
            }
        })
        .collect();
    let weight = |one: &ParamImportance| match (one.importance, one.correlation) {
        (Some(drop), _) => drop.0,
        (None, correlation) => correlation.map_or(-1.0, |one| one.0.abs()),
    };
    params.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| a.field.cmp(&b.field)));
    Importance {
        metric,
        runs: rows.len() as i64,
        sampled: sample.len() as i64,
        score: grown.map(|grown| Float64(grown.score)),
        params,
        left_out,
    }
}

fn numbers(values: &FieldValues) -> Vec<f64> {
    match values {
        FieldValues::Numbers { numbers } => {
            numbers.iter().map(|number| number.map_or(f64::NAN, |number| number.0)).collect()
        }
        FieldValues::Texts { places, .. } => vec![f64::NAN; places.len()],
    }
}

/// As a tree takes them: finite numbers, texts by their place. What is absent or not finite lies well below all others, so
/// that one cut tells it apart.
fn coded(values: &FieldValues) -> Vec<f64> {
    match values {
        FieldValues::Numbers { .. } => {
            let numbers = numbers(values);
            let finite = || numbers.iter().copied().filter(|number| number.is_finite());
            let (low, high) =
                (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
            let below = if low <= high { low - (high - low).max(1.0) } else { 0.0 };
            numbers.iter().map(|&number| if number.is_finite() { number } else { below }).collect()
        }
        FieldValues::Texts { places, .. } => {
            places.iter().map(|place| place.map_or(-1.0, f64::from)).collect()
        }
    }
}
