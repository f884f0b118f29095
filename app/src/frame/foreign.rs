//! Links as MLflow's clients print them, `/#/experiments/1/runs/0123…`: they lead to the page of ours.

use crate::ui::erase::effect;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

/// Follows such a link when the page was opened by one.
pub fn follow() {
    let (hash, navigate) = (use_location().hash, use_navigate());
    effect(move || {
        if let Some(page) = page(&hash.get()) {
            navigate(&page, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
}

/// The page of ours that a fragment stands for.
fn page(fragment: &str) -> Option<String> {
    let mut parts = fragment.trim_start_matches('#').strip_prefix("/experiments/")?.split('/');
    let experiment =
        parts.next().filter(|id| !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit()))?;
    match (parts.next(), parts.next()) {
        (Some("runs"), Some(run)) => run.parse::<model::RunId>().ok().map(|id| format!("/runs/{id}")),
        _ => Some(format!("/experiments/{experiment}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_leads_to_a_run_or_an_experiment_and_nowhere_else() {
        let run = "0123456789abcdef0123456789abcdef";
        assert_eq!(page(&format!("#/experiments/1/runs/{run}")), Some(format!("/runs/{run}")));
        assert_eq!(page("/experiments/12"), Some("/experiments/12".into()));
        for other in ["", "#main", "#/experiments/x", "#/experiments/1/runs/../../x", "#//evil.example"] {
            assert_eq!(page(other), None, "{other}");
        }
    }
}
