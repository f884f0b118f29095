//! `bench`: builds the server and the load generator for release and measures one with the other.

use crate::{
    browser,
    build::{self, Kind},
    postgres::{Cluster, Flushing},
    process, python,
    site::Options,
    step::step,
};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What to measure beside the server on SQLite.
#[derive(clap::Args)]
pub struct Metrics {
    /// A tenth of the points: a look, not a measurement
    #[arg(long)]
    quick: bool,
    /// Also on PostgreSQL, in a throw-away cluster
    #[arg(long)]
    postgres: bool,
    /// Also MLflow's own server, installed into target/mlflow
    #[arg(long)]
    mlflow: bool,
    /// Further arguments for `load bench`, such as `--seed 7`
    #[arg(last = true)]
    load: Vec<String>,
}

pub fn metrics(root: &Path, wanted: &Metrics) -> Result<()> {
    // The server embeds this folder and does not compile without it.
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Release)?;
    let load = step("load", || load(root, Kind::Release))?;
    let mlflow = if wanted.mlflow {
        Some(step("mlflow", || python::mlflow(root))?.with_file_name("mlflow"))
    } else {
        None
    };
    // Beside the build: on a disk, where the system's folder for temporary files may lie in memory.
    let folder = root.join("target/load");
    fs::create_dir_all(&folder)?;
    let cluster = wanted
        .postgres
        .then(|| Cluster::start(root, &folder.join("postgres.log"), Flushing::On))
        .transpose()?;
    let mut bench = process::program(root, load);
    bench.arg("bench").arg("--server").arg(server).arg("--folder").arg(&folder);
    if wanted.quick {
        bench.arg("--quick");
    }
    if let Some(cluster) = &cluster {
        bench.args(["--postgres", &cluster.url()]);
    }
    if let Some(mlflow) = mlflow {
        bench.arg("--mlflow").arg(mlflow);
    }
    process::run(bench.args(&wanted.load))
}

/// The load generator's binary.
pub fn load(root: &Path, kind: Kind) -> Result<PathBuf> {
    let mut cargo = process::cargo(root);
    cargo.args(["build", "--package", "load"]);
    if kind == Kind::Release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    Ok(build::binary(root, kind).with_file_name("load"))
}

/// What logging costs in Python: our client alone, then beside the trackers that people use today.
pub fn client(root: &Path, alone: bool) -> Result<()> {
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Release)?;
    let folder = root.join("sdk/python/bench");
    let python3 = process::find("python3").context("Python 3.9 or newer is needed: install python3")?;
    process::run(process::program(root, &python3).arg(folder.join("log.py")).arg("--server").arg(&server))?;
    if alone {
        return Ok(());
    }
    let packages = ["mlflow", "tensorboardX", "trackio", "wandb"];
    let python = step("trackers", || python::environment(root, "bench-client", &packages))?;
    process::run(process::program(root, python).arg(folder.join("compare.py")).arg("--server").arg(server))
}

/// What the run table asks of an experiment with very many runs.
pub fn browse(root: &Path, quick: bool, postgres: bool) -> Result<()> {
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Release)?;
    let python3 = process::find("python3").context("Python 3.9 or newer is needed: install python3")?;
    let run = |database: Option<String>| {
        let mut bench = process::program(root, &python3);
        bench.arg("sdk/python/bench/browse.py").arg("--server").arg(&server);
        bench.args(database.iter().flat_map(|url| ["--database", url]));
        process::run(bench.args(quick.then_some("--quick")))
    };
    run(None)?;
    if postgres {
        let folder = root.join("target/load");
        fs::create_dir_all(&folder)?;
        let cluster = Cluster::start(root, &folder.join("postgres.log"), Flushing::On)?;
        run(Some(cluster.url()))?;
    }
    Ok(())
}

/// What MLflow's clients do, against this server and against MLflow's own.
pub fn mlflow(root: &Path, quick: bool) -> Result<()> {
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Release)?;
    let python = step("mlflow", || python::mlflow(root))?;
    let mut bench = process::program(root, &python);
    bench.arg("server/tests/mlflow/bench.py").arg("--server").arg(server);
    bench.arg("--mlflow").arg(python.with_file_name("mlflow"));
    if quick {
        bench.arg("--quick");
    }
    process::run(&mut bench)
}

/// What pages cost in Chromium, beside those of others unless `alone`.
pub fn ui(root: &Path, quick: bool, alone: bool) -> Result<()> {
    build::build(root, Kind::Release)?;
    let mut bench = browser::playwright(root, &build::binary(root, Kind::Release))?;
    bench.args(["--config", "bench/bench.config.ts"]);
    if quick {
        bench.env("BENCH_REPEATS", "1");
    }
    if !alone {
        bench.env("BENCH_MLFLOW", step("mlflow", || python::mlflow(root))?);
        let packages = ["setuptools", "tensorboard", "tensorboardX"];
        let python = step("tensorboard", || python::environment(root, "bench-ui", &packages))?;
        bench.env("BENCH_TENSORBOARD", python);
    }
    process::run(&mut bench)
}
