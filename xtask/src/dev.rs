//! `dev`: rebuild and restart on every save. A failed build leaves the last good server running.

use crate::{
    build::{self, Kind},
    process,
};
use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

/// Often enough to feel immediate; a look at a thousand files costs a few milliseconds.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// The server closes its connections in this time or is killed.
const STOP_WITHIN: Duration = Duration::from_secs(5);

const WATCHED: [&str; 6] = ["app", "frontend", "proto", "server", "style", "Leptos.toml"];

type Times = BTreeMap<PathBuf, SystemTime>;

pub fn run(root: &Path, serve: &[String]) -> Result<()> {
    let mut seen = times(root);
    build::site(root, Kind::Development)?;
    let binary = build::server(root, Kind::Development)?;
    let mut server = start(&binary, serve)?;
    println!("==> watching {}", WATCHED.join(", "));
    loop {
        let now = settled(root, &seen);
        let changed = changed(&seen, &now);
        seen = now;
        println!("==> changed: {}", shown(root, &changed));
        if let Err(error) = rebuild(root, &changed) {
            println!("==> {error:#}\n    the server before this change goes on");
            continue;
        }
        stop(root, &mut server)?;
        server = start(&binary, serve)?;
    }
}

/// Waits for a change, then until saving has stopped: editors and git write several files.
fn settled(root: &Path, seen: &Times) -> Times {
    let mut last = seen.clone();
    loop {
        sleep(LOOK_EVERY);
        let now = times(root);
        if now != *seen && now == last {
            return now;
        }
        last = now;
    }
}

fn rebuild(root: &Path, changed: &[PathBuf]) -> Result<()> {
    let inside = |names: &[&str]| {
        changed.iter().any(|file| names.iter().any(|name| file.starts_with(root.join(name))))
    };
    if inside(&["app", "frontend", "Leptos.toml"]) {
        build::site(root, Kind::Development)?;
    } else if inside(&["style"]) {
        build::stylesheet(root)?;
    }
    if inside(&["app", "proto", "server", "Leptos.toml"]) {
        build::server(root, Kind::Development)?;
    }
    Ok(())
}

fn times(root: &Path) -> Times {
    let mut times = Times::new();
    for name in WATCHED {
        // A file may vanish between listing and asking: then it has changed, and the next look tells.
        collect(&root.join(name), &mut times);
    }
    times
}

fn collect(path: &Path, times: &mut Times) {
    if let Ok(entries) = fs::read_dir(path) {
        entries.flatten().for_each(|entry| collect(&entry.path(), times));
    } else if let Ok(time) = fs::metadata(path).and_then(|metadata| metadata.modified()) {
        times.insert(path.to_owned(), time);
    }
}

/// Files that are new, gone or newer.
fn changed(before: &Times, after: &Times) -> Vec<PathBuf> {
    let written = after.iter().filter(|(file, time)| before.get(*file) != Some(time));
    let gone = before.keys().filter(|file| !after.contains_key(*file));
    written.map(|(file, _)| file).chain(gone).cloned().collect()
}

fn shown(root: &Path, files: &[PathBuf]) -> String {
    let names = files.iter().take(3).map(|file| file.strip_prefix(root).unwrap_or(file).display());
    let list = names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
    if files.len() > 3 { format!("{list} and {} more", files.len() - 3) } else { list }
}

fn start(binary: &Path, serve: &[String]) -> Result<Child> {
    let child = Command::new(binary).arg("serve").args(serve).spawn();
    child.with_context(|| format!("cannot start {}", binary.display()))
}

/// Asks the server to end, as Ctrl-C does, so that the next one finds port and database free.
fn stop(root: &Path, server: &mut Child) -> Result<()> {
    if server.try_wait()?.is_some() {
        return Ok(());
    }
    process::run(process::program(root, "kill").args(["-TERM", &server.id().to_string()]))?;
    let asked = Instant::now();
    while server.try_wait()?.is_none() {
        if asked.elapsed() > STOP_WITHIN {
            server.kill()?;
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_gone_and_newer_files_are_changes() {
        let time = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        let files = |list: &[(&str, u64)]| -> Times {
            list.iter().map(|(name, secs)| (PathBuf::from(name), time(*secs))).collect()
        };
        let before = files(&[("same", 1), ("newer", 1), ("gone", 1)]);
        let after = files(&[("same", 1), ("newer", 2), ("new", 1)]);
        let expected: Vec<PathBuf> = ["new", "newer", "gone"].map(PathBuf::from).into();
        assert_eq!(changed(&before, &after), expected);
    }
}
