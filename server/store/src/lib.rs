//! All SQL, for SQLite and PostgreSQL alike. Each file holds one feature's statements and the functions that run
//! them; writes take an open transaction, reads the database. Knows no permissions, no HTTP and no clock.
//!
//! To add a feature: a migration in `migrations/` with its line in `migrate.rs`, a file here, a test in `tests/`.

mod db;
mod migrate;
mod pattern;
mod query;
mod rows;
mod sql;

pub mod scratch;

pub mod account;
pub mod artifact;
pub mod asset;
pub mod column;
pub mod environment;
pub mod experiment;
pub mod metric;
pub mod note;
pub mod param;
pub mod process;
pub mod project;
pub mod registry;
pub mod run;
pub mod run_event;
pub mod run_field;
pub mod search;
pub mod status_change;
pub mod tag;
pub mod trace;
pub mod trash;
pub mod view;

pub use db::{Db, Dialect, Error, Result, Trouble, Tx};
pub use metric::{Rejection, Snapshot};

/// Which params or metrics of some runs are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Keys<'a> {
    All,
    /// Those that most of the runs have, at most so many.
    Most(i64),
    These(&'a [&'a str]),
}

#[cfg(test)]
mod tests;
