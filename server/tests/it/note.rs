//! Notes over REST.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn notes_keep_revisions_and_notice_edits_in_between() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let path = format!("/api/v1/runs/{run_id}/note");
        assert_problem(server.get(&path).await, 404, "no note of run");
        let (_, first) = server.send(Method::PUT, &path, json!({"body": "# One", "base_revision": 0})).await;
        assert_eq!((&first["revision"], &first["html"]), (&json!(1), &json!("<h1>One</h1>\n")));
        let stale = server.send(Method::PUT, &path, json!({"body": "lost", "base_revision": 0})).await;
        assert_problem(stale, 409, "changed since you began");
        server.send(Method::PUT, &path, json!({"body": "two"})).await;
        assert_eq!(server.get(&path).await.1["body"], "two");
        let (_, history) = server.get(&format!("{path}/history")).await;
        assert_eq!(history.as_array().unwrap().len(), 2);
        let (_, preview) =
            server.post("/api/v1/note/preview", json!({"body": "<img src=x onerror=alert(1)>"})).await;
        assert!(!preview["html"].as_str().unwrap().contains("<img"), "{preview}");
        let long = "x".repeat(model::limits::NOTE_BYTES_MAX + 1);
        assert_problem(server.send(Method::PUT, &path, json!({"body": long})).await, 413, "at most");
    })
    .await;
}

#[tokio::test]
async fn drafts_of_one_sitting_are_one_revision() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let path = format!("/api/v1/runs/{run_id}/note");
        let put = async |body: &str, base: Option<i64>, draft: bool| {
            let update = json!({"body": body, "base_revision": base, "draft": draft});
            server.send(Method::PUT, &path, update).await
        };
        put("begun", Some(0), false).await;
        let (_, first) = put("begun, and on", Some(1), true).await;
        assert_eq!(first["revision"], 2);
        let (_, second) = put("begun, and on and on", Some(2), true).await;
        assert_eq!(second["revision"], 3);
        // Another window that began from a draft that is gone does not write over what came after it.
        assert_problem(put("of another window", Some(2), true).await, 409, "changed since you began");
        let (_, same) = put("begun, and on and on", Some(3), true).await;
        assert_eq!(same["revision"], 3, "nothing changed, so there is nothing new");
        let (_, kept) = put("begun, and on and on", Some(3), false).await;
        assert_eq!(kept["revision"], 3);
        // Saved by its author now: what follows is a revision of its own.
        put("begun, and on, and an end", Some(3), true).await;
        let (_, history) = server.get(&format!("{path}/history")).await;
        let said: Vec<_> =
            history.as_array().unwrap().iter().map(|note| note["revision"].as_i64().unwrap()).collect();
        assert_eq!(said, [4, 3, 1]);

        // Whoever writes without having seen the draft leaves it in the history, and so does who restores.
        let (_, written) = put("from a script", None, false).await;
        assert_eq!(written["revision"], 5);
        put("a draft", Some(5), true).await;
        let restore = json!({"run_id": run_id, "revision": 1, "base_revision": 6});
        let (status, restored) = server.post("/ui/note/restore", restore).await;
        assert_eq!((status.as_u16(), &restored["body"]), (200, &json!("begun")), "{restored}");
        let (_, history) = server.get(&format!("{path}/history")).await;
        let said: Vec<_> = history.as_array().unwrap().iter().map(|note| note["body"].clone()).collect();
        assert_eq!(said[..4], ["begun", "a draft", "from a script", "begun, and on, and an end"]);
    })
    .await;
}

#[tokio::test]
async fn a_note_shows_files_of_its_run_and_names_the_runs_it_mentions() {
    let server = Server::start().await;
    let (run_id, other) = (server.new_run().await, server.new_run().await);
    let path = format!("/api/v1/runs/{run_id}/note");
    let body = format!("![a](plots/a.png) {other} {}", "0".repeat(32));
    let (_, note) = server.send(Method::PUT, &path, json!({"body": body})).await;
    let html = note["html"].as_str().unwrap();
    assert!(html.contains(&format!("src=\"/api/v1/runs/{run_id}/artifacts/plots/a.png\"")), "{html}");
    assert!(html.contains(&format!("href=\"/runs/{other}\"")), "{html}");
    assert!(html.contains(&"0".repeat(32)) && html.matches("<a ").count() == 1, "{html}");
}
