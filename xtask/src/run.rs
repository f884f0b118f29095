//! `run`: build what is out of date, then become the server.

use crate::build::{self, Kind};
use anyhow::{Context, Result};
use std::{convert::Infallible, os::unix::process::CommandExt, path::Path, process::Command};

pub fn run(root: &Path, serve: &[String]) -> Result<()> {
    build::site(root, Kind::Development)?;
    let binary = build::server(root, Kind::Development)?;
    become_server(&binary, serve)?;
    Ok(())
}

/// Replaces this process, so that Ctrl-C and signals reach the server itself.
fn become_server(binary: &Path, serve: &[String]) -> Result<Infallible> {
    let error = Command::new(binary).arg("serve").args(serve).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}
