//! What the browser loads when it is first needed: a module for each page, and for those parts of pages that many visits
//! never open. What several of them need lies in chunks that they share; every further module multiplies the chunks, so
//! there are few, and large ones.

use crate::{
    artifact::{self, Files},
    compare::{self, Drawn},
    environment::{self, Told},
    experiment,
    explore::{Explore, Picture, Subject},
    feed::Feed,
    link, log, media,
    metric::{self, StepValue, charts::Charts},
    note, param,
    run::{self, Choice, RunView, api::Runs},
    run_event, search, sign_in, system, trash,
    ui::erase::{drawn, memo_after, view},
    view::{self, Views},
};
use leptos::{prelude::*, reactive::computed::suspense::SuspenseContext};
use leptos_router::LazyRoute;
use model::{ExperimentId, RunId, media::Media, run::RunsUpdate, run_event::RunEventPage, view::View};

/// Draws a part once its module is here; until then nothing stands there, and only there: `<Suspense>` of the page would take
/// away everything that it holds, and with it the keyboard's place and what a dialog keeps out of reach. Not of its own
/// either: what is inside would live for a moment longer than what it reads.
pub fn later(part: impl Future<Output = AnyView> + Send + 'static) -> AnyView {
    // The server has every module.
    if !cfg!(feature = "ssr") {
        provide_context(SuspenseContext { tasks: ArcRwSignal::default() });
    }
    Suspend::new(part).into_any()
}

/// Draws a part from the first time that something holds: a dialog, once it is asked for. Nothing holds when a page begins.
pub fn once<F>(
    when: impl Fn() -> bool + Send + Sync + 'static,
    part: impl Fn() -> F + Send + 'static,
) -> AnyView
where
    F: Future<Output = AnyView> + Send + 'static,
{
    let wanted = memo_after(move |was| was == Some(&true) || when());
    drawn(move || wanted.get().then(|| later(part()))).into_any()
}

/// Curves, wherever they are drawn.
pub enum Drawing {
    /// With what the chosen step has.
    OfRun(RunView, Option<Vec<StepValue>>),
    OfSystem(RunView),
    OfExperiment(Feed<Runs>, Memo<link::Query>),
    Compared(Drawn),
}

#[lazy]
pub fn drawing(what: Drawing) -> AnyView {
    match what {
        Drawing::OfRun(view, first) => view! { <metric::Tab view first /> },
        Drawing::OfSystem(view) => view! { <system::Tab view /> },
        Drawing::OfExperiment(feed, search) => view! { <Charts feed search /> },
        Drawing::Compared(drawn) => view! { <compare::Curves drawn /> },
    }
}

/// A picture of many runs.
pub struct Pictured {
    pub picture: Picture,
    pub subject: Subject,
    pub search: Memo<link::Query>,
    /// Of the page that it stands on.
    pub path: String,
}

#[lazy]
pub fn picture(what: Pictured) -> AnyView {
    let Pictured { picture, subject, search, path } = what;
    view! { <Explore picture subject search path /> }
}

/// What an experiment's page has beside its table: menus, forms and dialogs, which many visits never open, and groups.
pub enum Tool {
    GroupTable(Feed<Runs>, Memo<link::Query>, String),
    /// Which columns the table has.
    Columns(run::Table),
    Export(run::Table),
    /// For one run of the table.
    RowMenu(run::Table),
    /// Of the selected runs: changes of their tags.
    TagRuns(RwSignal<bool>, Callback<RunsUpdate>),
    /// From this experiment to another.
    MoveRuns(RwSignal<bool>, ExperimentId, Callback<RunsUpdate>),
    Groups(Feed<Runs>, Memo<link::Query>, String),
    /// Saved views; what is set opens the dialogs.
    Views(Views, RwSignal<bool>, RwSignal<Option<View>>),
    SaveView(RwSignal<bool>, Views),
    RenameView(RwSignal<Option<View>>, Views),
    EditExperiment(RwSignal<Option<model::experiment::Experiment>>, Callback<model::experiment::Experiment>),
}

#[lazy]
pub fn tool(what: Tool) -> AnyView {
    match what {
        Tool::GroupTable(feed, search, path) => view! { <run::GroupTable feed search path /> },
        Tool::Columns(table) => view! { <run::Columns table /> },
        Tool::Export(table) => view! { <run::Export table /> },
        Tool::RowMenu(table) => view! { <run::RowMenu table /> },
        Tool::TagRuns(open, on_done) => view! { <run::TagsDialog open on_done /> },
        Tool::MoveRuns(open, here, on_done) => view! { <run::MoveDialog open here on_done /> },
        Tool::Groups(feed, search, path) => view! { <run::Groups feed search path /> },
        Tool::Views(views, saving, renamed) => view! { <view::List views saving renamed /> },
        Tool::SaveView(open, views) => view! { <view::SaveDialog open views /> },
        Tool::RenameView(view, views) => view! { <view::RenameDialog view views /> },
        Tool::EditExperiment(edited, on_done) => view! { <experiment::EditDialog edited on_done /> },
    }
}

/// What a run holds beside its numbers: tabs of its page, with what they show first; its note, wherever that is opened; and
/// the dialogs that are about it.
pub enum Content {
    Params(RunView, Option<param::Other>),
    Media(RunView, Option<Media>),
    Artifacts(RunView, Option<Box<Files>>),
    Note(RunView),
    /// In a dialog of this signal.
    NoteDialog(RunId, RwSignal<bool>),
    Log(RunView),
    Environment(RunView, Option<Told>),
    Events(RunView, Option<RunEventPage>),
    /// To compare with: in a dialog of the signal, other than the run itself.
    ChooseRun(RwSignal<bool>, RunId, ExperimentId, Callback<Choice>),
    /// Its params as code.
    Code(RunView, RwSignal<bool>),
    /// To another experiment than this.
    Move(RwSignal<bool>, ExperimentId, Callback<RunsUpdate>),
    Tag(RunView, RwSignal<bool>),
}

#[lazy]
pub fn content(what: Content) -> AnyView {
    match what {
        Content::Params(view, first) => view! { <param::Tab view first /> },
        Content::Media(view, first) => view! { <media::Tab view first /> },
        Content::Artifacts(view, first) => view! { <artifact::Tab view first=first.map(|files| *files) /> },
        Content::Note(view) => view! { <note::Tab view /> },
        Content::NoteDialog(id, open) => view! { <note::Writing id open /> },
        Content::Log(view) => view! { <log::Tab view /> },
        Content::Environment(view, first) => view! { <environment::Tab view first /> },
        Content::Events(view, first) => view! { <run_event::Tab view first /> },
        Content::ChooseRun(open, own, experiment_id, on_choose) => {
            view! { <run::ChooseRun open title="Compare with which run?" own experiment_id on_choose /> }
        }
        Content::Code(view, open) => view! { <param::CodeDialog view open /> },
        Content::Move(open, here, on_done) => view! { <run::MoveDialog open here on_done /> },
        Content::Tag(view, open) => view! { <run::TagDialog view open /> },
    }
}

/// The list of experiments, and what is small.
pub enum Listing {
    Experiments,
    Search,
    SignIn,
    Trash,
}

#[lazy]
pub fn listing(what: Listing) -> AnyView {
    match what {
        Listing::Experiments => view! { <experiment::ListPage /> },
        Listing::Search => view! { <search::Page /> },
        Listing::SignIn => view! { <sign_in::Page /> },
        Listing::Trash => view! { <trash::Page /> },
    }
}

#[lazy]
fn experiment() -> AnyView {
    view! { <experiment::Page /> }
}

#[lazy]
fn run() -> AnyView {
    view! { <run::Page /> }
}

#[lazy]
fn compare() -> AnyView {
    view! { <compare::Page /> }
}

/// A page for the router. What the server rendered wakes in one go, so the module that its address needs besides the page's
/// own is waited for with it.
macro_rules! page {
    ($page:ident, $view:expr, $load:ident $(, $besides:path => $($name:literal $more:ident),+)?) => {
        pub struct $page;

        impl LazyRoute for $page {
            fn data() -> Self {
                Self
            }

            async fn view(_: Self) -> AnyView {
                <Self as LazyRoute>::preload().await;
                let view = $view.await;
                #[cfg(feature = "hydrate")]
                crate::wake::end();
                view
            }

            async fn preload() {
                #[cfg(feature = "hydrate")]
                {
                    $load().await;
                    $(
                        let address = link::Query::parse(&window().location().search().unwrap_or_default());
                        match $besides(&address) {
                            $(Some($name) => $more().await,)+
                            _ => {}
                        }
                    )?
                }
            }
        }
    };
}

/// The module that an experiment's address needs besides its page's own.
fn experiment_needs(address: &link::Query) -> Option<&'static str> {
    if metric::charts::asked(address) {
        Some("drawing")
    } else if Picture::of(address).is_some() {
        Some("picture")
    } else {
        address.get("group").filter(|by| !by.is_empty()).map(|_| "tool")
    }
}

/// The file of all modules that the page of an address wakes with, as the build names it.
#[cfg(feature = "ssr")]
pub fn pack(path: &str, address: &link::Query) -> Option<String> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (page, besides) = match parts.as_slice() {
        ["experiments" | "trash" | "search" | "sign-in"] => ("listing", None),
        ["experiments", _] => ("experiment", experiment_needs(address)),
        ["runs", _] => ("run", run::needs(address)),
        ["compare"] => ("compare", compare::needs(address)),
        _ => return None,
    };
    Some(besides.map_or_else(|| page.to_owned(), |module| format!("{page}-{module}")))
}

page!(Experiments, listing(Listing::Experiments), __preload_listing);
page!(
    Experiment,
    experiment(),
    __preload_experiment,
    experiment_needs => "drawing" __preload_drawing, "picture" __preload_picture, "tool" __preload_tool
);
page!(
    Run,
    run(),
    __preload_run,
    run::needs => "drawing" __preload_drawing, "content" __preload_content
);
page!(
    Compare,
    compare(),
    __preload_compare,
    compare::needs => "drawing" __preload_drawing, "picture" __preload_picture
);
page!(Trash, listing(Listing::Trash), __preload_listing);
page!(Search, listing(Listing::Search), __preload_listing);
page!(SignIn, listing(Listing::SignIn), __preload_listing);
