//! One server a SQLite file: a lock beside it that the operating system frees when the process ends, however it ends.
//! PostgreSQL takes as many servers as there are.

use anyhow::{Context as _, bail};
use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
};

/// Held as long as the server runs.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the database, or says who has it. Nothing to take when it is not a SQLite file.
    pub fn take(database: &str) -> anyhow::Result<Option<Self>> {
        let Some(database) = database.strip_prefix("sqlite:") else { return Ok(None) };
        let database = database.trim_start_matches("//");
        let path = format!("{database}.lock");
        let mut options = File::options();
        let mut file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("opening {path}"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                let holder = if holder.trim().is_empty() { "another trackway server" } else { holder.trim() };
                bail!("{database} is in use by {holder}");
            }
            Err(TryLockError::Error(error)) => Err(error).context("locking the database"),
        }
    }

    /// Writes who holds the database, for whoever comes second.
    pub fn name_holder(&mut self, url: &str) -> anyhow::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        writeln!(self.0, "the trackway server with process id {} at {url}", std::process::id())?;
        Ok(())
    }
}
