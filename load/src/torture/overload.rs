//! Many large bodies at once, far more than the server takes: its memory stays bounded, clients are told to come
//! back, and afterwards it serves as before.

use super::{Options, Outcome, Tally};
use crate::{
    client::{Answer, Body, Client, Format},
    curve::{Curve, Generator},
    usage::{mib, peak_rss_kib},
};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use futures::future::join_all;
use model::{
    RunId,
    ingest::{IngestBatch, Writer},
    limits,
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const CLIENTS: usize = 32;
/// Of one body: 4.8 MB in binary, about 8 MB in JSON.
const POINTS: usize = 200_000;
const LOAD: Duration = Duration::from_secs(8);
const RECOVERY: Duration = Duration::from_secs(10);
/// What the server may hold, built for debugging: bodies under way, what they are decoded to, and itself.
const RSS_MIB_MAX: f64 = 200.0;
/// How far the bodies offered at one time exceed those that the server lets in at one time, or it was no overload.
const TIMES_OVER: usize = 5;

pub async fn run(options: &Options) -> Result<Outcome> {
    let place = options.place()?;
    let mut server = place.start().await?;
    let client = server.client().clone();
    let run = client.new_run().await?;
    let templates = Format::ALL.map(|format| Template::new(format, &run, options.seed));
    let templates = templates.into_iter().collect::<Result<Vec<_>>>()?;
    let at_once: usize = (0..CLIENTS).map(|number| templates[number % 2].body.bytes.len()).sum();
    ensure!(at_once >= TIMES_OVER * limits::INGEST_BYTES_MAX, "{at_once} bytes at a time are no overload");
    let begun = Instant::now();
    let tasks = (0..CLIENTS).map(|number| push(&client, &templates[number % 2], number, begun));
    let pushed = join_all(tasks).await.into_iter().collect::<Result<Vec<_>>>()?;
    ensure!(server.running()?, "the server ended under load\n{}", place.log());

    let small = small(&run, options.seed)?;
    let asked = Instant::now();
    while !matches!(client.ingest(&small).await, Ok(Answer::Stored(_))) {
        ensure!(asked.elapsed() < RECOVERY, "still refuses {RECOVERY:?} after the load");
        sleep(Duration::from_millis(50)).await;
    }
    let recovered = asked.elapsed();
    let peak = mib(peak_rss_kib(server.pid())?);

    let mut stored = 0;
    for (number, one) in pushed.iter().enumerate() {
        stored += one.stored;
        if let Some(sequence) = one.open {
            deliver(&client, &templates[number % 2].body(number, sequence)).await?;
            stored += 1;
        }
    }
    let answer = client.series(&format!("run={run}&key=loss&buckets=1")).await?;
    let total = answer.first().context("the series is gone")?.total as usize;
    ensure!(
        total == stored * POINTS,
        "{stored} batches of {POINTS} points were acknowledged, {total} are stored"
    );
    let sum = |count: fn(&Pushed) -> usize| pushed.iter().map(count).sum::<usize>();
    let (offered, busy, cut) = (sum(|one| one.offered), sum(|one| one.busy), sum(|one| one.cut));
    let taken = sum(|one| one.stored);
    server.stop().await?;
    let told = format!(
        "{offered} bodies offered, {taken} taken, {busy} × 503, {cut} cut off; peak RSS {peak:.0} MiB; served again after {:.1} s",
        recovered.as_secs_f64()
    );
    ensure!(busy > 0, "nobody was told to come back: {told}");
    ensure!(peak <= RSS_MIB_MAX, "more than {RSS_MIB_MAX} MiB: {told}");
    Ok(Outcome::Passed(Tally { batches: stored, points: total, told, ..Tally::default() }))
}

/// An encoded batch whose writer and number can be exchanged: both have a fixed width.
struct Template {
    body: Body,
    at: usize,
}

const FIRST_SEQUENCE: i64 = 1_000;

fn head(client: usize, sequence: i64) -> String {
    format!("\"overload-{client:03}\",\"sequence\":{sequence:04}")
}

impl Template {
    fn new(format: Format, run: &RunId, seed: u64) -> Result<Self> {
        let series = vec![Generator::new(Curve::Noise, seed).series(run, "loss", POINTS)];
        let writer = Some(Writer { id: "overload-000".into(), sequence: FIRST_SEQUENCE });
        let body = format.encode(&IngestBatch { writer, series, runs: Vec::new() })?;
        let head = head(0, FIRST_SEQUENCE);
        let start = &body.bytes[..body.bytes.len().min(4_096)];
        let at = start.windows(head.len()).position(|window| window == head.as_bytes());
        Ok(Self { at: at.context("the batch does not begin with its writer")?, body })
    }

    fn body(&self, client: usize, sequence: i64) -> Body {
        let mut bytes = self.body.bytes.to_vec();
        let head = head(client, sequence);
        bytes[self.at..self.at + head.len()].copy_from_slice(head.as_bytes());
        Body { format: self.body.format, bytes: Bytes::from(bytes) }
    }
}

#[derive(Default)]
struct Pushed {
    offered: usize,
    stored: usize,
    busy: usize,
    /// Connections that broke: the server may answer before it has read the body.
    cut: usize,
    /// Sent without an answer.
    open: Option<i64>,
}

/// One body after the other; a refused one again, sooner than was asked for.
async fn push(client: &Client, template: &Template, number: usize, begun: Instant) -> Result<Pushed> {
    let mut pushed = Pushed::default();
    let mut sequence = FIRST_SEQUENCE;
    while begun.elapsed() < LOAD {
        pushed.offered += 1;
        match client.ingest(&template.body(number, sequence)).await {
            Ok(Answer::Stored(_)) => {
                pushed.stored += 1;
                pushed.open = None;
                sequence += 1;
            }
            Ok(Answer::Busy { retry_after }) => {
                ensure!(retry_after, "a 503 without Retry-After");
                pushed.busy += 1;
            }
            Ok(Answer::Refused { status, detail }) => bail!("refused with {status}: {detail}"),
            Err(_) => {
                pushed.cut += 1;
                pushed.open = Some(sequence);
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(pushed)
}

async fn deliver(client: &Client, body: &Body) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < RECOVERY {
        match client.ingest(body).await {
            Ok(Answer::Stored(_)) => return Ok(()),
            Ok(Answer::Refused { status, detail }) => bail!("refused with {status}: {detail}"),
            Ok(Answer::Busy { .. }) | Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
    bail!("still refuses {RECOVERY:?} after the load")
}

fn small(run: &RunId, seed: u64) -> Result<Body> {
    let series = vec![Generator::new(Curve::Noise, seed).series(run, "small", 10)];
    let writer = Some(Writer { id: "overload-small".into(), sequence: 0 });
    Format::Binary.encode(&IngestBatch { writer, series, runs: Vec::new() })
}
