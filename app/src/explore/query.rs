//! What a picture shows, as the page's address says it. All pictures share the address, so that brushes stay when somebody
//! goes from one to another.

use super::{axis::Scale, brush::Brush};
use crate::{
    link::Query,
    metric::goal,
    run::query::{VIEW, joined},
};
use model::{
    experiment::GoalMetric,
    explore::{FieldColumn, FieldValues, RunColumns},
    limits,
    metric::Goal,
    query::{self, Attribute, Field},
};
use std::collections::BTreeSet;

const AXES: &str = "axes";
const FLIP: &str = "flip";
/// `scale=log:params.lr`, once an axis.
const SCALE: &str = "scale";
const BRUSH: &str = "brush";

/// How else runs of an experiment are looked at than by the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    Parallel,
    Scatter,
    Bars,
    Box,
    Importance,
}

impl Picture {
    pub const ALL: [(Self, &str, &str); 5] = [
        (Self::Parallel, "parallel", "Parallel"),
        (Self::Scatter, "scatter", "Scatter"),
        (Self::Bars, "bars", "Bars"),
        (Self::Box, "box", "Box"),
        (Self::Importance, "importance", "Importance"),
    ];

    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(.., title)| title)
    }

    /// None: the table.
    pub fn of(query: &Query) -> Option<Self> {
        let word = query.get(VIEW)?;
        Self::ALL.iter().find(|(_, name, _)| *name == word).map(|(picture, ..)| *picture)
    }
}

fn fields(query: &Query, key: &str) -> Vec<Field> {
    query.get(key).and_then(|text| query::parse_fields(text).ok()).unwrap_or_default()
}

/// One field of the address.
pub fn field(query: &Query, key: &str) -> Option<Field> {
    fields(query, key).into_iter().next()
}

/// The axes of the address, or what the table's columns suggest: params that differ, then the metric that matters.
pub fn axes(query: &Query, columns: &[Field], goal: Option<&GoalMetric>) -> Vec<Field> {
    let mut axes = fields(query, AXES);
    if axes.is_empty() {
        axes = columns.iter().filter(|one| matches!(one, Field::Param(_))).take(6).cloned().collect();
        axes.extend(main_metric(columns, goal));
    }
    axes.truncate(limits::EXPLORE_FIELDS_MAX / 2);
    axes
}

pub fn with_axes(query: &Query, axes: &[Field]) -> Query {
    query.clone().with(AXES, joined(axes))
}

/// The experiment's goal, or the first metric that says by its name which way is better, or the first at all.
pub fn main_metric(columns: &[Field], goal: Option<&GoalMetric>) -> Option<Field> {
    if let Some(goal) = goal {
        return Some(Field::Metric { key: goal.key.clone(), stat: goal.goal.stat() });
    }
    let metrics = || columns.iter().filter(|one| matches!(one, Field::Metric { .. }));
    metrics().find(|one| direction(one, None).is_some()).or_else(|| metrics().next()).cloned()
}

/// Params and metrics that the scatter may begin with, the likeliest first.
pub fn candidates(columns: &[Field], main: Option<&Field>) -> Vec<Field> {
    let params = columns.iter().filter(|one| matches!(one, Field::Param(_))).take(8);
    let metrics =
        columns.iter().filter(|one| matches!(one, Field::Metric { .. }) && Some(*one) != main).take(4);
    params.chain(metrics).cloned().collect()
}

/// The first of these that spreads runs over an axis: numbers, and more of them than yes and no.
pub fn telling<'a>(data: &RunColumns, candidates: &'a [Field]) -> Option<&'a Field> {
    candidates.iter().find(|field| {
        let column = data.columns.iter().find(|column| column.field == **field);
        let Some(FieldColumn { values: FieldValues::Numbers { numbers }, .. }) = column else { return false };
        let mut kinds = BTreeSet::new();
        let finite = numbers.iter().flatten().filter(|one| one.0.is_finite());
        finite.map(|one| one.0.to_bits()).any(|bits| kinds.insert(bits) && kinds.len() > 2)
    })
}

/// Which way a metric is better, when that is known.
pub fn direction(field: &Field, goal: Option<&GoalMetric>) -> Option<Goal> {
    let Field::Metric { key, .. } = field else { return None };
    goal.filter(|goal| goal.key == *key).map(|goal| goal.goal).or_else(|| goal::goal(key))
}

pub fn flipped(query: &Query, field: &Field) -> bool {
    fields(query, FLIP).contains(field)
}

pub fn flip(query: &Query, field: &Field) -> Query {
    let mut flipped = fields(query, FLIP);
    match flipped.iter().position(|one| one == field) {
        Some(place) => drop(flipped.remove(place)),
        None => flipped.push(field.clone()),
    }
    query.clone().with(FLIP, joined(&flipped))
}

fn scales(query: &Query) -> Vec<(Scale, Field)> {
    let one = |text: &str| {
        let (scale, field) = text.split_once(':')?;
        Some((Scale::named(scale)?, field.to_owned().try_into().ok()?))
    };
    query.all(SCALE).filter_map(one).collect()
}

/// The scale that somebody wished for.
pub fn scale(query: &Query, field: &Field) -> Option<Scale> {
    scales(query).into_iter().find(|(_, one)| one == field).map(|(scale, _)| scale)
}

pub fn with_scale(query: &Query, field: &Field, scale: Scale) -> Query {
    let mut scales = scales(query);
    scales.retain(|(_, one)| one != field);
    scales.push((scale, field.clone()));
    let bare = query.clone().without(SCALE);
    scales.iter().fold(bare, |query, (scale, field)| query.and(SCALE, format!("{}:{field}", scale.name())))
}

pub fn brushes(query: &Query) -> Vec<Brush> {
    query.all(BRUSH).filter_map(Brush::parse).take(limits::QUERY_CLAUSES_MAX / 4).collect()
}

pub fn with_brushes(query: &Query, brushes: &[Brush]) -> Query {
    let bare = query.clone().without(BRUSH);
    brushes.iter().fold(bare, |query, brush| query.and(BRUSH, brush.condition()))
}

/// The table, with everything of the picture left out of its address.
pub fn table(query: &Query) -> Query {
    [VIEW, AXES, FLIP, SCALE, BRUSH, "x", "y", "color", "size", "metric", "by", "top", "fit", "front"]
        .iter()
        .fold(query.clone(), |query, key| query.without(key))
}

/// What every run has and a picture can show.
pub fn attributes() -> [Field; 4] {
    [Attribute::Duration, Attribute::Number, Attribute::Status, Attribute::User].map(Field::Attribute)
}

#[cfg(test)]
mod tests {
    use super::{super::axis::Span, *};
    use model::view::ViewState;

    fn columns() -> Vec<Field> {
        vec![
            Field::Param("lr".into()),
            Field::Param("a,b".into()),
            Field::metric("time"),
            Field::metric("val_loss"),
        ]
    }

    fn there_and_back(query: &Query) -> Query {
        let href = query.href("/x");
        Query::parse(href.split_once('?').map_or("", |(_, query)| query))
    }

    #[test]
    fn a_saved_view_keeps_a_picture_as_it_is() {
        let common = "axes=params.lr,metrics.val_loss&flip=params.lr&scale=log:params.lr&brush=params.lr+%3E+0.1&x=params.lr&y=metrics.val_loss\
                      &color=params.lr&size=params.lr&metric=metrics.val_loss&by=params.lr&top=20&fit=1&front=1";
        for (_, word, _) in Picture::ALL {
            let address = Query::parse(&format!("view={word}&{common}"));
            let kept = Query::parse(ViewState::of_address(&address.href("")).as_str());
            assert_eq!(table(&kept), Query::default(), "nothing but what belongs to pictures");
            for (key, value) in
                [("view", word), ("front", "1"), ("by", "params.lr"), ("brush", "params.lr > 0.1")]
            {
                assert_eq!(kept.get(key), Some(value), "{word}");
            }
        }
    }

    #[test]
    fn without_a_wish_the_axes_are_the_params_and_the_metric_that_matters() {
        let names = |axes: Vec<Field>| axes.iter().map(Field::to_string).collect::<Vec<_>>();
        assert_eq!(
            names(axes(&Query::default(), &columns(), None)),
            ["params.lr", "params.\"a,b\"", "metrics.val_loss"]
        );
        let goal = GoalMetric { key: "f".into(), goal: Goal::Max };
        assert_eq!(names(axes(&Query::default(), &columns(), Some(&goal))).pop().unwrap(), "metrics.f.max");
        assert!(axes(&Query::default(), &[], None).is_empty());
        let wished = with_axes(&Query::default(), &columns()[1..2]);
        assert_eq!(axes(&there_and_back(&wished), &columns(), None), columns()[1..2]);
    }

    #[test]
    fn flips_scales_and_brushes_survive_the_address_whatever_the_names() {
        let odd = &columns()[1];
        let query = with_scale(&flip(&Query::parse("view=parallel"), odd), odd, Scale::Log);
        let brush = Brush { field: odd.clone(), span: Span::Texts(vec!["a&b='c',d".into()]) };
        let query = there_and_back(&with_brushes(&query, std::slice::from_ref(&brush)));
        assert!(flipped(&query, odd) && !flipped(&flip(&query, odd), odd));
        assert_eq!(scale(&query, odd), Some(Scale::Log));
        assert_eq!(scale(&with_scale(&query, odd, Scale::Linear), odd), Some(Scale::Linear));
        assert_eq!(brushes(&query), [brush]);
        assert_eq!(Picture::of(&query), Some(Picture::Parallel));
        assert_eq!(table(&query), Query::default());
    }

    #[test]
    fn the_scatter_begins_with_numbers_that_are_more_than_yes_and_no() {
        let column = |key: &str, numbers: &[f64]| {
            let numbers = numbers.iter().map(|one| Some(model::Float64(*one))).collect();
            FieldColumn { field: Field::Param(key.into()), values: FieldValues::Numbers { numbers } }
        };
        let texts = FieldValues::Texts { texts: vec!["adam".into()], places: vec![Some(0); 4] };
        let data = RunColumns {
            columns: vec![
                FieldColumn { field: Field::Param("optimizer".into()), values: texts },
                column("amp", &[0.0, 1.0, 1.0, 0.0]),
                column("lr", &[0.1, 0.2, 0.3, 0.3]),
            ],
            ..RunColumns::default()
        };
        let loss = Field::metric("loss");
        let mut columns: Vec<Field> = data.columns.iter().map(|one| one.field.clone()).collect();
        columns.push(loss.clone());
        let candidates = candidates(&columns, Some(&loss));
        assert_eq!(candidates.len(), 3, "the main metric is the other axis");
        assert_eq!(telling(&data, &candidates), Some(&Field::Param("lr".into())));
        assert_eq!(telling(&data, &candidates[..2]), None);
    }
}
