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
        let beyond = get(Some("bytes=99999999-")).send().await.unwrap();
        assert_eq!(beyond.headers()["content-range"], format!("bytes */{}", content.len()).as_str());
        assert_problem(answer(beyond).await, 416, "not within");
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

/// What Python's zipfile says of an archive: a line for each entry, its name, size, and whether its sum is right.
fn listed(archive: &std::path::Path) -> String {
    const SCRIPT: &str = "import sys, zipfile\n\
        whole = zipfile.ZipFile(sys.argv[1])\n\
        assert whole.testzip() is None\n\
        for one in whole.infolist(): print(one.filename, one.file_size, oct(one.external_attr >> 16))";
    let output = std::process::Command::new("python3").args(["-c", SCRIPT]).arg(archive).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_folder_is_downloaded_as_an_archive_that_others_read() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let large = vec![7; 3_000_000];
        for (path, content) in [
            ("model/weights.bin", large),
            ("model/Card.md", b"# Card".to_vec()),
            ("model/card.md", b"other".to_vec()),
            ("model/empty", Vec::new()),
            ("C:/con.txt", b"device".to_vec()),
            ("%C3%A9.txt", b"letters".to_vec()),
            ("models.txt", b"beside".to_vec()),
        ] {
            assert_eq!(upload(&server, &run_id, path, content).await.0, 201, "{path}");
        }
        let get = async |query: &str| {
            let path = format!("/api/v1/runs/{run_id}/artifacts.zip{query}");
            let response = server.request(Method::GET, &path).send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/zip");
            let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
            let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
            let content = response.bytes().await.unwrap();
            assert_eq!(content.len(), length, "what was announced");
            let place = server.folder.path().join("archive.zip");
            std::fs::write(&place, content).unwrap();
            (listed(&place), disposition)
        };
        let (lines, disposition) = get("?path=model").await;
        assert_eq!(
            lines,
            "model/Card.md 6 0o100644\nmodel/card (2).md 5 0o100644\nmodel/empty 0 0o100644\n\
             model/weights.bin 3000000 0o100644\n"
        );
        assert!(disposition.starts_with("attachment; filename=\"model.zip\""), "{disposition}");
        let (all, _) = get("").await;
        assert_eq!(all.lines().count(), 7);
        assert!(all.contains("C_/_con.txt 6") && all.contains("é.txt 7"), "{all}");
        let nothing = format!("/api/v1/runs/{run_id}/artifacts.zip?path=mod");
        assert_problem(server.get(&nothing).await, 404, "no artifact below \"mod\"");
        let outside = format!("/api/v1/runs/{run_id}/artifacts.zip?path=../x");
        assert_eq!(server.get(&outside).await.0, 400);
    })
    .await;
}

#[tokio::test]
async fn a_file_comes_in_parts_and_a_part_may_come_again() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let (status, begun) = server.post("/api/v1/uploads", json!({})).await;
        assert_eq!(status, 201);
        let id = begun["id"].as_str().unwrap().to_owned();
        let put = async |number: u32, content: &'static str| {
            let path = format!("/api/v1/uploads/{id}/{number}");
            answer(server.request(Method::PUT, &path).body(content).send().await.unwrap()).await
        };
        assert_eq!(put(2, "world").await.0, 200);
        assert_eq!(put(1, "broken").await.0, 200);
        assert_eq!(put(1, "hello ").await.0, 200);
        assert_problem(put(0, "x").await, 400, "part_number: expected 1 to");
        let path = format!("/api/v1/runs/{run_id}/artifacts/sub/greeting.txt");
        let join = async |count: u32, sha256: Option<&str>| {
            let body = json!({"upload_id": id, "part_count": count, "sha256": sha256});
            server.send(Method::POST, &path, body).await
        };
        assert_problem(join(3, None).await, 400, "parts: part 3 was not uploaded");
        assert_problem(join(0, None).await, 400, "at least one part");
        assert_problem(join(10_001, None).await, 413, "at most 10000 parts");
        assert_problem(join(2, Some(&"00".repeat(32))).await, 400, "the content hashes to");
        assert_eq!(server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await.1, json!([]));
        let whole = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        let (status, made) = join(2, Some(whole)).await;
        assert_eq!((status.as_u16(), &made["sha256"], &made["size_bytes"]), (201, &json!(whole), &json!(11)));
        let content = server.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        assert_eq!(content, "hello world");
        assert_eq!(join(2, Some(whole)).await.0, 201, "the same again, should the answer have been lost");
        assert_problem(join(2, None).await, 400, "part 1 was not uploaded");
        let dropped = server.request(Method::DELETE, &format!("/api/v1/uploads/{id}")).send().await.unwrap();
        assert_eq!(dropped.status(), 204);
    })
    .await;
}

#[tokio::test]
async fn a_folder_is_removed_with_all_below_and_others_keep_the_content() {
    on_each(async |server| {
        let (run_id, other) = (server.new_run().await, server.new_run().await);
        for path in ["a/x.txt", "a/b/y.txt", "ab.txt"] {
            upload(&server, &run_id, path, b"same".to_vec()).await;
        }
        upload(&server, &other, "kept.txt", b"same".to_vec()).await;
        let copies = format!("/api/v1/runs/{run_id}/artifact-copies?path=a/x.txt");
        let (_, found) = server.get(&copies).await;
        assert_eq!(found.as_array().unwrap().len(), 3);
        assert!(
            found.as_array().unwrap().iter().any(|one| one["run_id"] == other && one["path"] == "kept.txt")
        );
        let path = format!("/api/v1/runs/{run_id}/artifacts/a");
        assert_eq!(server.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
        let (_, left) = server.get(&format!("/api/v1/runs/{run_id}/artifacts")).await;
        assert_eq!(left.as_array().unwrap().len(), 1);
        assert_eq!(left[0]["path"], "ab.txt");
        let kept = format!("/api/v1/runs/{other}/artifacts/kept.txt");
        assert_eq!(server.request(Method::GET, &kept).send().await.unwrap().text().await.unwrap(), "same");
    })
    .await;
}

#[tokio::test]
async fn what_lies_elsewhere_is_listed_among_the_files_and_never_served() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let at = |path: &str| format!("/api/v1/runs/{run_id}/{path}");
        upload(&server, &run_id, "data/notes.txt", b"here".to_vec()).await;
        let uri = "s3://bucket/train.parquet";
        let told = json!({"uri": uri, "size_bytes": 5_000_000_000_i64, "digest": "sha256:ab"});
        let path = at("references/data/train.parquet");
        let (status, made) = server.send(Method::PUT, &path, told.clone()).await;
        assert_eq!((status.as_u16(), &made["reference"]["uri"]), (201, &json!(uri)), "{made}");
        assert_eq!(server.send(Method::PUT, &path, told.clone()).await.0, 200, "the same again is no news");
        let (_, list) = server.get(&at("artifacts")).await;
        let [notes, train] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
        assert_eq!(notes.get("reference"), None);
        let facts = [&train["path"], &train["size_bytes"], &train["sha256"], &train["reference"]["digest"]];
        assert_eq!(
            facts,
            [&json!("data/train.parquet"), &json!(5_000_000_000_i64), &json!(""), &json!("sha256:ab")]
        );
        assert_eq!(
            server.get(&format!("/api/v1/runs/{run_id}")).await.1["artifact_bytes"],
            4,
            "only what is here"
        );
        assert_problem(server.get(&at("artifacts/data/train.parquet")).await, 409, uri);
        for (wrong, field) in [
            (json!({"uri": "javascript:alert(1)"}), "uri: "),
            (json!({"uri": "no place"}), "uri: "),
            (json!({"uri": "s3://a", "size_bytes": -1}), "size_bytes: "),
            (json!({"uri": "s3://a", "content": "x"}), "content"),
        ] {
            assert_problem(server.send(Method::PUT, &path, wrong).await, 400, field);
        }
        let archive = server.request(Method::GET, &at("artifacts.zip?path=data")).send().await.unwrap();
        let archive = String::from_utf8_lossy(&archive.bytes().await.unwrap()).into_owned();
        assert!(
            archive.contains("data/notes.txt")
                && archive.contains("data/REFERENCES.txt")
                && archive.contains(uri)
        );
        // A path is one or the other, whichever came last.
        upload(&server, &run_id, "data/train.parquet", b"bytes".to_vec()).await;
        let (_, list) = server.get(&at("artifacts")).await;
        assert_eq!((list.as_array().unwrap().len(), list[1].get("reference")), (2, None));
        server.send(Method::PUT, &path, told).await;
        let (_, list) = server.get(&at("artifacts")).await;
        assert_eq!((list.as_array().unwrap().len(), &list[1]["reference"]["uri"]), (2, &json!(uri)));
        let removed = server.request(Method::DELETE, &at("artifacts/data")).send().await.unwrap();
        assert_eq!(removed.status(), 204);
        assert_eq!(server.get(&at("artifacts")).await.1, json!([]));
    })
    .await;
}
