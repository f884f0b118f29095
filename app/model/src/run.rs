//! Runs: one execution of a training script.

use crate::{
    Error, ExperimentId, ProcessId, RunId, Tags, UnixMillis,
    asset::AssetUse,
    experiment, limits,
    metric::{MetricStat, MetricSummary},
    note::Note,
    param::{Param, ParamChange, ParamValue},
    process::{Process, ProcessNew},
    query::{self, Attribute, Expr, Field, OrderBy},
    status_change::StatusHistory,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, str::FromStr};

pub mod group;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    Running,
    Completed,
    /// Ended by an error.
    Failed,
    /// Ended by hand or by a signal.
    Killed,
    /// Nothing was heard of its processes for a while; it runs again as soon as one of them is heard.
    Lost,
}

impl RunStatus {
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Killed, Self::Lost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Lost => "lost",
        }
    }

    pub fn ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for RunStatus {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            Error::invalid("status", "expected queued, running, completed, failed, killed or lost")
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    pub id: RunId,
    pub experiment_id: ExperimentId,
    /// The run that this one is a part of.
    pub parent_id: Option<RunId>,
    pub name: String,
    /// Counts up from 1 inside the experiment; decides the run's colour unless somebody chose one.
    pub number: i64,
    /// The colour that somebody chose: its place in the palette, from 0 to 11.
    pub color: Option<u8>,
    pub status: RunStatus,
    /// Who started it.
    pub user: String,
    pub created_at_ms: UnixMillis,
    pub started_at_ms: Option<UnixMillis>,
    pub ended_at_ms: Option<UnixMillis>,
    pub updated_at_ms: UnixMillis,
    /// When something was last logged after the run had ended: accepted, and shown as such.
    pub late_at_ms: Option<UnixMillis>,
    /// When it was thrown away; it can be restored.
    pub trashed_at_ms: Option<UnixMillis>,
    /// When it was put aside: hidden from lists that do not ask for it, and kept in all else.
    pub archived_at_ms: Option<UnixMillis>,
    /// Somebody asked it to stop, and it has not ended yet.
    pub stop_requested: bool,
    pub tags: Tags,
}

/// What to do when a run of that id is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// Refuse.
    #[default]
    Never,
    /// Go on with it; make it when it is not there. Sending such a request again is harmless.
    Allow,
    /// Go on with it; refuse when it is not there.
    Must,
}

/// A new run, running from now unless it says otherwise, or one that goes on. A run that goes on and had ended runs
/// again; it keeps its name, number, colour, tags, parent and data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunNew {
    /// 32 random hex digits; the server chooses when absent.
    pub id: Option<RunId>,
    pub resume: Resume,
    /// Either this or `experiment_name`.
    pub experiment_id: Option<ExperimentId>,
    /// The experiment is made when there is none of that name.
    pub experiment_name: Option<String>,
    /// The project of `experiment_name`, made when there is none of that name. Absent: the default project.
    pub project_name: Option<String>,
    /// A run that exists, in any experiment.
    pub parent_id: Option<RunId>,
    /// Generated when absent: `brave-otter-17`.
    pub name: Option<String>,
    pub tags: Tags,
    /// `queued` or `running` (the default).
    pub status: Option<RunStatus>,
    pub started_at_ms: Option<UnixMillis>,
    /// Who logs; from now on it must be heard of.
    pub process: Option<ProcessNew>,
}

impl RunNew {
    pub fn new(experiment_id: ExperimentId) -> Self {
        Self { experiment_id: Some(experiment_id), ..Self::default() }
    }

    pub fn check(&self) -> Result<(), Error> {
        if self.experiment_id.is_some() == self.experiment_name.is_some() {
            return Err(Error::invalid("experiment_id", "expected one of experiment_id and experiment_name"));
        }
        if let Some(name) = &self.experiment_name {
            experiment::check_name("experiment_name", name)?;
        }
        if let Some(name) = &self.project_name {
            experiment::check_name("project_name", name)?;
            if self.experiment_name.is_none() {
                return Err(Error::invalid("project_name", "expected experiment_name beside it"));
            }
        }
        if let Some(name) = &self.name {
            experiment::check_name("name", name)?;
        }
        if self.resume == Resume::Must && self.id.is_none() {
            return Err(Error::invalid("id", "expected the id of the run that goes on"));
        }
        if self.id.is_some() && self.id == self.parent_id {
            return Err(Error::invalid("parent_id", "a run is not its own parent"));
        }
        if self.status.is_some_and(RunStatus::ended) {
            return Err(Error::invalid("status", "a new run is queued or running"));
        }
        if let Some(process) = &self.process {
            process.check("process")?;
            if self.status == Some(RunStatus::Queued) {
                return Err(Error::invalid("status", "a run that has a process is running"));
            }
        }
        self.tags.check()
    }
}

/// What to change; absent fields stay. `tags` adds and overwrites single tags, `remove_tags` names keys to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunUpdate {
    pub name: Option<String>,
    pub tags: Tags,
    /// Of the run as a whole, with all its processes; or of one process, when `process` names it.
    pub status: Option<RunStatus>,
    /// When it ended, by the trainer's clock; the server's when absent.
    pub ended_at_ms: Option<UnixMillis>,
    /// The process that has ended with this status; the run goes on while another runs.
    pub process: Option<ProcessId>,
    /// Asks a running run to end itself, or takes that back.
    pub stop_requested: Option<bool>,
    pub remove_tags: Vec<String>,
    /// Throws the run away, or restores it.
    pub trashed: Option<bool>,
    /// Puts the run aside, or brings it back.
    pub archived: Option<bool>,
    /// A place in the palette, from 0 to 11: the run's colour everywhere, for everyone.
    pub color: Option<u8>,
    /// Gives the run the colour of its number again.
    pub remove_color: bool,
}

impl RunUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            experiment::check_name("name", name)?;
        }
        if self.status == Some(RunStatus::Lost) {
            return Err(Error::invalid("status", "only the server finds that a run is lost"));
        }
        if self.process.is_some() && !self.status.is_some_and(RunStatus::ended) {
            return Err(Error::invalid("status", "a process ends as completed, failed or killed"));
        }
        if self.color.is_some_and(|color| color >= limits::RUN_COLORS) {
            return Err(Error::invalid("color", format!("expected 0 to {}", limits::RUN_COLORS - 1)));
        }
        if self.color.is_some() && self.remove_color {
            return Err(Error::invalid("color", "expected a colour, or remove_color, not both"));
        }
        self.tags.check()
    }
}

/// Which runs of an experiment, in what order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams, utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RunQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
    /// Part of the name, or the start of the id.
    #[serde(default)]
    pub search: String,
    /// A condition in the query language: `metrics.val_f1 > 0.85 and params.optimizer = 'adam'`.
    #[serde(default)]
    pub filter: String,
    #[serde(default)]
    pub status: Option<RunStatus>,
    /// Only the children of this run.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub parent: Option<RunId>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub trash: Trash,
    /// Also runs that are archived. They are meant anyway where the filter names `archived` or the trash is looked at.
    #[serde(default)]
    pub archived: bool,
    /// Fields, the most important first, each rising unless `desc` follows: `metrics.val_loss, params.lr desc`. Runs
    /// that lack a value come last, whichever way. Without any, the newest comes first.
    #[serde(default)]
    pub sort: String,
    /// Which params, metrics and tags the rows carry: `params.lr, metrics.val_loss`. Without any, all that most of the
    /// runs have.
    #[serde(default)]
    pub fields: String,
    #[serde(default)]
    pub offset: u32,
    /// The page begins after this run in the order asked for, in place of `offset`, so that runs which begin meanwhile
    /// shift nothing. The run need not match any more: the page begins after where it would stand. It must be a run of
    /// this experiment.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub after: Option<RunId>,
    #[serde(default)]
    pub limit: Option<u32>,
}

impl RunQuery {
    pub fn new(experiment_id: ExperimentId) -> Self {
        Self {
            experiment_id,
            search: String::new(),
            filter: String::new(),
            status: None,
            parent: None,
            trash: Trash::default(),
            archived: false,
            sort: String::new(),
            fields: String::new(),
            offset: 0,
            after: None,
            limit: None,
        }
    }

    /// The search that this query stands for, for at most so many runs.
    pub fn into_search(self, limit: u32) -> Result<RunSearch, Error> {
        let filter = query::parse(&self.filter).map_err(|error| error.into_error("filter"))?;
        let mut order = query::parse_orders(&self.sort).map_err(|error| error.into_error("sort"))?;
        order.push(OrderBy::descending(Field::Attribute(Attribute::Number)));
        if self.after.is_some() && self.offset > 0 {
            return Err(Error::invalid("after", "expected after or offset, not both"));
        }
        let named = filter.as_ref().is_some_and(|expr| expr.names(&Field::Attribute(Attribute::Archived)));
        Ok(RunSearch {
            archived: self.archived || named || self.trash != Trash::Without,
            experiment_ids: vec![self.experiment_id],
            order,
            search: self.search,
            status: self.status,
            parent: self.parent,
            filter,
            trash: self.trash,
            offset: self.offset,
            after: self.after,
            limit,
        })
    }
}

/// The same change to many runs: to those named, or to all that a query means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunsUpdate {
    /// At most 10 000.
    #[serde(default)]
    pub ids: Vec<RunId>,
    /// All runs that it means, whatever its page: in place of `ids`.
    #[serde(default)]
    pub query: Option<RunQuery>,
    /// Tags to add or overwrite.
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// Throws the runs away, or restores them.
    #[serde(default)]
    pub trashed: Option<bool>,
    /// Puts the runs aside, or brings them back.
    #[serde(default)]
    pub archived: Option<bool>,
    /// Moves the runs to this experiment, where they get new numbers.
    #[serde(default)]
    pub experiment_id: Option<ExperimentId>,
}

impl RunsUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if self.ids.is_empty() == self.query.is_none() {
            return Err(Error::invalid("ids", "expected ids or a query, one of them"));
        }
        if self.ids.len() > limits::RUNS_PER_UPDATE_MAX {
            let most = limits::RUNS_PER_UPDATE_MAX;
            return Err(Error::too_large(
                "ids",
                format!("at most {most} in one request; a query may mean more"),
            ));
        }
        self.tags.check()
    }
}

/// What became of a change to many runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunsUpdated {
    /// Runs that were changed; ids of no run are passed over.
    pub count: i64,
    /// Those that came from another experiment, went into the trash or the archive, or left it: to whom that can be undone.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub reversible: Vec<RunId>,
}

/// Which params, metrics and tags of an experiment's runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RunFieldQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
    /// Part of the key.
    #[serde(default)]
    pub search: String,
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What occurs in one param or tag of an experiment's runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RunValueQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
    /// As a query calls it: `params.optimizer`.
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub field: Field,
    /// Part of the value.
    #[serde(default)]
    pub search: String,
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Whether what lies in the trash is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trash {
    #[default]
    Without,
    Only,
    With,
}

/// Which runs of some experiments, in what order: what the run table and other protocols ask for, each in its way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSearch {
    pub experiment_ids: Vec<ExperimentId>,
    /// Part of the name, or the start of the id.
    pub search: String,
    pub status: Option<RunStatus>,
    pub parent: Option<RunId>,
    pub filter: Option<Expr>,
    pub trash: Trash,
    /// Also those that are archived.
    pub archived: bool,
    /// Beyond these, by id.
    pub order: Vec<OrderBy>,
    pub offset: u32,
    /// The page begins after this run, in place of the offset.
    pub after: Option<RunId>,
    pub limit: u32,
}

/// A run with all of its params and metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundRun {
    pub run: Run,
    pub params: BTreeMap<String, ParamValue>,
    /// Those without a context.
    pub metrics: Vec<MetricSummary>,
    /// The datasets and models that it read and wrote.
    pub assets: Vec<AssetUse>,
}

/// A row of the run table: the run with its params and the last, min and max of its metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRow {
    pub run: Run,
    pub params: BTreeMap<String, ParamValue>,
    pub metrics: BTreeMap<String, MetricStat>,
}

/// Everything the run page shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    pub run: Run,
    pub experiment_name: String,
    pub params: Vec<Param>,
    /// What params were before they were logged anew, the newest change first.
    pub param_changes: Vec<ParamChange>,
    pub status_history: StatusHistory,
    pub metrics: Vec<MetricSummary>,
    pub artifact_count: i64,
    pub artifact_bytes: i64,
    /// The datasets and models that it read and wrote.
    pub assets: Vec<AssetUse>,
    /// The newest revision; absent when nothing was ever written.
    pub note: Option<Note>,
    /// Those of the newest attempt first.
    pub processes: Vec<Process>,
    pub parent: Option<Run>,
    /// The newest first; at most a page of them.
    pub children: Vec<Run>,
    pub child_count: i64,
}
