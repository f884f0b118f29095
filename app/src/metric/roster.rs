//! The runs of a board as rows beside its charts: a row under the pointer lifts its curves, and the other way round.

use super::{
    board::{Board, BoardGroup, BoardRun},
    lines::owner,
};
use crate::{
    chart::Focus,
    ui::{
        erase::{For, drawn, handler, memo, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use model::RunId;

/// A run, or a group of some.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Whose lines are lifted.
    owner: String,
    name: String,
    color: u8,
    run: Option<RunId>,
    /// Whether it is drawn, where that can be changed.
    shown: Option<bool>,
}

impl Entry {
    /// The same row, be it shown or not.
    fn who(&self) -> (String, String, u8) {
        (self.owner.clone(), self.name.clone(), self.color)
    }

    pub fn of(run: &BoardRun) -> Self {
        let owner = owner(&run.id).to_owned();
        Self { owner, name: run.name.clone(), color: run.color, run: Some(run.id.clone()), shown: None }
    }

    /// The same of one that may be shown or hidden.
    pub fn either(run: &BoardRun, shown: bool) -> Self {
        Self { shown: Some(shown), ..Self::of(run) }
    }

    pub fn of_group(group: &BoardGroup) -> Self {
        let name = group.name.clone();
        Self { owner: name.clone(), name, color: group.color, run: None, shown: None }
    }
}

/// The rows, and what stands beside them. `flip` shows or hides a run.
#[component]
pub fn Roster(
    board: Board,
    entries: Memo<Vec<Entry>>,
    #[prop(optional, into)] flip: Option<Callback<RunId>>,
    children: Children,
) -> impl IntoView {
    let count = move || entries.with(Vec::len);
    let word = move || {
        let grouped = entries.with(|entries| entries.iter().any(|entry| entry.run.is_none()));
        if grouped { "Groups" } else { "Runs" }
    };
    view! {
        <div class="roster">
            <details class="roster__side" open>
                <summary class="roster__head">
                    <Icon name="chevron" />
                    {move || word()}
                    <span class="muted num">{move || count()}</span>
                </summary>
                <ul class="roster__rows" aria-label="Runs of these charts">
                    <For
                        each=move || entries.get()
                        key=Entry::who
                        children=move |entry| row(board, entries, entry, flip)
                    />
                </ul>
            </details>
            <div class="roster__main">{children()}</div>
        </div>
    }
}

fn row(board: Board, entries: Memo<Vec<Entry>>, entry: Entry, flip: Option<Callback<RunId>>) -> AnyView {
    let who = entry.who();
    let Entry { owner, name, color, run, shown } = entry;
    let is_switch = shown.is_some();
    // The row stays when its run is shown or hidden: the keyboard stands on its button.
    let shown = memo(move || {
        entries
            .with(|entries| entries.iter().find(|one| one.who() == who).and_then(|one| one.shown))
            .unwrap_or(true)
    });
    let focus = board.view.focus;
    let (of, own) = (owner.clone(), Focus::on_all_of(owner));
    let lifted = move || focus.with(|focus| focus.as_ref().is_some_and(|focus| focus.owner == of));
    let is_run = run.is_some();
    let lift = move || {
        // Of runs that are drawn as one, none has a curve of its own.
        if !is_run || untrack(|| board.grouping().is_none()) {
            focus.set(Some(own.clone()));
        }
    };
    let (on_focus, title) = (lift.clone(), name.clone());
    let drop = move || focus.set(None);
    let eye = run.clone().filter(|_| is_switch).zip(flip).map(|(id, flip)| {
        view! {
            <button
                class="roster__eye"
                type="button"
                aria-pressed=move || shown.get().to_string()
                aria-label=format!("Show {name}")
                title=move || if shown.get() { "Hide in charts" } else { "Show in charts" }
                on:click=handler(move |_| flip.run(id.clone()))
            >
                {move || view! { <Icon name=if shown.get() { "eye" } else { "eye-off" } /> }}
            </button>
        }
    });
    let text = match run {
        Some(id) => view! {
            <a class="roster__name" href=format!("/runs/{id}?tab=metrics") title=title>
                {name.clone()}
            </a>
        },
        None => view! { <span class="roster__name" title=title>{name.clone()}</span> },
    };
    view! {
        <li
            class="roster__row"
            class:roster__row--lifted=drawn(lifted)
            class:roster__row--off=move || !shown.get()
            on:pointerenter=handler(move |_| lift())
            on:pointerleave=handler(move |_| drop())
            on:focusin=handler(move |_| on_focus())
            on:focusout=handler(move |_| drop())
        >
            <span class=format!("swatch run-color-{color}")></span>
            {text}
            {eye}
        </li>
    }
}
