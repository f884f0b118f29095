//! Assets: datasets are one by digest, uses keep what was noted first, metrics keep the highest step.

use super::{NOW, add_experiment, add_run, on_each};
use crate::{
    Db, artifact,
    asset::{self, UseRecord},
};
use model::{
    AssetId, ExperimentId, Float64, RunId, Tags, UnixMillis,
    artifact::{Artifact, Owner},
    asset::{
        Access, Asset, AssetKind, AssetMetric, AssetSearch, AssetStatus, AssetUpdate, DatasetNew, DatasetUse,
    },
    run::Trash,
};
use std::collections::BTreeMap;

fn model(number: u8, experiment_id: ExperimentId, name: &str, run_id: Option<&RunId>) -> Asset {
    Asset {
        id: AssetId::from_bytes([number; 16]),
        experiment_id,
        kind: AssetKind::Model,
        name: name.into(),
        digest: String::new(),
        format: "sklearn".into(),
        status: AssetStatus::Pending,
        status_message: String::new(),
        source: String::new(),
        schema: String::new(),
        profile: String::new(),
        source_run_id: run_id.cloned(),
        tags: Tags([("a".to_owned(), "1".to_owned())].into()),
        params: BTreeMap::from([("lr".to_owned(), "0.1".to_owned())]),
        created_at_ms: NOW,
        updated_at_ms: NOW,
        trashed_at_ms: None,
    }
}

async fn dataset(db: &Db, number: u8, experiment_id: ExperimentId, name: &str, digest: &str) -> AssetId {
    let new = DatasetNew { name: name.into(), digest: digest.into(), ..DatasetNew::default() };
    let mut tx = db.begin().await.unwrap();
    let id = AssetId::from_bytes([number; 16]);
    let id = asset::ensure_dataset(&mut tx, &id, experiment_id, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn note(db: &Db, run_id: &RunId, asset_id: &AssetId, access: Access, context: &str, at: i64) {
    let record = UseRecord { run_id, asset_id, access, context, step: at, tags: &Tags::default() };
    let mut tx = db.begin().await.unwrap();
    asset::add_use(&mut tx, &record, UnixMillis(NOW.0 + at)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_dataset_of_one_name_and_digest_is_one_in_an_experiment() {
    on_each(async |db| {
        let (one, other) = (add_experiment(&db, "e", &[]).await, add_experiment(&db, "f", &[]).await);
        let first = dataset(&db, 1, one, "mnist", "aa").await;
        assert_eq!(dataset(&db, 2, one, "mnist", "aa").await, first);
        assert_ne!(dataset(&db, 3, one, "mnist", "bb").await, first);
        assert_ne!(dataset(&db, 4, other, "mnist", "aa").await, first);
        let search = AssetSearch {
            experiment_ids: vec![one],
            kind: AssetKind::Dataset,
            name: None,
            trash: Trash::Without,
        };
        assert_eq!(asset::search(&db, &search).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_model_reads_back_whole_and_is_changed_in_parts() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let run_id = add_run(&db, experiment_id, "r").await;
        let stored = model(1, experiment_id, "m", Some(&run_id));
        let mut tx = db.begin().await.unwrap();
        asset::add(&mut tx, &stored).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(asset::get(&db, &stored.id).await.unwrap().as_ref(), Some(&stored));

        let update = AssetUpdate {
            status: Some(AssetStatus::Ready),
            put_tags: Tags([("b".to_owned(), "2".to_owned())].into()),
            remove_tags: vec!["a".into()],
            put_params: BTreeMap::from([("depth".to_owned(), "3".to_owned())]),
            trashed: Some(true),
            ..AssetUpdate::default()
        };
        let later = UnixMillis(NOW.0 + 5);
        let mut tx = db.begin().await.unwrap();
        assert!(asset::update(&mut tx, &stored.id, &update, later).await.unwrap());
        let unknown = AssetId::from_bytes([9; 16]);
        assert!(!asset::update(&mut tx, &unknown, &update, later).await.unwrap());
        tx.commit().await.unwrap();
        let found = asset::get(&db, &stored.id).await.unwrap().unwrap();
        assert_eq!(found.tags, Tags([("b".to_owned(), "2".to_owned())].into()));
        assert_eq!((found.params.len(), found.status), (2, AssetStatus::Ready));
        assert_eq!((found.updated_at_ms, found.trashed_at_ms), (later, Some(later)));

        let search = |name: Option<&str>, trash| AssetSearch {
            experiment_ids: vec![experiment_id],
            kind: AssetKind::Model,
            name: name.map(str::to_owned),
            trash,
        };
        for (name, trash, count) in [
            (None, Trash::Without, 0),
            (None, Trash::Only, 1),
            (Some("m"), Trash::With, 1),
            (Some("x"), Trash::With, 0),
        ] {
            assert_eq!(asset::search(&db, &search(name, trash)).await.unwrap().len(), count);
        }
    })
    .await;
}

#[tokio::test]
async fn a_use_is_noted_once_and_stays_as_it_was() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let (run_id, other) =
            (add_run(&db, experiment_id, "r").await, add_run(&db, experiment_id, "s").await);
        let data = dataset(&db, 1, experiment_id, "mnist", "aa").await;
        note(&db, &run_id, &data, Access::Read, "training", 2).await;
        note(&db, &run_id, &data, Access::Read, "eval", 3).await;
        note(&db, &run_id, &data, Access::Wrote, "", 1).await;
        note(&db, &other, &data, Access::Read, "eval", 1).await;

        let uses = asset::uses_of_runs(&db, &[run_id.clone(), other.clone()]).await.unwrap();
        let of_run: Vec<_> =
            uses[run_id.as_str()].iter().map(|one| (one.access, one.context.as_str())).collect();
        assert_eq!(of_run, [(Access::Wrote, ""), (Access::Read, "training")]);
        assert_eq!(uses[other.as_str()].len(), 1);

        let found = asset::dataset_uses(&db, &[experiment_id], 10).await.unwrap();
        let line = |context: &str| DatasetUse {
            experiment_id,
            name: "mnist".into(),
            digest: "aa".into(),
            context: context.into(),
        };
        assert_eq!(found, [line(""), line("eval"), line("training")]);
    })
    .await;
}

#[tokio::test]
async fn of_a_models_metric_the_highest_step_is_kept_for_each_dataset() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let run_id = add_run(&db, experiment_id, "r").await;
        let stored = model(1, experiment_id, "m", None);
        let value = |dataset: &str, step: i64, value: f64| AssetMetric {
            key: "acc".into(),
            dataset_name: dataset.into(),
            dataset_digest: String::new(),
            run_id: run_id.clone(),
            step,
            time_ms: NOW,
            value: Float64(value),
        };
        let mut tx = db.begin().await.unwrap();
        asset::add(&mut tx, &stored).await.unwrap();
        for metric in [
            value("", 1, 0.5),
            value("", 3, f64::NAN),
            value("", 2, 0.7),
            value("val", 1, -0.0),
            value("val", 1, f64::INFINITY),
        ] {
            asset::put_metric(&mut tx, &stored.id, &metric).await.unwrap();
        }
        assert_eq!(asset::metric_count(&mut tx, &stored.id).await.unwrap(), 2);
        tx.commit().await.unwrap();
        let found = asset::metrics(&db, std::slice::from_ref(&stored.id)).await.unwrap();
        let of_model = &found[&stored.id];
        assert!(of_model[0].value.0.is_nan() && of_model[0].step == 3);
        assert_eq!((of_model[1].dataset_name.as_str(), of_model[1].value.0), ("val", f64::INFINITY));
    })
    .await;
}

#[tokio::test]
async fn files_of_a_run_and_of_a_model_of_the_same_digits_are_apart() {
    on_each(async |db| {
        let bytes = [7; 16];
        let (run, asset) = (Owner::Run(RunId::from_bytes(bytes)), Owner::Asset(AssetId::from_bytes(bytes)));
        let file = Artifact {
            path: "a.txt".parse().unwrap(),
            size_bytes: 1,
            sha256: "aa".into(),
            mime: "text/plain".into(),
            created_at_ms: NOW,
            reference: None,
        };
        let mut tx = db.begin().await.unwrap();
        artifact::put(&mut tx, &asset, &file).await.unwrap();
        tx.commit().await.unwrap();
        assert!(artifact::list(&db, &run).await.unwrap().is_empty());
        assert_eq!(artifact::list(&db, &asset).await.unwrap(), [file]);
    })
    .await;
}
