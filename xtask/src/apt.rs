//! Debian packages: installed when we may, otherwise the command to type.

use crate::process::{find, is_root, program, run};
use anyhow::{Result, bail};
use std::path::Path;

/// Installs packages, or stops with the command that would.
pub fn install(root: &Path, packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    if find("apt-get").is_none() {
        bail!("{purpose} needs what Debian calls {list}; install it with your system's package manager");
    }
    if !is_root() {
        bail!("{purpose} needs packages; type:\n  sudo apt-get update && sudo apt-get install -y {list}");
    }
    println!("    installing {list} for {purpose}");
    run(program(root, "apt-get").args(["update", "-qq"]))?;
    let mut install = program(root, "apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}
