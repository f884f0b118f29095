//! The project's automation: `cargo xtask <command>`. One file a command; nothing else builds, tests or
//! starts the project, on a laptop or in CI.

mod apt;
mod bench;
mod browser;
mod build;
mod dev;
mod postgres;
mod process;
mod python;
mod run;
#[cfg(test)]
mod scratch;
mod seed;
mod site;
mod step;
mod suite;
mod test;
mod tidy;
mod toolchain;
mod torture;
mod wasm;

use clap::{Parser, Subcommand};
use std::{path::Path, process::ExitCode};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and tests Trackway", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build what is out of date and start the server: `run -- --listen 127.0.0.1:8080`
    Run {
        /// Arguments for `trackway serve`
        #[arg(last = true)]
        serve: Vec<String>,
    },
    /// Build both halves: for development, or small and self-contained with --release
    Build {
        /// Optimise, compress and embed the site: the result is target/release/trackway
        #[arg(long)]
        release: bool,
        /// Only the browser half
        #[arg(long)]
        site: bool,
    },
    /// Start the server, rebuild and restart it on every save
    Dev {
        /// Arguments for `trackway serve`
        #[arg(last = true)]
        serve: Vec<String>,
    },
    /// Run every test suite, or the ones named
    Test {
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(test::names()))]
        suites: Vec<String>,
    },
    /// Fill a running server with the examples' runs
    Seed {
        /// The server; without it the client finds the local one by itself
        #[arg(long)]
        url: Option<String>,
    },
    /// Measure a release build beside references in the same run
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Kill, starve and stall a server under load; what it acknowledged must be there, once
    Torture(torture::Torture),
    /// Check the project's own rules: arrows between crates, licences, names, words
    Tidy,
}

#[derive(Subcommand)]
enum Bench {
    /// Metrics: writing, reading, storage, start; prints Markdown tables
    Metrics(bench::Metrics),
    /// The Python client: what a logging call costs, beside other trackers; prints JSON and a Markdown table
    Client {
        /// Without the other trackers, which would be installed into target/bench-client
        #[arg(long)]
        alone: bool,
    },
    /// An experiment of a hundred thousand runs: filters, orders, changes to many; a quarter of an hour a database
    Browse {
        /// A fiftieth of the runs: a look, not a measurement
        #[arg(long)]
        quick: bool,
        /// Also on PostgreSQL, in a throw-away cluster
        #[arg(long)]
        postgres: bool,
    },
    /// What MLflow's clients do, here and on MLflow's own server; some minutes
    Mlflow {
        /// A tenth of the work: a look, not a measurement
        #[arg(long)]
        quick: bool,
    },
    /// What pages cost in Chromium, beside MLflow's and TensorBoard's; some ten minutes
    Ui {
        /// Each page once: a look, not a measurement
        #[arg(long)]
        quick: bool,
        /// Without the others, which would be installed into target/mlflow and target/bench-ui
        #[arg(long)]
        alone: bool,
    },
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    match execute(root, Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(root: &Path, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { serve } => run::run(root, &serve),
        Command::Build { release, site: true } => build::site(root, build::Kind::from_release(release)),
        Command::Build { release, site: false } => build::build(root, build::Kind::from_release(release)),
        Command::Dev { serve } => dev::run(root, &serve),
        Command::Test { suites } => test::run(root, &suites),
        Command::Seed { url } => seed::run(root, url.as_deref()),
        Command::Bench { what: Bench::Metrics(wanted) } => bench::metrics(root, &wanted),
        Command::Bench { what: Bench::Client { alone } } => bench::client(root, alone),
        Command::Bench { what: Bench::Browse { quick, postgres } } => bench::browse(root, quick, postgres),
        Command::Bench { what: Bench::Mlflow { quick } } => bench::mlflow(root, quick),
        Command::Bench { what: Bench::Ui { quick, alone } } => bench::ui(root, quick, alone),
        Command::Torture(wanted) => torture::run(root, &wanted),
        Command::Tidy => tidy::run(root),
    }
}
