//! Sections of a comparison as rows of texts: what each run has, under which key, and where they differ. Pure.

use super::{all_equal, text};
use model::{
    artifact::{Artifact, Reference},
    asset::{Access, AssetKind, AssetUse},
    compare::{Cell, Row, Table, TableQuery},
    environment::Environment,
    limits,
    param::ParamValue,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What one run has, by group and key.
pub(super) type Column = BTreeMap<(String, String), Content>;

/// What stands in one cell, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub text: String,
    /// What equal texts may differ in, or what helps to read them.
    pub hint: String,
}

impl Content {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: String::new() }
    }
}

fn key(group: &str, key: &str) -> (String, String) {
    (group.to_owned(), key.to_owned())
}

pub(super) fn of_params(params: BTreeMap<String, ParamValue>) -> Column {
    let one = |(name, value): (String, ParamValue)| {
        (key("", &name), Content { hint: value.kind().to_owned(), text: value.to_string() })
    };
    params.into_iter().map(one).collect()
}

/// Everything that was told, but packages and the state of the code, which are sections of their own.
pub(super) fn of_environment(told: &Environment) -> Column {
    let mut column = Column::new();
    for (group, value) in &told.0 {
        match value {
            _ if ["packages", "git"].contains(&group.as_str()) => {}
            Value::Object(of) => of.iter().for_each(|(name, value)| flatten(group, name, value, &mut column)),
            value => {
                column.insert(key("", group), Content::of(plain(value)));
            }
        }
    }
    column
}

fn flatten(group: &str, name: &str, value: &Value, column: &mut Column) {
    match value {
        Value::Object(of) => {
            of.iter().for_each(|(part, value)| flatten(group, &format!("{name}.{part}"), value, column));
        }
        value => {
            column.insert(key(group, name), Content::of(plain(value)));
        }
    }
}

/// Without the quotes that JSON gives a text; a list of words as a line.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(words) if !words.is_empty() && words.iter().all(Value::is_string) => {
            words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    }
}

pub(super) fn packages(told: &Environment) -> impl Iterator<Item = (&String, String)> {
    let packages = told.at(&["packages"]).and_then(Value::as_object);
    packages.into_iter().flatten().map(|(name, version)| (name, plain(version)))
}

pub(super) fn of_packages(told: &Environment) -> Column {
    packages(told).map(|(name, version)| (key("", name), Content::of(version))).collect()
}

/// `patch` is the digest of what was not committed.
pub(super) fn of_code(told: &Environment, patch: Option<String>) -> Column {
    let mut column = Column::new();
    for name in ["commit", "branch", "remote"] {
        if let Some(text) = told.text(&["git", name]) {
            column.insert(key("", name), Content::of(text));
        }
    }
    if let Some(dirty) = told.at(&["git", "dirty"]).and_then(Value::as_bool) {
        let words = if dirty { "yes" } else { "no" };
        column.insert(key("", "uncommitted changes"), Content::of(words));
    }
    if let Some(sha256) = patch {
        column.insert(key("", "patch"), Content { text: sha256, hint: "SHA-256".to_owned() });
    }
    for name in ["entry", "command"] {
        if let Some(value) = told.at(&[name]) {
            column.insert(key("", name), Content::of(plain(value)));
        }
    }
    column
}

/// Datasets and models that a run read, and datasets that it wrote: a model that it wrote is its own.
pub(super) fn of_data(uses: &[AssetUse]) -> Column {
    let mut column: BTreeMap<(String, String), (BTreeSet<String>, String)> = BTreeMap::new();
    for one in uses {
        let group = match (one.access, one.asset.kind) {
            (Access::Read, AssetKind::Dataset) => "read",
            (Access::Read, AssetKind::Model) => "model read",
            (Access::Wrote, AssetKind::Dataset) => "written",
            (Access::Wrote, AssetKind::Model) => continue,
        };
        let name = match one.context.as_str() {
            "" => one.asset.name.clone(),
            context => format!("{} ({context})", one.asset.name),
        };
        let identity =
            if one.asset.digest.is_empty() { one.asset.id.to_string() } else { one.asset.digest.clone() };
        let place = column.entry((group.to_owned(), name)).or_default();
        place.0.insert(identity);
        place.1.clone_from(&one.asset.format);
    }
    let content = |(identities, hint): (BTreeSet<String>, String)| Content {
        text: identities.into_iter().collect::<Vec<_>>().join(", "),
        hint,
    };
    column.into_iter().map(|(place, of)| (place, content(of))).collect()
}

/// By run. Equal content has equal digests.
pub(super) fn of_files(files: Vec<(String, Artifact)>) -> HashMap<String, Column> {
    let mut columns: HashMap<String, Column> = HashMap::new();
    for (run_id, file) in files {
        let content = match file.reference {
            Some(Reference { uri, digest: Some(digest), .. }) => {
                Content { hint: format!("tracked elsewhere, {uri}"), text: digest }
            }
            Some(Reference { uri, .. }) => Content { hint: "tracked elsewhere".to_owned(), text: uri },
            None => Content { hint: format!("{} bytes, {}", file.size_bytes, file.mime), text: file.sha256 },
        };
        columns.entry(run_id).or_default().insert(key("", file.path.as_str()), content);
    }
    columns
}

pub(super) fn of_note(text: String) -> Column {
    if text.trim().is_empty() { Column::new() } else { [(key("", "note"), Content::of(text))].into() }
}

/// The rows that the query means, of what the runs have; `runs` stays empty.
pub(super) fn table(query: &TableQuery, columns: Vec<Column>) -> Table {
    let count = columns.len();
    let mut rows: BTreeMap<(String, String), Vec<Option<Content>>> = BTreeMap::new();
    for (place, column) in columns.into_iter().enumerate() {
        for (name, content) in column {
            rows.entry(name).or_insert_with(|| vec![None; count])[place] = Some(content);
        }
    }
    let base = query.base.as_ref().and_then(|base| query.run.iter().position(|id| id == base)).unwrap_or(0);
    let mut table = Table { base: base as u32, all: rows.len() as i64, ..Table::default() };
    let wanted = query.search.to_lowercase();
    let (first, limit) = (i64::from(query.offset), query.limit.map_or(i64::MAX, i64::from));
    for ((group, key), contents) in rows {
        let differs = !all_equal(&contents);
        table.differing += i64::from(differs);
        let found = key.to_lowercase().contains(&wanted) || group.to_lowercase().contains(&wanted);
        if !found || (query.differing && !differs) {
            continue;
        }
        if table.total >= first && table.total - first < limit {
            table.rows.push(Row { group, key, cells: cells(&contents, base), differs });
        }
        table.total += 1;
    }
    table
}

fn cells(contents: &[Option<Content>], base: usize) -> Vec<Option<Cell>> {
    let of_base = contents[base].as_ref();
    let cell = |content: &Content| {
        let other = Some(content) != of_base;
        let pieces = match of_base {
            Some(of_base) if other => text::pieces(&of_base.text, &content.text),
            _ => Vec::new(),
        };
        let shown: String = content.text.chars().take(limits::COMPARE_CELL_CHARACTERS_MAX).collect();
        let cut = shown.len() < content.text.len();
        Cell { text: shown, cut, hint: content.hint.clone(), other, pieces }
    };
    contents.iter().map(|content| content.as_ref().map(cell)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::RunId;
    use serde_json::json;

    fn runs(count: usize) -> Vec<RunId> {
        let id = |digit: usize| digit.to_string().repeat(32).parse().expect("32 hex digits");
        (1..=count).map(id).collect()
    }

    fn column(pairs: &[(&str, &str)]) -> Column {
        pairs.iter().map(|(name, text)| (key("", name), Content::of(*text))).collect()
    }

    #[test]
    fn rows_are_counted_whether_they_are_shown_or_not() {
        let query = TableQuery { run: runs(2), differing: true, limit: Some(1), ..TableQuery::default() };
        let one = column(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let two = column(&[("a", "1"), ("b", "2"), ("d", "1")]);
        let found = table(&query, vec![one.clone(), two.clone()]);
        assert_eq!((found.all, found.differing, found.total, found.rows.len()), (4, 3, 3, 1));
        assert_eq!(found.rows[0].key, "b");
        let next = table(&TableQuery { offset: 1, ..query }, vec![one, two]);
        assert_eq!(next.rows[0].key, "c");
        assert_eq!(next.rows[0].cells[1], None);
    }

    #[test]
    fn cells_are_held_against_the_base() {
        let ids = runs(3);
        let query = TableQuery { base: Some(ids[1].clone()), run: ids, ..TableQuery::default() };
        let columns = ["1", "2", "2"].map(|text| column(&[("lr", text)]));
        let found = table(&query, columns.into());
        let other: Vec<_> = found.rows[0].cells.iter().flatten().map(|cell| cell.other).collect();
        assert_eq!((found.base, other), (1, vec![true, false, false]));
    }

    #[test]
    fn equal_texts_of_two_types_differ() {
        let int = of_params([("lr".to_owned(), ParamValue::Int(1))].into());
        let text = of_params([("lr".to_owned(), ParamValue::Text("1".into()))].into());
        let found = table(&TableQuery { run: runs(2), ..TableQuery::default() }, vec![int, text]);
        assert!(found.rows[0].differs);
    }

    #[test]
    fn an_environment_is_flat_and_leaves_packages_to_their_section() {
        let told: Environment = serde_json::from_value(json!({
            "command": ["python", "train.py"], "host": {"cpu": {"name": "x"}, "cores": 8},
            "packages": {"numpy": "2.0"}, "git": {"commit": "abc"}, "gpus": [{"name": "T4"}],
        }))
        .unwrap();
        let column = of_environment(&told);
        let written: Vec<_> =
            column.iter().map(|((group, key), of)| format!("{group}/{key}={}", of.text)).collect();
        assert_eq!(
            written,
            ["/command=python train.py", "/gpus=[{\"name\":\"T4\"}]", "host/cores=8", "host/cpu.name=x"]
        );
        assert_eq!(of_packages(&told).len(), 1);
        let code = of_code(&told, Some("f00".into()));
        assert_eq!(code[&key("", "patch")].text, "f00");
        assert_eq!(code[&key("", "commit")].text, "abc");
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = "x".repeat(5_000);
        let query = TableQuery { run: runs(1), ..TableQuery::default() };
        let found = table(&query, vec![column(&[("a", &long)])]);
        let cell = found.rows[0].cells[0].as_ref().unwrap();
        assert!(cell.cut);
        assert_eq!(cell.text.len(), limits::COMPARE_CELL_CHARACTERS_MAX);
    }
}
