//! Notes, artifacts, accounts, and what the schema as a whole must be.

use super::{NOW, add_experiment, add_run, on_each};
use crate::{Db, Dialect, account, artifact, db::on, note};
use model::{
    UnixMillis,
    artifact::{Artifact, Owner, Reference},
    user::Role,
};

#[tokio::test]
async fn a_note_keeps_every_revision_and_refuses_a_stale_one() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let add = async |base, body: &str| {
            let mut tx = db.begin().await.unwrap();
            let added = note::add(&mut tx, &run_id, base, body, "ada", NOW, None).await.unwrap();
            tx.commit().await.unwrap();
            added.map(|note| note.revision)
        };
        assert_eq!(note::latest(&db, &run_id).await.unwrap().map(|note| note.body), None);
        assert_eq!(add(Some(1), "too early").await, None);
        assert_eq!(add(Some(0), "one").await, Some(1));
        assert_eq!(add(Some(0), "lost race").await, None);
        assert_eq!(add(Some(1), "two").await, Some(2));
        assert_eq!(add(None, "three").await, Some(3));
        assert_eq!(note::latest(&db, &run_id).await.unwrap().unwrap().body, "three");
        let history = note::history(&db, &run_id, 2).await.unwrap();
        assert_eq!(history.iter().map(|note| note.body.as_str()).collect::<Vec<_>>(), ["three", "two"]);
    })
    .await;
}

#[tokio::test]
async fn an_artifact_path_shows_its_newest_content() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let put = async |path: &str, sha256: &str, size_bytes| {
            let artifact = Artifact {
                path: path.parse().unwrap(),
                size_bytes,
                sha256: sha256.into(),
                mime: "text/plain".into(),
                created_at_ms: NOW,
                reference: None,
            };
            let mut tx = db.begin().await.unwrap();
            artifact::put(&mut tx, &run_id.clone().into(), &artifact).await.unwrap();
            tx.commit().await.unwrap();
        };
        put("b.txt", "aa", 1).await;
        put("a/x.txt", "aa", 1).await;
        put("b.txt", "bb", 5).await;
        let list = artifact::list(&db, &run_id.clone().into()).await.unwrap();
        let rows: Vec<_> =
            list.iter().map(|one| (one.path.as_str(), one.sha256.as_str(), one.size_bytes)).collect();
        assert_eq!(rows, [("a/x.txt", "aa", 1), ("b.txt", "bb", 5)]);
        assert_eq!(artifact::total(&db, &run_id.clone().into()).await.unwrap(), (2, 6));
        assert_eq!(
            artifact::get(&db, &run_id.clone().into(), &"b.txt".parse().unwrap()).await.unwrap().as_ref(),
            list.get(1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_folder_lists_what_lies_directly_in_it_with_what_its_folders_hold() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let run_id = add_run(&db, experiment_id, "r").await;
        let other = add_run(&db, experiment_id, "other").await;
        let owner: Owner = run_id.clone().into();
        let put = async |owner: &Owner, path: &str, sha256: &str| {
            let artifact = Artifact {
                path: path.parse().unwrap(),
                size_bytes: 10,
                sha256: sha256.into(),
                mime: "text/plain".into(),
                created_at_ms: NOW,
                reference: None,
            };
            let mut tx = db.begin().await.unwrap();
            artifact::put(&mut tx, owner, &artifact).await.unwrap();
            tx.commit().await.unwrap();
        };
        for (path, sha256) in [
            ("é/a.txt", "aa"),
            ("é/b/c.txt", "aa"),
            ("é/b/d.txt", "bb"),
            ("éa.txt", "aa"),
            ("100%_x.txt", "cc"),
        ] {
            put(&owner, path, sha256).await;
        }
        put(&other.clone().into(), "copy.txt", "bb").await;
        let shown = async |path: Option<&str>, most| {
            let path = path.map(|path| path.parse().unwrap());
            let found = artifact::folder(&db, &owner, path.as_ref(), most).await.unwrap();
            let folders = found
                .folders
                .iter()
                .map(|one| format!("{}/ {} {}", one.name, one.file_count, one.size_bytes));
            let files = found.files.iter().map(|one| one.path.as_str().to_owned());
            (folders.chain(files).collect::<Vec<_>>(), found.file_count, found.size_bytes, found.cut)
        };
        let all = ["é/ 3 30", "100%_x.txt", "éa.txt"].map(str::to_owned).to_vec();
        assert_eq!(shown(None, 100).await, (all, 5, 50, false));
        let below = ["b/ 2 20", "é/a.txt"].map(str::to_owned).to_vec();
        assert_eq!(shown(Some("é"), 100).await, (below, 3, 30, false));
        assert_eq!(shown(Some("é"), 1).await, (vec!["b/ 2 20".to_owned()], 3, 30, true));
        assert_eq!(shown(Some("none"), 100).await, (Vec::new(), 0, 0, false));
        let paths = async |text: &str| {
            let found = artifact::search(&db, &owner, text, 100).await.unwrap();
            found.iter().map(|one| one.path.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(paths("B/").await, ["é/b/c.txt", "é/b/d.txt"]);
        assert_eq!(paths("%_").await, ["100%_x.txt"]);
        let reference = Reference { uri: "s3://b/d".into(), size_bytes: Some(70), digest: None };
        let note = async |path: &str| {
            let artifact = Artifact {
                path: path.parse().unwrap(),
                size_bytes: 70,
                sha256: String::new(),
                mime: "text/plain".into(),
                created_at_ms: NOW,
                reference: Some(reference.clone()),
            };
            let mut tx = db.begin().await.unwrap();
            artifact::put_reference(&mut tx, &owner, &artifact, &reference).await.unwrap();
            tx.commit().await.unwrap();
            artifact
        };
        let noted = note("é/z.txt").await;
        assert_eq!(artifact::get_reference(&db, &owner, &noted.path).await.unwrap(), Some(noted.clone()));
        assert_eq!(artifact::get(&db, &owner, &noted.path).await.unwrap(), None);
        let below = ["b/ 2 20", "é/a.txt", "é/z.txt"].map(str::to_owned).to_vec();
        assert_eq!(shown(Some("é"), 100).await, (below, 4, 30, false), "its bytes are not here");
        assert_eq!(paths("Z.TXT").await, ["é/z.txt"]);
        note("é/a.txt").await;
        assert_eq!(artifact::list(&db, &owner).await.unwrap().len(), 6, "a path is a file or a reference");
        put(&owner, "é/a.txt", "aa").await;
        assert_eq!(artifact::references_below(&db, &owner, None).await.unwrap(), [noted]);
        let path = "é/b/d.txt".parse().unwrap();
        let copies = artifact::copies(&db, &owner, &path, "bb", 10).await.unwrap();
        assert_eq!(copies.len(), 1);
        assert_eq!(
            (&copies[0].run_id, copies[0].run_name.as_str(), copies[0].path.as_str()),
            (&other, "other", "copy.txt")
        );
        assert_eq!(artifact::copies(&db, &owner, &path, "aa", 2).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_link_works_once_and_a_session_until_it_expires() {
    on_each(async |db| {
        let mut tx = db.begin().await.unwrap();
        let owner = account::ensure(&mut tx, "ada", Role::Admin, NOW).await.unwrap();
        assert_eq!(account::ensure(&mut tx, "ada", Role::Viewer, NOW).await.unwrap(), owner);
        let later = UnixMillis(NOW.0 + 10);
        account::add_link(&mut tx, owner.user_id, "link", later).await.unwrap();
        account::add_link(&mut tx, owner.user_id, "stale", NOW).await.unwrap();
        assert_eq!(account::take_link(&mut tx, "stale", NOW).await.unwrap(), None);
        assert_eq!(account::take_link(&mut tx, "link", NOW).await.unwrap(), Some(owner.user_id));
        assert_eq!(account::take_link(&mut tx, "link", NOW).await.unwrap(), None);
        account::add_session(&mut tx, owner.user_id, "session", NOW, later).await.unwrap();
        account::add_token(&mut tx, owner.user_id, "laptop", "trk_ab", "token", NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(account::by_session(&db, "session", NOW).await.unwrap(), Some(owner.clone()));
        assert_eq!(account::by_session(&db, "session", later).await.unwrap(), None);
        assert_eq!(account::by_token(&db, "token").await.unwrap(), Some(owner.clone()));
        assert_eq!(account::by_token(&db, "other").await.unwrap(), None);
        assert_eq!(account::first_admin(&db).await.unwrap(), Some(owner));
    })
    .await;
}

#[tokio::test]
async fn an_uncommitted_transaction_leaves_nothing() {
    on_each(async |db| {
        let mut tx = db.begin().await.unwrap();
        account::ensure(&mut tx, "ghost", Role::Admin, NOW).await.unwrap();
        drop(tx);
        assert_eq!(account::first_admin(&db).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn every_sqlite_table_is_strict() {
    on_each(async |db| {
        if db.dialect() == Dialect::Postgres {
            return;
        }
        let mut conn = db.read().await.unwrap();
        let loose: Vec<(String,)> = on!(conn, c => sqlx::query_as(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND schema = 'main'
             AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%'"
        )
        .fetch_all(c)
        .await)
        .unwrap();
        assert_eq!(loose, []);
    })
    .await;
}

#[tokio::test]
async fn an_address_of_no_known_database_is_refused() {
    let error = Db::open("mysql://root@localhost/x").await.unwrap_err().to_string();
    assert!(error.contains("expected sqlite:PATH or postgres://"), "{error}");
}
