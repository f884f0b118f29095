//! What browser and server render: the frame, the pages, and the server functions behind them.
//! Components draw; rules live in the engine, and only `remote.rs` knows that there is one.

pub mod error;
mod link;
#[cfg(feature = "ssr")]
pub mod remote;
#[cfg(feature = "ssr")]
mod shell;

mod artifact;
mod asset;
mod browser;
mod chart;
mod compare;
mod environment;
mod experiment;
mod explore;
mod feed;
mod frame;
mod json;
mod live;
mod log;
mod media;
mod metric;
mod note;
mod pages;
mod param;
mod process;
mod project;
mod quote;
mod run;
mod run_event;
mod search;
mod sign_in;
mod system;
mod trash;
mod ui;
mod view;
mod wake;

#[cfg(feature = "ssr")]
pub use compare::file_of as comparison_file;
#[cfg(feature = "ssr")]
pub use shell::shell;

use crate::ui::erase::view;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    Lazy, SsrMode,
    components::{Route, Router, Routes},
    path,
};

/// The application: the frame and every page. Pages are complete before wasm arrives, hence `SsrMode::Async`.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    if !cfg!(feature = "ssr") {
        wake::begin();
    }
    frame::clock::provide();
    frame::theme::provide();
    view! {
        <Router>
            <frame::Frame>
                <Routes fallback=frame::NotFound>
                    <Route path=path!("/") view=Home />
                    <Route
                        path=path!("/experiments")
                        view={Lazy::<pages::Experiments>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=path!("/experiments/:id")
                        view={Lazy::<pages::Experiment>::new()}
                        ssr=SsrMode::Async
                    />
                    <Route path=path!("/runs/:id") view={Lazy::<pages::Run>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/trash") view={Lazy::<pages::Trash>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/search") view={Lazy::<pages::Search>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/compare") view={Lazy::<pages::Compare>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view={Lazy::<pages::SignIn>::new()} ssr=SsrMode::Async />
                </Routes>
            </frame::Frame>
        </Router>
    }
}

/// There is no page above the experiments yet.
#[component]
fn Home() -> impl IntoView {
    #[cfg(feature = "ssr")]
    remote::redirect("/experiments");
    #[cfg(not(feature = "ssr"))]
    view! { <leptos_router::components::Redirect path="/experiments" /> }
}
