//! Columns of chosen fields over the runs of a search.

use super::Runs;
use crate::Result;
use model::{
    Error,
    explore::{RunColumns, check_fields},
    limits, query,
    run::{RunQuery, RunSearch},
    user::{Caller, Role},
};
use std::collections::HashMap;

impl Runs {
    /// The query's fields for the runs that it means, whatever its page: in its order, and at most
    /// [`limits::EXPLORE_RUNS_MAX`] or as many as it asks for.
    pub async fn columns(&self, caller: &Caller, query: RunQuery) -> Result<RunColumns> {
        caller.require(Role::Viewer)?;
        let base = &*self.0;
        let experiment_id = query.experiment_id;
        base.experiment_name(experiment_id).await?;
        let most = limits::EXPLORE_RUNS_MAX;
        let limit = match query.limit {
            Some(limit) if limit > most => {
                return Err(Error::too_large("limit", format!("at most {most} runs")).into());
            }
            limit => limit.unwrap_or(most),
        };
        let fields = query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
        check_fields(&fields, limits::EXPLORE_FIELDS_MAX)?;
        let search = RunSearch { offset: 0, after: None, ..query.into_search(limit)? };
        let all = RunSearch { limit: u32::MAX >> 1, ..search.clone() };
        let runs = self.members(&all).await?;
        let found = base.run_indexes.values_of(base, experiment_id, &runs, &search, &fields).await?;
        let chosen: HashMap<String, i64> =
            store::run::colors(&base.db, experiment_id).await?.into_iter().collect();
        let color = |id: &model::RunId| chosen.get(id.as_str()).and_then(|color| u8::try_from(*color).ok());
        Ok(RunColumns {
            colors: found.ids.iter().map(color).collect(),
            total: found.total,
            ids: found.ids,
            names: found.names,
            numbers: found.numbers,
            columns: found.columns,
        })
    }
}
