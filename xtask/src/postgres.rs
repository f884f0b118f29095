//! A PostgreSQL cluster of the tests' own: in a temporary folder, on a free port, gone afterwards.

use crate::{apt, process};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A started cluster: 2 seconds are usual, a loaded machine may need ten times that.
const START_WITHIN: Duration = Duration::from_mins(1);

const USER: &str = "trackway";

/// What a commit means on the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flushing {
    /// Nothing has to survive: tests are faster without.
    Off,
    /// As in earnest: what is measured must be paid for.
    On,
}

/// Ends with its value.
pub struct Cluster {
    root: PathBuf,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    server: Child,
}

impl Cluster {
    /// Starts a cluster whose folder goes when it ends.
    pub fn start(root: &Path, log: &Path, flushing: Flushing) -> Result<Self> {
        let programs = programs(root)?;
        let folder = owned_folder(root)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let data = folder.join("data");
        let mut initdb = as_owner(root, &programs.join("initdb"));
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", USER]);
        process::output(initdb.arg("--pgdata").arg(&data))?;
        let server = serve(root, &programs, &folder, port, log, flushing)?;
        let cluster = Self { root: root.to_owned(), programs, folder, port, server };
        cluster.wait()?;
        Ok(cluster)
    }

    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&self) -> Result<()> {
        let started = Instant::now();
        let port = self.port.to_string();
        let mut ready = process::program(&self.root, self.programs.join("pg_isready"));
        ready.args(["--quiet", "--host", "127.0.0.1", "--port", &port]);
        while !ready.status()?.success() {
            if started.elapsed() > START_WITHIN {
                bail!("PostgreSQL did not start within {} seconds", START_WITHIN.as_secs());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_owner(&self.root, &self.programs.join("pg_ctl"));
        stop.args(["stop", "--silent", "--mode", "immediate", "--pgdata"]).arg(self.folder.join("data"));
        let stopped = process::run(&mut stop).and_then(|()| Ok(self.server.wait()?));
        if let Err(error) = stopped {
            // It may have ended by itself, as on a full disk: its log tells.
            println!("    PostgreSQL in {} did not stop: {error:#}", self.folder.display());
            let _ = self.server.kill().and_then(|()| self.server.wait());
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            println!("    {} stays: {error}", self.folder.display());
        }
    }
}

fn serve(
    root: &Path,
    programs: &Path,
    folder: &Path,
    port: u16,
    log: &Path,
    flushing: Flushing,
) -> Result<Child> {
    let log = fs::File::create(log)?;
    let mut postgres = as_owner(root, &programs.join("postgres"));
    postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port.to_string()]);
    // Each test opens a database and pools of its own.
    let mut settings = vec!["listen_addresses=127.0.0.1", "max_connections=300"];
    if flushing == Flushing::Off {
        settings.extend(["fsync=off", "full_page_writes=off"]);
    }
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    postgres.spawn().context("cannot start postgres")
}

/// PostgreSQL refuses to run as root: then the user that its package made runs it.
fn as_owner(root: &Path, name: &Path) -> Command {
    if !process::is_root() {
        return process::program(root, name);
    }
    let mut command = process::program(Path::new("/"), "runuser");
    command.args(["-u", "postgres", "--"]).arg(name);
    command
}

fn owned_folder(root: &Path) -> Result<PathBuf> {
    let made = process::output(as_owner(root, Path::new("mktemp")).args(["-d", "-t", "trackway-pg.XXXXXX"]))?;
    Ok(PathBuf::from(made.trim()))
}

/// The folder of the newest PostgreSQL's programs.
fn programs(root: &Path) -> Result<PathBuf> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    apt::install(root, &["postgresql"], "testing on PostgreSQL")?;
    installed().context("PostgreSQL is installed, but its initdb was not found")
}

fn installed() -> Option<PathBuf> {
    // Debian keeps one folder a major version: /usr/lib/postgresql/15/bin.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let major = |folder: &fs::DirEntry| folder.file_name().to_string_lossy().parse::<u32>().unwrap_or(0);
    let newest = versions.max_by_key(major).map(|version| version.path().join("bin"));
    // Elsewhere the PATH may hold links; the programs find their parts beside the real files.
    let linked = process::find("initdb").and_then(|initdb| initdb.canonicalize().ok());
    let on_path = linked.and_then(|initdb| initdb.parent().map(Path::to_owned));
    let complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "pg_isready", "postgres"].iter().all(|name| folder.join(name).exists())
    };
    newest.into_iter().chain(on_path).find(complete)
}
