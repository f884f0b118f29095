//! Runs and metrics as files, written while they are sent: what is in memory is some rows, however many there are.

mod csv;
mod log;
mod parquet;
mod zip;

use crate::error::Problem;
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use engine::{
    metric::MetricExport,
    run::{Cell, CellKind, Export},
};
use futures::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) use self::{
    csv::Csv, csv::whole as whole_csv, log::answer as log, parquet::Parquet, zip::answer as zip,
};

/// What is exported: rows of cells, read as they are sent.
pub(crate) trait Source: Send + Sync + 'static {
    /// Whose name the file has, and what it holds.
    fn title(&self) -> (&str, &'static str);
    fn columns(&self) -> Vec<String>;
    /// What the cells of each column are.
    fn kinds(&self) -> impl Future<Output = engine::Result<Vec<CellKind>>> + Send;
    fn next(&mut self) -> impl Future<Output = engine::Result<Option<Vec<Vec<Cell>>>>> + Send;
}

impl Source for Export {
    fn title(&self) -> (&str, &'static str) {
        (self.experiment_name(), "runs")
    }

    fn columns(&self) -> Vec<String> {
        self.columns().iter().map(ToString::to_string).collect()
    }

    async fn kinds(&self) -> engine::Result<Vec<CellKind>> {
        self.kinds().await
    }

    async fn next(&mut self) -> engine::Result<Option<Vec<Vec<Cell>>>> {
        self.next().await
    }
}

impl Source for MetricExport {
    fn title(&self) -> (&str, &'static str) {
        (self.run_name(), if self.is_of_points() { "points" } else { "metrics" })
    }

    fn columns(&self) -> Vec<String> {
        self.columns().iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    async fn kinds(&self) -> engine::Result<Vec<CellKind>> {
        Ok(self.columns().iter().map(|(_, kind)| *kind).collect())
    }

    async fn next(&mut self) -> engine::Result<Option<Vec<Vec<Cell>>>> {
        self.next().await
    }
}

/// A kind of file.
pub(crate) trait Format: Send + Sized + 'static {
    const MIME: &str;
    const EXTENSION: &str;

    /// Begins a file; what comes out belongs to its start.
    fn begin(source: &impl Source) -> impl Future<Output = Result<Self, Problem>> + Send;

    /// What can be written of the file once these rows are there; may be nothing yet.
    fn write(&mut self, rows: Vec<Vec<Cell>>) -> anyhow::Result<Vec<u8>>;

    /// What is left to write.
    fn end(self) -> anyhow::Result<Vec<u8>>;
}

/// The file of an export. What goes wrong before the first row is an answer of its own; what goes wrong later breaks the
/// transfer off, so that nobody takes a part for the whole.
pub(crate) async fn answer<F: Format>(source: impl Source) -> Result<Response, Problem> {
    let format = F::begin(&source).await?;
    let (name, what) = source.title();
    let disposition = disposition(name, "export", &format!("-{what}.{}", F::EXTENSION));
    let headers = [
        (header::CONTENT_TYPE, F::MIME.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    let body = stream::try_unfold(Some((source, format)), async |state| {
        let Some(state) = state else { return Ok(None) };
        let block = block(state).await;
        block.map(Some).inspect_err(|error| tracing::warn!("an export broke off: {error:#}"))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The next bytes of the file, and how it goes on after them.
async fn block<S: Source, F: Format>(
    (mut source, mut format): (S, F),
) -> anyhow::Result<(Bytes, Option<(S, F)>)> {
    while let Some(rows) = source.next().await.map_err(engine::Error::into_public)? {
        let bytes;
        // Off the threads that answer others: it may be some megabytes.
        (format, bytes) =
            tokio::task::spawn_blocking(move || format.write(rows).map(|bytes| (format, bytes))).await??;
        if !bytes.is_empty() {
            return Ok((bytes.into(), Some((source, format))));
        }
    }
    let bytes = tokio::task::spawn_blocking(move || format.end()).await??;
    Ok((bytes.into(), None))
}

/// To be saved under a name of somebody's choice: as it is for those who read RFC 6266, and in letters that harm nobody;
/// `other` where none of it is left.
fn disposition(name: &str, other: &str, end: &str) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() || "-_.".contains(one) { one } else { '-' };
    let short: String = name.chars().take(FILE_NAME_CHARACTERS_MAX).collect();
    let safe: String = short.chars().map(plain).collect();
    let safe = match safe.trim_matches(['-', '.']) {
        "" => other,
        safe => safe,
    };
    // What no file system takes, or takes for a folder.
    let whole: String =
        short.chars().map(|one| if one.is_control() || "/\\:".contains(one) { '-' } else { one }).collect();
    let whole = format!("{}{end}", whole.trim_start_matches('.'));
    let encoded = utf8_percent_encode(&whole, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{safe}{end}\"; filename*=UTF-8''{encoded}")
}

/// File systems allow 255 bytes, and a character has up to four.
const FILE_NAME_CHARACTERS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_what_it_is_of_and_leads_nowhere() {
        assert_eq!(
            disposition("team/größe 1", "export", "-runs.csv"),
            "attachment; filename=\"team-gr--e-1-runs.csv\"; filename*=UTF-8''team%2Dgr%C3%B6%C3%9Fe%201%2Druns%2Ecsv"
        );
        let hostile = disposition("../\"\r\n日本", "export", "-points.parquet");
        assert!(hostile.starts_with("attachment; filename=\"export-points.parquet\"; filename*=UTF-8''"));
        assert!(!hostile.contains(['\r', '\n', '/']) && !hostile.contains("''%2E"), "{hostile}");
        assert!(disposition(&"日".repeat(500), "export", "-runs.csv").len() < 700);
    }
}
