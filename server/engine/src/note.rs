//! Notes on runs: read, write with a check for edits in between, look back, preview.

use crate::{Base, Result, compare, markdown};
use model::{
    Error, RunId, UnixMillis,
    event::RunChange,
    limits,
    note::{Note, NoteChange, NoteRevision, NoteUpdate},
    user::{Caller, Role},
};
use std::{collections::HashMap, sync::Arc};
use store::note::NoteRecord;

#[derive(Clone, Debug)]
pub struct Notes(pub(crate) Arc<Base>);

impl Notes {
    /// The newest revision; absent when nothing was ever written.
    pub async fn get(&self, caller: &Caller, run_id: &RunId) -> Result<Option<Note>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        self.0.note(run_id).await
    }

    /// The newest revisions first, as many as one answer holds.
    pub async fn history(&self, caller: &Caller, run_id: &RunId) -> Result<Vec<Note>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        let records = store::note::history(&self.0.db, run_id, limits::NOTE_REVISIONS_SHOWN_MAX).await?;
        let mut notes = Vec::with_capacity(records.len());
        let mut bytes = 0;
        for record in records {
            let note = self.0.rendered(run_id, record).await?;
            bytes += note.body.len() + note.html.len();
            if bytes > limits::NOTE_HISTORY_BYTES_MAX && !notes.is_empty() {
                break;
            }
            notes.push(note);
        }
        Ok(notes)
    }

    /// The newest revisions first, without what they say.
    pub async fn revisions(&self, caller: &Caller, run_id: &RunId) -> Result<Vec<NoteRevision>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        Ok(store::note::revisions(&self.0.db, run_id, limits::NOTE_REVISIONS_SHOWN_MAX).await?)
    }

    /// What a revision changed of the one before it.
    pub async fn change(
        &self,
        caller: &Caller,
        run_id: &RunId,
        revision: i64,
        before: Option<i64>,
    ) -> Result<NoteChange> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        let new = self.revision(run_id, revision).await?.body;
        let old = match before {
            Some(before) => self.revision(run_id, before).await?.body,
            None => String::new(),
        };
        let diff = tokio::task::spawn_blocking(move || compare::text::lines(&old, &new)).await;
        Ok(NoteChange { revision, before, diff: diff.map_err(anyhow::Error::from)? })
    }

    async fn revision(&self, run_id: &RunId, revision: i64) -> Result<NoteRecord> {
        let found = store::note::get(&self.0.db, run_id, revision).await?;
        Ok(found.ok_or_else(|| Error::not_found("revision", revision))?)
    }

    /// Makes what a revision said the newest revision; a conflict when another was added since `base_revision`.
    pub async fn restore(
        &self,
        caller: &Caller,
        run_id: &RunId,
        revision: i64,
        base_revision: i64,
    ) -> Result<Note> {
        caller.require(Role::Member)?;
        self.0.run(run_id).await?;
        let body = self.revision(run_id, revision).await?.body;
        let update = NoteUpdate { body, base_revision: Some(base_revision), draft: false };
        self.add(caller, run_id, update, false).await
    }

    /// Adds a revision; a conflict when another was added since the one that was edited. What says the same as the newest
    /// adds none. A draft that the author saves anew within [`limits::NOTE_DRAFT_MILLIS`] gives its place to the new one.
    pub async fn update(&self, caller: &Caller, run_id: &RunId, update: NoteUpdate) -> Result<Note> {
        caller.require(Role::Member)?;
        self.add(caller, run_id, update, true).await
    }

    /// `goes_on`: what it is based on may be a draft that it carries on.
    async fn add(&self, caller: &Caller, run_id: &RunId, update: NoteUpdate, goes_on: bool) -> Result<Note> {
        update.check()?;
        let run = self.0.run(run_id).await?;
        let Base { db, world, .. } = &*self.0;
        let now = world.now();
        let NoteUpdate { body, base_revision, draft } = update;
        let conflict = || Error::conflict("the note was changed since you began to edit it");
        let mut tx = db.begin().await?;
        let newest = store::note::newest(&mut tx, run_id).await?;
        if base_revision.is_some_and(|base| base != newest.as_ref().map_or(0, |(record, _)| record.revision))
        {
            return Err(conflict().into());
        }
        // Unfinished, of this author, and not for too long.
        let mut sitting = None;
        if let Some((record, since)) = newest {
            if record.body == body {
                if since.is_some() && !draft {
                    store::note::keep(&mut tx, run_id, record.revision).await?;
                    tx.commit().await?;
                }
                return self.0.rendered(run_id, record).await;
            }
            // Whoever did not see the draft does not carry it on: scripts write without looking.
            let carries_on =
                goes_on && base_revision == Some(record.revision) && record.author == caller.name;
            let is_recent = |since: &i64| (0..limits::NOTE_DRAFT_MILLIS).contains(&(now.0 - since));
            sitting =
                since.filter(|since| carries_on && is_recent(since)).map(|since| (record.revision, since));
        }
        let since = draft.then(|| sitting.map_or(now.0, |(_, since)| since));
        let added = store::note::add(&mut tx, run_id, base_revision, &body, &caller.name, now, since).await;
        let record = match added {
            Ok(Some(record)) => record,
            Ok(None) | Err(store::Error::Unique) => return Err(conflict().into()),
            Err(error) => return Err(error.into()),
        };
        if let Some((revision, _)) = sitting {
            store::note::remove(&mut tx, run_id, revision).await?;
        }
        tx.commit().await?;
        self.0.run_changed(&run, RunChange::Note);
        self.0.rendered(run_id, record).await
    }

    /// How Markdown will look, as safe HTML, with the files of a run where one is named. Nothing is stored.
    pub async fn preview(&self, caller: &Caller, run_id: Option<&RunId>, markdown: &str) -> Result<String> {
        caller.require(Role::Viewer)?;
        NoteUpdate { body: markdown.to_owned(), base_revision: None, draft: false }.check()?;
        self.0.markdown(run_id, markdown).await
    }
}

impl Base {
    /// The newest revision of a run's note.
    pub(crate) async fn note(&self, run_id: &RunId) -> Result<Option<Note>> {
        match store::note::latest(&self.db, run_id).await? {
            Some(record) => self.rendered(run_id, record).await.map(Some),
            None => Ok(None),
        }
    }

    /// A stored revision as clients see it.
    async fn rendered(&self, run_id: &RunId, record: NoteRecord) -> Result<Note> {
        Ok(Note {
            revision: record.revision,
            html: self.markdown(Some(run_id), &record.body).await?,
            body: record.body,
            author: record.author,
            created_at_ms: UnixMillis(record.created_at_ms),
        })
    }

    /// Markdown as safe HTML: runs that it mentions under their names, pictures from the files of the run that it is about.
    pub(crate) async fn markdown(&self, run_id: Option<&RunId>, text: &str) -> Result<String> {
        let mentioned = markdown::mentions(text);
        let names = if mentioned.is_empty() {
            HashMap::new()
        } else {
            store::run::names(&self.db, &mentioned).await?
        };
        let (run_id, text) = (run_id.cloned(), text.to_owned());
        let html =
            tokio::task::spawn_blocking(move || markdown::render(&text, run_id.as_ref(), &names)).await;
        Ok(html.map_err(anyhow::Error::from)?)
    }
}
