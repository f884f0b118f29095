//! The credentials file that lets SDK and command line find a local server by themselves:
//! `{"default": URL, "servers": {URL: {"token": "trk_…"}}}`, readable by its owner only.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    #[serde(default)]
    pub default: String,
    #[serde(default)]
    pub servers: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub token: String,
}

/// `$TRACKWAY_CREDENTIALS`, or `trackway/credentials.json` in the user's configuration folder.
pub(crate) fn path() -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("TRACKWAY_CREDENTIALS")
        .or_else(|| variable("XDG_CONFIG_HOME").map(|folder| folder.join("trackway/credentials.json")))
        .or_else(|| variable("HOME").map(|home| home.join(".config/trackway/credentials.json")))
        .context("no home folder is set; name the credentials file with TRACKWAY_CREDENTIALS")
}

impl Credentials {
    /// What the file says; empty when there is none.
    pub fn read() -> anyhow::Result<Self> {
        let path = path()?;
        match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("reading {}", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Writes the file whole or not at all, with mode 0600.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = path()?;
        let context = || format!("writing {}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(context)?;
        }
        let draft = path.with_extension(format!("{}.tmp", std::process::id()));
        let mut file = std::fs::File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&draft)
            .with_context(context)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &path).with_context(context)
    }
}
