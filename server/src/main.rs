//! The command `trackway`.

use clap::{Parser, Subcommand};
use server::{config::ServeConfig, serve, sign_in};
use std::{env, os::unix::process::CommandExt as _, process};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trackway records, shows and compares machine-learning training runs.
#[derive(Debug, Parser)]
#[command(name = "trackway", version, after_help = CLIENT)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const CLIENT: &str = "Recording runs, and looking at them from the command line (runs, experiments, sync, download, …), \
    is the Python package's part, which has a command of the same name: pip install trackway";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: pages, API and storage in one process.
    Serve(ServeConfig),
    /// Print a new one-time link that signs a browser in to a running server.
    SignIn(sign_in::SignInConfig),
}

/// How long the allocator keeps memory that is not in use. Its own second makes packing a long run take half as much
/// memory again, and it reads its options before `main` begins: only a process that starts with one has it.
const PURGE_MILLIS: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

/// Starts this program again in the same process, unless the environment says how long memory is kept.
fn with_purge_delay() {
    let (name, millis) = PURGE_MILLIS;
    let mut arguments = env::args_os();
    if env::var_os(name).is_none()
        && let (Some(called), Ok(program)) = (arguments.next(), env::current_exe())
    {
        let error = process::Command::new(program).arg0(called).args(arguments).env(name, millis).exec();
        tracing::warn!("memory that is not in use is kept for a second: {error}");
    }
}

fn main() -> process::ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TRACKWAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // A log that cannot be written must not end what is being logged about.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.log_internal_errors(false).init();
    let done = match Cli::parse().command {
        Command::Serve(config) => {
            with_purge_delay();
            serve::run(config)
        }
        Command::SignIn(config) => sign_in::run(&config),
    };
    match done {
        Ok(()) => process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trackway: {error:#}");
            process::ExitCode::FAILURE
        }
    }
}
