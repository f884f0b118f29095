//! The run table's filter, order and columns as its URL says them.

use super::api::TableView;
use crate::{
    link::Query,
    metric::goal::{Goal, goal},
};
use model::{
    ExperimentId, RunId, limits,
    query::{self, Attribute, Field, OrderBy},
    run::{RunQuery, RunStatus, Trash},
};
use std::collections::BTreeMap;

/// The key of the address that says how the runs are looked at; without it by the table.
pub const VIEW: &str = "view";

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
        archived: query.get(ARCHIVED) == Some("1"),
        sort: readable("sort", &|text| query::parse_orders(text).is_ok()),
        fields: joined(&columns),
        offset: query.number("offset").unwrap_or(0),
        limit: Some(limits::PAGE_DEFAULT),
        ..RunQuery::new(id)
    }
}

/// What the whole table asks for.
pub fn view(id: ExperimentId, query: &Query) -> TableView {
    let pins = base(query).into_iter().chain(ids(query, PINS));
    let mut each = Vec::new();
    for id in pins {
        if !each.contains(&id) && each.len() < limits::PINNED_RUNS_MAX {
            each.push(id);
        }
    }
    TableView { query: parse(id, query), pins: each, differences: differences(query) }
}

/// Whether runs that are archived are shown too.
pub const ARCHIVED: &str = "archived";
/// Runs that stay on top.
pub const PINS: &str = "pins";
/// Runs that are not drawn and not compared.
pub const HIDDEN: &str = "hide";
/// The run that others are compared with in the table.
pub const BASE: &str = "base";
/// Columns at the left that stay when the table scrolls sideways.
const LEFT: &str = "left";
/// A column's width: `w=120:params.lr`, once a column.
const WIDTH: &str = "w";
/// Only columns in which the runs differ.
const DIFFERENCES: &str = "diff";
const WIDTHS: std::ops::RangeInclusive<u32> = 56..=900;

/// The runs that a key of the URL lists; what is no id is passed over.
pub fn ids(query: &Query, key: &str) -> Vec<RunId> {
    query.get(key).unwrap_or_default().split(',').filter_map(|id| id.parse().ok()).collect()
}

pub fn base(query: &Query) -> Option<RunId> {
    query.get(BASE)?.parse().ok()
}

pub fn differences(query: &Query) -> bool {
    query.get(DIFFERENCES) == Some("1")
}

pub fn flip_differences(query: &Query) -> Query {
    query.clone().with(DIFFERENCES, if differences(query) { "" } else { "1" })
}

/// The same view with a run put into a list of the URL, or taken out of it; none when the list is full.
pub fn flip(query: &Query, key: &str, id: &RunId) -> Option<Query> {
    let mut listed = ids(query, key);
    match listed.iter().position(|one| one == id) {
        Some(place) => {
            listed.remove(place);
        }
        None => listed.push(id.clone()),
    }
    let most = if key == PINS { limits::PINNED_RUNS_MAX } else { limits::HIDDEN_RUNS_MAX };
    let words: Vec<&str> = listed.iter().map(RunId::as_str).collect();
    (listed.len() <= most).then(|| query.clone().with(key, words.join(",")))
}

/// The same view with this run as the one that others are compared with; without any when it is so already.
pub fn flip_base(query: &Query, id: &RunId) -> Query {
    let word = if base(query).as_ref() == Some(id) { "" } else { id.as_str() };
    query.clone().with(BASE, word)
}

/// Columns at the left, in their order.
pub fn left(query: &Query) -> Vec<Field> {
    let mut fields = query.get(LEFT).and_then(|text| query::parse_fields(text).ok()).unwrap_or_default();
    fields.truncate(limits::PINNED_COLUMNS_MAX);
    fields
}

/// The same view with a column put to the left, or back to its place; none when there is no more room.
pub fn flip_left(query: &Query, field: &Field) -> Option<Query> {
    let mut fields = left(query);
    match fields.iter().position(|one| one == field) {
        Some(place) => {
            fields.remove(place);
        }
        None => fields.push(field.clone()),
    }
    (fields.len() <= limits::PINNED_COLUMNS_MAX).then(|| query.clone().with(LEFT, joined(&fields)))
}

/// The widths that somebody gave columns.
pub fn widths(query: &Query) -> BTreeMap<Field, u32> {
    let one = |text: &str| {
        let (width, field) = text.split_once(':')?;
        let width: u32 = width.parse().ok()?;
        Some((field.to_owned().try_into().ok()?, width_within(width)))
    };
    query.all(WIDTH).filter_map(one).collect()
}

/// The nearest width that a column may have.
pub fn width_within(width: u32) -> u32 {
    width.clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// The same view with another width of a column.
pub fn with_width(query: &Query, field: &Field, width: u32) -> Query {
    let mut widths = widths(query);
    widths.insert(field.clone(), width_within(width));
    let bare = query.clone().without(WIDTH);
    widths.iter().fold(bare, |query, (field, width)| query.and(WIDTH, format!("{width}:{field}")))
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

/// Fields as the URL and the server read them.
pub fn joined(fields: &[Field]) -> String {
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
    fn runs_and_columns_are_pinned_up_to_a_limit_and_the_base_comes_first() {
        let id = |digit: usize| format!("{digit:032x}").parse::<RunId>().expect("32 hex digits");
        let mut query = Query::parse("sort=name&base=00000000000000000000000000000003");
        for digit in 1..=limits::PINNED_RUNS_MAX {
            query = flip(&query, PINS, &id(digit)).expect("there is room");
        }
        assert_eq!(flip(&query, PINS, &id(100)), None);
        let pins = view(ExperimentId::DEFAULT, &query).pins;
        assert_eq!((pins.len(), &pins[0], &pins[1]), (limits::PINNED_RUNS_MAX, &id(3), &id(1)));
        let query = flip(&query, PINS, &id(1)).expect("fewer fit always");
        assert!(!ids(&query, PINS).contains(&id(1)));
        assert_eq!(base(&flip_base(&query, &id(3))), None);
        let mut query = Query::default();
        for name in ["a", "b,c", "d", "e"] {
            query = flip_left(&query, &Field::Param(name.into())).expect("there is room");
        }
        assert_eq!(flip_left(&query, &Field::metric("f")), None);
        assert_eq!(left(&query)[1], Field::Param("b,c".into()));
    }

    #[test]
    fn widths_survive_the_url_and_stay_reasonable() {
        let (odd, name) = (Field::metric("a:b,c"), Field::Attribute(Attribute::Name));
        let query = with_width(&with_width(&Query::parse("sort=name"), &odd, 133), &name, 100_000);
        let href = query.href("/x");
        let back = Query::parse(href.split_once('?').expect("has a query").1);
        assert_eq!(widths(&back), BTreeMap::from([(odd, 133), (name, 900)]));
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
