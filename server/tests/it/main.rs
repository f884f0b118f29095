//! The server as clients meet it: the real binary on port 0, over real HTTP, on every database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod artifact;
mod bad_input;
mod compare;
mod durability;
mod environment;
mod experiment;
mod explore;
mod export;
mod harness;
mod live;
mod log;
mod media;
mod metric;
mod note;
mod openapi;
mod page;
mod process;
mod project;
mod run;
mod run_event;
mod search;
mod series;
mod start;
mod trash;
mod view;
