//! `load bench`: what the server takes and gives on this machine, beside what the machine gives without it.
//! Every figure is measured in this run; ratios are taken within it, so that the machine cancels out.

mod ingest;
mod latency;
mod mlflow;
mod place;
mod raw;
mod read;
mod startup;
mod storage;
mod table;

use crate::{client::Format, curve::Curve};
use anyhow::{Context as _, Result};
use ingest::{Cell, Ingested, Shape};
use place::Database;
use std::{env, path::PathBuf, thread};
use table::Table;

#[derive(clap::Args, Clone)]
pub struct Options {
    /// The server's program, built with --release
    #[arg(long, value_name = "PROGRAM")]
    server: PathBuf,
    /// A tenth of the points: a look, not a measurement
    #[arg(long)]
    quick: bool,
    /// Where curves and places of spikes come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also measure on this PostgreSQL: databases are made and dropped there
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Also measure this `mlflow` program's own server
    #[arg(long, value_name = "PROGRAM")]
    mlflow: Option<PathBuf>,
    /// On the disk to measure
    #[arg(long, value_name = "DIR", default_value_os_t = env::temp_dir())]
    folder: PathBuf,
    /// Requests a second for `latency` where `ingest` is not run: half of what it found on another occasion
    #[arg(long, value_name = "REQUESTS")]
    half_rate: Option<f64>,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Part {
    Raw,
    Ingest,
    Latency,
    Storage,
    Read,
    Start,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// A number of the full run, or a tenth.
    fn sized(&self, full: usize) -> usize {
        if self.quick { full / 10 } else { full }
    }
}

/// What the closing ratios are made of, as far as it was measured.
#[derive(Default)]
struct Findings {
    ingested: Vec<(Cell, Ingested)>,
    rows_a_second: Option<f64>,
    mlflow: Option<mlflow::Measured>,
}

pub async fn run(options: Options) -> Result<()> {
    let mut findings = Findings::default();
    let words: Vec<_> = env::args().collect();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    println!("`{}`: seed {}, {cores} cores\n", words.join(" "), options.seed);
    if options.quick {
        println!("Quick: a tenth of the points; expect twice the spread of a full run.\n");
    }
    let mut databases = vec![Database::Sqlite];
    databases.extend(options.postgres.clone().map(Database::Postgres));
    for database in &databases {
        if let Some(settings) = database.settings().await? {
            println!("PostgreSQL: {settings}\n");
        }
    }

    if options.wants(Part::Raw) {
        raw::disk(&options)?;
        findings.rows_a_second = Some(raw::rows(&options).await?);
    }
    if options.wants(Part::Ingest) {
        findings.ingested = ingest_table(&options, &databases).await?;
    }
    if options.wants(Part::Latency) {
        for database in &databases {
            let half = half_rate(&findings.ingested, database).or(options.half_rate);
            latency::run(&options, database, half).await?;
        }
    }
    if options.wants(Part::Storage) {
        storage::run(&options, &databases).await?;
    }
    if options.wants(Part::Read) {
        for database in &databases {
            read::run(&options, database).await?;
        }
    }
    if options.wants(Part::Start) {
        startup::run(&options).await?;
    }
    if let Some(program) = &options.mlflow {
        findings.mlflow = Some(mlflow::run(&options, program).await.context("measuring MLflow")?);
    }
    ratios(&findings);
    Ok(())
}

async fn ingest_table(options: &Options, databases: &[Database]) -> Result<Vec<(Cell, Ingested)>> {
    let mut table =
        Table::new("Ingest: every request acknowledged only when durable; curve with noise", ingest::HEADS);
    let mut ingested = Vec::new();
    for database in databases {
        for shape in Shape::ALL {
            for format in Format::ALL {
                for clients in [1, 8] {
                    let curve = Curve::Noise;
                    let cell = Cell { database: database.clone(), format, shape, clients, curve };
                    let measured = ingest::measure(options, &cell).await.with_context(|| cell.name())?;
                    table.row(ingest::row(&cell, &measured));
                    ingested.push((cell, measured));
                }
            }
        }
    }
    table.print();
    Ok(ingested)
}

/// Half of the 1 000-point requests a second that were taken on this database at the most.
fn half_rate(ingested: &[(Cell, Ingested)], database: &Database) -> Option<f64> {
    let fitting =
        ingested.iter().filter(|(cell, _)| cell.database == *database && cell.shape == Shape::THOUSAND);
    let most = fitting.map(|(_, measured)| measured.points_a_second).max_by(f64::total_cmp)?;
    Some(most / Shape::THOUSAND.points() as f64 / 2.0)
}

fn ratios(findings: &Findings) {
    let of = |format: Format, shape: Shape, clients: usize| {
        let found = findings.ingested.iter().find(|(cell, _)| {
            let cell_is = (cell.format, cell.shape, cell.clients);
            cell.database == Database::Sqlite && cell_is == (format, shape, clients)
        });
        found.map(|(_, measured)| measured)
    };
    let mut table = Table::new("Ratios, within this run", &["what", "ratio"]);
    for format in Format::ALL {
        for shape in [Shape::THOUSAND, Shape::TEN_THOUSAND] {
            for clients in [1, 8] {
                let Some(ours) = of(format, shape, clients) else { continue };
                let what = format!("{}, {}, {clients} × client", format.name(), shape.name);
                if let Some(rows) = findings.rows_a_second {
                    let ratio = format!("{:.2}", ours.points_a_second / rows);
                    table.row(vec![format!("points/s, ours / plain SQLite rows: {what}"), ratio]);
                }
                if let Some(mlflow) =
                    findings.mlflow.as_ref().filter(|_| clients == 1 && shape == Shape::THOUSAND)
                {
                    let ratio = format!("{:.0}", ours.points_a_second / mlflow.points_a_second);
                    table.row(vec![format!("points/s, ours / MLflow: {what}"), ratio]);
                    let ratio = format!("1/{:.0}", mlflow.cpu_secs_a_million / ours.server_cpu_a_million);
                    table.row(vec![format!("server CPU a point, ours / MLflow: {what}"), ratio]);
                }
            }
        }
    }
    table.print();
}
