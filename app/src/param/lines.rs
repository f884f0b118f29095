//! The rows of the Params tab: a run's params beside those of another, found by a text, flat or as a tree.

use super::nest::{Nested, nest};
use model::param::{Param, ParamValue};
use std::{cmp::Ordering, collections::BTreeSet};

/// A key in one of two runs or in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub key: String,
    pub own: Option<ParamValue>,
    pub other: Option<ParamValue>,
}

impl Line {
    /// The two runs do not have the same here. NaN is the same as NaN.
    pub fn differs(&self) -> bool {
        let text = |value: &Option<ParamValue>| value.as_ref().map(|value| (value.kind(), value.to_string()));
        text(&self.own) != text(&self.other)
    }

    fn has(&self, wanted: &str) -> bool {
        let text = |value: &Option<ParamValue>| {
            value.as_ref().is_some_and(|value| value.to_string().to_lowercase().contains(wanted))
        };
        self.key.to_lowercase().contains(wanted) || text(&self.own) || text(&self.other)
    }
}

/// Which of them are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In lower case: part of a key or value.
    pub text: String,
    /// Only where two runs differ.
    pub differing: bool,
}

/// Both lists are in order of their keys.
pub fn lines(own: &[Param], other: Option<&[Param]>, filter: &Filter) -> Vec<Line> {
    let compared = other.is_some();
    let (mut own, mut other) = (own.iter().peekable(), other.unwrap_or_default().iter().peekable());
    let mut lines = Vec::new();
    loop {
        let order = match (own.peek(), other.peek()) {
            (None, None) => return lines,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => one.key.cmp(&two.key),
        };
        let one = if order.is_le() { own.next() } else { None };
        let two = if order.is_ge() { other.next() } else { None };
        let Some(key) = one.or(two).map(|param| param.key.clone()) else { return lines };
        let value = |param: Option<&Param>| param.map(|param| param.value.clone());
        let line = Line { key, own: value(one), other: value(two) };
        if line.has(&filter.text) && !(compared && filter.differing && !line.differs()) {
            lines.push(line);
        }
    }
}

/// A row of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A group by the whole of its key, with how many values are in it.
    Group { path: String, name: String, depth: usize, count: usize },
    /// A value, by what is left of its key.
    Value { line: Line, name: String, depth: usize },
}

/// The rows of a tree whose groups are open, or closed where they are in `closed`.
pub fn tree(lines: Vec<Line>, closed: &BTreeSet<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    grow(nest(lines.into_iter().map(|line| (line.key.clone(), line))), "", 0, closed, &mut rows);
    rows
}

fn grow(
    items: Vec<(String, Nested<Line>)>,
    above: &str,
    depth: usize,
    closed: &BTreeSet<String>,
    rows: &mut Vec<Row>,
) {
    for (name, item) in items {
        match item {
            Nested::Value(line) => rows.push(Row::Value { line, name, depth }),
            Nested::Group(inside) => {
                let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
                let count = count(&inside);
                let open = !closed.contains(&path);
                rows.push(Row::Group { path: path.clone(), name, depth, count });
                if open {
                    grow(inside, &path, depth + 1, closed, rows);
                }
            }
        }
    }
}

fn count(items: &[(String, Nested<Line>)]) -> usize {
    let of = |item: &Nested<Line>| match item {
        Nested::Value(_) => 1,
        Nested::Group(inside) => count(inside),
    };
    items.iter().map(|(_, item)| of(item)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;

    fn params(pairs: &[(&str, ParamValue)]) -> Vec<Param> {
        pairs.iter().map(|(key, value)| Param { key: (*key).into(), value: value.clone() }).collect()
    }

    fn keys(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.key.as_str()).collect()
    }

    #[test]
    fn two_runs_stand_side_by_side_by_key() {
        let nan = ParamValue::Float(Float64(f64::NAN));
        let own = params(&[("a", ParamValue::Int(1)), ("b", nan.clone()), ("c", ParamValue::Int(1))]);
        let other = params(&[("b", nan), ("c", ParamValue::Text("1".into())), ("d", ParamValue::Null)]);
        let all = lines(&own, Some(&other), &Filter::default());
        assert_eq!(keys(&all), ["a", "b", "c", "d"]);
        assert_eq!(all.iter().map(Line::differs).collect::<Vec<_>>(), [true, false, true, true]);
        let only = Filter { differing: true, ..Filter::default() };
        assert_eq!(keys(&lines(&own, Some(&other), &only)), ["a", "c", "d"]);
        assert_eq!(keys(&lines(&own, None, &only)), ["a", "b", "c"], "alone a run differs from nothing");
    }

    #[test]
    fn params_are_found_by_key_or_value_in_any_case() {
        let own = params(&[("Optimizer", ParamValue::Text("AdamW".into()))]);
        let other = params(&[("Optimizer", ParamValue::Text("SGD".into()))]);
        let found = |text: &str, other| {
            !lines(&own, other, &Filter { text: text.into(), differing: false }).is_empty()
        };
        assert!(found("opti", None) && found("adamw", None) && found("", None));
        assert!(!found("sgd", None) && found("sgd", Some(&other[..])));
    }

    #[test]
    fn closed_groups_hide_what_is_in_them() {
        let own = params(&[
            ("lr", ParamValue::Int(1)),
            ("model.depth", ParamValue::Int(2)),
            ("model.head.size", ParamValue::Int(3)),
        ]);
        let shown = |closed: &[&str]| {
            let closed = closed.iter().map(ToString::to_string).collect();
            let row = |row: Row| match row {
                Row::Group { path, depth, count, .. } => format!("{depth}+{path}({count})"),
                Row::Value { name, depth, .. } => format!("{depth} {name}"),
            };
            tree(lines(&own, None, &Filter::default()), &closed).into_iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(shown(&[]), ["0 lr", "0+model(2)", "1 depth", "1+model.head(1)", "2 size"]);
        assert_eq!(shown(&["model.head"]), ["0 lr", "0+model(2)", "1 depth", "1+model.head(1)"]);
        assert_eq!(shown(&["model"]), ["0 lr", "0+model(2)"]);
    }
}
