//! The verbs: everything that Trackway does, once. REST, server functions and every other protocol decode, call one of
//! these and encode. Each verb takes a `Caller` and asks first whether that caller may; knows no HTTP and no SQL.

mod digest;
mod error;
mod highlight;
mod known;
mod markdown;
mod math;
mod name;
mod world;

pub mod artifact;
pub mod asset;
pub mod compare;
pub mod environment;
pub mod event;
pub mod experiment;
pub mod explore;
#[cfg(test)]
mod fresh;
pub mod log;
pub mod media;
pub mod metric;
pub mod note;
pub mod process;
pub mod project;
pub mod registry;
pub mod run;
pub mod run_event;
pub mod search;
pub mod trace;
pub mod trash;
pub mod user;
pub mod view;

pub use error::{Error, Result};
pub use store::{Db, scratch};
pub use world::World;

use anyhow::Context as _;
use object_store::ObjectStore;
use std::{sync::Arc, time::Duration};

/// What the verbs stand on.
#[derive(Debug)]
pub(crate) struct Base {
    pub db: Db,
    pub files: Arc<dyn ObjectStore>,
    pub events: event::Bus,
    pub world: World,
    pub known: known::Known,
    /// Wakes the deletion for good.
    pub purge: Arc<tokio::sync::Notify>,
    pub run_indexes: run::RunIndexes,
    /// Uploads whose parts are being joined.
    pub joining: std::sync::Mutex<std::collections::HashSet<model::UploadId>>,
    /// Places for exports.
    pub exports: Arc<tokio::sync::Semaphore>,
    /// Places for archives of files.
    pub archives: Arc<tokio::sync::Semaphore>,
    /// Places for Parquet files that are shown.
    pub parquets: Arc<tokio::sync::Semaphore>,
}

impl Base {
    /// A place among the exports under way; `Unavailable` when all are taken.
    pub fn place_for_export(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        self.exports.clone().try_acquire_owned().map_err(|_| {
            let message = format!("{} exports are under way; try again later", model::limits::EXPORTS_MAX);
            model::Error::new(model::ErrorKind::Unavailable, message).into()
        })
    }
}

/// One struct of verbs a feature; cheap to clone.
#[derive(Clone, Debug)]
pub struct Services {
    pub artifact: artifact::Artifacts,
    pub asset: asset::Assets,
    pub compare: compare::Compare,
    pub environment: environment::Environments,
    pub event: event::Events,
    pub experiment: experiment::Experiments,
    pub explore: explore::Explorer,
    pub log: log::Logs,
    pub media: media::MediaFiles,
    pub metric: metric::Metrics,
    pub note: note::Notes,
    pub process: process::Processes,
    pub project: project::Projects,
    pub registry: registry::Registry,
    pub run: run::Runs,
    pub run_event: run_event::RunEventLog,
    pub search: search::Search,
    pub trace: trace::Traces,
    pub trash: trash::Trash,
    pub user: user::Users,
    pub view: view::Views,
    base: Arc<Base>,
}

impl Services {
    /// Opens the database and the artifact folder and starts the writer, the sweeper and the deletion for good. Must be called inside a tokio
    /// runtime.
    ///
    /// `database`: `sqlite:PATH` or `postgres://…`; `artifacts`: a local folder; `lost_after`: how long a process may
    /// be silent.
    pub async fn open(
        database: &str,
        artifacts: &std::path::Path,
        world: World,
        lost_after: Duration,
    ) -> anyhow::Result<Self> {
        let db = Db::open(database).await.context("opening the database")?;
        let mut tx = db.begin().await?;
        store::experiment::date_default(&mut tx, world.now()).await?;
        tx.commit().await?;
        let files = artifact::open_folder(artifacts, &world).await.context("opening the artifact folder")?;
        let changes = Arc::new(run::Changes::default());
        let base = Arc::new(Base {
            db,
            files,
            events: event::Bus::new(changes.clone(), u32::from_le_bytes(world.bytes())),
            world,
            known: known::Known::default(),
            run_indexes: run::RunIndexes::new(changes),
            joining: std::sync::Mutex::default(),
            purge: Arc::default(),
            exports: Arc::new(tokio::sync::Semaphore::new(model::limits::EXPORTS_MAX)),
            archives: Arc::new(tokio::sync::Semaphore::new(model::limits::ARCHIVES_MAX)),
            parquets: Arc::new(tokio::sync::Semaphore::new(model::limits::PARQUETS_AT_ONCE_MAX)),
        });
        process::start_sweeper(&base, lost_after);
        trash::start_purge(&base);
        let metric = metric::Metrics::start(base.clone());
        Ok(Self {
            artifact: artifact::Artifacts(base.clone()),
            asset: asset::Assets(base.clone()),
            compare: compare::Compare::new(base.clone(), metric.clone()),
            environment: environment::Environments(base.clone()),
            event: event::Events(base.clone()),
            experiment: experiment::Experiments(base.clone()),
            explore: explore::Explorer::new(base.clone()),
            log: log::Logs::new(base.clone()),
            media: media::MediaFiles::new(base.clone()),
            metric,
            note: note::Notes(base.clone()),
            process: process::Processes(base.clone()),
            project: project::Projects(base.clone()),
            registry: registry::Registry(base.clone()),
            run: run::Runs(base.clone()),
            run_event: run_event::RunEventLog(base.clone()),
            search: search::Search(base.clone()),
            trace: trace::Traces(base.clone()),
            trash: trash::Trash(base.clone()),
            user: user::Users(base.clone()),
            view: view::Views(base.clone()),
            base,
        })
    }

    /// The time by the server's clock.
    pub fn now(&self) -> model::UnixMillis {
        self.base.world.now()
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.base.db.ping().await?)
    }

    /// Closes the database when nothing is under way any more.
    pub async fn close(&self) {
        self.base.db.close().await;
    }
}
