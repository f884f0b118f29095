//! The project's own rules, checked with the tests: what a reviewer would otherwise have to remember.

mod arrows;
mod layers;
mod licence;
mod source;

use crate::process;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{fs, path::Path};

pub fn run(root: &Path) -> Result<()> {
    let faults = faults(root)?;
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    println!("tidy");
    Ok(())
}

/// Every breach of a rule, one line each.
pub fn faults(root: &Path) -> Result<Vec<String>> {
    let metadata = metadata(root)?;
    let deny = fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let deny = deny.parse::<toml::Table>().context("deny.toml is not TOML")?;
    let files = files(root)?;
    let mut faults = arrows::faults(&metadata);
    faults.extend(licence::faults(&metadata, &deny)?);
    faults.extend(layers::faults(&files));
    for file in &files {
        faults.extend(source::name_fault(file));
        // A picture is no text, and a file may be gone from disk but not yet from git.
        if let Ok(text) = fs::read_to_string(root.join(file)) {
            faults.extend(source::text_faults(file, &text));
        }
    }
    Ok(faults)
}

fn metadata(root: &Path) -> Result<Value> {
    let mut cargo = process::cargo(root);
    let text = process::output(cargo.args(["metadata", "--format-version", "1", "--locked"]))?;
    serde_json::from_str(&text).context("cargo metadata printed no JSON")
}

/// Files of the project: in git, or new and not ignored.
fn files(root: &Path) -> Result<Vec<String>> {
    let mut git = process::program(root, "git");
    let list = process::output(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    Ok(list.split_terminator('\0').map(str::to_owned).collect())
}
