//! The server: decodes requests, calls the engine's verbs, encodes answers. Holds no rule of its own.
//! Start reading at `router.rs`, where every route stands with who may use it.

mod assets;
mod auth;
mod credentials;
mod error;
mod export;
mod extract;
mod live;
mod lock;
mod mlflow;
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
use std::{ops::Deref, sync::Arc};
use tokio::sync::watch;

/// What every handler can reach. Cheap to clone: the layers of each request do it a dozen times.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    services: Services,
    options: LeptosOptions,
    policy: Policy,
    access: Access,
    /// Turns true when the server is about to stop: endless answers end.
    stopping: watch::Receiver<bool>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<App> for Services {
    fn from_ref(app: &App) -> Self {
        app.services.clone()
    }
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
