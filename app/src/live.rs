//! Live updates: one event stream a page. Bursts become one refresh a second; a broken stream goes on where it was, and while
//! the server refuses one, the page asks from time to time.

use crate::{
    json,
    ui::erase::{drawn, effect, view},
};
use leptos::prelude::*;
use model::event::Event;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

/// Refreshes come at most so often, however much is logged; with the fetch itself what was logged is seen within a second.
const PAUSE: Duration = Duration::from_millis(800);
/// Wait before asking again when the server refused the stream: it may be starting, or have no place left.
const RETRY: Duration = Duration::from_secs(5);

/// How the page hears of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Connecting,
    Open,
    Lost,
}

/// The state of the page's stream, shown by the frame; one page has at most one stream.
#[derive(Clone, Copy)]
pub struct LineState {
    pub line: RwSignal<Option<Line>>,
    /// The browser says that there is no network; a stream may hang for long before it notices.
    pub cut: RwSignal<bool>,
}

impl LineState {
    pub fn provide() -> Self {
        let state = Self { line: RwSignal::new(None), cut: RwSignal::new(false) };
        provide_context(state);
        state
    }

    /// None on pages that have no stream.
    pub fn now(self) -> Option<Line> {
        if self.cut.get() { self.line.get().map(|_| Line::Lost) } else { self.line.get() }
    }
}

/// Calls `on_change` with what happened, at most once in a while, for as long as the page lives.
/// After a gap in the stream it is called with [`Event::Lagged`].
pub fn watch(path: String, on_change: impl Fn(Vec<Event>) + 'static) {
    watch_at_once(path, |_| (), on_change);
}

/// The same; `at_once` is told of each event as it comes, which may be hundreds a second.
pub fn watch_at_once(
    path: String,
    at_once: impl Fn(&Event) + 'static,
    on_change: impl Fn(Vec<Event>) + 'static,
) {
    let state = expect_context::<LineState>().line;
    if cfg!(feature = "ssr") {
        // The server renders once and watches nothing; what belongs to one thread must not be made there.
        return;
    }
    Effect::new(move |first: Option<()>| {
        if first.is_none() {
            state.set(Some(Line::Connecting));
        }
    });
    let told = Told { at_once: Rc::new(at_once), on_change: Rc::new(on_change) };
    let stream = StoredValue::new_local(None::<Rc<Stream>>);
    let told = StoredValue::new_local(told);
    effect(move || {
        stream.set_value(Some(Stream::open(path.clone(), state, told.get_value())));
    });
    // Six connections a host is all that HTTP/1.1 gives a browser: a hidden tab must not hold one.
    let visibility = window_event_listener_untyped("visibilitychange", move |_| {
        stream.with_value(|stream| {
            if let Some(stream) = stream {
                stream.follow_visibility();
            }
        });
    });
    // What was asked for without a network failed, also where the stream came through it unharmed.
    let online = window_event_listener_untyped("online", move |_| {
        stream.with_value(|stream| {
            if let Some(stream) = stream {
                stream.receive(Event::Lagged);
            }
        });
    });
    on_cleanup(move || {
        visibility.remove();
        online.remove();
        state.set(None);
    });
}

/// Who is told of events.
#[derive(Clone)]
struct Told {
    at_once: Rc<dyn Fn(&Event)>,
    on_change: Rc<dyn Fn(Vec<Event>)>,
}

struct Stream {
    path: String,
    state: RwSignal<Option<Line>>,
    told: Told,
    source: RefCell<Option<Source>>,
    waiting: RefCell<Vec<Event>>,
    timer_runs: Cell<bool>,
    /// The id of the last event heard: behind it the server goes on.
    heard: RefCell<Option<String>>,
    /// Events may have been missed, and nothing is known behind which the server could go on: fetch everything.
    missed: Cell<bool>,
}

/// An open connection with the closures that the browser calls.
struct Source {
    events: EventSource,
    _closures: [Closure<dyn FnMut(MessageEvent)>; 3],
}

impl Drop for Source {
    fn drop(&mut self) {
        self.events.close();
    }
}

impl Stream {
    fn open(path: String, state: RwSignal<Option<Line>>, told: Told) -> Rc<Self> {
        let stream = Rc::new(Self {
            path,
            state,
            told,
            source: RefCell::default(),
            waiting: RefCell::default(),
            timer_runs: Cell::new(false),
            heard: RefCell::default(),
            missed: Cell::new(false),
        });
        stream.connect();
        stream
    }

    fn connect(self: &Rc<Self>) {
        let path = match &*self.heard.borrow() {
            Some(id) if self.path.contains('?') => format!("{}&after={id}", self.path),
            Some(id) => format!("{}?after={id}", self.path),
            None => self.path.clone(),
        };
        let Ok(events) = EventSource::new(&path) else {
            return;
        };
        let on_open = self.closure(|stream, _| {
            stream.state.try_set(Some(Line::Open));
            if stream.missed.take() && stream.heard.borrow().is_none() {
                stream.receive(Event::Lagged);
            }
        });
        let on_message = self.closure(|stream, message| {
            stream.heard.replace(Some(message.last_event_id()).filter(|id| !id.is_empty()));
            let text = message.data().as_string().unwrap_or_default();
            if let Ok(event) = json::read(&text) {
                stream.receive(event);
            }
        });
        let on_error = self.closure(|stream, _| stream.lose());
        events.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        events.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        events.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let closures = [on_open, on_message, on_error];
        self.source.replace(Some(Source { events, _closures: closures }));
    }

    fn closure(
        self: &Rc<Self>,
        act: impl Fn(&Rc<Self>, MessageEvent) + 'static,
    ) -> Closure<dyn FnMut(MessageEvent)> {
        let stream = Rc::downgrade(self);
        Closure::new(move |message| {
            if let Some(stream) = stream.upgrade() {
                act(&stream, message);
            }
        })
    }

    /// The browser reconnects a broken stream by itself, but not one that was refused.
    fn lose(self: &Rc<Self>) {
        self.state.try_set(Some(Line::Lost));
        self.missed.set(true);
        let refused = self
            .source
            .borrow()
            .as_ref()
            .is_some_and(|source| source.events.ready_state() == EventSource::CLOSED);
        if refused {
            later(RETRY, Rc::downgrade(self), |stream| {
                if !document().hidden() {
                    // Until there is a stream again, the page asks instead of being told.
                    stream.receive(Event::Lagged);
                    stream.connect();
                }
            });
        }
    }

    fn follow_visibility(self: &Rc<Self>) {
        if document().hidden() {
            self.missed.set(true);
            self.source.replace(None);
        } else if self.source.borrow().is_none() {
            self.connect();
        }
    }

    fn receive(self: &Rc<Self>, event: Event) {
        (self.told.at_once)(&event);
        self.waiting.borrow_mut().push(event);
        if !self.timer_runs.get() {
            self.flush();
        }
    }

    fn flush(self: &Rc<Self>) {
        let events = self.waiting.take();
        if events.is_empty() {
            self.timer_runs.set(false);
            return;
        }
        (self.told.on_change)(events);
        self.timer_runs.set(true);
        later(PAUSE, Rc::downgrade(self), Stream::flush);
    }
}

fn later(wait: Duration, stream: Weak<Stream>, act: impl FnOnce(&Rc<Stream>) + 'static) {
    set_timeout(
        move || {
            if let Some(stream) = stream.upgrade() {
                act(&stream);
            }
        },
        wait,
    );
}

/// A word and a sign for how current the page is. Silent on pages that have no stream.
#[component]
pub fn Indicator() -> impl IntoView {
    let state = expect_context::<LineState>();
    drawn(move || {
        let (class, word) = match state.now()? {
            Line::Connecting => ("live live--connecting", "Connecting"),
            Line::Open => ("live live--open", "Live"),
            Line::Lost => ("live live--lost", "Offline"),
        };
        Some(view! {
            <span class=class title="New results appear by themselves">
                <span class="live__sign" aria-hidden="true"></span>
                {word}
            </span>
        })
    })
}
