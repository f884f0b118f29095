//! `torture`: the server under kills and faults, for as long as one likes; its short form is a test suite.

use crate::{
    apt, bench,
    build::{self, Kind},
    process,
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
    /// Further arguments for `load torture`, such as `--only stalled`
    #[arg(last = true)]
    load: Vec<String>,
}

pub fn run(root: &Path, wanted: &Torture) -> Result<()> {
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let server = build::server(root, Kind::Development)?;
    let load = step("load", || bench::load(root, Kind::Development))?;
    let mut torture = command(root, &load, &server)?;
    torture.args(["--kills", &wanted.kills.to_string(), "--seed", &wanted.seed.to_string()]);
    process::run(torture.args(&wanted.load))
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
