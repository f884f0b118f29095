//! The Logs tab: what is looked for and which lines are meant, the lines, and what is done with one of them.

use super::{
    line::row,
    query,
    window::{Slot, Window},
};
use crate::{
    browser,
    chart::format,
    link::{self, Query},
    run::RunView,
    ui::{
        copy::Copy,
        erase::{For, Show, drawn, handler, memo, view},
        icon::Icon,
        notice::{Empty, Problem},
    },
};
use leptos::{ev, prelude::*};
use model::log::{Level, Levels, NO_CONTEXT, Stream};
use std::time::Duration;

/// A pause of a person who types.
const PAUSE: Duration = Duration::from_millis(250);

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let search = link::use_search();
    let window = Window::new(view, search);
    window.start(view.printed);
    let text = memo(move || search.with(|query| query.get(query::FIND).unwrap_or_default().to_owned()));
    // Looked for again among other lines; only who types is taken to what is found.
    Effect::new(move |before: Option<String>| {
        window.filter.track();
        let text = text.get();
        window.find(&text, before.is_some_and(|before| before != text));
        text
    });
    view! {
        <Tools window text />
        <Problem error=window.failed />
        <Lines window />
        <Picked view window />
    }
}

/// Which lines are meant, what is looked for in them, and how they are drawn.
#[component]
fn Tools(window: Window, text: Memo<String>) -> impl IntoView {
    let go = link::use_go();
    let flip = move |key: &'static str, word: &'static str, on: Memo<bool>| {
        let go = go.clone();
        move |_: ev::MouseEvent| go(&address(&window, key, if on.get_untracked() { "" } else { word }))
    };
    let download = move || window.path.with_value(|path| query::download_url(path, &window.filter.get()));
    let to_end = move |_| {
        if window.follow.get_untracked() {
            window.stop_following();
        } else {
            window.to_end();
        }
    };
    view! {
        <div class="toolbar log__tools" role="search" aria-label="Lines">
            <Find window text />
            <Choices window />
            <button
                class="button"
                type="button"
                aria-pressed=move || window.wraps.get().to_string()
                on:click=handler(flip(query::WRAP, "1", window.wraps))
            >
                "Wrap"
            </button>
            <button
                class="button"
                type="button"
                title="Times since the start of the run"
                aria-pressed=move || window.relative.get().to_string()
                on:click=handler(flip(query::TIME, query::RELATIVE, window.relative))
            >
                <Icon name="clock" />
                "Relative"
            </button>
            <button
                class="button"
                type="button"
                title="Stay at the newest line"
                aria-pressed=move || window.follow.get().to_string()
                on:click=handler(to_end)
            >
                <Icon name="down" />
                "Follow"
            </button>
            <a class="button" href=drawn(download) download="" rel="external">
                <Icon name="download" />
                "Download"
            </a>
        </div>
    }
}

/// The address with one thing changed; the person stays where they are.
fn address(window: &Window, key: &str, word: &str) -> String {
    let query = window.search.get_untracked().with(key, word);
    let query = match key {
        query::STREAM | query::LEVEL | query::CONTEXT => query.without(query::AT).without(query::LINE),
        _ => query,
    };
    window.path.with_value(|path| query.href(path))
}

/// The field for what is looked for, how often it is there, and the way from one to the next.
#[component]
fn Find(window: Window, text: Memo<String>) -> impl IntoView {
    let rewrite = link::use_rewrite();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |event: ev::Event| {
        let text = event_target_value(&event);
        if let Some(timer) = waiting.get_value() {
            timer.clear();
        }
        let rewrite = rewrite.clone();
        let write = move || rewrite(&address(&window, query::FIND, &text));
        waiting.set_value(set_timeout_with_handle(write, PAUSE).ok());
    };
    on_cleanup(move || {
        if let Some(timer) = waiting.try_get_value().flatten() {
            timer.clear();
        }
    });
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            window.step(!event.shift_key(), false);
        }
    };
    let count = move || {
        if text.with(String::is_empty) {
            return None;
        }
        let words = match window.standing() {
            None => "…".to_owned(),
            Some((_, 0)) => "Nothing found".to_owned(),
            Some((None, total)) => format::counted(total as i64, "line", "lines"),
            Some((Some(at), total)) => {
                format!("{} of {}", format::count(at as i64), format::count(total as i64))
            }
        };
        Some(view! { <span class="log__count num" role="status">{words}</span> })
    };
    let none = move || window.hits.with(|hits| hits.as_ref().is_none_or(|hits| hits.places.is_empty()));
    view! {
        <div class="filter__search log__find">
            <Icon name="search" />
            <input
                class="input"
                type="search"
                placeholder="Find in the lines"
                aria-label="Find in the lines"
                autocomplete="off"
                value=text.get_untracked()
                prop:value=text
                on:input=handler(typed)
                on:keydown=handler(keys)
            />
        </div>
        {move || count()}
        <Show when=move || text.with(|text| !text.is_empty())>
            <span class="log__steps">
                <button
                    class="button button--icon"
                    type="button"
                    aria-label="Line before with it"
                    title="Shift+Enter"
                    disabled=drawn(none)
                    on:click=handler(move |_| window.step(false, false))
                >
                    <Icon name="up" />
                </button>
                <button
                    class="button button--icon"
                    type="button"
                    aria-label="Next line with it"
                    title="Enter"
                    disabled=drawn(none)
                    on:click=handler(move |_| window.step(true, false))
                >
                    <Icon name="down" />
                </button>
            </span>
        </Show>
    }
}

/// Stream, process and level.
#[component]
fn Choices(window: Window) -> impl IntoView {
    let streams = Signal::derive(|| {
        let both = (String::new(), "Both".to_owned());
        let each = Stream::ALL.map(|one| (one.as_str().to_owned(), one.as_str().to_owned()));
        std::iter::once(both).chain(each).collect::<Vec<_>>()
    });
    let contexts = memo(move || {
        let mut all: Vec<String> =
            window.told.with(|told| told.sources.iter().map(|source| source.context.clone()).collect());
        all.sort();
        all.dedup();
        all
    });
    let processes = Signal::derive(move || {
        let shown = |label: String| {
            if label.is_empty() { (NO_CONTEXT.to_owned(), "none".to_owned()) } else { (label.clone(), label) }
        };
        let all = (String::new(), "All".to_owned());
        std::iter::once(all).chain(contexts.get().into_iter().map(shown)).collect::<Vec<_>>()
    });
    let levels = Signal::derive(move || {
        let Levels { info, warning, error, .. } = window.told.with(|told| told.levels);
        let count = |count: u64| format::count(count as i64);
        [
            ("", "All".to_owned()),
            (Level::Info.as_str(), format!("Info and worse ({})", count(info + warning + error))),
            (Level::Warning.as_str(), format!("Warnings and errors ({})", count(warning + error))),
            (Level::Error.as_str(), format!("Errors ({})", count(error))),
        ]
        .map(|(word, text)| (word.to_owned(), text))
        .to_vec()
    });
    view! {
        <Choice window key=query::STREAM label="Stream" options=streams />
        <Show when=move || 1 < contexts.with(Vec::len)>
            <Choice window key=query::CONTEXT label="Process" options=processes />
        </Show>
        <Choice window key=query::LEVEL label="Level" options=levels />
    }
}

#[component]
fn Choice(
    window: Window,
    key: &'static str,
    label: &'static str,
    options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let go = link::use_go();
    let change = move |event| go(&address(&window, key, &event_target_value(&event)));
    let chosen = memo(move || window.search.with(|query| query.get(key).unwrap_or_default().to_owned()));
    let option = move |(value, text): (String, String)| {
        let own = value.clone();
        let is_chosen = move || chosen.with(|chosen| *chosen == own);
        view! {
            <option value=value selected=is_chosen.clone() prop:selected=drawn(is_chosen)>
                {text}
            </option>
        }
    };
    view! {
        <label class="field field--inline">
            <span class="field__label">{label}</span>
            <select name=key on:change=handler(change)>
                {move || options.get().into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

/// The lines. Those in the document move with the scroll bar of all.
#[component]
fn Lines(window: Window) -> impl IntoView {
    let height = move || window.height().map(|height| format!("{height}px"));
    let fresh = move || {
        let count = window.fresh.get();
        (count > 0).then(|| {
            let words = format!("{} new {}", format::count(count as i64), if count == 1 { "line" } else { "lines" });
            view! {
                <button class="button button--primary log__fresh" type="button" on:click=handler(move |_| window.to_end())>
                    <Icon name="down" />
                    {words}
                </button>
            }
        })
    };
    let left_out = move || {
        let count = window.told.with(|told| told.left_out);
        (count > 0).then(|| {
            let words = format!("The first {} lines are in the download only.", format::count(count as i64));
            view! { <p class="muted">{words}</p> }
        })
    };
    let nothing = move || {
        if !window.loaded.get() {
            return Some(view! {
                <div class="skeleton" aria-label="Loading"></div>
                <noscript>
                    <a href=move || window.path.with_value(|path| {
                        query::download_url(path, &window.filter.get())
                    }) rel="external">
                        "All lines as a text"
                    </a>
                </noscript>
            });
        }
        let (total, all) = (window.held.with(|held| held.total), window.told.with(|told| told.all));
        match (total, all) {
            (0, 0) => Some(view! {
                <Empty icon="rows" title="Nothing was printed yet">
                    <p>
                        "What a program prints is recorded by itself while its run is under way, unless it began with "
                        <code>"capture=False"</code> "."
                    </p>
                </Empty>
            }),
            (0, _) => Some(view! {
                <Empty icon="search" title="No line of that stream and level">
                    <a class="button" href=move || window.path.with_value(|path| format!("{path}?tab=logs"))>
                        "All lines"
                    </a>
                </Empty>
            }),
            _ => None,
        }
    };
    let some = move || window.held.with(|held| held.total > 0);
    let key = |slot: &Slot| (slot.0, slot.1, slot.2);
    view! {
        {move || left_out()}
        {move || nothing()}
        <div class="log" hidden=move || !some()>
            <div
                class="log__scroller"
                class:log__scroller--wraps=move || window.wraps.get()
                class:log__scroller--whole=move || window.is_whole()
                node_ref=window.scroller
                tabindex="0"
                role="region"
                aria-label="Lines that the run printed"
                on:scroll=handler(move |_| window.scrolled())
            >
                <div class="log__all" style:height=height>
                    <div class="log__block" role="list" node_ref=window.block>
                        <For each=move || window.slots() key=key children=move |slot| row(&window, slot.0, slot.3) />
                    </div>
                </div>
            </div>
            {move || fresh()}
        </div>
    }
}

/// The line that is pointed at: when it was printed, and the way to the charts of that time.
#[component]
fn Picked(view: RunView, window: Window) -> impl IntoView {
    let go = link::use_go();
    let took = move || {
        view.detail.current.with(|detail| {
            let metrics = detail.metrics.iter().map(|metric| metric.last_time_ms.0).max();
            let end = detail.run.ended_at_ms.map(|at| at.0).max(metrics);
            end.map_or(0, |end| end - window.started_ms)
        })
    };
    drawn(move || {
        let (number, time_ms) = window.picked.get()?;
        let go = go.clone();
        let close = move |_| {
            window.unpick();
            let query = window.search.get_untracked().without(query::LINE).without(query::AT);
            go(&window.path.with_value(|path| query.href(path)));
        };
        let charts = window.path.with_value(|path| query::charts_at(path, time_ms, untrack(took)));
        let link = Signal::derive(move || {
            let query = Query::parse(&browser::search()).without(query::TOP).without(query::AT);
            browser::origin() + &query.with(query::LINE, number.to_string()).href(&browser::path())
        });
        Some(view! {
            <div class="log__picked" role="status">
                <span>
                    {format!("Line {}", format::count(number as i64))} " · " <span class="num">{format::utc(time_ms)}</span>
                </span>
                <a class="button" href=charts>
                    <Icon name="metric" />
                    "Charts at this time"
                </a>
                <Copy text=link what="link to this line" />
                <button class="button button--icon" type="button" aria-label="Point at no line" on:click=handler(close)>
                    <Icon name="cross" />
                </button>
            </div>
        })
    })
}
