//! Proof that an answer means that data is on the disk: in a trace of the server's system calls, between the arrival
//! of each batch and its `200` the log was written and then flushed. A batch that was there already needs no flush of its
//! own: this process flushed it before, or it flushed all that it found when it started.

use super::{Options, Outcome, Tally, kill::Siege, source::Log, strace};
use anyhow::{Result, bail, ensure};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

const BATCHES: usize = 40;

pub async fn run(options_: &Options) -> Result<Outcome> {
    if let Some(missing) = strace::missing() {
        return Ok(Outcome::Skipped(missing));
    }
    let mut siege = Siege::begin_at(options_.place()?, options_.seed, Log::in_order(3)).await?;
    let trace = siege.place().folder().join("trace.txt");
    let server = siege.place().start_traced(&options(&trace)).await?;
    let client = server.client().clone();
    siege.forward(&client, BATCHES).await?;
    let acknowledged: usize = siege.logs().iter().map(|log| log.acknowledged.len()).sum();
    server.stop().await?;
    let proven = check(&fs::read_to_string(&trace)?, &siege.place().wal())?;
    ensure!(proven == acknowledged, "{acknowledged} batches were acknowledged, the trace shows {proven}");
    siege.close(Tally { told: format!("{proven} answers, each after its flush"), ..Tally::default() }).await
}

/// Records arrivals, answers, writes and flushes.
pub fn options(trace: &Path) -> Vec<String> {
    let calls =
        format!("trace={},{},recvfrom,read,readv,write,writev,sendto", strace::FLUSHES, strace::WRITES);
    let trace = trace.display().to_string();
    // -yy names the file or connection behind each descriptor.
    ["-yy", "-s", "64", "-e", &calls, "-o", &trace].map(str::to_owned).into()
}

/// How many `200` answers to batches the trace shows; an error tells which came without a flush.
///
/// The order of lines is the order of events: strace stops each thread at its calls, and an answer is only begun
/// after the flush has returned.
pub fn check(trace: &str, wal: &Path) -> Result<usize> {
    let mut watch = Watch { wal: format!("<{}>", wal.display()), ..Watch::default() };
    let mut unfinished: HashMap<&str, &str> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(begun) = text.strip_suffix("<unfinished ...>") {
            watch.begin(thread, begun);
            unfinished.insert(thread, begun);
        } else if let Some((_, ended)) = text.split_once(" resumed>") {
            let begun = unfinished.remove(thread).unwrap_or_default();
            watch.end(thread, &format!("{begun}{ended}"));
        } else {
            watch.begin(thread, text);
            watch.end(thread, text);
        }
    }
    if !watch.unproven.is_empty() {
        bail!("answered before it was on the disk:\n    {}", watch.unproven.join("\n    "));
    }
    Ok(watch.answers)
}

/// In an answer, as strace shows it.
const REPLAYED: &str = r#"\"replayed\":true"#;

/// What happened to a batch since it arrived.
#[derive(Default)]
struct Pending {
    written: bool,
    flushed: bool,
}

#[derive(Default)]
struct Watch {
    wal: String,
    /// By connection.
    pending: HashMap<String, Pending>,
    /// Of each flush under way, by thread, the connections whose batch it covers.
    flushes: HashMap<String, HashSet<String>>,
    /// Whether anything was flushed since the start.
    settled: bool,
    answers: usize,
    unproven: Vec<String>,
}

impl Watch {
    fn begin(&mut self, thread: &str, call: &str) {
        let name = name(call);
        if strace::FLUSHES.split(',').any(|flush| flush == name) && call.contains(&self.wal) {
            let covered = self.pending.iter().filter(|(_, batch)| batch.written);
            self.flushes
                .insert(thread.to_owned(), covered.map(|(connection, _)| connection.clone()).collect());
        }
        let answers = matches!(name, "write" | "writev" | "sendto") && call.contains("\"HTTP/1.1 ");
        if let Some(batch) = connection(call).filter(|_| answers).and_then(|name| self.pending.remove(name))
            && call.contains("\"HTTP/1.1 200")
        {
            self.answers += 1;
            let proven = batch.flushed || (self.settled && call.contains(REPLAYED));
            if !proven {
                self.unproven.push(call.chars().take(200).collect());
            }
        }
    }

    fn end(&mut self, thread: &str, call: &str) {
        let returned =
            call.rsplit_once(" = ").and_then(|(_, value)| value.split(' ').next()?.parse::<i64>().ok());
        let Some(returned) = returned else { return };
        let name = name(call);
        if let Some(covered) = self.flushes.remove(thread).filter(|_| returned == 0) {
            self.settled = true;
            for connection in covered {
                if let Some(batch) = self.pending.get_mut(&connection) {
                    batch.flushed = true;
                }
            }
        }
        if name == strace::WRITES && call.contains(&self.wal) && returned > 0 {
            self.pending.values_mut().for_each(|batch| batch.written = true);
        }
        if matches!(name, "recvfrom" | "read" | "readv") && returned > 0 {
            let Some(connection) = connection(call) else { return };
            if call.contains("\"POST /api/v1/ingest") {
                self.pending.insert(connection.to_owned(), Pending::default());
            } else if let Some(batch) = self.pending.get_mut(connection) {
                // More of the body: what was written before cannot hold it.
                *batch = Pending::default();
            }
        }
    }
}

/// `fsync` of `1795274117.2 fsync(16</data/trackway.db-wal>) = 0`.
fn name(call: &str) -> &str {
    let before = call.split('(').next().unwrap_or_default();
    before.rsplit(' ').next().unwrap_or_default()
}

/// The connection that a call's first argument is, such as `17<TCP:[127.0.0.1:1->127.0.0.1:2]>`.
fn connection(call: &str) -> Option<&str> {
    let argument = call.split_once('(')?.1;
    let descriptor = argument.split_once("]>")?.0;
    descriptor.contains("<TCP").then_some(descriptor).filter(|name| !name.contains(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVES: &str =
        r#"7 recvfrom(17<TCP:[1:1->1:2]>, "POST /api/v1/ingest HTTP/1.1", 9, 0, NULL, NULL) = 300"#;
    const WRITES: &str = r#"9 pwrite64(16</d/x-wal>, "\0", 24, 0) = 24"#;
    const FLUSHES: &str = "9 fsync(16</d/x-wal>) = 0";
    const ANSWERS: &str =
        r#"7 writev(17<TCP:[1:1->1:2]>, [{iov_base="HTTP/1.1 200 OK\r\n", iov_len=9}], 1) = 9"#;

    fn proven(lines: &[&str]) -> Result<usize> {
        check(&lines.join("\n"), Path::new("/d/x-wal"))
    }

    #[test]
    fn a_flush_between_arrival_and_answer_is_proof() {
        assert_eq!(proven(&[ARRIVES, WRITES, FLUSHES, ANSWERS]).unwrap(), 1);
        let begun = "9 fdatasync(16</d/x-wal> <unfinished ...>";
        let ended = "9 <... fdatasync resumed>)         = 0";
        assert_eq!(proven(&[ARRIVES, WRITES, begun, ended, ANSWERS]).unwrap(), 1);
    }

    #[test]
    fn an_answer_without_a_flush_of_its_own_is_found() {
        let other = "9 fsync(16</d/x>) = 0";
        let failed = "9 fsync(16</d/x-wal>) = -1 EIO (Input/output error) (INJECTED)";
        let begun = "9 fdatasync(16</d/x-wal> <unfinished ...>";
        let ended = "9 <... fdatasync resumed>)         = 0";
        for lines in [
            &[ARRIVES, WRITES, ANSWERS][..],
            &[ARRIVES, FLUSHES, WRITES, ANSWERS],
            &[WRITES, FLUSHES, ARRIVES, ANSWERS],
            &[ARRIVES, WRITES, other, ANSWERS],
            &[ARRIVES, WRITES, failed, ANSWERS],
            &[ARRIVES, WRITES, begun, ANSWERS, ended],
            &[WRITES, begun, ARRIVES, ended, ANSWERS],
        ] {
            assert!(proven(lines).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn a_replay_needs_a_flush_before_it() {
        let replays = ANSWERS.replace("}], 1)", r#"}, {iov_base="{\"points\":3,\"replayed\":true}"}], 2)"#);
        assert_eq!(proven(&[WRITES, FLUSHES, ARRIVES, &replays]).unwrap(), 1);
        assert!(proven(&[WRITES, ARRIVES, &replays]).is_err());
    }

    #[test]
    fn refusals_and_other_requests_need_no_flush() {
        let refused = ANSWERS.replace("200 OK", "503 Service Unavailable");
        assert_eq!(proven(&[ARRIVES, &refused]).unwrap(), 0);
        let reads = ARRIVES.replace("POST /api/v1/ingest", "GET /api/v1/series");
        assert_eq!(proven(&[&reads, ANSWERS]).unwrap(), 0);
    }
}
