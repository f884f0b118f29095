//! Which params, metrics, tags and attributes the run table shows: a form in a popover, so that what is shown can be taken
//! away before wasm arrives; after, everything that any run has can be searched and added.

use super::Table;
use crate::{
    link,
    pages::{self, Tool},
    run::{api, columns, query},
    ui::{
        erase::{drawn, handler, view},
        filter::Hidden,
        find::Find,
        icon::Icon,
        popover::{Asleep, Popover},
    },
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use model::{
    limits,
    query::{Attribute, Field, Stat},
    run::RunFieldQuery,
};
use wasm_bindgen::JsCast;
use web_sys::HtmlFormElement;

/// Attributes that are no fixed columns.
const ATTRIBUTES: [Attribute; 6] = [
    Attribute::Number,
    Attribute::Id,
    Attribute::Created,
    Attribute::Ended,
    Attribute::Updated,
    Attribute::Archived,
];

#[component]
pub fn ColumnPicker(table: Table) -> impl IntoView {
    let label = view! {
        <Icon name="columns" />
        "Columns"
    };
    view! {
        <Popover label>
            <Asleep part=move || pages::tool(Tool::Columns(table)) />
        </Popover>
    }
}

/// What the popover holds.
#[component]
pub fn Columns(table: Table) -> impl IntoView {
    let Table { feed, search, path, columns, .. } = table;
    let form = NodeRef::<html::Form>::new();
    let show = table.show();
    let known = RwSignal::new(Vec::<Field>::new());
    let asked = StoredValue::new(0_u64);
    let fetch = move |text: String| {
        let number = asked.get_value() + 1;
        asked.set_value(number);
        let experiment_id = feed.current.with_untracked(|runs| runs.experiment.id);
        spawn_local(async move {
            let query =
                RunFieldQuery { experiment_id, search: text.clone(), limit: Some(limits::PAGE_DEFAULT) };
            let Ok(mut found) = api::fields(query).await else { return };
            let fits = |one: &Attribute| one.name().contains(&text.to_lowercase());
            found.extend(ATTRIBUTES.into_iter().filter(fits).map(Field::Attribute));
            if asked.try_get_value() == Some(number) {
                known.set(found);
            }
        });
    };
    let on_find = Callback::new(fetch);
    let apply = {
        let show = show.clone();
        move |event: ev::Event| {
            let box_changed = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok())
                .is_some_and(|input| input.name() == "col");
            if let Some(form) = form.get_untracked()
                && box_changed
            {
                show(ticked(&form));
            }
        }
    };
    let one_shown = move |column: Field| {
        let name = column.to_string();
        let stat = stat_choice(table, &column);
        let keep = keep_left(table, &column);
        view! {
            <div class="picker__row">
                <label class="check">
                    <input type="checkbox" name="col" value=name checked=true prop:checked=true />
                    <span class="mono">{columns::name(&column)}</span>
                    <span class="picker__kind">{columns::kind(&column)}</span>
                </label>
                {stat} {keep}
            </div>
        }
    };
    let one_known = move |column: Field| {
        let name = column.to_string();
        view! {
            <label class="check">
                <input type="checkbox" name="col" value=name />
                <span class="mono">{columns::name(&column)}</span>
                <span class="picker__kind">{columns::kind(&column)}</span>
            </label>
        }
    };
    let others = move || {
        let shown = columns.get();
        known.get().into_iter().filter(|one| !shown.contains(one)).map(one_known).collect_view()
    };
    let preset = move || path.with_value(|path| search.get().without("cols").without("col").href(path));
    view! {
            <form
                class="popover__box picker"
                method="get"
                action=path.get_value()
                node_ref=form
                on:change=handler(apply)
                aria-label="Columns"
            >
                <fieldset class="popover__group">
                    <legend>"Shown, from left to right"</legend>
                    {move || {
                        search.with(query::left);
                        columns.get().into_iter().map(one_shown).collect_view()
                    }}
                </fieldset>
                <fieldset class="popover__group picker__more">
                    <legend>"More"</legend>
                    <div on:focusin=handler(move |_| {
                        if known.with_untracked(Vec::is_empty) {
                            fetch(String::new());
                        }
                    })>
                        <Find
                            placeholder="Find a param, metric or tag"
                            label="Find a param, metric or tag"
                            on_find
                        />
                    </div>
                    <div class="picker__known">{move || others()}</div>
                </fieldset>
                <Hidden search except=&["col", "cols"] />
                <p class="popover__foot">
                    <a href=drawn(preset) data-noscroll="">
                        "Show the usual ones"
                    </a>
                    <noscript>
                        <button class="button" type="submit">
                            "Apply"
                        </button>
                    </noscript>
                </p>
            </form>
    }
}

/// Puts a column to the left, where it stays when the table scrolls sideways.
fn keep_left(table: Table, column: &Field) -> AnyView {
    let Table { search, .. } = table;
    let go = link::use_go();
    let name = columns::name(column);
    let kept = search.with_untracked(|query| query::left(query).contains(column));
    let (label, title) = if kept {
        (format!("Let {name} scroll"), "At the left; let it scroll with the others")
    } else {
        (format!("Keep {name} at the left"), "Keep at the left")
    };
    let column = column.clone();
    let click = move |_| match query::flip_left(&search.get_untracked(), &column) {
        Some(query) => go(&table.href(&query)),
        None => {
            table.toaster.fail(format!("At most {} columns stay at the left", limits::PINNED_COLUMNS_MAX));
        }
    };
    view! {
        <button
            class="button button--icon picker__left"
            type="button"
            aria-label=label
            aria-pressed=kept.to_string()
            title=title
            on:click=handler(click)
        >
            <Icon name="pin" />
        </button>
    }
}

/// Which number of a metric its column shows.
fn stat_choice(table: Table, column: &Field) -> Option<AnyView> {
    let Field::Metric { key, stat } = column.clone() else { return None };
    let (show, columns) = (table.show(), table.columns);
    let before = column.clone();
    let change = move |event: ev::Event| {
        let word = event_target_value(&event);
        let Some(stat) = Stat::ALL.into_iter().find(|stat| stat.name() == word) else { return };
        let after = Field::Metric { key: key.clone(), stat };
        let swapped = |one: Field| if one == before { after.clone() } else { one };
        show(columns.get_untracked().into_iter().map(swapped).collect());
    };
    let option = move |one: Stat| {
        view! {
            <option value=one.name() selected=one == stat>
                {one.name()}
            </option>
        }
    };
    let label = format!("Which number of {}", columns::name(column));
    Some(view! {
        <select class="select select--small" aria-label=label on:change=handler(change)>
            {Stat::ALL.map(option).collect_view()}
        </select>
    })
}

fn ticked(form: &HtmlFormElement) -> Vec<Field> {
    let boxes = form.query_selector_all("input[name=col]:checked");
    let Ok(boxes) = boxes else { return Vec::new() };
    (0..boxes.length())
        .filter_map(|index| boxes.get(index)?.dyn_into::<web_sys::HtmlInputElement>().ok())
        .filter_map(|input| input.value().try_into().ok())
        .collect()
}
