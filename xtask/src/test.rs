//! `test`: every suite, cheapest first, all to the end, and a count.

use crate::{
    browser,
    build::{self, Kind},
    postgres::{Cluster, Flushing},
    process, python,
    site::Options,
    step::duration,
    suite::{Counts, Log, cargo_counts, playwright_counts, pytest_counts},
    tidy, torture,
};
use anyhow::{Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

struct Suite {
    name: &'static str,
    run: fn(&Path, &mut Log) -> Result<Counts>,
}

/// In the order that tells most soonest and compiles least: the compiler's work of one serves the next.
const SUITES: [Suite; 11] = [
    Suite { name: "fmt", run: fmt },
    Suite { name: "tidy", run: tidy },
    Suite { name: "clippy", run: clippy },
    Suite { name: "clippy-browser", run: clippy_browser },
    Suite { name: "doc", run: doc },
    Suite { name: "site", run: site },
    Suite { name: "rust", run: rust },
    Suite { name: "torture", run: torture },
    Suite { name: "python", run: python },
    Suite { name: "mlflow", run: mlflow },
    Suite { name: "browser", run: browser },
];

/// The server's crates: the same in every cargo command, or features would differ and all be built again.
const SERVER: [&str; 5] = ["--workspace", "--exclude", "frontend", "--exclude", "xtask"];

struct Outcome {
    name: &'static str,
    counts: Counts,
    took: Duration,
}

pub fn names() -> Vec<&'static str> {
    SUITES.iter().map(|suite| suite.name).collect()
}

pub fn run(root: &Path, wanted: &[String]) -> Result<()> {
    // The server embeds this folder and does not compile without it.
    fs::create_dir_all(Options::read(root)?.site_root)?;
    let chosen = |suite: &&Suite| wanted.is_empty() || wanted.iter().any(|name| name == suite.name);
    let outcomes = SUITES.iter().filter(chosen).map(|suite| run_suite(root, suite));
    let outcomes = outcomes.collect::<Result<Vec<_>>>()?;
    let total = report(&outcomes);
    if total.failed > 0 {
        bail!("the logs are in target/test-logs");
    }
    Ok(())
}

fn run_suite(root: &Path, suite: &Suite) -> Result<Outcome> {
    println!("==> {}", suite.name);
    let started = Instant::now();
    let mut log = Log::create(&root.join("target/test-logs"), suite.name)?;
    let counts = (suite.run)(root, &mut log).or_else(|error| {
        log.say(&format!("{error:#}"))?;
        Ok::<_, anyhow::Error>(Counts::one(false))
    })?;
    let outcome = Outcome { name: suite.name, counts, took: started.elapsed() };
    if counts.failed > 0 {
        println!("{}", log.text()?);
    }
    println!("    {}", line(&outcome));
    Ok(outcome)
}

fn line(outcome: &Outcome) -> String {
    let word = if outcome.counts.failed == 0 { "ok" } else { "FAILED" };
    let Counts { passed, failed } = outcome.counts;
    let took = duration(outcome.took);
    format!("{:<15} {word:<7} {passed:>4} passed {failed:>3} failed {took:>14}", outcome.name)
}

fn report(outcomes: &[Outcome]) -> Counts {
    println!();
    let mut total = Counts::default();
    for outcome in outcomes {
        println!("{}", line(outcome));
        total += outcome.counts;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    total
}

fn fmt(root: &Path, log: &mut Log) -> Result<Counts> {
    log.run(process::cargo(root).args(["fmt", "--all", "--", "--check"])).map(Counts::one)
}

fn tidy(root: &Path, log: &mut Log) -> Result<Counts> {
    let faults = tidy::faults(root)?;
    for fault in &faults {
        log.say(fault)?;
    }
    Ok(Counts::one(faults.is_empty()))
}

fn clippy(root: &Path, log: &mut Log) -> Result<Counts> {
    let mut server = process::cargo(root);
    server.arg("clippy").args(SERVER).args(["--all-targets", "--", "-D", "warnings"]);
    let mut automation = process::cargo(root);
    automation.args(["clippy", "--package", "xtask", "--all-targets", "--", "-D", "warnings"]);
    Ok(Counts::one(log.run(&mut server)? & log.run(&mut automation)?))
}

/// On the host's target: clippy needs the standard library's metadata, which wasm32 may come without.
fn clippy_browser(root: &Path, log: &mut Log) -> Result<Counts> {
    let mut clippy = process::cargo(root);
    log.run(clippy.args(["clippy", "--package", "frontend", "--", "-D", "warnings"])).map(Counts::one)
}

fn doc(root: &Path, log: &mut Log) -> Result<Counts> {
    let mut doc = process::cargo(root);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    log.run(doc.args(["doc", "--no-deps"]).args(SERVER)).map(Counts::one)
}

/// What the server's tests, the Python client's and the browser's are served.
fn site(root: &Path, log: &mut Log) -> Result<Counts> {
    let mut xtask = process::program(root, env::current_exe()?);
    log.run(xtask.args(["build", "--site"])).map(Counts::one)
}

/// The store's tests run on SQLite always, and on PostgreSQL when this variable names a server.
fn rust(root: &Path, log: &mut Log) -> Result<Counts> {
    let cluster = Cluster::start(root, &root.join("target/test-logs/postgres.log"), Flushing::Off)?;
    let mut tests = cargo_test(root);
    tests.arg("--no-fail-fast").env("TEST_DATABASE_URL", cluster.url());
    let mut counts = log.count(&mut tests, cargo_counts)?;
    let mut automation = process::cargo(root);
    counts += log.count(automation.args(["test", "--package", "xtask"]), cargo_counts)?;
    Ok(counts)
}

fn cargo_test(root: &Path) -> Command {
    let mut command = process::cargo(root);
    command.arg("test").args(SERVER);
    command
}

/// The binary that cargo builds for the server's own tests, so that it is built once.
fn server(root: &Path, log: &mut Log) -> Result<PathBuf> {
    if !log.run(cargo_test(root).arg("--no-run"))? {
        bail!("the server does not build");
    }
    Ok(build::binary(root, Kind::Development))
}

/// A few kills and each fault once, on the binary that the other suites use.
fn torture(root: &Path, log: &mut Log) -> Result<Counts> {
    let binary = server(root, log)?;
    let mut build = process::cargo(root);
    if !log.run(build.arg("build").args(SERVER).args(["--bin", "load"]))? {
        bail!("the load generator does not build");
    }
    let mut torture = torture::command(root, &binary.with_file_name("load"), &binary)?;
    log.count(torture.arg("--short"), cargo_counts)
}

fn python(root: &Path, log: &mut Log) -> Result<Counts> {
    let binary = server(root, log)?;
    let python =
        python::interpreter(root, &["sdk/python/requirements-test.txt", "examples/requirements.txt"])?;
    let package = root.join("sdk/python");
    let mut counts = Counts::one(log.run(process::program(&package, &python).args(["-m", "mypy"]))?);
    let mut pytest = pytest(root, &package, &python, &binary)?;
    counts += log.count(&mut pytest, pytest_counts)?;
    Ok(counts)
}

/// pytest in a folder, with a temporary folder of its own: what tests and the packages under test leave behind would fill
/// the system's, run by run.
fn pytest(root: &Path, folder: &Path, python: &Path, binary: &Path) -> Result<Command> {
    let left = root.join("target/test-tmp");
    if left.exists() {
        fs::remove_dir_all(&left)?;
    }
    fs::create_dir_all(&left)?;
    let mut pytest = process::program(folder, python);
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider"]);
    pytest.env("TRACKWAY_BINARY", binary).env("TMPDIR", left);
    Ok(pytest)
}

/// The genuine mlflow package against our server: the newest on both databases, where its answers are compared with those
/// of MLflow's own server, and one of version 2.
fn mlflow(root: &Path, log: &mut Log) -> Result<Counts> {
    let binary = server(root, log)?;
    let (newest, second) = (python::mlflow(root)?, python::mlflow_2(root)?);
    let cluster = Cluster::start(root, &root.join("target/test-logs/mlflow-postgres.log"), Flushing::Off)?;
    let tests = "server/tests/mlflow";
    let mut counts = log.count(pytest(root, root, &newest, &binary)?.arg(tests), pytest_counts)?;
    let mut on_postgres = pytest(root, root, &newest, &binary)?;
    on_postgres.args([tests, "--ignore", "server/tests/mlflow/test_same_answers.py"]);
    counts += log.count(on_postgres.env("TRACKWAY_TEST_DATABASE", cluster.url()), pytest_counts)?;
    counts += log.count(pytest(root, root, &second, &binary)?.arg(tests), pytest_counts)?;
    Ok(counts)
}

fn browser(root: &Path, log: &mut Log) -> Result<Counts> {
    let binary = server(root, log)?;
    // One test watches a real training.
    let python = python::interpreter(root, &["examples/requirements.txt"])?;
    let mut playwright = browser::playwright(root, &binary)?;
    log.count(playwright.env("TRACKWAY_PYTHON", python), playwright_counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_line_tells_name_result_and_time() {
        let outcome =
            Outcome { name: "rust", counts: Counts { passed: 7, failed: 1 }, took: Duration::from_secs(2) };
        assert_eq!(line(&outcome), "rust            FAILED     7 passed   1 failed          2.0 s");
    }
}
