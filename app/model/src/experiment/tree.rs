//! The tree that names with `/` make: `vision/resnet/baseline` lies in the folder `resnet` of the folder `vision`.

use super::{Experiment, ExperimentQuery};
use crate::{Error, ExperimentId, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Which experiments, and what of their tree is to be seen. The order is that of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentTreeQuery {
    pub of: ExperimentQuery,
    /// Folders that are not as they are by themselves: closed, or open when something is searched for.
    pub flipped: Vec<String>,
}

impl ExperimentTreeQuery {
    pub fn check(&self) -> Result<(), Error> {
        if self.flipped.len() > limits::TREE_OPEN_MAX {
            let expected = format!("expected at most {} folders", limits::TREE_OPEN_MAX);
            return Err(Error::invalid("fold", expected));
        }
        Ok(())
    }

    fn open_by_itself(&self) -> bool {
        !self.of.search.trim().is_empty() || !self.of.tag.is_empty()
    }
}

/// A row of the tree as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TreeRow {
    Folder {
        /// What the names of all in it begin with.
        path: String,
        name: String,
        depth: u32,
        /// In it and below.
        experiments: i64,
        open: bool,
    },
    Experiment {
        id: ExperimentId,
        /// The last part of its name.
        name: String,
        depth: u32,
    },
}

impl TreeRow {
    pub fn experiment_id(&self) -> Option<ExperimentId> {
        match self {
            Self::Experiment { id, .. } => Some(*id),
            Self::Folder { .. } => None,
        }
    }
}

/// A page of rows, with the experiments among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentTree {
    pub rows: Vec<TreeRow>,
    /// All rows that are to be seen.
    pub total: i64,
    /// All experiments that were found, in open folders or closed ones.
    pub found: i64,
    pub experiments: Vec<Experiment>,
}

#[derive(Default)]
struct Folder {
    /// By the name in lower case, then as it is written.
    folders: BTreeMap<(String, String), Folder>,
    experiments: Vec<(ExperimentId, String)>,
    count: i64,
}

impl Folder {
    fn add(&mut self, id: ExperimentId, parts: &[&str]) {
        self.count += 1;
        match parts {
            [] => self.experiments.push((id, String::new())),
            [name] => self.experiments.push((id, (*name).to_owned())),
            [first, rest @ ..] => {
                let key = (first.to_lowercase(), (*first).to_owned());
                self.folders.entry(key).or_default().add(id, rest);
            }
        }
    }
}

/// The parts of a name; slashes without anything between them count as one.
fn parts(name: &str) -> Vec<&str> {
    let parts: Vec<&str> = name.split('/').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { vec![name] } else { parts }
}

/// The folders that lead to an experiment of this name, the outermost first.
pub fn folders_of(name: &str) -> Vec<String> {
    let parts = parts(name);
    (1..parts.len()).map(|count| parts[..count].join("/")).collect()
}

/// Rows from the query's offset on, at most so many. `names` are in the order of names.
pub fn build(names: &[(ExperimentId, String)], query: &ExperimentTreeQuery, limit: u32) -> ExperimentTree {
    let mut root = Folder::default();
    for (id, name) in names {
        root.add(*id, &parts(name));
    }
    let mut painter = Painter {
        flipped: query.flipped.iter().map(String::as_str).collect(),
        open_by_itself: query.open_by_itself(),
        first: i64::from(query.of.offset),
        limit: limit as usize,
        total: 0,
        rows: Vec::new(),
    };
    painter.paint(&root, "", 0);
    let Painter { rows, total, .. } = painter;
    ExperimentTree { rows, total, found: root.count, experiments: Vec::new() }
}

struct Painter<'a> {
    flipped: HashSet<&'a str>,
    open_by_itself: bool,
    first: i64,
    limit: usize,
    total: i64,
    rows: Vec<TreeRow>,
}

impl Painter<'_> {
    /// Folders first. As deep as a name has slashes, which its length bounds.
    fn paint(&mut self, folder: &Folder, path: &str, depth: u32) {
        for ((_, name), inner) in &folder.folders {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let open = self.open_by_itself != self.flipped.contains(path.as_str());
            self.row(|| TreeRow::Folder {
                path: path.clone(),
                name: name.clone(),
                depth,
                experiments: inner.count,
                open,
            });
            if open {
                self.paint(inner, &path, depth + 1);
            }
        }
        for (id, name) in &folder.experiments {
            self.row(|| TreeRow::Experiment { id: *id, name: name.clone(), depth });
        }
    }

    fn row(&mut self, make: impl FnOnce() -> TreeRow) {
        if self.total >= self.first && self.rows.len() < self.limit {
            self.rows.push(make());
        }
        self.total += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(names: &[&str], search: &str, flipped: &[&str], offset: u32) -> (Vec<String>, i64) {
        let names: Vec<_> =
            (1..).zip(names).map(|(id, name)| (ExperimentId(id), (*name).to_owned())).collect();
        let query = ExperimentTreeQuery {
            of: ExperimentQuery { search: search.to_owned(), offset, ..ExperimentQuery::default() },
            flipped: flipped.iter().map(|&path| path.to_owned()).collect(),
        };
        let tree = build(&names, &query, 4);
        let line = |row: TreeRow| match row {
            TreeRow::Folder { name, depth, experiments, open, .. } => {
                format!("{}{}{name} {experiments}", "  ".repeat(depth as usize), if open { "-" } else { "+" })
            }
            TreeRow::Experiment { name, depth, .. } => format!("{}{name}", "  ".repeat(depth as usize)),
        };
        (tree.rows.into_iter().map(line).collect(), tree.total)
    }

    const NAMES: [&str; 5] = ["a/b/one", "a/b/two", "A/x", "a/three", "zero"];

    #[test]
    fn folders_are_closed_until_they_are_flipped() {
        assert_eq!(drawn(&NAMES, "", &[], 0), (vec!["+A 1".into(), "+a 3".into(), "zero".into()], 3));
        let open = ["+A 1", "-a 3", "  +b 2", "  three"].map(String::from).to_vec();
        assert_eq!(drawn(&NAMES, "", &["a"], 0), (open, 5));
    }

    #[test]
    fn a_search_opens_all_and_a_page_begins_anywhere() {
        let rows = ["    one", "    two", "  three", "zero"].map(String::from).to_vec();
        assert_eq!(drawn(&NAMES, "e", &[], 4), (rows, 8));
        assert_eq!(drawn(&NAMES, "e", &["a"], 0).1, 4);
    }

    #[test]
    fn odd_slashes_make_no_nameless_folders() {
        assert_eq!(drawn(&["/", "//a//b/", "a / c"], "x", &[], 0).0, ["-a 2", "  b", "  c", "/"]);
        assert_eq!(folders_of("a / b/c"), ["a", "a/b"]);
        assert_eq!(folders_of("plain"), [""; 0]);
    }
}
