//! The menu of saved views: links to them, and what can be done with the one that is looked at.

use super::{Views, api};
use crate::{
    browser,
    error::AppError,
    frame::session::Session,
    pages::{self, Tool},
    ui::{
        erase::{drawn, handler, memo, view},
        icon::Icon,
        popover::{Asleep, Popover},
        toast::Toaster,
    },
};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use model::view::{View, ViewNew, ViewUpdate};
use std::future::Future;

#[component]
pub fn Menu(views: Views) -> impl IntoView {
    let saving = RwSignal::new(false);
    let renamed = RwSignal::new(None::<View>);
    let name =
        move || views.current.with(|view| view.as_ref().map_or("Views".to_owned(), |view| view.name.clone()));
    let label = view! {
        <Icon name="view" />
        <span class="views__name">{move || name()}</span>
        {move || views.modified().then(|| view! { <Changed /> })}
    };
    view! {
        <Popover label>
            <Asleep part=move || pages::tool(Tool::Views(views, saving, renamed)) />
        </Popover>
        {pages::once(move || saving.get(), move || pages::tool(Tool::SaveView(saving, views)))}
        {pages::once(
            move || renamed.with(Option::is_some),
            move || pages::tool(Tool::RenameView(renamed, views)),
        )}
    }
}

/// What the popover holds.
#[component]
pub fn List(views: Views, saving: RwSignal<bool>, renamed: RwSignal<Option<View>>) -> impl IntoView {
    let may_edit = Session::current().may_edit();
    // Whatever was chosen, the menu has done its part.
    let close = |event: MouseEvent| {
        let on_choice =
            event_target::<web_sys::Element>(&event).closest("a, button").ok().flatten().is_some();
        if on_choice {
            for open in browser::find_all("details.popover[open]") {
                open.remove_attribute("open").ok();
            }
        }
    };
    let part = move |shared: bool| {
        let of_part = move |view: &&View| if shared { view.shared && !view.mine } else { view.mine };
        let shown: Vec<View> = views.feed.current.with(|all| all.iter().filter(of_part).cloned().collect());
        (!shown.is_empty()).then(|| {
            let title = if shared { "Shared by others" } else { "My views" };
            let list = shown.into_iter().map(|view| view! { <Line views view /> }).collect_view();
            view! {
                <section class="views__part">
                    <h3>{title}</h3>
                    <ul>{list}</ul>
                </section>
            }
        })
    };
    let is_plain = move || {
        let plain = views.current.with(Option::is_none) && views.place.with(|place| place.state.is_empty());
        plain.then_some("true")
    };
    view! {
            <div class="popover__box views" on:click=handler(close)>
                <a class="views__link" href=move || views.plain() aria-current=drawn(is_plain) data-noscroll="">
                    "All runs"
                </a>
                {move || part(false)}
                {move || part(true)}
                {may_edit.then(|| view! { <Actions views saving renamed /> })}
            </div>
    }
}

/// Says that a view is not as it was saved.
#[component]
fn Changed() -> impl IntoView {
    view! {
        <span class="views__changed" title="Changed since it was saved">
            <span class="hidden">"changed"</span>
        </span>
    }
}

/// A view as a link.
#[component]
fn Line(views: Views, view: View) -> impl IntoView {
    let (id, href) = (view.id, views.link(&view));
    let here = memo(move || views.current.with(|current| current.as_ref().is_some_and(|one| one.id == id)));
    let mut words = Vec::new();
    if !view.mine {
        words.push(view.author.clone());
    } else if view.shared {
        words.push("shared".to_owned());
    }
    if view.default_for_me {
        words.push("my default".to_owned());
    }
    if view.default_for_all {
        words.push("default for all".to_owned());
    }
    view! {
        <li>
            <a class="views__link" href=href aria-current=move || here.get().then_some("true") data-noscroll="">
                <span class="views__name">{view.name}</span>
                {move || (here.get() && views.modified()).then(|| view! { <Changed /> })}
                <span class="views__words">{words.join(" · ")}</span>
            </a>
        </li>
    }
}

/// What can be done with how the table looks now.
#[component]
fn Actions(views: Views, saving: RwSignal<bool>, renamed: RwSignal<Option<View>>) -> impl IntoView {
    let toaster = Toaster::here();
    let change = move |view: &View, input: ViewUpdate, done: &'static str| {
        let (id, name) = (view.id, view.name.clone());
        run(views, toaster, async move {
            api::update(id, input).await?;
            toaster.say(format!("{done}: “{name}”"));
            Ok(())
        });
    };
    let buttons = move || {
        let Some(view) = views.current.get() else { return ().into_any() };
        let view = StoredValue::new(view);
        let (edit, mine, shared, my_default, for_all) = view.with_value(|view| {
            (view.may_edit, view.mine, view.shared, view.default_for_me, view.default_for_all)
        });
        let update = move |input: ViewUpdate, done| view.with_value(|view| change(view, input, done));
        let save = move |_| {
            let state = views.place.with_untracked(|place| place.state.clone());
            update(ViewUpdate { state: Some(state), ..ViewUpdate::default() }, "Saved");
        };
        let share = move |_| {
            let done = if shared { "Private again" } else { "Shared with all" };
            update(ViewUpdate { shared: Some(!shared), ..ViewUpdate::default() }, done);
        };
        let begin = move |_| {
            let done =
                if my_default { "No longer your default" } else { "The experiment opens with it for you" };
            update(ViewUpdate { default_for_me: Some(!my_default), ..ViewUpdate::default() }, done);
        };
        let begin_all = move |_| {
            let done = if for_all {
                "No longer the default for all"
            } else {
                "The experiment opens with it for all"
            };
            update(ViewUpdate { default_for_all: Some(!for_all), ..ViewUpdate::default() }, done);
        };
        let rename = move |_| renamed.set(Some(view.get_value()));
        let delete = move |_| remove(views, toaster, view.get_value());
        let changed = move || views.modified();
        view! {
            {(edit && changed())
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(save)>
                            <Icon name="check" />
                            "Save"
                        </button>
                    }
                })}
            {edit
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(rename)>
                            <Icon name="edit" />
                            "Rename"
                        </button>
                        <button class="button" type="button" on:click=handler(share)>
                            <Icon name="user" />
                            {if shared { "Stop sharing" } else { "Share with all" }}
                        </button>
                    }
                })}
            <button class="button" type="button" on:click=handler(begin)>
                <Icon name="experiment" />
                {if my_default { "Not my default" } else { "Make my default" }}
            </button>
            {(edit && shared)
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(begin_all)>
                            <Icon name="experiment" />
                            {if for_all { "Not the default for all" } else { "Make the default for all" }}
                        </button>
                    }
                })}
            {edit
                .then(|| {
                    view! {
                        <button class="button" type="button" on:click=handler(delete)>
                            <Icon name="trash" />
                            {if mine { "Delete" } else { "Delete for everybody" }}
                        </button>
                    }
                })}
        }
    };
    view! {
        <div class="views__actions" role="group" aria-label="This view">
            {move || buttons()}
            <button class="button" type="button" on:click=handler(move |_| saving.set(true))>
                <Icon name="plus" />
                "Save as…"
            </button>
        </div>
    }
}

/// Deletes a view; of one's own the message takes it back.
fn remove(views: Views, toaster: Toaster, view: View) {
    run(views, toaster, async move {
        api::delete(view.id).await?;
        let text = format!("Deleted “{}”", view.name);
        if !view.mine {
            toaster.say(text);
            return Ok(());
        }
        let again = ViewNew {
            experiment_id: view.experiment_id,
            name: view.name,
            state: view.state,
            shared: view.shared,
            default_for_me: view.default_for_me,
            default_for_all: view.default_for_all,
        };
        let undo = move |()| {
            let again = again.clone();
            run(views, toaster, async move { api::create(again).await.map(drop) });
        };
        toaster.offer(text, "Undo", Callback::new(undo));
        Ok(())
    });
}

/// Does something with views and shows how they are then.
fn run(views: Views, toaster: Toaster, act: impl Future<Output = Result<(), AppError>> + 'static) {
    spawn_local(async move {
        if let Err(error) = act.await {
            toaster.fail(error.to_string());
        }
        views.refresh();
    });
}
