//! Fresh places to measure on, and what lies there in the end.

use super::Options;
use crate::{
    server::{Place, Server},
    usage,
};
use anyhow::{Context as _, Result};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime},
};
use tokio::time::sleep;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    /// The URL of a cluster in which databases may be made.
    Postgres(String),
}

impl Database {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Settings that decide what a commit costs, for the reader to judge.
    pub async fn settings(&self) -> Result<Option<String>> {
        let Self::Postgres(url) = self else { return Ok(None) };
        let mut connection = PgConnection::connect(url).await?;
        let mut shown = Vec::new();
        for name in ["server_version", "fsync", "synchronous_commit", "full_page_writes"] {
            let statement = AssertSqlSafe(format!("SHOW {name}"));
            let (value,): (String,) = sqlx::query_as(statement).fetch_one(&mut connection).await?;
            shown.push(format!("{name} {value}"));
        }
        Ok(Some(shown.join(", ")))
    }
}

/// A fresh store on either database; what it made is gone after `drop_database` and its end.
pub async fn fresh(options: &Options, database: &Database) -> Result<Place> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = match database {
        Database::Sqlite => None,
        Database::Postgres(cluster) => {
            let name = format!("load_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let mut connection = PgConnection::connect(cluster).await?;
            sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
            let (server, _) = cluster.rsplit_once('/').context("expected postgres://…/NAME")?;
            Some(format!("{server}/{name}"))
        }
    };
    Ok(Place::temporary(&options.server, &options.folder)?.on(url))
}

/// Removes a place's database from its cluster; SQLite's goes with the folder.
pub async fn drop_database(database: &Database, place: &Place) -> Result<()> {
    if let (Database::Postgres(cluster), Some(url)) = (database, place.database()) {
        let name = url.rsplit('/').next().unwrap_or_default();
        let mut connection = PgConnection::connect(cluster).await?;
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name}"))).execute(&mut connection).await?;
    }
    Ok(())
}

/// So long must nothing happen for a server to be at rest.
const QUIET: Duration = Duration::from_secs(2);
/// A server that works on longer than this after the load is a finding; the figures then say what is.
const QUIET_LIMIT: Duration = Duration::from_mins(2);
/// CPU seconds that a server at rest may use in `QUIET`: a timer here and there.
const QUIET_CPU_SECS: f64 = 0.03;

/// Waits until the server does nothing and its files no longer change; tells how long that took.
pub async fn quiet(place: &Place, server: &Server) -> Result<Duration> {
    let begun = Instant::now();
    let mut seen = files(place);
    let mut cpu = usage::cpu_secs(server.pid())?;
    let mut since = Instant::now();
    while since.elapsed() < QUIET && begun.elapsed() < QUIET_LIMIT {
        sleep(Duration::from_millis(100)).await;
        let now = files(place);
        let cpu_now = usage::cpu_secs(server.pid())?;
        if now != seen || cpu_now - cpu > QUIET_CPU_SECS {
            (seen, cpu, since) = (now, cpu_now, Instant::now());
        }
    }
    Ok(begun.elapsed().saturating_sub(QUIET))
}

fn files(place: &Place) -> Vec<(u64, Option<SystemTime>)> {
    let one = |path| fs::metadata(path).map_or((0, None), |data| (data.len(), data.modified().ok()));
    vec![one(place.file()), one(place.wal())]
}

/// What lies on disk of the points.
pub struct Stored {
    pub points: i64,
    pub segments: i64,
    /// Columns and block summaries of all segments.
    pub segment_bytes: i64,
    /// The whole database, free pages included.
    pub file_bytes: i64,
}

impl Stored {
    pub fn segment_bytes_a_point(&self) -> f64 {
        self.segment_bytes as f64 / self.points.max(1) as f64
    }

    pub fn file_bytes_a_point(&self) -> f64 {
        self.file_bytes as f64 / self.points.max(1) as f64
    }
}

const SEGMENTS: &str = "
    SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT), COUNT(*),
        CAST(COALESCE(SUM(LENGTH(data) + COALESCE(LENGTH(blocks), 0)), 0) AS BIGINT)
    FROM segment";

const DATABASE_BYTES: &str = "SELECT pg_database_size(current_database())";

/// Looks into the database of a server that has stopped.
pub async fn stored(place: &Place) -> Result<Stored> {
    let (row, file_bytes): ((i64, i64, i64), i64) = match place.database() {
        None => {
            let mut connection =
                SqliteConnection::connect(&format!("sqlite:{}", place.file().display())).await?;
            let row = sqlx::query_as(SEGMENTS).fetch_one(&mut connection).await?;
            connection.close().await?;
            (row, fs::metadata(place.file())?.len() as i64)
        }
        Some(url) => {
            let mut connection = PgConnection::connect(url).await?;
            let row = sqlx::query_as(SEGMENTS).fetch_one(&mut connection).await?;
            let (bytes,): (i64,) = sqlx::query_as(DATABASE_BYTES).fetch_one(&mut connection).await?;
            connection.close().await?;
            (row, bytes)
        }
    };
    let (points, segments, segment_bytes) = row;
    Ok(Stored { points, segments, segment_bytes, file_bytes })
}
