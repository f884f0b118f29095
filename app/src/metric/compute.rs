//! Adding a chart that is computed from metrics, and changing what it computes.

use super::{board::Board, setup::Computed};
use crate::{
    browser,
    ui::{
        erase::{Show, drawn, handler, memo, view},
        icon::Icon,
        popover::Popover,
        wrong::Wrong,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use model::{
    expression::{Expression, FUNCTIONS, quoted},
    limits,
};

#[component]
pub fn AddChart(board: Board, keys: Signal<Vec<String>>) -> impl IntoView {
    let label = view! {
        <Icon name="plus" />
        "Add chart"
    };
    // Made when it is first opened: a page may have thousands of metrics to choose from.
    let opened = RwSignal::new(false);
    view! {
        <div class="compute" on:click=handler(move |_| opened.set(true))>
            <Popover label>
                <div class="popover__box compute__box">
                    <Show when=move || opened.get()>
                        <ComputeForm board keys edited=Computed::default() />
                    </Show>
                </div>
            </Popover>
        </div>
    }
}

/// Metrics to choose from; of more, a name is sooner typed than found.
const OFFERED_MAX: usize = 500;

/// `edited` is what a chart computes now; of a new one, nothing.
#[component]
pub fn ComputeForm(board: Board, keys: Signal<Vec<String>>, edited: Computed) -> impl IntoView {
    let is_new = edited.expression.is_empty();
    let (name, text) = (RwSignal::new(edited.name.clone()), RwSignal::new(edited.expression.clone()));
    let field = NodeRef::<html::Input>::new();
    let read = memo(move || text.with(|text| Expression::parse(text.trim())));
    let error = move || {
        let blank = text.with(|text| text.trim().is_empty());
        read.get().err().filter(|_| !blank)
    };
    let unknown = move || {
        let read = read.get().ok()?;
        keys.with(|known| unknown(read.keys(), known))
    };
    let before = StoredValue::new(edited);
    let taken = move || {
        let expression = text.with(|text| text.trim().to_owned());
        let others = |one: &&Computed| before.with_value(|before| one.expression != before.expression);
        board.setup.with(|setup| setup.computed.iter().filter(others).any(|one| one.expression == expression))
    };
    let full =
        move || is_new && board.setup.with(|setup| setup.computed.len() >= limits::CHARTS_COMPUTED_MAX);
    let off = move || read.with(Result::is_err) || taken() || full();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        if untrack(off) {
            return;
        }
        let trimmed = |text: RwSignal<String>| text.with_untracked(|text| text.trim().to_owned());
        // A name ends where the expression begins in an address.
        let mut name_of = trimmed(name).replace('=', " ");
        name_of.truncate(name_of.floor_char_boundary(limits::CHART_NAME_BYTES_MAX));
        let computed = Computed { name: name_of, expression: trimmed(text) };
        board.setup.update(|setup| {
            if !is_new {
                setup.rekey(&before.with_value(Computed::key), Some(&computed.key()));
            }
            let known = setup.computed.iter_mut().find(|one| before.with_value(|before| **one == *before));
            match known {
                Some(known) if !is_new => *known = computed,
                _ => setup.computed.push(computed),
            }
        });
        if is_new {
            name.set(String::new());
            text.set(String::new());
        }
        for open in browser::find_all("details.popover[open]") {
            open.remove_attribute("open").ok();
        }
    };
    let remove = move |_| {
        board.setup.update(|setup| {
            setup.rekey(&before.with_value(Computed::key), None);
            setup.computed.retain(|one| before.with_value(|before| one != before));
        });
    };
    let insert = move |event: leptos::ev::Event| {
        let choice: web_sys::HtmlSelectElement = event_target(&event);
        let key = choice.value();
        if key.is_empty() {
            return;
        }
        // The same may be chosen again.
        choice.set_value("");
        text.update(|text| {
            if !text.is_empty() && !text.ends_with([' ', '(']) {
                text.push(' ');
            }
            text.push_str(&quoted(&key).to_string());
        });
        if let Some(field) = field.get_untracked() {
            field.focus().ok();
        }
    };
    let offered = move || {
        let option = |key: &String| view! { <option value=key.clone()>{key.clone()}</option> };
        keys.with(|keys| keys.iter().take(OFFERED_MAX).map(option).collect_view())
    };
    let hint = move || {
        if full() {
            Some(format!("At most {} charts are computed on one page.", limits::CHARTS_COMPUTED_MAX))
        } else if taken() {
            Some("There is a chart of this expression already.".to_owned())
        } else {
            unknown()
        }
    };
    view! {
        <form class="compute__form" on:submit=handler(save)>
            <label class="field">
                <span class="field__label">"Expression"</span>
                <input
                    type="text"
                    class="mono"
                    node_ref=field
                    placeholder="`val/loss` - `train/loss`"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength=limits::EXPRESSION_BYTES_MAX.to_string()
                    aria-invalid=move || error().is_some().to_string()
                    prop:value=text
                    on:input=handler(move |event| text.set(event_target_value(&event)))
                />
            </label>
            <div class="compute__problem" role="status">
                {move || error().map(|error| view! { <Wrong error text=text.with(|text| text.trim().to_owned()) /> })}
                {move || hint().map(|hint| view! { <span class="muted">{hint}</span> })}
            </div>
            <label class="field">
                <span class="field__label">"Insert a metric"</span>
                <select aria-label="Insert a metric" on:change=handler(insert)>
                    <option value="">"…"</option>
                    {move || offered()}
                </select>
            </label>
            <label class="field">
                <span class="field__label">"Name"</span>
                <input
                    type="text"
                    placeholder="what it is called"
                    autocomplete="off"
                    maxlength=limits::CHART_NAME_BYTES_MAX.to_string()
                    prop:value=name
                    on:input=handler(move |event| name.set(event_target_value(&event)))
                />
            </label>
            <p class="compute__help">
                {format!("+ − * / ^ and {}; names with a slash stand in `backticks`.", FUNCTIONS.join(" "))}
                " It has a value at each step at which all its metrics have one."
            </p>
            <div class="compute__actions">
                <button class="button button--primary" type="submit" disabled=drawn(off)>
                    {if is_new { "Add chart" } else { "Change chart" }}
                </button>
                {(!is_new)
                    .then(|| {
                        view! {
                            <button class="button" type="button" on:click=handler(remove)>
                                <Icon name="trash" />
                                "Remove chart"
                            </button>
                        }
                    })}
            </div>
        </form>
    }
}

/// What is said of metrics that no run here has: nothing is wrong, but there will be no curve.
fn unknown(named: &[String], known: &[String]) -> Option<String> {
    let missing = named.iter().find(|key| !known.contains(key))?;
    let meant = known.iter().find(|key| key.starts_with(&format!("{missing}/")));
    let meant = meant.map(|key| format!(" Is {} meant?", quoted(key))).unwrap_or_default();
    Some(format!("No metric here is called {missing}.{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_is_not_there_is_told_and_the_likely_one_offered() {
        let known = ["val/loss", "loss"].map(ToOwned::to_owned);
        let said = |text: &str| unknown(Expression::parse(text).expect(text).keys(), &known);
        assert_eq!(said("loss * 2"), None);
        assert_eq!(said("val/loss").as_deref(), Some("No metric here is called val. Is `val/loss` meant?"));
        assert_eq!(said("acc").as_deref(), Some("No metric here is called acc."));
    }
}
