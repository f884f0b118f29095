//! Throw-away databases: what tests run on. SQLite in a folder of the caller's; PostgreSQL as a database of its own
//! in the cluster that `TEST_DATABASE_URL` names.

use crate::{Error, Result};
use sqlx::{Connection, PgConnection};
use std::path::Path;

/// URLs of fresh, empty databases: always one SQLite file in `folder`, and one PostgreSQL database when
/// `TEST_DATABASE_URL` is set. `name` must be unique to the call: lower-case letters, digits and underscores.
pub async fn urls(folder: &Path, name: &str) -> Result<Vec<String>> {
    let mut urls = vec![format!("sqlite:{}", folder.join("scratch.db").display())];
    if let Ok(cluster) = std::env::var("TEST_DATABASE_URL") {
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return Err(Error::Refused(format!("\"{name}\" is no name for a scratch database")));
        }
        let mut conn = PgConnection::connect(&cluster).await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await?;
        let (server, _) =
            cluster.rsplit_once('/').ok_or_else(|| Error::Refused("no database in the URL".into()))?;
        urls.push(format!("{server}/{name}"));
    }
    Ok(urls)
}
