//! The page of one experiment: what it is about, and its runs.

use super::api;
use crate::{
    error::AppError,
    explore::Pictures,
    feed::Feed,
    frame::{crumbs::Crumbs, session::Session},
    json,
    link::{self, Query},
    live,
    metric::EventNews,
    pages::{self, Tool},
    run::{self, RunTable, api::Runs},
    ui::{
        erase::{drawn, effect, handler, memo, view},
        icon::Icon,
        notice::{Failure, InTrash},
        status::ExperimentState,
        tag::TagList,
        title::Title,
        toast::Toaster,
    },
    view::{self, Views},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks;
use model::{
    ExperimentId, ProjectId,
    event::Event,
    experiment::{Experiment, ExperimentStatus, ExperimentUpdate},
    view::View,
};
use serde::{Deserialize, Serialize};

#[component]
pub fn Page() -> impl IntoView {
    let params = hooks::use_params_map();
    let search = link::use_search();
    let id = memo(move || params.with(|params| params.get("id").unwrap_or_default()));
    let first = json::resource(move || id.get(), move |id| load(id, search.get_untracked()));
    view! {
        <Suspense fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(Some(loaded)) => view! { <Workspace loaded search /> },
                    // The browser was sent to the address of the default view.
                    Ok(None) => ().into_any(),
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

/// What the page begins with.
#[derive(Clone, Serialize, Deserialize)]
struct Loaded {
    runs: Runs,
    views: Vec<View>,
    /// The address says nothing, and there is a default view: its address.
    opens: Option<String>,
}

async fn load(id: String, search: Query) -> Result<Option<Loaded>, AppError> {
    let id: ExperimentId = id.parse().map_err(|_| missing(&id))?;
    let views = view::api::list(id).await?;
    let opens = view::default_of(&views, &search);
    let address = opens.as_ref().map(|query| query.href(&format!("/experiments/{id}")));
    #[cfg(feature = "ssr")]
    if let Some(address) = address {
        crate::remote::redirect(&address);
        return Ok(None);
    }
    let runs = run::api::table(run::group::query::asked(id, &opens.unwrap_or(search))).await?;
    Ok(Some(Loaded { runs, views, opens: address }))
}

/// An address that cannot be an id names nothing, and says so as the server would.
fn missing(id: &str) -> AppError {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(model::ErrorKind::NotFound);
    model::Error::not_found("experiment", id).into()
}

#[component]
fn Workspace(loaded: Loaded, search: Memo<Query>) -> impl IntoView {
    let Loaded { runs, views, opens } = loaded;
    let id = runs.experiment.id;
    let path = format!("/experiments/{id}");
    let views = Views::provide(id, &path, views, search);
    let rewrite = link::use_rewrite();
    effect(move || {
        if let Some(address) = &opens {
            rewrite(address);
        }
    });
    let input = memo(move || search.with(|query| run::group::query::asked(id, query)));
    let feed = Feed::new(runs, input, run::api::table);
    let happened = EventNews::provide();
    live::watch(format!("/api/v1/events?experiment_id={id}"), move |events| {
        let of_views = |event: &Event| matches!(event, Event::ViewChanged { .. });
        if events.iter().any(|event| of_views(event) || *event == Event::Lagged) {
            views.refresh();
        }
        happened.hear(events.iter());
        if !events.iter().all(of_views) {
            feed.refresh();
        }
    });
    let experiment = memo(move || feed.current.with(|runs| runs.experiment.clone()));
    let name = Signal::derive(move || experiment.with(|one| one.name.clone()));
    // The server writes the head last, when what it was made of may be gone.
    let title = name.get_untracked();
    let project = experiment.with_untracked(|one| (one.project_id, one.project_name.clone()));
    let mut steps = vec![("Experiments".to_owned(), "/experiments".to_owned())];
    if project.0 != ProjectId::DEFAULT {
        steps.push((project.1, format!("/experiments?project={}", project.0)));
    }
    view! {
        <Title text=move || name.try_get().unwrap_or_else(|| title.clone()) />
        <Crumbs steps=steps here=name />
        <Head experiment feed />
        <Pictures search path=path.clone() />
        <RunTable feed search path />
    }
}

#[component]
fn Head(experiment: Memo<Experiment>, feed: Feed<Runs>) -> impl IntoView {
    let may = Session::current().may_edit();
    let edited = RwSignal::new(None::<Experiment>);
    let name = move || experiment.with(|one| one.name.clone());
    let description = move || {
        let text = experiment.with(|one| one.description.clone());
        (!text.is_empty()).then(|| view! { <p class="page-head__text">{text}</p> })
    };
    let archived = move || experiment.with(|one| one.status == ExperimentStatus::Archived);
    let toggle = move |_| {
        let (id, archive) = (experiment.with(|one| one.id), !archived());
        let toaster = Toaster::here();
        spawn_local(async move {
            let input = ExperimentUpdate { archived: Some(archive), ..ExperimentUpdate::default() };
            match api::update(id, input).await {
                Ok(_) => toaster.say(if archive { "Archived" } else { "Restored" }),
                Err(error) => toaster.fail(error.to_string()),
            }
            feed.refresh();
        });
    };
    let trashed = move || experiment.with(|one| one.trashed_at_ms.is_some());
    let throw = move |()| {
        let (id, trash) = (experiment.with(|one| one.id), !trashed());
        let toaster = Toaster::here();
        spawn_local(async move {
            let input = ExperimentUpdate { trashed: Some(trash), ..ExperimentUpdate::default() };
            match api::update(id, input).await {
                Ok(_) => toaster.say(if trash { "Moved to the trash" } else { "Restored from the trash" }),
                Err(error) => toaster.fail(error.to_string()),
            }
            feed.refresh();
        });
    };
    view! {
        <div class="page-head">
            <h1 class="page-head__title" title=drawn(name)>
                {move || name()}
            </h1>
            <ExperimentState status=Signal::derive(move || experiment.with(|one| one.status)) />
            <TagList
                tags=Signal::derive(move || experiment.with(|one| one.tags.clone()))
                link=super::list::tag_link
            />
            <div class="page-head__actions">
                {may
                    .then(|| {
                        view! {
                            <button
                                class="button"
                                type="button"
                                on:click=handler(move |_| edited.set(Some(experiment.get())))
                            >
                                <Icon name="edit" />
                                "Edit"
                            </button>
                            <button class="button" type="button" on:click=handler(toggle)>
                                {move || view! { <Icon name=if archived() { "restore" } else { "archive" } /> }}
                                {move || if archived() { "Restore" } else { "Archive" }}
                            </button>
                        }
                    })}
                {move || {
                    (may && !trashed())
                        .then(|| {
                            view! {
                                <button class="button" type="button" on:click=handler(move |_| throw(()))>
                                    <Icon name="trash" />
                                    "Move to trash"
                                </button>
                            }
                        })
                }}
            </div>
            {move || description()}
        </div>
        {move || trashed().then(|| view! { <InTrash what="This experiment lies" may on_restore=Callback::new(throw) /> })}
        {pages::once(
            move || edited.with(Option::is_some),
            move || pages::tool(Tool::EditExperiment(edited, Callback::new(move |_| feed.refresh()))),
        )}
    }
}
