//! Regular expressions in searches that SQL decides. Neither database is asked for them: each has a dialect of its own or
//! none, and the query language has one. Instead the texts of the field are read and held against the pattern, and SQL
//! gets the runs that were meant.

use crate::{
    Db, Result,
    sql::{Statement, fetch_each},
};
use model::{
    ExperimentId,
    query::{Attribute, Clause, DatasetField, Expr, Field, Test},
    run::RunSearch,
};
use std::borrow::Cow;

/// The same search with the ids of the runs that are meant in place of each pattern.
pub(crate) async fn settled<'a>(db: &Db, search: &'a RunSearch) -> Result<Cow<'a, RunSearch>> {
    let mut settled = Cow::Borrowed(search);
    if search.filter.as_ref().is_some_and(has_pattern) {
        let mut clauses = Vec::new();
        settled.to_mut().filter.iter_mut().for_each(|expr| collect(expr, &mut clauses));
        for clause in clauses {
            let ids = meant(db, &search.experiment_ids, clause).await?;
            *clause = Clause { field: Field::Attribute(Attribute::Id), test: Test::In(ids) };
        }
    }
    Ok(settled)
}

fn has_pattern(expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(has_pattern),
        Expr::Not(part) => has_pattern(part),
        Expr::Clause(clause) => matches!(clause.test, Test::Matches { .. }),
    }
}

fn collect<'a>(expr: &'a mut Expr, clauses: &mut Vec<&'a mut Clause>) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter_mut().for_each(|part| collect(part, clauses)),
        Expr::Not(part) => collect(part, clauses),
        Expr::Clause(clause) if matches!(clause.test, Test::Matches { .. }) => clauses.push(clause),
        Expr::Clause(_) => {}
    }
}

/// The runs of some experiments that a clause means, which looks at nothing but a text.
async fn meant(
    db: &Db,
    experiment_ids: &[ExperimentId],
    Clause { field, test }: &Clause,
) -> Result<Vec<String>> {
    let mut statement = Statement::default();
    match field {
        Field::Attribute(attribute) => {
            statement.push("SELECT run.id, ").push(match attribute {
                Attribute::Id => "run.id",
                Attribute::Name => "run.name",
                Attribute::Status => "run.status",
                Attribute::User => "run.user_name",
                Attribute::Parent => "run.parent_id",
                Attribute::Archived => crate::query::IS_ARCHIVED,
                // The parser lets no pattern be held against what is no text, and no run has the rest.
                _ => return Ok(Vec::new()),
            });
            statement.push(" FROM run");
        }
        Field::Param(key) => {
            statement.push("SELECT run.id, k.value FROM run JOIN param k ON k.run_id = run.id AND k.key = ");
            statement.bind(key.as_str());
        }
        Field::Tag(key) => {
            statement
                .push("SELECT run.id, k.value FROM run JOIN run_tag k ON k.run_id = run.id AND k.key = ");
            statement.bind(key.as_str());
        }
        Field::Dataset(field) => {
            let column = match field {
                DatasetField::Name => "d.name",
                DatasetField::Digest => "d.digest",
                DatasetField::Context => "k.context",
            };
            statement
                .push("SELECT run.id, ")
                .push(column)
                .push(" FROM run JOIN asset_use k ON k.run_id = run.id");
            statement.push(" JOIN asset d ON d.id = k.asset_id AND d.kind = 'dataset' AND ");
            statement.push(column).push(" <> ''");
        }
        Field::Metric { .. } => return Ok(Vec::new()),
    }
    statement.push(" WHERE run.experiment_id IN ").bind_list(experiment_ids.iter().map(|id| id.0));
    let mut conn = db.read().await?;
    let mut ids: Vec<String> = Vec::new();
    // One at a time: a hundred thousand long texts are not held at once.
    fetch_each!(conn, statement, (id, text) in (String, Option<String>) => {
        if text.is_some_and(|text| test.fits_text(&text)) {
            ids.push(id);
        }
    });
    Ok(ids)
}
