//! What a process uses, as Linux counts it in /proc.

use anyhow::{Context as _, Result};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinHandle, time::sleep};

/// The kernel's clock tick towards programs: 100 a second on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

/// Often enough to see a peak, seldom enough to cost nothing: one look walks the page tables.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// User and system time of a process so far, in seconds.
pub fn cpu_secs(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat).map(|ticks| ticks as f64 / TICKS_A_SECOND).context("/proc/PID/stat has another form")
}

/// Fields 14 and 15; the second, the program's name, may hold anything and ends with the last bracket.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// The group that a process belongs to: field 5.
pub fn group(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(2)?.parse().ok()
}

/// Memory in KiB by its name in a file such as `VmHWM:    1234 kB`.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Memory of the process alone plus its share of what it shares, in KiB.
pub fn pss_kib(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    kib(&text, "Pss").context("no Pss in smaps_rollup")
}

/// The most memory that was ever resident, in KiB.
pub fn peak_rss_kib(pid: u32) -> Result<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status"))?, "VmHWM").context("no VmHWM in status")
}

/// Watches the peak of a process's PSS until it is asked or dropped.
pub struct PssWatch {
    peak_kib: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl PssWatch {
    pub fn start(pid: u32) -> Self {
        let peak_kib = Arc::new(AtomicU64::new(0));
        let peak = peak_kib.clone();
        let task = tokio::spawn(async move {
            while let Ok(now) = pss_kib(pid) {
                peak.fetch_max(now, Ordering::Relaxed);
                sleep(LOOK_EVERY).await;
            }
        });
        Self { peak_kib, task }
    }

    pub fn peak_kib(&self) -> u64 {
        self.peak_kib.load(Ordering::Relaxed)
    }
}

impl Drop for PssWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_named_like_a_field_does_not_confuse() {
        let stat = "7 (a) b) S 1 70 7 0 -1 4194304 103 0 0 0 12 30 0 0 20 0 1 0 5 8 9";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(group(stat), Some(70));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn memory_is_found_by_its_whole_name() {
        assert_eq!(kib("Rss: 9 kB\nPss_Dirty: 8 kB\nPss:  1234 kB\n", "Pss"), Some(1234));
        assert_eq!(kib("Rss: 9 kB", "Pss"), None);
    }
}
