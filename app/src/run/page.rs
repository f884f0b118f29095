//! The page of one run: its head, its tabs, and the stream that keeps both current.

use super::{api, header::Header, overview::Overview};
use crate::{
    artifact::{self, Files},
    error::AppError,
    feed::Feed,
    frame::crumbs::Crumbs,
    link::{self, Query},
    live, metric, note, param,
    ui::notice::{Failure, Problem},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks;
use model::{
    RunId,
    event::{Event, RunChange},
    run::RunDetail,
};

/// What the tabs share.
#[derive(Clone, Copy)]
pub struct RunView {
    pub detail: Feed<RunDetail>,
    /// Counts news of metrics.
    pub logged: RwSignal<u32>,
    /// Counts news of artifacts.
    pub filed: RwSignal<u32>,
}

impl RunView {
    pub fn id(self) -> RunId {
        self.detail.current.with_untracked(|detail| detail.run.id.clone())
    }

    pub fn path(self) -> String {
        format!("/runs/{}", self.id())
    }

    fn hear(self, events: &[Event]) {
        for event in events {
            let (logged, filed) = match event {
                Event::RunChanged { change, .. } => {
                    (*change == RunChange::Logged, *change == RunChange::Artifacts)
                }
                Event::Lagged => (true, true),
                Event::ExperimentChanged { .. } => (false, false),
            };
            if logged {
                self.logged.update(|count| *count += 1);
            }
            if filed {
                self.filed.update(|count| *count += 1);
            }
        }
        self.detail.refresh();
    }
}

#[component]
pub fn Page() -> impl IntoView {
    let params = hooks::use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let search = link::use_search();
    // One resource for whatever the tab needs: nested ones lose their order between server and browser.
    let first = Resource::new_blocking(move || id.get(), move |id| load(id, search.get_untracked()));
    view! {
        <Suspense fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok((detail, files)) => view! { <Run detail files /> }.into_any(),
                    Err(error) => view! { <Failure error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn load(id: String, query: Query) -> Result<(RunDetail, Option<Files>), AppError> {
    let id: RunId = id.parse().map_err(|_| missing(&id))?;
    let detail = api::get(id.clone()).await?;
    let files = match query.get("tab") {
        Some("artifacts") => Some(artifact::list(id, artifact::wanted(&query)).await?),
        _ => None,
    };
    Ok((detail, files))
}

/// An address that cannot be an id names nothing, and says so as the server would.
fn missing(id: &str) -> AppError {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(model::ErrorKind::NotFound);
    model::Error::not_found("run", id).into()
}

#[component]
fn Run(detail: RunDetail, files: Option<Files>) -> impl IntoView {
    let experiment = (detail.experiment_name.clone(), format!("/experiments/{}", detail.run.experiment_id));
    let id = detail.run.id.clone();
    let events = format!("/api/v1/events?run_id={id}");
    let input = Memo::new(move |_| id.clone());
    let view = RunView {
        detail: Feed::new(detail, input, api::get),
        logged: RwSignal::new(0),
        filed: RwSignal::new(0),
    };
    live::watch(events, move |events| view.hear(&events));
    let name = Signal::derive(move || view.detail.current.with(|detail| detail.run.name.clone()));
    let steps = vec![("Experiments".to_owned(), "/experiments".to_owned()), experiment];
    view! {
        <Title text=move || name.get() />
        <Crumbs steps here=name />
        <Header view />
        <Problem error=view.detail.failed />
        <Tabs view files />
    }
}

/// The tabs in order: their word in the URL, their title.
const TABS: [(&str, &str); 5] = [
    ("overview", "Overview"),
    ("params", "Params"),
    ("metrics", "Metrics"),
    ("artifacts", "Artifacts"),
    ("notes", "Notes"),
];

#[component]
fn Tabs(view: RunView, files: Option<Files>) -> impl IntoView {
    let search = link::use_search();
    // Good for the first look only: whoever comes back to the tab later fetches.
    let files = StoredValue::new(files);
    let open = Memo::new(move |_| {
        let word = search.with(|query| query.get("tab").unwrap_or_default().to_owned());
        TABS.into_iter().find(|(tab, _)| *tab == word).map_or(TABS[0].0, |(tab, _)| tab)
    });
    let count = move |tab: &str| {
        view.detail.current.with(|detail| match tab {
            "params" => Some(detail.params.len() as i64),
            "metrics" => Some(detail.metrics.len() as i64),
            "artifacts" => Some(detail.artifact_count),
            _ => None,
        })
    };
    let tab = move |(word, title): (&'static str, &'static str)| {
        let here = move || (open.get() == word).then_some("page");
        let href = format!("{}?tab={word}", view.path());
        view! {
            <a class="tabs__tab" href=href aria-current=here data-noscroll="">
                {title}
                {move || count(word).map(|count| view! { <span class="tabs__count num">{count}</span> })}
            </a>
        }
    };
    view! {
        <nav class="tabs" aria-label="Run" data-key="tabs">
            {TABS.map(tab).collect_view()}
        </nav>
        {move || match open.get() {
            "params" => view! { <param::Tab view /> }.into_any(),
            "metrics" => view! { <metric::Tab view /> }.into_any(),
            "artifacts" => {
                let first = files.try_update_value(Option::take).flatten();
                view! { <artifact::Tab view first /> }.into_any()
            }
            "notes" => view! { <note::Tab view /> }.into_any(),
            _ => view! { <Overview view /> }.into_any(),
        }}
    }
}
