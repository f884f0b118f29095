//! The filter of a list: a GET form that works before wasm arrives, and applies itself while a person types after.

use super::{
    erase::{drawn, handler, view},
    form::Apply,
    icon::Icon,
};
use crate::link::{self, Query};
use leptos::{ev::SubmitEvent, html, prelude::*};
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

/// A search field with whatever selects come as children. The form's fields become the query of the page's URL.
#[component]
pub fn FilterForm(
    path: String,
    search: Memo<Query>,
    label: &'static str,
    children: Children,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let go = link::use_go();
    let rewrite = link::use_rewrite();
    let action = path.clone();
    let path = StoredValue::new(path);
    let href = move || {
        let form = form.get_untracked()?;
        Some(path.with_value(|path| read(&form).href(path)))
    };
    let apply = move || {
        if let Some(href) = href() {
            go(&href);
        }
    };
    let submit = {
        let apply = apply.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            apply();
        }
    };
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |_| {
        if let Some(timer) = waiting.get_value() {
            timer.clear();
        }
        let rewrite = rewrite.clone();
        let send = move || {
            if let Some(href) = href() {
                rewrite(&href);
            }
        };
        // A quarter second without a key: the person has stopped typing.
        let timer = set_timeout_with_handle(send, Duration::from_millis(250)).ok();
        waiting.set_value(timer);
    };
    on_cleanup(move || {
        if let Some(timer) = waiting.try_get_value().flatten() {
            timer.clear();
        }
    });
    let text = move || search.with(|query| query.get("search").unwrap_or_default().to_owned());
    view! {
        <form class="filter" method="get" action=action role="search" node_ref=form on:submit=handler(submit)>
            <label class="filter__search">
                <span class="hidden">{label}</span>
                <Icon name="search" />
                <input
                    type="search"
                    name="search"
                    placeholder=label
                    autocomplete="off"
                    data-key="filter"
                    value=drawn(text)
                    prop:value=drawn(text)
                    on:input=handler(typed)
                />
            </label>
            <div class="filter__more" on:change=handler(move |_| apply())>
                {children()}
            </div>
            <Apply />
        </form>
    }
}

/// The rest of the URL, carried along in hidden fields.
#[component]
pub fn Hidden(search: Memo<Query>, except: &'static [&'static str]) -> impl IntoView {
    drawn(move || {
        let rest = search.with(|query| query.other_than(except));
        rest.into_iter()
            .map(|(key, value)| view! { <input type="hidden" name=key value=value /> })
            .collect_view()
    })
}

/// The fields of a form as a query, empty ones left out.
fn read(form: &HtmlFormElement) -> Query {
    let mut query = Query::default();
    let Ok(data) = FormData::new_with_form(form) else {
        return query;
    };
    for entry in data.entries().into_iter().flatten() {
        let pair: js_sys::Array = entry.unchecked_into();
        let (key, value) = (pair.get(0).as_string(), pair.get(1).as_string());
        if let (Some(key), Some(value)) = (key, value)
            && !value.is_empty()
        {
            query = query.and(&key, value);
        }
    }
    query
}
