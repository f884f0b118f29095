//! Tags: words on experiments and runs. A plain word is a key with an empty value; `phase: baseline` has one.

use crate::{Error, limits};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Tags by key. In JSON an object, or a list of plain words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    pub fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self(words.into_iter().map(|word| (word.to_owned(), String::new())).collect())
    }

    /// Tags as a person types them: `baseline, phase: search`.
    pub fn parse_line(line: &str) -> Self {
        let tag = |part: &str| match part.split_once(':') {
            Some((key, value)) => (key.trim().to_owned(), value.trim().to_owned()),
            None => (part.trim().to_owned(), String::new()),
        };
        Self(line.split(',').map(tag).filter(|(key, _)| !key.is_empty()).collect())
    }

    /// The inverse of [`Tags::parse_line`].
    pub fn to_line(&self) -> String {
        self.labels().collect::<Vec<_>>().join(", ")
    }

    /// Each tag as people read it: `baseline`, `phase: search`.
    pub fn labels(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(|(key, value)| if value.is_empty() { key.clone() } else { format!("{key}: {value}") })
    }

    pub fn check(&self) -> Result<(), Error> {
        self.check_within(limits::TEXT_VALUE_BYTES_MAX)
    }

    /// The same with another bound for the values.
    pub fn check_within(&self, value_bytes_max: usize) -> Result<(), Error> {
        if self.0.len() > limits::TAGS_MAX {
            return Err(Error::invalid("tags", format!("at most {} tags", limits::TAGS_MAX)));
        }
        for (key, value) in &self.0 {
            crate::param::check_key("tags", key)?;
            crate::param::check_text(&format!("tags.{key}"), value, value_bytes_max)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected an object of texts or a list of words")]
        enum Form {
            Words(Vec<String>),
            Pairs(BTreeMap<String, String>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Words(words) => Self::words(words.iter().map(String::as_str)),
            Form::Pairs(pairs) => Self(pairs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_words_and_an_object_are_the_same_tags() {
        let words: Tags = serde_json::from_str(r#"["baseline", "vision"]"#).unwrap();
        let pairs: Tags = serde_json::from_str(r#"{"vision": "", "baseline": ""}"#).unwrap();
        assert_eq!(words, pairs);
        assert_eq!(Tags::parse_line(" baseline, phase: search,, ").to_line(), "baseline, phase: search");
    }
}
