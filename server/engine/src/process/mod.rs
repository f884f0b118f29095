//! Processes: who is alive. Clients send heartbeats; the sweeper calls lost whoever sends none for a while.

mod sweep;
#[cfg(test)]
mod tests;

pub(crate) use sweep::start as start_sweeper;

use crate::{Base, Result};
use model::{
    event::{Event, RunChange},
    process::{HeardStatus, Heartbeat, HeartbeatAnswer, HeartbeatAnswers, Heartbeats},
    run::RunStatus,
    user::{Caller, Role},
};
use std::{collections::HashSet, sync::Arc};
use store::process::{Held, Standing};

#[derive(Clone, Debug)]
pub struct Processes(pub(crate) Arc<Base>);

impl Processes {
    /// Notes that processes live, and tells how their runs stand. A process that is new to its run is registered.
    pub async fn beat(&self, caller: &Caller, heartbeats: Heartbeats) -> Result<HeartbeatAnswers> {
        caller.require(Role::Member)?;
        heartbeats.check()?;
        let Base { db, world, .. } = &*self.0;
        let Heartbeats { runs: beats, sent_at_ms } = heartbeats;
        let mut standing = store::process::standing(db, &beats).await?;
        let of = |beat: &Heartbeat| (beat.run_id.to_string(), beat.process.id.to_string());
        let process = |beat: &Heartbeat| standing.get(&of(beat)).map(|one| one.process);
        let running: Vec<_> =
            beats.iter().filter(|beat| process(beat) == Some(Some(RunStatus::Running))).collect();
        let mut alive = HashSet::new();
        if !running.is_empty() {
            let mut tx = db.begin().await?;
            alive = store::process::beat(&mut tx, &running, sent_at_ms, world.now()).await?;
            // Committed before any run is held: who waits for a run must not keep others from a process.
            tx.commit().await?;
        }
        let back = |beat: &Heartbeat| match process(beat) {
            Some(None | Some(RunStatus::Lost)) => true,
            // Lost between the two looks; one that has ended meanwhile stays so.
            Some(Some(RunStatus::Running)) => !alive.contains(&of(beat)),
            // No such run, or a process that has ended.
            None | Some(Some(_)) => false,
        };
        let back: Vec<_> = beats.iter().filter(|beat| back(beat)).collect();
        for beat in &back {
            self.hear(caller, beat).await?;
        }
        if !back.is_empty() {
            standing = store::process::standing(db, &beats).await?;
        }
        let runs = beats.into_iter().map(|beat| answer(standing.get(&of(&beat)), beat));
        Ok(HeartbeatAnswers { runs: runs.collect() })
    }

    /// Registers a process, or takes a lost one back.
    async fn hear(&self, caller: &Caller, beat: &Heartbeat) -> Result<()> {
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let Some(mut run) = store::process::hold(&mut tx, &beat.run_id, Some(caller)).await? else {
            return Ok(());
        };
        if !run.hear(&mut tx, &beat.process, world.now()).await? {
            tracing::warn!("run {} has too many processes to take another", beat.run_id);
        }
        tx.commit().await?;
        self.0.process_changed(&run);
        Ok(())
    }
}

fn answer(standing: Option<&Standing>, beat: Heartbeat) -> HeartbeatAnswer {
    HeartbeatAnswer {
        run_id: beat.run_id,
        status: standing.map_or(HeardStatus::Unknown, |one| HeardStatus::Known(one.run)),
        stop: standing.is_some_and(|one| one.stop_requested),
    }
}

impl Base {
    pub(crate) fn process_changed(&self, run: &Held) {
        self.events.publish(Event::RunChanged {
            experiment_id: run.experiment_id,
            run_id: run.id.clone(),
            change: RunChange::Header,
        });
    }
}
