//! Metrics: batches in, series out.

mod writer;

use crate::{Base, Result};
use model::{
    Error,
    ingest::{IngestBatch, IngestReceipt},
    limits,
    series::{Columns, Series, SeriesQuery},
    user::{Caller, Role},
};
use std::{collections::HashSet, sync::Arc};

#[derive(Clone, Debug)]
pub struct Metrics {
    base: Arc<Base>,
    writer: writer::Writer,
}

impl Metrics {
    pub(crate) fn start(base: Arc<Base>) -> Self {
        Self { writer: writer::Writer::start(base.clone()), base }
    }

    /// Stores a batch whole or refuses it whole; when this returns, it is durable.
    pub async fn ingest(&self, caller: &Caller, batch: IngestBatch) -> Result<IngestReceipt> {
        caller.require(Role::Member)?;
        batch.check()?;
        self.writer.write(batch).await
    }

    /// Series of the runs and keys asked for. Series with no more points than `buckets` come exact.
    pub async fn series(&self, caller: &Caller, query: SeriesQuery) -> Result<Vec<Series>> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let db = &self.base.db;
        let found = store::run::get_many(db, &query.run).await?;
        let known: HashSet<_> = found.iter().map(|run| &run.id).collect();
        if let Some(missing) = query.run.iter().find(|id| !known.contains(id)) {
            return Err(Error::not_found("run", missing).into());
        }
        let series_max = limits::SERIES_PER_QUERY_MAX;
        let found = store::metric::find_series(db, &query.run, &query.key, series_max as i64 + 1).await?;
        if found.len() > series_max {
            return Err(Error::too_large("key", format!("more than {series_max} series; name fewer")).into());
        }
        let (step_min, step_max) = (query.step_min.unwrap_or(i64::MIN), query.step_max.unwrap_or(i64::MAX));
        let mut answer = Vec::with_capacity(found.len());
        let mut exact_points = 0;
        for series in found {
            let points = store::metric::points(db, &series, step_min, step_max).await?;
            let total = points.steps.len();
            let columns = match query.buckets {
                Some(buckets) if total > buckets as usize => {
                    Columns::Buckets(segment::bucket(&points, buckets))
                }
                _ => Columns::Points(points),
            };
            exact_points += if query.buckets.is_none() { total } else { 0 };
            if exact_points > limits::RAW_POINTS_MAX {
                let expected =
                    format!("more than {} points; ask for buckets or a range", limits::RAW_POINTS_MAX);
                return Err(Error::too_large("buckets", expected).into());
            }
            let total = total as u64;
            answer.push(Series {
                run_id: series.run_id,
                key: series.key,
                context: series.context,
                total,
                columns,
            });
        }
        Ok(answer)
    }
}
