//! What browser tests need: Chromium, and Playwright from npm.

use crate::{apt, process, site::hex};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{env, fs, path::Path, process::Command};

/// A command that runs the browser tests against the server's binary.
pub fn playwright(root: &Path, binary: &Path) -> Result<Command> {
    let end2end = root.join("end2end");
    chromium(root)?;
    packages(root, &end2end)?;
    let mut command = process::program(&end2end, "node_modules/.bin/playwright");
    command.arg("test").env("TRACKWAY_BINARY", binary);
    Ok(command)
}

fn chromium(root: &Path) -> Result<()> {
    let named = env::var_os("CHROMIUM").is_some();
    if named || Path::new("/usr/bin/chromium").exists() {
        return Ok(());
    }
    apt::install(
        root,
        &["chromium", "fonts-dejavu-core"],
        "browser tests (or set CHROMIUM to a browser's path)",
    )
}

/// `npm ci` starts from nothing each time: skipped while the lock file says what it said.
fn packages(root: &Path, end2end: &Path) -> Result<()> {
    let lock = fs::read(end2end.join("package-lock.json")).context("end2end has no package-lock.json")?;
    let fingerprint = hex(&Sha256::digest(&lock));
    let stamp = end2end.join("node_modules/.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint) {
        return Ok(());
    }
    let npm =
        process::find("npm").context("browser tests need Node.js 20 or newer with npm: install them")?;
    let mut install = process::program(root, npm);
    install.arg("ci").args(["--no-audit", "--no-fund", "--loglevel=error"]).current_dir(end2end);
    process::run(install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    fs::write(&stamp, fingerprint).context("cannot write the stamp of npm ci")
}
