//! Links: the query part of a URL as pairs, read and written the same way on the server and in the browser.
//! The router's own map decodes values twice, which turns a search for `%41` into one for `A`.

use crate::ui::erase::memo;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks};

/// The pairs of a query string, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands behind the `?`. A GET form writes spaces as `+`.
    pub fn parse(raw: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        };
        Self(raw.trim_start_matches('?').split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// The last value of a key; an empty one counts as absent, because GET forms send every field.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every value of a key that may repeat, empty ones left out.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub fn number(&self, key: &str) -> Option<u32> {
        self.get(key)?.parse().ok()
    }

    /// The same query with one value for the key; an empty value removes it.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.retain(|(name, _)| name != key);
        let value = value.into();
        if !value.is_empty() {
            self.0.push((key.to_owned(), value));
        }
        self
    }

    pub fn without(self, key: &str) -> Self {
        self.with(key, "")
    }

    /// One more value for a key that may repeat.
    pub fn and(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    /// Every pair but those of the named keys: what a form must carry along in hidden fields.
    pub fn other_than(&self, keys: &[&str]) -> Vec<(String, String)> {
        let kept = |(name, value): &&(String, String)| !keys.contains(&name.as_str()) && !value.is_empty();
        self.0.iter().filter(kept).cloned().collect()
    }

    /// The path with this query behind it.
    pub fn href(&self, path: &str) -> String {
        let mut out = path.to_owned();
        for (index, (key, value)) in self.0.iter().enumerate() {
            out.push(if index == 0 { '?' } else { '&' });
            encode_into(&mut out, key);
            out.push('=');
            encode_into(&mut out, value);
        }
        out
    }
}

/// A path segment or value with everything escaped that could mean something in a URL.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                let hex = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
                out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
}

/// The inverse of [`encode`]; a stray `%` stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (_, Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The query of the page's URL.
pub fn use_search() -> Memo<Query> {
    let url = hooks::use_url();
    memo(move || url.with(|url| Query::parse(url.search())))
}

/// Goes to another view of the same page: nothing scrolls, and Back returns.
pub fn use_go() -> impl Fn(&str) + Clone + 'static {
    let navigate = hooks::use_navigate();
    move |href: &str| navigate(href, options(false))
}

/// Rewrites the page's URL while a person types: Back does not walk through every letter.
pub fn use_rewrite() -> impl Fn(&str) + Clone + 'static {
    let navigate = hooks::use_navigate();
    move |href: &str| navigate(href, options(true))
}

fn options(replace: bool) -> NavigateOptions {
    NavigateOptions { replace, scroll: false, ..NavigateOptions::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_back_as_written() {
        let query =
            Query::default().with("search", "100 % a&b=c+d ü %41").and("tag", "phase: x").and("tag", "b");
        let href = query.href("/experiments");
        assert!(href.starts_with("/experiments?search=100%20%25%20a%26b%3Dc%2Bd"));
        assert_eq!(Query::parse(href.split_once('?').expect("has a query").1), query);
    }

    #[test]
    fn a_form_sends_spaces_as_plus_and_empty_fields() {
        let query = Query::parse("?search=a+b&status=&tag=x&tag=y");
        assert_eq!(query.get("search"), Some("a b"));
        assert_eq!(query.get("status"), None);
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(query.other_than(&["tag"]), [("search".into(), "a b".into())]);
    }

    #[test]
    fn broken_escapes_stay_text() {
        assert_eq!(decode("50%"), "50%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%€"), "%€");
    }

    #[test]
    fn setting_a_value_replaces_it_and_an_empty_one_removes_it() {
        let query = Query::parse("sort=name&offset=100");
        assert_eq!(query.clone().with("sort", "created").href("/x"), "/x?offset=100&sort=created");
        assert_eq!(query.without("sort").without("offset").href("/x"), "/x");
    }
}
