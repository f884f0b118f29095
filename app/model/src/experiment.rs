//! Experiments: a question and the runs that try to answer it.

use crate::{
    Error, ExperimentId, ProjectId, Tags, UnixMillis, limits,
    metric::Goal,
    param,
    run::{RunStatus, Trash},
};
use serde::{Deserialize, Serialize};

pub mod tree;

/// Archived by hand; otherwise completed when it has runs and none is queued or running, else active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStatus {
    Active,
    Completed,
    Archived,
}

impl ExperimentStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::Completed, Self::Archived];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Archived => "archived",
        }
    }
}

/// How many runs of an experiment are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunCounts {
    pub queued: i64,
    pub running: i64,
    pub completed: i64,
    pub failed: i64,
    pub killed: i64,
    pub lost: i64,
}

impl RunCounts {
    pub fn of_mut(&mut self, status: RunStatus) -> &mut i64 {
        match status {
            RunStatus::Queued => &mut self.queued,
            RunStatus::Running => &mut self.running,
            RunStatus::Completed => &mut self.completed,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Killed => &mut self.killed,
            RunStatus::Lost => &mut self.lost,
        }
    }

    pub fn total(self) -> i64 {
        self.queued + self.running + self.completed + self.failed + self.killed + self.lost
    }
}

/// What the runs of an experiment are after: a metric, and whether it is to be small or large.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GoalMetric {
    pub key: String,
    pub goal: Goal,
}

impl GoalMetric {
    fn check(&self) -> Result<(), Error> {
        param::check_key("goal", &self.key)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Experiment {
    pub id: ExperimentId,
    pub project_id: ProjectId,
    pub project_name: String,
    pub name: String,
    pub description: String,
    pub goal: Option<GoalMetric>,
    pub tags: Tags,
    pub status: ExperimentStatus,
    pub created_at_ms: UnixMillis,
    /// The latest of its creation, its edits and anything its runs did.
    pub last_activity_at_ms: UnixMillis,
    /// When it was thrown away; it can be restored, with its runs.
    pub trashed_at_ms: Option<UnixMillis>,
    pub run_count: i64,
    pub runs: RunCounts,
}

/// A new experiment. The same name again in a project answers the existing one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExperimentNew {
    /// Absent: the default project.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub goal: Option<GoalMetric>,
    #[serde(default)]
    pub tags: Tags,
}

impl ExperimentNew {
    pub fn check(&self) -> Result<(), Error> {
        check_name("name", &self.name)?;
        check_description(&self.description)?;
        self.goal.as_ref().map_or(Ok(()), GoalMetric::check)?;
        self.tags.check()
    }
}

/// What to change; absent fields stay. `tags` replaces all tags, `put_tags` and `remove_tags` change single ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ExperimentUpdate {
    /// Moves the experiment there, with its runs.
    pub project_id: Option<ProjectId>,
    pub name: Option<String>,
    pub description: Option<String>,
    /// With an empty key it is taken away.
    pub goal: Option<GoalMetric>,
    pub tags: Option<Tags>,
    pub put_tags: Tags,
    pub remove_tags: Vec<String>,
    pub archived: Option<bool>,
    /// Throws the experiment away, or restores it.
    pub trashed: Option<bool>,
}

impl ExperimentUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            check_name("name", name)?;
        }
        if let Some(description) = &self.description {
            check_description(description)?;
        }
        if let Some(goal) = self.goal.as_ref().filter(|goal| !goal.key.is_empty()) {
            goal.check()?;
        }
        self.put_tags.check()?;
        self.tags.as_ref().map_or(Ok(()), Tags::check)
    }
}

/// The same change of many experiments at once; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExperimentBulk {
    pub ids: Vec<ExperimentId>,
    /// Moves them there, with their runs.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    #[serde(default)]
    pub archived: Option<bool>,
    /// Throws them away, or restores them.
    #[serde(default)]
    pub trashed: Option<bool>,
}

impl ExperimentBulk {
    pub fn check(&self) -> Result<(), Error> {
        if !(1..=limits::BULK_MAX).contains(&self.ids.len()) {
            return Err(Error::invalid("ids", format!("expected 1 to {} ids", limits::BULK_MAX)));
        }
        if self.archived.is_none() && self.trashed.is_none() && self.project_id.is_none() {
            return Err(Error::invalid("archived", "expected archived, trashed or project_id"));
        }
        Ok(())
    }

    /// What is to be done with each.
    pub fn update(&self) -> ExperimentUpdate {
        let Self { archived, trashed, project_id, .. } = *self;
        ExperimentUpdate { project_id, archived, trashed, ..ExperimentUpdate::default() }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExperimentSort {
    #[default]
    LastActivity,
    Created,
    Name,
    RunCount,
}

/// Which experiments, in what order. Without a status, archived ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ExperimentQuery {
    /// Absent: of all projects.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub project_id: Option<ProjectId>,
    /// Part of the name or the description, in any case.
    pub search: String,
    pub status: Option<ExperimentStatus>,
    /// Experiments that carry every one of these: `baseline` or `phase: search`.
    pub tag: Vec<String>,
    pub trash: Trash,
    pub sort: ExperimentSort,
    /// Turns the order around: names start at A, everything else at the newest or largest.
    pub reverse: bool,
    pub offset: u32,
    pub limit: Option<u32>,
}

pub(crate) fn check_name(field: &str, name: &str) -> Result<(), Error> {
    if name.trim().is_empty() || name.len() > limits::NAME_BYTES_MAX {
        return Err(Error::invalid(field, format!("a name has 1 to {} bytes", limits::NAME_BYTES_MAX)));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid(field, "a name holds no control characters"));
    }
    Ok(())
}

fn check_description(description: &str) -> Result<(), Error> {
    param::check_text("description", description, limits::DESCRIPTION_BYTES_MAX)
}
