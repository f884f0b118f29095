//! Options of `trackway serve`: a flag, or the environment variable beside it, or the default.

use anyhow::{Context as _, bail};
use clap::Args;
use model::limits;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

#[derive(Clone, Debug, Args)]
pub struct ServeConfig {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "TRACKWAY_LISTEN", default_value = "127.0.0.1:7171", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Folder for the database and the artifacts. [default: trackway in the user's data folder]
    #[arg(long, env = "TRACKWAY_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Database: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. [default: trackway.db in the data folder]
    #[arg(long, env = "TRACKWAY_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,

    /// Where artifacts lie: a folder, as a path or `file:` URL. [default: artifacts in the data folder]
    #[arg(long, env = "TRACKWAY_ARTIFACTS", value_name = "URL")]
    pub artifacts: Option<String>,

    /// Host names by which browsers and clients reach the server, beside the loopback ones; needed to listen elsewhere
    /// than on loopback. Repeat or separate by commas.
    #[arg(long = "host", env = "TRACKWAY_HOSTS", value_name = "HOST[:PORT]", value_delimiter = ',')]
    pub hosts: Vec<String>,

    /// After how many seconds without a heartbeat a process counts as lost, and its run with it.
    #[arg(long, env = "TRACKWAY_LOST_AFTER_SECONDS", value_name = "SECONDS", default_value_t = limits::RUN_LOST_AFTER_MILLIS / 1_000, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub lost_after_seconds: u64,

    /// Let everyone who reaches the server do everything; on loopback only.
    #[arg(long, env = "TRACKWAY_NO_AUTH")]
    pub no_auth: bool,
}

/// The options with every default filled in and every rule checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: String,
    pub artifacts: PathBuf,
    pub hosts: Vec<String>,
    pub lost_after: Duration,
    pub no_auth: bool,
}

impl ServeConfig {
    pub(crate) fn settle(self) -> anyhow::Result<Settings> {
        let loopback = self.listen.ip().is_loopback();
        if self.no_auth && !loopback {
            bail!("--no-auth works on loopback only; {} is reachable by others", self.listen);
        }
        if !loopback && self.hosts.is_empty() {
            bail!(
                "to listen on {} name the host that clients will use: --host trackway.example.org",
                self.listen
            );
        }
        let data = match self.data {
            Some(data) => data,
            None => default_data().context("no home folder is set; name a folder with --data")?,
        };
        let artifacts = match self.artifacts {
            None => data.join("artifacts"),
            Some(url) if url.contains("://") && !url.starts_with("file://") => {
                bail!("--artifacts takes a folder; other stores are not supported");
            }
            Some(url) => PathBuf::from(url.strip_prefix("file://").unwrap_or(&url)),
        };
        let database =
            self.database.unwrap_or_else(|| format!("sqlite:{}", data.join("trackway.db").display()));
        Ok(Settings {
            listen: self.listen,
            data,
            database,
            artifacts,
            hosts: self.hosts,
            lost_after: Duration::from_secs(self.lost_after_seconds),
            no_auth: self.no_auth,
        })
    }
}

/// `$XDG_DATA_HOME/trackway`, or `~/.local/share/trackway`.
fn default_data() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
    Some(base.join("trackway"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str) -> ServeConfig {
        ServeConfig {
            listen: listen.parse().unwrap(),
            data: Some("/d".into()),
            database: None,
            artifacts: None,
            hosts: Vec::new(),
            lost_after_seconds: 60,
            no_auth: false,
        }
    }

    #[test]
    fn everything_lies_in_the_data_folder_unless_told_otherwise() {
        let settings = config("127.0.0.1:0").settle().unwrap();
        assert_eq!(settings.database, "sqlite:/d/trackway.db");
        assert_eq!(settings.artifacts, PathBuf::from("/d/artifacts"));
        let elsewhere = ServeConfig { artifacts: Some("file:///a".into()), ..config("127.0.0.1:0") };
        assert_eq!(elsewhere.settle().unwrap().artifacts, PathBuf::from("/a"));
    }

    #[test]
    fn an_open_port_needs_a_host_name_and_sign_in() {
        let error = |config: ServeConfig| config.settle().unwrap_err().to_string();
        assert!(error(config("0.0.0.0:7171")).contains("--host"));
        let open = ServeConfig { no_auth: true, hosts: vec!["a".into()], ..config("0.0.0.0:7171") };
        assert!(error(open).contains("loopback only"));
        let bucket = ServeConfig { artifacts: Some("s3://bucket".into()), ..config("127.0.0.1:0") };
        assert!(error(bucket).contains("takes a folder"));
    }
}
