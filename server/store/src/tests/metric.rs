//! Batches, points, params.

use super::{NOW, add_experiment, add_run, on_each};
use crate::{
    Db, Rejection, metric,
    metric::{Applied, PreparedBatch},
    param, run,
};
use model::{
    Float64, RunId, Tags, UnixMillis,
    ingest::{IngestBatch, IngestReceipt, RunFacts, SeriesPoints, Writer},
    metric::Context,
    param::ParamValue,
    run::{RunStatus, RunUpdate},
    series::Points,
};

fn series(run_id: &RunId, key: &str, points: &[(i64, f64)]) -> SeriesPoints {
    SeriesPoints {
        run_id: run_id.clone(),
        key: key.into(),
        context: Context::default(),
        steps: points.iter().map(|point| point.0).collect(),
        times_ms: points.iter().map(|point| 1_000 + point.0 % 1_000).collect(),
        values: points.iter().map(|point| Float64(point.1)).collect(),
    }
}

fn batch(series: Vec<SeriesPoints>) -> PreparedBatch {
    PreparedBatch { batch: IngestBatch { series, ..IngestBatch::default() }, digest: "d".into() }
}

fn numbered(sequence: i64, digest: &str, series: SeriesPoints) -> PreparedBatch {
    let mut prepared = batch(vec![series]);
    prepared.batch.writer = Some(Writer { id: "w".into(), sequence });
    prepared.digest = digest.into();
    prepared
}

async fn apply(db: &Db, batches: &[PreparedBatch]) -> Applied {
    let mut tx = db.begin().await.unwrap();
    let applied = metric::apply(&mut tx, batches, NOW).await.unwrap();
    tx.commit().await.unwrap();
    applied
}

async fn read(db: &Db, run_id: &RunId, key: &str, low: i64, high: i64) -> Points {
    let found = metric::find_series(db, std::slice::from_ref(run_id), &[key.to_owned()], 10).await.unwrap();
    assert_eq!(found.len(), 1);
    metric::points(db, &found[0], low, high).await.unwrap()
}

#[tokio::test]
async fn every_value_comes_back_bit_for_bit() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let values = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            5e-324,
            f64::MAX,
            0.1,
            f64::from_bits(0x7ff8_0000_dead_beef),
        ];
        let steps = [i64::MIN, -1, 0, 1, 2, 3, 4, i64::MAX];
        let points: Vec<_> = steps.into_iter().zip(values).collect();
        apply(&db, &[batch(vec![series(&run_id, "k", &points)])]).await;
        let back = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        assert_eq!(back.steps, steps);
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back.values), bits(&values));
        let summary = metric::summaries(&db, &run_id).await.unwrap().remove(0);
        assert_eq!(summary.last.0.to_bits(), 0x7ff8_0000_dead_beef);
        assert_eq!((summary.count, summary.non_finite_count), (8, 4));
        // Extremes are for sorting and lie in a REAL column, which drops the sign of zero.
        assert_eq!(summary.min.unwrap().0, 0.0);
        assert_eq!(summary.max, Some(Float64(f64::MAX)));
    })
    .await;
}

#[tokio::test]
async fn a_series_of_only_nan_has_no_extremes_and_a_nan_last() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        apply(&db, &[batch(vec![series(&run_id, "k", &[(0, f64::NAN)])])]).await;
        let summary = metric::summaries(&db, &run_id).await.unwrap().remove(0);
        assert!(summary.last.0.is_nan());
        assert_eq!((summary.min, summary.max, summary.mean), (None, None, None));
    })
    .await;
}

#[tokio::test]
async fn points_in_many_batches_read_as_one_series() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let mut expected = Vec::new();
        for chunk in 0..40_i64 {
            let points: Vec<_> = (0..37).map(|row| (chunk * 37 + row, (chunk * row) as f64)).collect();
            apply(&db, &[batch(vec![series(&run_id, "k", &points)])]).await;
            expected.extend(points);
        }
        let big: Vec<_> = (0..10_000).map(|row| (5_000 + row, 1.5)).collect();
        apply(&db, &[batch(vec![series(&run_id, "k", &big)])]).await;
        expected.extend(big);
        let back = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        assert_eq!(back.steps.into_iter().zip(back.values).collect::<Vec<_>>(), expected);
        let part = read(&db, &run_id, "k", 100, 102).await;
        assert_eq!(part.steps, [100, 101, 102]);
        assert_eq!(metric::summaries(&db, &run_id).await.unwrap()[0].count, expected.len() as i64);
    })
    .await;
}

#[tokio::test]
async fn steps_may_come_in_any_order_and_twice() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        for points in [[(5, 1.0), (3, 2.0)], [(5, 3.0), (1, 4.0)]] {
            apply(&db, &[batch(vec![series(&run_id, "k", &points)])]).await;
        }
        let back = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        assert_eq!((back.steps, back.values), (vec![1, 3, 5, 5], vec![4.0, 2.0, 1.0, 3.0]));
        let summary = metric::summaries(&db, &run_id).await.unwrap().remove(0);
        assert_eq!((summary.last, summary.last_step, summary.first_step), (Float64(3.0), 5, 1));
    })
    .await;
}

#[tokio::test]
async fn a_replay_is_answered_and_not_applied() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let first = numbered(0, "a", series(&run_id, "k", &[(0, 1.0)]));
        let second = numbered(7, "b", series(&run_id, "k", &[(1, 1.0)]));
        let other = numbered(7, "c", series(&run_id, "k", &[(2, 1.0)]));
        let answers =
            apply(&db, &[first.clone(), second.clone(), second.clone(), other, first]).await.answers;
        let done = |replayed| Ok(IngestReceipt { points: 1, replayed });
        let reused = Err(Rejection::SequenceReused { sequence: 7 });
        assert_eq!(answers, [done(false), done(false), done(true), reused, done(true)]);
        assert_eq!(apply(&db, &[second]).await.answers, [done(true)]);
        assert_eq!(read(&db, &run_id, "k", 0, 9).await.steps, [0, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_and_disturbs_no_neighbour() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let ghost = RunId::from_bytes([9; 16]);
        let mut bad = numbered(3, "x", series(&run_id, "half", &[(0, 1.0)]));
        bad.batch.series.push(series(&ghost, "k", &[(0, 1.0)]));
        bad.batch.runs.push(RunFacts {
            run_id: run_id.clone(),
            params: [("p".to_owned(), ParamValue::Int(1))].into(),
            tags: Tags::default(),
        });
        let good = batch(vec![series(&run_id, "k", &[(0, 2.0)])]);
        let applied = apply(&db, &[bad, good]).await;
        assert_eq!(applied.answers[0], Err(Rejection::NoSuchRun(ghost)));
        assert!(applied.answers[1].is_ok());
        let keys: Vec<_> =
            metric::summaries(&db, &run_id).await.unwrap().into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["k"]);
        assert_eq!(param::list(&db, &run_id).await.unwrap(), []);
        let again = numbered(3, "y", series(&run_id, "k", &[(1, 2.0)]));
        assert!(apply(&db, &[again]).await.answers[0].is_ok(), "the refused number may be used");
    })
    .await;
}

#[tokio::test]
async fn logging_to_an_ended_run_is_kept_and_flagged() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let mut tx = db.begin().await.unwrap();
        let end = RunUpdate { status: Some(RunStatus::Failed), ..RunUpdate::default() };
        run::update(&mut tx, &run_id, &end, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run::get(&db, &run_id).await.unwrap().unwrap().late_at_ms, None);
        apply(&db, &[batch(vec![series(&run_id, "k", &[(0, 1.0)])])]).await;
        let after = run::get(&db, &run_id).await.unwrap().unwrap();
        assert_eq!((after.late_at_ms, after.ended_at_ms), (Some(NOW), Some(NOW)));
        let mut tx = db.begin().await.unwrap();
        let resume = RunUpdate { status: Some(RunStatus::Running), ..RunUpdate::default() };
        run::update(&mut tx, &run_id, &resume, UnixMillis(NOW.0 + 1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run::get(&db, &run_id).await.unwrap().unwrap().ended_at_ms, None);
    })
    .await;
}

#[tokio::test]
async fn contexts_tell_series_apart() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let mut labelled = series(&run_id, "k", &[(0, 1.0)]);
        labelled.context = Context([("subset".to_owned(), "val".to_owned())].into());
        apply(&db, &[batch(vec![labelled.clone(), series(&run_id, "k", &[(0, 2.0)])])]).await;
        let found = metric::find_series(&db, &[run_id], &[], 10).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].context, labelled.context);
        assert_eq!(metric::points(&db, &found[1], 0, 0).await.unwrap().values, [1.0]);
    })
    .await;
}

#[tokio::test]
async fn params_keep_their_type_and_take_the_newest_value() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let values = [
            ("a", ParamValue::Int(i64::MAX)),
            ("b", ParamValue::Float(Float64(f64::NAN))),
            ("c", ParamValue::Bool(true)),
            ("d", ParamValue::Text("1.0".into())),
            ("e", ParamValue::Null),
        ];
        let mut tx = db.begin().await.unwrap();
        let old = [("a".to_owned(), ParamValue::Text("old".into()))].into();
        param::put(&mut tx, run_id.as_str(), &old).await.unwrap();
        let new = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        param::put(&mut tx, run_id.as_str(), &new).await.unwrap();
        tx.commit().await.unwrap();
        let back: Vec<_> = param::list(&db, &run_id).await.unwrap();
        assert_eq!(back.iter().map(|one| (one.key.as_str(), one.value.clone())).collect::<Vec<_>>(), values);
        let table = param::of_runs(&db, std::slice::from_ref(&run_id), 2).await.unwrap();
        assert_eq!(table[run_id.as_str()].keys().collect::<Vec<_>>(), ["a", "b"]);
    })
    .await;
}
