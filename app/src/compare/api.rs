//! What the comparison asks of the server.

#[cfg(feature = "ssr")]
use super::wanted::View;
use super::wanted::Wanted;
use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
#[cfg(feature = "ssr")]
use model::compare::{
    ChangesQuery, DiffOf, DiffQuery, GroupQuery, MetricTableQuery, MetricValue, Section, TableQuery,
};
use model::{
    artifact::Artifact,
    compare::{Changes, ComparedRun, Count, GroupComparison, Images, MetricTable, Split, Table, TextDiff},
    note::Note,
    query::Field,
};
use serde::{Deserialize, Serialize};

/// A view of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub wanted: Wanted,
    pub runs: Vec<ComparedRun>,
    pub shown: Shown,
}

/// What the view shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shown {
    Summary {
        counts: Vec<Count>,
        metrics: MetricTable,
    },
    Changes(Option<Box<Changes>>),
    Metrics(MetricTable),
    /// Keys of the curves.
    Curves(Vec<String>),
    /// Fields that a picture may show: params that differ, or all where none does, then metrics.
    Picture(Vec<Field>),
    Groups {
        splits: Vec<Split>,
        found: Option<Box<GroupComparison>>,
    },
    Table(Table),
    Code {
        table: Table,
        diff: Option<TextDiff>,
    },
    Files {
        table: Table,
        file: Option<File>,
        images: Images,
    },
    Notes {
        notes: Vec<Option<Note>>,
        diff: Option<TextDiff>,
    },
}

impl Default for Shown {
    fn default() -> Self {
        Self::Curves(Vec::new())
    }
}

/// The file that is looked at, of every run that has it; two of them line by line when they are texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    pub of_runs: Vec<Option<Artifact>>,
    pub diff: Option<TextDiff>,
}

/// Metrics on the summary: those that say which way is better come first, and a few are enough to see who won.
#[cfg(feature = "ssr")]
const SUMMARY_METRICS: usize = 8;

#[server(prefix = "/ui", endpoint = "compare/compare", input = Json)]
pub async fn compare(wanted: Wanted) -> Result<Look, AppError> {
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let verbs = &services.compare;
    let runs = quiet(verbs.list(&caller, &wanted.runs).await?);
    let mut wanted = wanted;
    let pair = wanted.pair_of_runs();
    let diff = async |of: DiffOf, path| match pair.clone() {
        Some((from, to)) => verbs.diff(&caller, &DiffQuery { from, to, of, path }).await.map(Some),
        None => Ok(None),
    };
    let shown = match wanted.view {
        View::Summary => {
            let counts = verbs.counts(&caller, &wanted.runs).await?;
            let query = MetricTableQuery { value: MetricValue::Best, limit: None, ..wanted.metrics() };
            let mut metrics = verbs.metrics(&caller, &query).await?;
            metrics.rows.sort_by_key(|row| (row.goal.is_none(), model::metric::of_system(&row.key)));
            metrics.rows.truncate(SUMMARY_METRICS);
            Shown::Summary { counts, metrics }
        }
        View::Changes => match wanted.pair_of_runs() {
            Some((from, to)) => {
                let query = ChangesQuery { from, to, metric: None };
                Shown::Changes(Some(Box::new(verbs.changes(&caller, &query).await?)))
            }
            None => Shown::Changes(None),
        },
        View::Metrics => Shown::Metrics(verbs.metrics(&caller, &wanted.metrics()).await?),
        View::Curves => Shown::Curves(verbs.shared_metrics(&caller, &wanted.runs).await?),
        View::Parallel | View::Scatter => {
            let query = TableQuery {
                search: String::new(),
                differing: false,
                offset: 0,
                ..wanted.table(Section::Params)
            };
            let mut params = verbs.table(&caller, &query).await?.rows;
            params.sort_by_key(|row| !row.differs);
            let metrics = verbs.shared_metrics(&caller, &wanted.runs).await?;
            let metrics = metrics.into_iter().filter(|key| !model::metric::of_system(key)).map(Field::metric);
            Shown::Picture(params.into_iter().map(|row| Field::Param(row.key)).chain(metrics).collect())
        }
        View::Groups => {
            let splits = verbs.splits(&caller, &wanted.runs).await?;
            if wanted.a.is_empty()
                && wanted.b.is_empty()
                && let Some(split) = splits.first()
            {
                (wanted.a, wanted.b) = (split.a.clone(), split.b.clone());
            }
            let (a, b) = (wanted.a.clone(), wanted.b.clone());
            let found = if a.is_empty() || b.is_empty() {
                None
            } else {
                let value =
                    if wanted.value == MetricValue::Best { MetricValue::Best } else { MetricValue::Last };
                let (pair, search) = (wanted.pair.clone(), wanted.search.clone());
                let query = GroupQuery { a, b, value, pair, search };
                Some(Box::new(verbs.groups(&caller, &query).await?))
            };
            Shown::Groups { splits, found }
        }
        View::Notes => {
            let mut notes = Vec::with_capacity(wanted.runs.len());
            for id in &wanted.runs {
                notes.push(services.note.get(&caller, id).await?);
            }
            Shown::Notes { notes, diff: diff(DiffOf::Note, None).await? }
        }
        View::Code => {
            let table = verbs.table(&caller, &wanted.table(Section::Code)).await?;
            Shown::Code { table, diff: diff(DiffOf::Patch, None).await? }
        }
        View::Artifacts => {
            let table = verbs.table(&caller, &wanted.table(Section::Artifacts)).await?;
            let file = match &wanted.path {
                Some(path) => {
                    let of_runs = verbs.file(&caller, &wanted.runs, path).await?;
                    let is_image = of_runs.iter().flatten().any(|file| file.mime.starts_with("image/"));
                    let diff =
                        if is_image { None } else { diff(DiffOf::Artifact, Some(path.clone())).await? };
                    Some(File { of_runs, diff })
                }
                None => None,
            };
            let images = verbs.images(&caller, &wanted.runs, wanted.image.as_deref()).await?;
            Shown::Files { table, file, images }
        }
        View::Params | View::Environment | View::Packages | View::Data => {
            let section = wanted.view.section().unwrap_or_default();
            Shown::Table(verbs.table(&caller, &wanted.table(section)).await?)
        }
    };
    Ok(Look { wanted, runs, shown: shown.quiet() })
}

/// Runs without the time of their last news, which no view shows: a view that did not change is not drawn anew.
#[cfg(feature = "ssr")]
fn quiet(mut runs: Vec<ComparedRun>) -> Vec<ComparedRun> {
    for one in &mut runs {
        one.run.updated_at_ms = model::UnixMillis(0);
    }
    runs
}

#[cfg(feature = "ssr")]
impl Shown {
    fn quiet(mut self) -> Self {
        match &mut self {
            Self::Table(Table { runs, .. })
            | Self::Code { table: Table { runs, .. }, .. }
            | Self::Files { table: Table { runs, .. }, .. }
            | Self::Metrics(MetricTable { runs, .. })
            | Self::Summary { metrics: MetricTable { runs, .. }, .. } => *runs = quiet(std::mem::take(runs)),
            Self::Changes(Some(changes)) => changes.runs = quiet(std::mem::take(&mut changes.runs)),
            Self::Groups { found: Some(groups), .. } => {
                groups.a = quiet(std::mem::take(&mut groups.a));
                groups.b = quiet(std::mem::take(&mut groups.b));
            }
            Self::Changes(None)
            | Self::Groups { found: None, .. }
            | Self::Curves(_)
            | Self::Picture(_)
            | Self::Notes { .. } => {}
        }
        self
    }
}
