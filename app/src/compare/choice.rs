//! Small forms above a view: each of one field, so that it works before wasm arrives and applies itself after.

use super::wanted::Wanted;
use crate::{
    link::{self, Query},
    ui::{
        erase::{drawn, handler, memo, view},
        filter::Hidden,
        form::Apply,
    },
};
use leptos::prelude::*;
use model::RunId;

/// What the fields of the address are called.
const PATH: &str = "/compare";

/// What the address asks for; nothing when it cannot be read.
pub fn asked(search: Memo<Query>) -> Memo<Wanted> {
    memo(move || search.with(Wanted::parse).unwrap_or_default())
}

/// One of a few values of a key of the address. It stays in the document while answers come and go.
pub fn select(
    search: Memo<Query>,
    key: &'static [&'static str; 1],
    label: &'static str,
    options: Vec<(String, String)>,
    chosen: impl Fn(&Wanted) -> String + Send + Sync + 'static,
) -> AnyView {
    let wanted = asked(search);
    let chosen = memo(move || wanted.with(&chosen));
    let go = link::use_go();
    let change = move |event| {
        let value = event_target_value(&event);
        go(&search.get_untracked().with(key[0], value).without("offset").href(PATH));
    };
    let option = |(value, text): (String, String)| {
        let own = value.clone();
        view! {
            <option value=value selected=move || chosen.with(|chosen| *chosen == own)>
                {text}
            </option>
        }
    };
    view! {
        <form class="compare-choice" method="get" action=PATH>
            <label class="field field--inline">
                <span class="field__label">{label}</span>
                <select name=key[0] prop:value=chosen on:change=handler(change)>
                    {options.into_iter().map(option).collect_view()}
                </select>
            </label>
            <Hidden search except=key />
            <Apply />
        </form>
    }
}

/// A run that is compared, as forms name it.
pub type Named = (RunId, String);

fn run(
    search: Memo<Query>,
    key: &'static [&'static str; 1],
    label: &'static str,
    runs: &[Named],
    chosen: fn(&Wanted) -> Option<RunId>,
) -> AnyView {
    let options = runs.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    select(search, key, label, options, move |wanted| {
        chosen(wanted).map(|id| id.to_string()).unwrap_or_default()
    })
}

fn base_of(wanted: &Wanted) -> Option<RunId> {
    wanted.runs.get(wanted.base_place()).cloned()
}

/// The base that the others are held against; nothing when there are no others.
pub fn base(search: Memo<Query>, runs: &[Named]) -> Option<AnyView> {
    (runs.len() > 1).then(|| run(search, &["base"], "Against", runs, base_of))
}

/// The base, and the run whose texts are held against it; nothing when there are no two.
pub fn two(search: Memo<Query>, runs: &[Named]) -> Option<AnyView> {
    let wanted = asked(search);
    let swap = move || {
        let (from, to) = wanted.with(Wanted::pair_of_runs)?;
        Some(search.get().with("base", to.as_str()).with("with", from.as_str()).href(PATH))
    };
    (runs.len() > 1).then(|| {
        view! {
            {run(search, &["base"], "From", runs, base_of)}
            {run(search, &["with"], "to", runs, |wanted| wanted.pair_of_runs().map(|(_, with)| with))}
            <a class="button" href=drawn(swap) data-noscroll="">
                "Swap"
            </a>
        }
    })
}

/// Whether rows in which all runs are equal stay away.
#[component]
pub fn OnlyDifferences(search: Memo<Query>) -> impl IntoView {
    let only = memo(move || search.with(|query| query.get("only") == Some("differences")));
    let go = link::use_go();
    let toggle = move |_| {
        let word = if only.get_untracked() { "" } else { "differences" };
        go(&search.get_untracked().with("only", word).without("offset").href(PATH));
    };
    view! {
        <form class="compare-choice" method="get" action=PATH>
            <label class="check">
                <input
                    type="checkbox"
                    name="only"
                    value="differences"
                    checked=only
                    prop:checked=only
                    on:change=handler(toggle)
                />
                "Only differences"
            </label>
            <Hidden search except=&["only", "offset"] />
            <Apply />
        </form>
    }
}

/// The earlier and later pages of a long table.
pub fn pages(search: Memo<Query>, wanted: &Wanted, total: i64) -> Option<AnyView> {
    let size = i64::from(model::limits::COMPARE_ROWS_MAX);
    let first = i64::from(wanted.offset);
    if total <= size && first == 0 {
        return None;
    }
    let last = (first + size).min(total);
    let to = |offset: i64, word: &'static str| {
        let offset = if offset > 0 { offset.to_string() } else { String::new() };
        let href = search.get_untracked().with("offset", offset).href(PATH);
        view! { <a class="button" href=href>{word}</a> }
    };
    Some(view! {
        <nav class="pager" aria-label="Pages of the table">
            <span class="num">{format!("{} to {} of {}", (first + 1).min(total), last, total)}</span>
            {(first > 0).then(|| to((first - size).max(0), "Earlier"))}
            {(last < total).then(|| to(last, "Later"))}
        </nav>
    })
}
