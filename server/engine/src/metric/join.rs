//! A series that is computed from others: read side by side in order of step, joined where all have a value.

use super::scan::Windows;
use crate::Result;
use model::{expression::Expression, series::Points};
use std::sync::Arc;
use store::{Snapshot, metric::SegmentPlace};

/// What is computed, and where the segments of each of its metrics lie.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub expression: Arc<Expression>,
    pub operands: Vec<Vec<SegmentPlace>>,
}

/// Points of several series on their way to one. A step counts where all of them have it, of equal steps the last.
#[derive(Debug)]
pub(super) struct Join {
    expression: Arc<Expression>,
    operands: Vec<Operand>,
    /// The steps that count.
    range: (i64, i64),
    seen: u64,
}

/// One of the series: its points from where the join stands.
#[derive(Debug)]
struct Operand {
    windows: Windows,
    points: Points,
    at: usize,
    ended: bool,
}

impl Operand {
    fn head(&self) -> Option<i64> {
        self.points.steps.get(self.at).copied()
    }

    /// Up to which step, not including it, nothing is missing: more points of the last step may follow.
    fn known_below(&self) -> Option<i64> {
        if self.ended { None } else { Some(self.points.steps.last().copied().unwrap_or(i64::MIN)) }
    }

    async fn read_on(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        let Some(more) = self.windows.next(snapshot).await? else {
            self.ended = true;
            return Ok(());
        };
        self.points.steps.drain(..self.at);
        self.points.times_ms.drain(..self.at);
        self.points.values.drain(..self.at);
        self.at = 0;
        // Of a step only the last point counts: a metric that was logged without steps takes no more room than one point.
        for ((step, time_ms), value) in more.steps.into_iter().zip(more.times_ms).zip(more.values) {
            if self.points.steps.last() == Some(&step) {
                self.points.times_ms.pop();
                self.points.values.pop();
            } else {
                self.points.steps.push(step);
            }
            self.points.times_ms.push(time_ms);
            self.points.values.push(value);
        }
        Ok(())
    }

    /// Goes past a step; its last point there.
    fn take(&mut self, step: i64) -> Option<(i64, f64)> {
        let mut taken = None;
        while self.head() == Some(step) {
            taken = Some((self.points.times_ms[self.at], self.points.values[self.at]));
            self.at += 1;
        }
        taken
    }
}

impl Join {
    pub fn new(joined: &Joined, range: (i64, i64)) -> Self {
        let operand = |places: &Vec<SegmentPlace>| Operand {
            windows: Windows::new(places),
            points: Points::default(),
            at: 0,
            ended: false,
        };
        let operands = joined.operands.iter().map(operand).collect();
        Self { expression: joined.expression.clone(), operands, range, seen: 0 }
    }

    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Points>> {
        loop {
            let below = self.operands.iter().filter_map(Operand::known_below).min();
            let some = self.operands.iter().filter_map(Operand::head).min();
            match (some, below) {
                (Some(step), None) => return Ok(Some(self.joined(step, None))),
                (Some(step), Some(below)) if step < below => {
                    let points = self.joined(step, Some(below));
                    if !points.is_empty() {
                        return Ok(Some(points));
                    }
                }
                (None, None) => return Ok(None),
                (_, Some(below)) => {
                    for operand in &mut self.operands {
                        if operand.known_below() == Some(below) {
                            operand.read_on(snapshot).await?;
                        }
                    }
                }
            }
        }
    }

    /// The points from a step on, up to the first that is not known whole.
    fn joined(&mut self, from: i64, below: Option<i64>) -> Points {
        let (mut points, mut columns) = (Points::default(), vec![Vec::new(); self.operands.len()]);
        let mut next = Some(from);
        while let Some(step) = next.filter(|step| below.is_none_or(|below| *step < below)) {
            let found: Vec<Option<(i64, f64)>> =
                self.operands.iter_mut().map(|operand| operand.take(step)).collect();
            self.seen += u64::from((self.range.0..=self.range.1).contains(&step));
            // When the last of them was logged, the value was known.
            let time_ms = found.iter().copied().collect::<Option<Vec<_>>>();
            if let Some(time_ms) = time_ms.and_then(|all| all.into_iter().map(|(time_ms, _)| time_ms).max()) {
                points.steps.push(step);
                points.times_ms.push(time_ms);
                for (column, (_, value)) in columns.iter_mut().zip(found.into_iter().flatten()) {
                    column.push(value);
                }
            }
            next = self.operands.iter().filter_map(Operand::head).min();
        }
        points.values = self.expression.values(&columns, points.steps.len());
        points
    }
}
