//! Writers: they send batches as clients do, repeat some, and now and then send what must be refused.

use super::source::{Log, Manner, Source};
use crate::client::{Answer, Client};
use anyhow::{Result, bail};
use futures::future::join_all;
use model::{ingest::IngestBatch, limits};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use reqwest::StatusCode;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::sleep;

/// Numbers that a pipelined writer has under way.
const DEPTH: usize = 4;
/// Replays go back so far: inside the numbers of a writer that the server remembers, less those under way.
const LOOK_BACK: i64 = (limits::WRITER_WINDOW - 2 * DEPTH) as i64;
/// How long a busy server is left alone.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// How one batch fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stored {
        replayed: bool,
    },
    /// No answer: the server is gone.
    Unknown,
    /// 409: this number had other content before.
    Conflict,
}

/// Sends one batch until the server takes a stand.
pub async fn send(client: &Client, log: &Log, batch: &IngestBatch) -> Result<Fate> {
    let body = log.format.encode(batch)?;
    loop {
        match client.ingest(&body).await {
            Ok(Answer::Stored(receipt)) if receipt.points as usize != batch.point_count() => {
                bail!("a receipt for {} of {} points", receipt.points, batch.point_count());
            }
            Ok(Answer::Stored(receipt)) => return Ok(Fate::Stored { replayed: receipt.replayed }),
            Ok(Answer::Refused { status: StatusCode::CONFLICT, .. }) => return Ok(Fate::Conflict),
            Ok(Answer::Refused { status, detail }) => bail!("refused with {status}: {detail}"),
            Ok(Answer::Busy { retry_after: false }) => bail!("a 503 without Retry-After"),
            Ok(Answer::Busy { retry_after: true }) => sleep(BUSY_PAUSE).await,
            Err(_) => return Ok(Fate::Unknown),
        }
    }
}

/// Every writer at once, until the server is gone. Afterwards the logs tell what is owed.
pub async fn write_all(client: &Client, source: &Source, logs: &mut [Log], round: u64) -> Result<()> {
    let writers = logs.iter_mut().map(|log| {
        let seed = source.seed ^ (source.generation << 40) ^ (round << 20) ^ log.writer as u64;
        write(client, source, log, StdRng::seed_from_u64(seed))
    });
    join_all(writers).await.into_iter().collect()
}

/// Every writer at once sends so many batches, none of them twice; fewer when the server ends.
pub async fn forward_all(client: &Client, source: &Source, logs: &mut [Log], batches: usize) -> Result<()> {
    let writers = logs.iter_mut().map(async |log| {
        for _ in 0..batches {
            if !forward(client, source, log).await? {
                break;
            }
        }
        Ok(())
    });
    join_all(writers).await.into_iter().collect()
}

async fn write(client: &Client, source: &Source, log: &mut Log, mut random: StdRng) -> Result<()> {
    loop {
        let alive = match random.random_range(0..20) {
            0 => replay(client, source, log, &mut random).await?,
            1 => altered_replay(client, source, log, &mut random).await?,
            2 | 3 if log.manner == Manner::Late => late(client, source, log).await?,
            _ => forward(client, source, log).await?,
        };
        if !alive {
            return Ok(());
        }
    }
}

/// The next number, or the next few at once. False when the server is gone.
async fn forward(client: &Client, source: &Source, log: &mut Log) -> Result<bool> {
    let count = if log.manner == Manner::Pipelined { DEPTH } else { 1 };
    let numbers: Vec<i64> = (0..count).map(|_| log.take()).collect();
    let known: &Log = log;
    let sent = numbers.iter().map(async |&number| send(client, known, &source.batch(known, number)).await);
    let fates = join_all(sent).await;
    let mut alive = true;
    for (number, fate) in numbers.into_iter().zip(fates) {
        alive &= first_time(log, number, fate?)?;
    }
    Ok(alive)
}

/// A number before the one below it.
async fn late(client: &Client, source: &Source, log: &mut Log) -> Result<bool> {
    let (below, above) = (log.take(), log.take());
    for number in [above, below] {
        let fate = send(client, log, &source.batch(log, number)).await?;
        if !first_time(log, number, fate)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn first_time(log: &mut Log, number: i64, fate: Fate) -> Result<bool> {
    match fate {
        Fate::Stored { replayed: false } => {
            log.acknowledge(number);
            Ok(true)
        }
        Fate::Unknown => Ok(false),
        fate => bail!("number {number} of writer {}, sent for the first time: {fate:?}", log.writer),
    }
}

/// A batch again that is stored: answered, not applied.
async fn replay(client: &Client, source: &Source, log: &Log, random: &mut StdRng) -> Result<bool> {
    let Some(number) = earlier(log, random) else { return Ok(true) };
    match send(client, log, &source.batch(log, number)).await? {
        Fate::Stored { replayed: true } => Ok(true),
        Fate::Unknown => Ok(false),
        fate => bail!("number {number} of writer {}, sent again: {fate:?}", log.writer),
    }
}

/// Other content under a number that is taken: refused.
async fn altered_replay(client: &Client, source: &Source, log: &Log, random: &mut StdRng) -> Result<bool> {
    let Some(number) = earlier(log, random) else { return Ok(true) };
    match send(client, log, &source.altered(log, number)).await? {
        Fate::Conflict => Ok(true),
        Fate::Unknown => Ok(false),
        fate @ Fate::Stored { .. } => {
            bail!(
                "number {number} of writer {}, after {}, sent with other content: {fate:?}",
                log.writer,
                log.next - 1
            )
        }
    }
}

/// One of the last numbers that were acknowledged.
fn earlier(log: &Log, random: &mut StdRng) -> Option<i64> {
    let last = log.next - 1;
    let recent: Vec<i64> = log.acknowledged.range(last - LOOK_BACK..).copied().collect();
    (!recent.is_empty()).then(|| recent[random.random_range(0..recent.len())])
}

/// After a restart: each batch without an answer again, as its client would. It must be answered as what was found.
/// False when the server is gone again.
pub async fn settle(
    client: &Client,
    source: &Source,
    logs: &mut [Log],
    stored: &BTreeSet<(usize, i64)>,
) -> Result<bool> {
    for log in logs {
        for number in log.open.clone() {
            match send(client, log, &source.batch(log, number)).await? {
                Fate::Stored { replayed } if replayed == stored.contains(&(log.writer, number)) => {
                    log.acknowledge(number);
                }
                // Nobody can tell by its points whether an empty batch is stored.
                Fate::Stored { .. } if source.batch(log, number).point_count() == 0 => {
                    log.acknowledge(number);
                }
                Fate::Unknown => return Ok(false),
                fate => bail!("number {number} of writer {}, sent after a restart: {fate:?}", log.writer),
            }
        }
    }
    Ok(true)
}
