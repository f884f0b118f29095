//! Sudden ends: kill -9 at random moments, and at chosen system calls.

use super::{
    Options, Outcome, Tally,
    oracle::{self, verify},
    source::{Log, Source},
    strace,
    writer::{forward_all, settle, write_all},
};
use crate::{
    client::Client,
    server::{Place, Server},
};
use anyhow::{Context as _, Result, bail};
use futures::future::join;
use model::limits;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const WRITERS: usize = 8;
/// After so many kills the runs end and new ones begin, so that each look reads little.
const KILLS_A_GENERATION: usize = 8;
/// A server packs the series of ended runs when nothing has come for so long.
const IDLE: Duration = Duration::from_millis(limits::INGEST_IDLE_MILLIS);
/// A call that is to kill may come later than the writers need; then the kill comes from here.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// One store under attack, with everything that it owes.
pub struct Siege {
    place: Place,
    seed: u64,
    source: Source,
    logs: Vec<Log>,
    /// Generations that are no longer written to.
    past: Vec<(Source, Vec<Log>)>,
}

impl Siege {
    /// A fresh store with its first runs.
    pub async fn begin(options: &Options) -> Result<Self> {
        Self::begin_at(options.place()?, options.seed, Log::mixed(WRITERS)).await
    }

    pub async fn begin_at(place: Place, seed: u64, logs: Vec<Log>) -> Result<Self> {
        let server = place.start().await?;
        let source = Source::new(server.client(), seed, 0).await?;
        server.stop().await?;
        Ok(Self { place, seed, source, logs, past: Vec::new() })
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Compares, then repeats what has no answer. False when the server ended meanwhile.
    pub async fn recover(&mut self, server: &Server) -> Result<bool> {
        let verdict = verify(server.client(), &self.source, &self.logs).await?;
        settle(server.client(), &self.source, &mut self.logs, &verdict.open_and_stored).await
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    pub fn parts(&mut self) -> (&Source, &mut [Log]) {
        (&self.source, &mut self.logs)
    }

    /// Writers at work until the server is gone.
    pub async fn write(&mut self, client: &Client, round: usize) -> Result<()> {
        write_all(client, &self.source, &mut self.logs, round as u64).await
    }

    /// So many new batches of each writer.
    pub async fn forward(&mut self, client: &Client, batches: usize) -> Result<()> {
        forward_all(client, &self.source, &mut self.logs, batches).await
    }

    /// Ends the runs, which lets the server pack them, and begins new ones.
    async fn next_generation(&mut self, server: &Server) -> Result<()> {
        let number = self.source.generation + 1;
        for run in &self.source.runs {
            server.client().finish_run(run).await?;
        }
        let source = Source::new(server.client(), self.seed, number).await?;
        let logs = Log::mixed(self.logs.len());
        self.past
            .push((std::mem::replace(&mut self.source, source), std::mem::replace(&mut self.logs, logs)));
        Ok(())
    }

    /// Everything that was ever acknowledged, at the end; adds it to the tally.
    pub async fn close(mut self, mut tally: Tally) -> Result<Outcome> {
        let server = self.place.start().await?;
        if !self.recover(&server).await? {
            bail!("the server ended by itself\n{}", self.place.log());
        }
        self.past.push((self.source, self.logs));
        for (source, logs) in &self.past {
            let oracle::Verdict { batches, points, .. } = verify(server.client(), source, logs).await?;
            tally.batches += batches;
            tally.points += points;
        }
        let status = server.stop().await?;
        if !status.success() {
            bail!("the server ended with {status} when asked to stop");
        }
        Ok(Outcome::Passed(tally))
    }
}

/// kill -9 at random moments: while it starts, under load, and while it packs runs that ended.
pub async fn nine(options: &Options) -> Result<Outcome> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut siege = Siege::begin(options).await?;
    let kills = if options.short { options.kills.min(8) } else { options.kills };
    for kill in 0..kills {
        // All that is random is drawn here, so that one round's timing does not change the next one's plan.
        let early = random.random_bool(0.1).then(|| Duration::from_millis(random.random_range(0..200)));
        let load = Duration::from_millis(random.random_range(20..600));
        let packing = Duration::from_millis(random.random_range(0..300));
        if let Some(moment) = early {
            let launch = siege.place.launch(&[])?;
            sleep(moment).await;
            launch.kill().await?;
            continue;
        }
        let server = siege.place.start().await?;
        let context = || format!("after kill {kill}");
        if !siege.recover(&server).await.with_context(context)? {
            bail!("the server ended by itself\n{}", siege.place.log());
        }
        if kill % KILLS_A_GENERATION == KILLS_A_GENERATION - 1 {
            siege.next_generation(&server).await?;
            sleep(IDLE + packing).await;
            server.kill().await?;
            continue;
        }
        let client = server.client().clone();
        let killer = async {
            let mut server = server;
            sleep(load).await;
            let running = server.running()?;
            server.kill().await?;
            Ok::<_, anyhow::Error>(running)
        };
        let (written, running) = join(siege.write(&client, kill), killer).await;
        written.with_context(|| format!("before kill {kill}"))?;
        if !running? {
            bail!("the server ended by itself\n{}", siege.place.log());
        }
    }
    // What is packed must read back as what was sent.
    let server = siege.place.start().await?;
    if !siege.recover(&server).await? {
        bail!("the server ended by itself\n{}", siege.place.log());
    }
    siege.next_generation(&server).await?;
    sleep(IDLE * 4).await;
    server.stop().await?;
    siege.close(Tally { kills, ..Tally::default() }).await
}

/// SIGKILL at a flush of the very first start, migrations included: the next start makes it good.
pub async fn at_first_start(options: &Options) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let mut tally = Tally::default();
    let mut when = 1;
    loop {
        let place = options.place()?;
        let traced = strace::inject(strace::FLUSHES, "signal=SIGKILL", &when.to_string(), None);
        let ended = match place.launch(&traced)?.listening().await? {
            Err(_) => true,
            Ok(server) => {
                server.kill().await?;
                false
            }
        };
        tally.kills += 1;
        let context = || format!("after SIGKILL at flush {when} of a first start");
        let siege = Siege::begin_at(place, options.seed, Log::mixed(4)).await.with_context(context)?;
        match siege.close(Tally::default()).await.with_context(context)? {
            Outcome::Passed(_) if ended => when += if options.short { 7 } else { 1 },
            _ => return Ok(Outcome::Passed(tally)),
        }
    }
}

/// SIGKILL as the server enters the n-th of these system calls, for many n.
pub async fn at_call(options: &Options, calls: &str) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut siege = Siege::begin(options).await?;
    let kills = if options.short { 3 } else { (options.kills / 5).max(10) };
    // A commit flushes once or twice and writes some dozen pages.
    let most = if calls == strace::FLUSHES { 60 } else { 900 };
    let mut tally = Tally::default();
    let mut in_time = 0;
    for kill in 0..kills {
        let when = random.random_range(1..=most);
        let context = || format!("kill {kill}, at {calls} number {when}");
        let traced = strace::inject(calls, "signal=SIGKILL", &when.to_string(), None);
        tally.kills += 1;
        let Ok(server) = siege.place.launch(&traced)?.listening().await? else {
            in_time += 1;
            continue;
        };
        // Reading what is stored writes nothing, so a kill in here falls into the repeats.
        if siege.recover(&server).await.with_context(context)? {
            let client = server.client().clone();
            // A request cut off by the limit stays open: it is repeated after the next start.
            if let Ok(written) = timeout(CALL_LIMIT, siege.write(&client, kill)).await {
                written.with_context(context)?;
            }
        }
        in_time += usize::from(server.ended_within(Duration::from_millis(500)).await?.is_some());
    }
    if in_time == 0 {
        bail!("no call number {most} or below was ever reached: strace did not kill");
    }
    tally.told = format!("{in_time} by the call itself");
    siege.close(tally).await
}
