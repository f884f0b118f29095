//! Choosing another run, by its name or the start of its id: in the same experiment or in any.

use super::api;
use crate::{
    search,
    ui::{
        dialog::Dialog,
        erase::{handler, view, watch},
        find::Find,
        run_color_class,
        status::RunState,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::{ExperimentId, RunId, run::RunQuery, run::RunStatus, search::SearchQuery};

/// Runs that are offered.
const OFFERED_MAX: u32 = 20;

/// A run that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub id: RunId,
    pub name: String,
    number: i64,
    color: Option<u8>,
    status: RunStatus,
    /// Where it is, when it may be anywhere.
    experiment: Option<String>,
}

/// Asks for a run other than `own`.
#[component]
pub fn ChooseRun(
    open: RwSignal<bool>,
    title: &'static str,
    own: RunId,
    experiment_id: ExperimentId,
    on_choose: Callback<Choice>,
) -> impl IntoView {
    let found = RwSignal::new(None::<Vec<Choice>>);
    let text = RwSignal::new(String::new());
    let anywhere = RwSignal::new(false);
    let asked = move || (open.get(), text.get(), anywhere.get());
    watch(asked, move |(open, text, anywhere), _| {
        if !*open {
            return;
        }
        let (text, anywhere, own) = (text.clone(), *anywhere, own.clone());
        spawn_local(async move {
            let mut choices = if anywhere { all(text).await } else { of(experiment_id, text).await };
            choices.retain(|one| one.id != own);
            found.try_set(Some(choices));
        });
    });
    let one = move |choice: Choice| {
        let (status, place) = (choice.status, choice.experiment.clone());
        let color = run_color_class(choice.number, choice.color);
        let (name, id) = (choice.name.clone(), choice.id.short().to_owned());
        let choose = move |_| {
            open.set(false);
            on_choose.run(choice.clone());
        };
        view! {
            <li>
                <button class="button choose-run__one" type="button" on:click=handler(choose)>
                    <span class=format!("swatch {color}")></span>
                    <span class="choose-run__name">{name}</span>
                    <span class="muted mono">{id}</span>
                    <RunState status=Signal::stored(status) />
                    {place.map(|place| view! { <span class="muted choose-run__place">{place}</span> })}
                </button>
            </li>
        }
    };
    let list = move || match found.get() {
        None => ().into_any(),
        Some(found) if found.is_empty() => view! { <p class="muted">"No other run is called that."</p> },
        Some(found) => {
            view! { <ul class="choose-run" aria-label="Runs">{found.into_iter().map(one).collect_view()}</ul> }
        }
    };
    let list = StoredValue::new(list);
    view! {
        <Dialog open title>
            <div class="form">
                <Find
                    placeholder="Part of the name, or the start of the id"
                    label="Find a run"
                    on_find=Callback::new(move |wanted| text.set(wanted))
                />
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=anywhere
                    on:change=handler(move |event| anywhere.set(event_target_checked(&event)))
                />
                "In all experiments"
            </label>
            {move || list.with_value(|list| list())}
        </Dialog>
    }
}

async fn of(experiment_id: ExperimentId, text: String) -> Vec<Choice> {
    let query = RunQuery {
        search: text,
        fields: "name".into(),
        limit: Some(OFFERED_MAX),
        ..RunQuery::new(experiment_id)
    };
    let rows = api::rows(query).await.map(|page| page.items).unwrap_or_default();
    let choice = |row: model::run::RunRow| Choice {
        id: row.run.id,
        name: row.run.name,
        number: row.run.number,
        color: row.run.color,
        status: row.run.status,
        experiment: None,
    };
    rows.into_iter().map(choice).collect()
}

async fn all(text: String) -> Vec<Choice> {
    let query = SearchQuery { text, experiment_id: None };
    let found = search::api::find(query).await.map(|found| found.runs).unwrap_or_default();
    let choice = |one: model::search::RunFound| Choice {
        id: one.id,
        name: one.name,
        number: one.number,
        color: one.color,
        status: one.status,
        experiment: Some(one.experiment_name),
    };
    found.into_iter().map(choice).collect()
}
