//! Runs in groups, with means of their metrics.

use super::{Runs, index::Wanted};
use crate::{Result, experiment::page_limit};
use model::{
    Error, ExperimentId, Page, limits,
    query::{Field, Grouping},
    run::group::{RunGroup, RunGroupQuery},
    user::{Caller, Role},
};

impl Runs {
    /// One page of the groups of an experiment's runs.
    pub async fn group(&self, caller: &Caller, query: RunGroupQuery) -> Result<Page<RunGroup>> {
        caller.require(Role::Viewer)?;
        let experiment_id = query.experiment_id;
        self.0.experiment_name(experiment_id).await?;
        let (offset, limit) = (query.offset, page_limit(query.limit)?);
        let filter = query.filter.clone();
        let (search, asked) = query.into_parts()?;
        let (keys, telling_only) = match asked.by {
            Grouping::By(fields) => (fields, false),
            Grouping::AllBut(but) => (self.params_but(experiment_id, &but).await?, true),
        };
        let wanted = Wanted {
            keys: &keys,
            telling_only,
            fields: &asked.fields,
            order: &asked.order,
            filter: &filter,
            offset,
            limit,
        };
        let runs = self.members(&search).await?;
        self.0.run_indexes.group(&self.0, experiment_id, &runs, &wanted).await
    }

    /// Every param of an experiment's runs but those of these keys.
    async fn params_but(&self, experiment_id: ExperimentId, but: &[String]) -> Result<Vec<Field>> {
        let most = limits::GROUP_KEYS_MAX;
        // Params come before what else there is.
        let listed = (most + but.len() + 1) as i64;
        let mut fields = store::run_field::list(&self.0.db, experiment_id, "", listed).await?;
        fields.retain(|field| matches!(field, Field::Param(key) if !but.contains(key)));
        if fields.len() > most {
            let fault = format!("the experiment has more than {most} other params: name those that matter");
            return Err(Error::too_large("by", fault).into());
        }
        Ok(fields)
    }
}
