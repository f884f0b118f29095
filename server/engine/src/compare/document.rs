//! A whole comparison at once, for a file that is read without the server.

use super::Compare;
use crate::{Error, Result, metric::SeriesAnswer};
use model::{
    ErrorKind, RunId,
    compare::{ChangesQuery, Count, Curves, Document, DocumentQuery, Section, Table, TableQuery},
    limits,
    series::{Series, SeriesQuery},
    user::{Caller, Role},
};

/// Fewer buckets would no longer be a curve: then metrics are left out instead.
const BUCKETS_MIN: usize = 24;

impl Compare {
    /// Everything that the comparison of these runs says, bounded so that it fits into a file.
    pub async fn document(&self, caller: &Caller, query: &DocumentQuery) -> Result<Document> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let _place = self.base.place_for_export()?;
        let metrics = self.metrics(caller, &query.metrics()).await?;
        let changes = match query.pair() {
            Some((from, to)) => Some(self.changes(caller, &ChangesQuery { from, to, metric: None }).await?),
            None => None,
        };
        let (curves, left_out) = self.curves(caller, &query.run).await?;
        Ok(Document {
            made_at_ms: self.base.world.now(),
            runs: metrics.runs.clone(),
            base: metrics.base,
            counts: self.counts(caller, &query.run).await?,
            params: self.section(caller, query, Section::Params, true).await?,
            notes: self.section(caller, query, Section::Notes, false).await?,
            metrics,
            changes,
            curves,
            left_out,
        })
    }

    /// How many rows each section has, and in how many the runs differ.
    pub async fn counts(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Vec<Count>> {
        let mut counts = Vec::with_capacity(Section::ALL.len());
        for of in Section::ALL {
            let query = TableQuery { run: run_ids.to_vec(), of, limit: Some(0), ..TableQuery::default() };
            let table = self.table(caller, &query).await?;
            counts.push(Count { section: of, all: table.all, differing: table.differing });
        }
        Ok(counts)
    }

    async fn section(
        &self,
        caller: &Caller,
        query: &DocumentQuery,
        of: Section,
        differing: bool,
    ) -> Result<Table> {
        let query = TableQuery {
            run: query.run.clone(),
            of,
            base: query.base.clone(),
            differing,
            limit: Some(limits::COMPARE_DOCUMENT_ROWS_MAX),
            ..TableQuery::default()
        };
        self.table(caller, &query).await
    }

    /// The curves that can be held against each other as long as there is room, and how many metrics found none.
    async fn curves(&self, caller: &Caller, run_ids: &[RunId]) -> Result<(Vec<Curves>, i64)> {
        let compared = self.runs(run_ids).await?;
        let mut keys = self.shared_metrics(caller, run_ids).await?;
        keys.sort_by_cached_key(|key| compared.rank(key));
        let shown = keys.len().min(limits::COMPARE_DOCUMENT_METRICS_MAX);
        let mut left_out = (keys.len() - shown) as i64;
        let mut room = limits::COMPARE_DOCUMENT_POINTS_MAX;
        let each = room / (shown * run_ids.len()).max(1);
        let buckets = each.clamp(BUCKETS_MIN, limits::COMPARE_DOCUMENT_BUCKETS_MAX);
        let mut curves = Vec::with_capacity(shown);
        for key in keys.into_iter().take(shown) {
            let series = self.of_metric(caller, run_ids, &key, buckets).await?;
            let rows: usize = series.iter().map(|one| one.columns.rows()).sum();
            // One metric may have a curve for each of many contexts.
            if rows == 0 || rows > room {
                left_out += 1;
                continue;
            }
            room -= rows;
            curves.push(Curves { key, series });
        }
        Ok((curves, left_out))
    }

    /// None when the metric has more curves than one answer holds.
    async fn of_metric(
        &self,
        caller: &Caller,
        run_ids: &[RunId],
        key: &str,
        buckets: usize,
    ) -> Result<Vec<Series>> {
        let query = SeriesQuery {
            run: run_ids.to_vec(),
            key: vec![key.to_owned()],
            buckets: u32::try_from(buckets).ok(),
            ..SeriesQuery::default()
        };
        match self.metric.series(caller, query, None).await {
            Ok(SeriesAnswer::Fresh { series, .. }) => Ok(series),
            Ok(SeriesAnswer::Unchanged { .. }) => Ok(Vec::new()),
            Err(Error::Public(error)) if error.kind == ErrorKind::TooLarge => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
