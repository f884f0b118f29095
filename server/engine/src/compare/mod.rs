//! Comparing runs: what they have side by side, what changed between two of them, and groups of them against each other.

mod bootstrap;
mod change;
mod document;
mod group;
mod image;
mod metric;
mod part;
mod table;
pub(crate) mod text;

use crate::{Base, Result, artifact::Artifacts, metric::Metrics};
use model::{
    Error, RunId,
    artifact::{Artifact, ArtifactPath, Owner},
    compare::{
        ComparedMetric, ComparedParam, ComparedRun, Comparison, DiffOf, DiffQuery, Section, Table,
        TableQuery, TextDiff,
    },
    environment::Environment,
    experiment::Experiment,
    limits,
    metric::{Goal, goal, of_system},
    user::{Caller, Role},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::Keys;

#[derive(Clone, Debug)]
pub struct Compare {
    base: Arc<Base>,
    metric: Metrics,
}

/// The runs compared, and their experiments.
struct Compared {
    runs: Vec<ComparedRun>,
    experiments: Vec<Experiment>,
}

impl Compared {
    /// Which way a metric is better: as the experiments say, else as its words say.
    fn goal(&self, key: &str) -> Option<Goal> {
        let said = self.experiments.iter().filter_map(|one| one.goal.as_ref()).find(|goal| goal.key == key);
        said.map_or_else(|| goal(key), |said| Some(said.goal))
    }

    /// Whether somebody said that this metric is what counts.
    fn is_the_goal(&self, key: &str) -> bool {
        self.experiments.iter().filter_map(|one| one.goal.as_ref()).any(|goal| goal.key == key)
    }

    /// The experiment's goal first, then what has a direction, then the rest; the machine last.
    fn rank(&self, key: &str) -> (bool, bool, bool, String) {
        (!self.is_the_goal(key), of_system(key), self.goal(key).is_none(), key.to_owned())
    }
}

impl Compare {
    pub(crate) fn new(base: Arc<Base>, metric: Metrics) -> Self {
        Self { base, metric }
    }

    /// Columns in the order of `run_ids`; the runs may be of different experiments.
    pub async fn compare(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Comparison> {
        caller.require(Role::Viewer)?;
        TableQuery { run: run_ids.to_vec(), ..TableQuery::default() }.check()?;
        let db = &self.base.db;
        let params = store::param::of_runs(db, run_ids, Keys::Most(KEYS_MAX)).await?;
        let metrics = self.summaries(run_ids).await?;
        let param_rows = side_by_side(run_ids, params);
        Ok(Comparison {
            runs: self.runs(run_ids).await?.runs,
            params: param_rows
                .map(|(key, cells)| ComparedParam { differs: !all_equal(&cells), key, cells })
                .collect(),
            metrics: metrics
                .map(|((key, context), cells)| {
                    let last: Vec<_> = cells.iter().map(|cell| cell.as_ref().map(|one| one.last)).collect();
                    ComparedMetric { differs: !all_equal(&last), key, context, cells }
                })
                .collect(),
        })
    }

    /// The runs in the order asked for.
    pub async fn list(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Vec<ComparedRun>> {
        caller.require(Role::Viewer)?;
        TableQuery { run: run_ids.to_vec(), ..TableQuery::default() }.check()?;
        Ok(self.runs(run_ids).await?.runs)
    }

    /// The file under one path, of every run that has it.
    pub async fn file(
        &self,
        caller: &Caller,
        run_ids: &[RunId],
        path: &ArtifactPath,
    ) -> Result<Vec<Option<Artifact>>> {
        caller.require(Role::Viewer)?;
        TableQuery { run: run_ids.to_vec(), ..TableQuery::default() }.check()?;
        let mut files = Vec::with_capacity(run_ids.len());
        for id in run_ids {
            files.push(store::artifact::get(&self.base.db, &Owner::Run(id.clone()), path).await?);
        }
        Ok(files)
    }

    /// One section of what the runs have, as texts side by side.
    pub async fn table(&self, caller: &Caller, query: &TableQuery) -> Result<Table> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let runs = self.runs(&query.run).await?.runs;
        let (rows, cut) = self.rows(query.of, &query.run).await?;
        let query = query.clone();
        // Long texts take a moment, off the threads that answer others.
        let table = tokio::task::spawn_blocking(move || table::table(&query, rows)).await;
        let table = table.map_err(|error| anyhow::anyhow!("comparing texts: {error}"))?;
        Ok(Table { runs, cut, ..table })
    }

    /// What one section has of each run, in the order of the runs; and whether there is more.
    async fn rows(&self, section: Section, run_ids: &[RunId]) -> Result<(Vec<table::Column>, bool)> {
        let db = &self.base.db;
        let mut cut = false;
        let mut by_run: HashMap<String, table::Column> = match section {
            Section::Params => {
                let params = store::param::of_runs(db, run_ids, Keys::Most(KEYS_MAX)).await?;
                params.into_iter().map(|(id, params)| (id, table::of_params(params))).collect()
            }
            Section::Environment => {
                let told = store::environment::of_runs(db, run_ids).await?;
                told.into_iter().map(|(id, told)| (id, table::of_environment(&told))).collect()
            }
            Section::Packages => {
                let told = store::environment::of_runs(db, run_ids).await?;
                told.into_iter().map(|(id, told)| (id, table::of_packages(&told))).collect()
            }
            Section::Code => {
                let told = store::environment::of_runs(db, run_ids).await?;
                let mut columns = HashMap::new();
                for id in run_ids {
                    let Some(told) = told.get(id.as_str()) else { continue };
                    let patch = self.patch(id, told).await?;
                    columns.insert(id.to_string(), table::of_code(told, patch.map(|one| one.sha256)));
                }
                columns
            }
            Section::Data => {
                let uses = store::asset::uses_of_runs(db, run_ids).await?;
                uses.into_iter().map(|(id, uses)| (id, table::of_data(&uses))).collect()
            }
            Section::Artifacts => {
                let most = limits::COMPARE_FILES_MAX;
                let mut files = store::artifact::of_runs(db, run_ids, &[], most + 1).await?;
                if files.len() as i64 > most {
                    cut = true;
                    // The last path may be there for some of the runs only.
                    let last = files.last().map(|(_, file)| file.path.clone());
                    files.retain(|(_, file)| Some(&file.path) != last.as_ref());
                }
                if !cut {
                    files.extend(store::artifact::references_of_runs(db, run_ids, most).await?);
                }
                table::of_files(files)
            }
            Section::Notes => {
                let notes = store::note::latest_of_runs(db, run_ids).await?;
                notes.into_iter().map(|(id, note)| (id, table::of_note(note))).collect()
            }
        };
        Ok((run_ids.iter().map(|id| by_run.remove(id.as_str()).unwrap_or_default()).collect(), cut))
    }

    /// The file that holds what a run's code had beyond its commit.
    async fn patch(&self, id: &RunId, told: &Environment) -> Result<Option<Artifact>> {
        let Some(path) = told.text(&["git", "diff_path"]).and_then(|path| path.parse().ok()) else {
            return Ok(None);
        };
        Ok(store::artifact::get(&self.base.db, &Owner::Run(id.clone()), &path).await?)
    }

    /// Two texts of two runs, line by line.
    pub async fn diff(&self, caller: &Caller, query: &DiffQuery) -> Result<TextDiff> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let (from, to) =
            (self.text(caller, query, &query.from).await?, self.text(caller, query, &query.to).await?);
        let (from_present, to_present) = (!matches!(from, Text::Absent), !matches!(to, Text::Absent));
        let binary = matches!(from, Text::Binary(_)) || matches!(to, Text::Binary(_));
        let answer = TextDiff { from_present, to_present, binary, ..TextDiff::default() };
        if let (Text::Binary(from), Text::Binary(to)) = (&from, &to) {
            return Ok(TextDiff { equal: from == to, ..answer });
        }
        if binary || !(from_present || to_present) {
            return Ok(answer);
        }
        let parts = |text: Text| match text {
            Text::Whole { text, cut } => (text, cut),
            Text::Absent | Text::Binary(_) => (String::new(), false),
        };
        let ((from, from_cut), (to, to_cut)) = (parts(from), parts(to));
        let diff = tokio::task::spawn_blocking(move || text::lines(&from, &to)).await;
        let diff = diff.map_err(|error| anyhow::anyhow!("comparing texts: {error}"))?;
        let cut = diff.cut || from_cut || to_cut;
        Ok(TextDiff {
            from_present,
            to_present,
            cut,
            equal: diff.equal && from_present && to_present,
            ..diff
        })
    }

    async fn text(&self, caller: &Caller, query: &DiffQuery, id: &RunId) -> Result<Text> {
        let db = &self.base.db;
        self.base.run(id).await?;
        let file = match query.of {
            DiffOf::Note => {
                let note =
                    store::note::latest_of_runs(db, std::slice::from_ref(id)).await?.remove(id.as_str());
                return Ok(note.map_or(Text::Absent, |text| Text::Whole { text, cut: false }));
            }
            DiffOf::Patch => match store::environment::get(db, id).await? {
                Some(told) => self.patch(id, &told).await?,
                None => None,
            },
            DiffOf::Artifact => match &query.path {
                Some(path) => store::artifact::get(db, &Owner::Run(id.clone()), path).await?,
                None => None,
            },
        };
        let Some(file) = file else { return Ok(Text::Absent) };
        let cut = file.size_bytes > limits::PREVIEW_BYTES_MAX as i64;
        let artifacts = Artifacts(self.base.clone());
        let text = artifacts.preview(caller, &Owner::Run(id.clone()), &file.path).await?;
        Ok(text.map_or(Text::Binary(file.sha256), |text| Text::Whole { text, cut }))
    }

    /// The runs in the order asked for, with their experiments; one that is not there is an error.
    async fn runs(&self, run_ids: &[RunId]) -> Result<Compared> {
        let db = &self.base.db;
        let found = store::run::get_many(db, run_ids).await?;
        let found: HashMap<_, _> = found.into_iter().map(|run| (run.id.clone(), run)).collect();
        let mut ids: Vec<_> = found.values().map(|run| run.experiment_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let experiments = store::experiment::get_many(db, &ids).await?;
        let mut runs = Vec::with_capacity(run_ids.len());
        for id in run_ids {
            let run = found.get(id).cloned().ok_or_else(|| Error::not_found("run", id))?;
            let experiment = experiments.iter().find(|one| one.id == run.experiment_id);
            runs.push(ComparedRun {
                experiment_name: experiment.map(|one| one.name.clone()).unwrap_or_default(),
                run,
            });
        }
        Ok(Compared { runs, experiments })
    }
}

/// What is found under a name.
enum Text {
    Absent,
    Whole {
        text: String,
        /// Only its beginning.
        cut: bool,
    },
    /// No text: its digest.
    Binary(String),
}

/// Params, or metrics, of several runs that are read: those that most of them have.
const KEYS_MAX: i64 = limits::PARAMS_PER_RUN_MAX as i64;

/// One row a key that any run has, one cell a run.
fn side_by_side<K: Clone + Ord, T: Clone>(
    run_ids: &[RunId],
    of_runs: HashMap<String, BTreeMap<K, T>>,
) -> impl Iterator<Item = (K, Vec<Option<T>>)> + use<K, T> {
    let mut rows: BTreeMap<K, Vec<Option<T>>> = BTreeMap::new();
    for (column, id) in run_ids.iter().enumerate() {
        for (key, value) in of_runs.get(id.as_str()).into_iter().flatten() {
            rows.entry(key.clone()).or_insert_with(|| vec![None; run_ids.len()])[column] =
                Some(value.clone());
        }
    }
    rows.into_iter()
}

fn all_equal<T: PartialEq>(cells: &[T]) -> bool {
    cells.windows(2).all(|pair| pair[0] == pair[1])
}
