//! Experiments and the run table.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{Db, experiment, run};
use model::{
    ProjectId, Tags, UnixMillis,
    experiment::{ExperimentNew, ExperimentQuery, ExperimentSort, ExperimentStatus, ExperimentUpdate},
    run::{RunQuery, RunStatus, RunUpdate, Trash},
};

async fn names(db: &Db, query: ExperimentQuery) -> Vec<String> {
    let page = experiment::list(db, &query, 100).await.unwrap();
    assert_eq!(page.total as usize, page.items.len());
    page.items.into_iter().map(|experiment| experiment.name).collect()
}

#[tokio::test]
async fn the_default_experiment_exists_and_others_count_up_from_one() {
    on_each(async |db| {
        let first = add_experiment(&db, "first", &[]).await;
        assert_eq!(first.0, 1);
        assert_eq!(names(&db, ExperimentQuery::default()).await, ["first", "Default"]);
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_adds_nothing() {
    on_each(async |db| {
        let id = add_experiment(&db, "same", &[]).await;
        let mut tx = db.begin().await.unwrap();
        let new = ExperimentNew { name: "same".into(), ..ExperimentNew::default() };
        assert_eq!(experiment::add(&mut tx, ProjectId::DEFAULT, &new, NOW).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(experiment::id_by_name(&db, ProjectId::DEFAULT, "same").await.unwrap(), Some(id));
    })
    .await;
}

#[tokio::test]
async fn search_is_in_names_and_descriptions_in_any_case() {
    on_each(async |db| {
        add_experiment(&db, "Größe 100%", &["vision"]).await;
        add_experiment(&db, "other", &["vision", "text"]).await;
        let search = |text: &str| ExperimentQuery { search: text.into(), ..ExperimentQuery::default() };
        assert_eq!(names(&db, search("GRÖSSE")).await, [""; 0]);
        assert_eq!(names(&db, search("grÖße")).await, ["Größe 100%"]);
        assert_eq!(names(&db, search("ABOUT OTHER")).await, ["other"]);
        assert_eq!(names(&db, search("0%")).await, ["Größe 100%"]);
        assert_eq!(names(&db, search("_")).await, [""; 0]);
        let tagged = |tags: &[&str]| ExperimentQuery {
            tag: tags.iter().map(|&tag| tag.to_owned()).collect(),
            sort: ExperimentSort::Name,
            ..ExperimentQuery::default()
        };
        assert_eq!(names(&db, tagged(&["vision"])).await, ["Größe 100%", "other"]);
        assert_eq!(names(&db, tagged(&["vision", "text"])).await, ["other"]);
        assert_eq!(experiment::tags(&db).await.unwrap(), ["text", "vision"]);
    })
    .await;
}

#[tokio::test]
async fn status_follows_the_runs_and_archiving() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let status = async || experiment::get(&db, id).await.unwrap().unwrap().status;
        assert_eq!(status().await, ExperimentStatus::Active);
        let run_id = add_run(&db, id, "r").await;
        assert_eq!(status().await, ExperimentStatus::Active);
        let mut tx = db.begin().await.unwrap();
        let end = RunUpdate { status: Some(RunStatus::Completed), ..RunUpdate::default() };
        update_run(&mut tx, &run_id, &end, UnixMillis(NOW.0 + 5_000)).await;
        tx.commit().await.unwrap();
        assert_eq!(status().await, ExperimentStatus::Completed);
        let done = experiment::get(&db, id).await.unwrap().unwrap();
        assert_eq!((done.run_count, done.runs.completed), (1, 1));
        assert_eq!(done.last_activity_at_ms, UnixMillis(NOW.0 + 5_000));

        let mut tx = db.begin().await.unwrap();
        let archive = ExperimentUpdate { archived: Some(true), ..ExperimentUpdate::default() };
        assert!(experiment::update(&mut tx, id, &archive, NOW).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(status().await, ExperimentStatus::Archived);
        assert_eq!(names(&db, ExperimentQuery::default()).await, ["Default"]);
        for (filter, expected) in [(ExperimentStatus::Archived, "e"), (ExperimentStatus::Active, "Default")] {
            let query = ExperimentQuery { status: Some(filter), ..ExperimentQuery::default() };
            assert_eq!(names(&db, query).await, [expected]);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_know_the_total_even_past_the_end() {
    on_each(async |db| {
        for index in 0..5 {
            add_experiment(&db, &format!("e{index}"), &[]).await;
        }
        let page = async |offset| {
            let query = ExperimentQuery { sort: ExperimentSort::Name, offset, ..ExperimentQuery::default() };
            let page = experiment::list(&db, &query, 4).await.unwrap();
            (page.items.len(), page.total, page.next_offset)
        };
        assert_eq!(page(0).await, (4, 6, Some(4)));
        assert_eq!(page(4).await, (2, 6, None));
        assert_eq!(page(100).await, (0, 6, None));
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    on_each(async |db| {
        let id = add_experiment(&db, "old", &["a"]).await;
        let mut tx = db.begin().await.unwrap();
        let update = ExperimentUpdate {
            name: Some("new".into()),
            tags: Some(Tags::parse_line("b, phase: two")),
            ..ExperimentUpdate::default()
        };
        assert!(experiment::update(&mut tx, id, &update, NOW).await.unwrap());
        assert!(!experiment::update(&mut tx, model::ExperimentId(999), &update, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let after = experiment::get(&db, id).await.unwrap().unwrap();
        assert_eq!((after.name.as_str(), after.description.as_str()), ("new", "About old"));
        assert_eq!(after.tags.to_line(), "b, phase: two");
    })
    .await;
}

#[tokio::test]
async fn runs_are_found_sorted_and_numbered() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &["a"]).await;
        let slow = add_run(&db, id, "Slow").await;
        add_run(&db, id, "quick").await;
        let mut tx = db.begin().await.unwrap();
        let params = [("lr".to_owned(), model::param::ParamValue::Int(10))].into();
        crate::param::put(&mut tx, slow.as_str(), &params, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let list = async |query: RunQuery| {
            let search = query.into_search(10).unwrap();
            let runs = run::search(&db, &search, NOW).await.unwrap();
            assert_eq!(run::count(&db, &search, NOW).await.unwrap() as usize, runs.len());
            runs.into_iter().map(|run| (run.name, run.number)).collect::<Vec<_>>()
        };
        let both = [("quick".to_owned(), 2), ("Slow".to_owned(), 1)];
        assert_eq!(list(RunQuery::new(id)).await, both);
        for sort in ["name", "status", "duration desc", "metrics.loss desc", "metrics.loss, number desc"] {
            assert_eq!(list(RunQuery { sort: sort.into(), ..RunQuery::new(id) }).await, both, "{sort}");
        }
        for sort in ["params.lr", "params.lr desc"] {
            let query = RunQuery { sort: sort.into(), ..RunQuery::new(id) };
            assert_eq!(list(query).await[0].0, "Slow", "a run without the param comes last");
        }
        let search = |text: &str| RunQuery { search: text.into(), ..RunQuery::new(id) };
        assert_eq!(list(search("SLOW")).await.len(), 1);
        assert_eq!(list(search(slow.as_str())).await.len(), 1);
        assert_eq!(list(RunQuery { status: Some(RunStatus::Failed), ..RunQuery::new(id) }).await, []);
        let mut tx = db.begin().await.unwrap();
        let trash =
            RunUpdate { trashed: Some(true), remove_tags: vec!["first".into()], ..RunUpdate::default() };
        update_run(&mut tx, &slow, &trash, NOW).await;
        tx.commit().await.unwrap();
        assert_eq!(list(RunQuery::new(id)).await, both[..1]);
        assert_eq!(list(RunQuery { trash: Trash::Only, ..RunQuery::new(id) }).await, both[1..]);
        assert_eq!(experiment::get(&db, id).await.unwrap().unwrap().run_count, 1);
        let mut tx = db.begin().await.unwrap();
        let update = ExperimentUpdate {
            trashed: Some(true),
            put_tags: Tags::words(["b"]),
            remove_tags: vec!["a".into()],
            ..ExperimentUpdate::default()
        };
        experiment::update(&mut tx, id, &update, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(list(RunQuery::new(id)).await, [], "hidden with its experiment");
        assert_eq!(list(RunQuery { trash: Trash::With, ..RunQuery::new(id) }).await, both);
        let trashed = experiment::get(&db, id).await.unwrap().unwrap();
        assert_eq!((trashed.tags.to_line(), trashed.trashed_at_ms), ("b".to_owned(), Some(NOW)));
        let kept = experiment::list(&db, &ExperimentQuery::default(), 10).await.unwrap();
        assert!(kept.items.iter().all(|one| one.id != id));
        assert_eq!(run::get(&db, &slow).await.unwrap().unwrap().tags.to_line(), "");
    })
    .await;
}

#[tokio::test]
async fn every_order_holds_both_ways_and_archiving_is_no_activity() {
    on_each(async |db| {
        let first = add_experiment(&db, "b", &[]).await;
        let second = add_experiment(&db, "A", &[]).await;
        for name in ["x", "y"] {
            add_run(&db, first, name).await;
        }
        let end = RunUpdate { status: Some(RunStatus::Completed), ..RunUpdate::default() };
        let late = add_run(&db, second, "z").await;
        let mut tx = db.begin().await.unwrap();
        update_run(&mut tx, &late, &end, UnixMillis(NOW.0 + 9_000)).await;
        let archive = ExperimentUpdate { archived: Some(true), ..ExperimentUpdate::default() };
        experiment::update(&mut tx, first, &archive, UnixMillis(NOW.0 + 99_000)).await.unwrap();
        let back = ExperimentUpdate { archived: Some(false), ..ExperimentUpdate::default() };
        experiment::update(&mut tx, first, &back, UnixMillis(NOW.0 + 99_000)).await.unwrap();
        tx.commit().await.unwrap();
        for (sort, expected) in [
            (ExperimentSort::LastActivity, ["A", "b", "Default"]),
            (ExperimentSort::Created, ["A", "b", "Default"]),
            (ExperimentSort::Name, ["A", "b", "Default"]),
            (ExperimentSort::RunCount, ["b", "A", "Default"]),
        ] {
            let mut expected = expected.to_vec();
            assert_eq!(names(&db, ExperimentQuery { sort, ..ExperimentQuery::default() }).await, expected);
            expected.reverse();
            let reverse = ExperimentQuery { sort, reverse: true, ..ExperimentQuery::default() };
            assert_eq!(names(&db, reverse).await, expected);
        }
        let completed =
            ExperimentQuery { status: Some(ExperimentStatus::Completed), ..ExperimentQuery::default() };
        assert_eq!(names(&db, completed).await, ["A"]);
    })
    .await;
}

#[tokio::test]
async fn runs_are_counted_by_day() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let quiet = add_experiment(&db, "quiet", &[]).await;
        add_run(&db, id, "one").await;
        add_run(&db, id, "two").await;
        let day: i64 = 24 * 3_600 * 1_000;
        let counts = async |days, later: i64| {
            let now = UnixMillis(NOW.0 + later * day);
            experiment::activity(&db, &[id, quiet], days, now).await.unwrap()
        };
        assert_eq!(counts(3, 0).await, [(id, vec![0, 0, 2])].into());
        assert_eq!(counts(3, 2).await, [(id, vec![2, 0, 0])].into());
        assert_eq!(counts(3, 3).await, [].into());
    })
    .await;
}
