//! Options for strace, which makes system calls of the server fail, wait or kill.

use std::path::Path;

/// What makes data durable: SQLite is built with either.
pub const FLUSHES: &str = "fdatasync,fsync";
/// What SQLite writes with.
pub const WRITES: &str = "pwrite64";

/// Why strace cannot be used here, if so.
pub fn missing() -> Option<String> {
    let found = std::process::Command::new("strace").arg("--version").output();
    match found {
        Ok(output) if output.status.success() => None,
        _ => Some("strace is not installed; type: sudo apt-get install -y strace".to_owned()),
    }
}

/// Does something (`signal=SIGKILL`, `error=EIO`, `delay_enter=…`) to the calls counted by `when`. strace counts
/// them for each thread by itself; SQLite writes in one thread.
pub fn inject(calls: &str, what: &str, when: &str, file: Option<&Path>) -> Vec<String> {
    let mut options: Vec<String> =
        ["-o", "/dev/null", "-e"].map(str::to_owned).into_iter().chain([format!("trace={calls}")]).collect();
    options.extend(["-e".to_owned(), format!("inject={calls}:{what}:when={when}")]);
    if let Some(file) = file {
        options.extend(["-P".to_owned(), file.display().to_string()]);
    }
    options
}
