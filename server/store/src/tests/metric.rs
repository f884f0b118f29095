//! Batches, points, params.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{
    Db, Keys, Rejection, metric,
    metric::{Applied, FoundSeries, PreparedBatch, SegmentPlace, Snapshot},
    param, run,
};
use model::{
    Float64, RunId, Tags, UnixMillis,
    ingest::{IngestBatch, IngestReceipt, RunFacts, SeriesPoints, Writer},
    metric::{Context, Kind},
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
        texts: Vec::new(),
        bytes: Vec::new(),
    }
}

fn texts(run_id: &RunId, key: &str, points: &[(i64, &str)]) -> SeriesPoints {
    let mut texts = series(run_id, key, &points.iter().map(|point| (point.0, 0.0)).collect::<Vec<_>>());
    texts.values.clear();
    texts.texts = points.iter().map(|point| point.1.to_owned()).collect();
    texts
}

/// A batch of a writer that does not number its batches.
fn batch(series: Vec<SeriesPoints>) -> PreparedBatch {
    PreparedBatch { batch: IngestBatch { series, ..IngestBatch::default() }, digest: 0, strict: false }
}

fn numbered(sequence: i64, digest: u64, series: SeriesPoints) -> PreparedBatch {
    let mut prepared = batch(vec![series]);
    prepared.batch.writer = Some(Writer { id: "w".into(), sequence });
    prepared.digest = digest;
    prepared
}

async fn apply(db: &Db, batches: &[PreparedBatch]) -> Applied {
    let mut tx = db.begin().await.unwrap();
    let applied = metric::apply(&mut tx, batches, NOW).await.unwrap();
    tx.commit().await.unwrap();
    applied
}

async fn find(db: &Db, run_id: &RunId, key: &str) -> Vec<FoundSeries> {
    let found = metric::find_series(db, std::slice::from_ref(run_id), &[key.to_owned()], 10).await.unwrap();
    assert_eq!(found.len(), 1);
    found
}

async fn places(db: &Db, run_id: &RunId, key: &str) -> Vec<SegmentPlace> {
    let found = find(db, run_id, key).await;
    Snapshot::begin(db).await.unwrap().places(&found, i64::MIN, i64::MAX).await.unwrap().remove(0)
}

async fn read(db: &Db, run_id: &RunId, key: &str, low: i64, high: i64) -> Points {
    let found = find(db, run_id, key).await;
    let mut snapshot = Snapshot::begin(db).await.unwrap();
    let places = snapshot.places(&found, low, high).await.unwrap().remove(0);
    let mut points = snapshot.points(&places).await.unwrap();
    let rows: Vec<_> = (0..points.len()).filter(|&row| (low..=high).contains(&points.steps[row])).collect();
    points.times_ms = rows.iter().map(|&row| points.times_ms[row]).collect();
    points.values = rows.iter().map(|&row| points.values[row]).collect();
    points.steps = rows.iter().map(|&row| points.steps[row]).collect();
    points
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
        let first = numbered(0, 1, series(&run_id, "k", &[(0, 1.0)]));
        let second = numbered(7, 2, series(&run_id, "k", &[(1, 1.0)]));
        let other = numbered(7, 3, series(&run_id, "k", &[(2, 1.0)]));
        let old = numbered(0, 4, series(&run_id, "k", &[(2, 1.0)]));
        let between = numbered(3, 5, series(&run_id, "k", &[(3, 1.0)]));
        let answers =
            apply(&db, &[first.clone(), second.clone(), second.clone(), other, first]).await.answers;
        let done = |replayed| Ok(IngestReceipt { points: 1, replayed });
        let reused = |sequence| Err(Rejection::SequenceReused { sequence });
        assert_eq!(answers, [done(false), done(false), done(true), reused(7), done(true)]);
        assert_eq!(apply(&db, &[second, old]).await.answers, [done(true), reused(0)]);
        assert_eq!(apply(&db, &[between.clone(), between]).await.answers, [done(false), done(true)]);
        assert_eq!(read(&db, &run_id, "k", 0, 9).await.steps, [0, 1, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_and_disturbs_no_neighbour() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let ghost = RunId::from_bytes([9; 16]);
        let mut bad = numbered(3, 1, series(&run_id, "half", &[(0, 1.0)]));
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
        let again = numbered(3, 2, series(&run_id, "k", &[(1, 2.0)]));
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
        update_run(&mut tx, &run_id, &end, NOW).await;
        tx.commit().await.unwrap();
        assert_eq!(run::get(&db, &run_id).await.unwrap().unwrap().late_at_ms, None);
        apply(&db, &[batch(vec![series(&run_id, "k", &[(0, 1.0)])])]).await;
        let after = run::get(&db, &run_id).await.unwrap().unwrap();
        assert_eq!((after.late_at_ms, after.ended_at_ms), (Some(NOW), Some(NOW)));
        let mut tx = db.begin().await.unwrap();
        let resume = RunUpdate { status: Some(RunStatus::Running), ..RunUpdate::default() };
        update_run(&mut tx, &run_id, &resume, UnixMillis(NOW.0 + 1)).await;
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
        let mut snapshot = Snapshot::begin(&db).await.unwrap();
        let places = snapshot.places(&found, 0, 0).await.unwrap();
        assert_eq!(snapshot.points(&places[1]).await.unwrap().values, [1.0]);
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
        param::put(&mut tx, run_id.as_str(), &old, NOW).await.unwrap();
        let new = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        param::put(&mut tx, run_id.as_str(), &new, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let back: Vec<_> = param::list(&db, &run_id).await.unwrap();
        assert_eq!(back.iter().map(|one| (one.key.as_str(), one.value.clone())).collect::<Vec<_>>(), values);
        let table = param::of_runs(&db, std::slice::from_ref(&run_id), Keys::Most(2)).await.unwrap();
        assert_eq!(table[run_id.as_str()].keys().collect::<Vec<_>>(), ["a", "b"]);
    })
    .await;
}

#[tokio::test]
async fn a_writer_without_numbers_gets_each_point_once() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let rising: Vec<_> = (0..5).map(|step| (step, step as f64)).collect();
        apply(&db, &[batch(vec![series(&run_id, "k", &rising)])]).await;
        // The same again, together with a new point and one of another value, and twice in one group.
        let mut again = rising.clone();
        again.extend([(9, 9.0), (3, 3.5), (9, 9.0)]);
        let again = batch(vec![series(&run_id, "k", &again)]);
        apply(&db, &[again.clone(), again]).await;
        let back = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        assert_eq!(back.steps, [0, 1, 2, 3, 3, 4, 9]);
        assert_eq!(back.values, [0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 9.0]);
        assert_eq!(metric::summaries(&db, &run_id).await.unwrap()[0].count, 7);
        // A writer with numbers may mean two equal points, and gets them.
        let twice = numbered(0, 1, series(&run_id, "k", &[(9, 9.0), (9, 9.0)]));
        apply(&db, &[twice]).await;
        assert_eq!(read(&db, &run_id, "k", 9, 9).await.steps, [9, 9, 9]);
    })
    .await;
}

#[tokio::test]
async fn single_points_gather_into_few_segments_and_all_come_back() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let count = 700_i64;
        for sequence in 0..count {
            // Steps run backwards in threes, so that every merge has something to sort.
            let step = sequence - 2 * (sequence % 3);
            apply(&db, &[numbered(sequence, 1, series(&run_id, "k", &[(step, step as f64)]))]).await;
        }
        let back = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        let mut expected: Vec<i64> = (0..count).map(|sequence| sequence - 2 * (sequence % 3)).collect();
        expected.sort_unstable();
        assert_eq!(back.steps, expected);
        assert_eq!(back.values, expected.iter().map(|&step| step as f64).collect::<Vec<_>>());
        let places = places(&db, &run_id, "k").await;
        assert!(places.len() <= 48, "{} segments", places.len());
    })
    .await;
}

#[tokio::test]
async fn few_and_many_points_keep_the_order_of_writing() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let mut values = Vec::new();
        // All at one step, so that only the order of writing tells them apart. What is many goes past what still waits;
        // enough of both, that what waits is settled several times and what was many is merged.
        for sequence in 0..100_i64 {
            let count = if sequence % 4 == 3 { 300 } else { 1 + sequence % 3 };
            let points: Vec<_> = (0..count).map(|row| (7, (sequence * 1_000 + row) as f64)).collect();
            values.extend(points.iter().map(|point| point.1));
            let mut prepared = numbered(sequence, 1, series(&run_id, "k", &points));
            prepared.batch.series.push(texts(&run_id, "words", &[(7, &sequence.to_string())]));
            apply(&db, &[prepared]).await;
            if sequence % 9 == 0 {
                assert_eq!(read(&db, &run_id, "k", 7, 7).await.values, values);
            }
        }
        assert_eq!(read(&db, &run_id, "k", 7, 7).await.values, values);
        let words = find(&db, &run_id, "words").await;
        let mut snapshot = Snapshot::begin(&db).await.unwrap();
        let places = snapshot.places(&words, i64::MIN, i64::MAX).await.unwrap().remove(0);
        let texts = snapshot.texts(&places, false).await.unwrap();
        let expected: Vec<_> = (0..100).map(|sequence| sequence.to_string().into_bytes()).collect();
        assert_eq!(texts.values, expected);
        assert!(places.len() < 60, "{} segments", places.len());
    })
    .await;
}

#[tokio::test]
async fn an_ended_run_is_packed_and_reads_the_same() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        // Two times sixteen: the last one makes fifteen others merge, and the results are still to become one.
        for chunk in 0..32_i64 {
            let points: Vec<_> = (0..300).map(|row| (chunk * 300 + row, 0.1 * row as f64)).collect();
            let words = [(chunk, "a word"), (chunk + 1, "")];
            let mut prepared = numbered(chunk, 1, series(&run_id, "k", &points));
            prepared.batch.series.push(texts(&run_id, "words", &words));
            apply(&db, &[prepared]).await;
        }
        let before = read(&db, &run_id, "k", i64::MIN, i64::MAX).await;
        assert!(places(&db, &run_id, "k").await.len() > 1);
        let mut tx = db.begin().await.unwrap();
        assert!(!metric::seal(&mut tx, 1).await.unwrap(), "a running run is left alone");
        let end = RunUpdate { status: Some(RunStatus::Completed), ..RunUpdate::default() };
        update_run(&mut tx, &run_id, &end, NOW).await;
        tx.commit().await.unwrap();
        let mut rounds = 0;
        loop {
            let mut tx = db.begin().await.unwrap();
            let more = metric::seal(&mut tx, 1).await.unwrap();
            tx.commit().await.unwrap();
            if !more {
                break;
            }
            rounds += 1;
            assert!(rounds < 9, "sealing comes to an end");
        }
        let places = places(&db, &run_id, "k").await;
        assert_eq!((places.len(), places[0].count, places[0].has_blocks), (1, 9_600, true));
        assert_eq!(read(&db, &run_id, "k", i64::MIN, i64::MAX).await, before);
        let words = find(&db, &run_id, "words").await;
        let mut snapshot = Snapshot::begin(&db).await.unwrap();
        let places = snapshot.places(&words, i64::MIN, i64::MAX).await.unwrap().remove(0);
        let texts = snapshot.texts(&places, false).await.unwrap();
        assert_eq!((places.len(), texts.steps.len()), (1, 64));
        assert_eq!(texts.values[1], b"");
        // What comes late joins it.
        apply(&db, &[numbered(99, 1, series(&run_id, "k", &[(-1, 7.0)]))]).await;
        assert_eq!(read(&db, &run_id, "k", -1, 0).await.values, [7.0, 0.0]);
    })
    .await;
}

#[tokio::test]
async fn blocks_say_what_the_points_say() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let points: Vec<_> = (0..150_000).map(|step| (step, (step % 1_000) as f64)).collect();
        apply(&db, &[numbered(0, 1, series(&run_id, "k", &points))]).await;
        let places = places(&db, &run_id, "k").await;
        assert_eq!(places.iter().map(|place| place.count).collect::<Vec<_>>(), [50_000; 3]);
        let blocks = Snapshot::begin(&db).await.unwrap().blocks(&places).await.unwrap();
        let count: i64 = blocks.values().flat_map(|one| &one.blocks).map(|block| block.count).sum();
        assert_eq!((blocks.len(), count), (3, 150_000));
    })
    .await;
}

#[tokio::test]
async fn a_series_keeps_the_kind_it_began_with() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let number = numbered(0, 1, series(&run_id, "k", &[(0, 1.0)]));
        let text = numbered(1, 1, texts(&run_id, "k", &[(1, "one")]));
        let holds = |holds| Err(Rejection::OtherKind { run_id: run_id.clone(), key: "k".into(), holds });
        assert_eq!(apply(&db, &[number, text.clone()]).await.answers[1], holds(Kind::Number));
        assert_eq!(apply(&db, &[text]).await.answers, [holds(Kind::Number)]);
        let mut both = numbered(2, 1, texts(&run_id, "fresh", &[(1, "one")]));
        both.batch.series.push(series(&run_id, "fresh", &[(0, 1.0)]));
        assert!(matches!(apply(&db, &[both]).await.answers[0], Err(Rejection::OtherKind { .. })));
        let summary = metric::summaries(&db, &run_id).await.unwrap();
        assert_eq!(summary.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["k"]);
        let text = numbered(3, 1, texts(&run_id, "t", &[(5, "five"), (4, "four")]));
        assert!(apply(&db, &[text]).await.answers[0].is_ok());
        let summary = metric::summaries(&db, &run_id).await.unwrap().remove(1);
        assert_eq!((summary.kind, summary.count, summary.last_step), (Kind::Text, 2, 5));
        assert_eq!((summary.min, summary.mean), (None, None), "a text has no size");
    })
    .await;
}
