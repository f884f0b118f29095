//! The page's clock: one tick a second, so that relative times and running durations stay true.

use crate::ui::erase::effect;
use leptos::prelude::*;
use std::time::Duration;

#[derive(Clone, Copy)]
struct Now(RwSignal<i64>);

/// Starts the clock for the whole application.
pub fn provide() {
    let now = RwSignal::new(read());
    provide_context(Now(now));
    effect(move || set_interval(move || now.set(read()), Duration::from_secs(1)));
}

/// The time in Unix milliseconds.
pub fn now() -> Signal<i64> {
    expect_context::<Now>().0.into()
}

#[cfg(feature = "ssr")]
fn read() -> i64 {
    crate::remote::now_ms()
}

#[cfg(not(feature = "ssr"))]
fn read() -> i64 {
    js_sys::Date::now() as i64
}
