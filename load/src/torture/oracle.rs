//! What must be stored, held against what is: each acknowledged point once, nothing else, each batch whole, by step.

use super::source::{Log, Manner, Source, origin};
use crate::client::Client;
use anyhow::{Result, bail};
use model::{
    RunId,
    param::{Param, ParamValue},
    run::RunDetail,
    series::{Columns, Series},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What was found to be right.
#[derive(Debug, Default)]
pub struct Verdict {
    pub batches: usize,
    pub points: usize,
    /// Batches without an answer that are stored after all: writer and number.
    pub open_and_stored: BTreeSet<(usize, i64)>,
}

/// Reads everything back and compares; an error lists the faults.
pub async fn verify(client: &Client, source: &Source, logs: &[Log]) -> Result<Verdict> {
    let mut series = Vec::new();
    let mut runs = Vec::new();
    for run in &source.runs {
        series.extend(client.series(&format!("run={run}")).await?);
        runs.push(client.run(run).await?);
    }
    let mut oracle = Oracle::new(source, logs);
    oracle.take_series(&series);
    oracle.take_runs(&runs);
    let verdict = oracle.close(logs);
    if oracle.faults.is_empty() {
        return Ok(verdict);
    }
    let shown = oracle.faults.iter().take(10).cloned().collect::<Vec<_>>().join("\n    ");
    bail!("generation {}: {} faults:\n    {shown}", source.generation, oracle.faults.len());
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Value {
    Bits(u64),
    Text(Vec<u8>),
}

/// A point and where it belongs; its time is its name.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    run_id: RunId,
    key: String,
    step: i64,
    value: Value,
}

type BatchName = (usize, i64);

struct Oracle {
    expected: HashMap<i64, Expected>,
    /// Points of each batch.
    sizes: BTreeMap<BatchName, usize>,
    /// The param that a batch sets.
    params: BTreeMap<(RunId, String), Vec<i64>>,
    in_order: HashSet<usize>,
    acknowledged: HashSet<BatchName>,
    seen: HashSet<i64>,
    seen_of: HashMap<BatchName, usize>,
    seen_in: HashMap<(RunId, String), i64>,
    stored_params: BTreeMap<(RunId, String), ParamValue>,
    faults: Vec<String>,
}

impl Oracle {
    fn new(source: &Source, logs: &[Log]) -> Self {
        let mut oracle = Self {
            expected: HashMap::new(),
            sizes: BTreeMap::new(),
            params: BTreeMap::new(),
            in_order: HashSet::new(),
            acknowledged: HashSet::new(),
            seen: HashSet::new(),
            seen_of: HashMap::new(),
            seen_in: HashMap::new(),
            stored_params: BTreeMap::new(),
            faults: Vec::new(),
        };
        for log in logs {
            if log.manner == Manner::InOrder {
                oracle.in_order.insert(log.writer);
                oracle
                    .params
                    .insert((source.run_of(log.writer).clone(), Source::param(log.writer)), Vec::new());
            }
            for &sequence in log.acknowledged.iter().chain(&log.open) {
                oracle.expect(source, log, sequence);
            }
            oracle.acknowledged.extend(log.acknowledged.iter().map(|&sequence| (log.writer, sequence)));
        }
        oracle
    }

    fn expect(&mut self, source: &Source, log: &Log, sequence: i64) {
        let batch = source.batch(log, sequence);
        self.sizes.insert((log.writer, sequence), batch.point_count());
        for series in batch.series {
            for (row, &time) in series.times_ms.iter().enumerate() {
                let value = match series.values.get(row) {
                    Some(value) => Value::Bits(value.0.to_bits()),
                    None => Value::Text(series.texts[row].clone().into_bytes()),
                };
                let (run_id, key) = (series.run_id.clone(), series.key.clone());
                self.expected.insert(time, Expected { run_id, key, step: series.steps[row], value });
            }
        }
    }

    fn take_series(&mut self, stored: &[Series]) {
        for series in stored {
            match &series.columns {
                Columns::Points(points) => {
                    let values = points.values.iter().map(|value| Value::Bits(value.to_bits()));
                    self.take_points(series, &points.steps, &points.times_ms, values);
                }
                Columns::Texts(texts) => {
                    let values = texts.values.iter().map(|text| Value::Text(text.clone()));
                    self.take_points(series, &texts.steps, &texts.times_ms, values);
                }
                Columns::Buckets(_) | Columns::Group(_) => {
                    self.faults.push(format!("series {} did not come exact", series.key));
                }
            }
        }
    }

    fn take_points(
        &mut self,
        series: &Series,
        steps: &[i64],
        times: &[i64],
        values: impl Iterator<Item = Value>,
    ) {
        let key = &series.key;
        // Of each writer, the step and time of its point before.
        let mut before: HashMap<usize, (i64, i64)> = HashMap::new();
        if steps.windows(2).any(|pair| pair[0] > pair[1]) {
            self.faults.push(format!("series {key} is not in order of step"));
        }
        for ((&step, &time), value) in steps.iter().zip(times).zip(values) {
            let found = Expected { run_id: series.run_id.clone(), key: key.clone(), step, value };
            match self.expected.get(&time) {
                None => self.faults.push(format!("invented: {found:?} of {:?}", origin(time))),
                Some(expected) if *expected != found => {
                    self.faults.push(format!("changed: {found:?} should be {expected:?}"));
                }
                Some(_) if !self.seen.insert(time) => self.faults.push(format!("doubled: {found:?}")),
                Some(_) => {
                    *self.seen_of.entry(origin(time)).or_default() += 1;
                    *self.seen_in.entry((found.run_id, found.key)).or_default() += 1;
                }
            }
            let (writer, _) = origin(time);
            let last = before.insert(writer, (step, time));
            // Times of one writer count up, so equal steps of a writer that goes in order stand in order of time.
            if last.is_some_and(|last| last.0 == step && last.1 > time) && self.in_order.contains(&writer) {
                self.faults
                    .push(format!("series {key}, step {step}: equal steps are not in the order of writing"));
            }
        }
    }

    fn take_runs(&mut self, runs: &[RunDetail]) {
        for detail in runs {
            let id = &detail.run.id;
            for Param { key, value } in &detail.params {
                self.stored_params.insert((id.clone(), key.clone()), value.clone());
            }
            for metric in &detail.metrics {
                let points = self.seen_in.get(&(id.clone(), metric.key.clone())).copied().unwrap_or_default();
                if points != metric.count {
                    self.faults.push(format!(
                        "summary of {} counts {} of {points} points",
                        metric.key, metric.count
                    ));
                }
            }
        }
    }

    /// Which batches are there, and whether they are so whole.
    fn close(&mut self, logs: &[Log]) -> Verdict {
        let mut verdict = Verdict { points: self.seen.len(), ..Verdict::default() };
        for (&name, &size) in &self.sizes {
            let seen = self.seen_of.get(&name).copied().unwrap_or_default();
            let acknowledged = self.acknowledged.contains(&name);
            if acknowledged && seen < size {
                self.faults.push(format!("lost: {} of {size} points of acknowledged {name:?}", size - seen));
            } else if seen > 0 && seen < size {
                self.faults.push(format!("torn: {seen} of {size} points of {name:?}"));
            }
            verdict.batches += usize::from(acknowledged);
            if !acknowledged && seen > 0 {
                verdict.open_and_stored.insert(name);
            }
        }
        self.close_params(logs, &mut verdict);
        verdict
    }

    /// The param of a writer in order tells the last batch that is stored: the same as the points tell.
    fn close_params(&mut self, logs: &[Log], verdict: &mut Verdict) {
        let known: HashSet<_> = self.params.keys().cloned().collect();
        for name in self.stored_params.keys().filter(|name| !known.contains(*name)) {
            self.faults.push(format!("invented: param {}", name.1));
        }
        for log in logs.iter().filter(|log| log.manner == Manner::InOrder) {
            let stored = self.params.keys().find(|(_, key)| *key == Source::param(log.writer));
            let stored = stored.and_then(|name| self.stored_params.get(name));
            let last_acknowledged = log.acknowledged.last().copied();
            let number = match stored {
                Some(ParamValue::Int(number)) => Some(*number),
                None => None,
                Some(other) => {
                    self.faults.push(format!("changed: param of writer {} is {other}", log.writer));
                    continue;
                }
            };
            if number == last_acknowledged {
                if let Some(torn) = verdict.open_and_stored.iter().find(|(writer, _)| *writer == log.writer) {
                    self.faults.push(format!("torn: points but no param of {torn:?}"));
                }
                continue;
            }
            let Some(open) = number.filter(|number| log.open.contains(number)) else {
                self.faults.push(format!(
                    "lost: writer {} set its param to {last_acknowledged:?}, it is {number:?}",
                    log.writer
                ));
                continue;
            };
            let name = (log.writer, open);
            let empty = self.sizes.get(&name) == Some(&0);
            if !verdict.open_and_stored.contains(&name) && !empty {
                self.faults.push(format!("torn: param but no points of {name:?}"));
            }
            verdict.open_and_stored.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ingest::IngestBatch, metric::Context, series::Extra, series::Points, series::Texts};

    fn stored(batches: &[IngestBatch]) -> Vec<Series> {
        let mut rows: BTreeMap<String, Vec<(i64, i64, Value)>> = BTreeMap::new();
        for series in batches.iter().flat_map(|batch| &batch.series) {
            for (row, &time) in series.times_ms.iter().enumerate() {
                let value = match series.values.get(row) {
                    Some(value) => Value::Bits(value.0.to_bits()),
                    None => Value::Text(series.texts[row].clone().into_bytes()),
                };
                rows.entry(series.key.clone()).or_default().push((series.steps[row], time, value));
            }
        }
        let run_id = &batches[0].series[0].run_id;
        let series = rows.into_iter().map(|(key, mut rows)| {
            rows.sort_by_key(|row| row.0);
            let (mut points, mut texts) = (Points::default(), Texts::default());
            let total = rows.len() as u64;
            for (step, time, value) in rows {
                match value {
                    Value::Bits(bits) => {
                        points.steps.push(step);
                        points.times_ms.push(time);
                        points.values.push(f64::from_bits(bits));
                    }
                    Value::Text(text) => {
                        texts.steps.push(step);
                        texts.times_ms.push(time);
                        texts.values.push(text);
                    }
                }
            }
            let columns =
                if texts.steps.is_empty() { Columns::Points(points) } else { Columns::Texts(texts) };
            let context = Context::default();
            Series {
                run_id: run_id.clone(),
                group: None,
                key,
                context,
                total,
                columns,
                extra: Extra::default(),
            }
        });
        series.collect()
    }

    fn source() -> Source {
        Source { seed: 1, generation: 1, runs: vec![RunId::from_bytes([1; 16])] }
    }

    fn judge(source: &Source, log: Log, series: &[Series]) -> (Verdict, Vec<String>) {
        let logs = [log];
        let mut oracle = Oracle::new(source, &logs);
        oracle.take_series(series);
        let verdict = oracle.close(&logs);
        (verdict, oracle.faults)
    }

    /// A writer that is not in order, so that params play no part, with these batches acknowledged and open.
    fn log(acknowledged: &[i64], open: &[i64]) -> Log {
        let (acknowledged, open) = (acknowledged.iter().copied().collect(), open.iter().copied().collect());
        Log { acknowledged, open, next: 9, ..Log::new(2) }
    }

    #[test]
    fn what_is_stored_as_acknowledged_is_right() {
        let source = source();
        let batches: Vec<_> = (0..4).map(|sequence| source.batch(&Log::new(2), sequence)).collect();
        let (verdict, faults) = judge(&source, log(&[0, 1, 2], &[3, 4]), &stored(&batches));
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(verdict.batches, 3);
        assert_eq!(verdict.open_and_stored, [(2, 3)].into());
    }

    #[test]
    fn every_kind_of_fault_is_found() {
        let source = source();
        let batches: Vec<_> = (0..3).map(|sequence| source.batch(&Log::new(2), sequence)).collect();
        let fault = |log: Log, batches: &[IngestBatch]| judge(&source, log, &stored(batches)).1.join("\n");
        assert!(fault(log(&[0, 1, 2, 3], &[]), &batches).contains("lost"));
        assert!(fault(log(&[0, 1], &[]), &batches).contains("invented"));
        let doubled = [&batches[..], &batches[1..2]].concat();
        assert!(fault(log(&[0, 1, 2], &[]), &doubled).contains("doubled"));
        let mut torn = batches.clone();
        let last = &mut torn[2].series[0];
        last.steps.pop();
        last.times_ms.pop();
        last.values.pop();
        last.texts.pop();
        assert!(fault(log(&[0, 1], &[2]), &torn).contains("torn"));
        let mut changed = batches.clone();
        changed[0].series[0].steps[0] += 1;
        assert!(fault(log(&[0, 1, 2], &[]), &changed).contains("changed"));
        let mut unordered = stored(&batches);
        match &mut unordered[0].columns {
            Columns::Points(points) => points.steps.reverse(),
            _ => panic!("the first key holds numbers"),
        }
        assert!(judge(&source, log(&[0, 1, 2], &[]), &unordered).1.join("\n").contains("order of step"));
    }
}
