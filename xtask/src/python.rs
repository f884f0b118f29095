//! Python in a folder of our own: target/venv.

use crate::{apt, process, site::hex};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The environment's interpreter, with what `requirements` files ask for and the client in editable form.
pub fn interpreter(root: &Path, requirements: &[&str]) -> Result<PathBuf> {
    let venv = root.join("target/venv");
    let python = make(root, &venv)?;
    for file in requirements {
        let mut pip = vec!["-r", file];
        install_once(root, &venv, file, &mut pip)?;
    }
    install_once(root, &venv, "sdk/python/pyproject.toml", &mut vec!["-e", "sdk/python"])?;
    Ok(python)
}

/// The interpreter of an environment of its own, target/`name`, with these packages: for those whose requirements would
/// get into the way of others.
pub fn environment(root: &Path, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let venv = root.join("target").join(name);
    let python = make(root, &venv)?;
    let wanted = packages.join("\n");
    // Written last: an installation that broke off is begun again.
    let stamp = venv.join("packages.stamp");
    if !fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        let mut pip = process::program(root, &python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
        process::run(&mut pip).with_context(|| format!("installing {}", packages.join(", ")))?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(python)
}

/// The interpreter beside MLflow's newest client and its own server.
pub fn mlflow(root: &Path) -> Result<PathBuf> {
    environment(root, "mlflow", &["lightgbm", "mlflow", "pytest", "scikit-learn"])
}

/// The interpreter beside the last client of MLflow 2, which many still have.
pub fn mlflow_2(root: &Path) -> Result<PathBuf> {
    environment(root, "mlflow2", &["lightgbm", "mlflow==2.22.5", "pytest", "scikit-learn"])
}

/// Makes the environment when it is not there; answers its interpreter.
fn make(root: &Path, venv: &Path) -> Result<PathBuf> {
    let python = venv.join("bin/python");
    if !python.exists() {
        let python3 = process::find("python3").context("Python 3.10 or newer is needed: install python3")?;
        let make = || process::run(process::program(root, &python3).args(["-m", "venv"]).arg(venv));
        if make().is_err() {
            // Debian's own Python comes without the part that makes environments; what it left is of no use.
            fs::remove_dir_all(venv).ok();
            apt::install(root, &["python3-venv"], "an environment for Python")?;
            make()?;
        }
    }
    Ok(python)
}

/// pip takes seconds to find that nothing is to do: skipped while the file says what it said.
fn install_once(root: &Path, venv: &Path, file: &str, wanted: &mut Vec<&str>) -> Result<()> {
    let text = fs::read(root.join(file)).with_context(|| format!("cannot read {file}"))?;
    let fingerprint = hex(&Sha256::digest(&text));
    let stamp = venv.join(format!("{}.stamp", file.replace('/', "-")));
    if fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint) {
        return Ok(());
    }
    let mut pip = process::program(root, venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(wanted);
    process::run(&mut pip)?;
    fs::write(&stamp, fingerprint).with_context(|| format!("cannot write {}", stamp.display()))
}
