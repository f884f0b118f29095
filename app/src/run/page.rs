//! The page of one run: its head, its tabs, and the stream that keeps both current.

use super::{api, header::Header, overview::Overview};
use crate::{
    artifact::{self, Files},
    browser,
    environment::{self, Told},
    error::AppError,
    feed::Feed,
    frame::crumbs::Crumbs,
    json,
    link::{self, Query},
    live, media, metric,
    pages::{self, Content, Drawing},
    param, run_event,
    ui::{
        erase::{drawn, effect, memo, view},
        notice::{Failure, Problem},
        title::Title,
    },
};
use leptos::{html, prelude::*};
use leptos_router::hooks;
use model::{
    RunId,
    event::{Event, RunChange},
    media::Media,
    run::RunDetail,
    run_event::RunEventPage,
};
use serde::{Deserialize, Serialize};

/// What the tabs share.
#[derive(Clone, Copy)]
pub struct RunView {
    pub detail: Feed<RunDetail>,
    /// Counts news of metrics.
    pub logged: RwSignal<u32>,
    /// Counts what may be news of the log, each at once.
    pub printed: RwSignal<u32>,
    /// Counts news of artifacts.
    pub filed: RwSignal<u32>,
    /// Counts news of the environment.
    pub told: RwSignal<u32>,
    /// Counts news of operational events.
    pub happened: RwSignal<u32>,
}

impl RunView {
    pub fn id(self) -> RunId {
        self.detail.current.with_untracked(|detail| detail.run.id.clone())
    }

    pub fn path(self) -> String {
        format!("/runs/{}", self.id())
    }

    fn hear(self, events: &[Event]) {
        let counts = [
            (RunChange::Logged, self.logged),
            (RunChange::Artifacts, self.filed),
            (RunChange::Environment, self.told),
            (RunChange::Events, self.happened),
        ];
        for (wanted, count) in counts {
            if events.iter().any(|event| tells(event, wanted)) {
                count.update(|count| *count += 1);
            }
        }
        self.detail.refresh();
    }
}

fn tells(event: &Event, wanted: RunChange) -> bool {
    match event {
        Event::RunChanged { change, .. } => *change == wanted,
        // The run may have come out of the trash, or be gone.
        Event::TrashChanged | Event::Lagged => true,
        Event::ExperimentChanged { .. } | Event::ViewChanged { .. } | Event::ProjectsChanged => false,
    }
}

#[component]
pub fn Page() -> impl IntoView {
    let params = hooks::use_params_map();
    let id = memo(move || params.with(|params| params.get("id").unwrap_or_default()));
    let search = link::use_search();
    // One resource for whatever the tab needs: nested ones lose their order between server and browser.
    let first = json::resource(move || id.get(), move |id| load(id, search.get_untracked()));
    view! {
        <Suspense fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok((detail, first)) => view! { <Run detail first /> },
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

/// What the tab that the URL names shows at first; the others fetch when they are opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct First {
    files: Option<Files>,
    environment: Option<Told>,
    other: Option<param::Other>,
    events: Option<RunEventPage>,
    media: Option<Media>,
    at_step: Option<Vec<metric::StepValue>>,
}

async fn load(id: String, query: Query) -> Result<(RunDetail, First), AppError> {
    let id: RunId = id.parse().map_err(|_| missing(&id))?;
    let detail = api::get(id.clone()).await?;
    let first = match query.get("tab") {
        Some("artifacts") => {
            let files = artifact::list(id, artifact::wanted(&query)).await?;
            First { files: Some(files), ..First::default() }
        }
        Some("metrics") => {
            let at_step = metric::at_step(id, metric::wanted(&query)).await?;
            First { at_step: Some(at_step), ..First::default() }
        }
        Some("media") => {
            let media = media::list(id, media::wanted(&query)).await?;
            First { media: Some(media), ..First::default() }
        }
        Some("environment") => {
            First { environment: Some(environment::get(id, true).await?), ..First::default() }
        }
        Some("params") => First { other: param::beside(param::wanted(&query)).await?, ..First::default() },
        None | Some("overview") => {
            First { environment: Some(environment::get(id, false).await?), ..First::default() }
        }
        Some("events") => {
            let events = run_event::list(id, run_event::wanted(&query)).await?;
            First { events: Some(events), ..First::default() }
        }
        _ => First::default(),
    };
    Ok((detail, first))
}

/// An address that cannot be an id names nothing, and says so as the server would.
fn missing(id: &str) -> AppError {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(model::ErrorKind::NotFound);
    model::Error::not_found("run", id).into()
}

#[component]
fn Run(detail: RunDetail, first: First) -> impl IntoView {
    let id = detail.run.id.clone();
    let events = format!("/api/v1/events?run_id={id}");
    let input = memo(move || id.clone());
    let view = RunView {
        detail: Feed::new(detail, input, api::get),
        logged: RwSignal::new(0),
        printed: RwSignal::new(0),
        filed: RwSignal::new(0),
        told: RwSignal::new(0),
        happened: RwSignal::new(0),
    };
    let at_once = move |event: &Event| {
        if tells(event, RunChange::Logged) {
            view.printed.update(|count| *count += 1);
        }
    };
    live::watch_at_once(events, at_once, move |events| view.hear(&events));
    let name = Signal::derive(move || view.detail.current.with(|detail| detail.run.name.clone()));
    // The server writes the head last, when what it was made of may be gone.
    let title = name.get_untracked();
    // Whoever moves the run moves the page with it.
    let place = memo(move || {
        view.detail.current.with(|detail| (detail.experiment_name.clone(), detail.run.experiment_id))
    });
    let crumbs = move || {
        let (experiment, id) = place.get();
        let experiment = (experiment, format!("/experiments/{id}"));
        let steps = vec![("Experiments".to_owned(), "/experiments".to_owned()), experiment];
        view! { <Crumbs steps here=name /> }
    };
    view! {
        <Title text=move || name.try_get().unwrap_or_else(|| title.clone()) />
        {move || crumbs()}
        <Header view />
        <Problem error=view.detail.failed />
        <Tabs view first />
    }
}

/// The tabs in order: their word in the URL, their title.
const TABS: [(&str, &str); 10] = [
    ("overview", "Overview"),
    ("params", "Params"),
    ("metrics", "Metrics"),
    ("media", "Media"),
    ("artifacts", "Artifacts"),
    ("notes", "Notes"),
    ("logs", "Logs"),
    ("system", "System"),
    ("environment", "Environment"),
    ("events", "Events"),
];

#[component]
fn Tabs(view: RunView, first: First) -> impl IntoView {
    let search = link::use_search();
    // Good for the first look only: whoever comes back to the tab later fetches.
    let first = StoredValue::new(first);
    let open = memo(move || {
        let word = search.with(|query| query.get("tab").unwrap_or_default().to_owned());
        TABS.into_iter().find(|(tab, _)| *tab == word).map_or(TABS[0].0, |(tab, _)| tab)
    });
    let count = move |tab: &str| {
        view.detail.current.with(|detail| match tab {
            "params" => Some(detail.params.len() as i64),
            "metrics" => Some(detail.metrics.iter().filter(|one| metric::of_training(one)).count() as i64),
            "artifacts" => Some(detail.artifact_count),
            _ => None,
        })
    };
    let tab = move |(word, title): (&'static str, &'static str)| {
        let here = move || (open.get() == word).then_some("page");
        let href = format!("{}?tab={word}", view.path());
        view! {
            <a class="tabs__tab" href=href aria-current=drawn(here) data-noscroll="">
                {title}
                {move || count(word).map(|count| view! { <span class="tabs__count num">{count}</span> })}
            </a>
        }
    };
    let strip = NodeRef::<html::Nav>::new();
    effect(move || {
        open.track();
        if let Some(strip) = strip.get() {
            browser::reveal(&strip, "[aria-current]");
        }
    });
    view! {
        <nav class="tabs" aria-label="Run" data-key="tabs" node_ref=strip>
            {TABS.map(tab).collect_view()}
        </nav>
        {move || match open.get() {
            "params" => {
                let first = first.try_update_value(|first| first.other.take()).flatten();
                pages::later(pages::content(Content::Params(view, first)))
            }
            "metrics" => {
                let first = first.try_update_value(|first| first.at_step.take()).flatten();
                pages::later(pages::drawing(Drawing::OfRun(view, first)))
            }
            "media" => {
                let first = first.try_update_value(|first| first.media.take()).flatten();
                pages::later(pages::content(Content::Media(view, first)))
            }
            "artifacts" => {
                let first = first.try_update_value(|first| first.files.take()).flatten();
                pages::later(pages::content(Content::Artifacts(view, first.map(Box::new))))
            }
            "notes" => pages::later(pages::content(Content::Note(view))),
            "logs" => pages::later(pages::content(Content::Log(view))),
            "system" => pages::later(pages::drawing(Drawing::OfSystem(view))),
            "environment" => {
                let first = first.try_update_value(|first| first.environment.take()).flatten();
                pages::later(pages::content(Content::Environment(view, first)))
            }
            "events" => {
                let first = first.try_update_value(|first| first.events.take()).flatten();
                pages::later(pages::content(Content::Events(view, first)))
            }
            _ => {
                let first = first.try_update_value(|first| first.environment.take()).flatten();
                view! { <Overview view first /> }
            }
        }}
    }
}

/// The module that an address needs besides the page's own.
pub fn needs(address: &Query) -> Option<&'static str> {
    match address.get("tab") {
        Some("metrics" | "system") => Some("drawing"),
        Some("params" | "media" | "artifacts" | "notes" | "logs" | "environment" | "events") => {
            Some("content")
        }
        _ => None,
    }
}
