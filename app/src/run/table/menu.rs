//! What may be done with one run of the table: one menu for all rows, above everything, opened below the button clicked.

use super::Table;
use crate::{
    browser,
    error::AppError,
    frame::session::Session,
    note::NoteDialog,
    run::{TagForm, query},
    ui::{
        dialog::open_while,
        erase::{effect, handler, view, watch},
        icon::Icon,
        run_color_place,
    },
};
use leptos::{
    ev::{self, KeyboardEvent, MouseEvent},
    html,
    prelude::*,
};
use model::{
    RunId, limits,
    run::{Run, RunUpdate},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Actions,
    Colors,
}

/// Which run's menu is open, and where on the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    id: RunId,
    what: What,
    x: f64,
    y: f64,
}

/// Room that a menu needs, in pixels: its width, and the height of the largest.
const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 330.0;

impl Open {
    /// Below the button that was clicked, or above it where there is no room.
    pub fn below(id: RunId, what: What, event: &MouseEvent) -> Option<Self> {
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let button = target.closest("button").ok().flatten()?.get_bounding_client_rect();
        let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|size| size.as_f64());
        let (across, down) = (size(window().inner_width())?, size(window().inner_height())?);
        let x = button.left().min(across - WIDTH - 8.0).max(8.0);
        let y = if button.bottom() + HEIGHT < down { button.bottom() + 4.0 } else { down - HEIGHT };
        Some(Self { id, what, x, y: y.max(8.0) })
    }
}

#[component]
pub fn RowMenu(table: Table) -> impl IntoView {
    let menu = table.menu;
    let node = NodeRef::<html::Div>::new();
    let tagged = RwSignal::new(None::<RunId>);
    let noted = RwSignal::new(None::<(RunId, String)>);
    let close = move || {
        if let Some(Open { id, .. }) = menu.get_untracked() {
            menu.set(None);
            super::focus_run(id);
        }
    };
    effect(move || {
        let outside = window_event_listener(ev::click, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
            let inside = node.get_untracked().is_some_and(|node| node.contains(target.as_ref()));
            if !inside && menu.with_untracked(Option::is_some) {
                menu.set(None);
            }
        });
        // What it belongs to moves away under it.
        let moved = window_event_listener(ev::resize, move |_| menu.set(None));
        on_cleanup(move || {
            outside.remove();
            moved.remove();
        });
    });
    effect(move || {
        if let Some(node) = node.get()
            && let Some(open) = menu.get()
        {
            let style = HtmlElement::style(&node);
            style.set_property("left", &format!("{}px", open.x)).ok();
            style.set_property("top", &format!("{}px", open.y)).ok();
            step(0, None);
        }
    });
    let on_key = move |event: KeyboardEvent| {
        let items = browser::find_all(".row-menu [role^=menuitem]");
        let at = items.iter().position(|item| item.contains(browser::focused().as_deref()));
        match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => step(1, at),
            "ArrowUp" | "ArrowLeft" => step(-1, at),
            "Escape" | "Tab" => close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let shown = move || {
        let open = menu.get()?;
        let (what, id) = (open.what, open.id);
        let view = match what {
            What::Actions => view! { <Actions table id tagged noted /> },
            What::Colors => view! { <Palette table id /> },
        };
        Some(view! {
            <div class="row-menu" node_ref=node role="menu" tabindex="-1" aria-label="Run" on:keydown=handler(on_key)>
                {view}
            </div>
        })
    };
    view! {
        {move || shown()}
        <Tags table tagged />
        <NoteDialog about=noted />
    }
}

/// Gives the keyboard to the next item, or to the first.
fn step(by: isize, at: Option<usize>) {
    let items = browser::find_all(".row-menu [role^=menuitem]");
    let next = at.map_or(0, |at| at.saturating_add_signed(by)).min(items.len().saturating_sub(1));
    if let Some(item) = items.get(next) {
        item.focus().ok();
    }
}

pub fn run_of(table: Table, id: &RunId) -> Option<Run> {
    let loaded = table.window.loaded.with_untracked(|loaded| loaded.get(id).map(|row| row.run.clone()));
    let pinned = || {
        table.feed.current.with_untracked(|runs| {
            runs.pinned.iter().find(|row| row.run.id == *id).map(|row| row.run.clone())
        })
    };
    loaded.or_else(pinned)
}

#[component]
fn Actions(
    table: Table,
    id: RunId,
    tagged: RwSignal<Option<RunId>>,
    noted: RwSignal<Option<(RunId, String)>>,
) -> impl IntoView {
    let search = table.search;
    let may = Session::current().may_edit();
    let id = StoredValue::new(id);
    let is = move |key: &'static str| {
        search.with_untracked(|query| query::ids(query, key).contains(&id.get_value()))
    };
    let is_base = search.with_untracked(|query| query::base(query) == Some(id.get_value()));
    let go = crate::link::use_go();
    let (pin, hide) = (table.flip(query::PINS), table.flip(query::HIDDEN));
    let item = move |icon: &'static str, word: &'static str, act: Callback<()>| {
        view! {
            <button
                class="row-menu__item"
                type="button"
                role="menuitem"
                tabindex="-1"
                on:click=handler(move |_| {
                    table.menu.set(None);
                    act.run(());
                })
            >
                <Icon name=icon />
                {word}
            </button>
        }
    };
    let rename = Callback::new(move |()| table.renaming.set(Some(id.get_value())));
    let tag = Callback::new(move |()| tagged.set(Some(id.get_value())));
    let note = Callback::new(move |()| {
        let id = id.get_value();
        noted.set(run_of(table, &id).map(|run| (id, run.name)));
    });
    let copy = Callback::new(move |()| {
        browser::copy(id.get_value().as_str());
        table.toaster.say("Copied the run's id");
    });
    let base = Callback::new(move |()| {
        go(&table.href(&query::flip_base(&search.get_untracked(), &id.get_value())));
    });
    let pin = Callback::new(move |()| pin(&id.get_value()));
    let hide = Callback::new(move |()| hide(&id.get_value()));
    let place = id.with_value(|id| format!("/runs/{id}"));
    let link = move |icon: &'static str, word: &'static str, href: String| {
        view! {
            <a class="row-menu__item" role="menuitem" tabindex="-1" href=href>
                <Icon name=icon />
                {word}
            </a>
        }
    };
    view! {
        {link("file", "Open", place.clone())}
        {may.then(|| item("edit", "Rename", rename))}
        {may.then(|| item("tag", "Tag", tag))}
        {if may { item("note", "Note", note) } else { link("note", "Note", format!("{place}?tab=notes")) }}
        {item("pin", if is(query::PINS) { "Unpin" } else { "Pin on top" }, pin)}
        {item("base", if is_base { "No baseline" } else { "Use as baseline" }, base)}
        {if is(query::HIDDEN) { item("eye", "Show", hide) } else { item("eye-off", "Hide", hide) }}
        {item("copy", "Copy id", copy)}
    }
}

/// The twelve colours, and the one that the run has by itself.
#[component]
fn Palette(table: Table, id: RunId) -> impl IntoView {
    let run = run_of(table, &id);
    let held = run.as_ref().map(|run| run_color_place(run.number, run.color));
    let chosen = run.as_ref().is_some_and(|run| run.color.is_some());
    let id = StoredValue::new(id);
    let send = move |update: RunUpdate| {
        table.menu.set(None);
        table.change(id.get_value(), update, Callback::new(|_| ()));
        super::focus_run(id.get_value());
    };
    let one = move |place: u8| {
        view! {
            <button
                class="row-menu__color"
                type="button"
                role="menuitemradio"
                tabindex="-1"
                aria-checked=(held == Some(place)).to_string()
                aria-label=format!("Colour {}", place + 1)
                on:click=handler(move |_| send(RunUpdate { color: Some(place), ..RunUpdate::default() }))
            >
                <span class=format!("swatch swatch--big run-color-{place}")></span>
            </button>
        }
    };
    view! {
        <p class="row-menu__title">"Colour, for everyone"</p>
        <div class="row-menu__colors">{(0..limits::RUN_COLORS).map(one).collect_view()}</div>
        {chosen
            .then(|| {
                view! {
                    <button
                        class="row-menu__item"
                        type="button"
                        role="menuitem"
                        tabindex="-1"
                        on:click=handler(move |_| send(RunUpdate { remove_color: true, ..RunUpdate::default() }))
                    >
                        <Icon name="restore" />
                        "Its own colour"
                    </button>
                }
            })}
    }
}

/// The form of tags, for the run whose menu asked for it.
#[component]
fn Tags(table: Table, tagged: RwSignal<Option<RunId>>) -> impl IntoView {
    let open = open_while(tagged);
    let failed = RwSignal::new(None::<AppError>);
    watch(move || tagged.get(), move |_, _| failed.set(None));
    let on_send = Callback::new(move |update: RunUpdate| {
        let Some(id) = tagged.get_untracked() else { return };
        if let Err(error) = update.check() {
            failed.set(Some(error.into()));
            return;
        }
        let after = Callback::new(move |error: Option<AppError>| {
            if error.is_none() {
                open.set(false);
            }
            failed.set(error);
        });
        table.change(id, update, after);
    });
    view! { <TagForm open failed on_send /> }
}
