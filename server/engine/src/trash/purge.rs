//! The deletion for good: one task that removes what is marked, some rows a transaction, and then the files that nothing
//! lists any more.
//!
//! Everything that is to be done stands in the database, so a server that ends half-way goes on at its next start. Between
//! transactions the task rests as long as the last one took, so that ingest gets at least half of the time.
//!
//! A file is never removed under somebody's hands: content whose last listing goes is noted in the same transaction; later
//! its note is taken in a transaction that moves the file aside, and an upload of the same content takes that note too,
//! in the transaction that lists it and puts its own copy in place. So one waits for the other, whoever is first.

use crate::{
    Base, Result,
    artifact::{self, content_path},
};
use model::{event::Event, id::hex, limits};
use object_store::{ObjectStoreExt as _, path::Path};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// What is left to do is looked for again after so long, should nobody have said that there is something: another server
/// may have marked it, or the last try failed.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Parts of files that were never joined go after a day; to look each hour is early enough.
const LOOK_AT_PARTS: Duration = Duration::from_hours(1);
/// The first look waits until a server that was just started has answered its first requests.
const FIRST_LOOK: Duration = Duration::from_millis(200);

/// Removes what is marked for as long as the services live.
pub(crate) fn start(base: &Arc<Base>) {
    let purge = base.purge.clone();
    let base = Arc::downgrade(base);
    tokio::spawn(async move {
        tokio::time::sleep(FIRST_LOOK).await;
        let mut unlisted = true;
        let mut looked_at_parts = tokio::time::Instant::now();
        loop {
            if looked_at_parts.elapsed() > LOOK_AT_PARTS
                && let Some(base) = base.upgrade()
            {
                looked_at_parts = tokio::time::Instant::now();
                if let Err(error) = artifact::remove_left_parts(&base).await {
                    tracing::warn!("removing parts of files that were never joined: {error}");
                }
            }
            match remove_all(&base, unlisted).await {
                Ok(Some(worked)) => unlisted = worked,
                Ok(None) => return,
                // What could not be removed now is found again.
                Err(error) => tracing::warn!("deleting for good: {error}"),
            }
            // An error only says that the time is over.
            let _ = tokio::time::timeout(LOOK_AGAIN, purge.notified()).await;
        }
    });
}

/// Removes all that is marked; says whether there was any, or nothing when there are no services any more.
async fn remove_all(base: &Weak<Base>, unlisted: bool) -> Result<Option<bool>> {
    let mut worked = false;
    loop {
        let Some(base) = base.upgrade() else { return Ok(None) };
        let started = tokio::time::Instant::now();
        let rows = remove_rows(&base).await?;
        worked |= rows > 0;
        if rows == 0 {
            break;
        }
        drop(base);
        tokio::time::sleep(started.elapsed()).await;
    }
    let Some(base) = base.upgrade() else { return Ok(None) };
    if unlisted || worked {
        note_unlisted(&base).await?;
    }
    remove_files(&base).await?;
    if worked {
        base.events.publish(Event::TrashChanged);
    }
    Ok(Some(worked))
}

/// One transaction's worth; answers how many rows went.
pub(super) async fn remove_rows(base: &Base) -> Result<i64> {
    let mut tx = base.db.begin().await?;
    let rows = store::trash::remove_some(&mut tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Gives up content that is in the store without being listed: paths that were removed, or took other content.
pub(super) async fn note_unlisted(base: &Base) -> Result<()> {
    let mut after = String::new();
    loop {
        let found = store::artifact::unlisted(&base.db, &after, limits::PURGE_FILES_MAX).await?;
        let Some(last) = found.last() else { return Ok(()) };
        last.clone_into(&mut after);
        let mut tx = base.db.begin().await?;
        store::artifact::release(&mut tx, found).await?;
        tx.commit().await?;
    }
}

/// Removes the files of content that was given up.
pub(super) async fn remove_files(base: &Base) -> Result<()> {
    loop {
        let gone = store::artifact::gone(&base.db, limits::PURGE_FILES_MAX).await?;
        if gone.is_empty() {
            return Ok(());
        }
        for sha256 in gone {
            remove_file(base, &sha256).await?;
        }
    }
}

async fn remove_file(base: &Base, sha256: &str) -> Result<()> {
    // Among the uploads: what is left there by a server that ended is removed at a start.
    let aside = Path::from(format!("{}/gone-{}", crate::artifact::UPLOADS, hex(&base.world.bytes::<16>())));
    let mut tx = base.db.begin().await?;
    if !store::artifact::take_gone(&mut tx, sha256).await? {
        return Ok(tx.commit().await?);
    }
    // Moving is quick whatever the size; removing a large file is not, and others wait for the transaction.
    let moved = match base.files.rename(&content_path(sha256), &aside).await {
        Ok(()) => true,
        Err(object_store::Error::NotFound { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    tx.commit().await?;
    if moved {
        base.files.delete(&aside).await?;
    }
    Ok(())
}
