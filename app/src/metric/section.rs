//! Panels of a board: one a metric, in sections by the prefix before `/`.

use super::{
    arrange,
    board::Board,
    compute::AddChart,
    controls::{Controls, EventFields, GroupFields},
    panel::Panel,
    setup::Computed,
};
use crate::{
    chart::place,
    ui::{
        erase::{For, Show, handler, memo, view},
        icon::Icon,
        notice::{Empty, Problem},
    },
};
use leptos::prelude::*;
use model::{metric::SYSTEM, series::Axis};

/// Panels made at once in a section; a run may have thousands of metrics.
const PANELS_STEP: usize = 24;

/// From so many charts on, a page that has no search of its own offers one.
const SEARCHED_FROM: usize = 6;

/// All panels. `names`: several runs are drawn, so values carry their run's name.
#[component]
pub fn Sections(
    board: Board,
    #[prop(into)] keys: Signal<Vec<String>>,
    /// What charts may stand over, and be computed from; the charts' own metrics when nothing is said.
    #[prop(optional, into)]
    metrics: Option<Signal<Vec<String>>>,
    #[prop(optional)] names: bool,
) -> impl IntoView {
    provide_context(arrange::Dragged(RwSignal::new(None)));
    let metrics = metrics.unwrap_or(keys);
    let wanted = RwSignal::new(String::new());
    let found = memo(move || {
        let wanted = wanted.get().to_lowercase();
        let fits = |key: &&String| key.to_lowercase().contains(&wanted);
        keys.with(|keys| keys.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let sections = memo(move || found.with(|found| sections(board, found)));
    let computed = memo(move || {
        let wanted = wanted.get().to_lowercase();
        let fits = |one: &&Computed| one.title().to_lowercase().contains(&wanted);
        board.setup.with(|setup| setup.computed.iter().filter(fits).map(Computed::key).collect::<Vec<_>>())
    });
    let nothing = move || keys.with(Vec::is_empty);
    // The page of one run has a search over its metrics, with their numbers.
    let searches = move || names && keys.with(Vec::len) > SEARCHED_FROM;
    let zooms = move || board.view.zooms.get();
    let reset = move || {
        let zooms = zooms();
        (!zooms.is_empty()).then(|| {
            let range = |(axis, (from, to)): (&Axis, &(f64, f64))| {
                format!("{} to {}", place(*axis, *from), place(*axis, *to))
            };
            let mut ranges: Vec<String> = zooms.iter().map(range).collect();
            ranges.sort();
            view! {
                <div class="board__zoom">
                    <span class="num">{ranges.join(", ")}</span>
                    <button
                        class="button"
                        type="button"
                        on:click=handler(move |_| board.view.zooms.update(std::collections::HashMap::clear))
                    >
                        <Icon name="zoom-out" />
                        "Reset zoom"
                    </button>
                </div>
            }
        })
    };
    let set = Callback::new(move |settings| board.setup.update(|setup| setup.all = settings));
    let all = Signal::derive(move || board.setup.with(|setup| setup.all));
    let choice = board.choice(all, set, metrics);
    view! {
        <div class="board">
            <Show when=move || !nothing()>
                <section class="board__controls" aria-label="All charts">
                    <Show when=searches>
                        <input
                            type="search"
                            class="board__search"
                            aria-label="Find a chart"
                            placeholder="Find a chart"
                            prop:value=wanted
                            on:input=handler(move |event| wanted.set(event_target_value(&event)))
                        />
                    </Show>
                    <Controls choice />
                    <EventFields board />
                    <GroupFields board />
                    <AddChart board keys=metrics />
                </section>
            </Show>
            {move || reset()}
            <Problem error=board.failed />
            <Show when=move || computed.with(|computed| !computed.is_empty())>
                <Section board title="Computed".to_owned() own=computed all=metrics names />
            </Show>
            <For
                each=move || sections.get()
                key=|section| section.clone()
                children=move |section| {
                    let title = if section.is_empty() { "Metrics".to_owned() } else { section.clone() };
                    let own = memo(move || {
                        let is_own = |key: &&String| section_of(board, key) == section;
                        found.with(|found| found.iter().filter(is_own).cloned().collect::<Vec<_>>())
                    });
                    view! { <Section board title own all=metrics names /> }
                }
            />
            <Show when=move || !nothing() && sections.with(Vec::is_empty)>
                <Empty icon="search" title="No metric has that in its name" />
            </Show>
            <Show when=nothing>
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

/// What names the section of a chart.
fn section_of(board: Board, key: &str) -> String {
    board.bundle(key).map_or_else(|| prefix(key).to_owned(), |bundle| bundle.section.to_owned())
}

/// The part of a key that names its section.
fn prefix(key: &str) -> &str {
    key.split_once('/').map_or("", |(section, _)| section)
}

/// Sections of charts of several metrics stand as those do.
fn sections(board: Board, keys: &[String]) -> Vec<String> {
    if board.bundles().with(Vec::is_empty) {
        return prefixes(keys);
    }
    let mut names: Vec<String> = Vec::new();
    for key in keys {
        let section = section_of(board, key);
        if !names.contains(&section) {
            names.push(section);
        }
    }
    names
}

/// Keys without a prefix come first, and last what tells of the machine: it comes when the run is long under way, and
/// must not push down what a person reads.
fn prefixes(keys: &[String]) -> Vec<String> {
    let mut names: Vec<String> = keys.iter().map(|key| prefix(key).to_owned()).collect();
    let machine = SYSTEM.trim_end_matches('/');
    names.sort_by(|a, b| (a == machine).cmp(&(b == machine)).then_with(|| a.cmp(b)));
    names.dedup();
    names
}

#[component]
fn Section(
    board: Board,
    title: String,
    /// The charts in it.
    own: Memo<Vec<String>>,
    /// All metrics, also those that are not searched for.
    all: Signal<Vec<String>>,
    names: bool,
) -> impl IntoView {
    // Those that are shown, as somebody has arranged them.
    let order = memo(move || {
        board.setup.with(|setup| {
            let mut order = own.with(|own| arrange::arranged(own, &setup.placed));
            order.retain(|key| !setup.gone.contains(key));
            order
        })
    });
    let gone = memo(move || own.with(Vec::len).saturating_sub(order.with(Vec::len)));
    let bring_back = move |_| {
        own.with_untracked(|own| board.setup.update(|setup| setup.gone.retain(|key| !own.contains(key))));
    };
    let shown = RwSignal::new(PANELS_STEP);
    let first = move || order.with(|order| order.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let more = move || order.with(Vec::len).saturating_sub(shown.get());
    view! {
        <details class="board__section" open>
            <summary>
                <h3>{title}</h3>
                <span class="muted num">{move || own.with(Vec::len)}</span>
            </summary>
            <Show when=move || { gone.get() > 0 }>
                <p class="board__gone">
                    <span class="muted num">{move || format!("{} hidden", gone.get())}</span>
                    <button class="button" type="button" on:click=handler(bring_back)>
                        <Icon name="eye" />
                        "Show again"
                    </button>
                </p>
            </Show>
            <div class="board__panels">
                <For each=first key=|key| key.clone() children=move |key| view! { <Panel board key_name=key keys=all order names /> } />
            </div>
            <Show when=move || { more() > 0 }>
                <button
                    class="button board__more"
                    type="button"
                    on:click=handler(move |_| shown.update(|shown| *shown += PANELS_STEP))
                >
                    {move || format!("Show {} more", more().min(PANELS_STEP))}
                </button>
            </Show>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_the_prefixes() {
        let keys = ["val/loss", "system/cpu", "loss", "train/loss", "train/acc"].map(ToOwned::to_owned);
        assert_eq!(prefixes(&keys), ["", "train", "val", "system"]);
    }
}
