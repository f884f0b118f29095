//! Requests as a client of the server makes them.

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use model::{
    ExperimentId, RunId,
    ingest::{BINARY_MIME, IngestBatch, IngestReceipt, encode_binary},
    run::{Run, RunDetail, RunNew, RunStatus, RunUpdate},
    series::{self, Series},
};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use std::time::Duration;

/// Longer than any answer that is worth waiting for; a server that hangs fails the run instead of stalling it.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// A connection pool to one server; cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Binary,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Json, Self::Binary];

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Binary => "binary",
        }
    }

    pub fn encode(self, batch: &IngestBatch) -> Result<Body> {
        let bytes = match self {
            Self::Json => serde_json::to_vec(batch)?,
            Self::Binary => encode_binary(batch),
        };
        Ok(Body { format: self, bytes: bytes.into() })
    }
}

/// A batch ready to send, as often as one likes.
#[derive(Clone)]
pub struct Body {
    pub format: Format,
    pub bytes: Bytes,
}

#[derive(Debug)]
pub enum Answer {
    Stored(IngestReceipt),
    /// 503: come back later.
    Busy {
        retry_after: bool,
    },
    Refused {
        status: StatusCode,
        detail: String,
    },
}

impl Client {
    pub fn new(url: &str, token: &str) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(ANSWER_LIMIT).build()?;
        Ok(Self { http, url: url.into(), token: token.into() })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// # Errors
    /// Only when no answer came: then nobody knows whether the batch was stored.
    pub async fn ingest(&self, body: &Body) -> reqwest::Result<Answer> {
        let mime = match body.format {
            Format::Json => "application/json",
            Format::Binary => BINARY_MIME,
        };
        let request = self.request(Method::POST, "/api/v1/ingest").header(header::CONTENT_TYPE, mime);
        let response = request.body(body.bytes.clone()).send().await?;
        match response.status() {
            StatusCode::OK => Ok(Answer::Stored(response.json().await?)),
            StatusCode::SERVICE_UNAVAILABLE => {
                Ok(Answer::Busy { retry_after: response.headers().contains_key(header::RETRY_AFTER) })
            }
            status => Ok(Answer::Refused { status, detail: response.text().await? }),
        }
    }

    /// A new running run in the default experiment.
    pub async fn new_run(&self) -> Result<RunId> {
        let request = self.request(Method::POST, "/api/v1/runs").json(&RunNew::new(ExperimentId::DEFAULT));
        let run: Run = request.send().await?.error_for_status()?.json().await?;
        Ok(run.id)
    }

    pub async fn finish_run(&self, id: &RunId) -> Result<()> {
        let update = RunUpdate { status: Some(RunStatus::Completed), ..RunUpdate::default() };
        let request = self.request(Method::PATCH, &format!("/api/v1/runs/{id}")).json(&update);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    pub async fn run(&self, id: &RunId) -> Result<RunDetail> {
        let request = self.request(Method::GET, &format!("/api/v1/runs/{id}"));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// The bytes of an answer to a series query, such as `run=…&key=loss&buckets=1000`.
    pub async fn series_bytes(&self, query: &str) -> Result<Bytes> {
        let response = self.request(Method::GET, &format!("/api/v1/series?{query}")).send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        if status != StatusCode::OK {
            bail!("series?{query}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    pub async fn series(&self, query: &str) -> Result<Vec<Series>> {
        series::decode(&self.series_bytes(query).await?).context("the answer is no series")
    }
}
