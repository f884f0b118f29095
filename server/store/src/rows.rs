//! Statements over many rows at once: one round trip instead of one a row.
//!
//! A statement sees the rows as a table `v` with named columns: `INSERT INTO t (a, b) SELECT v.a, v.b FROM v`.
//! PostgreSQL gets each column as an array (`unnest`). SQLite gets the rows as `VALUES`, in portions of a few fixed
//! sizes, so that few statements have to be prepared; what is missing in a portion is filled with NULLs, which the
//! statement does not see. So the first column must be one that is never NULL.

use crate::{
    Error, Result,
    db::{Arm, Handle},
};
use sqlx::{AssertSqlSafe, Database, FromRow, postgres::PgRow, query::QueryAs, sqlite::SqliteRow};

/// The largest portion in which SQLite gets its rows. Sizes are powers of two.
const PORTION_MAX: usize = 128;

/// One column of values.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    Int(Vec<i64>),
    OptInt(Vec<Option<i64>>),
    OptFloat(Vec<Option<f64>>),
    Text(Vec<String>),
    Blob(Vec<Vec<u8>>),
    OptBlob(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::OptInt(values) => values.len(),
            Self::OptFloat(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Blob(values) => values.len(),
            Self::OptBlob(values) => values.len(),
        }
    }

    fn array_type(&self) -> &'static str {
        match self {
            Self::Int(_) | Self::OptInt(_) => "bigint[]",
            Self::OptFloat(_) => "double precision[]",
            Self::Text(_) => "text[]",
            Self::Blob(_) | Self::OptBlob(_) => "bytea[]",
        }
    }
}

/// A table of values to run a statement over. Columns are as long as each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows(Vec<(&'static str, Column)>);

impl Rows {
    pub fn with(mut self, name: &'static str, column: Column) -> Self {
        self.0.push((name, column));
        self
    }

    fn len(&self) -> usize {
        self.0.first().map_or(0, |(_, column)| column.len())
    }

    fn names(&self) -> String {
        self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn postgres_head(&self) -> String {
        let arrays = self
            .0
            .iter()
            .enumerate()
            .map(|(place, (_, column))| format!("${}::{}", place + 1, column.array_type()));
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        format!("WITH v AS (SELECT * FROM unnest({arrays}) AS u ({})) ", self.names())
    }

    fn sqlite_head(&self, portion: usize) -> String {
        // Places without numbers: SQLite finds them faster.
        let row = format!("({})", vec!["?"; self.0.len()].join(","));
        let rows = vec![row; portion].join(",");
        let names = self.names();
        format!("WITH v ({names}) AS (SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL) ")
    }

    /// Runs a statement over the rows. Without rows nothing is run.
    pub async fn execute(self, target: &mut impl Handle, statement: &'static str) -> Result<()> {
        self.fetch::<(i64,)>(target, statement).await.map(drop)
    }

    /// Runs a statement over the rows and collects what it returns, in no order.
    pub async fn fetch<R>(mut self, target: &mut impl Handle, statement: &'static str) -> Result<Vec<R>>
    where
        R: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        let count = self.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        match target.arm() {
            Arm::Postgres(conn) => {
                let text = self.postgres_head() + statement;
                let mut query = sqlx::query_as(AssertSqlSafe(text));
                for (_, column) in self.0 {
                    query = match column {
                        Column::Int(values) => query.bind(values),
                        Column::OptInt(values) => query.bind(values),
                        Column::OptFloat(values) => query.bind(values),
                        Column::Text(values) => query.bind(values),
                        Column::Blob(values) => query.bind(values),
                        Column::OptBlob(values) => query.bind(values),
                    };
                }
                query.fetch_all(conn).await.map_err(Error::from)
            }
            Arm::Sqlite(conn) => {
                let statement = without_journal(statement);
                let mut answer = Vec::new();
                let mut start = 0;
                while start < count {
                    let portion = (count - start).next_power_of_two().min(PORTION_MAX);
                    let text = self.sqlite_head(portion) + &statement;
                    let mut query = sqlx::query_as(AssertSqlSafe(text));
                    for row in start..start + portion {
                        for (_, column) in &mut self.0 {
                            query = bind_one(query, column, row);
                        }
                    }
                    answer.extend(query.fetch_all(&mut *conn).await?);
                    start += portion;
                }
                Ok(answer)
            }
        }
    }
}

/// SQLite notes what a statement over many rows changes, to undo that statement alone should it fail half-way. We undo
/// the whole transaction then, so `OR FAIL` saves it the notes: a tenth of the work of a commit.
fn without_journal(statement: &str) -> String {
    if statement.contains("ON CONFLICT") {
        return statement.to_owned();
    }
    let statement = statement.trim_start();
    for verb in ["INSERT", "UPDATE"] {
        if let Some(rest) = statement.strip_prefix(verb) {
            return format!("{verb} OR FAIL{rest}");
        }
    }
    statement.to_owned()
}

/// Binds the value of one row, taking it out of its column; NULL beyond the last row.
fn bind_one<'q, R>(
    query: QueryAs<'q, sqlx::Sqlite, R, <sqlx::Sqlite as Database>::Arguments>,
    column: &mut Column,
    row: usize,
) -> QueryAs<'q, sqlx::Sqlite, R, <sqlx::Sqlite as Database>::Arguments> {
    match column {
        Column::Int(values) => query.bind(values.get(row).copied()),
        Column::OptInt(values) => query.bind(values.get(row).copied().flatten()),
        Column::OptFloat(values) => query.bind(values.get(row).copied().flatten()),
        Column::Text(values) => query.bind(values.get_mut(row).map(std::mem::take)),
        Column::Blob(values) => query.bind(values.get_mut(row).map(std::mem::take)),
        Column::OptBlob(values) => query.bind(values.get_mut(row).and_then(Option::take)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_writes_that_cannot_meet_a_conflict_go_without_a_journal() {
        assert_eq!(without_journal("\n  UPDATE t SET a = 1"), "UPDATE OR FAIL t SET a = 1");
        assert_eq!(without_journal("INSERT INTO t SELECT"), "INSERT OR FAIL INTO t SELECT");
        assert_eq!(without_journal("SELECT UPDATE"), "SELECT UPDATE");
        let upsert = "INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING";
        assert_eq!(without_journal(upsert), upsert);
    }

    #[test]
    fn both_heads_name_the_same_columns() {
        let rows = Rows::default()
            .with("id", Column::Int(vec![1, 2]))
            .with("key", Column::Text(vec!["a".into(), "b".into()]));
        assert_eq!(
            rows.postgres_head(),
            "WITH v AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS u (id, key)) "
        );
        assert_eq!(
            rows.sqlite_head(2),
            "WITH v (id, key) AS (SELECT * FROM (VALUES (?,?),(?,?)) WHERE column1 IS NOT NULL) "
        );
    }
}
