//! What a run's processes printed: pages of lines, a search through all of them, and all of them as a text.

mod download;
mod index;
mod read;

pub use download::{LogDownload, PrintedLine};

use crate::{Base, Result};
use index::{Index, View};
use model::{
    Error, ErrorKind, RunId, limits,
    log::{LogFilter, LogHits, LogLine, LogPage, LogQuery, LogSearch, Needle},
    user::{Caller, Role},
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

/// Lines of a page when nothing is said.
const LINES: u32 = 200;

/// From so many lines on, whoever asks for the last ones gets them before the others are read.
const LINES_MANY: i64 = 20_000;

#[derive(Clone, Debug)]
pub struct Logs {
    base: Arc<Base>,
    known: Arc<Mutex<Vec<Arc<Known>>>>,
    searches: Arc<Semaphore>,
    /// Readers of lines that no index has yet.
    reads: Arc<Semaphore>,
}

/// The lines of a run that somebody looks at. What was not asked for longest stands first.
#[derive(Debug)]
struct Known {
    run_id: RunId,
    index: tokio::sync::Mutex<Arc<Index>>,
    /// As many as there were when somebody looked last.
    lines: AtomicUsize,
}

impl Logs {
    pub(crate) fn new(base: Arc<Base>) -> Self {
        let searches = Arc::new(Semaphore::new(limits::LOG_SEARCHES_MAX));
        let reads = Arc::new(Semaphore::new(limits::LOG_READS_MAX));
        Self { base, known: Arc::default(), searches, reads }
    }

    /// Some lines of a run, in order of time.
    pub async fn list(&self, caller: &Caller, run_id: &RunId, query: LogQuery) -> Result<LogPage> {
        caller.require(Role::Viewer)?;
        query.check()?;
        self.base.run(run_id).await?;
        let limit = query.limit.unwrap_or(LINES) as usize;
        if query.is_for_the_end() && !self.is_known(run_id) {
            let sources = index::sources(&self.base, run_id).await?;
            let all: i64 = sources.iter().map(|(_, found)| found.count).sum();
            // What is read in no time is read whole; of more than are reached, the first are not counted here.
            if (LINES_MANY..=limits::LOG_LINES_MAX as i64).contains(&all) {
                return read::tail(&self.base, &sources, limit).await;
            }
        }
        let index = self.index(run_id).await?;
        let view = View::of(&index, &query.filter());
        let total = view.len();
        let found = match (query.line, query.at_ms) {
            (Some(number), _) => view.nearest_number(number),
            (None, Some(at_ms)) => view.nearest_time(at_ms),
            (None, None) => None,
        };
        let from = match (query.from, found) {
            (Some(from), _) => usize::try_from(from).unwrap_or(usize::MAX).min(total),
            (None, Some(found)) => found.saturating_sub(limit / 2),
            (None, None) => total.saturating_sub(limit),
        };
        let positions: Vec<usize> =
            (from..total.min(from + limit)).map(|place| view.position(place)).collect();
        let texts = read::texts(&self.base, &index, &positions).await?;
        let lines = positions.iter().zip(texts).map(|(&position, (text, cut))| {
            let line = &index.lines[position];
            LogLine {
                number: index.number(position),
                time_ms: model::UnixMillis(line.time_ms),
                source: u32::from(line.source),
                level: line.level,
                text,
                cut,
            }
        });
        Ok(LogPage {
            total: total as u64,
            all: index.number(index.lines.len()) - 1,
            left_out: index.left_out,
            from: from as u64,
            found: found.map(|found| found as u64),
            changed_from: view.place_of(index.changed_from(query.known)) as u64,
            sources: index.sources.iter().map(index::Source::shown).collect(),
            levels: view.levels,
            partial: false,
            lines: lines.collect(),
        })
    }

    /// Where a text is among the lines of a run.
    pub async fn search(&self, caller: &Caller, run_id: &RunId, query: LogSearch) -> Result<LogHits> {
        caller.require(Role::Viewer)?;
        query.check()?;
        self.base.run(run_id).await?;
        let _turn = self.searches.acquire().await.map_err(|_| ended())?;
        let index = self.index(run_id).await?;
        let view = View::of(&index, &query.filter());
        let first = usize::try_from(query.from.unwrap_or_default()).unwrap_or(usize::MAX).min(view.len());
        let first_position = if first < view.len() { view.position(first) } else { index.lines.len() };
        let hits = read::hits(&self.base, &index, first_position, &Needle::new(&query.search)).await?;
        let mut answer = LogHits { total: 0, places: Vec::new(), end: view.len() as u64 };
        for place in (first..view.len()).filter(|&place| hits[view.position(place)]) {
            answer.total += 1;
            if answer.places.len() < limits::LOG_HITS_MAX {
                answer.places.push(place as u64);
            }
        }
        Ok(answer)
    }

    /// All lines of a run that are meant, as a text.
    pub async fn download(&self, caller: &Caller, run_id: &RunId, filter: LogFilter) -> Result<LogDownload> {
        caller.require(Role::Viewer)?;
        let run = self.base.run(run_id).await?;
        LogDownload::begin(self.base.clone(), run, filter).await
    }

    /// The lines of a run as they are now.
    async fn index(&self, run_id: &RunId) -> Result<Arc<Index>> {
        let known = self.known(run_id);
        let mut index = known.index.lock().await;
        index::refresh(&self.base, &self.reads, run_id, &mut index).await?;
        let now = index.clone();
        drop(index);
        known.lines.store(now.lines.len(), Ordering::Relaxed);
        self.forget();
        Ok(now)
    }

    fn is_known(&self, run_id: &RunId) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|one| one.run_id == *run_id)
    }

    fn known(&self, run_id: &RunId) -> Arc<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|one| one.run_id == *run_id);
        let one = match place {
            Some(place) => known.remove(place),
            None => Arc::new(Known {
                run_id: run_id.clone(),
                index: tokio::sync::Mutex::default(),
                lines: AtomicUsize::default(),
            }),
        };
        known.push(one.clone());
        one
    }

    /// Lets go of what was not looked at for longest, while there are too many lines.
    fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is empty costs little, but not nothing.
        let weight = |one: &Arc<Known>| one.lines.load(Ordering::Relaxed).max(1_000);
        let mut all: usize = known.iter().map(weight).sum();
        while known.len() > 1 && all > limits::LOG_LINES_KNOWN_MAX {
            all -= weight(&known.remove(0));
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Unavailable, "shutting down")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh::on_each;
    use model::{ExperimentId, ingest::IngestBatch, run::RunNew};
    use serde_json::json;
    use std::{
        future::poll_fn,
        pin::pin,
        task::{Context, Poll},
    };

    /// Lets a request go on for so many steps and gives it up then. Answers whether it had come to its end.
    async fn give_up_after<T>(steps: usize, request: impl Future<Output = T>) -> bool {
        let (mut request, mut left) = (pin!(request), steps);
        poll_fn(|context: &mut Context<'_>| match request.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await
    }

    #[tokio::test]
    async fn who_gives_up_reading_loses_no_lines_for_others() {
        on_each(async |services, caller| {
            let new = RunNew::new(ExperimentId::DEFAULT);
            let run_id = services.run.create(&caller, new).await.expect("a run").0.id;
            let mut lines = 0;
            for steps in 0..30 {
                let series: Vec<_> = ["stdout", "stderr"]
                    .map(|stream| {
                        json!({
                            "run_id": run_id, "key": format!("system/{stream}"),
                            "steps": [steps], "times_ms": [steps], "texts": ["a line"],
                        })
                    })
                    .to_vec();
                let batch: IngestBatch = serde_json::from_value(json!({"series": series})).expect("a batch");
                services.metric.ingest(&caller, batch, None).await.expect("lines are taken");
                lines += 2;
                let query = || LogQuery { from: Some(0), ..LogQuery::default() };
                give_up_after(steps as usize, services.log.list(&caller, &run_id, query())).await;
                if steps % 7 == 6 {
                    let page = services.log.list(&caller, &run_id, query()).await.expect("a page");
                    assert_eq!((page.total, page.all), (lines, lines), "after {steps} steps");
                }
            }
        })
        .await;
    }
}
