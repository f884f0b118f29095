//! What the experiment pages ask of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    ExperimentId, Page,
    experiment::{Experiment, ExperimentNew, ExperimentQuery, ExperimentUpdate},
};
use serde::{Deserialize, Serialize};

/// The list with the labels that it can be filtered by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub page: Page<Experiment>,
    pub tags: Vec<String>,
    /// Nothing was ever recorded here: the page says how to begin.
    pub fresh: bool,
}

#[server(prefix = "/ui", endpoint = "experiment/list", input = Json)]
pub async fn list(query: ExperimentQuery) -> Result<Overview, AppError> {
    let (caller, experiment) = (crate::remote::caller()?, crate::remote::services().experiment);
    let by_run_count = ExperimentQuery {
        sort: model::experiment::ExperimentSort::RunCount,
        limit: Some(1),
        ..ExperimentQuery::default()
    };
    let largest = experiment.list(&caller, by_run_count).await?;
    Ok(Overview {
        // The default experiment is always there, so one without runs is still a fresh start.
        fresh: largest.total <= 1 && largest.items.iter().all(|one| one.run_count == 0),
        tags: experiment.tags(&caller).await?,
        page: experiment.list(&caller, query).await?,
    })
}

#[server(prefix = "/ui", endpoint = "experiment/create", input = Json)]
pub async fn create(input: ExperimentNew) -> Result<Experiment, AppError> {
    let caller = crate::remote::caller()?;
    let (experiment, _) = crate::remote::services().experiment.create(&caller, input).await?;
    Ok(experiment)
}

#[server(prefix = "/ui", endpoint = "experiment/update", input = Json)]
pub async fn update(id: ExperimentId, input: ExperimentUpdate) -> Result<Experiment, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().experiment.update(&caller, id, input).await?)
}
