//! The grouping of the run table as its URL says it, and the order of groups.

use crate::{
    link::Query,
    metric::goal::{Goal, goal},
    run,
};
use model::{
    ExperimentId,
    query::{self, Field, GroupOrder, GroupSort, Grouping},
    run::RunQuery,
};
use serde::{Deserialize, Serialize};

/// What the run table shows: rows, or groups of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub runs: RunQuery,
    pub group: Option<GroupAsked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAsked {
    pub by: String,
    /// May be meant for rows: what groups do not have is passed over.
    pub sort: String,
}

/// What a URL asks for; what cannot be read counts as absent.
pub fn asked(id: ExperimentId, query: &Query) -> Asked {
    let group = grouping(query)
        .map(|by| GroupAsked { by: by.to_string(), sort: query.get("sort").unwrap_or_default().to_owned() });
    Asked { runs: run::query::parse(id, query), group }
}

/// `group=params.lr,tags.phase` or `group=all but params.seed`.
pub fn grouping(query: &Query) -> Option<Grouping> {
    query::parse_group(query.get("group")?).ok().flatten()
}

/// The same view with its runs in groups, or without.
pub fn with_grouping(query: &Query, by: Option<&Grouping>) -> Query {
    let query =
        query.clone().without("offset").with("group", by.map(Grouping::to_string).unwrap_or_default());
    let of_rows = query.get("sort").is_none_or(|sort| query::parse_orders(sort).is_ok());
    if by.is_none() && !of_rows { query.without("sort") } else { query }
}

/// The rows of one group: its filter in place of the one it is made of.
pub fn members(query: &Query, filter: &str) -> Query {
    with_grouping(query, None).with("filter", filter)
}

/// The link of a column's head. The first click shows the best or largest first, keys from the smallest; the second turns
/// the order around.
pub fn sort_by(query: &Query, shown: &[GroupOrder], by: &GroupSort) -> Query {
    let descending = match shown.first() {
        Some(order) if order.by == *by => !order.descending,
        _ => first_order(by).descending,
    };
    query.clone().without("offset").with("sort", GroupOrder { by: by.clone(), descending }.to_string())
}

fn first_order(by: &GroupSort) -> GroupOrder {
    let descending = match by {
        GroupSort::Count => true,
        GroupSort::Field(Field::Metric { key, .. }) => goal(key) != Some(Goal::Min),
        GroupSort::Field(_) => false,
    };
    GroupOrder { by: by.clone(), descending }
}

/// The order of groups that have these means: what the URL asks for, as far as they have it; else the best mean of the
/// first metric whose name tells what is best; else the largest group first.
#[cfg(any(feature = "ssr", test))]
pub fn order(sort: &str, by: &Grouping, fields: &[Field]) -> Vec<GroupOrder> {
    let mut asked = query::parse_group_orders(sort).unwrap_or_default();
    asked.retain(|order| match &order.by {
        GroupSort::Count => true,
        GroupSort::Field(field) => by.has(field) || fields.contains(field),
    });
    if asked.is_empty() {
        let telling =
            fields.iter().find(|field| matches!(field, Field::Metric { key, .. } if goal(key).is_some()));
        let by = telling.map_or(GroupSort::Count, |field| GroupSort::Field(field.clone()));
        asked.push(first_order(&by));
    }
    asked
}

/// Whether a param's name says that it is there to be averaged over: `seed`, `data.random_seed`, `random_state`.
pub fn is_seed(field: &Field) -> bool {
    let Field::Param(key) = field else { return false };
    let last = key.rsplit(['.', '/']).next().unwrap_or(key).to_ascii_lowercase();
    last == "random_state" || last.split(['_', '-']).any(|word| word == "seed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(orders: &[GroupOrder]) -> Vec<String> {
        orders.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn groups_come_best_first_where_a_name_tells_what_is_best() {
        let by = Grouping::AllBut(vec!["seed".into()]);
        let fields = [Field::metric("lr"), Field::metric("val_loss"), Field::metric("acc")];
        assert_eq!(words(&order("", &by, &fields)), ["metrics.val_loss"]);
        assert_eq!(words(&order("", &by, &fields[2..])), ["metrics.acc desc"]);
        assert_eq!(words(&order("", &by, &fields[..1])), ["n desc"]);
        assert_eq!(words(&order("metrics.lr desc, n", &by, &fields)), ["metrics.lr desc", "n"]);
        assert_eq!(
            words(&order("name, params.seed", &by, &fields)),
            ["metrics.val_loss"],
            "groups have neither"
        );
    }

    #[test]
    fn a_second_click_turns_the_order_around() {
        let by = GroupSort::Field(Field::metric("acc"));
        let once = sort_by(&Query::parse("offset=100"), &[], &by);
        assert_eq!((once.get("sort"), once.get("offset")), (Some("metrics.acc desc"), None));
        let shown = query::parse_group_orders("metrics.acc desc").unwrap();
        assert_eq!(sort_by(&once, &shown, &by).get("sort"), Some("metrics.acc"));
        assert_eq!(sort_by(&once, &shown, &GroupSort::Count).get("sort"), Some("n desc"));
    }

    #[test]
    fn a_group_opens_as_rows_under_the_same_search() {
        let query = Query::parse("search=a&group=params.lr&filter=params.lr+%3E+0&sort=n+desc&offset=100");
        assert_eq!(grouping(&query).map(|by| by.to_string()).as_deref(), Some("params.lr"));
        let rows = members(&query, "params.lr > 0 and params.lr = 1");
        assert_eq!(rows.href("/e"), "/e?search=a&filter=params.lr%20%3E%200%20and%20params.lr%20%3D%201");
        assert_eq!(with_grouping(&Query::parse("sort=name&group=user"), None).href("/e"), "/e?sort=name");
        assert_eq!(grouping(&Query::parse("group=metrics.a")), None);
    }

    #[test]
    fn seeds_are_known_by_their_names() {
        let is = |key: &str| is_seed(&Field::Param(key.into()));
        assert!(["seed", "random_seed", "data.random_state", "model/Seed", "seed-2"].into_iter().all(is));
        assert!(!["seeds_per_acre", "linseed", "state", "seed.path"].into_iter().any(is));
        assert!(!is_seed(&Field::Tag("seed".into())));
    }
}
