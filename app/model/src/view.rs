//! Saved views: how the table of an experiment's runs is looked at, under a name, for one person or for all.

use crate::{
    Error, ExperimentId, UnixMillis, ViewId, experiment, limits,
    query::{self, Field},
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a view keeps of the table's address, in the order in which it is written. Where in the table somebody is does
/// not belong to it.
const KEYS: [&str; 12] =
    ["search", "filter", "status", "trash", "sort", "cols", "left", "group", "base", "pins", "hide", "diff"];

/// How a form without a script names columns: one by one.
const COLUMN: &str = "col";

/// How a table is looked at: the part of its address behind the `?`, every key at most once and in one order, so that
/// equal views are equal texts. Empty: the table as it is out of the box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
#[serde(try_from = "String", into = "String")]
pub struct ViewState(String);

impl ViewState {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an address says of a view. What belongs to no view or makes no sense is left out, as the table does.
    pub fn of_address(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned();
        Self::write(pairs.filter(|(key, value)| check_pair(key, value).is_ok()))
    }

    /// The last value of each key, as an address reads it.
    fn write(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let pairs: Vec<_> = pairs.filter(|(_, value)| !value.is_empty()).collect();
        let last =
            |wanted: &str| pairs.iter().rfind(|(key, _)| key == wanted).map(|(_, value)| value.clone());
        let mut out = form_urlencoded::Serializer::new(String::new());
        for key in KEYS {
            let value = last(key).or_else(|| {
                let columns = pairs.iter().filter(|(name, _)| key == "cols" && name == COLUMN);
                let columns: Vec<_> = columns.map(|(_, value)| value.as_str()).collect();
                (!columns.is_empty()).then(|| columns.join(","))
            });
            if let Some(value) = value {
                out.append_pair(key, &value);
            }
        }
        Self(out.finish())
    }

    /// The keys in which two views differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let value = |state: &Self, wanted: &str| {
            form_urlencoded::parse(state.0.as_bytes())
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value.into_owned())
        };
        KEYS.into_iter().filter(|key| value(self, key) != value(other, key)).collect()
    }
}

fn check_pair(key: &str, value: &str) -> Result<(), Error> {
    if key != COLUMN && !KEYS.contains(&key) {
        let known = KEYS.join(", ");
        return Err(Error::invalid("state", format!("there is no \"{key}\" in a view; expected {known}")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid("state", format!("{key} holds a control character")));
    }
    let fault = |what: String| Err(Error::invalid("state", format!("{key}: {what}")));
    match key {
        _ if value.is_empty() => Ok(()),
        "filter" => query::parse(value).map(drop).or_else(|error| fault(error.to_string())),
        "sort" => {
            let rows = query::parse_orders(value).map(drop);
            rows.or_else(|_| query::parse_group_orders(value).map(drop))
                .or_else(|error| fault(error.to_string()))
        }
        "cols" | "left" => query::parse_fields(value).map(drop).or_else(|error| fault(error.to_string())),
        "group" => query::parse_group(value).map(drop).or_else(|error| fault(error.to_string())),
        COLUMN => Field::try_from(value.to_owned()).map(drop).or_else(|error| fault(error.message)),
        "status" => value.parse::<RunStatus>().map(drop).or_else(|error| fault(error.message)),
        "trash" if value != "only" => fault("expected only".into()),
        _ => Ok(()),
    }
}

impl FromStr for ViewState {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let most = limits::VIEW_STATE_BYTES_MAX;
        if text.len() > most {
            return Err(Error::too_large("state", format!("at most {most} bytes")));
        }
        let pairs: Vec<_> =
            form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).into_owned().collect();
        for (key, value) in &pairs {
            check_pair(key, value)?;
        }
        Ok(Self::write(pairs.into_iter()))
    }
}

impl TryFrom<String> for ViewState {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ViewState> for String {
    fn from(state: ViewState) -> Self {
        state.0
    }
}

impl fmt::Display for ViewState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A saved view, as the caller sees it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that clients read by name")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct View {
    pub id: ViewId,
    pub experiment_id: ExperimentId,
    pub name: String,
    /// What stands behind the `?` of the table's address.
    pub state: ViewState,
    /// Everybody sees it; otherwise only its author.
    pub shared: bool,
    pub author: String,
    /// The caller is its author.
    pub mine: bool,
    /// The caller may change it: it is theirs, or it is shared and they are an admin.
    pub may_edit: bool,
    /// The experiment opens with it for the caller.
    pub default_for_me: bool,
    /// The experiment opens with it for everybody who has chosen nothing else.
    pub default_for_all: bool,
    pub created_at_ms: UnixMillis,
    pub updated_at_ms: UnixMillis,
}

impl View {
    /// The view with which an experiment opens: the caller's own choice before everybody's.
    pub fn default_of(views: &[Self]) -> Option<&Self> {
        let mine = views.iter().find(|view| view.default_for_me);
        mine.or_else(|| views.iter().find(|view| view.default_for_all))
    }
}

/// A new view. Nobody has two of one name in an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ViewNew {
    pub experiment_id: ExperimentId,
    pub name: String,
    #[serde(default)]
    pub state: ViewState,
    #[serde(default)]
    pub shared: bool,
    #[serde(default)]
    pub default_for_me: bool,
    /// Only of a shared one.
    #[serde(default)]
    pub default_for_all: bool,
}

impl ViewNew {
    pub fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        if self.default_for_all && !self.shared {
            return Err(Error::invalid("default_for_all", "what everybody begins with must be shared"));
        }
        Ok(())
    }
}

/// What to change; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ViewUpdate {
    pub name: Option<String>,
    pub state: Option<ViewState>,
    /// A view that is no longer shared is nobody else's default any more.
    pub shared: Option<bool>,
    /// The caller's own choice, also of a view that somebody else has shared.
    pub default_for_me: Option<bool>,
    pub default_for_all: Option<bool>,
}

impl ViewUpdate {
    pub fn check(&self) -> Result<(), Error> {
        self.name.as_deref().map_or(Ok(()), check_name)
    }

    /// Whether it changes the view itself or what others see, and not only what the caller begins with.
    pub fn edits(&self) -> bool {
        *self != Self { default_for_me: self.default_for_me, ..Self::default() }
    }
}

/// Of which experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ViewQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.len() > limits::VIEW_NAME_BYTES_MAX {
        return Err(Error::invalid("name", format!("at most {} bytes", limits::VIEW_NAME_BYTES_MAX)));
    }
    experiment::check_name("name", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> Result<ViewState, Error> {
        text.parse()
    }

    #[test]
    fn equal_views_are_equal_texts() {
        let one = state("sort=metrics.loss&filter=metrics.loss+%3C+1&status=&cols=params.lr").unwrap();
        let other =
            state("?cols=params.lr&filter=params.a%3D1&filter=metrics.loss%20%3C%201&sort=metrics.loss");
        assert_eq!(one, other.unwrap());
        assert_eq!(one.as_str(), "filter=metrics.loss+%3C+1&sort=metrics.loss&cols=params.lr");
        assert_eq!(state(one.as_str()), Ok(one));
        let form = state("col=params.lr&col=metrics.loss").unwrap();
        assert_eq!(form, state("cols=params.lr,metrics.loss").unwrap());
    }

    #[test]
    fn a_view_holds_only_what_makes_sense_in_it() {
        for (bad, word) in [
            ("offset=100", "no \"offset\" in a view"),
            ("filter=metrics.", "filter: expected a key"),
            ("sort=loss", "sort: there is no attribute"),
            ("cols=%22", "cols: "),
            ("status=odd", "status: expected queued"),
            ("trash=with", "trash: expected only"),
            ("search=%01", "control character"),
        ] {
            let error = state(bad).expect_err(bad);
            assert_eq!(error.field.as_deref(), Some("state"), "{bad}");
            assert!(error.message.contains(word), "{bad}: {}", error.message);
            assert!(ViewState::of_address(bad).is_empty(), "{bad}");
        }
        let long = format!("search={}", "x".repeat(limits::VIEW_STATE_BYTES_MAX));
        assert!(state(&long).is_err());
        let address = "?offset=100&saved=3&view=runs&search=a%20b&filter=metrics.";
        assert_eq!(ViewState::of_address(address).as_str(), "search=a+b");
    }

    #[test]
    fn groups_and_their_order_belong_to_a_view() {
        for good in [
            "group=params.lr,tags.phase",
            "group=all+but+params.seed",
            "group=all+params",
            "sort=n+desc,params.%22a,b%22",
        ] {
            assert!(!state(good).unwrap().is_empty(), "{good}");
        }
        assert!(state("group=all+but").is_err() && state("sort=nn").is_err());
    }

    #[test]
    fn views_tell_what_they_differ_in() {
        let (one, other) = (state("search=a&sort=name").unwrap(), state("search=a&diff=1").unwrap());
        assert_eq!(one.differences(&other), ["sort", "diff"]);
        assert!(one.differences(&one).is_empty());
    }
}
