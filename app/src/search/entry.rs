//! What a search shows: what was found, and what can be done, in groups. What was found the server puts into words.

use crate::experiment::NEW;
#[cfg(feature = "ssr")]
use crate::{link::Query, run};
#[cfg(feature = "ssr")]
use model::{
    query::Field,
    search::{FieldFound, RunFound, SearchFound},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A line of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub sign: Sign,
    pub label: String,
    /// Where it is, or what it is about.
    pub detail: String,
    pub to: To,
}

/// What stands before the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sign {
    Experiment,
    /// The colour of the run with this number.
    Run(i64, Option<u8>),
    Param,
    Metric,
    New,
    Trash,
    Theme,
    Keys,
}

/// What a line does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum To {
    Page(String),
    /// Does what the frame's button does.
    Theme,
    Keys,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub name: Cow<'static, str>,
    pub entries: Vec<Entry>,
}

/// What was found for a text, the experiments first.
#[cfg(feature = "ssr")]
pub fn found(found: &SearchFound, text: &str) -> Vec<Group> {
    let newest = text.trim().is_empty();
    let experiments = found.experiments.iter().map(|one| Entry {
        sign: Sign::Experiment,
        label: one.name.clone(),
        detail: if one.archived { "archived".into() } else { String::new() },
        to: To::Page(format!("/experiments/{}", one.id)),
    });
    let groups = [
        (if newest { "Newest experiments" } else { "Experiments" }, experiments.collect()),
        (if newest { "Newest runs" } else { "Runs" }, found.runs.iter().map(run).collect()),
        ("Params and metrics", found.fields.iter().map(field).collect::<Vec<_>>()),
    ];
    let groups = groups.into_iter().map(|(name, entries)| Group { name: name.into(), entries });
    groups.filter(|group| !group.entries.is_empty()).collect()
}

#[cfg(feature = "ssr")]
fn run(one: &RunFound) -> Entry {
    Entry {
        sign: Sign::Run(one.number, one.color),
        label: one.name.clone(),
        detail: format!("{} · {} · {}", one.status.as_str(), one.experiment_name, one.id.short()),
        to: To::Page(format!("/runs/{}", one.id)),
    }
}

/// Leads to the experiment's table with that column, the best or smallest first.
#[cfg(feature = "ssr")]
fn field(one: &FieldFound) -> Entry {
    let sorted = run::query::sort_by(&Query::default(), &one.field, false);
    let shown = run::query::with_columns(&sorted, std::slice::from_ref(&one.field));
    let others = match one.experiment_count - 1 {
        1.. => format!(" · in {} more", one.experiment_count - 1),
        _ => String::new(),
    };
    Entry {
        sign: if matches!(one.field, Field::Param(_)) { Sign::Param } else { Sign::Metric },
        label: run::columns::name(&one.field),
        detail: format!("{} · {}{others}", run::columns::kind(&one.field), one.experiment_name),
        to: To::Page(shown.href(&format!("/experiments/{}", one.experiment_id))),
    }
}

/// What can be done from everywhere: label, other words for it, sign.
const ACTIONS: [(&str, &str, Sign); 5] = [
    ("Go to all experiments", "list home", Sign::Experiment),
    ("New experiment", "create make add", Sign::New),
    ("Go to the trash", "deleted restore", Sign::Trash),
    ("Switch the theme", "light dark colours colors", Sign::Theme),
    ("Keyboard shortcuts", "keys help", Sign::Keys),
];

/// Actions of which every word of the text is a part. Who may change nothing is offered nothing of that.
pub fn actions(text: &str, may_edit: bool) -> Option<Group> {
    let text = text.to_lowercase();
    let fits = |label: &str, words: &str| {
        let all = format!("{} {words}", label.to_lowercase());
        text.split_whitespace().all(|word| all.contains(word))
    };
    let entries =
        ACTIONS.into_iter().filter(|(label, words, _)| fits(label, words)).filter_map(|(label, _, sign)| {
            let to = match sign {
                Sign::New if may_edit => To::Page(format!("/experiments?{NEW}=experiment")),
                Sign::New => return None,
                Sign::Trash => To::Page("/trash".into()),
                Sign::Theme => To::Theme,
                Sign::Keys => To::Keys,
                _ => To::Page("/experiments".into()),
            };
            Some(Entry { sign, label: label.into(), detail: String::new(), to })
        });
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then_some(Group { name: "Actions".into(), entries })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ExperimentId, search::ExperimentFound};

    fn field_found(field: Field, experiment_count: i64) -> FieldFound {
        FieldFound {
            field,
            experiment_id: ExperimentId(7),
            experiment_name: "digits".into(),
            experiment_count,
        }
    }

    #[test]
    fn a_metric_leads_to_its_column_with_the_best_first() {
        let loss = field(&field_found(Field::metric("val/loss"), 3));
        let href = "/experiments/7?sort=metrics.val%2Floss&cols=metrics.val%2Floss";
        assert_eq!(loss.to, To::Page(href.into()));
        assert_eq!(loss.detail, "metric · digits · in 2 more");
        let accuracy = field(&field_found(Field::metric("acc"), 1));
        assert_eq!(accuracy.to, To::Page("/experiments/7?sort=metrics.acc%20desc&cols=metrics.acc".into()));
        assert_eq!(accuracy.detail, "metric · digits");
    }

    #[test]
    fn actions_are_found_by_any_of_their_words_and_viewers_make_nothing() {
        let labels = |text: &str, may_edit| {
            let group = actions(text, may_edit);
            group.map(|group| group.entries.into_iter().map(|one| one.label).collect::<Vec<_>>())
        };
        assert_eq!(labels("DARK", true), Some(vec!["Switch the theme".to_owned()]));
        assert_eq!(labels("make exp", true), Some(vec!["New experiment".to_owned()]));
        assert_eq!(labels("make exp", false), None);
        assert_eq!(labels("", true).map(|all| all.len()), Some(5));
        assert_eq!(labels("zebra", true), None);
    }

    #[test]
    fn without_a_text_the_newest_are_shown_and_empty_groups_never() {
        let one = ExperimentFound { id: ExperimentId(1), name: "a".into(), archived: true };
        let all = SearchFound { experiments: vec![one], ..SearchFound::default() };
        let groups = found(&all, " ");
        assert_eq!(
            groups.iter().map(|group| group.name.as_ref()).collect::<Vec<_>>(),
            ["Newest experiments"]
        );
        assert_eq!(groups[0].entries[0].detail, "archived");
        assert_eq!(found(&all, "a")[0].name, "Experiments");
    }
}
