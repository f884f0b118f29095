//! The trash: what it lists and weighs, what is hidden once it is marked, and that nothing else goes with it.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{
    Db, artifact, asset,
    db::on,
    experiment, metric, note, param, process, registry, run, run_event, run_field,
    sql::{Statement, fetch_all},
    trace, trash,
    trash::Fate,
};
use model::{
    AssetId, ExperimentId, Float64, ProjectId, RunEventId, RunId, Tags, TraceId,
    artifact::{Artifact, Owner, Reference},
    asset::{Access, AssetMetric, DatasetNew},
    experiment::{ExperimentQuery, ExperimentUpdate},
    ingest::{IngestBatch, SeriesPoints},
    metric::Context,
    registry::{ModelVersionNew, RegisteredModelNew},
    run::{RunQuery, RunUpdate, RunsUpdate},
    run_event::RunEvent,
    trash::{TrashLeaving, TrashQuery, TrashSet},
};
use std::collections::BTreeMap;

/// More than one transaction removes.
const MANY: i64 = 3 * model::limits::PURGE_ROWS_MAX;

async fn put_file(db: &Db, owner: &Owner, path: &str, content: &str) -> bool {
    let file = Artifact {
        path: path.parse().unwrap(),
        size_bytes: content.len() as i64,
        sha256: content.into(),
        mime: "text/plain".into(),
        created_at_ms: NOW,
        reference: None,
    };
    let mut tx = db.begin().await.unwrap();
    assert!(artifact::owner_is_here(&mut tx, owner).await.unwrap());
    let placed = artifact::put(&mut tx, owner, &file).await.unwrap();
    tx.commit().await.unwrap();
    placed
}

/// A run with something of everything that a run may have.
async fn full_run(db: &Db, experiment_id: ExperimentId, params: i64) -> RunId {
    let run_id = add_run(db, experiment_id, "r").await;
    let series = |key: &str, count: i64| SeriesPoints {
        run_id: run_id.clone(),
        key: key.into(),
        context: Context::default(),
        steps: (0..count).collect(),
        times_ms: (0..count).collect(),
        values: (0..count).map(|step| Float64(step as f64)).collect(),
        texts: Vec::new(),
        bytes: Vec::new(),
    };
    let mut tx = db.begin().await.unwrap();
    let batch =
        IngestBatch { series: vec![series("few", 3), series("many", 2_000)], ..IngestBatch::default() };
    let prepared = metric::PreparedBatch { batch, digest: 0, strict: false };
    metric::apply(&mut tx, &[prepared], NOW).await.unwrap();
    let values = (0..params).map(|index| (format!("p{index}"), model::param::ParamValue::Int(index)));
    param::put(&mut tx, run_id.as_str(), &values.collect(), NOW).await.unwrap();
    let again = (0..params).map(|index| (format!("p{index}"), model::param::ParamValue::Int(-1)));
    param::put(&mut tx, run_id.as_str(), &again.collect(), NOW).await.unwrap();
    note::add(&mut tx, &run_id, None, "a note", "ada", NOW, None).await.unwrap();
    let event = RunEvent {
        id: RunEventId::from_bytes([9; 16]),
        time_ms: NOW,
        name: "checkpoint".into(),
        source: String::new(),
        metadata: serde_json::Map::new(),
        kind: model::run_event::RunEventKind::default(),
        span: None,
    };
    run_event::add(&mut tx, &run_id, &[event]).await.unwrap();
    let held = process::hold(&mut tx, &run_id, None).await.unwrap();
    let mut held = held.unwrap();
    held.note_created(&mut tx, NOW).await.unwrap();
    let new = model::process::ProcessNew {
        id: model::ProcessId::from_bytes([3; 16]),
        host: "node".into(),
        pid: 1,
        rank: None,
    };
    assert!(held.join(&mut tx, &new, NOW, NOW).await.unwrap());
    let reference = Reference { uri: "s3://b/d".into(), size_bytes: None, digest: None };
    let noted = Artifact {
        path: "elsewhere.txt".parse().unwrap(),
        size_bytes: 0,
        sha256: String::new(),
        mime: "text/plain".into(),
        created_at_ms: NOW,
        reference: Some(reference.clone()),
    };
    artifact::put_reference(&mut tx, &run_id.clone().into(), &noted, &reference).await.unwrap();
    tx.commit().await.unwrap();
    run_id
}

async fn throw_run(db: &Db, id: &RunId) {
    let mut tx = db.begin().await.unwrap();
    let update = RunUpdate { trashed: Some(true), ..RunUpdate::default() };
    update_run(&mut tx, id, &update, NOW).await;
    tx.commit().await.unwrap();
}

async fn throw(db: &Db, id: ExperimentId) {
    let mut tx = db.begin().await.unwrap();
    let update = ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() };
    assert!(experiment::update(&mut tx, id, &update, NOW).await.unwrap());
    tx.commit().await.unwrap();
}

fn runs(ids: &[&RunId]) -> TrashSet {
    TrashSet { runs: ids.iter().map(|&id| id.clone()).collect(), ..TrashSet::default() }
}

fn whole(id: ExperimentId) -> TrashSet {
    TrashSet { experiments: vec![id], ..TrashSet::default() }
}

async fn decide(db: &Db, set: &TrashSet, fate: Fate) -> Result<Vec<ExperimentId>, String> {
    let mut tx = db.begin().await.unwrap();
    let decided = trash::decide(&mut tx, set, fate, NOW).await.unwrap();
    if decided.is_ok() {
        tx.commit().await.unwrap();
    }
    decided
}

/// Removes all that is marked; answers in how many transactions.
async fn remove_all(db: &Db) -> usize {
    let mut count = 0;
    loop {
        let mut tx = db.begin().await.unwrap();
        let rows = trash::remove_some(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(rows <= 2 * model::limits::PURGE_ROWS_MAX, "a transaction stays small: {rows}");
        if rows == 0 {
            return count;
        }
        count += 1;
    }
}

/// How many rows there are in each table that a run or an experiment has rows in.
async fn rows(db: &Db) -> BTreeMap<&'static str, i64> {
    let mut rows = BTreeMap::new();
    let mut conn = db.read().await.unwrap();
    for (name, statement) in [
        ("experiment", "SELECT COUNT(*) FROM experiment"),
        ("experiment_tag", "SELECT COUNT(*) FROM experiment_tag"),
        ("run", "SELECT COUNT(*) FROM run"),
        ("run_tag", "SELECT COUNT(*) FROM run_tag"),
        ("param", "SELECT COUNT(*) FROM param"),
        ("series", "SELECT COUNT(*) FROM series"),
        ("segment", "SELECT COUNT(*) FROM segment"),
        ("bundle", "SELECT COUNT(*) FROM bundle"),
        ("note", "SELECT COUNT(*) FROM note"),
        ("process", "SELECT COUNT(*) FROM process"),
        ("environment", "SELECT COUNT(*) FROM environment"),
        ("run_event", "SELECT COUNT(*) FROM run_event"),
        ("artifact", "SELECT COUNT(*) FROM artifact"),
        ("artifact_reference", "SELECT COUNT(*) FROM artifact_reference"),
        ("blob", "SELECT COUNT(*) FROM blob"),
        ("asset", "SELECT COUNT(*) FROM asset"),
        ("asset_tag", "SELECT COUNT(*) FROM asset_tag"),
        ("asset_metric", "SELECT COUNT(*) FROM asset_metric"),
        ("asset_use", "SELECT COUNT(*) FROM asset_use"),
        ("trace", "SELECT COUNT(*) FROM trace"),
        ("trace_tag", "SELECT COUNT(*) FROM trace_tag"),
    ] {
        let mut query = Statement::default();
        query.push(statement);
        let counts: Vec<(i64,)> = fetch_all!(conn, query).unwrap();
        rows.insert(name, counts[0].0);
    }
    rows
}

#[tokio::test]
async fn a_run_that_is_deleted_takes_everything_of_its_own_and_nothing_else() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &["t"]).await;
        let kept = full_run(&db, id, 5).await;
        assert!(put_file(&db, &kept.clone().into(), "own.txt", "kept").await);
        assert!(put_file(&db, &kept.clone().into(), "shared.txt", "shared").await);
        let before = rows(&db).await;

        let gone = full_run(&db, id, MANY).await;
        assert!(!put_file(&db, &gone.clone().into(), "shared.txt", "shared").await);
        assert!(put_file(&db, &gone.clone().into(), "own.txt", "own!").await);
        assert!(!put_file(&db, &gone.clone().into(), "again.txt", "own!").await);
        let child = add_run(&db, id, "child").await;
        let mut tx = db.begin().await.unwrap();
        on!(tx, c => sqlx::query("UPDATE run SET parent_id = $1 WHERE id = $2").bind(gone.as_str()).bind(child.as_str()).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();

        assert!(decide(&db, &runs(&[&gone]), Fate::Deleted).await.unwrap_err().contains("run"), "not in the trash");
        throw_run(&db, &gone).await;
        let size = trash::size(&db, &runs(&[&gone])).await.unwrap();
        assert_eq!((size.runs, size.points, size.files, size.file_bytes), (1, 2_003, 1, 4));
        assert!(size.data_bytes > 1_000, "{size:?}");
        let both = trash::size(&db, &runs(&[&gone, &kept])).await.unwrap();
        assert_eq!((both.runs, both.files, both.file_bytes), (2, 3, 4 + 4 + 6), "shared only with each other");

        assert_eq!(decide(&db, &runs(&[&gone]), Fate::Deleted).await, Ok(vec![id]));
        assert_eq!(run::get(&db, &gone).await.unwrap(), None);
        assert_eq!(trash::leaving(&db).await.unwrap(), TrashLeaving { experiments: 0, runs: 1 });
        for trash in [model::run::Trash::Only, model::run::Trash::With] {
            let search = RunQuery { trash, ..RunQuery::new(id) }.into_search(10).unwrap();
            assert!(run::search(&db, &search, NOW).await.unwrap().iter().all(|run| run.id != gone));
        }
        assert!(decide(&db, &runs(&[&gone]), Fate::Restored).await.is_err(), "there is no way back");
        let mut tx = db.begin().await.unwrap();
        assert!(process::hold(&mut tx, &gone, None).await.unwrap().is_none());
        assert!(!artifact::owner_is_here(&mut tx, &gone.clone().into()).await.unwrap());
        tx.commit().await.unwrap();

        assert!(remove_all(&db).await > 2, "so many rows go in several transactions");
        assert_eq!(run::get(&db, &child).await.unwrap().unwrap().parent_id, None);
        let mut after = rows(&db).await;
        // The child came later.
        *after.get_mut("run").unwrap() -= 1;
        *after.get_mut("run_tag").unwrap() -= 1;
        assert_eq!(after, before);
        assert_eq!(artifact::gone(&db, 10).await.unwrap(), ["own!"]);
        assert_eq!(trash::leaving(&db).await.unwrap(), TrashLeaving::default());
        assert_eq!(artifact::files_below(&db, &kept.into(), None).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_experiment_goes_with_its_runs_datasets_and_traces() {
    on_each(async |db| {
        let stays = add_experiment(&db, "stays", &[]).await;
        let reader = full_run(&db, stays, 2).await;
        let before = rows(&db).await;
        let id = add_experiment(&db, "goes", &["t"]).await;
        let run_id = full_run(&db, id, 2).await;
        full_run(&db, id, 2).await;
        let (asset_id, trace_id) = (AssetId::from_bytes([1; 16]), TraceId::from_bytes([2; 16]));
        let mut tx = db.begin().await.unwrap();
        let new = DatasetNew { name: "d".into(), digest: "aa".into(), ..DatasetNew::default() };
        asset::ensure_dataset(&mut tx, &asset_id, id, &new, NOW).await.unwrap();
        let record = asset::UseRecord {
            run_id: &reader,
            asset_id: &asset_id,
            access: Access::Read,
            context: "",
            step: 0,
            tags: &Tags::default(),
        };
        asset::add_use(&mut tx, &record, NOW).await.unwrap();
        let measured = AssetMetric {
            key: "acc".into(),
            dataset_name: String::new(),
            dataset_digest: String::new(),
            run_id: run_id.clone(),
            step: 0,
            time_ms: NOW,
            value: Float64(0.5),
        };
        asset::put_metric(&mut tx, &asset_id, &measured).await.unwrap();
        let trace = model::trace::Trace {
            id: trace_id.clone(),
            experiment_id: id,
            client_request_id: String::new(),
            started_at_ms: NOW,
            duration_ms: None,
            state: model::trace::TraceState::Ok,
            request_preview: String::new(),
            response_preview: String::new(),
            metadata: BTreeMap::new(),
            tags: Tags::words(["t"]),
        };
        trace::put(&mut tx, &trace).await.unwrap();
        tx.commit().await.unwrap();
        put_file(&db, &Owner::Asset(asset_id.clone()), "data.csv", "data").await;
        put_file(&db, &Owner::Trace(trace_id.clone()), "traces.json", "trace").await;
        put_file(&db, &run_id.clone().into(), "a.txt", "run").await;

        throw(&db, id).await;
        let (items, total) = trash::list(&db, &TrashQuery::default(), 10).await.unwrap();
        assert_eq!((items.len(), total, items[0].name.as_str(), items[0].run_count), (1, 1, "goes", 2));
        let size = trash::size(&db, &whole(id)).await.unwrap();
        assert_eq!((size.runs, size.files, size.file_bytes), (2, 3, 12));

        assert_eq!(decide(&db, &whole(id), Fate::Deleted).await, Ok(vec![id]));
        assert_eq!(trash::leaving(&db).await.unwrap(), TrashLeaving { experiments: 1, runs: 2 });
        assert_eq!(experiment::get(&db, id).await.unwrap(), None);
        assert_eq!(run::get(&db, &run_id).await.unwrap(), None);
        assert_eq!(asset::get(&db, &asset_id).await.unwrap(), None);
        assert!(trace::get(&db, &[trace_id]).await.unwrap().is_empty());
        assert_eq!(trash::list(&db, &TrashQuery::default(), 10).await.unwrap().1, 0);
        let everywhere = ExperimentQuery { trash: model::run::Trash::With, ..ExperimentQuery::default() };
        assert!(experiment::list(&db, &everywhere, 10).await.unwrap().items.iter().all(|one| one.id != id));
        let mut tx = db.begin().await.unwrap();
        let again = experiment::ensure(&mut tx, ProjectId::DEFAULT, "goes", NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert!(again.1 && again.0 != id, "the name is free at once");

        remove_all(&db).await;
        let mut after = rows(&db).await;
        *after.get_mut("experiment").unwrap() -= 1;
        assert_eq!(after, before);
        assert_eq!(run_field::list(&db, id, "", 10).await.unwrap(), []);
        assert_eq!(artifact::gone(&db, 10).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn content_that_comes_back_before_its_file_is_removed_stays() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let (gone, kept) = (add_run(&db, id, "gone").await, add_run(&db, id, "kept").await);
        put_file(&db, &gone.clone().into(), "a.txt", "same").await;
        put_file(&db, &gone.clone().into(), "b.txt", "other").await;
        throw_run(&db, &gone).await;
        decide(&db, &runs(&[&gone]), Fate::Deleted).await.unwrap();
        remove_all(&db).await;
        assert!(put_file(&db, &kept.clone().into(), "a.txt", "same").await, "its file is put in place anew");
        assert_eq!(artifact::gone(&db, 10).await.unwrap(), ["other"]);
        let mut tx = db.begin().await.unwrap();
        assert!(!artifact::take_gone(&mut tx, "same").await.unwrap());
        assert!(artifact::take_gone(&mut tx, "other").await.unwrap());
        tx.commit().await.unwrap();
        assert!(put_file(&db, &kept.clone().into(), "a.txt", "newer").await);
        let unlisted = artifact::unlisted(&db, "", 10).await.unwrap();
        assert_eq!(unlisted.iter().collect::<Vec<_>>(), ["same"]);
    })
    .await;
}

#[tokio::test]
async fn files_of_a_registered_model_are_told() {
    on_each(async |db| {
        let id = add_experiment(&db, "e", &[]).await;
        let (run_id, other) = (add_run(&db, id, "r").await, add_run(&db, id, "s").await);
        let mut tx = db.begin().await.unwrap();
        let model = RegisteredModelNew { name: "reader".into(), ..RegisteredModelNew::default() };
        registry::add(&mut tx, &model, NOW).await.unwrap();
        let version = ModelVersionNew {
            name: "reader".into(),
            source: "runs:/x/model".into(),
            location: format!("mlflow-artifacts:/{id}/{run_id}/artifacts/model"),
            run_id: Some(run_id.clone()),
            ..ModelVersionNew::default()
        };
        registry::add_version(&mut tx, &version, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let kept = async |set| trash::size(&db, &set).await.unwrap().kept_for;
        assert_eq!(kept(runs(&[&run_id])).await, ["reader version 1"]);
        assert_eq!(kept(whole(id)).await, ["reader version 1"]);
        assert_eq!(kept(runs(&[&other])).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn the_trash_lists_runs_unless_their_experiment_lies_there() {
    on_each(async |db| {
        let id = add_experiment(&db, "Named", &[]).await;
        let run_id = add_run(&db, id, "Lonely").await;
        throw_run(&db, &run_id).await;
        let names = async |search: &str| {
            let query = TrashQuery { search: search.into(), ..TrashQuery::default() };
            let (items, total) = trash::list(&db, &query, 10).await.unwrap();
            assert_eq!(total as usize, items.len());
            items.into_iter().map(|item| (item.name, item.experiment_name)).collect::<Vec<_>>()
        };
        assert_eq!(names("LONE").await, [("Lonely".to_owned(), "Named".to_owned())]);
        throw(&db, id).await;
        assert_eq!(names("").await, [("Named".to_owned(), "Named".to_owned())]);
        assert_eq!(decide(&db, &whole(id), Fate::Restored).await, Ok(vec![id]));
        assert_eq!(names("").await, [("Lonely".to_owned(), "Named".to_owned())]);
        assert_eq!(decide(&db, &runs(&[&run_id]), Fate::Restored).await, Ok(vec![id]));
        assert_eq!(names("").await, []);
        assert_eq!(experiment::get(&db, id).await.unwrap().unwrap().run_count, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_deleted_for_good_does_not_come_back_among_many() {
    on_each(async |db| {
        let (id, other) = (add_experiment(&db, "e", &[]).await, add_experiment(&db, "f", &[]).await);
        let (gone, kept) = (add_run(&db, id, "gone").await, add_run(&db, id, "kept").await);
        throw_run(&db, &gone).await;
        decide(&db, &runs(&[&gone]), Fate::Deleted).await.unwrap();
        let update = RunsUpdate {
            ids: Vec::new(),
            query: None,
            tags: Tags::words(["kept"]),
            remove_tags: Vec::new(),
            archived: None,
            trashed: Some(false),
            experiment_id: Some(other),
        };
        let mut tx = db.begin().await.unwrap();
        let changed = run::update_many(&mut tx, &[gone, kept.clone()], &update, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            changed,
            [run::RunBefore { id: kept, experiment_id: id, trashed: false, archived: false }]
        );
        let search = RunQuery::new(other).into_search(10).unwrap();
        assert_eq!(run::count(&db, &search, NOW).await.unwrap(), 1);
    })
    .await;
}
