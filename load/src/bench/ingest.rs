//! Writing: prepared batches sent as fast as they are acknowledged, and what that costs the server.

use super::{
    Options,
    place::{self, Database, Stored},
    table::{Times, thousands},
};
use crate::{
    client::{Answer, Body, Client, Format},
    curve::{Curve, Generator},
    server::{Place, Server},
    usage::{self, PssWatch, mib},
};
use anyhow::{Result, bail};
use futures::future::try_join_all;
use model::{
    RunId,
    ingest::{IngestBatch, Writer},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How points are put into requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub name: &'static str,
    keys: usize,
    steps: usize,
    /// Connections of all clients together; 0: one a client.
    in_flight: usize,
    /// Requests of all clients together, in a full run.
    requests: usize,
}

impl Shape {
    pub const ONE: Self =
        Self { name: "1 point, 64 in flight", keys: 1, steps: 1, in_flight: 64, requests: 100_000 };
    pub const THOUSAND: Self =
        Self { name: "1 000 points (20 × 50)", keys: 20, steps: 50, in_flight: 0, requests: 2_000 };
    pub const TEN_THOUSAND: Self =
        Self { name: "10 000 points (20 × 500)", keys: 20, steps: 500, in_flight: 0, requests: 240 };
    pub const ALL: [Self; 3] = [Self::ONE, Self::THOUSAND, Self::TEN_THOUSAND];

    /// Of one request.
    pub fn points(self) -> usize {
        self.keys * self.steps
    }
}

/// One measurement.
#[derive(Clone)]
pub struct Cell {
    pub database: Database,
    pub format: Format,
    pub shape: Shape,
    pub clients: usize,
    pub curve: Curve,
}

impl Cell {
    pub fn name(&self) -> String {
        let (database, format, shape) = (self.database.name(), self.format.name(), self.shape.name);
        format!("{database}, {format}, {shape}, {} × client", self.clients)
    }
}

pub struct Ingested {
    pub points_a_second: f64,
    pub server_cpu_a_million: f64,
    load_cpu_a_million: f64,
    times: Times,
    peak_pss_kib: u64,
    peak_rss_kib: u64,
    /// Answers that told a client to come back.
    busy: usize,
    /// From the last run's end until the server was at rest.
    pub packing: Duration,
    pub stored: Stored,
}

pub const HEADS: &[&str] = &[
    "database, format, request, clients",
    "points/s",
    "ack p50 ms",
    "p99 ms",
    "server CPU s/M points",
    "load's own CPU s/M",
    "peak PSS MiB",
    "peak RSS MiB",
    "packed after s",
    "segment bytes/point",
    "file bytes/point",
    "503s",
];

pub fn row(cell: &Cell, measured: &Ingested) -> Vec<String> {
    vec![
        cell.name(),
        thousands(measured.points_a_second),
        measured.times.p50(),
        measured.times.p99(),
        format!("{:.2}", measured.server_cpu_a_million),
        format!("{:.2}", measured.load_cpu_a_million),
        format!("{:.0}", mib(measured.peak_pss_kib)),
        format!("{:.0}", mib(measured.peak_rss_kib)),
        format!("{:.1}", measured.packing.as_secs_f64()),
        format!("{:.2}", measured.stored.segment_bytes_a_point()),
        format!("{:.2}", measured.stored.file_bytes_a_point()),
        measured.busy.to_string(),
    ]
}

pub async fn measure(options: &Options, cell: &Cell) -> Result<Ingested> {
    let place = place::fresh(options, &cell.database).await?;
    let server = place.start().await?;
    let mut runs = Vec::new();
    for _ in 0..cell.clients {
        runs.push(server.client().new_run().await?);
    }
    let lanes = lanes(options, cell, &runs)?;
    let requests: usize = lanes.iter().map(Vec::len).sum();
    let millions = (requests * cell.shape.points()) as f64 / 1e6;

    let watch = PssWatch::start(server.pid());
    let cpu = (usage::cpu_secs(server.pid())?, usage::cpu_secs(std::process::id())?);
    let begun = Instant::now();
    let sent = try_join_all(lanes.into_iter().map(|lane| send(server.client().clone(), lane))).await?;
    let secs = begun.elapsed().as_secs_f64();
    let server_cpu = usage::cpu_secs(server.pid())? - cpu.0;
    let load_cpu = usage::cpu_secs(std::process::id())? - cpu.1;

    let packing = finish(&place, &server, &runs).await?;
    let (peak_pss_kib, peak_rss_kib) = (watch.peak_kib(), usage::peak_rss_kib(server.pid())?);
    server.stop().await?;
    let stored = place::stored(&place).await?;
    if stored.points as usize != requests * cell.shape.points() {
        bail!("{} points were acknowledged and {} are stored", requests * cell.shape.points(), stored.points);
    }
    place::drop_database(&cell.database, &place).await?;
    Ok(Ingested {
        points_a_second: millions * 1e6 / secs,
        server_cpu_a_million: server_cpu / millions,
        load_cpu_a_million: load_cpu / millions,
        busy: sent.iter().map(|lane| lane.busy).sum(),
        times: Times::new(sent.into_iter().flat_map(|lane| lane.times).collect()),
        peak_pss_kib,
        peak_rss_kib,
        packing,
        stored,
    })
}

/// Ends the runs, which lets the server pack them, and waits for its rest.
pub async fn finish(place: &Place, server: &Server, runs: &[RunId]) -> Result<Duration> {
    for run in runs {
        server.client().finish_run(run).await?;
    }
    place::quiet(place, server).await
}

/// The requests of each connection, in order. Each connection is a writer with a run, or a share of one.
fn lanes(options: &Options, cell: &Cell, runs: &[RunId]) -> Result<Vec<Vec<Body>>> {
    let shape = cell.shape;
    let lanes = shape.in_flight.max(cell.clients);
    let requests = options.sized(shape.requests).div_ceil(lanes);
    let make = |lane: usize| {
        let run = &runs[lane % runs.len()];
        let mut keys: Vec<_> = (0..shape.keys).map(|key| series(options, cell, lane, key)).collect();
        let bodies = (0..requests as i64).map(|sequence| {
            let series = keys.iter_mut().map(|(key, curve)| curve.series(run, key, shape.steps)).collect();
            let writer = Some(Writer { id: format!("bench-{lane}"), sequence });
            cell.format.encode(&IngestBatch { writer, series, runs: Vec::new() })
        });
        bodies.collect()
    };
    (0..lanes).map(make).collect()
}

fn series(options: &Options, cell: &Cell, lane: usize, key: usize) -> (String, Generator) {
    // Lanes of one run take keys of their own.
    let number = lane / cell.clients * cell.shape.keys + key;
    let seed = options.seed + (lane * 1_000 + key) as u64;
    (format!("train/metric-{number}"), Generator::new(cell.curve, seed))
}

struct Sent {
    times: Vec<Duration>,
    busy: usize,
}

async fn send(client: Client, lane: Vec<Body>) -> Result<Sent> {
    // A task of its own: joined futures alone would all run on one core.
    tokio::spawn(async move {
        let mut sent = Sent { times: Vec::with_capacity(lane.len()), busy: 0 };
        for body in &lane {
            let begun = Instant::now();
            sent.busy += deliver(&client, body).await?;
            sent.times.push(begun.elapsed());
        }
        Ok(sent)
    })
    .await?
}

/// Sends one batch until it is stored; tells how often the server was busy.
pub async fn deliver(client: &Client, body: &Body) -> Result<usize> {
    let mut busy = 0;
    loop {
        match client.ingest(body).await? {
            Answer::Stored(_) => return Ok(busy),
            Answer::Busy { .. } => busy += 1,
            Answer::Refused { status, detail } => bail!("{status} {detail}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}
