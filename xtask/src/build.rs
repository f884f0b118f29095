//! Both halves: the site that browsers load, and the server that hands it out.

use crate::{
    process,
    site::{self, Files, Options},
    step::step,
    wasm,
};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// For working on it, or for handing out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Development,
    Release,
}

impl Kind {
    pub fn from_release(release: bool) -> Self {
        if release { Self::Release } else { Self::Development }
    }
}

pub fn build(root: &Path, kind: Kind) -> Result<()> {
    site(root, kind)?;
    let binary = server(root, kind)?;
    println!("    built {}", binary.display());
    Ok(())
}

/// The browser half with its stylesheet, in the site folder.
pub fn site(root: &Path, kind: Kind) -> Result<()> {
    let options = Options::read(root)?;
    let files = step("browser half", || wasm::build(root, &options, kind))?;
    step("site", || publish(root, &options, files, kind))
}

fn publish(root: &Path, options: &Options, mut files: Files, kind: Kind) -> Result<()> {
    let css = site::stylesheet(root)?;
    files.insert(format!("{}.css", options.output_name), css.into_bytes());
    let version = site::publish(options, &files, kind == Kind::Release)?;
    println!("    version {version}");
    Ok(())
}

/// The site again after a change of style alone: what cargo and wasm-bindgen made last is still right.
pub fn stylesheet(root: &Path) -> Result<()> {
    let options = Options::read(root)?;
    let files = wasm::built(root, Kind::Development)?;
    step("site", || publish(root, &options, files, Kind::Development))
}

/// The server's binary; in release it embeds the site, so build that first.
pub fn server(root: &Path, kind: Kind) -> Result<PathBuf> {
    let options = Options::read(root)?;
    step("server", || {
        let mut cargo = process::cargo(root);
        cargo.args(["build", "--package", &options.bin_package]);
        if kind == Kind::Release {
            cargo.arg("--release");
        }
        process::run(&mut cargo)
    })?;
    Ok(binary(root, kind))
}

pub fn binary(root: &Path, kind: Kind) -> PathBuf {
    let profile = match kind {
        Kind::Development => "debug",
        Kind::Release => "release",
    };
    root.join("target").join(profile).join("trackway")
}
