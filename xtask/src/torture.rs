//! `torture`: the server under kills and faults, for as long as one likes; its short form is a test suite.

use crate::{
    apt, bench,
    build::{self, Kind},
    process, python,
    site::Options,
    step::step,
};
use anyhow::Result;
use std::{fs, path::Path, process::Command};

#[derive(clap::Args)]
pub struct Torture {
    /// How often to kill -9 at a random moment
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// What batches, moments and faults follow from; a new one each day finds more
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the server's cases, without the Python client's
    #[arg(long)]
    server_only: bool,
    /// Further arguments for `load torture`, such as `--only stalled`
    #[arg(last = true)]
    load: Vec<String>,
}

pub fn run(root: &Path, wanted: &Torture) -> Result<()> {
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Development)?;
    let load = step("load", || bench::load(root, Kind::Development))?;
    let mut torture = command(root, &load, &server)?;
    let (kills, seed) = (wanted.kills.to_string(), wanted.seed.to_string());
    process::run(torture.args(["--kills", &kills, "--seed", &seed]).args(&wanted.load))?;
    if wanted.server_only {
        return Ok(());
    }
    let python = python::interpreter(root, &["sdk/python/requirements-test.txt"])?;
    let mut pytest = process::program(&root.join("sdk/python"), python);
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", "-m", "long", "--durations=0"]);
    pytest.env("TRACKWAY_BINARY", server).env("TRACKWAY_LONG_KILLS", &kills).env("TRACKWAY_LONG_SEED", seed);
    process::run(&mut pytest)
}

/// `load torture` on this server, with data beside the build. It skips what it needs strace for when there is none.
pub fn command(root: &Path, load: &Path, server: &Path) -> Result<Command> {
    if process::find("strace").is_none()
        && let Err(error) = apt::install(root, &["strace"], "faults in system calls")
    {
        println!("    {error:#}");
    }
    let folder = root.join("target/load");
    fs::create_dir_all(&folder)?;
    let mut torture = process::program(root, load);
    torture.arg("torture").arg("--server").arg(server).arg("--folder").arg(folder);
    Ok(torture)
}
