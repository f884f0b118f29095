//! A whole comparison, as it leaves the server: what a file holds that opens without one.

use super::{
    Changes, ComparedRun, MetricTable, MetricTableQuery, MetricValue, Section, Table,
    table::{base_place, check_runs},
};
use crate::{Error, RunId, UnixMillis, limits, series::Series};
use serde::{Deserialize, Serialize};

/// Which comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct DocumentQuery {
    /// Repeat for several runs; columns come in this order.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub run: Vec<RunId>,
    /// The run that the others are held against; the first when absent.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub base: Option<RunId>,
    /// The run of which the file says what changed from the base; the first other one when absent.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub with: Option<RunId>,
    #[cfg_attr(feature = "openapi", param(inline))]
    pub value: MetricValue,
    /// With `value=step`.
    pub step: Option<i64>,
    /// Curves to leave out, as the page's address names those that are hidden. Repeat for several.
    pub off: Vec<String>,
}

impl DocumentQuery {
    pub fn check(&self) -> Result<(), Error> {
        check_runs(&self.run)?;
        if self.off.len() > limits::LINES_HIDDEN_MAX {
            return Err(Error::invalid(
                "off",
                format!("expected at most {} names", limits::LINES_HIDDEN_MAX),
            ));
        }
        if self.with.as_ref().is_some_and(|with| !self.run.contains(with)) {
            return Err(Error::invalid("with", "expected one of the runs compared"));
        }
        self.metrics().check()
    }

    /// The table of metrics in it.
    pub fn metrics(&self) -> MetricTableQuery {
        MetricTableQuery {
            run: self.run.clone(),
            base: self.base.clone(),
            value: self.value,
            step: self.step,
            limit: Some(limits::COMPARE_DOCUMENT_ROWS_MAX),
            ..MetricTableQuery::default()
        }
    }

    /// The base and the run that is held against it; none when there is but one.
    pub fn pair(&self) -> Option<(RunId, RunId)> {
        let base = self.run.get(base_place(&self.run, self.base.as_ref()).unwrap_or_default())?;
        pair(&self.run, base, self.with.as_ref())
    }
}

/// The base and a run that is held against it: the one wished for, or the first other one.
pub fn pair(runs: &[RunId], base: &RunId, with: Option<&RunId>) -> Option<(RunId, RunId)> {
    let with = with.filter(|with| *with != base);
    let with = with.or_else(|| runs.iter().find(|id| *id != base))?;
    Some((base.clone(), with.clone()))
}

/// How many rows of a section there are, and in how many the runs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub section: Section,
    pub all: i64,
    pub differing: i64,
}

/// Everything that a comparison says.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub made_at_ms: UnixMillis,
    pub runs: Vec<ComparedRun>,
    /// The column that the others are held against.
    pub base: u32,
    pub counts: Vec<Count>,
    /// Those in which the runs differ.
    pub params: Table,
    pub metrics: MetricTable,
    pub notes: Table,
    /// None of a single run.
    pub changes: Option<Changes>,
    /// Curves that several of the runs have (or the one run has), what counts first.
    pub curves: Vec<Curves>,
    /// Metrics whose curves found no room.
    pub left_out: i64,
}

/// The curves of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    pub key: String,
    pub series: Vec<Series>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: u8) -> RunId {
        RunId::from_bytes([digit; 16])
    }

    #[test]
    fn a_document_names_only_runs_that_are_compared() {
        let query = DocumentQuery { run: vec![id(1), id(2)], ..DocumentQuery::default() };
        assert_eq!(query.check(), Ok(()));
        let with = DocumentQuery { with: Some(id(3)), ..query.clone() };
        assert_eq!(with.check().unwrap_err().field.as_deref(), Some("with"));
        let base = DocumentQuery { base: Some(id(3)), ..query.clone() };
        assert_eq!(base.check().unwrap_err().field.as_deref(), Some("base"));
        let step = DocumentQuery { step: Some(3), ..query };
        assert_eq!(step.check().unwrap_err().field.as_deref(), Some("step"));
    }

    #[test]
    fn what_changed_is_told_of_the_base_and_another_run() {
        let query = |base: Option<u8>, with: Option<u8>| {
            let (base, with) = (base.map(id), with.map(id));
            DocumentQuery { run: vec![id(1), id(2), id(3)], base, with, ..DocumentQuery::default() }.pair()
        };
        assert_eq!(query(None, None), Some((id(1), id(2))));
        assert_eq!(query(Some(2), None), Some((id(2), id(1))));
        assert_eq!(query(Some(2), Some(3)), Some((id(2), id(3))));
        let alone = DocumentQuery { run: vec![id(1)], ..DocumentQuery::default() };
        assert_eq!(alone.pair(), None);
    }
}
