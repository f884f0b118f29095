//! Projects over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn experiments_of_one_name_live_in_two_projects() {
    on_each(async |server| {
        let (status, vision) = server.post("/api/v1/projects", json!({"name": "vision"})).await;
        assert_eq!((status.as_u16(), &vision["experiment_count"]), (201, &json!(0)));
        let id = vision["id"].as_str().unwrap();
        assert_eq!(server.post("/api/v1/projects", json!({"name": "vision"})).await.0, 200);
        let (_, here) = server.post("/api/v1/experiments", json!({"name": "digits"})).await;
        let there = json!({"name": "digits", "project_id": id});
        let (status, there) = server.post("/api/v1/experiments", there).await;
        assert_eq!((status.as_u16(), &there["project_name"]), (201, &json!("vision")));
        assert_ne!(here["id"], there["id"]);
        let (_, page) = server.get(&format!("/api/v1/experiments?project_id={id}")).await;
        assert_eq!((&page["total"], &page["items"][0]["id"]), (&json!(1), &there["id"]));
        let (_, all) = server.get("/api/v1/projects").await;
        let named = all.as_array().unwrap().iter().map(|one| (&one["name"], &one["experiment_count"]));
        // The default experiment is in the default project as well.
        let expected = [(json!("default"), json!(2)), (json!("vision"), json!(1))];
        assert_eq!(named.collect::<Vec<_>>(), expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());

        let moved = json!({"ids": [here["id"]], "project_id": id});
        assert_problem(
            server.send(Method::PATCH, "/api/v1/experiments", moved).await,
            409,
            "in that project already",
        );
        let path = format!("/api/v1/experiments/{}", there["id"].as_str().unwrap());
        let nowhere = server.send(Method::PATCH, &path, json!({"project_id": "99"})).await;
        assert_problem(nowhere, 404, "project");
        let renamed = json!({"project_id": "0", "name": "digits-2"});
        let (_, moved) = server.send(Method::PATCH, &path, renamed).await;
        assert_eq!((&moved["project_name"], &moved["name"]), (&json!("default"), &json!("digits-2")));
    })
    .await;
}

#[tokio::test]
async fn a_run_names_the_project_of_its_experiment() {
    on_each(async |server| {
        let new = json!({"experiment_name": "digits", "project_name": "vision"});
        let (status, run) = server.post("/api/v1/runs", new).await;
        assert_eq!(status, 201, "{run}");
        let path = format!("/api/v1/experiments/{}", run["experiment_id"].as_str().unwrap());
        assert_eq!(server.get(&path).await.1["project_name"], "vision");
        let alone = json!({"experiment_id": "0", "project_name": "vision"});
        assert_problem(server.post("/api/v1/runs", alone).await, 400, "experiment_name");
    })
    .await;
}

#[tokio::test]
async fn only_an_empty_project_goes() {
    on_each(async |server| {
        let (_, made) = server.post("/api/v1/projects", json!({"name": "short"})).await;
        let id = made["id"].as_str().unwrap();
        let path = format!("/api/v1/projects/{id}");
        let (_, experiment) =
            server.post("/api/v1/experiments", json!({"name": "in it", "project_id": id})).await;
        assert_problem(server.send(Method::DELETE, &path, json!(null)).await, 409, "experiments are in");
        let experiment = format!("/api/v1/experiments/{}", experiment["id"].as_str().unwrap());
        server.send(Method::PATCH, &experiment, json!({"project_id": "0"})).await;
        let taken = server.send(Method::PATCH, &path, json!({"name": "default"})).await;
        assert_problem(taken, 409, "taken by another project");
        let (_, renamed) = server.send(Method::PATCH, &path, json!({"name": "shorter"})).await;
        assert_eq!(renamed["name"], "shorter");
        assert_eq!(server.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
        assert_problem(server.send(Method::DELETE, &path, json!(null)).await, 404, "project");
        let default = server.send(Method::DELETE, "/api/v1/projects/0", json!(null)).await;
        assert_problem(default, 409, "the default project stays");
    })
    .await;
}

#[tokio::test]
async fn an_experiment_has_a_goal_until_it_is_taken_away() {
    on_each(async |server| {
        let new = json!({"name": "e", "goal": {"key": "val/loss", "goal": "min"}});
        let (_, made) = server.post("/api/v1/experiments", new).await;
        assert_eq!(made["goal"], json!({"key": "val/loss", "goal": "min"}));
        let path = format!("/api/v1/experiments/{}", made["id"].as_str().unwrap());
        let other = json!({"goal": {"key": "acc", "goal": "max"}});
        assert_eq!(server.send(Method::PATCH, &path, other).await.1["goal"]["key"], "acc");
        assert_eq!(server.send(Method::PATCH, &path, json!({"name": "f"})).await.1["goal"]["goal"], "max");
        let none = json!({"goal": {"key": "", "goal": "max"}});
        assert_eq!(server.send(Method::PATCH, &path, none).await.1["goal"], json!(null));
        let bad = json!({"name": "g", "goal": {"key": "", "goal": "min"}});
        assert_problem(server.post("/api/v1/experiments", bad).await, 400, "goal");
    })
    .await;
}
