//! Who gets in: tokens, sessions, host names, other sites' pages.

use crate::harness::{Server, answer, assert_problem, credentials};
use reqwest::Method;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_nothing_is_told() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let routes = [
        (Method::GET, "/api/v1/experiments".to_owned()),
        (Method::POST, "/api/v1/experiments".to_owned()),
        (Method::GET, format!("/api/v1/runs/{run_id}")),
        (Method::PATCH, format!("/api/v1/runs/{run_id}")),
        (Method::POST, "/api/v1/ingest".to_owned()),
        (Method::GET, format!("/api/v1/series?run={run_id}")),
        (Method::PUT, format!("/api/v1/runs/{run_id}/artifacts/a.txt")),
        (Method::GET, "/api/v1/events".to_owned()),
        (Method::POST, "/api/v1/sign-in-links".to_owned()),
        (Method::POST, "/ui/experiment/list".to_owned()),
    ];
    for (method, path) in routes {
        let anonymous = server.anonymous(method.clone(), &path).send().await.unwrap();
        assert_problem(answer(anonymous).await, 401, "send a token or sign in");
        for wrong in ["trk_0000", "trk_", "", "x y"] {
            let request = server.anonymous(method.clone(), &path).bearer_auth(wrong);
            assert_problem(answer(request.send().await.unwrap()).await, 401, "not known here");
        }
    }
}

#[tokio::test]
async fn pages_send_a_stranger_to_the_sign_in_page() {
    let server = Server::start().await;
    let response = server.anonymous(Method::GET, "/experiments?status=archived").send().await.unwrap();
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["location"], "/sign-in?next=%2Fexperiments%3Fstatus%3Darchived");
    assert_eq!(server.anonymous(Method::GET, "/sign-in").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_sign_in_link_opens_one_session() {
    let server = Server::start().await;
    let cookie = server.session_cookie().await;
    let with_cookie = |path: &str| server.anonymous(Method::GET, path).header("cookie", &cookie);
    assert_eq!(with_cookie("/api/v1/me").send().await.unwrap().status(), 200);
    let path = server.sign_in_link.strip_prefix(&server.url).unwrap();
    let again = server.anonymous(Method::GET, path).send().await.unwrap();
    assert_eq!(again.headers()["location"], "/sign-in?expired=true");
    assert!(again.headers().get("set-cookie").is_none());

    let out = server.anonymous(Method::POST, "/sign-out").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), 303);
    assert_eq!(with_cookie("/api/v1/me").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_token_can_ask_for_a_new_link() {
    let server = Server::start().await;
    let (status, link) = server.post("/api/v1/sign-in-links", serde_json::json!({})).await;
    assert_eq!(status, 200);
    let url = link["url"].as_str().unwrap();
    let response =
        server.anonymous(Method::GET, url.strip_prefix(&server.url).unwrap()).send().await.unwrap();
    assert!(response.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn an_unknown_host_name_is_misdirected() {
    let server = Server::start().await;
    let port = server.url.rsplit(':').next().unwrap();
    for host in
        ["evil.example".to_owned(), format!("evil.example:{port}"), "127.0.0.1".to_owned(), String::new()]
    {
        let response = server.request(Method::GET, "/api/v1/me").header("host", &host).send().await.unwrap();
        assert_eq!(response.status(), 421, "{host}");
    }
    let local = server.request(Method::GET, "/api/v1/me").header("host", format!("LOCALHOST:{port}"));
    assert_eq!(local.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let server = Server::start().await;
    let cookie = server.session_cookie().await;
    let before = server.get("/api/v1/experiments").await.1["total"].clone();
    for (name, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        for path in ["/api/v1/experiments", "/ui/experiment/create", "/sign-out"] {
            let request = server.anonymous(Method::POST, path).header("cookie", &cookie).header(name, value);
            let body = serde_json::json!({"name": "planted", "input": {"name": "planted"}});
            assert_problem(answer(request.json(&body).send().await.unwrap()).await, 403, "other web sites");
        }
    }
    assert_eq!(server.get("/api/v1/experiments").await.1["total"], before);
    let own = server.anonymous(Method::GET, "/api/v1/me").header("cookie", &cookie);
    assert_eq!(own.send().await.unwrap().status(), 200, "the session is still there");
}

#[tokio::test]
async fn secrets_are_for_their_owner_only() {
    let server = Server::start().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&credentials(server.folder.path())), 0o600);
    assert_eq!(mode(&server.folder.path().join("data")), 0o700);
    let database = std::fs::read(server.folder.path().join("trackway.db")).unwrap();
    let log = std::fs::read(server.folder.path().join("trackway.db-wal")).unwrap_or_default();
    let code = server.sign_in_link.rsplit('=').next().unwrap();
    for secret in [server.token.as_bytes(), code.as_bytes()] {
        for file in [&database, &log] {
            assert!(
                !file.windows(secret.len()).any(|window| window == secret),
                "a secret lies in the database"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_protective_headers() {
    let server = Server::start().await;
    for path in ["/health", "/api/v1/experiments", "/experiments", "/nowhere", "/sign-in"] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(headers.get("access-control-allow-origin").is_none(), "{path}");
        let html =
            headers.get("content-type").is_some_and(|mime| mime.to_str().unwrap().starts_with("text/html"));
        if html {
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{path}: {policy}");
        }
    }
}
