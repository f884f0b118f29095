//! The Media tab of a run: images, histograms and tables by step, and the one slider that moves them all.

use super::{
    api,
    histogram::{self, Known},
    image,
    step::{AT, StepSlider, Steps},
    table,
};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    run::RunView,
    ui::{
        erase::{For, Show, handler, memo, view, watch},
        filter::{FilterForm, Hidden},
        notice::{Empty, Problem},
    },
};
use leptos::prelude::*;
use model::{
    histogram::PREFIX,
    limits,
    media::{Media, MediaKind, MediaQuery, StepFile},
    metric::{Context, Kind},
};
use std::collections::{BTreeMap, BTreeSet};

/// Cards shown at once of each kind.
const CARDS_STEP: u32 = 12;

/// What the address asks for at first.
pub fn wanted(query: &Query) -> MediaQuery {
    query_of(query, CARDS_STEP)
}

fn query_of(query: &Query, cards: u32) -> MediaQuery {
    let search = query.get("search").unwrap_or_default();
    // More would be refused, and no name is as long.
    let search = if search.len() > limits::SEARCH_TEXT_BYTES_MAX { "" } else { search };
    MediaQuery { search: search.to_owned(), limit: Some(cards.min(limits::MEDIA_NAMES_MAX)) }
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<Media>) -> impl IntoView {
    let search = link::use_search();
    let path = view.path();
    let cards = RwSignal::new(CARDS_STEP);
    let input = memo(move || (view.id(), search.with(|query| query_of(query, cards.get()))));
    let (media, loaded) = Feed::soon(first, input, |(id, query)| api::list(id, query));
    watch(move || view.filed.get(), move |_, _| media.refresh());
    let found = histograms(view, search);
    let known: Known = RwSignal::new(BTreeMap::new());
    let all_steps = memo(move || {
        let mut all: BTreeSet<i64> = known.with(|known| known.values().flatten().copied().collect());
        media.current.with(|media| {
            all.extend(media.series.iter().flat_map(|one| &one.files).map(|file| file.step));
        });
        all.into_iter().collect::<Vec<_>>()
    });
    let at = search.with_untracked(|query| query.get(AT).and_then(|at| at.parse().ok()));
    let steps = Steps::new(all_steps, at);
    let rewrite = link::use_rewrite();
    let own = path.clone();
    let keep = Callback::new(move |()| {
        let here = search.get_untracked().with(AT, steps.current.get_untracked().to_string());
        rewrite(&here.href(&own));
    });
    let names = move |kind: MediaKind| {
        memo(move || {
            media.current.with(|media| {
                let of_kind = media.series.iter().filter(|one| one.kind == kind);
                of_kind.map(|one| one.key.clone()).collect::<Vec<_>>()
            })
        })
    };
    let files = move |kind: MediaKind, key: String| -> Memo<Vec<StepFile>> {
        memo(move || {
            media.current.with(|media| {
                let own = media.series.iter().find(|one| one.kind == kind && one.key == key);
                own.map(|one| one.files.clone()).unwrap_or_default()
            })
        })
    };
    let (images, tables) = (names(MediaKind::Image), names(MediaKind::Table));
    let shown = memo(move || {
        found.with(|found| found.keys().take(cards.get() as usize).cloned().collect::<Vec<_>>())
    });
    let any = memo(move || {
        media.current.with(|media| media.all > 0)
            || view
                .detail
                .current
                .with(|detail| detail.metrics.iter().any(|one| is_histogram(one.kind, &one.key)))
    });
    let none = memo(move || {
        images.with(Vec::is_empty) && tables.with(Vec::is_empty) && found.with(BTreeMap::is_empty)
    });
    let more = move || {
        let of_media = media.current.with(|media| media.total - media.series.len() as i64);
        let of_histograms = found.with(BTreeMap::len).saturating_sub(cards.get() as usize) as i64;
        of_media.max(0) + of_histograms
    };
    let path = StoredValue::new(path);
    let content = move || match (loaded.get(), any.get(), none.get()) {
        (false, ..) => view! { <div class="skeleton" aria-label="Loading"></div> },
        (true, false, _) => view! {
            <Empty icon="view" title="Nothing to look at by step yet">
                <p>
                    <code>"run.log_image(\"samples\", image, step=1)"</code>
                    ", and "
                    <code>"log_histogram"</code>
                    " and "
                    <code>"log_table"</code>
                    ", show here."
                </p>
            </Empty>
        },
        (true, true, true) => view! { <Empty icon="search" title="Nothing has that in its name" /> },
        (true, true, false) => view! {
            <StepSlider steps on_keep=keep />
            <Show when=move || !images.with(Vec::is_empty)>
                <h2 class="section-title">"Images"</h2>
                <ul class="media-images" aria-label="Images">
                    <For each=move || images.get() key=Clone::clone let:name>
                        {
                            let files = files(MediaKind::Image, name.clone());
                            view! { <image::Card view name files steps /> }
                        }
                    </For>
                </ul>
            </Show>
            <Show when=move || !shown.with(Vec::is_empty)>
                <h2 class="section-title">"Histograms"</h2>
                <div class="media-cards">
                    <For each=move || shown.get() key=Clone::clone let:key>
                        {
                            let of = key.clone();
                            let wanted = memo(move || {
                                let count = found.with(|found| found.get(&of).copied().unwrap_or_default());
                                histogram::Wanted { key: of.0.clone(), context: of.1.clone(), count }
                            });
                            view! { <histogram::Card view name=name_of(&key) wanted steps known /> }
                        }
                    </For>
                </div>
            </Show>
            <Show when=move || !tables.with(Vec::is_empty)>
                <h2 class="section-title">"Tables"</h2>
                <div class="media-cards media-cards--wide">
                    <For each=move || tables.get() key=Clone::clone let:name>
                        {
                            let files = files(MediaKind::Table, name.clone());
                            view! { <table::Card view name files steps /> }
                        }
                    </For>
                </div>
            </Show>
            <Show when=move || { more() > 0 && cards.get() >= limits::MEDIA_NAMES_MAX }>
                <p class="muted">"More names than are shown at once: find the others by name."</p>
            </Show>
            <Show when=move || { more() > 0 && cards.get() < limits::MEDIA_NAMES_MAX }>
                <button class="button" type="button" on:click=handler(move |_| cards.update(|cards| *cards += CARDS_STEP))>
                    {move || format!("Show more of {} others", format::count(more()))}
                </button>
            </Show>
        },
    };
    view! {
        <Show when=move || any.get()>
            <FilterForm path=path.get_value() search label="Find by name">
                <Hidden search except=&["search"] />
            </FilterForm>
        </Show>
        <Problem error=media.failed />
        <Show when=move || media.current.with(|media| media.cut)>
            <p class="notice">
                {format!("The run has more files than are looked at here: the first {} by name.", format::count(limits::MEDIA_FILES_MAX))}
            </p>
        </Show>
        <div class="media">{move || content()}</div>
    }
}

fn is_histogram(kind: Kind, key: &str) -> bool {
    kind == Kind::Bytes && key.starts_with(PREFIX)
}

/// The histograms that the address means, each with its points.
fn histograms(view: RunView, search: Memo<Query>) -> Memo<BTreeMap<(String, Context), i64>> {
    memo(move || {
        let wanted = search.with(|query| query.get("search").unwrap_or_default().to_lowercase());
        view.detail.current.with(|detail| {
            let own = detail.metrics.iter().filter(|one| is_histogram(one.kind, &one.key));
            let fits = own.filter(|one| one.key[PREFIX.len()..].to_lowercase().contains(&wanted));
            fits.map(|one| ((one.key.clone(), one.context.clone()), one.count)).collect()
        })
    })
}

/// As people read it.
fn name_of((key, context): &(String, Context)) -> String {
    let name = key.strip_prefix(PREFIX).unwrap_or(key);
    if context.is_empty() { name.to_owned() } else { format!("{name} {}", context.label()) }
}
