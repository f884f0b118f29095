//! Load for a real server, from outside: `load bench` measures, `load torture` breaks things and checks what is
//! left. Knows the server as a program, its wire formats by `model`, and nothing else of it.

mod bench;
mod client;
mod curve;
mod server;
mod torture;
mod usage;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Load for a Trackway server: measures it, or breaks it and checks what is left")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure writing, reading, storage and starting, beside references in the same run; prints Markdown
    Bench(bench::Options),
    /// Kill and starve the server under load; what it acknowledged must be there, once
    Torture(torture::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Bench(options) => bench::run(options).await.map(|()| true),
        Command::Torture(options) => torture::run(options).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
