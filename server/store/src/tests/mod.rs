//! The store's contract, the same cases on every database. PostgreSQL joins in when `TEST_DATABASE_URL` is set.

mod asset;
mod experiment;
mod metric;
mod process;
mod query;
mod record;
mod registry;
mod run_event;
mod search;
mod status_change;
mod trace;
mod transaction;
mod trash;
mod view;

use crate::{
    Db, Tx, experiment as experiments, process as process_rows, run as runs, run::RunRecord, scratch,
};
use model::{
    ExperimentId, ProjectId, RunId, Tags, UnixMillis,
    experiment::ExperimentNew,
    run::{RunStatus, RunUpdate},
};
use std::sync::atomic::{AtomicU32, Ordering};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// Runs one case on a fresh database of each kind.
async fn on_each<F: AsyncFn(Db)>(case: F) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    for url in scratch::urls(folder.path(), &name).await.unwrap() {
        let db = Db::open(&url).await.unwrap();
        case(db.clone()).await;
        db.close().await;
    }
}

async fn add_experiment(db: &Db, name: &str, tags: &[&str]) -> ExperimentId {
    let mut tx = db.begin().await.unwrap();
    let new = ExperimentNew {
        name: name.into(),
        description: format!("About {name}"),
        tags: Tags::words(tags.iter().copied()),
        ..ExperimentNew::default()
    };
    let id = experiments::add(&mut tx, ProjectId::DEFAULT, &new, NOW).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    id
}

/// Changes a run as somebody's request does.
async fn update_run(tx: &mut Tx, id: &RunId, update: &RunUpdate, now: UnixMillis) {
    let mut held = process_rows::hold(tx, id, None).await.unwrap().unwrap();
    runs::update(tx, &mut held, update, now).await.unwrap();
}

async fn add_run(db: &Db, experiment_id: ExperimentId, name: &str) -> RunId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let record = RunRecord {
        id: RunId::from_bytes(bytes),
        experiment_id,
        parent_id: None,
        name: name.into(),
        status: RunStatus::Running,
        user_name: "ada".into(),
        created_at_ms: NOW,
        started_at_ms: Some(NOW),
        tags: Tags::words(["first"]),
    };
    let mut tx = db.begin().await.unwrap();
    runs::add(&mut tx, &record).await.unwrap();
    tx.commit().await.unwrap();
    record.id
}
