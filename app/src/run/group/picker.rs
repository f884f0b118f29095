//! What the runs are grouped by: ticked in a popover, or written out, which works before wasm arrives.

use super::query::{self, is_seed};
use crate::{
    feed::Feed,
    link::{self, Query},
    pages::{self, Tool},
    run::{
        api::{self, Runs},
        columns,
    },
    ui::{
        erase::{For, drawn, effect, handler, memo, view, watch},
        filter::Hidden,
        find::Find,
        icon::Icon,
        popover::{Asleep, Popover},
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::{
    ExperimentId, limits,
    query::{Attribute, Field, Grouping, parse_group},
    run::RunFieldQuery,
};

/// Attributes that many runs share.
const ATTRIBUTES: [Attribute; 4] = [Attribute::Status, Attribute::User, Attribute::Name, Attribute::Parent];

/// What the parts of the picker share.
#[derive(Clone, Copy)]
struct Picker {
    id: ExperimentId,
    search: Memo<Query>,
    path: StoredValue<String>,
    by: Memo<Option<Grouping>>,
    /// What is ticked is left out.
    all_but: RwSignal<bool>,
    known: RwSignal<Vec<Field>>,
    seeds: RwSignal<Vec<Field>>,
    asked: StoredValue<u64>,
}

impl Picker {
    fn ticked(self) -> Vec<Field> {
        self.by.with(|by| match by {
            None => Vec::new(),
            Some(Grouping::By(fields)) => fields.clone(),
            Some(Grouping::AllBut(keys)) => keys.iter().cloned().map(Field::Param).collect(),
        })
    }

    fn href(self, by: Option<&Grouping>) -> String {
        self.path.with_value(|path| self.search.with(|search| query::with_grouping(search, by).href(path)))
    }

    fn grouping(self, ticked: Vec<Field>) -> Option<Grouping> {
        if self.all_but.get_untracked() {
            let keys = ticked.into_iter().filter_map(|one| match one {
                Field::Param(key) => Some(key),
                _ => None,
            });
            return Some(Grouping::AllBut(keys.collect()));
        }
        (!ticked.is_empty()).then_some(Grouping::By(ticked))
    }

    /// Asks what the runs have.
    fn fetch(self, text: String) {
        let number = self.asked.get_value() + 1;
        self.asked.set_value(number);
        spawn_local(async move {
            let mut found = fields(self.id, &text).await;
            found.retain(|field| Grouping::refusal(field).is_none());
            let fits = |one: &Attribute| one.name().contains(&text.to_lowercase());
            found.extend(ATTRIBUTES.into_iter().filter(fits).map(Field::Attribute));
            if self.asked.try_get_value() == Some(number) {
                self.known.set(found);
            }
        });
    }

    /// At first: also which params are seeds.
    fn begin(self) {
        self.fetch(String::new());
        spawn_local(async move {
            let mut found = fields(self.id, "seed").await;
            found.extend(fields(self.id, "random_state").await);
            found.retain(is_seed);
            self.seeds.try_set(found);
        });
    }
}

async fn fields(experiment_id: ExperimentId, text: &str) -> Vec<Field> {
    let query = RunFieldQuery { experiment_id, search: text.to_owned(), limit: Some(limits::PAGE_DEFAULT) };
    api::fields(query).await.unwrap_or_default()
}

#[component]
pub fn GroupPicker(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let by = memo(move || search.with(query::grouping));
    let label = view! {
        <Icon name="group" />
        "Group"
    };
    let place = path.clone();
    let chip = move || {
        by.get().map(|by| {
            let (href, name) = (search.with(|search| query::with_grouping(search, None).href(&place)), by.to_string());
            let label = format!("Ungroup: by {name}");
            view! {
                <a class="tag tag--chosen group-chip" href=href data-noscroll="" title=label.clone() aria-label=label>
                    <span class="group-chip__name">{name}</span>
                    <Icon name="cross" />
                </a>
            }
        })
    };
    view! {
        <div class="group-picker">
            <Popover label>
                <Asleep part=move || pages::tool(Tool::Groups(feed, search, path.clone())) />
            </Popover>
            {move || chip()}
        </div>
    }
}

/// What the popover holds.
#[component]
pub fn Groups(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let by = memo(move || search.with(query::grouping));
    let picker = Picker {
        id: feed.current.with_untracked(|runs| runs.experiment.id),
        search,
        path: StoredValue::new(path),
        by,
        all_but: RwSignal::new(by.with_untracked(|by| matches!(by, Some(Grouping::AllBut(_))))),
        known: RwSignal::new(Vec::new()),
        seeds: RwSignal::new(Vec::new()),
        asked: StoredValue::new(0),
    };
    watch(
        move || by.get(),
        move |by, _| {
            if let Some(by) = by {
                picker.all_but.set(matches!(by, Grouping::AllBut(_)));
            }
        },
    );
    effect(move || picker.begin());
    view! {
        <div class="popover__box picker">
            <Quick picker />
            <Keys picker />
            <Written picker />
        </div>
    }
}

/// What people group by most: everything but the seed.
#[component]
fn Quick(picker: Picker) -> impl IntoView {
    let link = move |by: Grouping, text: String| {
        let href = picker.href(Some(&by));
        view! {
            <a class="button" href=href data-noscroll="">
                {text}
            </a>
        }
    };
    let seeds = move || {
        let seeds = picker.seeds.get();
        (!seeds.is_empty()).then(|| {
            let names = seeds.iter().map(columns::name).collect::<Vec<_>>().join(", ");
            let keys = seeds.iter().filter_map(|seed| seed.key().map(ToOwned::to_owned));
            link(Grouping::AllBut(keys.collect()), format!("All but {names}"))
        })
    };
    view! {
        <div class="group-picker__quick">
            {move || seeds()} {move || link(Grouping::AllBut(Vec::new()), "All params".to_owned())}
        </div>
    }
}

/// Ticks.
#[component]
fn Keys(picker: Picker) -> impl IntoView {
    let go = link::use_go();
    let show = StoredValue::new(move |ticked: Vec<Field>| {
        let by = picker.grouping(ticked);
        go(&untrack(|| picker.href(by.as_ref())));
    });
    let mode = move |all_but: bool, text: &'static str| {
        view! {
            <label class="check">
                <input
                    type="radio"
                    name="group-mode"
                    prop:checked=move || picker.all_but.get() == all_but
                    on:change=handler(move |_| {
                        picker.all_but.set(all_but);
                        show.with_value(|show| show(untrack(|| picker.ticked())));
                    })
                />
                {text}
            </label>
        }
    };
    let tick = move |field: Field, on: bool| {
        let (name, kind) = (columns::name(&field), columns::kind(&field));
        let toggle = move |_| {
            let mut ticked = untrack(|| picker.ticked());
            if on {
                ticked.retain(|one| *one != field);
            } else {
                ticked.push(field.clone());
            }
            show.with_value(|show| show(ticked));
        };
        view! {
            <label class="check">
                <input type="checkbox" checked=on prop:checked=on on:change=handler(toggle) />
                <span class="mono">{name}</span>
                <span class="picker__kind">{kind}</span>
            </label>
        }
    };
    let others = move || {
        let (ticked, all_but) = (picker.ticked(), picker.all_but.get());
        let fits = |one: &Field| !ticked.contains(one) && (!all_but || matches!(one, Field::Param(_)));
        picker.known.get().into_iter().filter(fits).collect::<Vec<_>>()
    };
    let on_find = Callback::new(move |text| picker.fetch(text));
    view! {
        <fieldset class="popover__group">
            <legend>"Runs that have the same in"</legend>
            <div class="group-picker__modes">
                {mode(false, "these")} {mode(true, "all params but these")}
            </div>
            <For each=move || picker.ticked() key=Field::clone children=move |field| tick(field, true) />
        </fieldset>
        <fieldset class="popover__group picker__more">
            <legend>"More"</legend>
            <Find placeholder="Find a param or tag" label="Find a param or tag to group by" on_find />
            <div class="picker__known">
                <For each=others key=Field::clone children=move |field| tick(field, false) />
            </div>
        </fieldset>
    }
}

/// The same as text.
#[component]
fn Written(picker: Picker) -> impl IntoView {
    let Picker { search, path, .. } = picker;
    let in_url = move || search.with(|query| query.get("group").unwrap_or_default().to_owned());
    let text = RwSignal::new(untrack(in_url));
    watch(in_url, move |now: &String, _| text.set(now.clone()));
    let error = move || text.with(|text| parse_group(text).err());
    let go = link::use_go();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Ok(by) = text.with_untracked(|text| parse_group(text)) {
            go(&untrack(|| picker.href(by.as_ref())));
        }
    };
    view! {
        <form class="popover__group" method="get" action=path.get_value() on:submit=handler(submit) aria-label="Group by">
            <label class="field">
                <span class="field__label">"Written out"</span>
                <span class="group-picker__written">
                    <input
                        class="mono"
                        type="text"
                        name="group"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        placeholder="params.lr, tags.phase"
                        value=drawn(in_url)
                        prop:value=text
                        aria-invalid=move || error().is_some().to_string()
                        on:input=handler(move |event| text.set(event_target_value(&event)))
                    />
                    <button class="button" type="submit">
                        "Apply"
                    </button>
                </span>
            </label>
            <p class="query__message" role="status">
                {move || error().map(|error| error.to_string())}
            </p>
            <Hidden search except=&["group", "offset"] />
        </form>
    }
}
