//! What a page shows: fetched with the page, then kept current in place, so that nothing flickers, jumps or loses focus.

use crate::error::AppError;
use crate::ui::erase::{effect, watch};
use leptos::{prelude::*, task::spawn_local};
use std::{future::Future, pin::Pin, sync::Arc};

type Fetch<T> = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, AppError>>>> + Send + Sync>;

/// A value and the way to fetch it again. Cheap to copy.
pub struct Feed<T: Send + Sync + 'static> {
    pub current: RwSignal<T>,
    /// A newer value is on its way.
    pub busy: RwSignal<bool>,
    /// Why the last refresh failed; what is shown stays.
    pub failed: RwSignal<Option<AppError>>,
    fetch: StoredValue<Fetch<T>>,
    /// Counts requests, so that a late answer to an early one is dropped.
    asked: StoredValue<u64>,
}

impl<T: Send + Sync + 'static> Clone for Feed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Feed<T> {}

impl<T: Send + Sync + 'static> Feed<T> {
    /// Starts with what the page was rendered with; fetches again whenever `input` changes.
    pub fn new<I, F>(first: T, input: Memo<I>, fetch: fn(I) -> F) -> Self
    where
        I: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<T, AppError>> + 'static,
    {
        let fetch: Fetch<T> = Arc::new(move || Box::pin(fetch(input.get_untracked())));
        let feed = Self {
            current: RwSignal::new(first),
            busy: RwSignal::new(false),
            failed: RwSignal::new(None),
            fetch: StoredValue::new(fetch),
            asked: StoredValue::new(0),
        };
        watch(move || input.get(), move |_, _| feed.refresh());
        feed
    }

    /// The same for what the page may have been rendered without: then it is fetched at once. The signal tells whether
    /// it is there.
    pub fn soon<I, F>(first: Option<T>, input: Memo<I>, fetch: fn(I) -> F) -> (Self, RwSignal<bool>)
    where
        T: Default,
        I: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<T, AppError>> + 'static,
    {
        let loaded = RwSignal::new(first.is_some());
        let feed = Self::new(first.unwrap_or_default(), input, fetch);
        effect(move || {
            if !loaded.get_untracked() {
                feed.refresh();
            }
        });
        let there = move |(): &(), _: Option<&()>| {
            // A signal that is set tells of it, though it was so before: what is drawn would be made anew.
            if !loaded.get_untracked() {
                loaded.set(true);
            }
        };
        watch(move || feed.current.track(), there);
        (feed, loaded)
    }

    /// Fetches again; the page keeps what it shows until the answer is there.
    pub fn refresh(self) {
        let Some(fetch) = self.fetch.try_get_value() else {
            return;
        };
        let number = self.asked.get_value() + 1;
        self.asked.set_value(number);
        self.busy.set(true);
        spawn_local(async move {
            // What it asks by is gone when the person left meanwhile.
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            let answer = fetch().await;
            // Gone when the person went to another page meanwhile.
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(value) => {
                    self.failed.set(None);
                    self.current.set(value);
                }
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }
}
