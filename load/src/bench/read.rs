//! Reading: a long series with single-point spikes, an overlay of many runs, cold after a start and warm.

use super::{
    Options,
    ingest::{deliver, finish},
    place::{self, Database},
    table::{Table, Times, ms, thousands},
};
use crate::{
    client::{Client, Format},
    curve::{Curve, Generator},
};
use anyhow::{Context as _, Result, bail};
use model::{
    Float64, RunId,
    ingest::{IngestBatch, Writer},
    series::Columns,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::index};
use std::time::{Duration, Instant};

const SPIKES: usize = 1_000;
/// Far above the curve, which ends near 0.3 and begins at 2.3.
const SPIKE: f64 = 1_000.0;
/// Points a request while the store is filled.
const FILL: usize = 20_000;
const OVERLAY_RUNS: usize = 50;
const OVERLAY_POINTS: usize = 10_000;

pub async fn run(options: &Options, database: &Database) -> Result<()> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let points = options.sized(1_000_000);
    let place = place::fresh(options, database).await?;
    let server = place.start().await?;
    let mut spikes = index::sample(&mut random, points, SPIKES.min(points / 100)).into_vec();
    spikes.sort_unstable();
    let long = server.client().new_run().await?;
    fill(server.client(), &long, options.seed, points, &spikes).await?;
    let mut overlay = Vec::new();
    for number in 0..OVERLAY_RUNS {
        let run = server.client().new_run().await?;
        fill(server.client(), &run, options.seed + number as u64 + 1, OVERLAY_POINTS, &[]).await?;
        overlay.push(run);
    }
    finish(&place, &server, &[vec![long.clone()], overlay.clone()].concat()).await?;
    server.stop().await?;

    let heads = &["reading", "first after a start ms", "p50 ms", "p99 ms", "KiB answered"];
    let mut table = Table::new(&format!("Reading, on {}", database.name()), heads);
    let server = place.start().await?;
    let whole = format!("run={long}&key=loss&buckets=1000");
    let times = timed(server.client(), 50, || whole.clone()).await?;
    table.row(row(&format!("{} points in 1 000 buckets", thousands(points as f64)), &times));
    let mut range = |width: usize| {
        let first = random.random_range(0..points - width);
        format!("run={long}&key=loss&buckets=1000&step_min={first}&step_max={}", first + width - 1)
    };
    let times = timed(server.client(), 50, || range(20_000)).await?;
    table.row(row("20 000 of them in 1 000 buckets, anywhere", &times));
    let times = timed(server.client(), 50, || range(900)).await?;
    table.row(row("900 of them exactly, anywhere", &times));
    let spikes_seen = see_spikes(server.client(), &long, &spikes).await?;
    server.stop().await?;

    let server = place.start().await?;
    let runs: Vec<_> = overlay.iter().map(|run| format!("run={run}")).collect();
    let all = format!("{}&key=loss&buckets=1000", runs.join("&"));
    let times = timed(server.client(), 50, || all.clone()).await?;
    let name = format!("{OVERLAY_RUNS} runs × {} points in 1 000 buckets", thousands(OVERLAY_POINTS as f64));
    table.row(row(&name, &times));
    server.stop().await?;
    place::drop_database(database, &place).await?;
    table.print();
    println!("{spikes_seen}\n");
    Ok(())
}

/// Logs a curve with spikes at these steps.
async fn fill(client: &Client, run: &RunId, seed: u64, points: usize, spikes: &[usize]) -> Result<()> {
    let mut curve = Generator::new(Curve::Noise, seed);
    for sequence in 0..points.div_ceil(FILL) {
        let first = sequence * FILL;
        let mut series = curve.series(run, "loss", FILL.min(points - first));
        let from = spikes.partition_point(|&step| step < first);
        let to = spikes.partition_point(|&step| step < first + FILL);
        for &step in &spikes[from..to] {
            series.values[step - first] = Float64(spike(step));
        }
        let writer = Some(Writer { id: format!("fill-{run}"), sequence: sequence as i64 });
        let batch = IngestBatch { writer, series: vec![series], runs: Vec::new() };
        deliver(client, &Format::Binary.encode(&batch)?).await?;
    }
    Ok(())
}

/// Every spike has a height of its own.
fn spike(step: usize) -> f64 {
    SPIKE + step as f64
}

struct Timed {
    first: Duration,
    later: Times,
    bytes: usize,
}

async fn timed(client: &Client, count: usize, mut query: impl FnMut() -> String) -> Result<Timed> {
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..=count {
        let query = query();
        let begun = Instant::now();
        bytes = client.series_bytes(&query).await?.len();
        times.push(begun.elapsed());
    }
    let first = times.remove(0);
    Ok(Timed { first, later: Times::new(times), bytes })
}

fn row(name: &str, timed: &Timed) -> Vec<String> {
    let kib = format!("{:.0}", timed.bytes as f64 / 1024.0);
    vec![name.to_owned(), ms(timed.first), timed.later.p50(), timed.later.p99(), kib]
}

/// Every bucket over a spike must reach up to it, and a reader who zooms in must find each one exactly.
async fn see_spikes(client: &Client, run: &RunId, spikes: &[usize]) -> Result<String> {
    let answer = client.series(&format!("run={run}&key=loss&buckets=1000")).await?;
    let Some(Columns::Buckets(buckets)) = answer.first().map(|series| &series.columns) else {
        bail!("expected buckets");
    };
    let (mut over, mut seen) = (0, 0);
    for (row, max) in buckets.max.iter().enumerate() {
        let (first, last) = (buckets.first_steps[row], buckets.last_steps[row]);
        let highest = spikes.iter().rfind(|&&step| (first..=last).contains(&(step as i64)));
        if let Some(&step) = highest {
            over += 1;
            seen += usize::from(*max == spike(step));
        }
    }
    let mut exact = 0;
    for &step in spikes {
        let (from, to) = (step as i64 - 450, step as i64 + 449);
        let answer =
            client.series(&format!("run={run}&key=loss&buckets=1000&step_min={from}&step_max={to}")).await?;
        let Columns::Points(points) = &answer.first().context("no series")?.columns else {
            bail!("expected points");
        };
        let at = points.steps.binary_search(&(step as i64)).ok();
        exact += usize::from(at.is_some_and(|at| points.values[at] == spike(step)));
    }
    let (all, rows) = (spikes.len(), buckets.max.len());
    Ok(format!(
        "Spikes: {all} of one point each lie under {over} of {rows} buckets; {seen} of {over} show theirs, and {exact} of {all} are \
         seen exactly after zooming."
    ))
}
