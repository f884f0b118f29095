//! Metrics: batches in, series out.

mod axis;
mod export;
mod join;
mod read;
mod scan;
mod series;
mod writer;

pub use export::MetricExport;
pub(crate) use scan::windows;
pub use series::SeriesAnswer;
pub use writer::Room;

use crate::{Base, Result};
use model::{
    ingest::{IngestBatch, IngestReceipt},
    limits,
    series::SeriesQuery,
    user::{Caller, Role},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[derive(Clone, Debug)]
pub struct Metrics {
    base: Arc<Base>,
    writer: writer::Writer,
    reads: Arc<Semaphore>,
}

impl Metrics {
    pub(crate) fn start(base: Arc<Base>) -> Self {
        let reads = Arc::new(Semaphore::new(limits::SERIES_READS_MAX));
        Self { writer: writer::Writer::start(base.clone()), base, reads }
    }

    /// Waits for room for a batch of so many bytes, before they are read; `Unavailable` when there is none for a while.
    pub async fn room(&self, caller: &Caller, bytes: usize) -> Result<Room> {
        caller.require(Role::Member)?;
        self.writer.room(bytes).await
    }

    /// Stores a batch whole or refuses it whole; when this returns, it is durable. Who read it from the network hands
    /// over its room.
    pub async fn ingest(
        &self,
        caller: &Caller,
        batch: IngestBatch,
        room: Option<Room>,
    ) -> Result<IngestReceipt> {
        caller.require(Role::Member)?;
        batch.check()?;
        self.writer.write(batch, false, room).await
    }

    /// The same for protocols that are stricter: a run in the trash takes nothing, and a param keeps its first value.
    pub async fn ingest_strictly(
        &self,
        caller: &Caller,
        batch: IngestBatch,
        room: Option<Room>,
    ) -> Result<IngestReceipt> {
        caller.require(Role::Member)?;
        batch.check()?;
        self.writer.write(batch, true, room).await
    }

    /// Series of the runs and keys asked for, unless the caller holds this version of the answer already. Series with
    /// no more points than `buckets` come exact.
    pub async fn series(
        &self,
        caller: &Caller,
        query: SeriesQuery,
        known_version: Option<&str>,
    ) -> Result<SeriesAnswer> {
        caller.require(Role::Viewer)?;
        query.check()?;
        series::answer(&self.base, &self.reads, query, known_version).await
    }
}
