//! The query language: SQL decides as the evaluator in memory does.

use super::{NOW, add_experiment, on_each, update_run};
use crate::{asset, asset::UseRecord, metric, metric::PreparedBatch, param, run, run::RunRecord, tag};
use model::{
    AssetId, ExperimentId, Float64, RunId, Tags, UnixMillis,
    asset::{Access, AssetUse, DatasetNew},
    ingest::{IngestBatch, SeriesPoints},
    metric::{Context, MetricSummary},
    param::ParamValue,
    query::{
        Attribute, Bound, Clause, DatasetField, Expr, Facts, Field, Likeness, Order, Pattern, Stat, Test,
        evaluate, parse, word,
    },
    run::{Run, RunQuery, RunSearch, RunStatus, RunUpdate},
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{borrow::Cow, collections::BTreeMap};

/// A run with all that a query may ask for.
#[derive(Clone, Debug)]
struct Known {
    run: Run,
    params: BTreeMap<String, ParamValue>,
    metrics: BTreeMap<String, MetricSummary>,
    datasets: Vec<AssetUse>,
}

impl Facts for Known {
    fn number(&self, field: &Field) -> Option<f64> {
        let run = &self.run;
        let millis = |at: Option<UnixMillis>| at.map(|at| at.0 as f64);
        match field {
            Field::Param(key) => self.params.get(key)?.number(),
            Field::Metric { key, stat } => {
                let metric = self.metrics.get(key)?;
                let number = match stat {
                    Stat::Last => Some(metric.last),
                    Stat::Min => metric.min,
                    Stat::Max => metric.max,
                    Stat::Mean => metric.mean,
                };
                number.map(|number| number.0)
            }
            Field::Tag(_) | Field::Dataset(_) => None,
            Field::Attribute(attribute) => match attribute {
                Attribute::Number => Some(run.number as f64),
                Attribute::Created => millis(Some(run.created_at_ms)),
                Attribute::Started => millis(run.started_at_ms),
                Attribute::Ended => millis(run.ended_at_ms),
                Attribute::Updated => millis(Some(run.updated_at_ms)),
                Attribute::Duration => {
                    let started = run.started_at_ms?.0;
                    Some((run.ended_at_ms.unwrap_or(NOW).0 - started) as f64 / 1_000.0)
                }
                _ => None,
            },
        }
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Param(key) => self.params.get(key).map(|value| Cow::Owned(value.to_string())),
            Field::Tag(key) => self.run.tags.0.get(key).map(|value| Cow::Borrowed(value.as_str())),
            Field::Metric { .. } | Field::Dataset(_) => None,
            Field::Attribute(attribute) => match attribute {
                Attribute::Id => Some(Cow::Borrowed(self.run.id.as_str())),
                Attribute::Name => Some(Cow::Borrowed(&self.run.name)),
                Attribute::Status => Some(Cow::Borrowed(self.run.status.as_str())),
                Attribute::User => Some(Cow::Borrowed(&self.run.user)),
                Attribute::Parent => self.run.parent_id.as_ref().map(|id| Cow::Borrowed(id.as_str())),
                Attribute::Archived => Some(Cow::Borrowed(word(self.run.archived_at_ms.is_some()))),
                _ => None,
            },
        }
    }

    fn exists(&self, field: &Field) -> bool {
        match field {
            Field::Metric { key, .. } => self.metrics.contains_key(key),
            field => self.number(field).is_some() || self.text(field).is_some(),
        }
    }

    fn datasets(&self, field: DatasetField) -> Vec<Cow<'_, str>> {
        let text = |one: &'_ AssetUse| match field {
            DatasetField::Name => one.asset.name.clone(),
            DatasetField::Digest => one.asset.digest.clone(),
            DatasetField::Context => one.context.clone(),
        };
        self.datasets.iter().map(|one| Cow::Owned(text(one))).collect()
    }
}

const KEYS: [&str; 4] = ["a", "b c", "loss", "Ä/_"];
const TEXTS: [&str; 8] = ["adam", "Adam", "a%", "", "Ärger", "10", "x*[y]?", "a\\b"];
const NUMBERS: [f64; 9] =
    [0.0, -0.0, 1.0, 0.5, 10.0, -3.25, f64::INFINITY, f64::NEG_INFINITY, 1_700_000_000_000.0];

/// Runs of all kinds: with params and metrics of every type, or without.
async fn fill(db: &crate::Db, experiment_id: ExperimentId, random: &mut TestRunner) {
    let mut pick = |count: usize| (0..count).new_tree(random).unwrap().current();
    for number in 0..60 {
        let mut bytes = [7; 16];
        bytes[0] = number;
        let record = RunRecord {
            id: RunId::from_bytes(bytes),
            experiment_id,
            name: format!("{}{}", TEXTS[pick(8)], pick(3)),
            status: RunStatus::Running,
            user_name: TEXTS[pick(3)].into(),
            created_at_ms: NOW,
            parent_id: (number > 0 && pick(3) == 0).then(|| {
                let mut parent = bytes;
                parent[0] = pick(usize::from(number)) as u8;
                RunId::from_bytes(parent)
            }),
            started_at_ms: (pick(4) > 0).then(|| UnixMillis(NOW.0 - 1_000 * pick(20) as i64)),
            tags: Tags(BTreeMap::new()),
        };
        let (mut params, mut tags, mut series) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for key in KEYS {
            let value = match pick(7) {
                0 => ParamValue::Null,
                1 => ParamValue::Bool(pick(2) == 0),
                2 => ParamValue::Int(pick(12) as i64),
                3 => ParamValue::Float(Float64(NUMBERS[pick(9)])),
                4 => ParamValue::Float(Float64(f64::NAN)),
                _ => ParamValue::Text(TEXTS[pick(8)].into()),
            };
            if pick(3) > 0 {
                params.insert(key.to_owned(), value);
            }
            if pick(2) > 0 {
                tags.insert(key.to_owned(), TEXTS[pick(8)].to_owned());
            }
            let points = pick(4);
            let values: Vec<_> = (0..points)
                .map(|_| Float64([NUMBERS[pick(9)], f64::NAN][usize::from(pick(6) == 0)]))
                .collect();
            series.push(SeriesPoints {
                run_id: record.id.clone(),
                key: key.into(),
                context: Context::default(),
                steps: (0..points as i64).collect(),
                times_ms: vec![0; points],
                values,
                texts: Vec::new(),
                bytes: Vec::new(),
            });
        }
        let end = (pick(2) == 0).then(|| RunUpdate {
            archived: [None, Some(true)][pick(2)],
            status: Some([RunStatus::Completed, RunStatus::Failed][pick(2)]),
            ..RunUpdate::default()
        });
        let mut tx = db.begin().await.unwrap();
        run::add(&mut tx, &record).await.unwrap();
        param::put(&mut tx, record.id.as_str(), &params, NOW).await.unwrap();
        tag::put_run(&mut tx, record.id.as_str(), &Tags(tags)).await.unwrap();
        let batch = IngestBatch { series, ..IngestBatch::default() };
        metric::apply(&mut tx, &[PreparedBatch { batch, digest: 0, strict: false }], NOW).await.unwrap();
        for _ in 0..pick(3) {
            let new = DatasetNew {
                name: TEXTS[pick(2)].into(),
                digest: TEXTS[5 + pick(3)].into(),
                ..DatasetNew::default()
            };
            let id = AssetId::from_bytes([pick(250) as u8, number, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
            let asset_id = asset::ensure_dataset(&mut tx, &id, experiment_id, &new, NOW).await.unwrap();
            let record = UseRecord {
                run_id: &record.id,
                asset_id: &asset_id,
                access: Access::Read,
                context: TEXTS[1 + pick(4)],
                step: 0,
                tags: &Tags::default(),
            };
            asset::add_use(&mut tx, &record, NOW).await.unwrap();
        }
        if let Some(end) = end {
            update_run(&mut tx, &record.id, &end, UnixMillis(NOW.0 - 500)).await;
        }
        tx.commit().await.unwrap();
    }
}

fn clause() -> impl Strategy<Value = Expr> {
    let key = || prop::sample::select(KEYS.map(str::to_owned).to_vec());
    let field = prop_oneof![
        prop::sample::select(Attribute::ALL.to_vec()).prop_map(Field::Attribute),
        key().prop_map(Field::Param),
        key().prop_map(Field::Tag),
        prop::sample::select(DatasetField::ALL.to_vec()).prop_map(Field::Dataset),
        (key(), prop::sample::select(Stat::ALL.to_vec())).prop_map(|(key, stat)| Field::Metric { key, stat }),
    ];
    let orders = vec![
        Order::Equal,
        Order::NotEqual,
        Order::Less,
        Order::LessOrEqual,
        Order::Greater,
        Order::GreaterOrEqual,
    ];
    let likenesses = vec![Likeness::Equal, Likeness::NotEqual, Likeness::Like, Likeness::ILike];
    let mut texts = TEXTS.map(str::to_owned).to_vec();
    texts.extend(
        ["%a%", "_d%", "ADAM", "%Ä%", "ä%", "running", "failed", "true", "false", "%\\%", "%[y]%"]
            .map(str::to_owned),
    );
    let text = prop::sample::select(texts);
    let patterns =
        ["^a", "(?i)^AD", "^$", r"^\w+\d$", r"[\[*]", "run|fail", "^t", "mnist|%", "ä", "^(Adam|10)$"];
    let pattern = prop::sample::select(patterns.map(|text| Pattern::new(text).unwrap()).to_vec());
    let number = prop_oneof![
        prop::sample::select(NUMBERS.to_vec()).prop_map(Bound::Number),
        (-10_i64..10_000).prop_map(Bound::Ago),
        (0.0..20.0).prop_map(Bound::Number),
    ];
    let (orders, likenesses) = (prop::sample::select(orders), prop::sample::select(likenesses));
    (field, 0..7, orders, likenesses, text.clone(), (text, pattern), number).prop_map(
        |(field, kind, is, likeness, text, (other, pattern), than)| {
            let is_number = match &field {
                Field::Metric { .. } => true,
                Field::Param(_) => kind == 1,
                Field::Tag(_) | Field::Dataset(_) => false,
                Field::Attribute(attribute) => attribute.kind() != model::query::AttributeKind::Text,
            };
            let is_last = matches!(&field, Field::Metric { stat: Stat::Last, .. });
            let test = match kind {
                0 => Test::IsNull,
                2 if is_last => Test::IsNan,
                _ if is_number => Test::Number { is, than },
                4 => Test::Matches { pattern, negated: is == Order::NotEqual },
                3 => Test::In(vec![text, other]),
                _ => Test::Text { is: likeness, text },
            };
            Expr::Clause(Clause { field, test })
        },
    )
}

/// Every line of the reference that stands by itself in a block.
fn examples() -> impl Iterator<Item = Expr> {
    let reference = include_str!("../../../../docs/query.md");
    let lines = reference.split("\n```\n").skip(1).step_by(2).flat_map(str::lines);
    lines.map(|line| parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).expect("no blank line"))
}

#[tokio::test]
async fn sql_means_the_same_runs_as_the_evaluator() {
    let expr = clause().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|one| Expr::Not(Box::new(one))),
        ]
    });
    on_each(async |db| {
        let seed = [3; 32];
        let mut random =
            TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let experiment_id = add_experiment(&db, "e", &[]).await;
        fill(&db, experiment_id, &mut random).await;
        let all = RunQuery { archived: true, ..RunQuery::new(experiment_id) }.into_search(100).unwrap();
        let mut known = Vec::new();
        let runs = run::search(&db, &all, NOW).await.unwrap();
        let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
        let mut uses = asset::uses_of_runs(&db, &ids).await.unwrap();
        for run in runs {
            let params = param::list(&db, &run.id).await.unwrap();
            let metrics = metric::summaries(&db, &run.id).await.unwrap();
            known.push(Known {
                params: params.into_iter().map(|one| (one.key, one.value)).collect(),
                metrics: metrics.into_iter().map(|one| (one.key.clone(), one)).collect(),
                datasets: uses.remove(run.id.as_str()).unwrap_or_default(),
                run,
            });
        }
        assert_eq!(known.len(), 60);
        let (mut some, mut meant) = (0, 0);
        let mut random = || expr.new_tree(&mut random).unwrap().current();
        let exprs: Vec<Expr> = (0..1_500).map(|_| random()).chain(examples()).collect();
        for expr in exprs {
            let expected: Vec<&RunId> =
                known.iter().filter(|one| evaluate(&expr, *one, NOW)).map(|one| &one.run.id).collect();
            let search = RunSearch { filter: Some(expr.clone()), ..all.clone() };
            let found = run::search(&db, &search, NOW).await.unwrap();
            let total = run::count(&db, &search, NOW).await.unwrap();
            let found: Vec<&RunId> = found.iter().map(|run| &run.id).collect();
            assert_eq!(found, expected, "{expr}");
            assert_eq!(total as usize, found.len());
            some += usize::from(!found.is_empty() && found.len() < 60);
            meant += found.len();
        }
        assert!(some > 700 && meant > 10_000, "the queries tell runs apart: {some}, {meant}");
    })
    .await;
}

#[tokio::test]
async fn hostile_texts_are_only_compared() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        super::add_run(&db, experiment_id, "r").await;
        for text in [
            "name = 'x'' or 1=1 --'",
            "tags.\"a' or '1'='1\" = 'b'",
            "name like '%'' escape ''x'",
            "metrics.\"k') or (1=1\" > 1",
        ] {
            assert!(parse(text).unwrap().is_some());
            let query = RunQuery { filter: text.into(), ..RunQuery::new(experiment_id) };
            let search = query.into_search(10).unwrap();
            assert_eq!(run::count(&db, &search, NOW).await.unwrap(), 0, "{text}");
        }
    })
    .await;
}
