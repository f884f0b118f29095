//! Telling watchers what changed. A bounded broadcast: a watcher that falls behind is told so and fetches anew; one whose
//! stream broke goes on where it was.

use crate::{Base, Result, run::Changes};
use futures::Stream;
use model::{
    Error, ErrorKind, ExperimentId, RunId,
    event::{Event, EventId, RunChange},
    limits,
    user::{Caller, Role},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore, TryAcquireError,
    broadcast::{self, error::RecvError},
};

#[derive(Debug)]
pub(crate) struct Bus {
    sender: broadcast::Sender<Told>,
    told: Mutex<Recent>,
    places: Arc<Semaphore>,
    changes: Arc<Changes>,
}

/// An event and its place among all.
pub type Told = (EventId, Event);

/// What was told last, for those who come back.
#[derive(Debug)]
struct Recent {
    last: EventId,
    events: VecDeque<Told>,
}

impl Recent {
    /// What came after this one; `None` when that is not known any more.
    fn after(&self, id: EventId) -> Option<Vec<Told>> {
        let oldest = self.events.front().map_or(self.last.number, |(id, _)| id.number - 1);
        let known = id.server == self.last.server && (oldest..=self.last.number).contains(&id.number);
        known.then(|| self.events.iter().filter(|(told, _)| told.number > id.number).cloned().collect())
    }
}

impl Bus {
    /// `server` tells this process from all others.
    pub fn new(changes: Arc<Changes>, server: u32) -> Self {
        let (sender, _) = broadcast::channel(limits::EVENT_QUEUE_MAX);
        let recent = Recent { last: EventId { server, number: 0 }, events: VecDeque::new() };
        let places = Arc::new(Semaphore::new(limits::EVENT_LISTENERS_MAX));
        Self { sender, told: Mutex::new(recent), places, changes }
    }

    pub fn publish(&self, event: Event) {
        self.changes.note(&event);
        let mut recent = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        recent.last.number += 1;
        let told = (recent.last, event);
        if recent.events.len() == limits::EVENT_QUEUE_MAX {
            recent.events.pop_front();
        }
        recent.events.push_back(told.clone());
        // Under the lock, so that watchers hear in the order of the numbers. An error only says that nobody is listening.
        let _ = self.sender.send(told);
    }

    /// All that comes from now on, what came after `after` before it, and the place at which it begins.
    fn listen(&self, after: Option<EventId>) -> (broadcast::Receiver<Told>, Vec<Told>, EventId) {
        let recent = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = match after {
            None => Vec::new(),
            Some(id) => recent.after(id).unwrap_or_else(|| vec![(recent.last, Event::Lagged)]),
        };
        (self.sender.subscribe(), missed, recent.last)
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

/// What a watcher wants to hear of; everything that happens from now on when all are absent.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    pub experiment_id: Option<ExperimentId>,
    pub run_id: Option<RunId>,
    /// The last event that it heard before its stream broke.
    pub after: Option<EventId>,
}

impl Watch {
    fn wants(&self, event: &Event) -> bool {
        *event == Event::Lagged
            // It may be this run that left for good or came back, by itself or with its experiment.
            || (*event == Event::TrashChanged && self.run_id.is_some())
            || (self.experiment_id.is_none_or(|id| event.experiment_id() == Some(id))
                && self.run_id.as_ref().is_none_or(|id| event.run_id() == Some(id)))
    }
}

#[derive(Clone, Debug)]
pub struct Events(pub(crate) Arc<Base>);

impl Events {
    /// The place at which the stream begins, and what is wanted of all that happens until it is dropped.
    pub fn watch(
        &self,
        caller: &Caller,
        watch: Watch,
    ) -> Result<(EventId, impl Stream<Item = Told> + use<>)> {
        caller.require(Role::Viewer)?;
        let place = self.0.events.places.clone().try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits | TryAcquireError::Closed => {
                Error::new(ErrorKind::Unavailable, "too many listeners; try again later")
            }
        })?;
        let (receiver, missed, begins) = self.0.events.listen(watch.after);
        let listener = Listener { receiver, missed: missed.into(), last: begins, watch, _place: place };
        Ok((begins, futures::stream::unfold(listener, Listener::next)))
    }
}

struct Listener {
    receiver: broadcast::Receiver<Told>,
    missed: VecDeque<Told>,
    last: EventId,
    watch: Watch,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(mut self) -> Option<(Told, Self)> {
        loop {
            let (id, event) = match self.missed.pop_front() {
                Some(told) => told,
                None => match self.receiver.recv().await {
                    Ok(told) => told,
                    // Nobody waits for who is slow.
                    Err(RecvError::Lagged(count)) => {
                        (EventId { number: self.last.number + count, ..self.last }, Event::Lagged)
                    }
                    Err(RecvError::Closed) => return None,
                },
            };
            self.last = id;
            if self.watch.wants(&event) {
                return Some(((id, event), self));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus() -> Bus {
        Bus::new(Arc::default(), 7)
    }

    fn at(number: u64) -> EventId {
        EventId { server: 7, number }
    }

    #[test]
    fn who_watches_a_run_hears_that_the_trash_changed() {
        let of_run = Watch { run_id: Some(RunId::from_bytes([1; 16])), ..Watch::default() };
        assert!(of_run.wants(&Event::TrashChanged));
        assert!(!of_run.wants(&Event::ProjectsChanged));
        let of_experiment = Watch { experiment_id: Some(ExperimentId(3)), ..Watch::default() };
        assert!(!of_experiment.wants(&Event::TrashChanged), "its own change is told");
    }

    #[test]
    fn who_comes_back_hears_what_it_missed() {
        let bus = bus();
        for _ in 0..3 {
            bus.publish(Event::ProjectsChanged);
        }
        let (_, missed, begins) = bus.listen(Some(at(1)));
        assert_eq!(missed, [(at(2), Event::ProjectsChanged), (at(3), Event::ProjectsChanged)]);
        assert_eq!(begins, at(3));
        assert_eq!(bus.listen(Some(at(3))).1, []);
        assert_eq!(bus.listen(None).1, []);
    }

    fn listener(bus: &Bus) -> Listener {
        let (receiver, missed, last) = bus.listen(None);
        let place = bus.places.clone().try_acquire_owned().expect("there is room");
        Listener { receiver, missed: missed.into(), last, watch: Watch::default(), _place: place }
    }

    #[tokio::test]
    async fn who_does_not_read_holds_nobody_up_and_hears_that_it_missed_something() {
        let bus = bus();
        let (slow, mut quick) = (listener(&bus), listener(&bus));
        let kept = limits::EVENT_QUEUE_MAX as u64;
        for number in 1..=3 * kept {
            bus.publish(Event::TrashChanged);
            let (told, next) = quick.next().await.expect("the bus goes on");
            assert_eq!(told, (at(number), Event::TrashChanged));
            quick = next;
        }
        let (told, slow) = slow.next().await.expect("the bus goes on");
        assert_eq!(told, (at(2 * kept), Event::Lagged), "all but the last are forgotten");
        let (told, _) = slow.next().await.expect("the bus goes on");
        assert_eq!(told, (at(2 * kept + 1), Event::TrashChanged));
    }

    #[test]
    fn what_is_not_known_any_more_is_to_be_fetched() {
        let bus = bus();
        assert_eq!(bus.listen(Some(at(0))).1, []);
        for _ in 0..=limits::EVENT_QUEUE_MAX {
            bus.publish(Event::TrashChanged);
        }
        let last = at(limits::EVENT_QUEUE_MAX as u64 + 1);
        let lagged = [(last, Event::Lagged)];
        let other = EventId { server: 8, number: last.number };
        for gone in [at(0), at(last.number + 1), other] {
            assert_eq!(bus.listen(Some(gone)).1, lagged, "{gone}");
        }
        assert_eq!(bus.listen(Some(at(1))).1.len(), limits::EVENT_QUEUE_MAX);
    }
}
