//! How to sign in, for whoever is not: nothing here asks the engine.

use crate::{
    frame::session,
    ui::{copy::Copy, erase::view, icon::Icon, title::Title},
};
use leptos::prelude::*;

#[component]
pub fn Page() -> impl IntoView {
    let user = session::Session::current().user;
    view! {
        <Title text="Sign in" />
        <section class="sign-in">
            <Icon name="logo" />
            <h1>"Sign in to Trackway"</h1>
            {match user {
                Some(user) => view! { <SignedIn user /> },
                None => view! { <HowTo /> },
            }}
        </section>
    }
}

#[component]
fn SignedIn(user: String) -> impl IntoView {
    view! {
        <p>"You are signed in as " <strong>{user}</strong> "."</p>
        <p>
            <a class="button button--primary" href="/experiments">"Go to experiments"</a>
        </p>
    }
}

#[component]
fn HowTo() -> impl IntoView {
    view! {
        <p>
            "No password is needed. When the server starts, it prints a line that begins with "
            <code>"sign in:"</code> ". Open that link in this browser; it works once, within an hour."
        </p>
        <p>"The line is gone, or the link was used? On the machine that runs the server, type:"</p>
        <div class="snippet snippet--line">
            <pre tabindex="0">
                <code>"trackway sign-in"</code>
            </pre>
            <Copy text="trackway sign-in".to_owned() what="command" />
        </div>
        <p class="muted">"Scripts need none of this: the Python client finds its token by itself on this machine."</p>
    }
}
