//! The search over everything.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{Db, experiment, search};
use model::{ExperimentId, experiment::ExperimentUpdate, param::ParamValue, run::RunUpdate};

async fn experiments(db: &Db, text: &str) -> Vec<String> {
    search::experiments(db, text).await.unwrap().into_iter().map(|one| one.name).collect()
}

async fn runs(db: &Db, text: &str) -> Vec<String> {
    search::runs(db, text).await.unwrap().into_iter().map(|one| one.name).collect()
}

#[tokio::test]
async fn experiments_that_begin_with_the_text_come_first_and_archived_ones_last() {
    on_each(async |db| {
        for name in ["old resnet", "my ResNet", "resnet", "Resnet 50%", "vit"] {
            add_experiment(&db, name, &[]).await;
        }
        let change = async |name: &str, update: ExperimentUpdate| {
            let id = search::experiments(&db, name).await.unwrap()[0].id;
            let mut tx = db.begin().await.unwrap();
            experiment::update(&mut tx, id, &update, NOW).await.unwrap();
            tx.commit().await.unwrap();
        };
        change("old resnet", ExperimentUpdate { archived: Some(true), ..ExperimentUpdate::default() }).await;
        assert_eq!(experiments(&db, "RESNET").await, ["resnet", "Resnet 50%", "my ResNet", "old resnet"]);
        assert_eq!(experiments(&db, "0%").await, ["Resnet 50%"]);
        change("vit", ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() }).await;
        assert_eq!(experiments(&db, "vit").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn runs_are_found_by_id_name_and_part_of_it_and_not_in_the_trash() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let hidden = add_experiment(&db, "hidden", &[]).await;
        for name in ["Seed-1", "seed-2", "a seed"] {
            add_run(&db, id, name).await;
        }
        let trashed = add_run(&db, id, "seed-3").await;
        add_run(&db, hidden, "seed-4").await;
        let mut tx = db.begin().await.unwrap();
        let away = RunUpdate { trashed: Some(true), ..RunUpdate::default() };
        update_run(&mut tx, &trashed, &away, NOW).await;
        let away = ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() };
        experiment::update(&mut tx, hidden, &away, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut found = runs(&db, "SEED").await;
        found.sort_unstable();
        assert_eq!(found, ["Seed-1", "a seed", "seed-2"]);
        assert_eq!(runs(&db, "seed-1").await, ["Seed-1"], "found by name and by part, told once");
        let one = search::runs(&db, "seed-2").await.unwrap().remove(0);
        assert_eq!((one.experiment_id, one.experiment_name.as_str(), one.number), (id, "e", 2));
        assert_eq!(
            runs(&db, &one.id.as_str()[..24]).await.len(),
            1 + 2,
            "the ids differ in their last digits"
        );
        assert_eq!(runs(&db, one.id.as_str()).await, ["seed-2"]);
        assert_eq!(runs(&db, trashed.as_str()).await, [""; 0]);
        assert_eq!(runs(&db, "").await.len(), 3);
        assert_eq!(runs(&db, "100%_").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn params_and_metrics_are_found_where_the_person_is_or_in_the_newest_experiment() {
    on_each(async |db| {
        let first = add_experiment(&db, "first", &[]).await;
        let second = add_experiment(&db, "second", &[]).await;
        for (id, keys) in [(first, ["lr", "lr/decay"]), (second, ["lr", "my_LR"])] {
            let run_id = add_run(&db, id, "r").await;
            let mut tx = db.begin().await.unwrap();
            let params = keys.map(|key| (key.to_owned(), ParamValue::Int(1))).into();
            crate::param::put(&mut tx, run_id.as_str(), &params, NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
        let found = async |text: &str, here: Option<ExperimentId>| {
            let found = search::fields(&db, text, here).await.unwrap();
            found
                .into_iter()
                .map(|one| format!("{} {} {}", one.field, one.experiment_name, one.experiment_count))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found("LR", None).await,
            ["params.lr second 2", "params.lr/decay first 1", "params.my_LR second 1"]
        );
        assert_eq!(found("lr", Some(first)).await[0], "params.lr first 2");
        assert_eq!(found("first", None).await, [""; 0], "tags are no columns to sort by");
    })
    .await;
}
