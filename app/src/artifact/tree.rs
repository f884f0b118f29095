//! The folders that stand open as the rows of a list, so that a row that stays keeps its place, its focus and its state.

use super::api::{Files, Place, Wanted};
use model::artifact::Artifact;
use std::collections::HashSet;

/// A row of the list of files.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Folders around it.
    pub depth: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The whole of a run or of a model; the model's name.
    Root {
        place: Place,
        model: Option<String>,
        file_count: i64,
        size_bytes: i64,
    },
    Folder {
        place: Place,
        name: String,
        file_count: i64,
        size_bytes: i64,
        open: bool,
    },
    File {
        file: Wanted,
        artifact: Artifact,
    },
    /// A folder holds more than is listed.
    More {
        place: Place,
    },
}

impl Row {
    /// Told apart from all others by this, and drawn anew when this is another. A folder that opens stays the same, so that
    /// it keeps the focus.
    pub fn key(&self) -> String {
        let mut same = self.clone();
        if let Kind::Folder { open, .. } = &mut same.kind {
            *open = false;
        }
        format!("{same:?}")
    }
}

/// All rows: the run's own files first, then those of its models.
pub fn rows(files: &Files, closed: &HashSet<Place>) -> Vec<Row> {
    let mut rows = Vec::new();
    let models = files.models.iter().map(|(id, name)| (Some(id.clone()), Some(name.clone())));
    for (model, name) in std::iter::once((None, None)).chain(models) {
        let place = Place { model, path: None };
        let Some(folder) = found(files, &place) else { continue };
        let (file_count, size_bytes) = (folder.file_count, folder.size_bytes);
        rows.push(Row {
            depth: 0,
            kind: Kind::Root { place: place.clone(), model: name, file_count, size_bytes },
        });
        fill(&mut rows, files, closed, &place, 0);
    }
    rows
}

fn found<'a>(files: &'a Files, place: &Place) -> Option<&'a model::artifact::Folder> {
    files.folders.iter().find(|(known, _)| known == place).map(|(_, folder)| folder)
}

fn fill(rows: &mut Vec<Row>, files: &Files, closed: &HashSet<Place>, place: &Place, depth: usize) {
    let Some(folder) = found(files, place) else { return };
    for one in &folder.folders {
        let Some(below) = place.below(&one.name) else { continue };
        let open = found(files, &below).is_some() && !closed.contains(&below);
        let (name, file_count, size_bytes) = (one.name.clone(), one.file_count, one.size_bytes);
        rows.push(Row {
            depth,
            kind: Kind::Folder { place: below.clone(), name, file_count, size_bytes, open },
        });
        if open {
            fill(rows, files, closed, &below, depth + 1);
        }
    }
    for artifact in &folder.files {
        let file = Wanted { model: place.model.clone(), path: artifact.path.clone() };
        rows.push(Row { depth, kind: Kind::File { file, artifact: artifact.clone() } });
    }
    if folder.cut {
        rows.push(Row { depth, kind: Kind::More { place: place.clone() } });
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use model::{
        UnixMillis,
        artifact::{Folder, Subfolder},
    };

    pub fn artifact(path: &str) -> Artifact {
        Artifact {
            path: path.parse().expect("a relative path"),
            size_bytes: 1,
            sha256: "0".repeat(64),
            mime: "text/plain".into(),
            created_at_ms: UnixMillis(0),
            reference: None,
        }
    }

    fn place(path: &str) -> Place {
        Place { model: None, path: path.parse().ok() }
    }

    fn folder(folders: &[&str], files: &[&str]) -> Folder {
        let below = |name: &&str| Subfolder { name: (*name).to_owned(), file_count: 1, size_bytes: 1 };
        Folder {
            file_count: 9,
            folders: folders.iter().map(below).collect(),
            files: files.iter().map(|path| artifact(path)).collect(),
            ..Folder::default()
        }
    }

    fn shown(files: &Files, closed: &[&str]) -> Vec<String> {
        let closed = closed.iter().map(|path| place(path)).collect();
        let line = |row: Row| match row.kind {
            Kind::Root { .. } => "root".to_owned(),
            Kind::Folder { place, open, .. } => {
                let path = place.path.expect("a folder has a path");
                format!("{}{} {}", "  ".repeat(row.depth), path.as_str(), if open { "-" } else { "+" })
            }
            Kind::File { file, .. } => format!("{}{}", "  ".repeat(row.depth), file.path.as_str()),
            Kind::More { .. } => "more".to_owned(),
        };
        rows(files, &closed).into_iter().map(line).collect()
    }

    #[test]
    fn only_folders_that_are_there_and_not_closed_stand_open() {
        let root = folder(&["a", "b"], &["z.txt"]);
        let (a, c) = (folder(&["c"], &["a/x"]), Folder { cut: true, ..folder(&[], &["a/c/y"]) });
        let folders = vec![(Place::default(), root), (place("a"), a), (place("a/c"), c)];
        let files = Files { folders, ..Files::default() };
        let open = ["root", "a -", "  a/c -", "    a/c/y", "more", "  a/x", "b +", "z.txt"];
        assert_eq!(shown(&files, &[]), open);
        assert_eq!(shown(&files, &["a"]), ["root", "a +", "b +", "z.txt"]);
        assert_eq!(shown(&files, &["a/c"]), ["root", "a -", "  a/c +", "  a/x", "b +", "z.txt"]);
    }
}
