//! The run table's filter, order and columns as its URL says them.

use crate::{
    link::Query,
    metric::goal::{Goal, goal},
};
use model::{
    ExperimentId, limits,
    query::{self, Attribute, Field, OrderBy},
    run::{RunQuery, RunStatus, Trash},
};

/// What a URL asks for; what cannot be read counts as absent, and the filter bar says so.
pub fn parse(id: ExperimentId, query: &Query) -> RunQuery {
    let readable = |key: &str, good: &dyn Fn(&str) -> bool| {
        query.get(key).filter(|text| good(text)).unwrap_or_default().to_owned()
    };
    let columns = columns(query).unwrap_or_default();
    RunQuery {
        search: query.get("search").unwrap_or_default().to_owned(),
        filter: readable("filter", &|text| query::parse(text).is_ok()),
        status: query.get("status").and_then(|word| word.parse().ok()),
        trash: if query.get("trash") == Some("only") { Trash::Only } else { Trash::Without },
        sort: readable("sort", &|text| query::parse_orders(text).is_ok()),
        fields: joined(&columns),
        offset: query.number("offset").unwrap_or(0),
        limit: Some(limits::PAGE_DEFAULT),
        ..RunQuery::new(id)
    }
}

/// What the table is sorted by; empty: the newest first.
pub fn orders(query: &Query) -> Vec<OrderBy> {
    query.get("sort").and_then(|text| query::parse_orders(text).ok()).unwrap_or_default()
}

/// The order that the first click on a column gives: the best, newest or longest first, names and params from the
/// smallest.
fn first_order(field: &Field) -> OrderBy {
    let descending = match field {
        Field::Metric { key, .. } => goal(key) != Some(Goal::Min),
        Field::Attribute(attribute) => {
            !matches!(attribute, Attribute::Name | Attribute::Status | Attribute::User | Attribute::Id)
        }
        Field::Param(_) | Field::Tag(_) | Field::Dataset(_) => false,
    };
    OrderBy { field: field.clone(), descending }
}

/// The link of a column's head. The first click shows the best first, the second turns the order around. With `more` the
/// column is added to those that the table is sorted by.
pub fn sort_by(query: &Query, field: &Field, more: bool) -> Query {
    let mut orders = orders(query);
    let held = orders.iter().position(|order| order.field == *field);
    let order = match held {
        Some(place) => OrderBy { descending: !orders[place].descending, ..orders[place].clone() },
        None => first_order(field),
    };
    match held {
        Some(place) if more => orders[place] = order,
        _ if more => orders.push(order),
        _ => orders = vec![order],
    }
    let word = |order: &OrderBy| format!("{}{}", order.field, if order.descending { " desc" } else { "" });
    let words = orders.iter().map(word).collect::<Vec<_>>().join(",");
    query.clone().without("offset").with("sort", words)
}

/// The columns that the URL names: `cols=params.lr,metrics.loss.min`, or `col` repeated as a form sends it.
pub fn columns(query: &Query) -> Option<Vec<Field>> {
    let columns: Vec<Field> = match query.get("cols") {
        Some(listed) => query::parse_fields(listed).ok()?,
        None => query.all("col").filter_map(|name| name.to_owned().try_into().ok()).collect(),
    };
    (!columns.is_empty()).then_some(columns)
}

/// The same view with these columns.
pub fn with_columns(query: &Query, columns: &[Field]) -> Query {
    query.clone().without("col").with("cols", joined(columns))
}

fn joined(fields: &[Field]) -> String {
    fields.iter().map(Field::to_string).collect::<Vec<_>>().join(",")
}

/// Whether the URL narrows the table at all.
pub fn narrows(query: &Query) -> bool {
    ["search", "filter", "status", "trash", "offset"].iter().any(|key| query.get(key).is_some())
}

/// Every status, for the filter.
pub fn statuses() -> [&'static str; 6] {
    RunStatus::ALL.map(RunStatus::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::query::Stat;

    fn sorted(query: &Query) -> Option<String> {
        query.get("sort").map(ToOwned::to_owned)
    }

    #[test]
    fn the_first_click_on_a_loss_shows_the_lowest_first() {
        let loss = Field::metric("val_loss");
        let once = sort_by(&Query::default(), &loss, false);
        assert_eq!(sorted(&once).as_deref(), Some("metrics.val_loss"));
        assert_eq!(sorted(&sort_by(&once, &loss, false)).as_deref(), Some("metrics.val_loss desc"));
        let accuracy = sort_by(&once, &Field::metric("acc"), false);
        assert_eq!(sorted(&accuracy).as_deref(), Some("metrics.acc desc"));
    }

    #[test]
    fn a_second_column_sorts_what_the_first_leaves_equal() {
        let once = sort_by(&Query::default(), &Field::Param("a,b".into()), true);
        let twice = sort_by(&once, &Field::Attribute(Attribute::Duration), true);
        assert_eq!(sorted(&twice).as_deref(), Some("params.\"a,b\",duration desc"));
        let turned = sort_by(&twice, &Field::Param("a,b".into()), true);
        assert_eq!(sorted(&turned).as_deref(), Some("params.\"a,b\" desc,duration desc"));
        assert_eq!(parse(ExperimentId::DEFAULT, &turned).sort, sorted(&turned).unwrap_or_default());
    }

    #[test]
    fn columns_survive_the_url_whatever_their_names() {
        let columns_in = [
            Field::Param("a,b%2C+d \"e\"".into()),
            Field::Metric { key: "val/loss".into(), stat: Stat::Min },
            Field::Tag("phase".into()),
        ];
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

    #[test]
    fn a_filter_that_cannot_be_read_is_not_sent() {
        let query = Query::parse("filter=metrics.&sort=%3F&status=odd");
        assert_eq!(parse(ExperimentId::DEFAULT, &query).filter, "");
        assert_eq!(parse(ExperimentId::DEFAULT, &query).sort, "");
        let query = Query::parse("filter=metrics.a+%3E+1");
        assert_eq!(parse(ExperimentId::DEFAULT, &query).filter, "metrics.a > 1");
    }
}
