//! The query of the run table: a field of the filter form that says under the very character what is wrong, and offers
//! what may come next.

use super::Table;
use crate::{
    link,
    run::{api, query},
    ui::{
        erase::{drawn, handler, memo, view, watch},
        wrong::Wrong,
    },
};
use leptos::{ev::KeyboardEvent, html, prelude::*, task::spawn_local};
use model::{
    ExperimentId,
    query::{Attribute, Field, Wanted, complete, parse},
    run::{RunFieldQuery, RunValueQuery},
};
use std::time::Duration;

/// Choices shown at once: what fits above the fold.
const OFFERED_MAX: u32 = 12;

/// What is offered in place of the word that begins at this byte.
#[derive(Clone, Debug, Default, PartialEq)]
struct Offer {
    from: usize,
    choices: Vec<String>,
}

#[component]
pub fn QueryBar(table: Table) -> impl IntoView {
    let Table { search, path, feed, .. } = table;
    let experiment_id = feed.current.with_untracked(|runs| runs.experiment.id);
    let input = NodeRef::<html::Input>::new();
    let rewrite = link::use_rewrite();
    let in_url = move || search.with(|query| query.get("filter").unwrap_or_default().to_owned());
    let text =
        RwSignal::new(search.with_untracked(|query| query.get("filter").unwrap_or_default().to_owned()));
    watch(in_url, move |now: &String, _| {
        // What the person types comes back without the blanks at its ends, and must not be taken away.
        if let Some(field) = input.get_untracked()
            && field.value().trim() != now
        {
            field.set_value(now);
            text.set(now.clone());
        }
    });
    let error = memo(move || text.with(|text| parse(text).err()));
    let offer = RwSignal::new(Offer::default());
    let chosen = RwSignal::new(None::<usize>);
    // Counts keys, so that what comes late for an early one is dropped.
    let typed = StoredValue::new(0_u64);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let apply = move || {
        let now = text.get_untracked();
        if parse(&now).is_ok() {
            rewrite(&path.with_value(|path| {
                search.get_untracked().without("offset").with("filter", now.trim()).href(path)
            }));
        }
    };
    let apply = StoredValue::new(apply);
    let look = move || {
        let Some(field) = input.get_untracked() else { return };
        let (now, number) = (field.value(), typed.get_value() + 1);
        typed.set_value(number);
        let cursor = cursor_of(&field, &now);
        text.set(now.clone());
        chosen.set(None);
        spawn_local(async move {
            let found = offered(experiment_id, &now, cursor).await;
            if typed.try_get_value() == Some(number) {
                offer.set(found);
            }
        });
        if let Some(timer) = waiting.get_value() {
            timer.clear();
        }
        // The person has stopped typing.
        let wait = Duration::from_millis(400);
        waiting.set_value(set_timeout_with_handle(move || apply.with_value(|apply| apply()), wait).ok());
    };
    on_cleanup(move || {
        if let Some(timer) = waiting.try_get_value().flatten() {
            timer.clear();
        }
    });
    let take = move |place: usize| {
        let Some(field) = input.get_untracked() else { return };
        let Offer { from, choices } = offer.get_untracked();
        let (Some(choice), now) = (choices.get(place), field.value()) else { return };
        // The word may have grown since the offer was made.
        let word = complete(&now, cursor_of(&field, &now)).map(|found| found.at);
        let Some(word) = word.filter(|word| word.start == from) else { return };
        let (Some(head), Some(tail)) = (now.get(..word.start), now.get(word.end..)) else { return };
        let head = format!("{head}{choice} ");
        let units = head.encode_utf16().count() as u32;
        field.set_value(&format!("{head}{}", tail.trim_start()));
        field.set_selection_range(units, units).ok();
        field.focus().ok();
        look();
    };
    let on_key = move |event: KeyboardEvent| {
        let count = offer.with_untracked(|offer| offer.choices.len());
        let place = chosen.get_untracked();
        match (event.key().as_str(), place) {
            ("ArrowDown", _) if count > 0 => chosen.set(Some(place.map_or(0, |place| (place + 1) % count))),
            ("ArrowUp", _) if count > 0 => {
                chosen.set(Some(place.map_or(count - 1, |place| (place + count - 1) % count)));
            }
            ("Enter" | "Tab", Some(place)) => take(place),
            ("Escape", _) if count > 0 => {
                offer.set(Offer::default());
                event.stop_propagation();
            }
            _ => return,
        }
        event.prevent_default();
    };
    let choice = move |(place, word): (usize, String)| {
        // A click would take the focus away first, and with it the list.
        let press = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            take(place);
        };
        view! {
            <li
                id=format!("query-choice-{place}")
                class="query__choice mono"
                role="option"
                aria-selected=move || (chosen.get() == Some(place)).to_string()
                on:mousedown=handler(press)
            >
                {word}
            </li>
        }
    };
    let choices = move || {
        let choices = offer.with(|offer| offer.choices.clone());
        (!choices.is_empty()).then(|| {
            view! {
                <ul class="query__choices" id="query-choices" role="listbox" aria-label="What may come next">
                    {choices.into_iter().enumerate().map(choice).collect_view()}
                </ul>
            }
        })
    };
    view! {
        <div class="query">
            <label class="query__label" for="query-filter">"Query"</label>
            <div class="query__field">
                <input
                    id="query-filter"
                    class="query__input mono"
                    name="filter"
                    node_ref=input
                    placeholder="metrics.val_loss < 0.3 and params.optimizer = 'adam'"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    role="combobox"
                    aria-autocomplete="list"
                    aria-expanded=move || offer.with(|offer| !offer.choices.is_empty()).to_string()
                    aria-controls="query-choices"
                    aria-activedescendant=move || chosen.get().map(|place| format!("query-choice-{place}"))
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    aria-describedby="query-error"
                    value=drawn(in_url)
                    on:input=handler(move |_| look())
                    on:focus=handler(move |_| look())
                    on:keydown=handler(on_key)
                    on:blur=handler(move |_| offer.set(Offer::default()))
                    on:change=handler(|event: web_sys::Event| event.stop_propagation())
                />
                {move || choices()}
            </div>
            <div id="query-error" class="query__problem" role="status">
                {move || error.get().map(|error| view! { <Wrong error text=text.get() /> })}
            </div>
        </div>
    }
}

/// Where the cursor stands, in bytes.
fn cursor_of(field: &web_sys::HtmlInputElement, text: &str) -> usize {
    let units = field.selection_end().ok().flatten().unwrap_or(u32::MAX) as usize;
    let mut seen = 0;
    for (at, sign) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += sign.len_utf16();
    }
    text.len()
}

async fn offered(experiment_id: ExperimentId, text: &str, cursor: usize) -> Offer {
    let Some(found) = complete(text, cursor) else { return Offer::default() };
    let choices = match found.wanted {
        Wanted::Word(words) => words.into_iter().map(ToOwned::to_owned).collect(),
        Wanted::Field(typed) => fields(experiment_id, &typed).await,
        Wanted::Value { field, typed } => values(experiment_id, field, typed).await,
    };
    // What is there already needs no offer.
    let here = &text[found.at.clone()];
    let choices = if choices.len() == 1 && choices[0] == here { Vec::new() } else { choices };
    Offer { from: found.at.start, choices }
}

async fn fields(experiment_id: ExperimentId, typed: &str) -> Vec<String> {
    let low = typed.to_ascii_lowercase();
    let (kind, search) = low.split_once('.').map_or((None, low.as_str()), |(kind, rest)| (Some(kind), rest));
    let query = RunFieldQuery {
        experiment_id,
        search: search.trim_matches(['"', '`', '\'']).to_owned(),
        limit: Some(100),
    };
    let logged = api::fields(query).await.unwrap_or_default();
    let attributes = Attribute::ALL.map(Field::Attribute).into_iter();
    let fits = |name: &String| match kind {
        Some(kind) => name.starts_with(kind),
        None => {
            name.contains(&low)
                || name.split_once('.').is_some_and(|(_, key)| key.to_ascii_lowercase().contains(&low))
        }
    };
    let names = logged.into_iter().chain(attributes).map(|field| field.to_string());
    names.filter(fits).take(OFFERED_MAX as usize).collect()
}

async fn values(experiment_id: ExperimentId, field: Field, typed: String) -> Vec<String> {
    let quoted = |text: &String| format!("'{}'", text.replace('\'', "''"));
    match field {
        Field::Attribute(Attribute::Archived) => {
            let words = [true, false].map(model::query::word).into_iter();
            words.filter(|word| word.starts_with(&typed)).map(ToOwned::to_owned).collect()
        }
        Field::Attribute(Attribute::Status) => {
            let words = query::statuses().into_iter().filter(|word| word.starts_with(&typed));
            words.map(|word| format!("'{word}'")).collect()
        }
        Field::Param(_) | Field::Tag(_) => {
            let query = RunValueQuery {
                experiment_id,
                field: field.clone(),
                search: typed,
                limit: Some(OFFERED_MAX),
            };
            let found = api::values(query).await.unwrap_or_default();
            let is_number = |text: &String| matches!(field, Field::Param(_)) && text.parse::<f64>().is_ok();
            found.iter().map(|text| if is_number(text) { text.clone() } else { quoted(text) }).collect()
        }
        _ => Vec::new(),
    }
}
