//! One chart of a board: its head with what it says and its menu, the plot, the names of its lines.

use super::{
    arrange,
    board::Board,
    bundle::Bundle,
    compute::ComputeForm,
    controls::Controls,
    setup::{Computed, Settings, Setup},
};
use crate::{
    chart::{
        Export, Facts, Form, Forms, Legend, Lines, Plot,
        extent::Zoom,
        format,
        line::{Kind, Line},
        placed,
    },
    ui::{
        erase::{Show, drawn, effect, handler, memo, view},
        icon::Icon,
        popover::Popover,
        toast::Toaster,
    },
};
use leptos::{ev::DragEvent, html, prelude::*};
use model::{limits, series::Axis};
use std::collections::BTreeSet;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

#[component]
pub fn Panel(
    board: Board,
    key_name: String,
    keys: Signal<Vec<String>>,
    /// The charts of its section, in their order.
    order: Memo<Vec<String>>,
    names: bool,
) -> impl IntoView {
    let node = NodeRef::<html::Article>::new();
    let settings = board.settings(key_name.clone());
    let lines = board.curve(&key_name);
    let (y_zoom, facts) = (RwSignal::new(None), RwSignal::new(Facts::default()));
    effect(move || {
        if let Some(panel) = node.get() {
            board.watch(panel.unchecked_ref());
        }
    });
    let several = Signal::derive(move || {
        names || lines.with(|lines| lines.as_ref().is_some_and(|lines| lines.len() > 1))
    });
    let look = Signal::derive(move || settings.get().look);
    let data = key_name.clone();
    let key = StoredValue::new(key_name);
    let parts = PanelParts { board, node, lines, settings, y_zoom, facts, order, key };
    let arrange::Dragged(dragging) = expect_context();
    // The chart under the one that is dragged.
    let under = RwSignal::new(false);
    let taken =
        move || dragging.with(|dragged| dragged.as_ref().is_some_and(|dragged| parts.is_near(dragged)));
    let over = move |event: DragEvent| {
        if taken() {
            event.prevent_default();
            under.set(true);
        }
    };
    let toaster = Toaster::here();
    let dropped = move |event: DragEvent| {
        under.set(false);
        if let Some(dragged) = dragging.try_update(Option::take).flatten() {
            event.prevent_default();
            let (here, _) = untrack(|| parts.standing());
            parts.place(&dragged, here, toaster);
        }
    };
    let lift = move |_| dragging.set(Some(key.get_value()));
    let (title, text, label) = (move || parts.hint(), move || parts.title(), move || parts.title());
    let wide = move || board.setup.with(|setup| key.with_value(|key| setup.wide.contains(key)));
    view! {
        <article
            class="panel"
            class:panel--wide=drawn(wide)
            class:panel--under=move || under.get()
            node_ref=node
            data-metric=data
            aria-label=label
            on:dragover=handler(over)
            on:dragleave=handler(move |_| under.set(false))
            on:drop=handler(dropped)
        >
            <header class="panel__head">
                <h4
                    class="panel__title"
                    title=title
                    draggable="true"
                    on:dragstart=handler(lift)
                    on:dragend=handler(move |_| dragging.set(None))
                >
                    {text}
                </h4>
                <span class="panel__note num">{move || parts.note()}</span>
                <PanelMenu parts keys />
            </header>
            <Plot
                name=Signal::derive(move || parts.title())
                lines
                look
                events=board.happened.events
                view=board.view
                y_zoom
                facts
                names=several
            />
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
    order: Memo<Vec<String>>,
    key: StoredValue<String>,
}

impl PanelParts {
    fn computed(self) -> Option<Computed> {
        self.board.setup.with(|setup| self.key.with_value(|key| setup.computed_as(key).cloned()))
    }

    fn bundle(self) -> Option<Bundle> {
        self.key.with_value(|key| self.board.bundle(key))
    }

    fn title(self) -> String {
        if let Some(bundle) = self.bundle() {
            return bundle.title;
        }
        // While it leaves, what it computed is not known any more.
        self.computed().map_or_else(|| self.key.get_value(), |computed| computed.title().to_owned())
    }

    /// What is shown of the title when the pointer rests on it.
    fn hint(self) -> String {
        let what = self.computed().map_or_else(|| self.key.get_value(), |computed| computed.expression);
        format!("{what}: drag to move")
    }

    fn is_near(self, key: &String) -> bool {
        self.order.with_untracked(|order| order.contains(key)) && self.key.with_value(|own| own != key)
    }

    /// Puts a chart of the section where another one stands.
    fn place(self, key: &str, target: usize, toaster: Toaster) {
        let placed = self.order.with_untracked(|order| {
            self.board.setup.with_untracked(|setup| arrange::moved(order, &setup.placed, key, target))
        });
        match placed {
            Some(placed) => self.board.setup.update(|setup| setup.placed = placed),
            None => toaster.fail(format!("At most {} charts can be placed", limits::CHARTS_PLACED_MAX)),
        }
    }

    /// Where it stands, and of how many.
    fn standing(self) -> (usize, usize) {
        self.order.with(|order| {
            let here = order.iter().position(|one| self.key.with_value(|key| one == key));
            (here.unwrap_or_default(), order.len())
        })
    }

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
        let events = self.board.happened.events.get_untracked();
        let zoom = untrack(|| Zoom { x: view.zoom(settings.axis), y: self.y_zoom.get() });
        let export = untrack(|| Export {
            title: self.title(),
            note: note(&view.shown(&lines), self.facts.get()),
            lines: view.shown(&lines),
            look: settings.look,
            zoom,
            over: (settings.axis == Axis::Metric).then(|| self.board.setup.with(|setup| setup.over.clone())),
            events: events.and_then(|events| placed(&events, &lines, &view.shown(&lines), zoom).0),
            size,
        });
        export.run(form, panel.unchecked_ref::<Element>())
    }
}

/// What is rarely needed: how this chart alone is set up, and how it leaves the page. Made when it is first opened.
#[component]
fn PanelMenu(parts: PanelParts, keys: Signal<Vec<String>>) -> impl IntoView {
    let opened = RwSignal::new(false);
    let name = move || format!("Settings and export of {}", parts.title());
    let label = view! {
        <Icon name="more" />
        <span class="hidden">{move || name()}</span>
    };
    view! {
        <div class="panel__menu" on:click=handler(move |_| opened.set(true))>
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
    let toaster = Toaster::here();
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
    // Made anew only when this chart computes something else, not while somebody types.
    let computed = memo(move || parts.computed());
    let edited = move || {
        computed.get().map(|computed| {
            view! {
                <fieldset class="popover__group">
                    <legend>"What it computes"</legend>
                    <ComputeForm board keys edited=computed />
                </fieldset>
            }
        })
    };
    view! {
        {move || edited()}
        <fieldset class="popover__group">
            <legend>"This chart"</legend>
            <Controls choice />
            <Show when=apart>
                <button class="button" type="button" on:click=handler(like_all)>
                    <Icon name="restore" />
                    "Like all others"
                </button>
            </Show>
        </fieldset>
        <Place parts toaster />
        <fieldset class="popover__group">
            <legend>"Export"</legend>
            <div class="panel__forms">
                <Forms
                    export=Callback::new(move |form| parts.export(form))
                    address=Callback::new(move |()| board.address())
                />
                <button class="button" type="button" on:click=handler(whole)>
                    <Icon name="square" />
                    "Full screen"
                </button>
            </div>
        </fieldset>
    }
}

/// Where the chart stands among those of its section, for who does not drag.
#[component]
fn Place(parts: PanelParts, toaster: Toaster) -> impl IntoView {
    let board = parts.board;
    let step = move |forward: bool| {
        let (here, _) = untrack(|| parts.standing());
        let target = if forward { here + 1 } else { here.saturating_sub(1) };
        parts.key.with_value(|key| parts.place(key, target, toaster));
    };
    // In a list of the address: in it, or out of it.
    let flip = move |list: fn(&mut Setup) -> &mut BTreeSet<String>| {
        let key = parts.key.get_value();
        board.setup.update(|setup| {
            let list = list(setup);
            if list.remove(&key) {
                return;
            }
            if list.len() < limits::CHARTS_PLACED_MAX {
                list.insert(key);
            } else {
                toaster.fail(format!("At most {} charts", limits::CHARTS_PLACED_MAX));
            }
        });
    };
    let wide = move || board.setup.with(|setup| parts.key.with_value(|key| setup.wide.contains(key)));
    view! {
        <fieldset class="popover__group">
            <legend>"Its place"</legend>
            <div class="panel__forms">
                <button
                    class="button"
                    type="button"
                    disabled=move || parts.standing().0 == 0
                    on:click=handler(move |_| step(false))
                >
                    <Icon name="up" />
                    "Move before"
                </button>
                <button
                    class="button"
                    type="button"
                    disabled=move || { parts.standing().0 + 1 >= parts.standing().1 }
                    on:click=handler(move |_| step(true))
                >
                    <Icon name="down" />
                    "Move behind"
                </button>
                <button
                    class="button"
                    type="button"
                    aria-pressed=move || wide().to_string()
                    on:click=handler(move |_| flip(|setup| &mut setup.wide))
                >
                    <Icon name="columns" />
                    "Two columns wide"
                </button>
                <button class="button" type="button" on:click=handler(move |_| flip(|setup| &mut setup.gone))>
                    <Icon name="eye" />
                    "Hide this chart"
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
    let offered: u64 = lines.iter().filter_map(|line| line.offered).sum();
    let computed: u64 = lines.iter().filter(|line| line.offered.is_some()).map(|line| line.total).sum();
    if computed < offered {
        parts.push(format!(
            "{} of {} steps have all metrics",
            format::count(computed as i64),
            format::count(offered as i64)
        ));
    }
    if facts.adrift > 0 {
        let events = format::counted(facts.adrift as i64, "event", "events");
        parts.push(format!("{events} before the first point"));
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
        let facts = Facts { cut: 3, placeless: 1200, adrift: 2 };
        let text = note(&[&points(&[1], &[0.25]), &points(&[1], &[0.5])], facts);
        assert_eq!(text, "2 events before the first point · 1\u{202f}200 not above 0 · 3 beyond the axis");
    }

    #[test]
    fn what_is_computed_says_where_something_is_missing() {
        let mut line = points(&[1, 2], &[0.25, 0.5]);
        line.total = 7;
        line.is_computed(true);
        assert_eq!(note(&[&line], Facts::default()), "0.5000 · 2 of 7 steps have all metrics");
        line.offered = None;
        assert_eq!(note(&[&line], Facts::default()), "0.5000");
    }
}
