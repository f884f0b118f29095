//! The writer: one task that takes what has queued, commits it once and then answers all of it. So many small
//! requests share one flush of the disk, and an answer always means that the data is on it. When nothing comes, it
//! packs the series of runs that have ended.

use crate::{Base, Result, digest};
use anyhow::anyhow;
use model::{
    Error, ErrorKind,
    event::{Event, RunChange},
    ingest::{IngestBatch, IngestReceipt},
    limits,
};
use std::{sync::Arc, time::Duration};
use store::{
    Rejection, Trouble,
    metric::{Applied, PreparedBatch},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

type Answer = Result<IngestReceipt>;

/// The queue's sending end, and the room for what is on its way to it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
}

/// Room for the bytes of one batch, held from before its body is read until it is answered.
#[derive(Debug)]
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Job {
    batch: PreparedBatch,
    reply: oneshot::Sender<Answer>,
    /// Kept until the answer is given.
    room: Option<Room>,
}

impl Writer {
    /// Starts the task. It ends when the last sender is gone.
    pub fn start(base: Arc<Base>) -> Self {
        let (queue, receiver) = mpsc::channel(limits::INGEST_QUEUE_MAX);
        tokio::spawn(run(base, receiver));
        Self { queue, room: Arc::new(Semaphore::new(limits::INGEST_BYTES_MAX)) }
    }

    pub async fn room(&self, bytes: usize) -> Result<Room> {
        let bytes =
            u32::try_from(bytes.clamp(1, limits::INGEST_BYTES_MAX)).expect("the limit is below 4 GiB");
        let waiting = self.room.clone().acquire_many_owned(bytes);
        match tokio::time::timeout(Duration::from_millis(limits::INGEST_WAIT_MILLIS), waiting).await {
            Ok(Ok(permit)) => Ok(Room { _permit: permit }),
            Ok(Err(_)) => Err(shutting_down().into()),
            Err(_) => Err(full().into()),
        }
    }

    pub async fn write(&self, batch: IngestBatch, strict: bool, room: Option<Room>) -> Answer {
        let digest = if batch.writer.is_some() { digest::of_batch(&batch) } else { 0 };
        let (reply, answer) = oneshot::channel();
        let job = Job { batch: PreparedBatch { batch, digest, strict }, reply, room };
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => full(),
            mpsc::error::TrySendError::Closed(_) => shutting_down(),
        })?;
        answer.await.map_err(|_| anyhow!("the writer ended without an answer"))?
    }
}

fn full() -> Error {
    Error::new(ErrorKind::Unavailable, "more data comes than can be stored; send the same batch again")
}

fn shutting_down() -> Error {
    Error::new(ErrorKind::Unavailable, "the server is shutting down")
}

async fn run(base: Arc<Base>, mut queue: mpsc::Receiver<Job>) {
    let idle = Duration::from_millis(limits::INGEST_IDLE_MILLIS);
    loop {
        let first = match tokio::time::timeout(idle, queue.recv()).await {
            Ok(Some(job)) => job,
            Ok(None) => return,
            Err(_) => {
                while queue.is_empty() && seal(&base).await {}
                continue;
            }
        };
        let mut points = first.batch.batch.point_count();
        let mut group = vec![first];
        while group.len() < limits::INGEST_GROUP_MAX && points < limits::INGEST_GROUP_POINTS_MAX {
            let Ok(job) = queue.try_recv() else { break };
            points += job.batch.batch.point_count();
            group.push(job);
        }
        write_group(&base, group).await;
    }
}

/// Packs some series of a run that has ended; answers whether there may be more.
async fn seal(base: &Base) -> bool {
    let sealing = async {
        let mut tx = base.db.begin().await?;
        let more = store::metric::seal(&mut tx, limits::SEAL_SERIES_MAX).await?;
        tx.commit().await?;
        Ok::<_, store::Error>(more)
    };
    match sealing.await {
        Ok(more) => more,
        Err(error) => {
            end_if_broken(&error);
            tracing::warn!("packing the series of ended runs waits: {error}");
            false
        }
    }
}

/// Commits a group at once. If that fails for a reason that may lie in one batch, each is tried alone, so that one
/// cannot fail its neighbours.
async fn write_group(base: &Base, group: Vec<Job>) {
    let mut batches = Vec::with_capacity(group.len());
    let mut replies = Vec::with_capacity(group.len());
    for Job { batch, reply, room } in group {
        batches.push(batch);
        replies.push((reply, room));
    }
    match commit(base, &batches).await {
        Ok(answers) => replies.into_iter().zip(answers).for_each(|((reply, _), answer)| send(reply, answer)),
        Err(error) if batches.len() == 1 || error.trouble().is_some() => {
            let error = crate::Error::from(error);
            for (reply, _) in replies {
                send(reply, Err(again(&error)));
            }
        }
        Err(error) => {
            tracing::warn!("a group of {} batches failed and is tried one by one: {error:#}", batches.len());
            for (batch, (reply, _)) in batches.iter().zip(replies) {
                let answer = match commit(base, std::slice::from_ref(batch)).await {
                    Ok(mut answers) => answers.remove(0),
                    Err(error) => Err(error.into()),
                };
                send(reply, answer);
            }
        }
    }
}

/// One error for several who wait.
fn again(error: &crate::Error) -> crate::Error {
    match error {
        crate::Error::Public(error) => crate::Error::Public(error.clone()),
        crate::Error::Internal(error) => crate::Error::Internal(anyhow!("{error:#}")),
    }
}

fn send(reply: oneshot::Sender<Answer>, answer: Answer) {
    // An error only says that the client hung up; what was committed stays, and its retry will be answered.
    let _ = reply.send(answer);
}

async fn commit(base: &Base, batches: &[PreparedBatch]) -> Result<Vec<Answer>, store::Error> {
    let committing = async {
        let mut tx = base.db.begin().await?;
        let applied = store::metric::apply(&mut tx, batches, base.world.now()).await?;
        tx.commit().await?;
        Ok(applied)
    };
    let Applied { answers, changed } = committing.await.inspect_err(end_if_broken)?;
    for (run_id, experiment_id) in changed {
        base.events.publish(Event::RunChanged { experiment_id, run_id, change: RunChange::Logged });
    }
    Ok(answers.into_iter().map(|answer| answer.map_err(|rejection| public(rejection).into())).collect())
}

/// After a failed flush nobody knows what is on the disk, and asking again may be answered with a lie: the operating
/// system forgets what it could not write. Only opening the file anew tells, so the process ends.
#[expect(clippy::exit, reason = "no answer may leave this process any more")]
fn end_if_broken(error: &store::Error) {
    if error.trouble() == Some(Trouble::BrokenDisk) {
        tracing::error!("the disk could not flush the database, so this server ends: {error}");
        std::process::exit(EXIT_BROKEN_DISK);
    }
}

/// `EX_IOERR` of sysexits.h.
const EXIT_BROKEN_DISK: i32 = 74;

fn public(rejection: Rejection) -> Error {
    match rejection {
        Rejection::NoSuchRun(id) => Error::not_found("run", id),
        Rejection::SequenceReused { sequence } => {
            Error::conflict(format!("this writer sent another batch as number {sequence} before"))
        }
        Rejection::TooManyParams(id) => {
            let expected = format!("run \"{id}\" may have at most {} params", limits::PARAMS_PER_RUN_MAX);
            Error::too_large("runs", expected)
        }
        Rejection::Trashed(id) => {
            Error { field: Some("run_id".into()), ..Error::conflict(format!("run \"{id}\" is in the trash")) }
        }
        Rejection::ParamTaken { run_id, key, holds } => {
            let message = format!("param \"{key}\" of run \"{run_id}\" has the value '{holds}' already");
            Error { field: Some(format!("params.{key}")), ..Error::conflict(message) }
        }
        Rejection::OtherKind { run_id, key, holds } => {
            let expected = format!("\"{key}\" of run \"{run_id}\" holds points of kind {}", holds.as_str());
            Error::invalid("series", expected)
        }
    }
}
