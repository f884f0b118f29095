//! What the comparison's address asks for: everything that a link keeps.

use crate::link::Query;
use model::{
    Error, RunId,
    artifact::ArtifactPath,
    compare::{MetricValue, Section, pair},
};
#[cfg(feature = "ssr")]
use model::{
    compare::{MetricTableQuery, TableQuery},
    limits,
};
use serde::{Deserialize, Serialize};

/// The views in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    #[default]
    Summary,
    Changes,
    Params,
    Metrics,
    Curves,
    Parallel,
    Scatter,
    Groups,
    Environment,
    Packages,
    Code,
    Data,
    Artifacts,
    Notes,
}

impl View {
    pub const ALL: [Self; 14] = [
        Self::Summary,
        Self::Changes,
        Self::Params,
        Self::Metrics,
        Self::Curves,
        Self::Parallel,
        Self::Scatter,
        Self::Groups,
        Self::Environment,
        Self::Packages,
        Self::Code,
        Self::Data,
        Self::Artifacts,
        Self::Notes,
    ];

    /// Its word in the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Changes => "changes",
            Self::Metrics => "metrics",
            Self::Curves => "curves",
            Self::Parallel => "parallel",
            Self::Scatter => "scatter",
            Self::Groups => "groups",
            Self::Params => "params",
            Self::Environment => "environment",
            Self::Packages => "packages",
            Self::Code => "code",
            Self::Data => "data",
            Self::Artifacts => "artifacts",
            Self::Notes => "notes",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Changes => "What changed?",
            Self::Metrics => "Metrics",
            Self::Curves => "Curves",
            Self::Parallel => "Parallel",
            Self::Scatter => "Scatter",
            Self::Groups => "Groups",
            Self::Params => "Params",
            Self::Environment => "Environment",
            Self::Packages => "Packages",
            Self::Code => "Code",
            Self::Data => "Data",
            Self::Artifacts => "Artifacts",
            Self::Notes => "Notes",
        }
    }

    /// The section of the comparison that it shows as a table of texts.
    pub fn section(self) -> Option<Section> {
        Section::named(self.word())
    }
}

/// What the page asks of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub runs: Vec<RunId>,
    pub view: View,
    pub base: Option<RunId>,
    /// The run whose texts are held against the base's.
    pub with: Option<RunId>,
    pub only: bool,
    pub search: String,
    pub value: MetricValue,
    pub step: Option<i64>,
    /// The file that is looked at.
    pub path: Option<ArtifactPath>,
    /// The name whose images are looked at.
    pub image: Option<String>,
    pub a: Vec<RunId>,
    pub b: Vec<RunId>,
    pub pair: Option<String>,
    pub offset: u32,
}

impl Wanted {
    /// Reads an address. Runs come as `runs=a,b`, or as `run` repeated as the run table sends them without wasm; the
    /// runs of groups belong to the comparison, whether they are named there or not.
    pub fn parse(query: &Query) -> Result<Self, Error> {
        let (a, b) = (ids(query, "a")?, ids(query, "b")?);
        let mut runs = ids(query, "runs")?;
        for id in ids(query, "run")?.into_iter().chain(a.iter().cloned()).chain(b.iter().cloned()) {
            if !runs.contains(&id) {
                runs.push(id);
            }
        }
        let text = |key: &str| query.get(key).map(str::to_owned);
        let one = |key: &str| query.get(key).and_then(|id| id.parse().ok()).filter(|id| runs.contains(id));
        let view = query.get("view").and_then(|word| View::ALL.into_iter().find(|view| view.word() == word));
        let step = query.get("step").and_then(|step| step.trim().parse().ok());
        let value = query.get("value").and_then(MetricValue::named).unwrap_or_default();
        Ok(Self {
            base: one("base"),
            with: one("with"),
            only: query.get("only") == Some("differences"),
            search: text("search").unwrap_or_default(),
            // Nobody named a step yet: the last values meanwhile.
            value: if value == MetricValue::Step && step.is_none() { MetricValue::Last } else { value },
            step: step.filter(|_| value == MetricValue::Step),
            path: query.get("path").and_then(|path| path.parse().ok()),
            image: text("image"),
            pair: text("pair"),
            offset: query.number("offset").unwrap_or_default(),
            view: view.unwrap_or_default(),
            runs,
            a,
            b,
        })
    }

    /// The place of the run that the others are held against.
    pub fn base_place(&self) -> usize {
        let place = |base: &RunId| self.runs.iter().position(|id| id == base);
        self.base.as_ref().and_then(place).unwrap_or(0)
    }

    /// The base and the run that is held against it; none when there is but one.
    pub fn pair_of_runs(&self) -> Option<(RunId, RunId)> {
        pair(&self.runs, self.runs.get(self.base_place())?, self.with.as_ref())
    }

    #[cfg(feature = "ssr")]
    pub fn table(&self, of: Section) -> TableQuery {
        TableQuery {
            run: self.runs.clone(),
            of,
            base: self.base.clone(),
            search: self.search.clone(),
            differing: self.only,
            offset: self.offset,
            limit: Some(limits::COMPARE_ROWS_MAX),
        }
    }

    #[cfg(feature = "ssr")]
    pub fn metrics(&self) -> MetricTableQuery {
        MetricTableQuery {
            run: self.runs.clone(),
            base: self.base.clone(),
            value: self.value,
            step: self.step,
            search: self.search.clone(),
            differing: self.only,
            offset: self.offset,
            limit: Some(limits::COMPARE_ROWS_MAX),
        }
    }

    /// Where the whole comparison is as one file, without the curves that are hidden.
    pub fn html<'a>(&self, hidden: impl Iterator<Item = &'a str>) -> String {
        let id = |id: &Option<RunId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
        let step = self.step.map(|step| step.to_string()).unwrap_or_default();
        let value = if self.value == MetricValue::default() { "" } else { self.value.as_str() };
        let query = self.runs.iter().fold(Query::default(), |query, id| query.and("run", id.as_str()));
        let query = query.with("base", id(&self.base)).with("with", id(&self.with)).with("value", value);
        hidden.fold(query.with("step", step), |query, id| query.and("off", id)).href("/api/v1/compare.html")
    }

    /// Where the view's table is as a CSV file, all its pages.
    pub fn csv(&self) -> Option<String> {
        let all = |query: Query, key: &str, ids: &[RunId]| {
            ids.iter().fold(query, |query, id| query.and(key, id.as_str()))
        };
        let common = || {
            all(Query::default(), "run", &self.runs)
                .with("base", self.base.as_ref().map(RunId::as_str).unwrap_or_default())
                .with("search", self.search.as_str())
                .with("differing", if self.only { "true" } else { "" })
        };
        match self.view {
            View::Summary | View::Curves | View::Parallel | View::Scatter => None,
            View::Metrics => {
                let step = self.step.map(|step| step.to_string()).unwrap_or_default();
                let query = common().with("value", self.value.as_str()).with("step", step);
                Some(query.href("/api/v1/compare/metrics.csv"))
            }
            View::Changes => {
                let (from, to) = self.pair_of_runs()?;
                let query = Query::default().with("from", from.as_str()).with("to", to.as_str());
                Some(query.href("/api/v1/compare/changes.csv"))
            }
            View::Groups => {
                if self.a.is_empty() || self.b.is_empty() {
                    return None;
                }
                let query = all(all(Query::default(), "a", &self.a), "b", &self.b)
                    .with("value", if self.value == MetricValue::Best { "best" } else { "last" })
                    .with("pair", self.pair.clone().unwrap_or_default())
                    .with("search", self.search.as_str());
                Some(query.href("/api/v1/compare/groups.csv"))
            }
            _ => Some(common().with("of", self.view.word()).href("/api/v1/compare/table.csv")),
        }
    }
}

/// The ids under a key, each once; an address that cannot be an id names nothing, and says so as the server would.
fn ids(query: &Query, key: &str) -> Result<Vec<RunId>, Error> {
    let mut ids: Vec<RunId> = Vec::new();
    for id in query.all(key).flat_map(|all| all.split(',')).filter(|id| !id.is_empty()) {
        let id = id.parse().map_err(|_| Error::not_found("run", id))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> String {
        digit.repeat(32)
    }

    fn parse(raw: &str) -> Wanted {
        let raw = ["a", "b", "c", "d"]
            .iter()
            .fold(raw.to_owned(), |raw, digit| raw.replace(&format!("<{digit}>"), &id(digit)));
        Wanted::parse(&Query::parse(&raw)).expect("ids")
    }

    fn digits(ids: &[RunId]) -> String {
        ids.iter().map(|id| &id.as_str()[..1]).collect()
    }

    #[test]
    fn runs_are_named_by_link_or_form_or_group_each_once() {
        assert_eq!(digits(&parse("runs=<b>,<a>,,<b>&run=<c>&run=<a>").runs), "bac");
        assert_eq!(digits(&parse("a=<a>,<b>&b=<c>").runs), "abc");
        assert!(parse("runs=&x=1").runs.is_empty());
        let error = Wanted::parse(&Query::parse("runs=nonsense")).unwrap_err();
        assert_eq!(error.to_string(), "no run \"nonsense\"");
    }

    #[test]
    fn texts_of_the_base_are_held_against_another_run() {
        let pair = |raw: &str| parse(raw).pair_of_runs().map(|(from, to)| digits(&[from, to]));
        assert_eq!(pair("runs=<a>,<b>,<c>").as_deref(), Some("ab"));
        assert_eq!(pair("runs=<a>,<b>,<c>&base=<b>").as_deref(), Some("ba"));
        assert_eq!(pair("runs=<a>,<b>,<c>&base=<b>&with=<c>").as_deref(), Some("bc"));
        assert_eq!(pair("runs=<a>,<b>&with=<d>&base=<d>").as_deref(), Some("ab"), "no run of these");
        assert_eq!(pair("runs=<a>&with=<a>"), None);
    }

    #[test]
    fn a_step_is_asked_for_once_it_is_known() {
        let wanted = parse("runs=<a>&value=step");
        assert_eq!((wanted.value, wanted.step), (MetricValue::Last, None));
        let wanted = parse("runs=<a>&value=step&step=40");
        assert_eq!((wanted.value, wanted.step), (MetricValue::Step, Some(40)));
        assert_eq!(parse("runs=<a>&value=best&step=40").step, None);
    }

    #[test]
    fn a_whole_file_is_of_these_runs_without_what_is_hidden() {
        let wanted = parse("runs=<a>,<b>&base=<b>&view=metrics&value=step&step=7");
        let runs = format!("run={}&run={}&base={}", id("a"), id("b"), id("b"));
        assert_eq!(
            wanted.html(["aaaa x=1"].into_iter()),
            format!("/api/v1/compare.html?{runs}&value=step&step=7&off=aaaa%20x%3D1")
        );
    }

    #[test]
    fn a_file_has_what_the_page_shows() {
        let wanted = parse("runs=<a>,<b>&view=params&only=differences&offset=200&search=lr");
        let href = wanted.csv().expect("a table");
        let expected = format!("run={}&run={}&search=lr&differing=true&of=params", id("a"), id("b"));
        assert_eq!(href, format!("/api/v1/compare/table.csv?{expected}"));
        assert_eq!(parse("runs=<a>,<b>").csv(), None);
        assert_eq!(parse("runs=<a>,<b>&view=groups").csv(), None);
    }
}
