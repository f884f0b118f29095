//! Choosing how charts are set up: the same fields for all of a page and for one of them.

use super::{
    board::Board,
    setup::{AXES, BANDS, CENTERS, KINDS, SMOOTHINGS, Settings, choice, strengths, word},
};
use crate::{
    chart::{
        extent::{Look, OUTLIER_RULE},
        scale::Kind,
    },
    ui::erase::{Show, drawn, handler, memo, view},
};
use leptos::prelude::*;
use model::{
    limits,
    series::{Axis, Smoothing},
};

/// What a chart may be set to, and where that is kept.
#[derive(Clone, Copy)]
pub struct Choice {
    pub settings: Signal<Settings>,
    pub set: Callback<Settings>,
    /// The metric that is the x axis, one for all charts.
    pub over: Signal<String>,
    pub set_over: Callback<String>,
    pub metrics: Signal<Vec<String>>,
}

impl Choice {
    fn change(self, change: impl FnOnce(Settings) -> Settings) {
        self.set.run(change(self.settings.get_untracked()));
    }

    fn look(self, change: impl FnOnce(Look) -> Look) {
        self.change(|settings| Settings { look: change(settings.look), ..settings });
    }
}

#[component]
pub fn Controls(choice: Choice) -> impl IntoView {
    let all = choice.settings;
    let box_of =
        move |on: fn(Look) -> bool, flip: fn(Look) -> Look, label: &'static str, title: &'static str| {
            let checked = move || on(all.get().look);
            view! {
                <label class="check" title=title>
                    <input
                        type="checkbox"
                        checked=drawn(checked)
                        prop:checked=drawn(checked)
                        on:change=handler(move |_| choice.look(flip))
                    />
                    {label}
                </label>
            }
        };
    view! {
        <div class="controls">
            <SmoothingFields choice />
            <AxisFields choice />
            <label class="field field--inline">
                <span class="field__label">"Y axis"</span>
                <Select
                    label="Y axis"
                    choices=&KINDS
                    value=Signal::derive(move || word(&KINDS, all.get().look.y))
                    on_pick=Callback::new(move |text: String| {
                        let y = self::choice(&KINDS, &text).unwrap_or_default();
                        choice.look(|look| Look { y, ..look });
                    })
                />
            </label>
            {box_of(
                |look| look.ignores_outliers,
                |look| Look { ignores_outliers: !look.ignores_outliers, ..look },
                "Ignore outliers",
                OUTLIER_RULE,
            )}
            {box_of(
                |look| look.band,
                |look| Look { band: !look.band, ..look },
                "Band",
                "Where points share a pixel: their last value in a band from the lowest to the highest, instead of all of them",
            )}
        </div>
    }
}

#[component]
fn Select<T: Copy + Send + Sync + 'static>(
    /// The words before it: a label around a select would read out every option.
    label: &'static str,
    choices: &'static [(T, &'static str, &'static str)],
    value: Signal<&'static str>,
    on_pick: Callback<String>,
) -> impl IntoView {
    let option = move |(_, word, title): &(T, &'static str, &'static str)| {
        let word = *word;
        view! {
            <option value=word selected=move || value.get() == word>
                {*title}
            </option>
        }
    };
    view! {
        <select aria-label=label prop:value=value on:change=handler(move |event| on_pick.run(event_target_value(&event)))>
            {choices.iter().map(option).collect_view()}
        </select>
    }
}

#[component]
fn SmoothingFields(choice: Choice) -> impl IntoView {
    let all = choice.settings;
    let kind = memo(move || all.get().smoothing);
    let pick = move |text: String| {
        let smoothing = self::choice(&SMOOTHINGS, &text).unwrap_or_default();
        choice.change(|settings| settings.with_smoothing(smoothing));
    };
    let amount = move || {
        let (_, most, step) = strengths(kind.get());
        let slid = move |event| {
            if let Ok(weight) = event_target_value(&event).parse() {
                choice.change(|settings| Settings { weight, ..settings });
            }
        };
        let unit = match kind.get() {
            Smoothing::Gaussian => " points σ",
            Smoothing::RunningMean => " points",
            _ => "",
        };
        view! {
            <input
                class="controls__amount"
                type="range"
                min="0"
                max=most.to_string()
                step=step.to_string()
                aria-label="Smoothing amount"
                prop:value=move || all.get().weight.to_string()
                on:input=handler(slid)
            />
            <output class="num controls__value">{move || format!("{}{unit}", all.get().weight)}</output>
        }
    };
    view! {
        <div class="field field--inline">
            <label class="field field--inline">
                <span class="field__label">"Smoothing"</span>
                <Select
                    label="Smoothing"
                    choices=&SMOOTHINGS
                    value=Signal::derive(move || word(&SMOOTHINGS, kind.get()))
                    on_pick=Callback::new(pick)
                />
            </label>
            {move || (kind.get() != Smoothing::None).then(amount)}
        </div>
    }
}

#[component]
fn AxisFields(choice: Choice) -> impl IntoView {
    let all = choice.settings;
    let axis = memo(move || all.get().axis);
    let pick = move |text: String| {
        let axis = self::choice(&AXES, &text).unwrap_or_default();
        // An axis of a metric needs one; which is for the person to change.
        if axis == Axis::Metric
            && choice.over.with_untracked(String::is_empty)
            && let Some(first) = choice.metrics.with_untracked(|keys| likely(keys).cloned())
        {
            choice.set_over.run(first);
        }
        choice.change(|settings| Settings { axis, ..settings });
    };
    let metrics = move || {
        let option = move |key: String| {
            let (value, text) = (key.clone(), key.clone());
            view! {
                <option value=value selected=move || choice.over.with(|over| *over == key)>
                    {text}
                </option>
            }
        };
        let picked = move |event| choice.set_over.run(event_target_value(&event));
        view! {
            <select
                class="controls__metric"
                aria-label="Metric of the x axis"
                prop:value=choice.over
                on:change=handler(picked)
            >
                {choice.metrics.get().into_iter().map(option).collect_view()}
            </select>
        }
    };
    let is_log = move || all.get().look.x == Kind::Log;
    let flip = |look: Look| Look { x: if look.x == Kind::Log { Kind::Linear } else { Kind::Log }, ..look };
    view! {
        <div class="field field--inline">
            <label class="field field--inline">
                <span class="field__label">"X axis"</span>
                <Select
                    label="X axis"
                    choices=&AXES
                    value=Signal::derive(move || word(&AXES, axis.get()))
                    on_pick=Callback::new(pick)
                />
            </label>
            {move || (axis.get() == Axis::Metric).then(metrics)}
            <label class="check">
                <input
                    type="checkbox"
                    aria-label="Logarithmic x axis"
                    checked=drawn(is_log)
                    prop:checked=drawn(is_log)
                    on:change=handler(move |_| choice.look(flip))
                />
                "log"
            </label>
        </div>
    }
}

/// Whether runs are drawn as one, and what then stands for them.
#[component]
pub fn GroupFields(board: Board) -> impl IntoView {
    let apart = move || board.groups.with(Vec::is_empty);
    let several = move || board.runs.with(Vec::len) > 1;
    let together = move || board.setup.with(|setup| setup.together);
    let spread = move || board.setup.with(|setup| setup.spread);
    let grouped = memo(move || board.grouping().is_some());
    let center = Signal::derive(move || word(&CENTERS, spread().center));
    let band = Signal::derive(move || word(&BANDS, spread().band));
    let set_center = move |text: String| {
        board.setup.update(|setup| setup.spread.center = choice(&CENTERS, &text).unwrap_or_default());
    };
    let set_band = move |text: String| {
        board.setup.update(|setup| setup.spread.band = choice(&BANDS, &text).unwrap_or_default());
    };
    let flip = move |_| board.setup.update(|setup| setup.together = !setup.together);
    view! {
        <div class="controls">
            <Show when=move || apart() && several()>
                <label class="check" title="One curve for all runs, and a band for how far they spread">
                    <input type="checkbox" checked=drawn(together) prop:checked=drawn(together) on:change=handler(flip) />
                    "All runs as one"
                </label>
            </Show>
            <Show when=move || grouped.get()>
                <label class="field field--inline">
                    <span class="field__label">"Curve"</span>
                    <Select label="Curve" choices=&CENTERS value=center on_pick=Callback::new(set_center) />
                </label>
                <label class="field field--inline">
                    <span class="field__label">"Band of runs"</span>
                    <Select label="Band of runs" choices=&BANDS value=band on_pick=Callback::new(set_band) />
                </label>
            </Show>
        </div>
    }
}

/// Whether what happened besides the metrics is marked, where something did.
#[component]
pub fn EventFields(board: Board) -> impl IntoView {
    let on = move || board.setup.with(|setup| !setup.without_events);
    let flip = move |_| board.setup.update(|setup| setup.without_events = !setup.without_events);
    let title = move || {
        let newest = format!(", of some runs the newest {}", limits::CHART_EVENTS_MAX);
        let newest = if board.happened.is_cut() { &newest } else { "" };
        format!("What happened besides the metrics, under the x axis{newest}")
    };
    view! {
        <Show when=move || board.happened.is_there(board.setup)>
            <label class="check" title=drawn(title)>
                <input type="checkbox" checked=drawn(on) prop:checked=drawn(on) on:change=handler(flip) />
                "Events"
            </label>
        </Show>
    }
}

/// The metric that people mostly mean: one that counts how far training has come.
fn likely(keys: &[String]) -> Option<&String> {
    let counts = |key: &&String| {
        let name = key.rsplit('/').next().unwrap_or(key);
        ["epoch", "samples", "tokens", "examples"].iter().any(|word| name.contains(word))
    };
    keys.iter().find(counts).or(keys.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_what_charts_stand_over_when_there_is_one() {
        let keys = ["loss", "train/epoch", "lr"].map(ToOwned::to_owned);
        assert_eq!(likely(&keys).map(String::as_str), Some("train/epoch"));
        assert_eq!(likely(&keys[2..]).map(String::as_str), Some("lr"));
        assert_eq!(likely(&[]), None);
    }
}
