//! Groups are what one finds by going through the runs one by one.

use super::{KEYS, Stage, time};
use model::{
    Float64,
    param::ParamValue,
    query::{Attribute, Field, GroupSort, Grouping, Stat, parse_group},
    run::{
        FoundRun, RunQuery,
        group::{GroupStat, RunGroup, RunGroupQuery},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What a run has in a key, as text that is equal where that is.
fn held(run: &FoundRun, field: &Field) -> Option<String> {
    match field {
        Field::Param(key) => run.params.get(key).map(|value| match value.number() {
            Some(number) if number.abs() < 2_f64.powi(53) => format!("number {}", number + 0.0),
            _ => format!("text {value}"),
        }),
        Field::Tag(key) => run.run.tags.0.get(key).cloned(),
        Field::Attribute(Attribute::Name) => Some(run.run.name.clone()),
        Field::Attribute(Attribute::Status) => Some(run.run.status.as_str().to_owned()),
        Field::Attribute(Attribute::User) => Some(run.run.user.clone()),
        Field::Attribute(Attribute::Parent) => run.run.parent_id.as_ref().map(ToString::to_string),
        other => panic!("{other} makes no groups"),
    }
}

/// The number that a run has in a field, NaN where it is none; nothing where it lacks the field.
fn number(run: &FoundRun, field: &Field) -> Option<f64> {
    match field {
        Field::Param(key) => run.params.get(key).map(|value| value.number().unwrap_or(f64::NAN)),
        Field::Metric { key, stat } => {
            let metric = run.metrics.iter().find(|metric| metric.key == *key)?;
            let value = match stat {
                Stat::Last => Some(metric.last),
                Stat::Min => metric.min,
                Stat::Max => metric.max,
                Stat::Mean => metric.mean,
            };
            Some(value.map_or(f64::NAN, |value| value.0))
        }
        Field::Attribute(Attribute::Duration) => {
            let ended = run.run.ended_at_ms.unwrap_or(time());
            Some((ended.0 - run.run.started_at_ms?.0) as f64 / 1_000.0)
        }
        other => panic!("{other} has no mean"),
    }
}

fn assert_near(found: Option<Float64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Some(Float64(found)), Some(expected)) => {
            assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} {expected}");
        }
        (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{what}"),
    }
}

fn check_stat(stat: &GroupStat, members: &[&FoundRun], field: &Field) {
    let all: Vec<f64> = members.iter().filter_map(|run| number(run, field)).collect();
    let finite: Vec<f64> = all.iter().copied().filter(|number| number.is_finite()).collect();
    let n = finite.len() as f64;
    assert_eq!(
        (stat.n, stat.not_finite),
        (finite.len() as i64, (all.len() - finite.len()) as i64),
        "{field}"
    );
    let mean = (n > 0.0).then(|| finite.iter().sum::<f64>() / n);
    assert_near(stat.mean, mean, "mean");
    let squares: f64 = finite.iter().map(|number| (number - mean.unwrap_or(0.0)).powi(2)).sum();
    assert_near(stat.std, (n > 1.0).then(|| (squares / (n - 1.0)).sqrt()), "std");
    assert_eq!(stat.ci95.is_some(), stat.std.is_some());
    assert_near(stat.min, finite.iter().copied().min_by(f64::total_cmp), "min");
    assert_near(stat.max, finite.iter().copied().max_by(f64::total_cmp), "max");
}

impl Stage {
    fn some_fields(&mut self, from: &[Field], most: usize) -> Vec<Field> {
        let mut found: Vec<Field> = Vec::new();
        for _ in 0..=self.pick(most) {
            let field = from[self.pick(from.len())].clone();
            if !found.contains(&field) {
                found.push(field);
            }
        }
        found
    }

    fn group_query(&mut self) -> RunGroupQuery {
        let attributes = [Attribute::Name, Attribute::Status, Attribute::User, Attribute::Parent];
        let params = KEYS.map(|key| Field::Param(key.to_owned()));
        let tags = KEYS.map(|key| Field::Tag(key.to_owned()));
        let keys: Vec<Field> =
            params.iter().cloned().chain(tags).chain(attributes.map(Field::Attribute)).collect();
        let metrics = Stat::ALL
            .into_iter()
            .flat_map(|stat| KEYS.map(|key| Field::Metric { key: key.to_owned(), stat }));
        let numbers: Vec<Field> =
            metrics.chain(params).chain([Field::Attribute(Attribute::Duration)]).collect();
        let by = match self.pick(4) {
            0 => {
                ["all params", "all but params.a", "all but params.\"b c\", params.loss"][self.pick(3)].into()
            }
            _ => Grouping::By(self.some_fields(&keys, 3)).to_string(),
        };
        let fields = self.some_fields(&numbers, 3);
        let words = |fields: &[Field]| fields.iter().map(Field::to_string).collect::<Vec<_>>().join(", ");
        let sort = match self.pick(4) {
            0 => String::new(),
            1 => "n".into(),
            2 => format!("{}{}", fields[0], ["", " desc"][self.pick(2)]),
            _ => format!("{} desc, n desc", fields[0]),
        };
        let search = self.search();
        let filter = self.filter();
        let runs = RunQuery {
            search: search.search,
            filter,
            status: search.status,
            trash: search.trash,
            limit: Some([2, 7, 1_000][self.pick(3)]),
            ..RunQuery::new(self.experiment_id)
        };
        RunGroupQuery::new(runs, by, words(&fields), sort)
    }

    /// Answers whether there were several groups.
    pub async fn compare_groups(&mut self) -> bool {
        let query = self.group_query();
        let mut found: Vec<RunGroup> = Vec::new();
        let total = loop {
            let asked = RunGroupQuery { offset: found.len() as u32, ..query.clone() };
            let page = self.services.run.group(&self.caller, asked).await.unwrap();
            found.extend(page.items);
            if page.next_offset.is_none() {
                break page.total;
            }
        };
        let (search, asked) = query.clone().into_parts().unwrap();
        let runs = self.services.run.search(&self.caller, &search).await.unwrap();
        let keys: Vec<Field> = match parse_group(&query.by).unwrap().unwrap() {
            Grouping::By(fields) => fields,
            all_but @ Grouping::AllBut(_) => KEYS
                .map(|key| Field::Param(key.to_owned()))
                .into_iter()
                .filter(|key| all_but.has(key))
                .collect(),
        };
        let mut expected: BTreeMap<Vec<Option<String>>, Vec<&FoundRun>> = BTreeMap::new();
        for run in &runs {
            expected.entry(keys.iter().map(|key| held(run, key)).collect()).or_default().push(run);
        }
        assert_eq!(total as usize, expected.len(), "{query:?}");
        assert_eq!(found.len(), expected.len(), "{query:?}");
        let mut seen = BTreeSet::new();
        for group in &found {
            let members = self.members(&query, group).await;
            let key = |run: &FoundRun| keys.iter().map(|key| held(run, key)).collect::<Vec<_>>();
            let first = key(&members[0]);
            let ids = |runs: &[&FoundRun]| runs.iter().map(|run| run.run.id.clone()).collect::<BTreeSet<_>>();
            assert_eq!(
                ids(&members.iter().collect::<Vec<_>>()),
                ids(&expected[&first]),
                "{query:?} {group:?}"
            );
            assert_eq!(group.n as usize, members.len());
            assert!(seen.insert(first), "each group comes once");
            for (stat, field) in group.stats.iter().zip(&asked.fields) {
                check_stat(stat, &expected[&key(&members[0])], field);
            }
            for one in &group.keys {
                assert_eq!(one.value.is_some(), held(&members[0], &one.field).is_some());
            }
        }
        Self::check_order(&query, &found);
        found.len() > 1
    }

    /// The runs that a group's own filter means.
    async fn members(&self, query: &RunGroupQuery, group: &RunGroup) -> Vec<FoundRun> {
        let filter = group.filter.clone().expect("short");
        let (search, _) = RunGroupQuery { filter, ..query.clone() }.into_parts().unwrap();
        self.services.run.search(&self.caller, &search).await.unwrap()
    }

    fn check_order(query: &RunGroupQuery, found: &[RunGroup]) {
        let (_, asked) = query.clone().into_parts().unwrap();
        let Some(first) = asked.order.first() else {
            assert!(found.is_sorted_by(|a, b| a.n >= b.n), "{query:?}");
            return;
        };
        let value = |group: &RunGroup| match &first.by {
            GroupSort::Count => Some(group.n as f64),
            GroupSort::Field(field) => {
                let place = asked.fields.iter().position(|one| one == field)?;
                group.stats[place].mean.map(|mean| mean.0)
            }
        };
        if matches!(&first.by, GroupSort::Field(field) if asked.by.has(field)) {
            return;
        }
        let fits = |a: &RunGroup, b: &RunGroup| match (value(a), value(b)) {
            (Some(a), Some(b)) => {
                if first.descending {
                    a >= b
                } else {
                    a <= b
                }
            }
            (a, b) => a.is_some() || b.is_none(),
        };
        assert!(found.is_sorted_by(fits), "{query:?}");
    }

    /// Values that look alike, or must be quoted, or are too long to be named.
    pub async fn odd_groups(&mut self) {
        let long = "ä".repeat(3_000);
        let values = [
            ParamValue::Int(1),
            ParamValue::Float(Float64(1.0)),
            ParamValue::Text("1e0".into()),
            ParamValue::Text("it's \"so\" `x` and\nmore".into()),
            ParamValue::Int(9_007_199_254_740_993),
            ParamValue::Int(9_007_199_254_740_992),
            ParamValue::Float(Float64(-0.0)),
            ParamValue::Int(0),
            ParamValue::Text(String::new()),
            ParamValue::Float(Float64(f64::NAN)),
            ParamValue::Text(long.clone()),
            ParamValue::Text(long),
            ParamValue::Bool(true),
            ParamValue::Text("true".into()),
        ];
        for (number, value) in values.into_iter().enumerate() {
            let run_id = self.add_run(900 + number).await;
            self.add_params(&run_id, [("odd one".to_owned(), value)].into()).await;
        }
        let query = RunGroupQuery::new(
            RunQuery {
                filter: "params.\"odd one\" is not null or id is null".into(),
                ..RunQuery::new(self.experiment_id)
            },
            "params.\"odd one\"".into(),
            String::new(),
            "params.\"odd one\"".into(),
        );
        let found = self.services.run.group(&self.caller, query.clone()).await.unwrap();
        let told: Vec<(String, i64)> = found
            .items
            .iter()
            .map(|group| (group.keys[0].value.clone().unwrap().chars().take(6).collect(), group.n))
            .collect();
        let expected = [
            ("0", 2),
            ("1", 3),
            ("900719", 1),
            ("900719", 1),
            ("", 1),
            ("NaN", 1),
            ("it's \"", 1),
            ("true", 2),
            ("ääääää", 2),
        ];
        assert_eq!(told, expected.map(|(value, n)| (value.to_owned(), n)));
        for group in &found.items {
            assert_eq!(self.members(&query, group).await.len() as i64, group.n, "{:?}", group.filter);
        }
        assert!(found.items[8].filter.as_ref().is_some_and(|filter| filter.starts_with("id in (")));
    }
}
