//! Charts: axes, smoothing, groups, texts; each against what the points themselves say.

use crate::harness::{Server, assert_problem, on_each};
use model::{
    RunId,
    ingest::{self, IngestBatch, SeriesPoints, Writer},
    metric::Context,
    series::{Buckets, Columns, Group, Series, decode},
};
use reqwest::Method;
use serde_json::json;

fn series(run_id: &str, key: &str, points: &[(i64, i64, f64)]) -> SeriesPoints {
    SeriesPoints {
        run_id: run_id.parse().unwrap(),
        key: key.into(),
        context: Context::default(),
        steps: points.iter().map(|point| point.0).collect(),
        times_ms: points.iter().map(|point| point.1).collect(),
        values: points.iter().map(|point| model::Float64(point.2)).collect(),
        texts: Vec::new(),
        bytes: Vec::new(),
    }
}

async fn ingest(server: &Server, sequence: i64, series: Vec<SeriesPoints>) {
    let writer = Some(Writer { id: "w".into(), sequence });
    let body = ingest::encode_binary(&IngestBatch { writer, series, runs: Vec::new() });
    let request = server.request(Method::POST, "/api/v1/ingest").header("content-type", ingest::BINARY_MIME);
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
}

async fn read(server: &Server, query: &str) -> Vec<Series> {
    let response = server.request(Method::GET, &format!("/api/v1/series?{query}")).send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    decode(&response.bytes().await.unwrap()).unwrap()
}

fn buckets(series: &Series) -> &Buckets {
    match &series.columns {
        Columns::Buckets(buckets) => buckets,
        other => panic!("expected buckets, not {other:?}"),
    }
}

fn group(series: &Series) -> &Group {
    match &series.columns {
        Columns::Group(group) => group,
        other => panic!("expected a group, not {other:?}"),
    }
}

/// A curve of 100 000 points, a minute apart, that falls and has one spike.
fn long(run_id: &str) -> SeriesPoints {
    let points: Vec<_> = (0..100_000)
        .map(|step| (step, step * 60_000, if step == 54_321 { 99.0 } else { 1.0 / (1.0 + step as f64) }))
        .collect();
    series(run_id, "loss", &points)
}

#[tokio::test]
async fn a_binary_batch_is_stored_bit_for_bit() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let values = [f64::from_bits(0x7ff8_0000_dead_beef), -0.0, 5e-324, f64::INFINITY];
        let points: Vec<_> =
            values.iter().enumerate().map(|(row, &value)| (row as i64 - 2, -7, value)).collect();
        ingest(&server, 0, vec![series(&run_id, "k", &points)]).await;
        let back = server.points(&run_id, "k").await;
        assert_eq!(back.steps, [-2, -1, 0, 1]);
        assert_eq!(back.times_ms, [-7; 4]);
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back.values), bits(&values));
    })
    .await;
}

#[tokio::test]
async fn a_broken_binary_batch_is_refused_with_its_place() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let batch = IngestBatch { series: vec![series(&run_id, "k", &[(0, 0, 1.0)])], ..IngestBatch::default() };
    let body = ingest::encode_binary(&batch);
    let send = async |body: Vec<u8>| {
        let request =
            server.request(Method::POST, "/api/v1/ingest").header("content-type", ingest::BINARY_MIME);
        crate::harness::answer(request.body(body).send().await.unwrap()).await
    };
    assert_problem(send(body[..body.len() - 1].to_vec()).await, 400, "breaks off at byte");
    assert_problem(send(b"{}".to_vec()).await, 400, "breaks off");
    assert_eq!(server.points(&run_id, "k").await.steps, [0_i64; 0]);
    let request = server.request(Method::POST, "/api/v1/ingest").header("content-type", "text/plain");
    let answer = crate::harness::answer(request.body(body).send().await.unwrap()).await;
    assert_problem(answer, 400, "expected application/json");
}

#[tokio::test]
async fn zooming_out_from_blocks_and_zooming_in_to_points_tell_the_same() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        ingest(&server, 0, vec![long(&run_id)]).await;
        let wide = read(&server, &format!("run={run_id}&key=loss&buckets=500")).await.remove(0);
        let rows = buckets(&wide);
        assert_eq!(wide.total, 100_000);
        assert_eq!(rows.counts.iter().sum::<i64>(), 100_000);
        assert!(rows.counts.len() > 250 && rows.counts.len() <= 500, "{}", rows.counts.len());
        let spike = (0..rows.counts.len()).find(|&row| rows.max[row] == 99.0).unwrap();
        assert!((rows.first_steps[spike]..=rows.last_steps[spike]).contains(&54_321));
        // One step a bucket: exact again, read from points instead of blocks.
        let (low, high) = (rows.first_steps[spike], rows.last_steps[spike]);
        let near =
            read(&server, &format!("run={run_id}&key=loss&buckets=500&step_min={low}&step_max={high}")).await;
        let Columns::Points(points) = &near[0].columns else { panic!("expected points") };
        assert_eq!(points.len() as i64, rows.counts[spike]);
        let sum: f64 = points.values.iter().sum();
        assert!((sum / points.len() as f64 - rows.mean[spike]).abs() < 1e-12);
        assert_eq!(
            (points.values[0], points.values[points.len() - 1]),
            (rows.first[spike], rows.last[spike])
        );
    })
    .await;
}

#[tokio::test]
async fn a_range_that_cuts_segments_counts_only_what_is_inside() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        ingest(&server, 0, vec![long(&run_id)]).await;
        let query = format!("run={run_id}&key=loss&buckets=100&step_min=12345&step_max=87654");
        let cut = read(&server, &query).await.remove(0);
        let rows = buckets(&cut);
        assert_eq!((cut.total, rows.counts.iter().sum::<i64>()), (75_310, 75_310));
        assert_eq!((rows.first_steps[0], *rows.last_steps.last().unwrap()), (12_345, 87_654));
    })
    .await;
}

#[tokio::test]
async fn smoothing_runs_over_the_whole_series_before_it_is_cut() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let points: Vec<_> = (0..3_000).map(|step| (step, step, f64::from(step % 2 == 0))).collect();
        // In two batches, so that the average must carry over from one segment to the next.
        ingest(&server, 0, vec![series(&run_id, "k", &points[..1_700])]).await;
        ingest(&server, 1, vec![series(&run_id, "k", &points[1_700..])]).await;
        let mut expected = Vec::new();
        let (mut sum, weight) = (0.0, 0.9_f64);
        for (row, point) in points.iter().enumerate() {
            sum = weight * sum + (1.0 - weight) * point.2;
            expected.push(sum / (1.0 - weight.powi(row as i32 + 1)));
        }
        let query = format!("run={run_id}&key=k&smoothing=ema&weight=0.9");
        let exact = read(&server, &format!("{query}&buckets=64&step_min=2000&step_max=2049")).await.remove(0);
        assert_eq!((exact.columns.rows(), exact.extra.smooth.len()), (50, 50));
        for (row, smooth) in exact.extra.smooth.iter().enumerate() {
            assert!((smooth - expected[2_000 + row]).abs() < 1e-12);
        }
        let wide = read(&server, &format!("{query}&buckets=50")).await.remove(0);
        let last = buckets(&wide).last_steps.clone();
        for (row, step) in last.iter().enumerate() {
            assert!((wide.extra.smooth[row] - expected[*step as usize]).abs() < 1e-12);
            assert!(wide.extra.smooth_min[row] <= wide.extra.smooth[row]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_x_axis_may_be_time_or_another_metric() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let started =
            server.get(&format!("/api/v1/runs/{run_id}")).await.1["run"]["started_at_ms"].as_i64().unwrap();
        let points: Vec<_> = (0..10).map(|step| (step, started + step * 1_000, step as f64)).collect();
        let epochs = [(2, 0, 1.0), (5, 0, 2.0)];
        ingest(&server, 0, vec![series(&run_id, "k", &points), series(&run_id, "epoch", &epochs)]).await;
        let at = async |query: &str| read(&server, &format!("run={run_id}&key=k&{query}")).await.remove(0);
        let wall = at("x=wall").await;
        assert_eq!(wall.extra.xs[9], (started + 9_000) as f64);
        let relative = at("x=relative&x_min=2000&x_max=4000").await;
        assert_eq!(relative.extra.xs, [2_000.0, 3_000.0, 4_000.0]);
        // Before the first epoch a point has no place; then it has the last epoch that was logged.
        let over = at("x=metric&x_key=epoch").await;
        assert_eq!(over.extra.xs, [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
        let few = at("x=relative&buckets=3").await;
        assert_eq!(buckets(&few).counts, [3, 3, 4]);
        assert_eq!((few.extra.xs[1], few.extra.last_xs[1]), (3_000.0, 5_000.0));
    })
    .await;
}

#[tokio::test]
async fn a_group_is_the_mean_of_all_its_members_with_a_band() {
    on_each(async |server| {
        let mut runs = Vec::new();
        for number in 0..4_i64 {
            let run_id = server.new_run().await;
            // The last run is shorter: it counts only where it has points.
            let points: Vec<_> =
                (0..if number == 3 { 4 } else { 8 }).map(|step| (step, step, number as f64)).collect();
            ingest(&server, number, vec![series(&run_id, "k", &points)]).await;
            runs.push(run_id);
        }
        let query = format!("run={}&", runs.join("&run="));
        let all = read(&server, &format!("{query}key=k&buckets=8&group=7&group=7&group=7&group=7")).await;
        assert_eq!((all.len(), all[0].group, all[0].total), (1, Some(7), 28));
        let rows = group(&all[0]);
        assert_eq!(rows.members, [4, 4, 4, 4, 3, 3, 3, 3]);
        assert_eq!((rows.center[0], rows.low[0], rows.high[0]), (1.5, 0.0, 3.0));
        assert_eq!((rows.center[7], rows.low[7], rows.high[7]), (1.0, 0.0, 2.0));
        let two =
            read(&server, &format!("{query}key=k&buckets=8&group=0&group=1&group=0&group=1&band=std")).await;
        assert_eq!(two.iter().map(|one| one.group).collect::<Vec<_>>(), [Some(0), Some(1)]);
        let rows = group(&two[0]);
        assert!((rows.high[0] - (1.0 + 2.0_f64.sqrt())).abs() < 1e-12);
        let refused = server.get(&format!("/api/v1/series?{query}group=1")).await;
        assert_problem(refused, 400, "one number for each run");
    })
    .await;
}

#[tokio::test]
async fn texts_and_bytes_are_kept_by_step() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let body = json!({"series": [
            {"run_id": run_id, "key": "sample", "steps": [2, 1], "times_ms": [0, 0], "texts": ["two", "one"]},
            {"run_id": run_id, "key": "blob", "steps": [0], "times_ms": [0], "bytes": ["/wA="]},
        ]});
        assert_eq!(server.post("/api/v1/ingest", body).await.0, 200);
        let both = read(&server, &format!("run={run_id}")).await;
        let Columns::Texts(blob) = &both[0].columns else { panic!("expected bytes") };
        assert_eq!((blob.are_bytes, blob.values.clone()), (true, vec![vec![0xff, 0]]));
        let Columns::Texts(sample) = &both[1].columns else { panic!("expected texts") };
        assert_eq!(sample.values, [b"one", b"two"]);
        let last = read(&server, &format!("run={run_id}&key=sample&buckets=1")).await.remove(0);
        let Columns::Texts(sample) = last.columns else { panic!("expected texts") };
        assert_eq!((last.total, sample.values), (2, vec![b"two".to_vec()]));
        let wrong = server.log(&run_id, "sample", &[3], json!([1.0])).await;
        assert_problem(wrong, 400, "holds points of kind text");
    })
    .await;
}

#[tokio::test]
async fn a_question_may_come_as_a_body_and_its_answer_be_known() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    ingest(&server, 0, vec![series(&run_id, "k", &[(0, 0, 1.0)])]).await;
    let query = json!({"run": [run_id], "key": ["k"], "buckets": 10});
    let send = async |etag: &str| {
        let request = server.request(Method::POST, "/api/v1/series").header("if-none-match", etag);
        request.json(&query).send().await.unwrap()
    };
    let first = send("").await;
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let series = decode(&first.bytes().await.unwrap()).unwrap();
    assert_eq!(series[0].run_id, run_id.parse::<RunId>().unwrap());
    assert_eq!(send(&etag).await.status(), 304);
    ingest(&server, 1, vec![self::series(&run_id, "k", &[(1, 0, 1.0)])]).await;
    assert_eq!(send(&etag).await.status(), 200, "new points make a new answer");
}

#[tokio::test]
async fn odd_questions_are_refused_by_name() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    for (query, words) in [
        ("x=metric", "expected a metric for x=metric"),
        ("x_key=k", "only with x=metric"),
        ("x=wall&x_min=NaN", "expected a finite number"),
        ("x_min=1", "step_min and step_max"),
        ("smoothing=ema&weight=1", "from 0 to below 1"),
        ("weight=0.5", "only with smoothing"),
        ("smoothing=gaussian&weight=1e9", "from 0 to 500"),
        ("group=1", "expected with group"),
        ("buckets=0", "expected 1 to"),
    ] {
        assert_problem(server.get(&format!("/api/v1/series?run={run_id}&{query}")).await, 400, words);
    }
}

fn encoded(text: &str) -> String {
    let escaped: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    escaped.concat()
}

#[tokio::test]
async fn an_expression_is_computed_where_all_its_metrics_have_a_value() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let other = server.new_run().await;
        let nan = f64::NAN;
        let a = [(0, 10, 1.0), (1, 11, 2.0), (3, 13, 0.0), (3, 14, -1.0), (5, 15, nan), (9, 19, 4.0)];
        let b = [(1, 21, 0.0), (3, 12, 0.0), (5, 25, 1.0), (7, 27, 1.0), (9, 29, f64::INFINITY)];
        ingest(&server, 0, vec![series(&run_id, "train/a", &a), series(&run_id, "b", &b)]).await;
        ingest(&server, 1, vec![series(&other, "b", &b)]).await;
        let of = async |text: &str, rest: &str| {
            let query = format!("run={run_id}&run={other}&expression={}{rest}", encoded(text));
            read(&server, &query).await
        };
        let all = of("`train/a` / b", "").await;
        assert_eq!(all.len(), 1, "the other run has only one of them");
        assert_eq!((all[0].run_id.as_str(), all[0].key.as_str()), (run_id.as_str(), "`train/a` / b"));
        let Columns::Points(points) = &all[0].columns else { panic!("expected points") };
        assert_eq!(points.steps, [1, 3, 5, 9]);
        assert_eq!(points.times_ms, [21, 14, 25, 29], "when the later of them was logged");
        assert_eq!(points.values[..2], [f64::INFINITY, f64::NEG_INFINITY]);
        assert!(points.values[2].is_nan());
        assert_eq!(points.values[3], 0.0);
        assert_eq!(all[0].total, 6, "steps 0 1 3 5 7 9 have one of them");

        let cut = of("`train/a` + b", "&step_min=2&step_max=6").await.remove(0);
        let Columns::Points(points) = &cut.columns else { panic!("expected points") };
        assert_eq!((&points.steps[..], cut.total), (&[3, 5][..], 2));
        let alone = of("b * 2", "").await;
        assert_eq!(alone.len(), 2);
        assert!(of("b - missing", "").await.is_empty());

        // As an axis of time, smoothed, and as one curve of two runs.
        let timed = of("b + 1", "&x=wall&buckets=10").await;
        assert_eq!(timed[0].extra.xs, [21.0, 12.0, 25.0, 27.0, 29.0]);
        let smooth = of("`train/a` - `train/a`", "&smoothing=running_mean&weight=3&buckets=10").await;
        assert_eq!(smooth[0].extra.smooth.len(), 5);
        let together = of("b + 1", "&group=4&group=4&buckets=10").await.remove(0);
        assert_eq!((together.group, together.total), (Some(4), 10));
        assert_eq!(group(&together).members.iter().sum::<i64>(), 8, "an infinity is no member");
    })
    .await;
}

#[tokio::test]
async fn an_expression_over_long_series_is_exact_before_it_is_bucketed() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        ingest(&server, 0, vec![long(&run_id)]).await;
        // Every second step, logged in parts that overlap in time of writing.
        let half = |from: i64| -> Vec<(i64, i64, f64)> {
            (from..from + 25_000)
                .map(|index| (index * 2 + 1, index, if index == 27_160 { 0.0 } else { 2.0 }))
                .collect()
        };
        ingest(&server, 1, vec![series(&run_id, "scale", &half(25_000))]).await;
        ingest(&server, 2, vec![series(&run_id, "scale", &half(0))]).await;
        let query = format!("run={run_id}&expression={}&buckets=400", encoded("loss / scale"));
        let answer = read(&server, &query).await.remove(0);
        let rows = buckets(&answer);
        assert_eq!((answer.total, rows.counts.iter().sum::<i64>()), (100_000, 50_000));
        assert_eq!(rows.non_finite_counts.iter().sum::<i64>(), 1, "a division by zero");
        // The spike at 54 321 was divided by zero, so the highest is that of the first step.
        let highest = rows.max.iter().copied().fold(0.0, f64::max);
        assert_eq!(highest, 0.25);
        let near = format!("{query}&step_min=54310&step_max=54330");
        let near = read(&server, &near).await.remove(0);
        let Columns::Points(points) = &near.columns else { panic!("expected points") };
        assert_eq!((points.len(), near.total), (10, 21));
        assert_eq!(
            points.values[points.steps.iter().position(|step| *step == 54_321).unwrap()],
            f64::INFINITY
        );
        let together = read(&server, &format!("{query}&group=0")).await.remove(0);
        assert_eq!(group(&together).counts.iter().sum::<i64>(), 50_000);
    })
    .await;
}

#[tokio::test]
async fn an_expression_that_cannot_be_read_is_refused_with_its_character() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let of = async |rest: &str| {
        let request = server.request(Method::GET, &format!("/api/v1/series?run={run_id}&{rest}"));
        crate::harness::answer(request.send().await.unwrap()).await
    };
    assert_problem(of(&format!("expression={}", encoded("a + "))).await, 400, "at character 5");
    assert_problem(
        of(&format!("expression={}&key=a", encoded("a + b"))).await,
        400,
        "expected none with expression",
    );
    let deep = format!("{}a{}", "(".repeat(300), ")".repeat(300));
    assert_problem(of(&format!("expression={}", encoded(&deep))).await, 400, "levels");
    let many = (0..9).map(|key| format!("m{key}")).collect::<Vec<_>>().join("+");
    assert_problem(of(&format!("expression={}", encoded(&many))).await, 400, "more than 8 metrics");
}
