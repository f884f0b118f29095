//! How long one durable request takes: alone, and while the server works at half of what it can.

use super::{
    Options, Shape,
    ingest::deliver,
    place::{self, Database},
    table::{Table, Times},
};
use crate::{
    client::{Body, Client, Format},
    curve::{Curve, Generator},
};
use anyhow::Result;
use futures::future::try_join_all;
use model::{
    RunId,
    ingest::{IngestBatch, Writer},
};
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

/// Long enough between two requests that the second finds the server at rest.
const PAUSE: Duration = Duration::from_millis(30);

/// Runs with a writer each, as where the rate was found.
const WRITERS: usize = 8;
/// Connections of each: enough that a slow answer does not hold up the next request.
const LANES: usize = 4;

/// `half_rate`: requests a second, as found by the ingest part.
pub async fn run(options: &Options, database: &Database, half_rate: Option<f64>) -> Result<()> {
    let heads = &["1 000 points a request", "requests", "p50 ms", "p99 ms", "longest ms"];
    let mut table = Table::new(&format!("One durable request, on {}", database.name()), heads);
    for format in Format::ALL {
        let place = place::fresh(options, database).await?;
        let server = place.start().await?;
        let run = server.client().new_run().await?;
        let times = alone(server.client(), bodies(options, &run, format, options.sized(500))?).await?;
        table.row(row(&format!("{}, alone", format.name()), &times));
        if let Some(rate) = half_rate {
            let count = (rate * options.sized(10) as f64).max(100.0) as usize / WRITERS + 1;
            let mut lanes = Vec::new();
            for _ in 0..WRITERS {
                let run = server.client().new_run().await?;
                let mut bodies = bodies(options, &run, format, count)?.into_iter();
                let mut shares = vec![Vec::new(); LANES];
                // In turn: each connection has every fourth batch of its writer.
                (0..LANES)
                    .cycle()
                    .map_while(|lane| Some((lane, bodies.next()?)))
                    .for_each(|(lane, body)| shares[lane].push(body));
                lanes.push(shares);
            }
            // The lanes of one writer follow each other after those of all others.
            let lanes = (0..LANES).flat_map(|lane| lanes.iter().map(move |shares| shares[lane].clone()));
            let times = paced(server.client(), lanes.collect(), rate).await?;
            table.row(row(&format!("{}, at {rate:.0} requests/s (half load)", format.name()), &times));
        }
        server.stop().await?;
        place::drop_database(database, &place).await?;
    }
    table.print();
    Ok(())
}

fn row(name: &str, times: &Times) -> Vec<String> {
    vec![name.to_owned(), times.len().to_string(), times.p50(), times.p99(), times.longest()]
}

fn bodies(options: &Options, run: &RunId, format: Format, count: usize) -> Result<Vec<Body>> {
    let shape = Shape::THOUSAND;
    let mut keys: Vec<_> = (0..20)
        .map(|key| (format!("train/metric-{key}"), Generator::new(Curve::Noise, options.seed + key)))
        .collect();
    let mut batch = |sequence| IngestBatch {
        writer: Some(Writer { id: format!("latency-{run}"), sequence }),
        series: keys.iter_mut().map(|(key, curve)| curve.series(run, key, shape.points() / 20)).collect(),
        runs: Vec::new(),
    };
    let batches = (0..count as i64).map(&mut batch).collect::<Vec<_>>();
    batches.iter().map(|batch| format.encode(batch)).collect()
}

async fn alone(client: &Client, bodies: Vec<Body>) -> Result<Times> {
    let mut times = Vec::new();
    for body in &bodies {
        sleep(PAUSE).await;
        let begun = Instant::now();
        deliver(client, body).await?;
        times.push(begun.elapsed());
    }
    Ok(Times::new(times))
}

/// Requests at fixed moments whatever the answers do. A time counts from the moment that the request was due, so
/// that waiting behind a slow one is not overlooked.
async fn paced(client: &Client, lanes: Vec<Vec<Body>>, rate: f64) -> Result<Times> {
    let begun = tokio::time::Instant::now() + Duration::from_millis(50);
    let count = lanes.len();
    let tasks = lanes.into_iter().enumerate().map(|(lane, bodies)| {
        let client = client.clone();
        let task = async move {
            let mut times = Vec::new();
            for (number, body) in bodies.iter().enumerate() {
                let due = begun + Duration::from_secs_f64((number * count + lane) as f64 / rate);
                sleep_until(due).await;
                deliver(&client, body).await?;
                times.push(due.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        };
        async { tokio::spawn(task).await? }
    });
    Ok(Times::new(try_join_all(tasks).await?.into_iter().flatten().collect()))
}
