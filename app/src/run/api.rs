//! What the run pages ask of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    Page, RunId,
    experiment::Experiment,
    run::{Run, RunDetail, RunQuery, RunRow, RunUpdate},
};
use serde::{Deserialize, Serialize};

/// An experiment with a page of its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    pub experiment: Experiment,
    pub page: Page<RunRow>,
}

#[server(prefix = "/ui", endpoint = "run/list", input = Json)]
pub async fn list(query: RunQuery) -> Result<Runs, AppError> {
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    Ok(Runs {
        experiment: services.experiment.get(&caller, query.experiment_id).await?,
        page: services.run.list(&caller, query).await?,
    })
}

#[server(prefix = "/ui", endpoint = "run/get", input = Json)]
pub async fn get(id: RunId) -> Result<RunDetail, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run.get(&caller, &id).await?)
}

#[server(prefix = "/ui", endpoint = "run/update", input = Json)]
pub async fn update(id: RunId, input: RunUpdate) -> Result<Run, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run.update(&caller, &id, input).await?)
}
