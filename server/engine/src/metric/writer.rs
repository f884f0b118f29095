//! The writer: one task that takes what has queued, commits it once and then answers all of it. So many small
//! requests share one flush of the disk, and an answer always means that the data is on it.

use crate::{Base, Result, digest};
use anyhow::anyhow;
use model::{
    Error, ErrorKind,
    event::{Event, RunChange},
    ingest::{IngestBatch, IngestReceipt},
    limits,
};
use std::sync::Arc;
use store::{
    Rejection,
    metric::{Applied, PreparedBatch},
};
use tokio::sync::{mpsc, oneshot};

type Answer = Result<IngestReceipt>;

/// The queue's sending end.
#[derive(Clone, Debug)]
pub(super) struct Writer(mpsc::Sender<Job>);

#[derive(Debug)]
struct Job {
    batch: PreparedBatch,
    reply: oneshot::Sender<Answer>,
}

impl Writer {
    /// Starts the task. It ends when the last sender is gone.
    pub fn start(base: Arc<Base>) -> Self {
        let (sender, receiver) = mpsc::channel(limits::INGEST_QUEUE_MAX);
        tokio::spawn(run(base, receiver));
        Self(sender)
    }

    pub async fn write(&self, batch: IngestBatch) -> Answer {
        let digest = if batch.writer.is_some() { digest::of_batch(&batch) } else { String::new() };
        let (reply, answer) = oneshot::channel();
        let job = Job { batch: PreparedBatch { batch, digest }, reply };
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::new(
                ErrorKind::Unavailable,
                "the queue for new data is full; send the same batch again",
            ),
            mpsc::error::TrySendError::Closed(_) => {
                Error::new(ErrorKind::Unavailable, "the server is shutting down")
            }
        })?;
        answer.await.map_err(|_| anyhow!("the writer ended without an answer"))?
    }
}

async fn run(base: Arc<Base>, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.recv().await {
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

/// Commits a group at once. If that fails, each batch is tried alone, so that one cannot fail its neighbours.
async fn write_group(base: &Base, group: Vec<Job>) {
    let (batches, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.batch, job.reply)).unzip();
    match commit(base, &batches).await {
        Ok(answers) => replies.into_iter().zip(answers).for_each(|(reply, answer)| send(reply, answer)),
        Err(error) if batches.len() == 1 => {
            for reply in replies {
                send(reply, Err(anyhow!("{error:#}").into()));
            }
        }
        Err(error) => {
            tracing::warn!("a group of {} batches failed and is tried one by one: {error:#}", batches.len());
            for (batch, reply) in batches.iter().zip(replies) {
                let answer = match commit(base, std::slice::from_ref(batch)).await {
                    Ok(mut answers) => answers.remove(0),
                    Err(error) => Err(error.into()),
                };
                send(reply, answer);
            }
        }
    }
}

fn send(reply: oneshot::Sender<Answer>, answer: Answer) {
    // An error only says that the client hung up; what was committed stays, and its retry will be answered.
    let _ = reply.send(answer);
}

async fn commit(base: &Base, batches: &[PreparedBatch]) -> anyhow::Result<Vec<Answer>> {
    let mut tx = base.db.begin().await?;
    let Applied { answers, changed } = store::metric::apply(&mut tx, batches, base.world.now()).await?;
    tx.commit().await?;
    for (run_id, experiment_id) in changed {
        base.events.publish(Event::RunChanged { experiment_id, run_id, change: RunChange::Logged });
    }
    Ok(answers.into_iter().map(|answer| answer.map_err(|rejection| public(rejection).into())).collect())
}

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
    }
}
