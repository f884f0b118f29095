//! One chart of a board: its head with what it says and its menu, the plot, the names of its lines.

use super::{board::Board, controls::Controls, setup::Settings};
use crate::{
    chart::{
        Export, Facts, Form, Forms, Legend, Lines, Plot,
        extent::Zoom,
        format,
        line::{Kind, Line},
    },
    ui::{icon::Icon, popover::Popover},
};
use leptos::{html, prelude::*};
use model::series::Axis;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

#[component]
pub fn Panel(board: Board, key_name: String, keys: Signal<Vec<String>>, names: bool) -> impl IntoView {
    let node = NodeRef::<html::Article>::new();
    let settings = board.settings(key_name.clone());
    let lines = board.curve(&key_name);
    let (y_zoom, facts) = (RwSignal::new(None), RwSignal::new(Facts::default()));
    Effect::new(move || {
        if let Some(panel) = node.get() {
            board.watch(panel.unchecked_ref());
        }
    });
    let several = Signal::derive(move || {
        names || lines.with(|lines| lines.as_ref().is_some_and(|lines| lines.len() > 1))
    });
    let look = Signal::derive(move || settings.get().look);
    let (title, text) = (key_name.clone(), key_name.clone());
    let (data, label) = (key_name.clone(), key_name.clone());
    let parts =
        PanelParts { board, node, lines, settings, y_zoom, facts, key: StoredValue::new(key_name.clone()) };
    view! {
        <article class="panel" node_ref=node data-metric=data aria-label=label>
            <header class="panel__head">
                <h4 class="panel__title" title=title>{text}</h4>
                <span class="panel__note num">{move || parts.note()}</span>
                <PanelMenu parts keys />
            </header>
            <Plot name=key_name lines look view=board.view y_zoom facts names=several />
            <Legend lines view=board.view />
        </article>
    }
}

#[derive(Clone, Copy)]
struct PanelParts {
    board: Board,
    node: NodeRef<html::Article>,
    lines: Signal<Lines>,
    settings: Memo<Settings>,
    y_zoom: RwSignal<Option<(f64, f64)>>,
    facts: RwSignal<Facts>,
    key: StoredValue<String>,
}

impl PanelParts {
    fn note(self) -> String {
        let lines = self.lines.get().unwrap_or_default();
        note(&self.board.view.shown(&lines), self.facts.get())
    }

    fn set(self, settings: Settings) {
        let key = self.key.get_value();
        self.board.setup.update(|setup| {
            setup.panels.insert(key, settings);
        });
    }

    /// Sends the chart out; `false` when there is nothing to draw.
    fn export(self, form: Form) -> bool {
        let Some(panel) = self.node.get_untracked() else { return false };
        let lines = self.lines.get_untracked().unwrap_or_default();
        let plot = panel.query_selector(".plot").ok().flatten();
        let size = plot
            .and_then(|plot| plot.dyn_into::<HtmlElement>().ok())
            .map_or((0.0, 0.0), |plot| (f64::from(plot.client_width()), f64::from(plot.client_height())));
        let (view, settings) = (self.board.view, self.settings.get_untracked());
        let export = untrack(|| Export {
            title: self.key.get_value(),
            note: note(&view.shown(&lines), self.facts.get()),
            lines: view.shown(&lines),
            look: settings.look,
            zoom: Zoom { x: view.zoom(settings.axis), y: self.y_zoom.get() },
            over: (settings.axis == Axis::Metric).then(|| self.board.setup.with(|setup| setup.over.clone())),
            size,
        });
        export.run(form, panel.unchecked_ref::<Element>())
    }
}

/// What is rarely needed: how this chart alone is set up, and how it leaves the page. Made when it is first opened.
#[component]
fn PanelMenu(parts: PanelParts, keys: Signal<Vec<String>>) -> impl IntoView {
    let opened = RwSignal::new(false);
    let name = parts.key.with_value(|key| format!("Settings and export of {key}"));
    let label = view! {
        <Icon name="more" />
        <span class="hidden">{name}</span>
    }
    .into_any();
    view! {
        <div class="panel__menu" on:click=move |_| opened.set(true)>
            <Popover label>
                <div class="popover__box panel__box">
                    <Show when=move || opened.get()>
                        <Menu parts keys />
                    </Show>
                </div>
            </Popover>
        </div>
    }
}

#[component]
fn Menu(parts: PanelParts, keys: Signal<Vec<String>>) -> impl IntoView {
    let board = parts.board;
    let choice =
        board.choice(parts.settings.into(), Callback::new(move |settings| parts.set(settings)), keys);
    let apart = move || board.setup.with(|setup| parts.key.with_value(|key| setup.panels.contains_key(key)));
    let like_all = move |_| {
        board.setup.update(|setup| {
            parts.key.with_value(|key| setup.panels.remove(key));
        });
    };
    let whole = move |_| {
        if let Some(panel) = parts.node.get_untracked() {
            // Refused only where the browser has no full screen; the chart stays as it is then.
            panel.request_fullscreen().ok();
        }
    };
    view! {
        <fieldset class="popover__group">
            <legend>"This chart"</legend>
            <Controls choice />
            <Show when=apart>
                <button class="button" type="button" on:click=like_all>
                    <Icon name="restore" />
                    "Like all others"
                </button>
            </Show>
        </fieldset>
        <fieldset class="popover__group">
            <legend>"Export"</legend>
            <div class="panel__forms">
                <Forms
                    export=Callback::new(move |form| parts.export(form))
                    address=Callback::new(move |()| board.address())
                />
                <button class="button" type="button" on:click=whole>
                    <Icon name="square" />
                    "Full screen"
                </button>
            </div>
        </fieldset>
    }
}

/// The last value of a lone curve, how much of the data the picture stands for when it is not all, and what of it lies
/// outside.
fn note(lines: &[&Line], facts: Facts) -> String {
    let mut parts = Vec::new();
    if lines.iter().any(|line| line.is_sampled()) {
        let rows: usize = lines.iter().map(|line| line.len()).sum();
        let total: u64 = lines.iter().map(|line| line.total).sum();
        parts.push(format!("{} of {} points", format::count(rows as i64), format::count(total as i64)));
    } else if lines.iter().any(|line| line.kind == Kind::Group) {
        let total: u64 = lines.iter().map(|line| line.total).sum();
        parts.push(format!("all of {}", format::counted(total as i64, "point", "points")));
    } else if let [only] = lines {
        parts.extend(only.end().map(|(_, value)| format::number(value)));
    }
    if facts.placeless > 0 {
        parts.push(format!("{} not above 0", format::count(facts.placeless as i64)));
    }
    if facts.cut > 0 {
        parts.push(format!("{} beyond the axis", format::count(facts.cut as i64)));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::line::tests::{buckets, points};

    #[test]
    fn a_sampled_picture_says_so() {
        assert_eq!(note(&[&buckets(&[(0.0, 1.0, 0.5)])], Facts::default()), "1 of 10 points");
        assert_eq!(note(&[&points(&[1], &[0.25])], Facts::default()), "0.2500");
        assert_eq!(note(&[], Facts::default()), "");
    }

    #[test]
    fn what_lies_outside_is_counted() {
        let facts = Facts { cut: 3, placeless: 1200 };
        let text = note(&[&points(&[1], &[0.25]), &points(&[1], &[0.5])], facts);
        assert_eq!(text, "1\u{202f}200 not above 0 · 3 beyond the axis");
    }
}
