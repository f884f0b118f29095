//! Artifacts over HTTP: content, ranges, hostile paths.

use crate::harness::{Server, answer, assert_problem, on_each};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

async fn upload(server: &Server, run_id: &str, path: &str, content: Vec<u8>) -> (StatusCode, Value) {
    let path = format!("/api/v1/runs/{run_id}/artifacts/{path}");
    answer(server.request(Method::PUT, &path).body(content).send().await.unwrap()).await
}

#[tokio::test]
async fn content_comes_back_whole_and_in_parts() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let content: Vec<u8> =
            (0..12_000_000_u32).flat_map(|word| (word % 251) as u8..=(word % 251) as u8).collect();
        let (status, made) = upload(&server, &run_id, "models/a%20b/%C3%A9.bin", content.clone()).await;
        assert_eq!((status.as_u16(), &made["path"]), (201, &json!("models/a b/é.bin")));
        assert_eq!(made["size_bytes"], content.len());
        let (status, _) = upload(&server, &run_id, "models/a%20b/%C3%A9.bin", content.clone()).await;
        assert_eq!(status, 200, "the same content again is no news");
        let path = format!("/api/v1/runs/{run_id}/artifacts/models/a%20b/%C3%A9.bin");
        let get = |range: Option<&'static str>| {
            let request = server.request(Method::GET, &path);
            range.map_or(request.try_clone().unwrap(), |range| request.header("range", range))
        };
        assert_eq!(get(None).send().await.unwrap().bytes().await.unwrap(), content);
        for (range, part) in [("bytes=5-9", 5..10), ("bytes=-3", content.len() - 3..content.len())] {
            let response = get(Some(range)).send().await.unwrap();
            assert_eq!(response.status(), 206);
            assert_eq!(response.bytes().await.unwrap(), content[part]);
        }
        assert_problem(answer(get(Some("bytes=99999999-")).send().await.unwrap()).await, 400, "not within");
        let (_, list) = server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await;
        assert_eq!(list.as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_hash_stores_nothing() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let path = format!("/api/v1/runs/{run_id}/artifacts/a.txt");
    let request =
        server.request(Method::PUT, &path).header("x-content-sha256", "00".repeat(32)).body("hello");
    assert_problem(
        answer(request.send().await.unwrap()).await,
        400,
        "X-Content-SHA256: the content hashes to",
    );
    assert_eq!(server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await.1, json!([]));
    assert_eq!(files_in(&server), 0);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let head = format!(
        "PUT /api/v1/runs/{run_id}/artifacts/half.bin HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 1000000\r\n\r\n",
        server.token
    );
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![7; 300_000]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    assert_eq!(server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await.1, json!([]));
    let server = server.kill_and_restart().await;
    assert_eq!(files_in(&server), 0);
}

fn files_in(server: &Server) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    count(&server.folder.path().join("data/artifacts"))
}

#[tokio::test]
async fn no_path_leaves_its_run() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    // Raw sockets: HTTP clients tidy such paths up before they send them.
    for path in [
        "..",
        "../x",
        "a/../../x",
        "a/..%2f..%2fx",
        "%2e%2e/x",
        "..%5c..%5cx",
        "a//b",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "a%00b",
        "a/.",
        "%ff%fe",
    ] {
        for method in ["PUT", "GET"] {
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            let request = format!(
                "{method} /api/v1/runs/{run_id}/artifacts/{path} HTTP/1.1\r\nHost: {address}\r\n\
                 Authorization: Bearer {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                server.token
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(
                text.starts_with("HTTP/1.1 400") || text.starts_with("HTTP/1.1 404"),
                "{method} {path}: {text}"
            );
        }
    }
    assert_eq!(server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await.1, json!([]));
}

#[tokio::test]
async fn markup_is_served_inert() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    for (path, mime) in [
        ("a.html", "text/plain; charset=utf-8"),
        ("a.svg", "text/plain; charset=utf-8"),
        ("a.png", "image/png"),
    ] {
        upload(&server, &run_id, path, b"<script>alert(1)</script>".to_vec()).await;
        let url = format!("/api/v1/runs/{run_id}/artifacts/{path}");
        let response = server.request(Method::GET, &url).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], mime);
        assert!(
            response.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("sandbox; default-src 'none'")
        );
    }
    let saved = format!("/api/v1/runs/{run_id}/artifacts/a.html?download=true");
    let response = server.request(Method::GET, &saved).send().await.unwrap();
    assert_eq!(response.headers()["content-disposition"], "attachment; filename*=UTF-8''a%2Ehtml");
}
