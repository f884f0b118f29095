//! Starting: what stands in the way is said plainly.

use crate::harness::{Server, command};
use std::{path::Path, process::Stdio};

/// What a server that refuses to start says.
async fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).stderr(Stdio::piped()).output().await.unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_second_server_on_the_same_database_names_the_holder() {
    let server = Server::start().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", server.folder.path().join("trackway.db").display());
    let said = refusal(elsewhere.path(), &["--database", &database]).await;
    let holder =
        format!("is in use by the trackway server with process id {} at {}", server.process_id(), server.url);
    assert!(said.contains(&holder), "{said}");
}

#[tokio::test]
async fn a_port_in_use_is_said_plainly() {
    let server = Server::start().await;
    let address = server.url.strip_prefix("http://").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let said = refusal(folder.path(), &["--listen", address]).await;
    assert!(said.contains("is in use by another program"), "{said}");
}

#[tokio::test]
async fn no_auth_is_for_loopback_only() {
    let folder = tempfile::tempdir().unwrap();
    let said = refusal(folder.path(), &["--listen", "0.0.0.0:0", "--no-auth"]).await;
    assert!(said.contains("--no-auth works on loopback only"), "{said}");
    let said = refusal(folder.path(), &["--listen", "0.0.0.0:0"]).await;
    assert!(said.contains("--host"), "{said}");
}

#[tokio::test]
async fn an_unknown_database_is_refused_without_repeating_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let said = refusal(folder.path(), &["--database", "mysql://root:hunter2@localhost/x"]).await;
    assert!(said.contains("expected sqlite:PATH or postgres://"), "{said}");
    assert!(!said.contains("hunter2"), "a password is never repeated: {said}");
}

#[tokio::test]
async fn the_token_and_the_data_are_there_after_a_restart() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let server = server.kill_and_restart().await;
    assert_eq!(server.get(&format!("/api/v1/runs/{run_id}")).await.0, 200);
}
