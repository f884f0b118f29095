//! The card of a run's datasets and models on its overview. A run without any has none.

use crate::{
    link::Query,
    run::RunView,
    ui::{
        erase::{drawn, memo, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use model::asset::{Access, AssetKind, AssetStatus, AssetUse};

/// Lines before the rest is counted.
const ROWS_MAX: usize = 20;

#[component]
pub fn Card(view: RunView) -> impl IntoView {
    let uses = memo(move || view.detail.current.with(|detail| detail.assets.clone()));
    drawn(move || {
        let uses = uses.get();
        (!uses.is_empty()).then(|| {
            let rows = uses.iter().take(ROWS_MAX).map(|one| row(view, one)).collect_view();
            let more = uses.len().saturating_sub(ROWS_MAX);
            view! {
                <section class="card" aria-labelledby="overview-assets">
                    <h2 class="card__title" id="overview-assets">"Datasets and models"</h2>
                    <ul class="assets">{rows}</ul>
                    {(more > 0).then(|| view! { <p class="muted">{format!("and {more} more")}</p> })}
                </section>
            }
        })
    })
}

fn row(view: RunView, one: &AssetUse) -> AnyView {
    let asset = &one.asset;
    let icon = if asset.kind == AssetKind::Dataset { "dataset" } else { "model" };
    let made_here = one.access == Access::Wrote && asset.kind == AssetKind::Model;
    let name = if made_here {
        let href = Query::default().with("tab", "artifacts").href(&view.path());
        view! { <a href=href>{asset.name.clone()}</a> }
    } else {
        view! { <span>{asset.name.clone()}</span> }
    };
    view! {
        <li class="assets__row" title=about(one)>
            <Icon name=icon />
            <span class="assets__name">{name}</span>
            <span class="muted assets__facts">{facts(one)}</span>
        </li>
    }
}

/// What is said of it beside its name: what happened with it, what it is, and by what it is told from others.
fn facts(one: &AssetUse) -> String {
    let AssetUse { asset, access, context, step, .. } = one;
    let happened = match (access, asset.kind) {
        (Access::Read, _) => "read".to_owned(),
        (Access::Wrote, AssetKind::Model) if *step != 0 => format!("made at step {step}"),
        (Access::Wrote, AssetKind::Model) => "made".to_owned(),
        (Access::Wrote, AssetKind::Dataset) => "written".to_owned(),
    };
    let purpose = if context.is_empty() { happened } else { format!("{happened} for {context}") };
    let state = match asset.status {
        AssetStatus::Ready => String::new(),
        AssetStatus::Pending => "incomplete".to_owned(),
        AssetStatus::Failed => "upload failed".to_owned(),
    };
    let digest: String = asset.digest.chars().take(16).collect();
    let parts = [purpose, asset.format.clone(), digest, state];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// All that is known of it, for who points at it.
fn about(one: &AssetUse) -> String {
    let asset = &one.asset;
    let facts = [("Digest", &asset.digest), ("Source", &asset.source), ("Profile", &asset.profile)];
    let known = facts.into_iter().filter(|(_, text)| !text.is_empty());
    let lines = known.map(|(name, text)| format!("{name}: {}", text.chars().take(300).collect::<String>()));
    std::iter::once(format!("{} {}", asset.kind.as_str(), asset.name))
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{AssetId, ExperimentId, Tags, UnixMillis, asset::Asset};
    use std::{collections::BTreeMap, sync::Arc};

    fn used(kind: AssetKind, access: Access, context: &str, step: i64) -> AssetUse {
        let asset = Asset {
            id: AssetId::from_bytes([1; 16]),
            experiment_id: ExperimentId(1),
            kind,
            name: "iris".into(),
            digest: "sha256:0123456789abcdef".into(),
            format: "pandas".into(),
            status: AssetStatus::Pending,
            status_message: String::new(),
            source: String::new(),
            schema: String::new(),
            profile: String::new(),
            source_run_id: None,
            tags: Tags::default(),
            params: BTreeMap::new(),
            created_at_ms: UnixMillis(0),
            updated_at_ms: UnixMillis(0),
            trashed_at_ms: None,
        };
        AssetUse { asset: Arc::new(asset), access, context: context.into(), step, tags: Tags::default() }
    }

    #[test]
    fn a_line_says_what_happened_with_what() {
        let line = facts(&used(AssetKind::Dataset, Access::Read, "training", 0));
        assert_eq!(line, "read for training · pandas · sha256:012345678 · incomplete");
        let line = facts(&used(AssetKind::Model, Access::Wrote, "", 7));
        assert!(line.starts_with("made at step 7 · "), "{line}");
    }
}
