//! Which params, metrics and tags the runs of an experiment have: noted when one is first seen, so that nobody has to look
//! through all runs for it.

use crate::{
    Db, Error, Result, Tx,
    rows::{Column, Rows},
    sql::{Statement, contains, fetch_all},
};
use model::{
    ExperimentId,
    query::{Field, Stat},
};

/// As the table spells it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Param,
    Metric,
    Tag,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Param => "param",
            Self::Metric => "metric",
            Self::Tag => "tag",
        }
    }
}

const NOTE: &str = "
    INSERT INTO run_field (experiment_id, kind, key)
    SELECT DISTINCT run.experiment_id, v.kind, v.key FROM v JOIN run ON run.id = v.run_id WHERE 1 = 1
    ON CONFLICT DO NOTHING";

/// Notes that runs have fields of these keys.
pub(crate) async fn note(tx: &mut Tx, kind: Kind, mut fields: Vec<(String, String)>) -> Result<()> {
    // In one order, so that servers do not wait for each other in a circle.
    fields.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    let count = fields.len();
    let (run_ids, keys) = fields.into_iter().unzip();
    Rows::default()
        .with("run_id", Column::Text(run_ids))
        .with("key", Column::Text(keys))
        .with("kind", Column::Text(vec![kind.as_str().to_owned(); count]))
        .execute(tx, NOTE)
        .await
}

const NOTE_PARAMS: &str = "
    INSERT INTO run_field (experiment_id, kind, key)
    SELECT DISTINCT run.experiment_id, 'param', param.key FROM v JOIN run ON run.id = v.id
    JOIN param ON param.run_id = run.id WHERE 1 = 1 ON CONFLICT DO NOTHING";

const NOTE_METRICS: &str = "
    INSERT INTO run_field (experiment_id, kind, key)
    SELECT DISTINCT run.experiment_id, 'metric', series.key FROM v JOIN run ON run.id = v.id
    JOIN series ON series.run_id = run.id AND series.context = '' AND series.kind = 'number' WHERE 1 = 1
    ON CONFLICT DO NOTHING";

const NOTE_TAGS: &str = "
    INSERT INTO run_field (experiment_id, kind, key)
    SELECT DISTINCT run.experiment_id, 'tag', run_tag.key FROM v JOIN run ON run.id = v.id
    JOIN run_tag ON run_tag.run_id = run.id WHERE 1 = 1 ON CONFLICT DO NOTHING";

/// Notes all that these runs have, for the experiment that they came to.
pub(crate) async fn note_moved(tx: &mut Tx, run_ids: Vec<String>) -> Result<()> {
    for statement in [NOTE_PARAMS, NOTE_METRICS, NOTE_TAGS] {
        Rows::default().with("id", Column::Text(run_ids.clone())).execute(tx, statement).await?;
    }
    Ok(())
}

/// Fields of an experiment's runs whose key contains a text, in any case of the letters A to Z: params, then metrics,
/// then tags.
pub async fn list(db: &Db, experiment_id: ExperimentId, search: &str, limit: i64) -> Result<Vec<Field>> {
    let mut query = Statement::default();
    query.push("SELECT kind, key FROM run_field WHERE experiment_id = ").bind(experiment_id.0);
    if !search.trim().is_empty() {
        query.push(" AND LOWER(key) LIKE ").bind(contains(search.trim()).as_str()).push(" ESCAPE '\\'");
    }
    query
        .push(" ORDER BY CASE kind WHEN 'param' THEN 0 WHEN 'metric' THEN 1 ELSE 2 END, key LIMIT ")
        .bind(limit);
    let mut conn = db.read().await?;
    let rows: Vec<(String, String)> = fetch_all!(conn, query)?;
    let field = |(kind, key): (String, String)| match kind.as_str() {
        "param" => Ok(Field::Param(key)),
        "metric" => Ok(Field::Metric { key, stat: Stat::Last }),
        "tag" => Ok(Field::Tag(key)),
        other => Err(Error::Corrupt(format!("run field of kind {other}"))),
    };
    rows.into_iter().map(field).collect()
}
