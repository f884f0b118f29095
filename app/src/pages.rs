//! What the browser loads when it is first needed: a module for each page, and for those parts of pages that many visits
//! never open. What several of them need lies in chunks that they share; every further module multiplies the chunks, so
//! there are few, and large ones.

use crate::{
    compare::{self, Drawn},
    experiment,
    explore::{Explore, Picture, Subject},
    feed::Feed,
    link,
    metric::{self, StepValue, charts::Charts},
    note,
    run::{self, RunView, api::Runs},
    search, sign_in, system, trash,
    ui::erase::view,
};
use leptos::prelude::*;
use leptos_router::LazyRoute;
use model::RunId;

/// Draws a part once its module is here; until then nothing stands there.
pub fn later(part: impl Future<Output = AnyView> + Send + 'static) -> AnyView {
    Suspend::new(part).into_any()
}

/// Curves and pictures of many runs, wherever they are drawn.
pub enum Drawing {
    /// With what the chosen step has.
    OfRun(RunView, Option<Vec<StepValue>>),
    OfSystem(RunView),
    OfExperiment(Feed<Runs>, Memo<link::Query>),
    Compared(Drawn),
    Picture(Picture, Subject, Memo<link::Query>, String),
}

#[lazy]
pub fn drawing(what: Drawing) -> AnyView {
    match what {
        Drawing::OfRun(view, first) => view! { <metric::Tab view first /> },
        Drawing::OfSystem(view) => view! { <system::Tab view /> },
        Drawing::OfExperiment(feed, search) => view! { <Charts feed search /> },
        Drawing::Compared(drawn) => view! { <compare::Curves drawn /> },
        Drawing::Picture(picture, subject, search, path) => {
            view! { <Explore picture subject search path /> }
        }
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

/// The page of a run, and what of it other pages open.
pub enum OfRun {
    Page,
    /// Its note in a dialog of this signal.
    Note(RunId, RwSignal<bool>),
}

#[lazy]
pub fn run(what: OfRun) -> AnyView {
    match what {
        OfRun::Page => view! { <run::Page /> },
        OfRun::Note(id, open) => view! { <note::Writing id open /> },
    }
}

#[lazy]
fn compare() -> AnyView {
    view! { <compare::Page /> }
}

/// A page for the router. What the server rendered wakes in one go, so the parts that its address shows are waited for
/// with it.
macro_rules! page {
    ($page:ident, $view:expr, $($load:ident $(if $wanted:expr)?),+) => {
        pub struct $page;

        impl LazyRoute for $page {
            fn data() -> Self {
                Self
            }

            async fn view(_: Self) -> AnyView {
                <Self as LazyRoute>::preload().await;
                $view.await
            }

            async fn preload() {
                #[cfg(feature = "hydrate")]
                {
                    let address = link::Query::parse(&window().location().search().unwrap_or_default());
                    let _ = &address;
                    $(if true $(&& $wanted(&address))? {
                        $load().await;
                    })+
                }
            }
        }
    };
}

fn experiment_draws(address: &link::Query) -> bool {
    metric::charts::asked(address) || Picture::of(address).is_some()
}

/// The file of all modules that the page of an address wakes with, as the build names it.
#[cfg(feature = "ssr")]
pub fn pack(path: &str, address: &link::Query) -> Option<String> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (page, draws) = match parts.as_slice() {
        ["experiments" | "trash" | "search" | "sign-in"] => ("listing", false),
        ["experiments", _] => ("experiment", experiment_draws(address)),
        ["runs", _] => ("run", run::shows_curves(address)),
        ["compare"] => ("compare", compare::shows_curves(address)),
        _ => return None,
    };
    Some(if draws { format!("{page}-drawing") } else { page.to_owned() })
}

page!(Experiments, listing(Listing::Experiments), __preload_listing);
page!(
    Experiment,
    experiment(),
    __preload_experiment,
    __preload_drawing if experiment_draws
);
page!(Run, run(OfRun::Page), __preload_run, __preload_drawing if run::shows_curves);
page!(Compare, compare(), __preload_compare, __preload_drawing if compare::shows_curves);
page!(Trash, listing(Listing::Trash), __preload_listing);
page!(Search, listing(Listing::Search), __preload_listing);
page!(SignIn, listing(Listing::SignIn), __preload_listing);
