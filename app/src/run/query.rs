//! The run table's filter, order and columns as its URL says them.

use super::columns::Column;
use crate::{
    link::{self, Query},
    metric::goal::{Goal, goal},
};
use model::{
    ExperimentId, limits,
    run::{RunQuery, RunSort, RunStatus},
};

/// What a URL asks for; words it does not know count as absent.
pub fn parse(id: ExperimentId, query: &Query) -> RunQuery {
    RunQuery {
        search: query.get("search").unwrap_or_default().to_owned(),
        status: query.get("status").and_then(|word| word.parse().ok()),
        sort: query.get("sort").and_then(|word| word.parse().ok()).unwrap_or_default(),
        reverse: query.get("reverse") == Some("true"),
        offset: query.number("offset").unwrap_or(0),
        limit: Some(limits::PAGE_DEFAULT),
        ..RunQuery::new(id)
    }
}

/// Whether a column's plain order starts at the smallest.
pub fn from_small(sort: &RunSort) -> bool {
    matches!(sort, RunSort::Name | RunSort::Param(_))
}

/// The link of a column's head. The first click shows the best first, the second turns the order around.
pub fn sort_by(query: &Query, sort: &RunSort) -> Query {
    let now = parse(ExperimentId::DEFAULT, query);
    let best_is_small = matches!(sort, RunSort::Metric(key) if goal(key) == Some(Goal::Min));
    let reverse = if now.sort == *sort { !now.reverse } else { best_is_small };
    let word = if *sort == RunSort::default() { String::new() } else { sort.clone().into() };
    query.clone().without("offset").with("sort", word).with("reverse", if reverse { "true" } else { "" })
}

/// The columns that the URL names: `cols=params.lr,metrics.loss`, or `col` repeated as a form sends it.
pub fn columns(query: &Query) -> Option<Vec<Column>> {
    let listed = query.get("cols").map(|all| all.split(',').map(link::decode).collect::<Vec<_>>());
    let ticked = || query.all("col").map(ToOwned::to_owned).collect::<Vec<_>>();
    let names = listed.unwrap_or_else(ticked);
    let mut columns: Vec<_> = names.iter().filter_map(|name| Column::parse(name)).collect();
    // The table groups them: params, then metrics.
    columns.sort_by_key(|column| matches!(column, Column::Metric(_)));
    (!columns.is_empty()).then_some(columns)
}

/// The same view with these columns.
pub fn with_columns(query: &Query, columns: &[Column]) -> Query {
    // A comma parts the names, so one inside a name is escaped, and so is what an escape could be mistaken for.
    let escaped = |name: String| name.replace('%', "%25").replace(',', "%2C").replace('+', "%2B");
    let names: Vec<_> = columns.iter().map(|one| escaped(one.name())).collect();
    query.clone().without("col").with("cols", names.join(","))
}

/// Whether the URL narrows the table at all.
pub fn narrows(query: &Query) -> bool {
    ["search", "status", "offset"].iter().any(|key| query.get(key).is_some())
}

/// Every status, for the filter.
pub fn statuses() -> [&'static str; 6] {
    RunStatus::ALL.map(RunStatus::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_click_on_a_loss_shows_the_lowest_first() {
        let loss = RunSort::Metric("val_loss".into());
        let once = sort_by(&Query::default(), &loss);
        assert_eq!(once.href("/x"), "/x?sort=metrics.val_loss&reverse=true");
        assert_eq!(sort_by(&once, &loss).href("/x"), "/x?sort=metrics.val_loss");
        let accuracy = sort_by(&once, &RunSort::Metric("acc".into()));
        assert_eq!(accuracy.href("/x"), "/x?sort=metrics.acc");
    }

    #[test]
    fn columns_survive_the_url_whatever_their_names() {
        let columns_in = [Column::Param("a,b%2C+d e".into()), Column::Metric("val/loss".into())];
        let query = with_columns(&Query::parse("col=params.x&sort=name"), &columns_in);
        let href = query.href("/x");
        let back = Query::parse(href.split_once('?').expect("has a query").1);
        assert_eq!(columns(&back), Some(columns_in.to_vec()));
        assert_eq!(columns(&Query::parse("cols=nonsense")), None);
    }

    #[test]
    fn a_form_without_wasm_names_columns_one_by_one() {
        let query = Query::parse("col=params.lr&col=metrics.loss");
        assert_eq!(columns(&query).map(|all| all.len()), Some(2));
    }
}
