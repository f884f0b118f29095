//! Export: the runs that a query means, as rows of cells, some at a time. Which runs these are is decided once, at the
//! beginning; what they have is read while the rows are taken, so that no more than a few of them are ever in memory.

use super::{Runs, keys_of};
use crate::{Base, Result};
use model::{
    Error, Float64, RunId, UnixMillis, limits,
    metric::{MetricStat, MetricSummary},
    param::ParamValue,
    query::{self, Attribute, AttributeKind, Field, Stat},
    run::{Run, RunQuery},
    user::{Caller, Role},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem::size_of,
    sync::Arc,
};
use store::Keys;
use tokio::sync::OwnedSemaphorePermit;

/// What every run has comes first.
const ATTRIBUTES: [Attribute; 9] = [
    Attribute::Id,
    Attribute::Name,
    Attribute::Number,
    Attribute::Status,
    Attribute::User,
    Attribute::Created,
    Attribute::Started,
    Attribute::Ended,
    Attribute::Duration,
];
/// Runs that are read together, at first and at most. In between it is what keeps to
/// [`limits::EXPORT_BYTES_AT_ONCE`].
const RUNS_FIRST: usize = 64;
const RUNS_MAX: usize = 5_000;

/// What a run has in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing, or a param that is None.
    Absent,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Time(UnixMillis),
}

/// What all cells of a column are, apart from those that are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Or cells of several kinds, as texts.
    Text,
    Int,
    /// Or an integer.
    Float,
    Bool,
    Time,
}

/// An export that is under way. Whoever drops it ends it.
#[derive(Debug)]
pub struct Export {
    base: Arc<Base>,
    experiment_name: String,
    columns: Vec<Field>,
    /// The columns are all that there is.
    whole: bool,
    ids: Vec<RunId>,
    next: usize,
    runs_at_once: usize,
    /// Runs that go on last until here.
    now: UnixMillis,
    _place: OwnedSemaphorePermit,
}

impl Runs {
    /// All runs that a query means, or the page of them that it names, in its order: with the fields that it names, or all
    /// params, metrics and tags of the experiment's runs.
    pub async fn export(&self, caller: &Caller, query: RunQuery) -> Result<Export> {
        caller.require(Role::Viewer)?;
        let base = self.0.clone();
        let experiment_name = base.experiment_name(query.experiment_id).await?;
        let mut fields = query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
        let whole = fields.is_empty();
        if whole {
            let most = limits::EXPORT_COLUMNS_MAX;
            fields =
                store::run_field::list(&base.db, query.experiment_id, "", most.saturating_add(1)).await?;
            if fields.len() as i64 > most {
                let message = format!(
                    "the runs have more than {most} params, metrics and tags: expected the names of some of them"
                );
                return Err(Error::invalid("fields", message).into());
            }
        } else if fields.iter().any(|field| matches!(field, Field::Dataset(_))) {
            let message = "a run may have many datasets, so they are no column";
            return Err(Error::invalid("fields", message).into());
        }
        let place = base.place_for_export()?;
        let limit = query.limit.unwrap_or(u32::MAX >> 1);
        let ids = self.find_ids(&query.into_search(limit)?).await?;
        let mut seen = BTreeSet::new();
        let columns = ATTRIBUTES.map(Field::Attribute).into_iter().chain(fields);
        Ok(Export {
            experiment_name,
            columns: columns.filter(|field| seen.insert(field.clone())).collect(),
            whole,
            ids,
            next: 0,
            runs_at_once: RUNS_FIRST,
            now: base.world.now(),
            base,
            _place: place,
        })
    }
}

impl Export {
    pub fn experiment_name(&self) -> &str {
        &self.experiment_name
    }

    /// What each cell of a row is.
    pub fn columns(&self) -> &[Field] {
        &self.columns
    }

    /// What the cells of each column are, decided by what the runs have now.
    pub async fn kinds(&self) -> Result<Vec<CellKind>> {
        let (params, _) = keys_of(&self.columns);
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ids in self.ids.chunks(RUNS_MAX) {
            for (key, kind) in store::param::kinds_of_runs(&self.base.db, ids, self.keys(&params)).await? {
                found.entry(key).or_default().insert(kind);
            }
        }
        let kind = |field: &Field| match field {
            Field::Attribute(attribute) => match attribute.kind() {
                AttributeKind::Text => CellKind::Text,
                AttributeKind::Number => CellKind::Int,
                AttributeKind::Time => CellKind::Time,
                AttributeKind::Duration => CellKind::Float,
            },
            Field::Metric { .. } => CellKind::Float,
            Field::Tag(_) | Field::Dataset(_) => CellKind::Text,
            Field::Param(key) => found.get(key).map_or(CellKind::Text, kind_of_param),
        };
        Ok(self.columns.iter().map(kind).collect())
    }

    /// The next rows, in the order of the query; none when there are no more. A run that was deleted meanwhile is
    /// passed over.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>> {
        while self.next < self.ids.len() {
            let ids = &self.ids[self.next..self.ids.len().min(self.next + self.runs_at_once)];
            let rows = self.read(ids).await?;
            self.next += ids.len();
            let bytes: usize = rows.iter().flatten().map(Cell::bytes).sum();
            if bytes > limits::EXPORT_BYTES_AT_ONCE {
                self.runs_at_once = (self.runs_at_once / 2).max(1);
            } else if bytes < limits::EXPORT_BYTES_AT_ONCE / 4 {
                self.runs_at_once = (self.runs_at_once * 2).min(RUNS_MAX);
            }
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    async fn read(&self, ids: &[RunId]) -> Result<Vec<Vec<Cell>>> {
        let db = &self.base.db;
        let (params, metrics) = keys_of(&self.columns);
        let runs = store::run::get_in_order(db, ids).await?;
        let mut params = match params[..] {
            [] => HashMap::new(),
            _ => store::param::of_runs(db, ids, self.keys(&params)).await?,
        };
        let mut metrics = self.metrics(ids, &metrics).await?;
        let rows = runs.into_iter().map(|mut run| {
            let mut params = params.remove(run.id.as_str()).unwrap_or_default();
            let metrics = metrics.remove(run.id.as_str()).unwrap_or_default();
            self.columns.iter().map(|field| self.cell(field, &mut run, &mut params, &metrics)).collect()
        });
        Ok(rows.collect())
    }

    /// By run and key, with what the columns ask for.
    async fn metrics(
        &self,
        ids: &[RunId],
        keys: &[&str],
    ) -> Result<HashMap<String, HashMap<String, MetricStat>>> {
        let db = &self.base.db;
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let is_last = |field: &Field| !matches!(field, Field::Metric { stat, .. } if *stat != Stat::Last);
        if self.columns.iter().all(is_last) {
            // What nearly every export asks for, at a third of the cost.
            let values = store::metric::last_values_of_runs(db, ids, self.keys(keys)).await?;
            let stat = |last: f64| MetricStat {
                last: Float64(last),
                last_step: 0,
                min: None,
                max: None,
                mean: None,
            };
            let of_run = |values: HashMap<String, f64>| {
                values.into_iter().map(|(key, last)| (key, stat(last))).collect()
            };
            return Ok(values.into_iter().map(|(run_id, values)| (run_id, of_run(values))).collect());
        }
        let found = store::metric::summaries_of_runs(db, ids, self.keys(keys)).await?;
        let of_run = |summaries: Vec<MetricSummary>| {
            summaries.into_iter().map(|one| (one.key.clone(), MetricStat::from(&one))).collect()
        };
        Ok(found.into_iter().map(|(run_id, summaries)| (run_id, of_run(summaries))).collect())
    }

    fn keys<'a>(&self, these: &'a [&'a str]) -> Keys<'a> {
        if self.whole { Keys::All } else { Keys::These(these) }
    }

    /// Takes the texts along: there is one column of each key.
    fn cell(
        &self,
        field: &Field,
        run: &mut Run,
        params: &mut BTreeMap<String, ParamValue>,
        metrics: &HashMap<String, MetricStat>,
    ) -> Cell {
        match field {
            Field::Attribute(attribute) => self.attribute(*attribute, run),
            Field::Param(key) => match params.remove(key) {
                None | Some(ParamValue::Null) => Cell::Absent,
                Some(ParamValue::Bool(value)) => Cell::Bool(value),
                Some(ParamValue::Int(value)) => Cell::Int(value),
                Some(ParamValue::Float(Float64(value))) => Cell::Float(value),
                Some(ParamValue::Text(value)) => Cell::Text(value),
            },
            Field::Tag(key) => run.tags.0.remove(key).map_or(Cell::Absent, Cell::Text),
            Field::Metric { key, stat } => {
                let value = metrics.get(key).and_then(|one| one.get(*stat));
                value.map_or(Cell::Absent, |value| Cell::Float(value.0))
            }
            Field::Dataset(_) => Cell::Absent,
        }
    }

    fn attribute(&self, attribute: Attribute, run: &Run) -> Cell {
        let time = |at: Option<UnixMillis>| at.map_or(Cell::Absent, Cell::Time);
        match attribute {
            Attribute::Id => Cell::Text(run.id.to_string()),
            Attribute::Name => Cell::Text(run.name.clone()),
            Attribute::Number => Cell::Int(run.number),
            Attribute::Status => Cell::Text(run.status.as_str().to_owned()),
            Attribute::User => Cell::Text(run.user.clone()),
            Attribute::Parent => run.parent_id.as_ref().map_or(Cell::Absent, |id| Cell::Text(id.to_string())),
            Attribute::Created => Cell::Time(run.created_at_ms),
            Attribute::Started => time(run.started_at_ms),
            Attribute::Ended => time(run.ended_at_ms),
            Attribute::Updated => Cell::Time(run.updated_at_ms),
            Attribute::Duration => run.started_at_ms.map_or(Cell::Absent, |started| {
                let ended = run.ended_at_ms.unwrap_or(self.now);
                Cell::Float((ended.0 - started.0) as f64 / 1_000.0)
            }),
            Attribute::Archived => Cell::Text(query::word(run.archived_at_ms.is_some()).to_owned()),
            // No run has these.
            Attribute::Type | Attribute::Source | Attribute::Run => Cell::Absent,
        }
    }
}

/// What the values of a param have in common, of which these kinds occur.
fn kind_of_param(kinds: &BTreeSet<String>) -> CellKind {
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| *kind != "null").collect();
    match kinds[..] {
        ["int"] => CellKind::Int,
        ["float"] | ["float", "int"] => CellKind::Float,
        ["bool"] => CellKind::Bool,
        _ => CellKind::Text,
    }
}

impl Cell {
    fn bytes(&self) -> usize {
        size_of::<Self>() + if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_narrow_as_all_its_values_allow() {
        for (kinds, kind) in [
            (&["int"][..], CellKind::Int),
            (&["int", "null"], CellKind::Int),
            (&["float"], CellKind::Float),
            (&["int", "float"], CellKind::Float),
            (&["bool", "null"], CellKind::Bool),
            (&["bool", "int"], CellKind::Text),
            (&["int", "text"], CellKind::Text),
            (&["null"], CellKind::Text),
        ] {
            let kinds = kinds.iter().map(ToString::to_string).collect();
            assert_eq!(kind_of_param(&kinds), kind, "{kinds:?}");
        }
    }
}
