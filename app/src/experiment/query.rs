//! The list's filter and order as its URL says them.

use super::api::ListInput;
use crate::link::Query;
use model::{
    experiment::{ExperimentQuery, ExperimentSort, ExperimentStatus},
    limits,
};

const SORTS: [(&str, ExperimentSort); 4] = [
    ("last_activity", ExperimentSort::LastActivity),
    ("created", ExperimentSort::Created),
    ("name", ExperimentSort::Name),
    ("run_count", ExperimentSort::RunCount),
];

/// What a URL asks for; words it does not know count as absent.
pub fn parse(query: &Query) -> ListInput {
    ListInput {
        query: filter(query),
        tree: is_tree(query).then(|| query.all("fold").map(ToOwned::to_owned).collect()),
    }
}

/// Whether the URL asks for the tree.
pub fn is_tree(query: &Query) -> bool {
    query.get("view") == Some("tree")
}

/// The same experiments as a tree or as a list.
pub fn show_as(query: &Query, tree: bool) -> Query {
    query.clone().without("offset").without("fold").with("view", if tree { "tree" } else { "" })
}

/// The tree with one folder closed that was open, or the other way round.
pub fn flip(query: &Query, path: &str) -> Query {
    if query.all("fold").any(|one| one == path) {
        let rest: Vec<_> = query.all("fold").filter(|one| *one != path).collect();
        return rest.into_iter().fold(query.clone().without("fold"), |query, one| query.and("fold", one));
    }
    query.clone().and("fold", path)
}

fn filter(query: &Query) -> ExperimentQuery {
    let status = query.get("status").unwrap_or_default();
    let sort = query.get("sort").unwrap_or_default();
    ExperimentQuery {
        project_id: query.get("project").and_then(|id| id.parse().ok()),
        search: query.get("search").unwrap_or_default().to_owned(),
        status: ExperimentStatus::ALL.into_iter().find(|one| one.as_str() == status),
        tag: query.all("tag").map(ToOwned::to_owned).collect(),
        sort: SORTS.into_iter().find(|(word, _)| *word == sort).map(|(_, sort)| sort).unwrap_or_default(),
        reverse: query.get("reverse") == Some("true"),
        offset: query.number("offset").unwrap_or(0),
        limit: Some(limits::PAGE_DEFAULT),
        ..ExperimentQuery::default()
    }
}

/// The link of a column's head: sorts by it, or turns the order around when it is sorted by already.
pub fn sort_by(query: &Query, sort: ExperimentSort) -> Query {
    let now = filter(query);
    let reverse = now.sort == sort && !now.reverse;
    let word = SORTS.into_iter().find(|(_, one)| *one == sort).map_or("", |(word, _)| word);
    let word = if sort == ExperimentSort::default() { "" } else { word };
    // A tree has an order of its own: who sorts wants the list.
    query
        .clone()
        .without("offset")
        .without("view")
        .without("fold")
        .with("sort", word)
        .with("reverse", if reverse { "true" } else { "" })
}

/// Whether the URL narrows the list at all.
pub fn narrows(query: &Query) -> bool {
    ["project", "search", "status", "tag", "offset"].iter().any(|key| query.get(key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_sorts_then_turns_around() {
        let once = sort_by(&Query::parse("search=a&offset=100"), ExperimentSort::Name);
        assert_eq!(once.href("/x"), "/x?search=a&sort=name");
        let twice = sort_by(&once, ExperimentSort::Name);
        assert_eq!(twice.href("/x"), "/x?search=a&sort=name&reverse=true");
        assert!(parse(&twice).query.reverse);
        assert!(!parse(&sort_by(&twice, ExperimentSort::Name)).query.reverse);
    }

    #[test]
    fn a_folder_flips_and_flips_back() {
        let tree = show_as(&Query::parse("search=a&offset=100"), true);
        let open = flip(&flip(&tree, "a/b"), "c");
        assert_eq!(open.href("/x"), "/x?search=a&view=tree&fold=a%2Fb&fold=c");
        assert_eq!(parse(&open).tree, Some(vec!["a/b".to_owned(), "c".to_owned()]));
        assert_eq!(flip(&flip(&open, "a/b"), "c"), tree);
        assert_eq!(show_as(&open, false).href("/x"), "/x?search=a");
    }

    #[test]
    fn unknown_words_are_ignored() {
        let query = Query::parse("status=broken&sort=size&offset=x");
        let expected = ExperimentQuery { limit: Some(limits::PAGE_DEFAULT), ..ExperimentQuery::default() };
        assert_eq!(parse(&query), ListInput { query: expected, tree: None });
    }
}
