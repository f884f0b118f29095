//! What the machine gives without the server: its disk, and rows in plain SQLite.

use super::{
    Options,
    table::{Table, Times, thousands},
};
use crate::curve::{Curve, Generator};
use anyhow::Result;
use model::RunId;
use sqlx::{
    AssertSqlSafe, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    time::{Duration, Instant},
};

/// The disk's own speed where the stores lie.
pub fn disk(options: &Options) -> Result<()> {
    let mut table = Table::new("The disk", &["what", "figure"]);
    let folder = tempfile::tempdir_in(&options.folder)?;
    let mut file = File::create(folder.path().join("large"))?;
    let chunk = vec![0xa5_u8; 4 << 20];
    let count = options.sized(100);
    let begun = Instant::now();
    for _ in 0..count {
        file.write_all(&chunk)?;
        file.sync_all()?;
    }
    let rate = (count * 4) as f64 / begun.elapsed().as_secs_f64();
    table.row(vec!["4 MiB writes, each fsynced".into(), format!("{rate:.0} MiB/s")]);
    // Overwritten in place, as a write-ahead log is.
    let mut times = Vec::new();
    for number in 0..options.sized(1_000) as u64 {
        file.seek(SeekFrom::Start(number % 1_000 * 4_096))?;
        let begun = Instant::now();
        file.write_all(&chunk[..4_096])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    let times = Times::new(times);
    table.row(vec!["4 KiB write and fdatasync, p50".into(), format!("{} ms", times.p50())]);
    table.row(vec!["the same, p99".into(), format!("{} ms", times.p99())]);
    table.print();
    Ok(())
}

const ROWS: usize = 1_000;
const SERIES: i64 = 20;

const POINT: &str = "
    CREATE TABLE point (series INTEGER, step INTEGER, time INTEGER, value REAL, PRIMARY KEY (series, step))
    WITHOUT ROWID, STRICT";

/// Rows a second of SQLite alone: WAL, synchronous=FULL, 1 000 rows a transaction, by one statement for all of them.
pub async fn rows(options: &Options) -> Result<f64> {
    let folder = tempfile::tempdir_in(&options.folder)?;
    let path = folder.path().join("rows.db");
    let settings = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&settings).await?;
    sqlx::query(POINT).execute(&mut connection).await?;
    let places = vec!["(?, ?, ?, ?)"; ROWS].join(", ");
    let insert = format!("INSERT INTO point VALUES {places}");

    let steps = ROWS / SERIES as usize;
    let mut curve = Generator::new(Curve::Noise, options.seed);
    let mut took = Duration::ZERO;
    let transactions = options.sized(2_000);
    for _ in 0..transactions {
        let points = curve.series(&RunId::from_bytes([0; 16]), "k", steps);
        let begun = Instant::now();
        let mut tx = connection.begin().await?;
        let mut query = sqlx::query(AssertSqlSafe(insert.as_str()));
        for series in 0..SERIES {
            for (row, step) in points.steps.iter().enumerate() {
                query = query.bind(series).bind(step).bind(points.times_ms[row]).bind(points.values[row].0);
            }
        }
        query.execute(&mut *tx).await?;
        tx.commit().await?;
        took += begun.elapsed();
    }
    connection.close().await?;
    let rows = transactions * ROWS;
    let rate = rows as f64 / took.as_secs_f64();
    let bytes = fs::metadata(&path)?.len() as f64 / rows as f64;
    let mut table = Table::new(
        "Plain SQLite: a row a point, 1 000 a transaction, WAL, synchronous=FULL",
        &["rows/s", "bytes/row"],
    );
    table.row(vec![thousands(rate), format!("{bytes:.1}")]);
    table.print();
    Ok(rate)
}
