//! The engine's error: one that clients may see, or one that only the log may.

use model::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use store::Trouble;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Public(#[from] model::Error),
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl Error {
    /// The only way out of the engine: an internal error is logged here, once, and leaves as a reference to the log.
    pub fn into_public(self) -> model::Error {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        match self {
            Self::Public(error) => error,
            Self::Internal(error) => {
                let reference = format!("{:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                tracing::error!(reference, "{error:#}");
                model::Error::new(
                    ErrorKind::Internal,
                    format!("something went wrong on the server; its log has it as {reference}"),
                )
            }
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let words = match error.trouble() {
            Some(Trouble::FullDisk) => {
                Some("the server's disk is full; nothing of this was stored, try again later")
            }
            Some(Trouble::Away) => Some("the server's database cannot be reached now; try again later"),
            Some(Trouble::BrokenDisk) | None => None,
        };
        if let Some(words) = words {
            tracing::warn!("in the database: {error}");
            return Self::Public(model::Error::new(ErrorKind::Unavailable, words));
        }
        Self::Internal(anyhow::Error::new(error).context("in the database"))
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("in the artifact store"))
    }
}
