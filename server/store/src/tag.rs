//! Tags of experiments and runs: two tables of one shape.

use crate::{
    Result, Tx,
    db::on,
    rows::{Column, Rows},
    run_field,
};
use model::Tags;
use std::collections::HashMap;

/// Tags per owner from rows of (owner, key, value).
pub(crate) fn group<O: std::hash::Hash + Eq>(rows: Vec<(O, String, String)>) -> HashMap<O, Tags> {
    let mut tags: HashMap<O, Tags> = HashMap::new();
    for (owner, key, value) in rows {
        tags.entry(owner).or_default().0.insert(key, value);
    }
    tags
}

const EXPERIMENT_TAG_PUT: &str = "
    INSERT INTO experiment_tag (experiment_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value";

const EXPERIMENT_TAG_CLEAR: &str = "DELETE FROM experiment_tag WHERE experiment_id = $1";

/// Makes these the tags of an experiment.
pub async fn replace_experiment(tx: &mut Tx, experiment_id: i64, tags: &Tags) -> Result<()> {
    on!(tx, c => sqlx::query(EXPERIMENT_TAG_CLEAR).bind(experiment_id).execute(c).await.map(drop))?;
    for (key, value) in &tags.0 {
        on!(tx, c => sqlx::query(EXPERIMENT_TAG_PUT).bind(experiment_id).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const EXPERIMENT_TAG_REMOVE: &str = "DELETE FROM experiment_tag WHERE experiment_id = $1 AND key = $2";

/// Adds and removes single tags of an experiment.
pub async fn change_experiment(tx: &mut Tx, experiment_id: i64, put: &Tags, remove: &[String]) -> Result<()> {
    for key in remove {
        on!(tx, c => sqlx::query(EXPERIMENT_TAG_REMOVE).bind(experiment_id).bind(key).execute(c).await.map(drop))?;
    }
    for (key, value) in &put.0 {
        on!(tx, c => sqlx::query(EXPERIMENT_TAG_PUT).bind(experiment_id).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const RUN_TAG_REMOVE: &str = "DELETE FROM run_tag WHERE run_id = $1 AND key = $2";

/// Removes tags of a run; keys that it lacks are passed over.
pub async fn remove_run(tx: &mut Tx, run_id: &str, keys: &[String]) -> Result<()> {
    for key in keys {
        on!(tx, c => sqlx::query(RUN_TAG_REMOVE).bind(run_id).bind(key).execute(c).await.map(drop))?;
    }
    Ok(())
}

const RUN_TAG_PUT: &str = "
    INSERT INTO run_tag (run_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value";

/// Adds tags to a run; a key that is there takes the new value.
pub async fn put_run(tx: &mut Tx, run_id: &str, tags: &Tags) -> Result<()> {
    for (key, value) in &tags.0 {
        on!(tx, c => sqlx::query(RUN_TAG_PUT).bind(run_id).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    let noted = tags.0.keys().map(|key| (run_id.to_owned(), key.clone())).collect();
    run_field::note(tx, run_field::Kind::Tag, noted).await
}

const RUNS_TAG_REMOVE: &str = "DELETE FROM run_tag WHERE (run_id, key) IN (SELECT v.run_id, v.key FROM v)";

const RUNS_TAG_PUT: &str = "
    INSERT INTO run_tag (run_id, key, value) SELECT v.run_id, v.key, v.value FROM v WHERE 1 = 1
    ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value";

/// Adds and removes tags of many runs.
pub async fn change_runs(tx: &mut Tx, run_ids: &[String], put: &Tags, remove: &[String]) -> Result<()> {
    let runs = || Column::Text(run_ids.to_vec());
    let all = |text: &String| Column::Text(vec![text.clone(); run_ids.len()]);
    for key in remove {
        Rows::default().with("run_id", runs()).with("key", all(key)).execute(tx, RUNS_TAG_REMOVE).await?;
    }
    for (key, value) in &put.0 {
        let rows = Rows::default().with("run_id", runs()).with("key", all(key)).with("value", all(value));
        rows.execute(tx, RUNS_TAG_PUT).await?;
        let noted = run_ids.iter().map(|id| (id.clone(), key.clone())).collect();
        run_field::note(tx, run_field::Kind::Tag, noted).await?;
    }
    Ok(())
}
