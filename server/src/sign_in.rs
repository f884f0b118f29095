//! `trackway sign-in`: asks a running server, with the token of the credentials file, for a new sign-in link.

use crate::credentials::Credentials;
use anyhow::{Context as _, bail};
use clap::Args;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

#[derive(Clone, Debug, Args)]
pub struct SignInConfig {
    /// Address of the server. [default: the one started last]
    #[arg(long, env = "TRACKWAY_URL")]
    pub url: Option<String>,
}

pub fn run(config: &SignInConfig) -> anyhow::Result<()> {
    let credentials = Credentials::read()?;
    let url = config.url.clone().unwrap_or(credentials.default.clone());
    let url = url.trim_end_matches('/');
    let Some(entry) = credentials.servers.get(url) else {
        bail!("the credentials file knows no server at \"{url}\"; start one with `trackway serve`");
    };
    println!("{}", ask(url, &entry.token)?);
    Ok(())
}

/// One small request to a local server, which needs no HTTP client library.
fn ask(url: &str, token: &str) -> anyhow::Result<String> {
    let host = url.strip_prefix("http://").context("only http:// servers on this machine can be asked")?;
    let mut stream = TcpStream::connect(host).with_context(|| format!("no server answers at {url}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "POST /api/v1/sign-in-links HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the server's answer is not HTTP")?;
    let document: serde_json::Value =
        serde_json::from_str(body).context("the server's answer is not JSON")?;
    match document["url"].as_str() {
        Some(link) if head.starts_with("HTTP/1.1 200") => Ok(link.to_owned()),
        _ => bail!("the server refused: {}", document["detail"].as_str().unwrap_or("no reason given")),
    }
}
