//! Pages as the server renders them, before any script.

use crate::harness::Server;
use reqwest::Method;
use serde_json::json;

async fn page(server: &Server, path: &str) -> (u16, String) {
    let response = server.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn lists_and_runs_are_readable_without_a_script() {
    let server = Server::start().await;
    server.post("/api/v1/experiments", json!({"name": "hand-written digits"})).await;
    let run_id = server.new_run().await;
    server.log(&run_id, "val_loss", &[0], json!([0.25])).await;
    let (status, html) = page(&server, "/experiments").await;
    assert_eq!(status, 200);
    assert!(html.contains("hand-written digits"));
    let (status, html) = page(&server, &format!("/runs/{run_id}")).await;
    assert_eq!(status, 200);
    assert!(html.contains("val_loss") && html.contains("0.25"));
}

#[tokio::test]
async fn what_is_not_there_is_a_clear_404() {
    let server = Server::start().await;
    let ghost = format!("/runs/{}", "0".repeat(32));
    for path in ["/nowhere", "/experiments/99", ghost.as_str(), "/runs/xyz"] {
        let (status, html) = page(&server, path).await;
        assert_eq!(status, 404, "{path}");
        assert!(html.contains("<html"), "{path}");
    }
}

#[tokio::test]
async fn names_are_text_never_markup() {
    let server = Server::start().await;
    server.post("/api/v1/experiments", json!({"name": "<img src=x onerror=alert(1)>"})).await;
    let (_, html) = page(&server, "/experiments").await;
    assert!(html.contains("&lt;img src=x"));
    assert!(!html.contains("<img src=x"));
}
