//! Notes on runs: read, write with a check for edits in between, look back, preview.

use crate::{Base, Result, markdown};
use model::{
    Error, RunId,
    event::RunChange,
    note::{Note, NoteUpdate},
    user::{Caller, Role},
};
use std::sync::Arc;

/// Revisions shown of a note's history.
const HISTORY_MAX: i64 = 200;

#[derive(Clone, Debug)]
pub struct Notes(pub(crate) Arc<Base>);

impl Notes {
    /// The newest revision; absent when nothing was ever written.
    pub async fn get(&self, caller: &Caller, run_id: &RunId) -> Result<Option<Note>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        Ok(store::note::latest(&self.0.db, run_id).await?.map(markdown::note))
    }

    /// The newest revisions first.
    pub async fn history(&self, caller: &Caller, run_id: &RunId) -> Result<Vec<Note>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        let records = store::note::history(&self.0.db, run_id, HISTORY_MAX).await?;
        Ok(records.into_iter().map(markdown::note).collect())
    }

    /// Adds a revision; a conflict when another was added since the one that was edited.
    pub async fn update(&self, caller: &Caller, run_id: &RunId, update: NoteUpdate) -> Result<Note> {
        caller.require(Role::Member)?;
        update.check()?;
        let run = self.0.run(run_id).await?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let NoteUpdate { body, base_revision } = &update;
        let added = store::note::add(&mut tx, run_id, *base_revision, body, &caller.name, world.now()).await;
        let record = match added {
            Ok(Some(record)) => record,
            Ok(None) | Err(store::Error::Unique) => {
                return Err(Error::conflict("the note was changed since you began to edit it").into());
            }
            Err(error) => return Err(error.into()),
        };
        tx.commit().await?;
        self.0.run_changed(&run, RunChange::Note);
        Ok(markdown::note(record))
    }

    /// How Markdown will look, as safe HTML. Nothing is stored.
    pub fn preview(&self, caller: &Caller, markdown: &str) -> Result<String> {
        caller.require(Role::Viewer)?;
        NoteUpdate { body: markdown.to_owned(), base_revision: None }.check()?;
        Ok(markdown::render(markdown))
    }
}
