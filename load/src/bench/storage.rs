//! Bytes a point once a run has ended and its series are packed, by curve.

use super::{
    Options, Shape,
    ingest::{self, Cell},
    place::Database,
    table::{Table, thousands},
};
use crate::{client::Format, curve::Curve};
use anyhow::{Context as _, Result};

pub async fn run(options: &Options, databases: &[Database]) -> Result<()> {
    let heads = &[
        "database, curve",
        "points",
        "segments",
        "packed after s",
        "segment bytes/point",
        "file bytes/point",
    ];
    let mut table =
        Table::new("Storage: one ended run of 20 series, logged in requests of 1 000 points", heads);
    for database in databases {
        for curve in [Curve::Float32, Curve::Noise, Curve::Random] {
            let shape = Shape::THOUSAND;
            let cell = Cell { database: database.clone(), format: Format::Binary, shape, clients: 1, curve };
            let measured = ingest::measure(options, &cell).await.with_context(|| cell.name())?;
            let stored = &measured.stored;
            table.row(vec![
                format!("{}, {}", database.name(), curve.name()),
                thousands(stored.points as f64),
                stored.segments.to_string(),
                format!("{:.1}", measured.packing.as_secs_f64()),
                format!("{:.2}", stored.segment_bytes_a_point()),
                format!("{:.2}", stored.file_bytes_a_point()),
            ]);
        }
    }
    table.print();
    Ok(())
}
