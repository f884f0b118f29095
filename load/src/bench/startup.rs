//! Starting on a store that has grown.

use super::{
    Options,
    ingest::{deliver, finish},
    place::{self, Database, Stored},
    table::{Table, Times, ms, thousands},
};
use crate::{
    client::{Body, Client, Format},
    curve::{Curve, Generator},
    server::{Place, Server},
    usage::{self, mib},
};
use anyhow::Result;
use model::{
    RunId,
    ingest::{IngestBatch, Writer},
};
use std::{
    fs,
    time::{Duration, Instant},
};
use tokio::time::sleep;

const STARTS: usize = 5;
/// A server that has just started still touches memory; after this it rests.
const REST: Duration = Duration::from_secs(3);
/// Batches of 200 000 points between two looks at the file's size.
const RUNS_A_LOOK: usize = 5;

pub async fn run(options: &Options) -> Result<()> {
    let heads =
        &["store", "first ms", "median of 5 ms", "after kill -9 ms", "idle PSS MiB", "idle peak RSS MiB"];
    let mut table = Table::new("From start until it listens, on SQLite", heads);
    let empty = place::fresh(options, &Database::Sqlite).await?;
    table.row(measure(&empty, "empty".to_owned()).await?);
    drop(empty);
    let grown = place::fresh(options, &Database::Sqlite).await?;
    let stored = grow(options, &grown, options.sized(1_000_000_000) as u64).await?;
    let (bytes, points) = (stored.file_bytes as f64 / 1e6, thousands(stored.points as f64));
    table
        .row(measure(&grown, format!("{bytes:.0} MB, {points} points, {} segments", stored.segments)).await?);
    table.print();
    Ok(())
}

/// Logs runs of 20 series until the file is so large.
async fn grow(options: &Options, place: &Place, bytes: u64) -> Result<Stored> {
    let server = place.start().await?;
    let mut seed = options.seed;
    while fs::metadata(place.file())?.len() < bytes {
        let mut runs = Vec::new();
        for _ in 0..RUNS_A_LOOK {
            let run = server.client().new_run().await?;
            log(server.client(), &run, seed).await?;
            runs.push(run);
            seed += 1;
        }
        for run in &runs {
            server.client().finish_run(run).await?;
        }
    }
    finish(place, &server, &[]).await?;
    server.stop().await?;
    place::stored(place).await
}

/// One run of 20 × 10 000 points of random bits, which fill the file fastest.
async fn log(client: &Client, run: &RunId, seed: u64) -> Result<()> {
    let mut curve = Generator::new(Curve::Random, seed);
    let series = (0..20).map(|key| curve.series(run, &format!("train/metric-{key}"), 10_000)).collect();
    let writer = Some(Writer { id: format!("grow-{run}"), sequence: 0 });
    let body: Body = Format::Binary.encode(&IngestBatch { writer, series, runs: Vec::new() })?;
    deliver(client, &body).await.map(drop)
}

async fn measure(place: &Place, name: String) -> Result<Vec<String>> {
    let mut times = Vec::new();
    let mut idle = (0, 0);
    for number in 0..STARTS {
        let (time, server) = start(place).await?;
        times.push(time);
        if number + 1 == STARTS {
            sleep(REST).await;
            idle = (usage::pss_kib(server.pid())?, usage::peak_rss_kib(server.pid())?);
            server.kill().await?;
        } else {
            server.stop().await?;
        }
    }
    let (after_kill, server) = start(place).await?;
    server.stop().await?;
    let first = times[0];
    let median = Times::new(times).p50();
    let [pss, rss] = [idle.0, idle.1].map(|kib| format!("{:.0}", mib(kib)));
    Ok(vec![name, ms(first), median, ms(after_kill), pss, rss])
}

async fn start(place: &Place) -> Result<(Duration, Server)> {
    let begun = Instant::now();
    let server = place.start().await?;
    Ok((begun.elapsed(), server))
}
