//! Deleting for good, stopped half-way.

use super::purge;
use crate::{Services, World, artifact::content_path};
use bytes::Bytes;
use futures::stream;
use model::{
    ErrorKind, ExperimentId, RunId,
    artifact::ArtifactPath,
    experiment::{ExperimentBulk, ExperimentNew},
    run::{RunNew, RunUpdate},
    trash::{TrashLeaving, TrashQuery, TrashSet},
    user::{Caller, Role},
};
use object_store::ObjectStoreExt as _;
use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use store::trash::Fate;

const DAY: Duration = Duration::from_hours(24);

async fn open(url: &str, artifacts: &Path) -> (Services, Caller) {
    let services = Services::open(url, artifacts, World::real(), DAY).await.expect("the services open");
    let caller = services.user.ensure_owner("ada").await.expect("an owner");
    (services, caller)
}

/// Runs one case with a database of each kind and a folder for artifacts.
async fn on_each<F: AsyncFn(&str, &Path)>(case: F) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().expect("a folder for the test");
    let name = format!("engine_trash_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let urls = store::scratch::urls(folder.path(), &name).await.expect("a database");
    for (place, url) in urls.iter().enumerate() {
        let artifacts = folder.path().join(place.to_string());
        std::fs::create_dir_all(&artifacts).expect("a folder");
        case(url, &artifacts).await;
    }
}

async fn upload(services: &Services, caller: &Caller, run_id: &RunId, path: &str, content: &str) {
    let path: ArtifactPath = path.parse().expect("a path");
    let bytes = Bytes::copy_from_slice(content.as_bytes());
    let content = stream::iter([Ok::<_, std::io::Error>(bytes)]);
    services.artifact.upload(caller, &run_id.clone().into(), path, None, content).await.expect("it is taken");
}

async fn read(services: &Services, caller: &Caller, run_id: &RunId, path: &str) -> Option<String> {
    let path = path.parse().expect("a path");
    services.artifact.preview(caller, &run_id.clone().into(), &path).await.expect("it opens")
}

fn files(folder: &Path) -> usize {
    let entries =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

async fn leaving(services: &Services, caller: &Caller) -> TrashLeaving {
    services.trash.list(caller, TrashQuery::default()).await.expect("a list").leaving
}

/// Waits until the task has done its work.
async fn settled(services: &Services, caller: &Caller, folder: &Path, expected_files: usize) {
    for _ in 0..600 {
        if leaving(services, caller).await == TrashLeaving::default() && files(folder) == expected_files {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?} and {} files are left", leaving(services, caller).await, files(folder));
}

async fn new_experiment(services: &Services, caller: &Caller, name: &str) -> ExperimentId {
    let new = ExperimentNew { name: name.into(), ..ExperimentNew::default() };
    services.experiment.create(caller, new).await.expect("an experiment").0.id
}

async fn new_run(services: &Services, caller: &Caller, id: ExperimentId) -> RunId {
    services.run.create(caller, RunNew::new(id)).await.expect("a run").0.id
}

async fn throw(services: &Services, caller: &Caller, id: ExperimentId) -> TrashSet {
    let bulk = ExperimentBulk { ids: vec![id], trashed: Some(true), ..ExperimentBulk::default() };
    services.experiment.update_many(caller, &bulk).await.expect("it is thrown away");
    TrashSet { experiments: vec![id], ..TrashSet::default() }
}

#[tokio::test]
async fn a_server_that_ends_half_way_goes_on_at_its_next_start() {
    on_each(async |url, artifacts| {
        let (services, caller) = open(url, artifacts).await;
        let goes = new_experiment(&services, &caller, "goes").await;
        let kept = new_run(&services, &caller, ExperimentId::DEFAULT).await;
        upload(&services, &caller, &kept, "shared.txt", "shared").await;
        for _ in 0..300 {
            let run_id = new_run(&services, &caller, goes).await;
            let tags = model::Tags::parse_line("a, b, c, d, e");
            let update = RunUpdate { tags, ..RunUpdate::default() };
            services.run.update(&caller, &run_id, update).await.expect("it is tagged");
        }
        let last = new_run(&services, &caller, goes).await;
        upload(&services, &caller, &last, "shared.txt", "shared").await;
        upload(&services, &caller, &last, "own.txt", "own").await;
        assert_eq!(files(artifacts), 2);
        let set = throw(&services, &caller, goes).await;

        // Marked without a word to the task, which sleeps; some is removed, and the server ends.
        let base = services.base.clone();
        tokio::time::sleep(Duration::from_millis(400)).await;
        let mut tx = base.db.begin().await.expect("a transaction");
        let decided = store::trash::decide(&mut tx, &set, Fate::Deleted, base.world.now()).await;
        assert!(decided.expect("it is marked").is_ok());
        tx.commit().await.expect("it is stored");
        assert!(purge::remove_rows(&base).await.expect("rows go") > 0);
        let left = leaving(&services, &caller).await;
        assert_eq!(left.experiments, 1);
        assert!(left.runs > 0 && left.runs < 301, "half-way: {left:?}");
        let gone = services.experiment.get(&caller, goes).await.map_err(crate::Error::into_public);
        assert_eq!(gone.expect_err("it is hidden").kind, ErrorKind::NotFound);
        services.close().await;
        drop((services, base));

        let (services, caller) = open(url, artifacts).await;
        settled(&services, &caller, artifacts, 1).await;
        assert_eq!(read(&services, &caller, &kept, "shared.txt").await.as_deref(), Some("shared"));
        services.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_was_moved_aside_when_the_server_ended_is_no_loss() {
    on_each(async |url, artifacts| {
        let (services, caller) = open(url, artifacts).await;
        let goes = new_experiment(&services, &caller, "goes").await;
        let run_id = new_run(&services, &caller, goes).await;
        upload(&services, &caller, &run_id, "a.txt", "again").await;
        let set = throw(&services, &caller, goes).await;
        let base = services.base.clone();
        // The file went, and the transaction that says so was never committed.
        let list = services.artifact.list(&caller, &run_id.into()).await.expect("a list");
        base.files.delete(&content_path(&list[0].sha256)).await.expect("the file goes");
        services.trash.delete(&caller, &set).await.expect("it is marked");
        settled(&services, &caller, artifacts, 0).await;
        let other = new_run(&services, &caller, ExperimentId::DEFAULT).await;
        upload(&services, &caller, &other, "b.txt", "again").await;
        assert_eq!(read(&services, &caller, &other, "b.txt").await.as_deref(), Some("again"));
        services.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_upload_and_the_deletion_of_the_same_content_at_one_time_lose_nothing() {
    on_each(async |url, artifacts| {
        let (services, caller) = open(url, artifacts).await;
        let kept = new_run(&services, &caller, ExperimentId::DEFAULT).await;
        for round in 0..40 {
            let goes = new_experiment(&services, &caller, &format!("goes {round}")).await;
            let run_id = new_run(&services, &caller, goes).await;
            let content = format!("content {round}");
            upload(&services, &caller, &run_id, "a.txt", &content).await;
            let set = throw(&services, &caller, goes).await;
            let path = format!("{round}.txt");
            let (deleted, ()) = futures::join!(services.trash.delete(&caller, &set), async {
                // Early, late, and in between.
                tokio::time::sleep(Duration::from_micros(round * 300)).await;
                upload(&services, &caller, &kept, &path, &content).await;
            });
            deleted.expect("it is marked");
        }
        settled(&services, &caller, artifacts, 40).await;
        for round in 0..40 {
            let text = read(&services, &caller, &kept, &format!("{round}.txt")).await;
            assert_eq!(text, Some(format!("content {round}")));
        }
        services.close().await;
    })
    .await;
}

#[tokio::test]
async fn only_an_admin_deletes_for_good_and_only_what_lies_in_the_trash() {
    on_each(async |url, artifacts| {
        let (services, caller) = open(url, artifacts).await;
        let id = new_experiment(&services, &caller, "e").await;
        let set = TrashSet { experiments: vec![id], ..TrashSet::default() };
        let refused = async |caller: &Caller, set: &TrashSet| {
            let answer = services.trash.delete(caller, set).await.map_err(crate::Error::into_public);
            answer.expect_err("it is refused").kind
        };
        assert_eq!(refused(&caller, &set).await, ErrorKind::Conflict, "not in the trash");
        throw(&services, &caller, id).await;
        for role in [Role::Viewer, Role::Member] {
            let other = Caller { role, ..caller.clone() };
            assert_eq!(refused(&other, &set).await, ErrorKind::Forbidden);
        }
        let default = throw(&services, &caller, ExperimentId::DEFAULT).await;
        assert_eq!(refused(&caller, &default).await, ErrorKind::Conflict);
        let none = TrashSet::default();
        assert_eq!(refused(&caller, &none).await, ErrorKind::Invalid);
        let member = Caller { role: Role::Member, ..caller.clone() };
        services.trash.restore(&member, &set).await.expect("a member restores");
        assert_eq!(refused(&caller, &set).await, ErrorKind::Conflict, "restored meanwhile");
        services.close().await;
    })
    .await;
}
