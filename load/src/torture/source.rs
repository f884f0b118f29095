//! What writers send: each batch follows from the seed, the writer and its number, so that it can be made again to
//! repeat it and to check what is stored.

use crate::client::{Client, Format};
use anyhow::Result;
use model::{
    Float64, RunId, Tags,
    ingest::{IngestBatch, RunFacts, SeriesPoints, Writer},
    metric::Context,
    param::ParamValue,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeSet;

/// Runs that writers share: few, so that several writers meet in one.
const RUNS: usize = 2;
/// A key into which all writers of a run log.
pub const SHARED_KEY: &str = "shared";

/// The makings of one generation of runs and writers.
pub struct Source {
    pub seed: u64,
    pub generation: u64,
    pub runs: Vec<RunId>,
}

/// How a writer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// One batch after the other, as the client library does.
    InOrder,
    /// Several numbers under way at once.
    Pipelined,
    /// Now and then a number before the one below it.
    Late,
}

/// What a writer knows of its batches.
pub struct Log {
    pub writer: usize,
    pub format: Format,
    pub manner: Manner,
    pub next: i64,
    pub acknowledged: BTreeSet<i64>,
    /// Sent without an answer: stored or not, whole in either case.
    pub open: BTreeSet<i64>,
}

impl Log {
    /// Four kinds of writers take turns.
    pub fn new(writer: usize) -> Self {
        let (format, manner) = match writer % 4 {
            0 => (Format::Binary, Manner::InOrder),
            1 => (Format::Json, Manner::InOrder),
            2 => (Format::Binary, Manner::Pipelined),
            _ => (Format::Json, Manner::Late),
        };
        Self { writer, format, manner, next: 0, acknowledged: BTreeSet::new(), open: BTreeSet::new() }
    }

    /// So many writers of all kinds.
    pub fn mixed(writers: usize) -> Vec<Self> {
        (0..writers).map(Self::new).collect()
    }

    /// So many writers that go in order: none of their batches is empty, so that each must reach the disk.
    pub fn in_order(writers: usize) -> Vec<Self> {
        (0..).map(Self::new).filter(|log| log.manner == Manner::InOrder).take(writers).collect()
    }

    /// The number of a batch never sent.
    pub fn take(&mut self) -> i64 {
        self.next += 1;
        self.open.insert(self.next - 1);
        self.next - 1
    }

    pub fn acknowledge(&mut self, sequence: i64) {
        self.open.remove(&sequence);
        self.acknowledged.insert(sequence);
    }
}

impl Source {
    /// With fresh runs on this server.
    pub async fn new(client: &Client, seed: u64, generation: u64) -> Result<Self> {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(client.new_run().await?);
        }
        Ok(Self { seed, generation, runs })
    }

    pub fn run_of(&self, writer: usize) -> &RunId {
        &self.runs[writer % self.runs.len()]
    }

    /// The param that a writer which goes in order sets to the number of each batch.
    pub fn param(writer: usize) -> String {
        format!("last-of-{writer}")
    }

    /// The batch of this number, always the same.
    pub fn batch(&self, log: &Log, sequence: i64) -> IngestBatch {
        let writer = log.writer;
        let mut random = self.random(writer, sequence);
        let run_id = self.run_of(writer).clone();
        let mut index = 0;
        let mut series = Vec::new();
        for key in 0..4 {
            if random.random_bool(0.6) {
                let rows = if random.random_bool(0.02) { 1_500 } else { random.random_range(1..40) };
                let name = if key == 3 { SHARED_KEY.to_owned() } else { format!("w{writer}/k{key}") };
                let mut one = SeriesPoints {
                    run_id: run_id.clone(),
                    key: name,
                    context: Context::default(),
                    steps: Vec::new(),
                    times_ms: Vec::new(),
                    values: Vec::new(),
                    texts: Vec::new(),
                    bytes: Vec::new(),
                };
                for _ in 0..rows {
                    one.steps.push(step(&mut random, sequence, index));
                    one.times_ms.push(mark(writer, sequence, index));
                    if key == 2 {
                        one.texts.push(format!("text {writer} {sequence} {index} \u{df}"));
                    } else {
                        one.values.push(Float64(value(&mut random, log.format)));
                    }
                    index += 1;
                }
                series.push(one);
            }
        }
        let runs = if log.manner == Manner::InOrder {
            let params = [(Self::param(writer), ParamValue::Int(sequence))].into();
            vec![RunFacts { run_id, params, tags: Tags::default() }]
        } else {
            Vec::new()
        };
        IngestBatch { writer: Some(self.writer(writer, sequence)), series, runs }
    }

    /// Another batch under the same number: what a client with a mistake would send.
    pub fn altered(&self, log: &Log, sequence: i64) -> IngestBatch {
        let mut batch = self.batch(log, sequence);
        match batch.series.iter_mut().find_map(|series| series.steps.first_mut()) {
            Some(step) => *step += 1,
            None => batch.runs.push(RunFacts {
                run_id: self.run_of(log.writer).clone(),
                params: [("invented".to_owned(), ParamValue::Null)].into(),
                tags: Tags::default(),
            }),
        }
        batch
    }

    fn writer(&self, writer: usize, sequence: i64) -> Writer {
        Writer { id: format!("torture-{}-{}-{writer}", self.seed, self.generation), sequence }
    }

    fn random(&self, writer: usize, sequence: i64) -> StdRng {
        let mut seed = [0; 32];
        let words = [self.seed, self.generation, writer as u64, sequence.cast_unsigned()];
        for (bytes, word) in seed.chunks_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        StdRng::from_seed(seed)
    }
}

/// Mostly rising; now and then equal to a neighbour's or far behind.
fn step(random: &mut StdRng, sequence: i64, index: i64) -> i64 {
    let step = sequence * 50 + index;
    match random.random_range(0..20) {
        0 => step - 1,
        1 => (step - random.random_range(0..5_000)).max(0),
        _ => step,
    }
}

/// The time of a point, which names the point: no two are alike.
fn mark(writer: usize, sequence: i64, index: i64) -> i64 {
    ((writer as i64) << 44) | (sequence << 16) | index
}

/// Which writer's batch a point belongs to, by its time.
pub fn origin(time_ms: i64) -> (usize, i64) {
    ((time_ms >> 44) as usize, (time_ms >> 16) & 0xfff_ffff)
}

/// Every kind of double; JSON has no payload of a NaN.
fn value(random: &mut StdRng, format: Format) -> f64 {
    const ODD: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, f64::MAX];
    if random.random_bool(0.95) {
        random.random_range(-1e6..1e6)
    } else if format == Format::Binary && random.random_bool(0.2) {
        f64::from_bits(0x7ff8_0000_dead_beef)
    } else {
        ODD[random.random_range(0..ODD.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_can_be_made_again_and_an_altered_one_differs() {
        let source = Source { seed: 5, generation: 2, runs: vec![RunId::from_bytes([1; 16])] };
        for log in Log::mixed(4) {
            for sequence in 0..50 {
                let batch = source.batch(&log, sequence);
                assert!(batch.check().is_ok());
                assert_eq!(batch, source.batch(&log, sequence));
                assert_ne!(batch, source.altered(&log, sequence));
                for time in batch.series.iter().flat_map(|series| &series.times_ms) {
                    assert_eq!(origin(*time), (log.writer, sequence));
                }
            }
        }
    }
}
