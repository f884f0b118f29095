//! Export of a run's metrics: each in numbers, or all points of some, as rows of cells, some at a time. Points are read in
//! windows of steps, each as it is when it is asked for, so that a slow client keeps no look at the database open.

use super::{Metrics, SeriesAnswer, series};
use crate::{
    Base, Result,
    run::{Cell, CellKind},
};
use model::{
    Error, ErrorKind, Float64, RunId,
    metric::{Context, Kind, MetricExportQuery, MetricSummary},
    series::{Columns, SeriesQuery},
    user::{Caller, Role},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What each metric is in numbers.
const SUMMARY: [(&str, CellKind); 13] = [
    ("key", CellKind::Text),
    ("context", CellKind::Text),
    ("kind", CellKind::Text),
    ("last", CellKind::Float),
    ("last_step", CellKind::Int),
    ("last_time", CellKind::Time),
    ("min", CellKind::Float),
    ("min_step", CellKind::Int),
    ("max", CellKind::Float),
    ("max_step", CellKind::Int),
    ("mean", CellKind::Float),
    ("count", CellKind::Int),
    ("non_finite_count", CellKind::Int),
];
/// What each point is.
const POINT: [(&str, CellKind); 5] = [
    ("key", CellKind::Text),
    ("context", CellKind::Text),
    ("step", CellKind::Int),
    ("time", CellKind::Time),
    ("value", CellKind::Float),
];
/// Metrics in one portion of rows.
const SUMMARIES_AT_ONCE: usize = 1_000;
/// Points that a window should have: a megabyte or two.
const WINDOW_POINTS: usize = 20_000;

/// An export that is under way. Whoever drops it ends it.
#[derive(Debug)]
pub struct MetricExport {
    base: Arc<Base>,
    reads: Arc<Semaphore>,
    run_id: RunId,
    run_name: String,
    rest: Rest,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Rest {
    Summaries(VecDeque<MetricSummary>),
    Points(VecDeque<Span>),
}

/// The steps of a metric that are not read yet, in all of its contexts, and how many of them to read next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    key: String,
    next: i64,
    last: i64,
    width: i64,
}

impl Metrics {
    /// The metrics of a run in numbers, or all points of those that are named.
    pub async fn export(
        &self,
        caller: &Caller,
        run_id: &RunId,
        query: MetricExportQuery,
    ) -> Result<MetricExport> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let base = self.base.clone();
        let run = base.run(run_id).await?;
        let place = base.place_for_export()?;
        let summaries = store::metric::summaries(&base.db, run_id).await?;
        let rest = if query.key.is_empty() {
            Rest::Summaries(summaries.into())
        } else {
            let spans = query.key.iter().map(|key| span(&summaries, key));
            Rest::Points(spans.collect::<Result<_, Error>>()?)
        };
        let (run_id, run_name, reads) = (run.id, run.name, self.reads.clone());
        Ok(MetricExport { base, reads, run_id, run_name, rest, _place: place })
    }
}

/// Where the points of a metric lie.
fn span(summaries: &[MetricSummary], key: &str) -> Result<Span, Error> {
    let of_key = summaries.iter().filter(|one| one.key == key && one.kind == Kind::Number);
    let first = of_key.clone().map(|one| one.first_step).min();
    let last = of_key.clone().map(|one| one.last_step).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Err(Error::not_found("metric", key));
    };
    let count: i64 = of_key.map(|one| one.count).sum();
    let steps = last as f64 - first as f64 + 1.0;
    let width = (steps * WINDOW_POINTS as f64 / count.max(1) as f64).max(1.0) as i64;
    Ok(Span { key: key.to_owned(), next: first, last, width })
}

impl MetricExport {
    pub fn run_name(&self) -> &str {
        &self.run_name
    }

    /// Whether rows are points.
    pub fn is_of_points(&self) -> bool {
        matches!(self.rest, Rest::Points(_))
    }

    /// What the cells of a row are.
    pub fn columns(&self) -> &'static [(&'static str, CellKind)] {
        match self.rest {
            Rest::Summaries(_) => &SUMMARY,
            Rest::Points(_) => &POINT,
        }
    }

    /// The next rows, by key; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>> {
        let spans = match &mut self.rest {
            Rest::Points(spans) => spans,
            Rest::Summaries(summaries) => {
                let count = summaries.len().min(SUMMARIES_AT_ONCE);
                let rows: Vec<_> = summaries.drain(..count).map(summary).collect();
                return Ok((!rows.is_empty()).then_some(rows));
            }
        };
        while let Some(span) = spans.front_mut() {
            let end = span.next.saturating_add(span.width - 1).min(span.last);
            let query = SeriesQuery {
                run: vec![self.run_id.clone()],
                key: vec![span.key.clone()],
                step_min: Some(span.next),
                step_max: Some(end),
                ..SeriesQuery::default()
            };
            let series = match series::answer(&self.base, &self.reads, query, None).await {
                Ok(SeriesAnswer::Fresh { series, .. }) => series,
                Ok(SeriesAnswer::Unchanged { .. }) => Vec::new(),
                Err(crate::Error::Public(error)) if error.kind == ErrorKind::TooLarge && span.width > 1 => {
                    span.width /= 2;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut rows = Vec::new();
            for one in series {
                if let Columns::Points(points) = one.columns {
                    let cells = points.steps.iter().zip(&points.times_ms).zip(&points.values);
                    rows.extend(
                        cells.map(|((step, time), value)| {
                            point(&span.key, &one.context, *step, *time, *value)
                        }),
                    );
                }
            }
            // Points may be denser elsewhere.
            if rows.len() > 2 * WINDOW_POINTS {
                span.width = (span.width / 2).max(1);
            } else if rows.len() < WINDOW_POINTS / 2 {
                span.width = span.width.saturating_mul(2);
            }
            if end >= span.last {
                spans.pop_front();
            } else {
                span.next = end + 1;
            }
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }
}

fn summary(one: MetricSummary) -> Vec<Cell> {
    let number = |value: Option<Float64>| value.map_or(Cell::Absent, |value| Cell::Float(value.0));
    let step = |step: Option<i64>| step.map_or(Cell::Absent, Cell::Int);
    let last = if one.kind == Kind::Number { Cell::Float(one.last.0) } else { Cell::Absent };
    vec![
        Cell::Text(one.key),
        context(&one.context),
        Cell::Text(one.kind.as_str().to_owned()),
        last,
        Cell::Int(one.last_step),
        Cell::Time(one.last_time_ms),
        number(one.min),
        step(one.min_step),
        number(one.max),
        step(one.max_step),
        number(one.mean),
        Cell::Int(one.count),
        Cell::Int(one.non_finite_count),
    ]
}

fn point(key: &str, of: &Context, step: i64, time_ms: i64, value: f64) -> Vec<Cell> {
    vec![
        Cell::Text(key.to_owned()),
        context(of),
        Cell::Int(step),
        Cell::Time(model::UnixMillis(time_ms)),
        Cell::Float(value),
    ]
}

/// As JSON, so that a program reads it; most have none.
fn context(context: &Context) -> Cell {
    if context.is_empty() {
        return Cell::Absent;
    }
    serde_json::to_string(context).map_or(Cell::Absent, Cell::Text)
}
