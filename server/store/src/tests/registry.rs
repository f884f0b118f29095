//! The model registry.

use super::{NOW, on_each};
use crate::{Db, Error, registry};
use model::{
    RunId, Tags, UnixMillis,
    registry::{
        ModelVersionNew, ModelVersionSearch, ModelVersionUpdate, RegisteredModelNew, RegisteredModelSearch,
        RegisteredModelUpdate, Stage,
    },
};

const LATER: UnixMillis = UnixMillis(NOW.0 + 1_000);

async fn add_model(db: &Db, name: &str) -> bool {
    let new = RegisteredModelNew {
        name: name.into(),
        description: format!("About {name}"),
        tags: Tags::parse_line("team: vision"),
    };
    let mut tx = db.begin().await.unwrap();
    let added = registry::add(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn add_version(db: &Db, name: &str, run_id: Option<RunId>) -> Option<i64> {
    let new = ModelVersionNew {
        name: name.into(),
        source: "s3://bucket/model".into(),
        location: "s3://bucket/model".into(),
        run_id,
        tags: Tags::words(["good"]),
        ..ModelVersionNew::default()
    };
    let mut tx = db.begin().await.unwrap();
    let version = registry::add_version(&mut tx, &new, LATER).await.unwrap();
    tx.commit().await.unwrap();
    version
}

async fn put_alias(db: &Db, name: &str, alias: &str, version: i64) -> bool {
    let mut tx = db.begin().await.unwrap();
    let put = registry::put_alias(&mut tx, name, alias, version).await.unwrap();
    tx.commit().await.unwrap();
    put
}

async fn put_stage(db: &Db, version: i64, stage: Stage, archive_others: bool) -> bool {
    let mut tx = db.begin().await.unwrap();
    let put = registry::put_stage(&mut tx, "m", version, stage, archive_others, LATER).await.unwrap();
    tx.commit().await.unwrap();
    put
}

async fn numbers(db: &Db, search: ModelVersionSearch) -> Vec<i64> {
    let mut numbers: Vec<_> =
        registry::versions(db, &search).await.unwrap().into_iter().map(|one| one.version).collect();
    numbers.sort_unstable();
    numbers
}

fn of(name: &str) -> ModelVersionSearch {
    ModelVersionSearch { name: Some(name.into()), ..ModelVersionSearch::default() }
}

#[tokio::test]
async fn a_taken_name_registers_nothing() {
    on_each(async |db| {
        assert!(add_model(&db, "m").await);
        assert!(!add_model(&db, "m").await);
        assert!(add_model(&db, "M").await);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(registry::count(&mut tx).await.unwrap(), 2);
        drop(tx);
        let found = registry::get(&db, "m").await.unwrap().unwrap();
        assert_eq!((found.description.as_str(), found.tags.to_line()), ("About m", "team: vision".into()));
        assert_eq!(registry::get(&db, "x").await.unwrap(), None);
        let all = registry::search(&db, &RegisteredModelSearch::default()).await.unwrap();
        assert_eq!(all.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_number_of_a_deleted_version_is_not_given_again() {
    on_each(async |db| {
        add_model(&db, "m").await;
        assert_eq!(add_version(&db, "x", None).await, None);
        assert_eq!(add_version(&db, "m", None).await, Some(1));
        assert_eq!(add_version(&db, "m", None).await, Some(2));
        assert_eq!(registry::get(&db, "m").await.unwrap().unwrap().updated_at_ms, LATER);
        let mut tx = db.begin().await.unwrap();
        assert!(registry::remove_version(&mut tx, "m", 2, LATER).await.unwrap());
        assert!(!registry::remove_version(&mut tx, "m", 2, LATER).await.unwrap());
        assert_eq!(registry::version_count(&mut tx, "m").await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(add_version(&db, "m", None).await, Some(3));
        assert_eq!(numbers(&db, of("m")).await, [1, 3]);
    })
    .await;
}

#[tokio::test]
async fn versions_made_at_once_get_numbers_of_their_own() {
    on_each(async |db| {
        add_model(&db, "m").await;
        let makers: Vec<_> = (0..16)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { add_version(&db, "m", None).await })
            })
            .collect();
        let mut made = Vec::new();
        for maker in makers {
            made.push(maker.await.unwrap().unwrap());
        }
        made.sort_unstable();
        assert_eq!(made, (1..=16).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_new_name_takes_versions_tags_and_aliases_along() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_model(&db, "other").await;
        add_version(&db, "m", None).await;
        put_alias(&db, "m", "best", 1).await;
        let rename = |to: &str| RegisteredModelUpdate { name: Some(to.into()), ..Default::default() };
        let mut tx = db.begin().await.unwrap();
        let taken = registry::update(&mut tx, "m", &rename("other"), LATER).await;
        assert!(matches!(taken, Err(Error::Unique)), "{taken:?}");
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        assert!(registry::update(&mut tx, "m", &rename("n"), LATER).await.unwrap());
        assert!(!registry::update(&mut tx, "m", &rename("n"), LATER).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(registry::get(&db, "m").await.unwrap(), None);
        let renamed = registry::get(&db, "n").await.unwrap().unwrap();
        assert_eq!(
            (renamed.tags.to_line(), renamed.aliases),
            ("team: vision".into(), [("best".into(), 1)].into())
        );
        assert_eq!((renamed.created_at_ms, renamed.updated_at_ms), (NOW, LATER));
        let version = registry::version_by_alias(&db, "n", "best").await.unwrap().unwrap();
        assert_eq!((version.name.as_str(), version.tags.to_line()), ("n", "good".into()));
        assert_eq!(registry::version(&db, "n", 1).await.unwrap(), Some(version));
    })
    .await;
}

#[tokio::test]
async fn updates_change_only_what_they_name_and_tags_leave_the_time() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_version(&db, "m", None).await;
        let mut tx = db.begin().await.unwrap();
        let tags = RegisteredModelUpdate {
            put_tags: Tags::words(["new"]),
            remove_tags: vec!["team".into(), "never there".into()],
            ..Default::default()
        };
        let much_later = UnixMillis(LATER.0 + 1);
        assert!(registry::update(&mut tx, "m", &tags, much_later).await.unwrap());
        let version = ModelVersionUpdate { put_tags: Tags::words(["new"]), ..Default::default() };
        assert!(registry::update_version(&mut tx, "m", 1, &version, much_later).await.unwrap());
        assert!(!registry::update_version(&mut tx, "m", 2, &version, much_later).await.unwrap());
        assert!(!registry::update_version(&mut tx, "x", 1, &version, much_later).await.unwrap());
        tx.commit().await.unwrap();
        let found = registry::get(&db, "m").await.unwrap().unwrap();
        assert_eq!((found.tags.to_line(), found.description.as_str()), ("new".into(), "About m"));
        assert_eq!(found.updated_at_ms, LATER);
        let found = registry::version(&db, "m", 1).await.unwrap().unwrap();
        assert_eq!((found.tags.to_line(), found.updated_at_ms), ("good, new".into(), LATER));
        let mut tx = db.begin().await.unwrap();
        let update = ModelVersionUpdate {
            description: Some("Better".into()),
            remove_tags: vec!["good".into()],
            ..Default::default()
        };
        assert!(registry::update_version(&mut tx, "m", 1, &update, much_later).await.unwrap());
        tx.commit().await.unwrap();
        let found = registry::version(&db, "m", 1).await.unwrap().unwrap();
        assert_eq!((found.description.as_str(), found.updated_at_ms), ("Better", much_later));
        assert_eq!(found.tags.to_line(), "new");
    })
    .await;
}

#[tokio::test]
async fn an_alias_stands_for_one_version_and_goes_with_it() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_version(&db, "m", None).await;
        add_version(&db, "m", None).await;
        assert!(put_alias(&db, "m", "best", 1).await);
        assert!(put_alias(&db, "m", "best", 2).await);
        assert!(put_alias(&db, "m", "also", 2).await);
        assert!(!put_alias(&db, "m", "best", 3).await);
        assert!(!put_alias(&db, "x", "best", 1).await);
        let best = async || registry::version_by_alias(&db, "m", "best").await.unwrap();
        assert_eq!(
            best().await.map(|one| (one.version, one.aliases)),
            Some((2, vec!["also".into(), "best".into()]))
        );
        let mut tx = db.begin().await.unwrap();
        assert_eq!(registry::alias_count(&mut tx, "m").await.unwrap(), 2);
        assert!(registry::remove_alias(&mut tx, "m", "also").await.unwrap());
        assert!(registry::remove_alias(&mut tx, "m", "also").await.unwrap());
        assert!(!registry::remove_alias(&mut tx, "x", "also").await.unwrap());
        assert!(registry::remove_version(&mut tx, "m", 2, LATER).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(best().await, None);
        assert_eq!(registry::get(&db, "m").await.unwrap().unwrap().aliases, [].into());
    })
    .await;
}

#[tokio::test]
async fn each_stage_has_its_newest_version_and_archives_the_others_when_asked() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_model(&db, "empty").await;
        for _ in 0..4 {
            add_version(&db, "m", None).await;
        }
        assert!(put_stage(&db, 1, Stage::Production, false).await);
        assert!(put_stage(&db, 2, Stage::Production, false).await);
        assert!(!put_stage(&db, 9, Stage::Production, true).await);
        let stages = async || {
            let latest = registry::latest(&db, &["m", "empty", "x"]).await.unwrap();
            latest.into_iter().map(|one| (one.version, one.stage)).collect::<Vec<_>>()
        };
        assert_eq!(stages().await, [(2, Stage::Production), (4, Stage::None)]);
        assert!(put_stage(&db, 3, Stage::Production, true).await);
        assert_eq!(
            stages().await,
            [(2, Stage::Archived), (3, Stage::Production), (4, Stage::None)],
            "both that were in production before are archived"
        );
        assert_eq!(registry::version(&db, "m", 1).await.unwrap().unwrap().stage, Stage::Archived);
    })
    .await;
}

#[tokio::test]
async fn versions_are_found_by_name_number_and_run() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_model(&db, "n").await;
        let run_id = RunId::from_bytes([7; 16]);
        add_version(&db, "m", Some(run_id.clone())).await;
        add_version(&db, "m", None).await;
        add_version(&db, "n", Some(run_id.clone())).await;
        assert_eq!(numbers(&db, ModelVersionSearch::default()).await, [1, 1, 2]);
        assert_eq!(numbers(&db, of("m")).await, [1, 2]);
        assert_eq!(numbers(&db, ModelVersionSearch { version: Some(2), ..of("m") }).await, [2]);
        let by_run = ModelVersionSearch { run_id: Some(run_id.clone()), ..of("m") };
        assert_eq!(numbers(&db, by_run).await, [1]);
        let by_run = ModelVersionSearch { run_id: Some(run_id.clone()), ..Default::default() };
        let found = registry::versions(&db, &by_run).await.unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.run_id.as_ref() == Some(&run_id)));
    })
    .await;
}

#[tokio::test]
async fn a_registered_model_goes_with_all_it_has() {
    on_each(async |db| {
        add_model(&db, "m").await;
        add_version(&db, "m", None).await;
        put_alias(&db, "m", "best", 1).await;
        let mut tx = db.begin().await.unwrap();
        assert!(registry::remove(&mut tx, "m").await.unwrap());
        assert!(!registry::remove(&mut tx, "m").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(numbers(&db, ModelVersionSearch::default()).await, [0; 0]);
        assert!(add_model(&db, "m").await);
        assert_eq!(registry::get(&db, "m").await.unwrap().unwrap().aliases, [].into());
        assert_eq!(add_version(&db, "m", None).await, Some(1));
    })
    .await;
}
