//! Saved views.

use super::{NOW, add_experiment, on_each};
use crate::{Db, Error, account, db::on, trash, view, view::Whose};
use model::{
    ExperimentId, UnixMillis, UserId, ViewId, experiment::ExperimentUpdate, trash::TrashSet, user::Role,
    view::ViewState,
};

async fn add_account(db: &Db, name: &str) -> UserId {
    let mut tx = db.begin().await.unwrap();
    let caller = account::ensure(&mut tx, name, Role::Member, NOW).await.unwrap();
    tx.commit().await.unwrap();
    caller.user_id
}

async fn add(
    db: &Db,
    experiment_id: ExperimentId,
    author: UserId,
    name: &str,
    shared: bool,
) -> Option<ViewId> {
    let state: ViewState = "filter=metrics.loss+%3C+1".parse().unwrap();
    let mut tx = db.begin().await.unwrap();
    let added = view::add(&mut tx, experiment_id, author, name, &state, shared, NOW).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn names(db: &Db, experiment_id: ExperimentId, account: UserId) -> Vec<String> {
    let views = view::list(db, experiment_id, account).await.unwrap();
    let mut names: Vec<_> = views.into_iter().map(|view| view.name).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn people_see_their_own_views_and_those_that_are_shared() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let (ada, bob) = (add_account(&db, "ada").await, add_account(&db, "bob").await);
        let mine = add(&db, id, ada, "mine", false).await.unwrap();
        add(&db, id, ada, "ours", true).await.unwrap();
        assert_eq!(add(&db, id, ada, "mine", true).await, None, "the name is taken");
        assert!(add(&db, id, bob, "mine", false).await.is_some(), "by ada alone");
        assert_eq!(names(&db, id, ada).await, ["mine", "ours"]);
        assert_eq!(names(&db, id, bob).await, ["mine", "ours"]);
        assert_eq!(names(&db, ExperimentId::DEFAULT, ada).await, [""; 0]);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(view::get(&mut tx, mine, bob).await.unwrap(), None);
        let mut found = view::get(&mut tx, mine, ada).await.unwrap().unwrap();
        assert_eq!((found.author.as_str(), found.state.as_str()), ("ada", "filter=metrics.loss+%3C+1"));
        assert_eq!(view::count(&mut tx, id, ada).await.unwrap(), (2, 1));
        found.shared = true;
        found.state = ViewState::default();
        view::update(&mut tx, &found, UnixMillis(NOW.0 + 5)).await.unwrap();
        let seen = view::get(&mut tx, mine, bob).await.unwrap().unwrap();
        assert_eq!(seen, view::ViewRecord { updated_at_ms: UnixMillis(NOW.0 + 5), ..found.clone() });
        found.name = "ours".into();
        assert!(matches!(view::update(&mut tx, &found, NOW).await, Err(Error::Unique)));
    })
    .await;
}

#[tokio::test]
async fn a_view_reads_as_it_was_stored_whichever_version_stored_it() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let ada = add_account(&db, "ada").await;
        let view_id = add(&db, id, ada, "mine", false).await.unwrap();
        for (stored, read) in [
            ("search=a&filter=metrics.loss+%3C+1&sort=name&cols=params.lr&diff=1", None),
            ("search=a&view=charts&chart=y-log&panel=%3Aa&panel=%3Ab", None),
            ("search=a&later=1&view=moon&chart=y-log", Some("search=a&chart=y-log")),
            ("", None),
        ] {
            let mut tx = db.begin().await.unwrap();
            let change = "UPDATE saved_view SET state = $1 WHERE id = $2";
            on!(tx, c => sqlx::query(change).bind(stored).bind(view_id.0).execute(c).await.map(drop))
                .unwrap();
            tx.commit().await.unwrap();
            let views = view::list(&db, id, ada).await.unwrap();
            assert_eq!(views[0].state.as_str(), read.unwrap_or(stored));
        }
    })
    .await;
}

#[tokio::test]
async fn an_experiment_opens_with_one_view_for_each_and_one_for_all() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let (ada, bob) = (add_account(&db, "ada").await, add_account(&db, "bob").await);
        let first = add(&db, id, ada, "first", true).await.unwrap();
        let second = add(&db, id, ada, "second", true).await.unwrap();
        let opens = async |account| {
            let mut views = view::list(&db, id, account).await.unwrap();
            views.sort_by_key(|view| view.id.0);
            views.iter().map(|view| (view.default_for_one, view.default_for_all)).collect::<Vec<_>>()
        };
        let set = async |view_id, whose, on| {
            let mut tx = db.begin().await.unwrap();
            view::set_default(&mut tx, id, view_id, whose, on).await.unwrap();
            tx.commit().await.unwrap();
        };
        set(first, Whose::All, true).await;
        set(first, Whose::One(bob), true).await;
        set(second, Whose::One(ada), true).await;
        assert_eq!(opens(ada).await, [(false, true), (true, false)]);
        assert_eq!(opens(bob).await, [(true, true), (false, false)]);
        set(second, Whose::All, true).await;
        set(second, Whose::One(bob), true).await;
        assert_eq!(opens(bob).await, [(false, false), (true, true)], "one takes the other's place");
        set(first, Whose::All, false).await;
        assert_eq!(opens(bob).await, [(false, false), (true, true)], "it was not that one");
        let mut tx = db.begin().await.unwrap();
        view::forget_others(&mut tx, second, ada).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(opens(ada).await, [(false, false), (true, false)]);
        assert_eq!(opens(bob).await, [(false, false); 2]);
        let mut tx = db.begin().await.unwrap();
        view::remove(&mut tx, second).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(opens(ada).await, [(false, false)]);
    })
    .await;
}

#[tokio::test]
async fn views_go_with_their_experiment() {
    on_each(async |db| {
        let (id, kept) = (add_experiment(&db, "goes", &[]).await, add_experiment(&db, "stays", &[]).await);
        let ada = add_account(&db, "ada").await;
        let gone = add(&db, id, ada, "v", true).await.unwrap();
        add(&db, kept, ada, "v", true).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        view::set_default(&mut tx, id, gone, Whose::All, true).await.unwrap();
        let away = ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() };
        crate::experiment::update(&mut tx, id, &away, NOW).await.unwrap();
        let set = TrashSet { experiments: vec![id], ..TrashSet::default() };
        trash::decide(&mut tx, &set, trash::Fate::Deleted, NOW).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(&db, id, ada).await, [""; 0], "hidden at once");
        let mut tx = db.begin().await.unwrap();
        while trash::remove_some(&mut tx).await.unwrap() > 0 {}
        assert_eq!(view::count(&mut tx, id, ada).await.unwrap(), (0, 0));
        tx.commit().await.unwrap();
        assert_eq!(names(&db, kept, ada).await, ["v"]);
        assert_eq!(trash::leaving(&db).await.unwrap().experiments, 0);
    })
    .await;
}
