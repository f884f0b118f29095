//! The server: decodes requests, calls the engine's verbs, encodes answers. Holds no rule of its own.
//! Start reading at `router.rs`, where every route stands with who may use it.

mod assets;
mod auth;
mod credentials;
mod error;
mod extract;
mod live;
mod lock;
mod policy;
mod rest;
mod router;
mod site;

pub mod config;
pub mod serve;
pub mod sign_in;

use axum::extract::FromRef;
use engine::Services;
use leptos::config::LeptosOptions;
use model::user::Caller;
use policy::Policy;
use std::sync::Arc;
use tokio::sync::watch;

/// What every handler can reach.
#[derive(Clone, Debug, FromRef)]
pub(crate) struct App {
    services: Services,
    options: LeptosOptions,
    policy: Arc<Policy>,
    access: Arc<Access>,
    /// Turns true when the server is about to stop: endless answers end.
    stopping: watch::Receiver<bool>,
}

/// Who may come in, and under which names the server is known.
#[derive(Debug)]
pub(crate) struct Access {
    /// Everyone is this caller: `--no-auth`.
    open_to: Option<Caller>,
    /// Values of the Host header that are answered.
    hosts: Vec<String>,
    /// Where people reach the server: `http://127.0.0.1:7171`.
    url: String,
    /// Named after the port, so that two servers on one machine do not sign each other out.
    cookie: String,
}
