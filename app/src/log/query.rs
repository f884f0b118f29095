//! What the address says of the lines that are shown, and what the server is asked for them.

use crate::link::Query;
use model::log::{Level, LogFilter, Stream};

pub const STREAM: &str = "stream";
pub const CONTEXT: &str = "context";
pub const LEVEL: &str = "level";
pub const FIND: &str = "find";
/// The line that is pointed at, by its number.
pub const LINE: &str = "line";
/// A time, for the line nearest to it.
pub const AT: &str = "at";
/// The first line in view, by its number: where the person has scrolled to.
pub const TOP: &str = "top";
pub const WRAP: &str = "wrap";
pub const TIME: &str = "time";
/// How the address says that times count from the start of the run.
pub const RELATIVE: &str = "relative";

/// Where the lines begin that are shown first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    End,
    /// A line that somebody points at.
    Line(u64),
    /// Whatever was printed then.
    At(i64),
    /// A line that somebody saw at the top.
    Top(u64),
    /// A place among the lines that are meant.
    From(u64),
}

impl Place {
    pub fn of(query: &Query) -> Self {
        let number = |key: &str| query.get(key).and_then(|text| text.parse().ok());
        number(LINE)
            .map(Self::Line)
            .or_else(|| query.get(AT).and_then(|text| text.parse().ok()).map(Self::At))
            .or_else(|| number(TOP).map(Self::Top))
            .unwrap_or_default()
    }
}

/// Which lines the address means.
pub fn filter(query: &Query) -> LogFilter {
    let word = |key: &str| query.get(key).unwrap_or_default();
    LogFilter {
        stream: Stream::ALL.into_iter().find(|one| one.as_str() == word(STREAM)),
        context: query.get(CONTEXT).map(ToOwned::to_owned),
        level: Level::ALL.into_iter().find(|one| one.as_str() == word(LEVEL)),
    }
}

/// The same as the server has it.
fn asked(filter: &LogFilter) -> Query {
    Query::default()
        .with(STREAM, filter.stream.map(Stream::as_str).unwrap_or_default())
        .with(LEVEL, filter.level.map(Level::as_str).unwrap_or_default())
        .with(CONTEXT, filter.context.clone().unwrap_or_default())
}

/// The address of some lines.
pub fn page_url(path: &str, filter: &LogFilter, place: Place, limit: u64, known: Option<u64>) -> String {
    let query = asked(filter).with("limit", limit.to_string());
    let query = match place {
        Place::End => query,
        Place::Line(number) | Place::Top(number) => query.with("line", number.to_string()),
        Place::At(time_ms) => query.with("at_ms", time_ms.to_string()),
        Place::From(place) => query.with("from", place.to_string()),
    };
    query
        .with("known", known.map(|known| known.to_string()).unwrap_or_default())
        .href(&format!("/api/v1{path}/logs"))
}

pub fn search_url(path: &str, filter: &LogFilter, text: &str, from: u64) -> String {
    let query = asked(filter).with("search", text).with("from", from.to_string());
    query.href(&format!("/api/v1{path}/logs/search"))
}

pub fn download_url(path: &str, filter: &LogFilter) -> String {
    asked(filter).href(&format!("/api/v1{path}/logs.txt"))
}

/// The page that shows what a run printed at a time: the address that the time ends.
pub fn moment(path: &str) -> String {
    format!("{path}?tab=logs&{AT}=")
}

/// The page that shows the charts of a run around a time, over wall time.
pub fn charts_at(path: &str, time_ms: i64, took_ms: i64) -> String {
    // A tenth of the run, but never less than ten seconds.
    let room = (took_ms / 20).max(5_000);
    let zoom = format!("wall:{}:{}", time_ms - room, time_ms + room);
    Query::default().with("tab", "metrics").with("chart", "x-wall").with("zoom", zoom).href(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_which_lines_and_where() {
        let query = Query::parse("tab=logs&stream=stderr&level=error&context=process%3D1&line=12&at=5");
        let context = Some("process=1".to_owned());
        assert_eq!(
            filter(&query),
            LogFilter { stream: Some(Stream::Stderr), context, level: Some(Level::Error) }
        );
        assert_eq!(Place::of(&query), Place::Line(12));
        assert_eq!(Place::of(&Query::parse("at=-5&top=3")), Place::At(-5));
        assert_eq!(Place::of(&Query::parse("line=x&level=loud")), Place::End);
        assert_eq!(filter(&Query::parse("context=-")).context.as_deref(), Some("-"));
    }

    #[test]
    fn the_server_is_asked_in_its_own_words() {
        let filter = filter(&Query::parse("stream=stdout&level=warning&context=-"));
        assert_eq!(
            page_url("/runs/1", &filter, Place::From(0), 200, Some(7)),
            "/api/v1/runs/1/logs?stream=stdout&level=warning&context=-&limit=200&from=0&known=7"
        );
        assert_eq!(
            search_url("/runs/1", &LogFilter::default(), "a b", 3),
            "/api/v1/runs/1/logs/search?search=a%20b&from=3"
        );
        assert_eq!(download_url("/runs/1", &LogFilter::default()), "/api/v1/runs/1/logs.txt");
        assert_eq!(
            charts_at("/runs/1", 100_000, 400_000),
            "/runs/1?tab=metrics&chart=x-wall&zoom=wall:80000:120000"
        );
        let moment = moment("/runs/1") + "5";
        assert_eq!(Place::of(&Query::parse(moment.split_once('?').expect("has a query").1)), Place::At(5));
    }
}
