//! `load torture`: the server is killed, starved and stalled under load, and what it acknowledged must be there
//! afterwards, once. Every case prints a line; the last line counts them as `cargo test` does.

mod fault;
mod kill;
mod oracle;
mod overload;
mod proof;
mod source;
mod space;
mod strace;
mod writer;

use crate::server::Place;
use anyhow::Result;
use std::{env, path::PathBuf, time::Instant};

#[derive(clap::Args, Clone)]
pub struct Options {
    /// The server's program
    #[arg(long, value_name = "PROGRAM")]
    server: PathBuf,
    /// How often to kill -9 at a random moment
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// What batches, moments and faults follow from; as good as the machine's own timing allows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few kills and each fault once: under a minute on a quiet machine
    #[arg(long)]
    short: bool,
    /// Only cases whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Where data lies; strace's faults name files on it
    #[arg(long, value_name = "DIR", default_value_os_t = env::temp_dir())]
    folder: PathBuf,
}

impl Options {
    /// A fresh place on SQLite.
    fn place(&self) -> Result<Place> {
        Place::temporary(&self.server, &self.folder)
    }
}

/// How a case ended well.
enum Outcome {
    Passed(Tally),
    /// What is missing on this machine.
    Skipped(String),
}

/// What was put through and checked.
#[derive(Clone, Debug, Default)]
struct Tally {
    kills: usize,
    batches: usize,
    points: usize,
    /// Anything else worth telling, for the case's line.
    told: String,
}

/// Runs every case to its end; whether all passed.
pub async fn run(options: Options) -> Result<bool> {
    println!("seed {}, server {}", options.seed, options.server.display());
    let mut report =
        Report { options: options.clone(), total: Tally::default(), passed: 0, failed: 0, skipped: 0 };
    let begun = Instant::now();
    report.case("kill_nine", kill::nine(&options)).await;
    report.case("kill_at_first_start", kill::at_first_start(&options)).await;
    report.case("kill_at_flush", kill::at_call(&options, strace::FLUSHES)).await;
    report.case("kill_at_write", kill::at_call(&options, strace::WRITES)).await;
    report.case("failed_flush_ends_the_process", fault::failed_flush(&options)).await;
    report.case("full_disk_injected", space::injected(&options)).await;
    report.case("full_disk_real", space::real(&options)).await;
    report.case("flush_before_answer", proof::run(&options)).await;
    report.case("stalled_flush", fault::stalled_flush(&options)).await;
    report.case("overload", overload::run(&options)).await;
    report.close(begun);
    Ok(report.failed == 0)
}

struct Report {
    options: Options,
    total: Tally,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    async fn case(&mut self, name: &str, case: impl Future<Output = Result<Outcome>>) {
        if !name.contains(&self.options.only) {
            return;
        }
        let begun = Instant::now();
        let done = case.await;
        let took = begun.elapsed().as_secs_f64();
        match done {
            Ok(Outcome::Passed(tally)) => {
                println!("test {name} ... ok ({took:.1} s; {})", tally.line());
                self.passed += 1;
                self.total.kills += tally.kills;
                self.total.batches += tally.batches;
                self.total.points += tally.points;
            }
            Ok(Outcome::Skipped(reason)) => {
                println!("test {name} ... skipped: {reason}");
                self.skipped += 1;
            }
            Err(error) => {
                println!("test {name} ... FAILED ({took:.1} s)\n    {error:#}");
                self.failed += 1;
            }
        }
    }

    fn close(&self, begun: Instant) {
        let Tally { kills, batches, points, .. } = self.total;
        println!(
            "\n{kills} kills, {batches} batches acknowledged, {points} points; seed {}",
            self.options.seed
        );
        if self.failed == 0 {
            println!("0 lost, 0 doubled, 0 invented, 0 torn, 0 out of order");
            if kills >= 100 {
                // The rule of three: no loss in n trials.
                println!(
                    "with 95 % confidence fewer than {:.1} % of kills lose anything",
                    300.0 / kills as f64
                );
            }
        }
        let secs = begun.elapsed().as_secs_f64();
        println!(
            "test result: {}. {} passed; {} failed; {} skipped; finished in {secs:.1} s",
            if self.failed == 0 { "ok" } else { "FAILED" },
            self.passed,
            self.failed,
            self.skipped
        );
    }
}

impl Tally {
    fn line(&self) -> String {
        let mut parts = Vec::new();
        for (count, what) in [(self.kills, "kills"), (self.batches, "batches"), (self.points, "points")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.extend((!self.told.is_empty()).then(|| self.told.clone()));
        parts.join(", ")
    }
}
