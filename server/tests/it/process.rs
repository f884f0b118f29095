//! Runs by the client's id, their processes, life and death over REST.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const RUNS: &str = "/api/v1/runs";
const HEARTBEATS: &str = "/api/v1/heartbeats";

/// An id of 32 digits, all the same.
fn id(digit: char) -> String {
    digit.to_string().repeat(32)
}

fn some_process(digit: char, rank: i64) -> Value {
    json!({"id": id(digit), "host": "node-1", "pid": 77, "rank": rank})
}

fn new_run(digit: char) -> Value {
    json!({"id": id(digit), "experiment_name": "digits", "resume": "allow", "process": some_process('1', 0)})
}

async fn beat(server: &Server, run: char, process: Value) -> Value {
    let (status, answer) =
        server.post(HEARTBEATS, json!({"runs": [{"run_id": id(run), "process": process}]})).await;
    assert_eq!(status, 200, "{answer}");
    answer["runs"][0].clone()
}

async fn end_process(server: &Server, run: char, process: char, status: &str) -> Value {
    let update = json!({"process": id(process), "status": status});
    let (code, run) = server.send(Method::PATCH, &format!("{RUNS}/{}", id(run)), update).await;
    assert_eq!(code, 200, "{run}");
    run
}

async fn status(server: &Server, run: char) -> String {
    let (_, detail) = server.get(&format!("{RUNS}/{}", id(run))).await;
    detail["run"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_create_that_is_sent_again_makes_one_run() {
    on_each(async |server| {
        let (code, first) = server.post(RUNS, new_run('a')).await;
        assert_eq!((code.as_u16(), &first["id"]), (201, &json!(id('a'))));
        let (code, again) = server.post(RUNS, new_run('a')).await;
        assert_eq!((code.as_u16(), &again), (200, &first));
        let queued = json!({"id": id('c'), "experiment_id": "0", "resume": "allow", "status": "queued"});
        server.post(RUNS, queued.clone()).await;
        assert_eq!(server.post(RUNS, queued).await.1["status"], "queued");
        let begun = json!({"id": id('c'), "experiment_id": "0", "resume": "must"});
        assert_eq!(server.post(RUNS, begun).await.1["status"], "running");
        let creates = (0..6).map(|_| server.post(RUNS, new_run('b')));
        let answers = futures::future::join_all(creates).await;
        let mut codes: Vec<_> = answers.iter().map(|(code, _)| code.as_u16()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [200, 200, 200, 200, 200, 201]);
        let (_, experiments) = server.get("/api/v1/experiments?search=digits").await;
        assert_eq!((&experiments["total"], &experiments["items"][0]["run_count"]), (&json!(1), &json!(2)));
    })
    .await;
}

#[tokio::test]
async fn going_on_with_a_run_follows_what_the_client_asked_for() {
    on_each(async |server| {
        let with = |more: Value| {
            let mut body = new_run('a');
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let missing = server.post(RUNS, with(json!({"resume": "must"}))).await;
        assert_problem(missing, 404, "no run");
        assert_eq!(server.get("/api/v1/experiments?search=digits").await.1["total"], 0, "nothing was made");
        server.post(RUNS, with(json!({"name": "first"}))).await;
        let (_, ended) =
            server.send(Method::PATCH, &format!("{RUNS}/{}", id('a')), json!({"status": "failed"})).await;
        assert_eq!(ended["status"], "failed");
        assert_problem(server.post(RUNS, with(json!({"resume": "never"}))).await, 409, "already");
        let (code, other) = server.post(RUNS, with(json!({"experiment_name": "elsewhere"}))).await;
        assert_eq!((code.as_u16(), &other["field"]), (409, &json!("experiment_name")));
        assert_eq!(server.get("/api/v1/experiments?search=elsewhere").await.1["total"], 0);
        let again = with(json!({"resume": "must", "name": "second"}));
        let (code, resumed) = server.post(RUNS, again).await;
        assert_eq!((code.as_u16(), &resumed["name"], &resumed["number"]), (200, &json!("first"), &json!(1)));
        assert_eq!((&resumed["status"], &resumed["ended_at_ms"]), (&json!("running"), &json!(null)));
        for (body, words) in [
            (json!({}), "one of experiment_id and experiment_name"),
            (json!({"experiment_id": "0", "experiment_name": "x"}), "one of"),
            (json!({"experiment_id": "0", "resume": "must"}), "id of the run"),
            (json!({"experiment_id": "0", "id": "short"}), "32 lower-case hex"),
            (
                json!({"experiment_id": "0", "status": "queued", "process": some_process('1', 0)}),
                "is running",
            ),
        ] {
            assert_problem(server.post(RUNS, body).await, 400, words);
        }
    })
    .await;
}

#[tokio::test]
async fn a_parent_is_a_run_that_is_there_and_no_descendant() {
    on_each(async |server| {
        let create = async |digit: char, parent: char| {
            let body =
                json!({"id": id(digit), "experiment_id": "0", "resume": "allow", "parent_id": id(parent)});
            server.post(RUNS, body).await
        };
        server.post(RUNS, json!({"id": id('a'), "experiment_name": "elsewhere"})).await;
        let (code, child) = create('b', 'a').await;
        assert_eq!((code.as_u16(), &child["parent_id"]), (201, &json!(id('a'))));
        create('c', 'b').await;
        assert_problem(create('d', 'e').await, 404, "parent_id: no run");
        assert_problem(create('d', 'd').await, 400, "its own parent");
        assert_problem(create('b', 'c').await, 400, "a descendant of the run");
        let (_, detail) = server.get(&format!("{RUNS}/{}", id('b'))).await;
        assert_eq!((&detail["parent"]["id"], &detail["child_count"]), (&json!(id('a')), &json!(1)));
        assert_eq!(detail["children"][0]["id"], id('c'));
        let (_, page) = server.get(&format!("{RUNS}?experiment_id=0&parent={}", id('b'))).await;
        assert_eq!((&page["total"], &page["items"][0]["run"]["id"]), (&json!(1), &json!(id('c'))));
    })
    .await;
}

#[tokio::test]
async fn many_processes_make_one_status() {
    on_each(async |server| {
        server.post(RUNS, new_run('a')).await;
        assert_eq!(beat(&server, 'a', some_process('2', 1)).await["status"], "running");
        let unknown = beat(&server, 'f', some_process('2', 1)).await;
        assert_eq!((&unknown["status"], &unknown["stop"]), (&json!("unknown"), &json!(false)));
        assert_eq!(end_process(&server, 'a', '1', "failed").await["status"], "running");
        assert_eq!(end_process(&server, 'a', '2', "completed").await["status"], "failed");
        assert_eq!(beat(&server, 'a', some_process('2', 1)).await["status"], "failed", "a late one");
        let (_, detail) = server.get(&format!("{RUNS}/{}", id('a'))).await;
        let processes = detail["processes"].as_array().unwrap();
        let seen: Vec<_> = processes.iter().map(|one| (&one["rank"], &one["status"])).collect();
        assert_eq!(seen, [(&json!(0), &json!("failed")), (&json!(1), &json!("completed"))]);
        assert_eq!((&processes[0]["host"], &processes[0]["pid"]), (&json!("node-1"), &json!(77)));
        let path = format!("{RUNS}/{}", id('a'));
        for (update, code, words) in [
            (json!({"process": id('9'), "status": "failed"}), 404, "no process"),
            (json!({"process": id('1')}), 400, "a process ends as"),
            (json!({"process": id('1'), "status": "running"}), 400, "a process ends as"),
            (json!({"status": "lost"}), 400, "only the server"),
        ] {
            assert_problem(server.send(Method::PATCH, &path, update).await, code, words);
        }
        let many = vec![json!({"run_id": id('a'), "process": some_process('1', 0)}); 1_001];
        assert_problem(server.post(HEARTBEATS, json!({"runs": many})).await, 413, "at most 1000");
        assert_eq!(server.post(HEARTBEATS, json!({"runs": []})).await.1, json!({"runs": []}));
    })
    .await;
}

#[tokio::test]
async fn a_stop_reaches_every_process_until_the_run_has_ended() {
    on_each(async |server| {
        server.post(RUNS, new_run('a')).await;
        let path = format!("{RUNS}/{}", id('a'));
        let (_, asked) = server.send(Method::PATCH, &path, json!({"stop_requested": true})).await;
        assert_eq!((&asked["stop_requested"], &asked["status"]), (&json!(true), &json!("running")));
        assert_eq!(beat(&server, 'a', some_process('1', 0)).await["stop"], true);
        assert_eq!(beat(&server, 'a', some_process('2', 1)).await["stop"], true);
        server.send(Method::PATCH, &path, json!({"stop_requested": false})).await;
        assert_eq!(beat(&server, 'a', some_process('1', 0)).await["stop"], false);
        server.send(Method::PATCH, &path, json!({"stop_requested": true})).await;
        end_process(&server, 'a', '1', "killed").await;
        let ended = end_process(&server, 'a', '2', "killed").await;
        assert_eq!((&ended["stop_requested"], &ended["status"]), (&json!(false), &json!("killed")));
        let late = server.send(Method::PATCH, &path, json!({"stop_requested": true})).await;
        assert_problem(late, 409, "the run is killed");
    })
    .await;
}

#[tokio::test]
async fn a_silent_run_is_lost_and_returns_with_a_beat() {
    let server = Server::start_with(&["--lost-after-seconds", "1"]).await;
    server.post(RUNS, new_run('a')).await;
    let plain = server.new_run().await;
    let begun = Instant::now();
    while status(&server, 'a').await != "lost" {
        assert!(begun.elapsed() < Duration::from_secs(30), "the run is lost in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_, page) = server.get("/api/v1/experiments?search=digits").await;
    assert_eq!((&page["items"][0]["runs"]["lost"], &page["items"][0]["run_count"]), (&json!(1), &json!(1)));
    let experiment = page["items"][0]["id"].as_str().unwrap();
    let (_, lost) = server.get(&format!("{RUNS}?experiment_id={experiment}&status=lost")).await;
    assert_eq!(lost["total"], 1);
    assert_eq!(beat(&server, 'a', some_process('1', 0)).await["status"], "running");
    let (_, detail) = server.get(&format!("{RUNS}/{plain}")).await;
    assert_eq!(detail["run"]["status"], "running", "who never sent a process is never lost");
}

#[tokio::test]
async fn a_run_tells_how_its_status_came_about() {
    on_each(async |server| {
        server.post(RUNS, new_run('a')).await;
        let beats = |sent: Value| json!({"runs": [{"run_id": id('a'), "process": some_process('1', 0)}], "sent_at_ms": sent});
        assert_problem(server.post(HEARTBEATS, beats(json!("now"))).await, 400, "");
        server.post(HEARTBEATS, beats(json!(0))).await;
        end_process(&server, 'a', '1', "failed").await;
        let update = json!({"run_id": id('a'), "status": "RUNNING"});
        let (code, answer) = server.post("/api/2.0/mlflow/runs/update", update).await;
        assert_eq!(code, 200, "{answer}");
        let (_, detail) = server.get(&format!("{RUNS}/{}", id('a'))).await;
        let told = |key: &str| {
            let changes = detail["status_history"]["changes"].as_array().unwrap();
            changes.iter().map(|one| one[key].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told("from"), ["-", "running", "failed"]);
        assert_eq!(told("to"), ["running", "failed", "running"]);
        assert_eq!(told("cause"), ["created", "process", "request"]);
        assert_eq!(told("via"), ["api", "api", "mlflow"]);
        assert_eq!(detail["status_history"]["changes"][1]["process"]["host"], "node-1");
        let skew = detail["processes"][0]["skew_ms"].as_i64().unwrap();
        assert!(skew < -1_600_000_000_000, "{skew}");
    })
    .await;
}
