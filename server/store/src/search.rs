//! The search over everything that has a name. Each statement reads an index and stops at a bound, so that a person who
//! types does not wait however much there is.

use crate::{
    Db, Error, Result,
    db::on,
    sql::{contains, starts_with},
};
use model::{
    ExperimentId, RunId, limits,
    query::Field,
    search::{ExperimentFound, FieldFound, RunFound},
};

const EXPERIMENTS: &str = "
    SELECT id, name, CAST(CASE WHEN archived_at_ms IS NULL THEN 0 ELSE 1 END AS BIGINT) FROM experiment
    WHERE trashed_at_ms IS NULL AND name_folded LIKE $1 ESCAPE '\\'
    ORDER BY CASE WHEN archived_at_ms IS NULL THEN 0 ELSE 1 END,
        CASE WHEN name_folded = $2 THEN 0 WHEN name_folded LIKE $3 ESCAPE '\\' THEN 1 ELSE 2 END,
        updated_at_ms DESC, id DESC
    LIMIT $4";

/// Experiments by a part of their name: archived ones last, those that begin with it first.
pub async fn experiments(db: &Db, text: &str) -> Result<Vec<ExperimentFound>> {
    let mut conn = db.read().await?;
    let text = text.to_lowercase();
    let rows: Vec<(i64, String, i64)> = on!(conn, c => sqlx::query_as(EXPERIMENTS)
        .bind(contains(&text))
        .bind(&text)
        .bind(starts_with(&text))
        .bind(limits::SEARCH_FOUND_MAX)
        .fetch_all(c)
        .await)?;
    let found =
        |(id, name, archived)| ExperimentFound { id: ExperimentId(id), name, archived: archived != 0 };
    Ok(rows.into_iter().map(found).collect())
}

/// Around a statement that finds some runs: with the names of their experiments.
macro_rules! named {
    ($inner:expr) => {
        concat!(
            "SELECT found.id, found.name, found.number, found.color, found.status, found.experiment_id, experiment.name
            FROM (SELECT id, name, number, color, status, experiment_id, created_at_ms FROM run
                WHERE trashed_at_ms IS NULL
                AND experiment_id NOT IN (SELECT id FROM experiment WHERE trashed_at_ms IS NOT NULL) AND ",
            $inner,
            ") AS found JOIN experiment ON experiment.id = found.experiment_id
            ORDER BY found.created_at_ms DESC, found.id"
        )
    };
}

const RUNS_BY_ID: &str = named!("id >= $1 AND id < $2 LIMIT $3");

const RUNS_BY_NAME: &str = named!("name_folded = $1 ORDER BY created_at_ms DESC LIMIT $2");

// The bound is a time, not a subquery's limit: so the index decides by itself which rows are looked at.
const RUNS_BY_PART: &str = named!(
    "created_at_ms >= COALESCE((SELECT created_at_ms FROM run WHERE trashed_at_ms IS NULL
        ORDER BY created_at_ms DESC LIMIT 1 OFFSET $3), CAST($4 AS BIGINT))
    AND name_folded LIKE $1 ESCAPE '\\' ORDER BY created_at_ms DESC LIMIT $2"
);

type RunRow = (String, String, i64, Option<i64>, String, i64, String);

/// Runs by the start of their id, then by their name, then by a part of it; the newest first of each.
pub async fn runs(db: &Db, text: &str) -> Result<Vec<RunFound>> {
    let mut conn = db.read().await?;
    let text = text.to_lowercase();
    let most = limits::SEARCH_FOUND_MAX;
    let mut rows: Vec<RunRow> = Vec::new();
    if is_start_of_id(&text) {
        // What begins so comes before the same with a letter behind it that no digit reaches.
        rows = on!(conn, c => sqlx::query_as(RUNS_BY_ID).bind(&text).bind(format!("{text}g")).bind(most).fetch_all(c).await)?;
    }
    if !text.is_empty() {
        rows.extend::<Vec<RunRow>>(
            on!(conn, c => sqlx::query_as(RUNS_BY_NAME).bind(&text).bind(most).fetch_all(c).await)?,
        );
    }
    rows.extend::<Vec<RunRow>>(on!(conn, c => sqlx::query_as(RUNS_BY_PART)
        .bind(contains(&text))
        .bind(most)
        .bind(limits::SEARCH_RUNS_MAX)
        .bind(i64::MIN)
        .fetch_all(c)
        .await)?);
    let mut found: Vec<RunFound> = Vec::new();
    for (id, name, number, color, status, experiment_id, experiment_name) in rows {
        let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
        let id: RunId = id.parse().map_err(corrupt)?;
        if found.iter().all(|one| one.id != id) {
            let color = color.and_then(|color| u8::try_from(color).ok());
            let (status, experiment_id) = (status.parse().map_err(corrupt)?, ExperimentId(experiment_id));
            found.push(RunFound { id, name, number, color, status, experiment_id, experiment_name });
        }
    }
    found.truncate(most as usize);
    Ok(found)
}

/// Fewer digits are hardly meant as an id.
const ID_DIGITS_MIN: usize = 4;

fn is_start_of_id(text: &str) -> bool {
    (ID_DIGITS_MIN..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

// The key of the table gives both parts in order: newer experiments have higher ids.
const FIELDS: &str = "
    SELECT found.kind, found.key, found.experiment_id, experiment.name, found.places
    FROM (
        SELECT kind, key, COUNT(*) AS places,
            COALESCE(MAX(CASE WHEN experiment_id = $1 THEN experiment_id END), MAX(experiment_id)) AS experiment_id
        FROM (
            SELECT * FROM (SELECT experiment_id, kind, key FROM run_field WHERE experiment_id = $1) AS here
            UNION ALL
            SELECT * FROM (SELECT experiment_id, kind, key FROM run_field WHERE experiment_id <> $1
                ORDER BY experiment_id DESC LIMIT $2) AS others
        ) AS field
        WHERE kind <> 'tag' AND LOWER(key) LIKE $3 ESCAPE '\\'
            AND experiment_id NOT IN (SELECT id FROM experiment WHERE trashed_at_ms IS NOT NULL)
        GROUP BY kind, key
    ) AS found JOIN experiment ON experiment.id = found.experiment_id
    ORDER BY CASE WHEN LOWER(found.key) = $4 THEN 0 WHEN LOWER(found.key) LIKE $5 ESCAPE '\\' THEN 1 ELSE 2 END,
        CASE WHEN found.experiment_id = $1 THEN 0 ELSE 1 END, found.places DESC, found.key, found.kind
    LIMIT $6";

/// Params and metrics by a part of their key, in any case of the letters A to Z: those that begin with it first, then those
/// of the experiment that is looked at, then those that most experiments have.
pub async fn fields(db: &Db, text: &str, here: Option<ExperimentId>) -> Result<Vec<FieldFound>> {
    let mut conn = db.read().await?;
    let text = text.to_lowercase();
    let rows: Vec<(String, String, i64, String, i64)> = on!(conn, c => sqlx::query_as(FIELDS)
        .bind(here.map_or(-1, |id| id.0))
        .bind(limits::SEARCH_FIELDS_MAX)
        .bind(contains(&text))
        .bind(&text)
        .bind(starts_with(&text))
        .bind(limits::SEARCH_FOUND_MAX)
        .fetch_all(c)
        .await)?;
    let found = |(kind, key, experiment_id, experiment_name, experiment_count): (
        String,
        String,
        i64,
        String,
        i64,
    )| {
        let field = if kind == "param" { Field::Param(key) } else { Field::metric(key) };
        FieldFound { field, experiment_id: ExperimentId(experiment_id), experiment_name, experiment_count }
    };
    Ok(rows.into_iter().map(found).collect())
}
