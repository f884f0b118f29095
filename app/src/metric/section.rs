//! Panels of a board: one a metric, in sections by the prefix before `/`.

use super::board::Board;
use crate::{
    chart::{
        Plot, format,
        line::{Line, Rows},
    },
    ui::{
        icon::Icon,
        notice::{Empty, Problem},
    },
};
use leptos::{html, prelude::*};
use model::metric::SYSTEM;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Panels made at once in a section; a run may have thousands of metrics.
const PANELS_STEP: usize = 24;

/// All panels. `names`: several runs are drawn, so values carry their run's name.
#[component]
pub fn Sections(
    board: Board,
    #[prop(into)] keys: Signal<Vec<String>>,
    #[prop(optional)] names: bool,
) -> impl IntoView {
    let sections = Memo::new(move |_| keys.with(|keys| sections(keys)));
    let zoomed = move || board.view.zoom.get();
    let reset = move || {
        zoomed().map(|(from, to)| {
            view! {
                <div class="board__zoom">
                    <span class="num">
                        {format!("Steps {} to {}", format::number(from.round()), format::number(to.round()))}
                    </span>
                    <button class="button" type="button" on:click=move |_| board.view.zoom.set(None)>
                        <Icon name="zoom-out" />
                        "Reset zoom"
                    </button>
                </div>
            }
        })
    };
    view! {
        <div class="board">
            {reset}
            <Problem error=board.failed />
            <For
                each=move || sections.get()
                key=|section| section.clone()
                children=move |section| view! { <Section board name=section keys names /> }
            />
            <Show when=move || sections.with(Vec::is_empty)>
                <Empty icon="experiment" title="No metrics yet">
                    <p>
                        "Curves appear here as soon as the run logs: "
                        <code>"run.log_metrics({\"loss\": 0.3}, step=1)"</code>
                    </p>
                </Empty>
            </Show>
        </div>
    }
}

/// The part of a key that names its section.
fn section_of(key: &str) -> &str {
    key.split_once('/').map_or("", |(section, _)| section)
}

/// Keys without a prefix come first, and last what tells of the machine: it comes when the run is long under way, and
/// must not push down what a person reads.
fn sections(keys: &[String]) -> Vec<String> {
    let mut names: Vec<String> = keys.iter().map(|key| section_of(key).to_owned()).collect();
    let machine = SYSTEM.trim_end_matches('/');
    names.sort_by(|a, b| (a == machine).cmp(&(b == machine)).then_with(|| a.cmp(b)));
    names.dedup();
    names
}

#[component]
fn Section(board: Board, name: String, keys: Signal<Vec<String>>, names: bool) -> impl IntoView {
    let section = name.clone();
    let own = Memo::new(move |_| {
        keys.with(|keys| keys.iter().filter(|key| section_of(key) == section).cloned().collect::<Vec<_>>())
    });
    let shown = RwSignal::new(PANELS_STEP);
    let first = move || own.with(|own| own.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let more = move || own.with(Vec::len).saturating_sub(shown.get());
    let title = if name.is_empty() { "Metrics".to_owned() } else { name };
    view! {
        <details class="board__section" open>
            <summary>
                <h3>{title}</h3>
                <span class="muted num">{move || own.with(Vec::len)}</span>
            </summary>
            <div class="board__panels">
                <For each=first key=|key| key.clone() children=move |key| view! { <Panel board key_name=key names /> } />
            </div>
            <Show when=move || { more() > 0 }>
                <button
                    class="button board__more"
                    type="button"
                    on:click=move |_| shown.update(|shown| *shown += PANELS_STEP)
                >
                    {move || format!("Show {} more", more().min(PANELS_STEP))}
                </button>
            </Show>
        </details>
    }
}

#[component]
fn Panel(board: Board, key_name: String, names: bool) -> impl IntoView {
    let node = NodeRef::<html::Article>::new();
    let lines = board.curve(&key_name);
    Effect::new(move || {
        if let Some(panel) = node.get() {
            board.watch(panel.unchecked_ref());
        }
    });
    let (title, text) = (key_name.clone(), key_name.clone());
    let (data, label) = (key_name.clone(), key_name.clone());
    view! {
        <article class="panel" node_ref=node data-metric=data aria-label=label>
            <header class="panel__head">
                <h4 class="panel__title" title=title>{text}</h4>
                <span class="panel__note num">{move || note(lines.get())}</span>
            </header>
            <Plot name=key_name lines view=board.view names />
        </article>
    }
}

/// The last value of a lone curve, and how much of the data the picture stands for when it is not all.
fn note(lines: Option<Arc<Vec<Line>>>) -> String {
    let lines = lines.unwrap_or_default();
    let bucketed = lines.iter().any(|line| matches!(line.rows, Rows::Buckets(_)));
    if bucketed {
        let rows: usize = lines.iter().map(|line| line.rows.len()).sum();
        let total: u64 = lines.iter().map(|line| line.total).sum();
        return format!("{} of {} points", format::count(rows as i64), format::count(total as i64));
    }
    match &lines[..] {
        [only] => only.last().map(|(_, value)| format::number(value)).unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::line::tests::{buckets, points};

    #[test]
    fn sections_are_the_prefixes() {
        let keys = ["val/loss", "system/cpu", "loss", "train/loss", "train/acc"].map(ToOwned::to_owned);
        assert_eq!(sections(&keys), ["", "train", "val", "system"]);
    }

    #[test]
    fn a_sampled_picture_says_so() {
        assert_eq!(note(Some(Arc::new(vec![buckets(&[(0.0, 1.0, 0.5)])]))), "1 of 10 points");
        assert_eq!(note(Some(Arc::new(vec![points(&[1], &[0.25])]))), "0.2500");
        assert_eq!(note(None), "");
    }
}
