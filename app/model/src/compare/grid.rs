//! Any of the comparison's tables as plain texts: what files and the clipboard take along.

use super::{Changes, ComparedRun, GroupComparison, MetricTable, Table};
use crate::Float64;

/// Texts in rows; every row is as long as the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// All digits.
fn full(value: Float64) -> String {
    Float64::non_finite_name(value.0).map_or_else(|| value.0.to_string(), str::to_owned)
}

fn maybe(value: Option<Float64>) -> String {
    value.map(full).unwrap_or_default()
}

fn heads(first: &str, runs: &[ComparedRun]) -> Vec<String> {
    let names = runs.iter().map(|one| {
        let twins = runs.iter().filter(|other| other.run.name == one.run.name).count();
        // Runs may share a name; columns must not.
        if twins > 1 { format!("{} ({})", one.run.name, one.run.id) } else { one.run.name.clone() }
    });
    std::iter::once(first.to_owned()).chain(names).collect()
}

impl From<&Table> for Grid {
    fn from(table: &Table) -> Self {
        let rows = table.rows.iter().map(|row| {
            let key =
                if row.group.is_empty() { row.key.clone() } else { format!("{}: {}", row.group, row.key) };
            let cells = row.cells.iter().map(|cell| match cell {
                Some(cell) if cell.cut => format!("{}…", cell.text),
                Some(cell) => cell.text.clone(),
                None => String::new(),
            });
            std::iter::once(key).chain(cells).collect()
        });
        Self { head: heads("key", &table.runs), rows: rows.collect() }
    }
}

impl From<&MetricTable> for Grid {
    fn from(table: &MetricTable) -> Self {
        let rows = table.rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| maybe(cell.map(|cell| cell.value)));
            std::iter::once(row.name()).chain(cells).collect()
        });
        Self { head: heads("metric", &table.runs), rows: rows.collect() }
    }
}

impl From<&Changes> for Grid {
    fn from(changes: &Changes) -> Self {
        let head = ["rank", "kind", "name", "from", "to", "weight", "reason"];
        let rows = changes.changes.iter().enumerate().map(|(place, one)| {
            vec![
                (place + 1).to_string(),
                one.kind.as_str().to_owned(),
                one.name.clone(),
                one.from.clone().unwrap_or_default(),
                one.to.clone().unwrap_or_default(),
                one.weight.as_str().to_owned(),
                one.reason.clone(),
            ]
        });
        Self { head: head.map(str::to_owned).to_vec(), rows: rows.collect() }
    }
}

impl From<&GroupComparison> for Grid {
    fn from(groups: &GroupComparison) -> Self {
        let head = [
            "metric",
            "n_a",
            "mean_a",
            "ci95_a",
            "n_b",
            "mean_b",
            "ci95_b",
            "difference",
            "low",
            "high",
            "effect",
            "p",
            "verdict",
        ];
        let rows = groups.rows.iter().map(|row| {
            vec![
                row.name(),
                row.a.n.to_string(),
                full(row.a.mean),
                maybe(row.a.ci),
                row.b.n.to_string(),
                full(row.b.mean),
                maybe(row.b.ci),
                full(row.difference),
                maybe(row.low),
                maybe(row.high),
                maybe(row.effect),
                maybe(row.p),
                row.words.clone(),
            ]
        });
        Self { head: head.map(str::to_owned).to_vec(), rows: rows.collect() }
    }
}
