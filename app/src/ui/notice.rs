//! What stands where content cannot: nothing there yet, nothing found, or something went wrong.

use super::{
    erase::{drawn, handler, view},
    icon::Icon,
    title::Title,
};
use crate::error::AppError;
use leptos::prelude::*;
use model::ErrorKind;

/// A calm word in the middle of an area, and what to do next.
#[component]
pub fn Empty(
    icon: &'static str,
    #[prop(into)] title: String,
    /// Nothing else is on the page, so the title is its heading.
    #[prop(optional)]
    alone: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon name=icon />
            {if alone {
                view! { <h1 class="empty__title">{title}</h1> }
            } else {
                view! { <h2 class="empty__title">{title}</h2> }
            }}
            {children.map(|children| view! { <div class="empty__text">{children()}</div> })}
        </div>
    }
}

/// A page that could not be shown, said so that a person knows what to do.
#[component]
pub fn Failure(error: AppError) -> impl IntoView {
    let (title, next) = match error.kind() {
        ErrorKind::NotFound => ("Not found", "It may have been deleted, or the link is incomplete."),
        ErrorKind::Unauthenticated => ("Sign in first", "Your session has ended or never began."),
        ErrorKind::Forbidden => ("No permission", "Ask an admin of this server for the role you need."),
        ErrorKind::Invalid | ErrorKind::TooLarge => {
            ("This link asks for something odd", "Check the address, or start from the list.")
        }
        ErrorKind::Conflict => ("Somebody was faster", "Reload the page and try again."),
        ErrorKind::RateLimited | ErrorKind::Unavailable => {
            ("The server is not available", "Wait a moment, then reload the page.")
        }
        ErrorKind::Internal => {
            ("Something went wrong on the server", "The server's log has the details under this reference.")
        }
    };
    let sign_in = error.kind() == ErrorKind::Unauthenticated;
    view! {
        <Title text=title />
        <section class="empty empty--page">
            <Icon name="alert" />
            <h1 class="empty__title">{title}</h1>
            <p class="empty__detail">{error.to_string()}</p>
            <p class="empty__text">{next}</p>
            <p class="empty__actions">
                {if sign_in {
                    view! { <a class="button" href="/sign-in" rel="external">"How to sign in"</a> }
                } else {
                    view! { <AllExperiments /> }
                }}
            </p>
        </section>
    }
}

/// Above what was thrown away: that it was, and the way back.
#[component]
pub fn InTrash(what: &'static str, may: bool, on_restore: Callback<()>) -> impl IntoView {
    view! {
        <p class="in-trash" role="status">
            <Icon name="trash" />
            <span>{what} " in the " <a href="/trash">"trash"</a> "."</span>
            {may
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(move |_| on_restore.run(()))>
                            <Icon name="restore" />
                            "Take it out"
                        </button>
                    }
                })}
        </p>
    }
}

/// Of a run that is archived.
#[component]
pub fn Aside(may: bool, on_restore: Callback<()>) -> impl IntoView {
    view! {
        <p class="in-trash" role="status">
            <Icon name="archive" />
            <span>"This run is archived: tables, charts and exports leave it out unless they are asked for it."</span>
            {may
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(move |_| on_restore.run(()))>
                            <Icon name="restore" />
                            "Restore"
                        </button>
                    }
                })}
        </p>
    }
}

/// The way out of a page that has nothing to show.
#[component]
pub fn AllExperiments() -> impl IntoView {
    view! {
        <a class="button" href="/experiments">
            "All experiments"
        </a>
    }
}

/// An error beside content that stays: a failed save, a failed refresh.
#[component]
pub fn Problem(#[prop(into)] error: Signal<Option<AppError>>) -> impl IntoView {
    drawn(move || {
        error.get().map(|error| {
            view! {
                <p class="problem" role="alert">
                    <Icon name="alert" />
                    {error.to_string()}
                </p>
            }
        })
    })
}
