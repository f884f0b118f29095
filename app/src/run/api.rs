//! What the run pages ask of the server.

use super::group::query::{Asked, GroupAsked};
use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    Page, RunId,
    experiment::Experiment,
    query::Field,
    run::{
        Run, RunDetail, RunFieldQuery, RunQuery, RunRow, RunUpdate, RunValueQuery, RunsUpdate, RunsUpdated,
        group::RunGroup,
    },
};
use serde::{Deserialize, Serialize};

/// An experiment with a page of its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    pub experiment: Experiment,
    /// What the table shows beside what every run has: what was asked for, or what people come for.
    pub columns: Vec<Field>,
    pub page: Page<RunRow>,
    /// In place of the rows.
    #[serde(default)]
    pub groups: Option<Groups>,
}

/// A page of groups of an experiment's runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    pub page: Page<RunGroup>,
    /// What they have means of.
    pub fields: Vec<Field>,
    /// What they are ordered by.
    pub sort: String,
    /// Why there are none.
    pub failed: Option<AppError>,
}

impl Runs {
    /// Nothing to show, and no reason why.
    pub fn is_empty(&self) -> bool {
        match &self.groups {
            Some(groups) => groups.page.items.is_empty() && groups.failed.is_none(),
            None => self.page.items.is_empty(),
        }
    }

    /// Rows or groups on all pages.
    pub fn total(&self) -> i64 {
        self.groups.as_ref().map_or(self.page.total, |groups| groups.page.total)
    }
}

/// Rows or groups, as the URL asks.
pub async fn table(asked: Asked) -> Result<Runs, AppError> {
    match asked.group {
        Some(by) => group(asked.runs, by).await,
        None => list(asked.runs).await,
    }
}

#[server(prefix = "/ui", endpoint = "run/list", input = Json)]
pub async fn list(query: RunQuery) -> Result<Runs, AppError> {
    use super::preset;
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let experiment = services.experiment.get(&caller, query.experiment_id).await?;
    let asked = model::query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
    let mut page = services.run.list(&caller, query).await?;
    let columns = if asked.is_empty() { preset::columns(&page.items) } else { asked };
    preset::strip(&mut page.items, &columns);
    Ok(Runs { experiment, columns, page, groups: None })
}

/// An experiment with a page of groups of its runs.
#[server(prefix = "/ui", endpoint = "run/group", input = Json)]
pub async fn group(query: RunQuery, asked: GroupAsked) -> Result<Runs, AppError> {
    use super::{group::query::order, preset};
    use model::{limits, query::parse_group, run::group::RunGroupQuery};
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let experiment = services.experiment.get(&caller, query.experiment_id).await?;
    let columns = model::query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
    // Columns are chosen by the newest runs; where they are asked for, only how many runs there are is of interest.
    let newest = RunQuery {
        sort: String::new(),
        offset: 0,
        limit: Some(if columns.is_empty() { limits::PAGE_DEFAULT } else { 1 }),
        ..query.clone()
    };
    let runs = services.run.list(&caller, newest).await?;
    let columns = if columns.is_empty() { preset::columns(&runs.items) } else { columns };
    let metrics = columns.iter().filter(|field| matches!(field, Field::Metric { .. }));
    let fields: Vec<Field> = metrics.take(limits::GROUP_FIELDS_MAX).cloned().collect();
    let by = parse_group(&asked.by).map_err(|error| error.into_error("group"))?;
    let by = by.ok_or_else(|| model::Error::invalid("group", "expected what to group by"))?;
    let joined = |words: Vec<String>| words.join(", ");
    let sort = joined(order(&asked.sort, &by, &fields).iter().map(ToString::to_string).collect());
    let words = joined(fields.iter().map(Field::to_string).collect());
    let wanted = RunGroupQuery::new(query, by.to_string(), words, sort.clone());
    let (page, failed) = match services.run.group(&caller, wanted).await {
        Ok(page) => (page, None),
        Err(error) => (Page::new(Vec::new(), 0, 0), Some(AppError::from(error))),
    };
    let rows = Page { items: Vec::new(), total: runs.total, next_offset: None };
    Ok(Runs { experiment, columns, page: rows, groups: Some(Groups { page, fields, sort, failed }) })
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
