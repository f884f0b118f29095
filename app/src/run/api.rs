//! What the run pages ask of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    Page, RunId,
    experiment::Experiment,
    query::Field,
    run::{
        Run, RunDetail, RunFieldQuery, RunQuery, RunRow, RunUpdate, RunValueQuery, RunsUpdate, RunsUpdated,
    },
};
use serde::{Deserialize, Serialize};

/// An experiment with a page of its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    pub experiment: Experiment,
    /// What the table shows beside what every run has: what was asked for, or what people come for.
    pub columns: Vec<Field>,
    /// Those of the columns that are the same in all runs that match, when only differences are asked for.
    pub same: Vec<Field>,
    pub page: Page<RunRow>,
    /// The runs that stay on top, whatever the filter: the one that others are compared with comes first.
    pub pinned: Vec<RunRow>,
}

/// A page of runs and what the table shows beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableView {
    pub query: RunQuery,
    /// Runs that stay on top; what is beyond their limit is left out.
    pub pins: Vec<RunId>,
    /// Only columns in which the runs differ.
    pub differences: bool,
}

#[server(prefix = "/ui", endpoint = "run/list", input = Json)]
pub async fn list(view: TableView) -> Result<Runs, AppError> {
    use super::preset;
    let TableView { query, pins, differences } = view;
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let experiment = services.experiment.get(&caller, query.experiment_id).await?;
    let asked = model::query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
    let mut page = services.run.list(&caller, query.clone()).await?;
    let columns = if asked.is_empty() { preset::columns(&page.items) } else { asked };
    let same = if differences { preset::same(&caller, &query, &columns).await? } else { Vec::new() };
    let mut pinned = preset::pinned(&caller, query.experiment_id, &pins, &columns).await?;
    preset::strip(&mut page.items, &columns);
    preset::strip(&mut pinned, &columns);
    Ok(Runs { experiment, columns, same, page, pinned })
}

/// More rows of the table, with what `fields` names and nothing else.
#[server(prefix = "/ui", endpoint = "run/rows", input = Json)]
pub async fn rows(query: RunQuery) -> Result<Page<RunRow>, AppError> {
    let caller = crate::remote::caller()?;
    let fields = model::query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
    let mut page = crate::remote::services().run.list(&caller, query).await?;
    super::preset::strip(&mut page.items, &fields);
    Ok(page)
}

/// What the runs of an experiment have: what columns and filters are made of.
#[server(prefix = "/ui", endpoint = "run/fields", input = Json)]
pub async fn fields(query: RunFieldQuery) -> Result<Vec<Field>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run.fields(&caller, &query).await?)
}

/// What occurs in a param or tag of the runs of an experiment.
#[server(prefix = "/ui", endpoint = "run/values", input = Json)]
pub async fn values(query: RunValueQuery) -> Result<Vec<String>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run.values(&caller, &query).await?)
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

#[server(prefix = "/ui", endpoint = "run/update-many", input = Json)]
pub async fn update_many(input: RunsUpdate) -> Result<RunsUpdated, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run.update_many(&caller, &input).await?)
}
