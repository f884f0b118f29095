//! Telling watchers what changed. A bounded broadcast: a watcher that falls behind is told so and fetches anew.

use crate::{Base, Result, run::Changes};
use futures::Stream;
use model::{
    Error, ErrorKind, ExperimentId, RunId,
    event::{Event, RunChange},
    limits,
    user::{Caller, Role},
};
use std::sync::Arc;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore, TryAcquireError,
    broadcast::{self, error::RecvError},
};

#[derive(Debug)]
pub(crate) struct Bus {
    sender: broadcast::Sender<Event>,
    places: Arc<Semaphore>,
    changes: Arc<Changes>,
}

impl Bus {
    pub fn new(changes: Arc<Changes>) -> Self {
        let (sender, _) = broadcast::channel(limits::EVENT_QUEUE_MAX);
        Self { sender, places: Arc::new(Semaphore::new(limits::EVENT_LISTENERS_MAX)), changes }
    }

    pub fn publish(&self, event: Event) {
        self.changes.note(&event);
        // An error only says that nobody is listening.
        let _ = self.sender.send(event);
    }
}

impl Bus {
    /// Tells that runs of an experiment changed; of many, watchers hear that the experiment did.
    pub fn publish_runs(&self, experiment_id: ExperimentId, run_ids: &[RunId]) {
        let event = |run_id: &RunId| Event::RunChanged {
            experiment_id,
            run_id: run_id.clone(),
            change: RunChange::Header,
        };
        let few = run_ids.len() <= limits::RUNS_TOLD_MAX;
        for run_id in run_ids {
            if few {
                self.publish(event(run_id));
            } else {
                self.changes.note(&event(run_id));
            }
        }
        if !few {
            self.publish(Event::ExperimentChanged { experiment_id });
        }
    }
}

/// What a watcher wants to hear of; everything when both are absent.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    pub experiment_id: Option<ExperimentId>,
    pub run_id: Option<RunId>,
}

impl Watch {
    fn wants(&self, event: &Event) -> bool {
        *event == Event::Lagged
            || (self.experiment_id.is_none_or(|id| event.experiment_id() == Some(id))
                && self.run_id.as_ref().is_none_or(|id| event.run_id() == Some(id)))
    }
}

#[derive(Clone, Debug)]
pub struct Events(pub(crate) Arc<Base>);

impl Events {
    /// Everything that happens from now on, until the stream is dropped.
    pub fn watch(&self, caller: &Caller, watch: Watch) -> Result<impl Stream<Item = Event> + use<>> {
        caller.require(Role::Viewer)?;
        let place = self.0.events.places.clone().try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits | TryAcquireError::Closed => {
                Error::new(ErrorKind::Unavailable, "too many listeners; try again later")
            }
        })?;
        let listener = Listener { receiver: self.0.events.sender.subscribe(), watch, _place: place };
        Ok(futures::stream::unfold(listener, Listener::next))
    }
}

struct Listener {
    receiver: broadcast::Receiver<Event>,
    watch: Watch,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            let event = match self.receiver.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => Event::Lagged,
                Err(RecvError::Closed) => return None,
            };
            if self.watch.wants(&event) {
                return Some((event, self));
            }
        }
    }
}
