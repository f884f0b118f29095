//! What a run logged at steps: its images and tables by name, and tables a page at a time.

mod table;

use crate::{Base, Result, artifact::content_path};
use model::{
    Error, ErrorKind, RunId,
    artifact::{Artifact, Owner},
    limits,
    media::{self, IMAGES, MLFLOW_IMAGES, Media, MediaKind, MediaQuery, MediaSeries, StepFile, TABLES},
    table::{TableFile, TableFileQuery},
    user::{Caller, Role},
};
use object_store::ObjectStoreExt as _;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::Semaphore;

/// What every browser draws and nothing can be hidden in.
const DRAWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What a file was logged as, under which name and at which step.
pub(crate) fn logged(file: &Artifact) -> Option<(MediaKind, String, StepFile)> {
    let (kind, key, step) = media::of_path(&file.path)?;
    let fits = kind != MediaKind::Image || DRAWN.contains(&file.mime.as_str());
    fits.then(|| (kind, key, StepFile { step, path: file.path.clone() }))
}

#[derive(Clone, Debug)]
pub struct MediaFiles {
    base: Arc<Base>,
    /// Places for tables that are read.
    tables: Arc<Semaphore>,
}

impl MediaFiles {
    pub(crate) fn new(base: Arc<Base>) -> Self {
        Self { base, tables: Arc::new(Semaphore::new(limits::TABLES_AT_ONCE_MAX)) }
    }

    /// The images and tables that a run logged, each name with its steps.
    pub async fn list(&self, caller: &Caller, run_id: &RunId, query: &MediaQuery) -> Result<Media> {
        caller.require(Role::Viewer)?;
        query.check()?;
        self.base.run(run_id).await?;
        let beginnings = [IMAGES, MLFLOW_IMAGES, TABLES];
        let (ids, most) = (std::slice::from_ref(run_id), limits::MEDIA_FILES_MAX);
        let files = store::artifact::of_runs(&self.base.db, ids, &beginnings, most).await?;
        let mut names: BTreeMap<(MediaKind, String), Vec<StepFile>> = BTreeMap::new();
        for (kind, key, file) in files.iter().filter_map(|(_, file)| logged(file)) {
            names.entry((kind, key)).or_default().push(file);
        }
        let mut media =
            Media { all: names.len() as i64, cut: files.len() as i64 == most, ..Media::default() };
        let wanted = query.search.to_lowercase();
        names.retain(|(_, key), _| key.to_lowercase().contains(&wanted));
        media.total = names.len() as i64;
        let limit = query.limit.unwrap_or(limits::MEDIA_NAMES_MAX) as usize;
        for ((kind, key), mut files) in names.into_iter().take(limit) {
            // Paths are in the order of texts: 10 comes before 9 there.
            files.sort_by_key(|one| one.step);
            media.series.push(MediaSeries { kind, key, files });
        }
        Ok(media)
    }

    /// A page of the table in a file.
    pub async fn table(&self, caller: &Caller, owner: &Owner, query: &TableFileQuery) -> Result<TableFile> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let file = self.base.file(owner, &query.path).await?;
        let tables = self.tables.clone();
        let place =
            tables.acquire_owned().await.map_err(|_| Error::new(ErrorKind::Unavailable, "shutting down"))?;
        let most = limits::TABLE_BYTES_MAX;
        if file.size_bytes.cast_unsigned() > most {
            let message =
                format!("a table of {} bytes is too large to be shown, at most {most}", file.size_bytes);
            return Err(Error::too_large("path", message).into());
        }
        let content = self.base.files.get(&content_path(&file.sha256)).await?.bytes().await?;
        let query = query.clone();
        // Off the threads that answer others. It goes on when whoever asked has gone, and so does its place.
        let page = tokio::task::spawn_blocking(move || {
            let _place = place;
            table::page(&content, &query)
        });
        let page = page.await;
        Ok(page.map_err(anyhow::Error::from)??)
    }
}
