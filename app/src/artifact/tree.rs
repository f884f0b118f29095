//! A flat list of paths as a tree of folders.

use model::artifact::Artifact;

/// A folder or a file of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Folder { name: String, path: String, children: Vec<Node> },
    File { name: String, artifact: Artifact },
}

/// Folders first, then files, each by name.
pub fn tree(artifacts: &[Artifact]) -> Vec<Node> {
    let mut roots = Vec::new();
    for artifact in artifacts {
        insert(&mut roots, "", artifact.path.as_str(), artifact);
    }
    sort(&mut roots);
    roots
}

fn insert(level: &mut Vec<Node>, above: &str, rest: &str, artifact: &Artifact) {
    let Some((name, rest)) = rest.split_once('/') else {
        level.push(Node::File { name: rest.to_owned(), artifact: artifact.clone() });
        return;
    };
    let known = level.iter_mut().find_map(|node| match node {
        Node::Folder { name: known, path, children } if known == name => Some((path, children)),
        _ => None,
    });
    if let Some((path, children)) = known {
        insert(children, path, rest, artifact);
        return;
    }
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    let mut children = Vec::new();
    insert(&mut children, &path, rest, artifact);
    level.push(Node::Folder { name: name.to_owned(), path, children });
}

fn sort(level: &mut [Node]) {
    level.sort_by(|a, b| order(a).cmp(&order(b)));
    for node in level {
        if let Node::Folder { children, .. } = node {
            sort(children);
        }
    }
}

fn order(node: &Node) -> (bool, &str) {
    match node {
        Node::Folder { name, .. } => (false, name),
        Node::File { name, .. } => (true, name),
    }
}

/// Whether a folder holds the path, at any depth.
pub fn holds(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use model::UnixMillis;

    pub fn artifact(path: &str) -> Artifact {
        Artifact {
            path: path.parse().expect("a relative path"),
            size_bytes: 1,
            sha256: "0".repeat(64),
            mime: "text/plain".into(),
            created_at_ms: UnixMillis(0),
        }
    }

    fn shown(level: &[Node]) -> Vec<String> {
        level
            .iter()
            .flat_map(|node| match node {
                Node::Folder { path, children, .. } => {
                    let mut all = vec![format!("{path}/")];
                    all.extend(shown(children));
                    all
                }
                Node::File { artifact, .. } => vec![artifact.path.as_str().to_owned()],
            })
            .collect()
    }

    #[test]
    fn folders_come_before_files_and_share_their_children() {
        let list =
            ["z.txt", "model/weights/b.pt", "a.txt", "model/weights/a.pt", "model/card.md"].map(artifact);
        assert_eq!(
            shown(&tree(&list)),
            [
                "model/",
                "model/weights/",
                "model/weights/a.pt",
                "model/weights/b.pt",
                "model/card.md",
                "a.txt",
                "z.txt"
            ]
        );
    }

    #[test]
    fn a_folder_holds_what_is_below_it_only() {
        assert!(holds("a", "a/b") && holds("a/b", "a/b/c.txt"));
        assert!(!holds("a", "ab/c") && !holds("a", "a"));
    }
}
