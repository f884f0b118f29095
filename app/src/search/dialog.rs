//! The search over any page: one field, what it finds below, and the keyboard for both.

use super::{
    api,
    entry::{self, Entry, Group, Sign, To},
};
use crate::{
    browser,
    error::AppError,
    frame::session::Session,
    ui::{
        erase::{Show, effect, handler, memo, view},
        icon::Icon,
        notice::Problem,
        run_color_class,
    },
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks};
use model::search::SearchQuery;
use std::time::Duration;
use wasm_bindgen::JsCast;

/// The person has stopped typing for a moment.
const PAUSE: Duration = Duration::from_millis(120);

/// On the browser's own `<dialog>`: it keeps the keyboard inside, closes on Escape and gives focus back.
#[component]
pub fn SearchDialog(open: RwSignal<bool>) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                dialog.show_modal().ok();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // A click beside the box is one on the dialog itself.
    let beside = move |event: ev::MouseEvent| {
        if event.target().is_some() && event.target() == event.current_target() {
            open.set(false);
        }
    };
    view! {
        <dialog
            class="dialog search"
            node_ref=node
            aria-label="Search everything"
            on:close=handler(move |_| open.set(false))
            on:mousedown=handler(beside)
        >
            <Show when=move || open.get()>
                // Not loaded later: what is typed at once would be lost.
                <Palette open />
            </Show>
        </dialog>
    }
}

#[component]
fn Palette(open: RwSignal<bool>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let may_edit = Session::current().may_edit();
    let here = hooks::use_location().pathname.with_untracked(|path| experiment_of(path));
    let navigate = hooks::use_navigate();
    let text = RwSignal::new(String::new());
    // What was found, and for which text.
    let found = RwSignal::new((Vec::<Group>::new(), None::<String>));
    let failed = RwSignal::new(None::<AppError>);
    let chosen = RwSignal::new(0_usize);
    let groups = memo(move || {
        let found = found.with(|(found, _)| found.clone());
        found.into_iter().chain(text.with(|text| entry::actions(text, may_edit))).collect::<Vec<Group>>()
    });
    let entries = move || groups.with(|groups| groups.iter().map(|group| group.entries.len()).sum::<usize>());
    let take = move |place: usize| {
        let entry = groups
            .with_untracked(|groups| groups.iter().flat_map(|group| &group.entries).nth(place).cloned());
        let Some(Entry { to, .. }) = entry else { return };
        // First, so that the keyboard is where it was before whatever comes.
        if let Some(dialog) = browser::find("dialog.search[open]") {
            dialog.unchecked_into::<web_sys::HtmlDialogElement>().close();
        }
        open.set(false);
        match to {
            To::Page(href) => navigate(&href, NavigateOptions::default()),
            To::Theme => press("[data-key=theme]"),
            To::Keys => press("[data-key=keys]"),
        }
    };
    let take = StoredValue::new(take);
    // Counts requests, so that a late answer to an early one is dropped; and Enter that came before the answer.
    let asked = StoredValue::new(0_u64);
    let entered = StoredValue::new(false);
    let ask = move || {
        let (number, now) = (asked.get_value() + 1, text.get_untracked());
        asked.set_value(number);
        spawn_local(async move {
            let answer = api::lines(SearchQuery { text: now.clone(), experiment_id: here }).await;
            if asked.try_get_value() != Some(number) {
                return;
            }
            match answer {
                Ok(answer) => {
                    failed.set(None);
                    found.set((answer, Some(now)));
                    if entered.get_value() {
                        take.with_value(|take| take(0));
                    }
                }
                Err(error) => failed.set(Some(error)),
            }
        });
    };
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |event: ev::Event| {
        text.set(event_target_value(&event));
        chosen.set(0);
        entered.set_value(false);
        // Whatever is under way was asked for another text.
        asked.update_value(|asked| *asked += 1);
        if let Some(timer) = waiting.get_value() {
            timer.clear();
        }
        waiting.set_value(set_timeout_with_handle(ask, PAUSE).ok());
    };
    on_cleanup(move || {
        if let Some(timer) = waiting.try_get_value().flatten() {
            timer.clear();
        }
    });
    effect(move || {
        if let Some(input) = input.get() {
            input.focus().ok();
            ask();
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let count = entries();
        let place = chosen.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => chosen.set((place + 1) % count),
            "ArrowUp" if count > 0 => chosen.set((place + count - 1) % count),
            // What is shown may still be for an earlier text.
            "Enter" if found.with_untracked(|(_, of)| of.as_ref() != Some(&text.get_untracked())) => {
                entered.set_value(true);
            }
            "Enter" => take.with_value(|take| take(place)),
            _ => return,
        }
        event.prevent_default();
        request_animation_frame(|| {
            if let Some(option) = browser::find(".search__entry[aria-selected=true]") {
                let nearest = web_sys::ScrollIntoViewOptions::new();
                nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
                option.scroll_into_view_with_scroll_into_view_options(&nearest);
            }
        });
    };
    let option = move |place: usize, entry: Entry| {
        view! {
            <li
                id=format!("search-entry-{place}")
                class="search__entry"
                role="option"
                aria-selected=move || (chosen.get() == place).to_string()
                on:mousemove=handler(move |_| {
                    if chosen.get_untracked() != place {
                        chosen.set(place);
                    }
                })
                on:click=handler(move |_| take.with_value(|take| take(place)))
            >
                <Line entry />
            </li>
        }
    };
    let list = move || {
        let mut place = 0;
        let group = |Group { name, entries }: Group| {
            let options = entries.into_iter().map(|entry| {
                place += 1;
                option(place - 1, entry)
            });
            let options = options.collect_view();
            let id = group_id(&name);
            view! {
                <li role="presentation">
                    <p class="search__group" id=id.clone() role="presentation">
                        {name}
                    </p>
                    <ul role="group" aria-labelledby=id>
                        {options}
                    </ul>
                </li>
            }
        };
        groups.get().into_iter().map(group).collect_view()
    };
    let told = move || {
        let fresh = found.with(|(_, of)| text.with(|text| of.as_ref() == Some(text)));
        if !fresh {
            return String::new();
        }
        match entries() {
            0 => "Nothing found".to_owned(),
            count => crate::chart::format::counted(count as i64, "result", "results"),
        }
    };
    view! {
        <div class="search__head">
            <Icon name="search" />
            <input
                node_ref=input
                class="search__input"
                type="text"
                autofocus
                placeholder="Experiment, run or its id, param, metric, action"
                aria-label="Search everything"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                role="combobox"
                aria-autocomplete="list"
                aria-expanded=move || (entries() > 0).to_string()
                aria-controls="search-entries"
                aria-activedescendant=move || (entries() > 0).then(|| format!("search-entry-{}", chosen.get()))
                on:input=handler(typed)
                on:keydown=handler(on_key)
            />
            <kbd>"Esc"</kbd>
        </div>
        <Problem error=failed />
        <ul class="search__list" id="search-entries" role="listbox" aria-label="What was found">
            {move || list()}
        </ul>
        <p class="search__told" role="status">
            {move || told()}
        </p>
    }
}

fn press(button: &str) {
    if let Some(button) = browser::find(button) {
        button.click();
    }
}

/// What a line looks like, in the dialog and on the page.
#[component]
pub fn Line(entry: Entry) -> impl IntoView {
    let icon = |name: &'static str| view! { <Icon name /> };
    let sign = match entry.sign {
        Sign::Run(number, color) => {
            let class = format!("swatch {}", run_color_class(number, color));
            view! { <span class=class></span> }
        }
        Sign::Experiment => icon("experiment"),
        Sign::Param => icon("param"),
        Sign::Metric => icon("metric"),
        Sign::New => icon("plus"),
        Sign::Trash => icon("trash"),
        Sign::Theme => icon("auto"),
        Sign::Keys => icon("keyboard"),
    };
    view! {
        {sign}
        <span class="search__label">{entry.label}</span>
        <span class="search__detail">{entry.detail}</span>
    }
}

fn group_id(name: &str) -> String {
    format!("search-group-{}", name.to_lowercase().replace(' ', "-"))
}

/// The experiment whose page has this path.
fn experiment_of(path: &str) -> Option<model::ExperimentId> {
    path.strip_prefix("/experiments/")?.parse().ok()
}
