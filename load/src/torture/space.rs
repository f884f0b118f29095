//! A full disk: nothing is acknowledged that is not stored, readers go on, and room heals it without a restart.

use super::{
    Options, Outcome, Tally,
    kill::Siege,
    source::{Log, Source},
    strace,
};
use crate::{
    client::{Answer, Client},
    server::Place,
};
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::sleep;

/// Long enough to fill what is left, even with a server that is built for debugging.
const LIMIT: Duration = Duration::from_secs(40);
/// A full disk is looked at so often before room is made.
const REFUSALS: usize = 5;
/// Batches after the healing, to see that it lasts.
const BATCHES_AFTER: usize = 20;

/// ENOSPC by strace on writes of the log: some calls fail, then they work again.
pub async fn injected(options: &Options) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let siege = Siege::begin_at(options.place()?, options.seed, Log::in_order(1)).await?;
    let wal = siege.place().wal();
    let traced = strace::inject(strace::WRITES, "error=ENOSPC", "400..420", Some(&wal));
    through(siege, &traced, || Ok(())).await
}

/// A disk of 12 MiB that is really full: mounting it needs to be root.
pub async fn real(options: &Options) -> Result<Outcome> {
    let mount = match Mount::new(&options.folder) {
        Ok(mount) => mount,
        Err(error) => return Ok(Outcome::Skipped(format!("no small disk can be mounted here: {error:#}"))),
    };
    let place = Place::at(&options.server, mount.folder.path());
    let siege = Siege::begin_at(place, options.seed, Log::in_order(1)).await?;
    let ballast = mount.folder.path().join("ballast");
    fill(&ballast)?;
    through(siege, &[], || Ok(fs::remove_file(&ballast)?)).await
}

/// Writes until the disk is full, makes room, and writes on.
async fn through(
    mut siege: Siege,
    strace: &[String],
    make_room: impl FnOnce() -> Result<()>,
) -> Result<Outcome> {
    let mut server = siege.place().start_traced(strace).await?;
    let client = server.client().clone();
    let (source, logs) = siege.parts();
    let log = logs.first_mut().context("one writer")?;
    let refusals = match push(&client, source, log, make_room).await {
        Ok(refusals) => refusals,
        Err(error) => {
            let ended = server.ended_within(Duration::from_secs(2)).await?;
            let ended = ended.map_or("still ran".to_owned(), |status| format!("ended with {status}"));
            return Err(error.context(format!("the server {ended}\n{}\n   ", siege.place().log())));
        }
    };
    ensure!(server.running()?, "the server ended on a full disk");
    ensure!(siege.recover(&server).await?, "the server ended on a full disk");
    server.stop().await?;
    siege.close(Tally { told: format!("{refusals} × 503"), ..Tally::default() }).await
}

/// How often batches were refused until room was made and all was well again.
async fn push(
    client: &Client,
    source: &Source,
    log: &mut Log,
    make_room: impl FnOnce() -> Result<()>,
) -> Result<usize> {
    let begun = Instant::now();
    let mut make_room = Some(make_room);
    let (mut refusals, mut after) = (0, 0);
    while after < BATCHES_AFTER {
        let number = log.take();
        let body = log.format.encode(&source.batch(log, number))?;
        loop {
            ensure!(begun.elapsed() < LIMIT, "{refusals} refusals in {LIMIT:?}, then {after} batches");
            match client.ingest(&body).await? {
                Answer::Stored(_) => break,
                Answer::Busy { .. } => refusals += 1,
                Answer::Refused { status, detail } => {
                    bail!("a full disk is answered with {status}: {detail}")
                }
            }
            read(client, &source.runs[0]).await.context("reading while the disk is full")?;
            if refusals == REFUSALS
                && let Some(make_room) = make_room.take()
            {
                make_room()?;
            }
            sleep(Duration::from_millis(20)).await;
        }
        log.acknowledge(number);
        after += usize::from(refusals > 0);
    }
    Ok(refusals)
}

async fn read(client: &Client, run: &model::RunId) -> Result<()> {
    client.run(run).await?;
    client.series(&format!("run={run}&buckets=100")).await.map(drop)
}

/// Leaves one mebibyte.
fn fill(ballast: &Path) -> Result<()> {
    let mut file = File::create(ballast)?;
    let chunk = vec![0; 64 * 1024];
    while file.write_all(&chunk).is_ok() {}
    let size = file.metadata()?.len();
    Ok(file.set_len(size.saturating_sub(1 << 20))?)
}

/// A small disk in memory, unmounted when dropped.
struct Mount {
    folder: TempDir,
}

impl Mount {
    fn new(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("load-disk-").tempdir_in(parent)?;
        let path: PathBuf = folder.path().into();
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(path).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(Self { folder })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A server that was killed a moment ago may still hold a file.
        for _ in 0..50 {
            let unmounted = Command::new("umount").arg(self.folder.path()).stderr(Stdio::null()).status();
            if unmounted.is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        eprintln!("    {} stays mounted", self.folder.path().display());
    }
}
