//! The lines of a run's console as a text, written while they are sent.

use super::disposition;
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use engine::log::{LogDownload, PrintedLine};
use futures::stream;
use std::fmt::Write as _;

/// The file of a console. What goes wrong on the way breaks the transfer off, so that nobody takes a part for the whole.
pub(crate) fn answer(download: LogDownload) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(download.run_name(), "run", "-logs.txt")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    let body = stream::try_unfold(download, async |mut download| {
        let lines = download.next().await.map_err(engine::Error::into_public);
        let lines =
            lines.inspect_err(|error| tracing::warn!("a download of a console broke off: {error}"))?;
        Ok::<_, model::Error>(lines.map(|lines| (Bytes::from(text(&lines)), download)))
    });
    (headers, Body::from_stream(body)).into_response()
}

/// `2026-01-15T09:00:00.123Z stderr process=1 what was printed`.
fn text(lines: &[PrintedLine]) -> String {
    let mut text = String::new();
    for PrintedLine { time_ms, stream, context, text: line } in lines {
        match DateTime::from_timestamp_millis(time_ms.0) {
            Some(time) => text.push_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => text.push_str(&time_ms.0.to_string()),
        }
        let space = if context.is_empty() { "" } else { " " };
        // Writing to a text cannot fail.
        let _ = writeln!(text, " {}{space}{context} {line}", stream.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{UnixMillis, log::Stream};

    #[test]
    fn each_line_has_its_time_and_its_place() {
        let line = |time_ms, stream, context: &str| PrintedLine {
            time_ms: UnixMillis(time_ms),
            stream,
            context: context.into(),
            text: "epoch 1".into(),
        };
        let lines =
            [line(1_769_882_400_123, Stream::Stdout, ""), line(i64::MAX, Stream::Stderr, "process=1")];
        assert_eq!(
            text(&lines),
            "2026-01-31T18:00:00.123Z stdout epoch 1\n9223372036854775807 stderr process=1 epoch 1\n"
        );
    }
}
