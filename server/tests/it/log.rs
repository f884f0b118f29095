//! What runs print, over HTTP.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::{Value, json};

/// Lines of a stream, from a step on, each at its time.
fn lines(run_id: &str, stream: &str, first: i64, times_ms: &[i64], texts: &[&str]) -> Value {
    let steps: Vec<i64> = (first..first + texts.len() as i64).collect();
    json!({
        "run_id": run_id, "key": format!("system/{stream}"), "steps": steps, "times_ms": times_ms, "texts": texts,
    })
}

async fn print(server: &Server, series: Value) {
    let (status, answer) = server.post("/api/v1/ingest", json!({"series": series})).await;
    assert_eq!(status, 200, "{answer}");
}

async fn page(server: &Server, run_id: &str, query: &str) -> Value {
    let (status, page) = server.get(&format!("/api/v1/runs/{run_id}/logs?{query}")).await;
    assert_eq!(status, 200, "{page}");
    page
}

fn texts(page: &Value) -> Vec<&str> {
    page["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_streams_are_one_text_in_order_of_time() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        assert_eq!(page(&server, run_id, "").await["total"], 0);
        print(
            &server,
            json!([
                lines(run_id, "stdout", 0, &[1_000, 3_000, 5_000], &["one", "three", "INFO: five"]),
                lines(run_id, "stderr", 0, &[2_000, 4_000], &["WARNING:root:two", "ERROR: four"]),
            ]),
        )
        .await;
        let all = page(&server, run_id, "").await;
        assert_eq!(texts(&all), ["one", "WARNING:root:two", "three", "ERROR: four", "INFO: five"]);
        assert_eq!((&all["total"], &all["all"], &all["from"]), (&json!(5), &json!(5), &json!(0)));
        assert_eq!(all["levels"], json!({"debug": 0, "info": 1, "warning": 1, "error": 1}));
        assert_eq!(all["sources"][1], json!({"stream": "stderr", "context": ""}));
        let expected =
            json!({"number": 4, "time_ms": 4000, "source": 1, "level": "error", "text": "ERROR: four"});
        assert_eq!(all["lines"][3], expected);
        let serious = page(&server, run_id, "level=warning").await;
        assert_eq!(texts(&serious), ["WARNING:root:two", "ERROR: four"]);
        assert_eq!((&serious["levels"]["info"], &serious["all"]), (&json!(1), &json!(5)));
        assert_eq!(texts(&page(&server, run_id, "stream=stdout&limit=2").await), ["three", "INFO: five"]);
        assert_eq!(texts(&page(&server, run_id, "from=1&limit=2").await), ["WARNING:root:two", "three"]);
        assert_eq!(page(&server, run_id, "at_ms=3900").await["found"], 3);
        assert_eq!(page(&server, run_id, "at_ms=3900&stream=stdout").await["found"], 1);
        assert_eq!(page(&server, run_id, "line=3&stream=stderr").await["found"], 1);
        assert_eq!(texts(&page(&server, run_id, "from=99").await), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn whoever_follows_is_told_what_is_new_and_what_moved() {
    on_each(async |mut server: Server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        print(&server, json!([lines(run_id, "stdout", 0, &[1_000, 2_000], &["one", "two"])])).await;
        assert_eq!(page(&server, run_id, "").await["changed_from"], 0);
        print(&server, json!([lines(run_id, "stdout", 2, &[3_000], &["three"])])).await;
        let grown = page(&server, run_id, "known=2&from=2").await;
        assert_eq!((&grown["changed_from"], texts(&grown)), (&json!(2), vec!["three"]));
        // Another process told late.
        let mut late = lines(run_id, "stderr", 0, &[1_500], &["between"]);
        late["context"] = json!({"process": "1"});
        print(&server, json!([late])).await;
        let moved = page(&server, run_id, "known=3").await;
        assert_eq!(
            (&moved["changed_from"], texts(&moved)),
            (&json!(1), vec!["one", "between", "two", "three"])
        );
        assert_eq!(page(&server, run_id, "known=4").await["changed_from"], 4);
        assert_eq!(texts(&page(&server, run_id, "context=process%3D1").await), ["between"]);
        assert_eq!(texts(&page(&server, run_id, "context=-").await), ["one", "two", "three"]);
        // Steps below those that are known: all is read anew.
        print(&server, json!([lines(run_id, "stdout", 1, &[2_500], &["again"])])).await;
        let anew = page(&server, run_id, "known=4").await;
        assert_eq!(
            (&anew["changed_from"], texts(&anew)),
            (&json!(0), vec!["one", "between", "two", "again", "three"])
        );
        server = server.kill_and_restart().await;
        assert_eq!(page(&server, run_id, "known=5").await["changed_from"], 5);
        assert_eq!(page(&server, run_id, "known=4").await["changed_from"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_text_is_found_as_it_is_seen() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        let seen = ["loss \u{1b}[31mNa\u{1b}[0mN", "  0%|\r100%|##", "Größe NAN", "<b>nan</b>", "0% done"];
        print(&server, json!([lines(run_id, "stdout", 0, &[1, 2, 3, 4, 5], &seen)])).await;
        let find =
            async |query: &str| server.get(&format!("/api/v1/runs/{run_id}/logs/search?{query}")).await.1;
        assert_eq!(find("search=nan").await, json!({"total": 3, "places": [0, 2, 3], "end": 5}));
        assert_eq!(find("search=nan&from=1").await["places"], json!([2, 3]));
        assert_eq!(find("search=GR%C3%96SSE").await["total"], 0);
        assert_eq!(find("search=gr%C3%96%C3%9Fe").await["places"], json!([2]));
        assert_eq!(find("search=%20%200%25").await["total"], 0, "what was drawn over is not seen");
        assert_eq!(find("search=nan&stream=stderr").await, json!({"total": 0, "places": [], "end": 0}));
        assert_eq!(texts(&page(&server, run_id, "from=1&limit=1").await), ["100%|##"]);
        let search = format!("/api/v1/runs/{run_id}/logs/search?search=");
        assert_problem(server.get(&search).await, 400, "expected 1 to 500 bytes");
    })
    .await;
}

#[tokio::test]
async fn many_lines_keep_their_places_when_segments_are_merged() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        for batch in 0..40 {
            let times: Vec<i64> = (0..100).map(|row| batch * 1_000 + row * 10).collect();
            let texts: Vec<String> = (0..100).map(|row| format!("line {}", batch * 100 + row)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            print(&server, json!([lines(run_id, "stdout", batch * 100, &times, &texts)])).await;
            let known = batch * 100;
            let newest = page(&server, run_id, &format!("known={known}&limit=1")).await;
            assert_eq!(newest["changed_from"], known);
            assert_eq!(newest["lines"][0]["text"], format!("line {}", known + 99));
        }
        let middle = page(&server, run_id, "from=1234&limit=3").await;
        assert_eq!(texts(&middle), ["line 1234", "line 1235", "line 1236"]);
        let hits = server.get(&format!("/api/v1/runs/{run_id}/logs/search?search=line%203999")).await.1;
        assert_eq!(hits["places"], json!([3999]));
    })
    .await;
}

#[tokio::test]
async fn the_whole_console_is_downloaded_as_it_was_seen() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        let long = "x".repeat(1_000_000);
        print(
            &server,
            json!([
                lines(run_id, "stdout", 0, &[1_000, 3_000], &["\u{1b}[1mone\u{1b}[0m", &long]),
                lines(run_id, "stderr", 0, &[2_000], &["ERROR: two"]),
            ]),
        )
        .await;
        let get = async |query: &str| {
            let path = format!("/api/v1/runs/{run_id}/logs.txt{query}");
            server.request(Method::GET, &path).send().await.unwrap()
        };
        let answer = get("").await;
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("-logs.txt"));
        let text = answer.text().await.unwrap();
        let expected = format!(
            "1970-01-01T00:00:01.000Z stdout one\n1970-01-01T00:00:02.000Z stderr ERROR: two\n\
             1970-01-01T00:00:03.000Z stdout {long}\n"
        );
        assert!(text == expected, "{}", &text[..200]);
        assert_eq!(
            get("?level=error").await.text().await.unwrap(),
            "1970-01-01T00:00:02.000Z stderr ERROR: two\n"
        );
        let cut = page(&server, run_id, "from=2").await;
        assert_eq!((&cut["lines"][0]["cut"], texts(&cut)[0].len()), (&json!(1_000_000), 16_384));
    })
    .await;
}

#[tokio::test]
async fn of_very_many_lines_the_last_come_before_all_are_read() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let run_id = run_id.as_str();
        for (batch, stream) in ["stdout", "stderr", "stdout"].into_iter().enumerate() {
            let first = batch as i64 * 10_000;
            let times: Vec<i64> = (first..first + 10_000).collect();
            let texts: Vec<String> = times.iter().map(|time| format!("INFO: line {time}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            print(&server, json!([lines(run_id, stream, first, &times, &texts)])).await;
        }
        let last = page(&server, run_id, "limit=3").await;
        assert_eq!(texts(&last), ["INFO: line 29997", "INFO: line 29998", "INFO: line 29999"]);
        assert_eq!(
            (&last["partial"], &last["total"], &last["from"]),
            (&json!(true), &json!(30_000), &json!(29_997))
        );
        assert_eq!(last["lines"][0]["number"], 29_998);
        let next = page(&server, run_id, "known=30000&from=29997&limit=3").await;
        assert_eq!((&next["partial"], &next["changed_from"]), (&json!(false), &json!(30_000)));
        assert_eq!((&next["lines"], &next["levels"]["info"]), (&last["lines"], &json!(30_000)));
        let middle = page(&server, run_id, "from=14999&limit=2").await;
        assert_eq!(texts(&middle), ["INFO: line 14999", "INFO: line 15000"]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_its_name() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let path = format!("/api/v1/runs/{run_id}/logs");
    assert_problem(server.get(&format!("{path}?limit=1001")).await, 400, "expected 1 to 1000");
    assert_problem(server.get(&format!("{path}?from=1&line=2")).await, 400, "one of from, at_ms and line");
    assert_problem(server.get(&format!("{path}?level=loud")).await, 400, "loud");
    assert_problem(server.get(&format!("{path}?colour=red")).await, 400, "colour");
    let missing = "0".repeat(32);
    assert_problem(server.get(&format!("/api/v1/runs/{missing}/logs")).await, 404, "run");
    assert_problem(server.get(&format!("/api/v1/runs/{missing}/logs.txt")).await, 404, "run");
    // Numbers under a name of a stream are no lines.
    assert_eq!(server.log(&run_id, "system/stdout", &[0], json!([1.0])).await.0, 200);
    assert_eq!(page(&server, &run_id, "").await["total"], 0);
}
