//! What the experiment pages ask of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
#[cfg(feature = "ssr")]
use model::experiment::tree::ExperimentTreeQuery;
use model::{
    ExperimentId, Page, RunId,
    experiment::{
        Experiment, ExperimentBulk, ExperimentNew, ExperimentQuery, ExperimentUpdate, tree::TreeRow,
    },
    project::Project,
};
use serde::{Deserialize, Serialize};

/// What the URL of the list asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListInput {
    pub query: ExperimentQuery,
    /// The folders that are flipped, when it is to be a tree.
    pub tree: Option<Vec<String>>,
}

/// The list with the labels that it can be filtered by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub page: Page<Experiment>,
    /// Folders and experiments as they are drawn, when it is a tree; the page has the experiments among them.
    pub tree: Option<Vec<TreeRow>>,
    /// How many experiments were found: of a tree, its rows are others.
    pub found: i64,
    /// Runs a day of those on the page that had any of late, the oldest day first.
    pub activity: Vec<(ExperimentId, Vec<i64>)>,
    /// The best run by its goal, of those on the page that have one and a run that reached a number.
    pub best: Vec<(ExperimentId, RunId, f64)>,
    pub tags: Vec<String>,
    pub projects: Vec<Project>,
    /// Nothing was ever recorded here: the page says how to begin.
    pub fresh: bool,
}

#[server(prefix = "/ui", endpoint = "experiment/list", input = Json)]
pub async fn list(input: ListInput) -> Result<Overview, AppError> {
    let caller = crate::remote::caller()?;
    let services = crate::remote::services();
    let (experiment, project, run) = (services.experiment, services.project, services.run);
    let offset = input.query.offset;
    let (page, found, tree) = match input.tree {
        None => {
            let page = experiment.list(&caller, input.query).await?;
            let found = page.total;
            (page, found, None)
        }
        Some(flipped) => {
            let query = ExperimentTreeQuery { of: input.query, flipped };
            let tree = experiment.tree(&caller, &query).await?;
            (Page::new(tree.experiments, tree.total, offset), tree.found, Some(tree.rows))
        }
    };
    let ids: Vec<ExperimentId> = page.items.iter().map(|one| one.id).collect();
    let mut activity: Vec<_> = experiment.activity(&caller, &ids).await?.into_iter().collect();
    activity.sort_unstable_by_key(|(id, _)| id.0);
    let mut best = Vec::new();
    for one in &page.items {
        if let Some(goal) = &one.goal
            && let Some((run_id, number)) = run.best(&caller, one.id, goal).await?
        {
            best.push((one.id, run_id, number));
        }
    }
    Ok(Overview {
        fresh: experiment.is_fresh(&caller).await?,
        tags: experiment.tags(&caller).await?,
        projects: project.list(&caller).await?,
        best,
        page,
        tree,
        found,
        activity,
    })
}

#[server(prefix = "/ui", endpoint = "experiment/update-many", input = Json)]
pub async fn update_many(input: ExperimentBulk) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    crate::remote::services().experiment.update_many(&caller, &input).await?;
    Ok(())
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
