//! The server as a process: started on a port of its choice, killed or stopped, and started again on the same data.

use crate::client::Client;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Longer than any start on a loaded machine; a server that hangs fails the run instead of stalling it.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A server told to stop waits 5 seconds for answers under way.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Which program runs on which data. Servers come and go; this stays.
pub struct Place {
    program: PathBuf,
    folder: PathBuf,
    database: Option<String>,
    _temporary: Option<TempDir>,
}

impl Place {
    /// A new folder inside `parent`, gone with this value.
    pub fn temporary(program: &Path, parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("load-").tempdir_in(parent)?;
        Ok(Self {
            program: program.into(),
            folder: folder.path().into(),
            database: None,
            _temporary: Some(folder),
        })
    }

    /// A folder that is there.
    pub fn at(program: &Path, folder: &Path) -> Self {
        Self { program: program.into(), folder: folder.into(), database: None, _temporary: None }
    }

    /// On this database instead of SQLite in the folder.
    pub fn on(mut self, database: Option<String>) -> Self {
        self.database = database;
        self
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The SQLite file, when the data lies in one.
    pub fn file(&self) -> PathBuf {
        self.folder.join("data/trackway.db")
    }

    /// SQLite's write-ahead log: what a commit flushes.
    pub fn wal(&self) -> PathBuf {
        self.folder.join("data/trackway.db-wal")
    }

    fn credentials(&self) -> PathBuf {
        self.folder.join("credentials.json")
    }

    /// A listening server.
    pub async fn start(&self) -> Result<Server> {
        self.start_traced(&[]).await
    }

    /// A listening server under strace with these options.
    pub async fn start_traced(&self, strace: &[String]) -> Result<Server> {
        match self.launch(strace)?.listening().await? {
            Ok(server) => Ok(server),
            Err(status) => {
                bail!("the server ended with {status} before it listened\n{}", self.log())
            }
        }
    }

    /// A process that may or may not get to listen.
    pub fn launch(&self, strace: &[String]) -> Result<Launch> {
        let mut command = if strace.is_empty() {
            Command::new(&self.program)
        } else {
            // -D: the child is the server itself, and the tracer its grandchild. Without --seccomp-bpf, which would be
            // faster: with it strace 6.1 injects nothing after the first call.
            let mut command = Command::new("strace");
            command.args(["-D", "-f"]).args(strace).arg(&self.program);
            command
        };
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.folder.join("data"));
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        command
            .env("TRACKWAY_CREDENTIALS", self.credentials())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let lines = BufReader::new(child.stdout.take().context("the output is a pipe")?).lines();
        Ok(Launch { child, lines, credentials: self.credentials() })
    }

    /// The last lines that servers here wrote to their standard error.
    pub fn log(&self) -> String {
        let text = fs::read(self.folder.join("server.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

/// A server that has been started and may not listen yet.
pub struct Launch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    credentials: PathBuf,
}

impl Launch {
    /// A listening server, or how it ended before.
    pub async fn listening(self) -> Result<Result<Server, ExitStatus>> {
        timeout(START_LIMIT, self.wait()).await.context("the server neither listens nor ends")?
    }

    async fn wait(mut self) -> Result<Result<Server, ExitStatus>> {
        while let Some(line) = self.lines.next_line().await? {
            let Some(url) = line.strip_prefix("listening on ") else { continue };
            let credentials: Value = serde_json::from_slice(&fs::read(&self.credentials)?)?;
            let token = credentials["servers"][url]["token"].as_str().context("no token for this server")?;
            let client = Client::new(url, token)?;
            let pid = self.child.id().context("the server ended as it began to listen")?;
            let mut lines = self.lines;
            // Whatever it prints later must not block it.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(Ok(Server { child: self.child, client, pid }));
        }
        Ok(Err(self.child.wait().await?))
    }

    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// A listening server; killed when dropped.
pub struct Server {
    child: Child,
    client: Client,
    pid: u32,
}

impl Server {
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends it as a power cut would.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to end, as a service manager does.
    pub async fn stop(self) -> Result<ExitStatus> {
        let asked = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        if !asked.success() {
            bail!("the server had ended before it was asked to");
        }
        self.ended_within(STOP_LIMIT).await?.context("the server did not stop when asked to")
    }

    /// How it ended by itself; `None` when it did not, and then it is killed.
    pub async fn ended_within(mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        if let Ok(status) = timeout(limit, self.child.wait()).await {
            return Ok(Some(status?));
        }
        self.child.kill().await?;
        Ok(None)
    }

    pub fn running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }
}
