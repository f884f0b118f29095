//! Saved views: how an experiment's runs are looked at, in a table, in charts or in a picture, under a name, for one person or for all.

use crate::{
    Error, ExperimentId, UnixMillis, ViewId, experiment,
    expression::Expression,
    limits,
    query::{self, Field},
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a view keeps of the page's address, in the order in which it is written, and how many values each has at most.
/// Where in the table somebody is does not belong to it. New ones come last, so that equal views stay equal texts.
const KEYS: [(&str, usize); 39] = [
    ("search", 1),
    ("filter", 1),
    ("status", 1),
    ("trash", 1),
    ("sort", 1),
    ("cols", 1),
    ("left", 1),
    ("group", 1),
    ("base", 1),
    ("pins", 1),
    ("hide", 1),
    ("diff", 1),
    // Those of charts, which the page itself reads with care: what makes no sense there is passed over.
    ("view", 1),
    ("chart", 1),
    ("over", 1),
    ("together", 1),
    ("spread", 1),
    ("events", 1),
    ("panel", limits::CHARTS_APART_MAX),
    ("expr", limits::CHARTS_COMPUTED_MAX),
    ("place", limits::CHARTS_PLACED_MAX),
    ("gone", limits::CHARTS_PLACED_MAX),
    ("wide", limits::CHARTS_PLACED_MAX),
    ("zoom", ZOOMS_MAX),
    ("off", limits::LINES_HIDDEN_MAX),
    ("archived", 1),
    // Those of pictures.
    ("axes", 1),
    ("flip", 1),
    ("scale", limits::EXPLORE_FIELDS_MAX),
    ("brush", limits::EXPLORE_FIELDS_MAX),
    ("x", 1),
    ("y", 1),
    ("color", 1),
    ("size", 1),
    ("metric", 1),
    ("by", 1),
    ("top", 1),
    ("fit", 1),
    ("front", 1),
];

/// A range for each kind of x axis.
const ZOOMS_MAX: usize = 4;

/// What `view` says of charts and of pictures; the table says nothing.
const LOOKS: [&str; 6] = ["charts", "parallel", "scatter", "bars", "box", "importance"];

/// How a form without a script names columns: one by one.
const COLUMN: &str = "col";

/// How runs are looked at: the part of their page's address behind the `?`, with its keys in one order, so that equal
/// views are equal texts. Empty: the table as it is out of the box.
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

    /// What an address says of a view. What belongs to no view, makes no sense or is too much is left out, as the page
    /// does.
    pub fn of_address(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned();
        Self::write(pairs.filter(|(key, value)| check_pair(key, value).is_ok()))
    }

    /// The last value of each key, as an address reads it, or the first ones of those that repeat.
    fn write(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let pairs: Vec<_> = pairs.filter(|(_, value)| !value.is_empty()).collect();
        let mut out = form_urlencoded::Serializer::new(String::new());
        for (key, most) in KEYS {
            let mut values: Vec<&str> =
                pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect();
            if most == 1 {
                values.drain(..values.len().saturating_sub(1));
            }
            if key == "view" {
                values.retain(|view| LOOKS.contains(view));
            }
            let columns = pairs.iter().filter(|(name, _)| key == "cols" && name == COLUMN);
            let columns: Vec<_> = columns.map(|(_, value)| value.as_str()).collect();
            let columns = columns.join(",");
            if values.is_empty() && !columns.is_empty() {
                values.push(&columns);
            }
            for value in values.into_iter().take(most) {
                out.append_pair(key, value);
            }
        }
        Self(out.finish())
    }

    /// The keys in which two views differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let values = |state: &Self, wanted: &str| {
            let pairs = form_urlencoded::parse(state.0.as_bytes()).into_owned();
            pairs.filter(|(key, _)| key == wanted).map(|(_, value)| value).collect::<Vec<_>>()
        };
        let differs = |key: &&str| values(self, key) != values(other, key);
        KEYS.into_iter().map(|(key, _)| key).filter(differs).collect()
    }
}

fn check_pair(key: &str, value: &str) -> Result<(), Error> {
    if key != COLUMN && !KEYS.iter().any(|(known, _)| *known == key) {
        let known = KEYS.map(|(known, _)| known).join(", ");
        return Err(Error::invalid("state", format!("there is no \"{key}\" in a view; expected {known}")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid("state", format!("{key} holds a control character")));
    }
    let fault = |what: String| Err(Error::invalid("state", format!("{key}: {what}")));
    match key {
        _ if value.is_empty() => Ok(()),
        "filter" | "brush" => query::parse(value).map(drop).or_else(|error| fault(error.to_string())),
        "sort" => {
            let rows = query::parse_orders(value).map(drop);
            rows.or_else(|_| query::parse_group_orders(value).map(drop))
                .or_else(|error| fault(error.to_string()))
        }
        "cols" | "left" | "axes" | "flip" => {
            query::parse_fields(value).map(drop).or_else(|error| fault(error.to_string()))
        }
        "group" => query::parse_group(value).map(drop).or_else(|error| fault(error.to_string())),
        COLUMN | "x" | "y" | "color" | "size" | "metric" | "by" => {
            Field::try_from(value.to_owned()).map(drop).or_else(|error| fault(error.message))
        }
        "status" => value.parse::<RunStatus>().map(drop).or_else(|error| fault(error.message)),
        "archived" if value != "1" => fault("expected 1".into()),
        "trash" if value != "only" => fault("expected only".into()),
        "view" if !LOOKS.contains(&value) && value != "runs" => {
            fault(format!("expected runs, {}", LOOKS.join(", ")))
        }
        "expr" => {
            let expression = value.split_once('=').map(|(_, expression)| expression);
            let read = |text: &str| Expression::parse(text).map(drop);
            expression.map_or_else(
                || fault("expected a name, = and an expression".into()),
                |text| read(text).or_else(|error| fault(error.to_string())),
            )
        }
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
        for (key, most) in KEYS {
            let count = pairs.iter().filter(|(name, value)| name == key && !value.is_empty()).count();
            if most > 1 && count > most {
                return Err(Error::too_large("state", format!("{key}: at most {most}")));
            }
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
    /// What stands behind the `?` of the page's address.
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
    fn how_charts_are_set_up_belongs_to_a_view_and_repeats() {
        let text =
            "panel=y-log:val%2Floss&view=charts&panel=:lr&chart=x-wall&expr=gap=a-b&zoom=step:1:2&events=off";
        let charts = state(text).unwrap();
        assert_eq!(
            charts.as_str(),
            "view=charts&chart=x-wall&events=off&panel=y-log%3Aval%2Floss&panel=%3Alr&expr=gap%3Da-b&zoom=step%3A1%3A2"
        );
        assert_eq!(state(charts.as_str()), Ok(charts.clone()));
        assert_eq!(
            charts.differences(&state("view=charts&panel=y-log:val/loss").unwrap()),
            ["chart", "events", "panel", "expr", "zoom"]
        );
        assert!(state("view=runs").unwrap().is_empty(), "the table is what there is without a word");
        for (bad, word) in [
            ("view=moon", "view: expected runs, charts, parallel"),
            ("x=moon", "x: "),
            ("axes=%22", "axes: "),
            ("brush=params.", "brush: expected a key"),
            ("expr=gap", "expr: expected a name"),
            ("expr=gap=a-", "expr: expected a metric"),
        ] {
            assert!(state(bad).unwrap_err().message.contains(word), "{bad}");
            assert!(ViewState::of_address(bad).is_empty(), "{bad}");
        }
        let many: Vec<String> = (0..=limits::CHARTS_APART_MAX).map(|key| format!("panel=:{key}")).collect();
        assert!(state(&many.join("&")).unwrap_err().message.contains("panel: at most 50"));
        let kept = ViewState::of_address(&many.join("&"));
        assert!(!kept.is_empty() && state(kept.as_str()) == Ok(kept), "an address keeps what fits");
    }

    #[test]
    fn views_tell_what_they_differ_in() {
        let (one, other) = (state("search=a&sort=name").unwrap(), state("search=a&diff=1").unwrap());
        assert_eq!(one.differences(&other), ["sort", "diff"]);
        assert!(one.differences(&one).is_empty());
    }
}
