//! The sweeper: one task that looks every few seconds for processes of which nothing was heard for the whole period.
//!
//! Silence counts only while the sweeper itself was awake to hear: after a start, and after any gap in its own clock
//! (the machine slept, the process was stopped, the clock was set), everybody gets a full period again.

use crate::{Base, Result};
use model::UnixMillis;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// Looks in one period: a process is called lost at most a sixth of the period late.
const SWEEPS_PER_PERIOD: u32 = 6;
/// A sweep so many times later than it should be means that the server was not there to hear.
const LATE_FACTOR: i64 = 2;
/// Processes called lost in one sweep; more come with the next.
const LOST_PER_SWEEP: i64 = 1_000;

/// Looks for lost processes for as long as the services live.
pub(crate) fn start(base: &Arc<Base>, lost_after: Duration) {
    let mut sweeper = Sweeper::new(base, lost_after);
    tokio::spawn(async move {
        while sweeper.sweep().await {
            tokio::time::sleep(lost_after / SWEEPS_PER_PERIOD).await;
        }
    });
}

pub(super) struct Sweeper {
    base: Weak<Base>,
    patience: Patience,
}

impl Sweeper {
    pub fn new(base: &Arc<Base>, lost_after: Duration) -> Self {
        let lost_after_ms = i64::try_from(lost_after.as_millis()).unwrap_or(i64::MAX / 2);
        let patience = Patience::new(lost_after_ms, base.world.now());
        Self { base: Arc::downgrade(base), patience }
    }

    /// One look; false when there is nothing to look after any more.
    pub async fn sweep(&mut self) -> bool {
        let Some(base) = self.base.upgrade() else { return false };
        if let Some(seen_before) = self.patience.look(base.world.now())
            && let Err(error) = lose(&base, seen_before).await
        {
            // Who could not be called lost now is found again by the next sweep.
            tracing::warn!("looking for lost processes: {error}");
        }
        true
    }
}

/// Calls lost whoever was last seen before this time.
async fn lose(base: &Base, seen_before: UnixMillis) -> Result<()> {
    for run_id in store::process::stale(&base.db, seen_before, LOST_PER_SWEEP).await? {
        let mut tx = base.db.begin().await?;
        let Some(mut run) = store::process::hold(&mut tx, &run_id, None).await? else { continue };
        // Asks again under the hold: a heartbeat may have come since.
        let lost = run.lose(&mut tx, seen_before, base.world.now()).await?;
        tx.commit().await?;
        if lost {
            base.process_changed(&run);
        }
    }
    Ok(())
}

/// How long the sweeper has been listening without a gap.
struct Patience {
    lost_after_ms: i64,
    listening_since: UnixMillis,
    looked: UnixMillis,
}

impl Patience {
    fn new(lost_after_ms: i64, now: UnixMillis) -> Self {
        Self { lost_after_ms, listening_since: now, looked: now }
    }

    /// Whoever was last seen before the answer is lost; nobody is while the sweeper has not listened for a whole period.
    fn look(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let pause = now.0 - self.looked.0;
        self.looked = now;
        let gap = self.lost_after_ms / i64::from(SWEEPS_PER_PERIOD) * LATE_FACTOR;
        if pause < 0 || pause > gap {
            self.listening_since = now;
        }
        (now.0 - self.listening_since.0 >= self.lost_after_ms).then(|| UnixMillis(now.0 - self.lost_after_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the sweeper thinks at these times, with a period of 60 seconds from second 0 on.
    fn looks(seconds: &[i64]) -> Vec<Option<i64>> {
        let mut patience = Patience::new(60_000, UnixMillis(0));
        let looks = seconds.iter().map(|second| patience.look(UnixMillis(second * 1_000)));
        looks.map(|look| look.map(|seen_before| seen_before.0 / 1_000)).collect()
    }

    #[test]
    fn nobody_is_lost_in_the_first_period() {
        assert_eq!(looks(&[0, 10, 20, 30, 40, 50]), [None; 6]);
        assert_eq!(looks(&[10, 20, 30, 40, 50, 60, 70]).split_off(5), [Some(0), Some(10)]);
    }

    #[test]
    fn after_a_gap_or_a_clock_set_back_everybody_gets_a_period_again() {
        assert_eq!(
            looks(&[20, 40, 60, 3_600, 3_620, 3_640, 3_660]).split_off(2),
            [Some(0), None, None, None, Some(3_600)]
        );
        assert_eq!(looks(&[20, 40, 60, 50, 70, 90, 110]).split_off(3), [None, None, None, Some(50)]);
    }

    #[test]
    fn a_sweep_that_is_a_little_late_is_no_gap() {
        assert_eq!(looks(&[15, 35, 50, 60]).pop(), Some(Some(0)));
    }
}
