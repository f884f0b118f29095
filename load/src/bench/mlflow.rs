//! The genuine MLflow server on this machine, fed by its own `log-batch`.

use super::{
    Options,
    table::{Table, Times, thousands},
};
use crate::{
    curve::{Curve, Generator},
    usage,
};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use model::RunId;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::sleep,
};

/// It needs 15 to 25 seconds on two cores.
const START_LIMIT: Duration = Duration::from_mins(3);
/// After its first answer it goes on starting helpers for ten seconds and more.
const REST_LIMIT: Duration = Duration::from_mins(2);
/// CPU seconds that all its processes may use in two seconds to count as at rest.
const REST_CPU_SECS: f64 = 0.3;
/// How long it is fed.
const FEED: Duration = Duration::from_secs(10);
/// The most that its API takes in one request.
const METRICS: usize = 1_000;

pub struct Measured {
    pub points_a_second: f64,
    pub cpu_secs_a_million: f64,
}

pub async fn run(options: &Options, program: &Path) -> Result<Measured> {
    let folder = tempfile::tempdir_in(&options.folder)?;
    let begun = Instant::now();
    let mut server = Mlflow::start(program, &folder)?;
    let run = server.new_run().await?;
    let start = begun.elapsed();
    server.rest().await;
    let bodies = bodies(options, &run);
    let cpu = server.cpu_secs();
    let begun = Instant::now();
    let mut times = Vec::new();
    for body in bodies.iter().cycle() {
        if begun.elapsed() > FEED {
            break;
        }
        let sent = Instant::now();
        server.post("runs/log-batch", body.clone()).await?;
        times.push(sent.elapsed());
    }
    let secs = begun.elapsed().as_secs_f64();
    let points = (times.len() * METRICS) as f64;
    let cpu_secs_a_million = (server.cpu_secs() - cpu) / points * 1e6;
    let pss = server.pss_kib();
    server.stop().await?;
    let times = Times::new(times);
    let measured = Measured { points_a_second: points / secs, cpu_secs_a_million };
    let heads = &[
        "1 000 metrics a request, 1 connection",
        "points/s",
        "p50 ms",
        "p99 ms",
        "CPU s/M points",
        "PSS MiB",
        "start s",
    ];
    let mut table = Table::new("MLflow's own server, SQLite, defaults", heads);
    table.row(vec![
        version(program).await?,
        thousands(measured.points_a_second),
        times.p50(),
        times.p99(),
        format!("{cpu_secs_a_million:.0}"),
        format!("{:.0}", usage::mib(pss)),
        format!("{:.1}", start.as_secs_f64()),
    ]);
    table.print();
    Ok(measured)
}

async fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output().await?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Enough different requests for the time at any speed it has shown; then they come again with what is stored.
fn bodies(options: &Options, run: &str) -> Vec<Bytes> {
    let mut keys: Vec<_> = (0..20).map(|key| Generator::new(Curve::Noise, options.seed + key)).collect();
    let body = |_| {
        let mut metrics = Vec::with_capacity(METRICS);
        for (key, curve) in keys.iter_mut().enumerate() {
            let points = curve.series(&RunId::from_bytes([0; 16]), "k", METRICS / 20);
            for (row, step) in points.steps.iter().enumerate() {
                let (value, time) = (points.values[row].0, points.times_ms[row]);
                metrics.push(json!({"key": format!("train/metric-{key}"), "value": value, "timestamp": time, "step": step}));
            }
        }
        Bytes::from(json!({"run_id": run, "metrics": metrics}).to_string())
    };
    (0..300).map(body).collect()
}

/// Its processes form a group of their own, so that all of them can be counted and ended.
struct Mlflow {
    child: Child,
    group: u32,
    http: reqwest::Client,
    url: String,
}

impl Mlflow {
    fn start(program: &Path, folder: &TempDir) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::create(folder.path().join("mlflow.log"))?;
        let store = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
        let child = Command::new(program)
            .args([
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--backend-store-uri",
                &store,
            ])
            .arg("--default-artifact-root")
            .arg(folder.path().join("artifacts"))
            .current_dir(folder.path())
            .env("MLFLOW_DISABLE_TELEMETRY", "true")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let group = child.id().context("mlflow ended at once")?;
        Ok(Self {
            child,
            group,
            http: reqwest::Client::new(),
            url: format!("http://127.0.0.1:{port}/api/2.0/mlflow"),
        })
    }

    async fn post(&self, path: &str, body: Bytes) -> Result<Value> {
        let request =
            self.http.post(format!("{}/{path}", self.url)).header("content-type", "application/json");
        Ok(request.body(body).send().await?.error_for_status()?.json().await?)
    }

    /// Asks until it answers.
    async fn new_run(&mut self) -> Result<String> {
        let begun = Instant::now();
        loop {
            if let Ok(run) = self.post("runs/create", Bytes::from_static(b"{\"experiment_id\": \"0\"}")).await
            {
                return Ok(run["run"]["info"]["run_id"].as_str().context("no run id")?.to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("mlflow ended with {status}");
            }
            if begun.elapsed() > START_LIMIT {
                bail!("mlflow did not answer in time");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn rest(&self) {
        let begun = Instant::now();
        while begun.elapsed() < REST_LIMIT {
            let before = self.cpu_secs();
            sleep(Duration::from_secs(2)).await;
            // A process that ended takes its seconds along.
            if (self.cpu_secs() - before).abs() < REST_CPU_SECS {
                break;
            }
        }
    }

    fn members(&self) -> Vec<u32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours = |id: &u32| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            usage::group(&stat) == Some(self.group)
        };
        ids.filter(ours).collect()
    }

    fn cpu_secs(&self) -> f64 {
        self.members().into_iter().filter_map(|id| usage::cpu_secs(id).ok()).sum()
    }

    fn pss_kib(&self) -> u64 {
        self.members().into_iter().filter_map(|id| usage::pss_kib(id).ok()).sum()
    }

    async fn stop(mut self) -> Result<()> {
        self.signal("-TERM");
        if tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await.is_err() {
            self.signal("-KILL");
            self.child.wait().await?;
        }
        Ok(())
    }

    fn signal(&self, signal: &str) {
        // The group that this process started; none left is no error.
        let group = format!("-{}", self.group);
        let _ =
            std::process::Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Mlflow {
    fn drop(&mut self) {
        if !self.members().is_empty() {
            self.signal("-KILL");
        }
    }
}
