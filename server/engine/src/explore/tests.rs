//! Importance against what others found on the same data: `recorded/importance.py` wrote it.

use super::{coded, forest, importance};
use model::{
    Float64,
    explore::{FieldColumn, FieldValues},
    query::Field,
    relation,
};
use serde_json::Value;

struct Recorded {
    score: f64,
    target: Vec<f64>,
    params: Vec<Param>,
}

struct Param {
    name: String,
    values: Vec<f64>,
    importance: f64,
    spearman: f64,
    pearson: f64,
    slope: f64,
}

fn recorded() -> Recorded {
    let data: Value = serde_json::from_str(include_str!("recorded/importance.json")).unwrap();
    let numbers = |value: &Value| {
        value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect::<Vec<f64>>()
    };
    let param = |one: &Value| {
        let number = |key: &str| one[key].as_f64().unwrap();
        Param {
            name: one["name"].as_str().unwrap().to_owned(),
            values: numbers(&one["values"]),
            importance: number("importance"),
            spearman: number("spearman"),
            pearson: number("pearson"),
            slope: number("slope"),
        }
    };
    Recorded {
        score: data["score"].as_f64().unwrap(),
        target: numbers(&data["target"]),
        params: data["params"].as_array().unwrap().iter().map(param).collect(),
    }
}

fn of_numbers(field: Field, values: &[f64]) -> FieldColumn {
    let numbers = values.iter().map(|value| Some(Float64(*value))).collect();
    FieldColumn { field, values: FieldValues::Numbers { numbers } }
}

#[test]
fn correlations_are_those_of_scipy() {
    let Recorded { target, params, .. } = recorded();
    for Param { name, values, spearman, pearson, slope, .. } in params {
        let near = |mine: f64, theirs: f64| (mine - theirs).abs() <= 1e-12 * theirs.abs().max(1.0);
        assert!(near(relation::spearman(&values, &target).unwrap(), spearman), "{name}");
        assert!(near(relation::pearson(&values, &target).unwrap(), pearson), "{name}");
        assert!(near(relation::least_squares(&values, &target).unwrap().0, slope), "{name}");
    }
}

#[test]
fn a_forest_finds_what_scikit_learn_finds_and_the_same_every_time() {
    let Recorded { score, target, params } = recorded();
    let metric = Field::metric("loss");
    let mut columns = vec![of_numbers(metric.clone(), &target)];
    columns.extend(params.iter().map(|one| of_numbers(Field::Param(one.name.clone()), &one.values)));
    let found = importance(metric.clone(), columns.clone(), 0);
    assert_eq!((found.runs, found.sampled), (240, 240));
    let mine = found.score.unwrap().0;
    assert!((mine - score).abs() < 0.05, "the forest explains {mine}, theirs {score}");
    let order: Vec<_> = found.params.iter().map(|one| one.field.to_string()).collect();
    assert_eq!(order, ["params.lr", "params.layers", "params.dropout", "params.seed"]);
    for one in &found.params {
        let theirs = params.iter().find(|param| Field::Param(param.name.clone()) == one.field).unwrap();
        let mine = one.importance.unwrap().0;
        let apart = (mine - theirs.importance).abs();
        assert!(
            apart < 0.03 + 0.15 * theirs.importance,
            "{}: {mine}, theirs {}",
            one.field,
            theirs.importance
        );
    }
    assert_eq!(importance(metric, columns, 0), found);
}

#[test]
fn constants_are_left_out_and_few_runs_grow_no_forest() {
    let metric = Field::metric("loss");
    let columns = vec![
        of_numbers(metric.clone(), &[1.0, 2.0, f64::NAN, 4.0]),
        of_numbers(Field::Param("same".into()), &[5.0, 5.0, 6.0, 5.0]),
        of_numbers(Field::Param("lr".into()), &[1.0, 2.0, 3.0, 4.0]),
    ];
    let found = importance(metric.clone(), columns, 0);
    assert_eq!((found.runs, found.score), (3, None));
    let [lr] = &found.params[..] else { panic!("only lr differs where there is a loss") };
    assert_eq!((lr.correlation, lr.importance), (Some(Float64(1.0)), None));
    assert!(importance(metric, Vec::new(), 0).params.is_empty());
    assert!(forest::importance(&[vec![1.0; 40]], &[2.0; 40]).is_none(), "nothing varies");
}

#[test]
fn what_is_absent_lies_below_all_that_is_there() {
    let numbers = [Some(3.0), None, Some(f64::NAN), Some(-1.0)].map(|one| one.map(Float64)).to_vec();
    assert_eq!(coded(&FieldValues::Numbers { numbers }), [3.0, -5.0, -5.0, -1.0]);
    let texts =
        FieldValues::Texts { texts: vec!["a".into(), "b".into()], places: vec![Some(1), None, Some(0)] };
    assert_eq!(coded(&texts), [1.0, -1.0, 0.0]);
    assert_eq!(coded(&FieldValues::Numbers { numbers: vec![None, None] }), [0.0, 0.0]);
}
