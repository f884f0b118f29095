//! A flush that fails, and one that takes its time.

use super::{
    Options, Outcome, Tally,
    kill::Siege,
    proof,
    source::{Log, Source},
    strace,
};
use crate::client::{Answer, Client};
use anyhow::{Context as _, Result, bail, ensure};
use futures::future::{join, join_all};
use model::limits;
use std::{
    fs,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// An EIO on a flush of the log: nothing of that group is acknowledged, the process ends with an error, and the next
/// start is clean. What the kernel could not write may still look written, so going on would be a lie.
pub async fn failed_flush(options: &Options) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let mut siege = Siege::begin_at(options.place()?, options.seed, Log::in_order(6)).await?;
    let rounds = if options.short { 1 } else { 5 };
    for round in 0..rounds {
        let trace = siege.place().folder().join("trace.txt");
        let mut traced = proof::options(&trace);
        // After the start's own few flushes, before the first checkpoint: so it is one of the log.
        let when = 12 + round * 2;
        traced.extend(["-e".to_owned(), format!("inject={}:error=EIO:when={when}", strace::FLUSHES)]);
        let server = siege.place().start_traced(&traced).await?;
        ensure!(siege.recover(&server).await?, "the flush failed too early to tell anything");
        let client = server.client().clone();
        let written = timeout(Duration::from_secs(20), siege.forward(&client, 200)).await;
        let status = server.ended_within(Duration::from_secs(10)).await?;
        let status = status.context("the server goes on after a failed flush of its log")?;
        ensure!(!status.success(), "the server ended with {status} after a failed flush");
        written.context("the writers hang")??;
        let text = fs::read_to_string(&trace)?;
        ensure!(text.contains("EIO"), "the flush was not made to fail");
        proof::check(&text, &siege.place().wal())?;
    }
    siege.close(Tally { told: format!("{rounds} failed flushes"), ..Tally::default() }).await
}

/// More than wait in the server's queue and are committed together.
const CLIENTS: usize = limits::INGEST_QUEUE_MAX + limits::INGEST_GROUP_MAX + 100;
const STALL: Duration = Duration::from_secs(5);
/// Which flush of the log: after the start's own three, early enough that all clients meet it.
const STALLED: &str = "8";
/// What Retry-After says.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const LOAD: Duration = Duration::from_secs(8);
/// A reader has nothing to do with the writer's flush.
const READ_LIMIT: Duration = Duration::from_secs(3);
const RECOVERY: Duration = Duration::from_secs(10);

/// One flush takes 5 seconds: what does not fit the queue is sent away with Retry-After, readers go on, and
/// afterwards every batch gets in.
pub async fn stalled_flush(options: &Options) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let mut siege = Siege::begin_at(options.place()?, options.seed, Log::in_order(CLIENTS)).await?;
    let delay = format!("delay_enter={}", STALL.as_micros());
    let wal = siege.place().wal();
    let server =
        siege.place().start_traced(&strace::inject(strace::FLUSHES, &delay, STALLED, Some(&wal))).await?;
    let client = server.client().clone();
    let begun = Instant::now();
    let run = siege.source().runs[0].clone();
    let (source, logs) = siege.parts();
    let flood = join_all(logs.iter_mut().map(|log| flood(&client, source, log, begun)));
    let reader = async {
        let mut slowest = Duration::ZERO;
        while begun.elapsed() < LOAD {
            let asked = Instant::now();
            client.run(&run).await?;
            client.series(&format!("run={run}&key=shared&buckets=100")).await?;
            slowest = slowest.max(asked.elapsed());
            sleep(Duration::from_millis(100)).await;
        }
        Ok::<_, anyhow::Error>(slowest)
    };
    let (flooded, slowest) = join(flood, reader).await;
    let (slowest, recovered) =
        (slowest.context("reading during the stall")?, begun.elapsed().saturating_sub(LOAD));
    let flooded = flooded.into_iter().collect::<Result<Vec<_>>>()?;
    let busy: usize = flooded.iter().map(|one| one.busy).sum();
    let longest = flooded.iter().map(|one| one.longest).max().unwrap_or_default();
    ensure!(longest > STALL.mul_f64(0.8), "no request waited longer than {longest:?}: nothing was stalled");
    ensure!(busy > 0, "nobody was sent away: the queue has no end");
    ensure!(slowest < READ_LIMIT, "a reader waited {slowest:?} for the writer's flush");
    ensure!(recovered < RECOVERY, "it took {recovered:?} until every batch got in");
    server.stop().await?;
    let told = format!(
        "{busy} × 503, slowest read {:.1} s, all stored {:.1} s later",
        slowest.as_secs_f64(),
        recovered.as_secs_f64()
    );
    siege.close(Tally { told, ..Tally::default() }).await
}

struct Flooded {
    busy: usize,
    longest: Duration,
}

/// One batch after the other until the load ends; the last one until it is stored.
async fn flood(client: &Client, source: &Source, log: &mut Log, begun: Instant) -> Result<Flooded> {
    let mut flooded = Flooded { busy: 0, longest: Duration::ZERO };
    while begun.elapsed() < LOAD {
        let number = log.take();
        let body = log.format.encode(&source.batch(log, number))?;
        loop {
            let sent = Instant::now();
            match client.ingest(&body).await {
                Ok(Answer::Stored(_)) => {
                    flooded.longest = flooded.longest.max(sent.elapsed());
                    break;
                }
                Ok(Answer::Busy { retry_after }) => {
                    ensure!(retry_after, "a 503 without Retry-After");
                    flooded.busy += 1;
                    sleep(RETRY_AFTER).await;
                }
                Ok(Answer::Refused { status, detail }) => bail!("refused with {status}: {detail}"),
                // So many connections at once: the kernel may refuse some before the server sees them.
                Err(error) if begun.elapsed() > LOAD + RECOVERY => return Err(error.into()),
                Err(_) => sleep(RETRY_AFTER).await,
            }
        }
        log.acknowledge(number);
    }
    Ok(flooded)
}
