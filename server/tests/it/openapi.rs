//! The API's description is a snapshot: a change of the API shows in review. `cargo insta accept` takes a new one.

use crate::harness::Server;

#[tokio::test]
async fn the_description_is_as_reviewed() {
    let server = Server::start().await;
    let (status, document) = server.get("/api/v1/openapi.json").await;
    assert_eq!(status, 200);
    insta::assert_json_snapshot!("openapi", document);
}
