//! What this crate uses of Leptos, with what it is given erased. Leptos compiles its code anew for every shape of a view and
//! for every closure; here a shape is hidden and a closure is boxed before Leptos sees it, so there is one copy for each type
//! of value. Of what a browser loads that was a fifth.

use leptos::prelude::*;
use std::{
    any::{Any, TypeId},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

/// Leptos' `view!`, as an [`AnyView`].
macro_rules! view {
    ($($content:tt)*) => {
        $crate::ui::erase::erase(leptos::prelude::view! { $($content)* })
    };
}

pub(crate) use view;

pub fn erase<T: RenderHtml + Send>(view: View<T>) -> AnyView {
    let view = view.into_inner();
    if TypeId::of::<T::Owned>() != TypeId::of::<AnyView>() {
        return view.into_any();
    }
    // It is erased already: another coat would be one more step on every way to it.
    let mut owned = Some(view.into_owned());
    let erased = (&mut owned as &mut dyn Any).downcast_mut::<Option<AnyView>>();
    erased.and_then(Option::take).unwrap_or_else(|| ().into_any())
}

/// A view that is made anew when what it reads changes. Closures that stand in a `view!` become one by themselves.
pub fn drawn<T: 'static>(draw: impl FnMut() -> T + Send + 'static) -> Drawn<T> {
    Arc::new(Mutex::new(draw))
}

/// What [`drawn`] makes.
pub type Drawn<T> = Arc<Mutex<dyn FnMut() -> T + Send>>;

/// [`Memo::new`] of a closure that does not ask for what it answered before.
#[track_caller]
pub fn memo<T: PartialEq + Send + Sync + 'static>(of: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    memo_after(move |_| of())
}

/// [`Memo::new`] of a closure that asks for it.
#[track_caller]
pub fn memo_after<T: PartialEq + Send + Sync + 'static>(
    of: impl Fn(Option<&T>) -> T + Send + Sync + 'static,
) -> Memo<T> {
    let of: After<T> = Box::new(of);
    Memo::new(of)
}

type After<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;

/// [`Effect::new`].
#[track_caller]
pub fn effect(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}

/// [`Effect::watch`]: acts on what is new and on what was before whenever `of` has changed.
#[track_caller]
pub fn watch<T: 'static>(of: impl FnMut() -> T + 'static, mut act: impl FnMut(&T, Option<&T>) + 'static) {
    let of: Box<dyn FnMut() -> T> = Box::new(of);
    let act: Act<T> = Box::new(move |new, old, _| act(new, old));
    Effect::watch(of, act, false);
}

type Act<T> = Box<dyn FnMut(&T, Option<&T>, Option<()>)>;

/// What is done on an event.
pub fn handler<E: 'static>(act: impl FnMut(E) + 'static) -> Handler<E> {
    Box::new(act)
}

/// What [`handler`] makes.
pub type Handler<E> = Box<dyn FnMut(E)>;

/// Something that is only there at times.
#[component]
pub fn Show(
    #[prop(into)] when: Condition,
    /// What stands there at other times.
    #[prop(optional, into)]
    fallback: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let shown = memo(when.0);
    drawn(move || if shown.get() { children() } else { fallback.run() })
}

/// When something is there.
pub struct Condition(Box<dyn Fn() -> bool + Send + Sync>);

impl<F: Fn() -> bool + Send + Sync + 'static> From<F> for Condition {
    fn from(when: F) -> Self {
        Self(Box::new(when))
    }
}

/// A view for each of what there is: those whose key was there before stay as they are.
#[component]
pub fn For<I, K, V>(
    each: impl Fn() -> I + Send + 'static,
    key: impl Fn(&I::Item) -> K + Send + 'static,
    children: impl Fn(I::Item) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    I: IntoIterator<Item: Send> + 'static,
    K: Hash + 'static,
    V: IntoView + 'static,
{
    let children = Arc::new(children);
    let item = move |value: I::Item| {
        let mut hasher = DefaultHasher::new();
        key(&value).hash(&mut hasher);
        let children = Arc::clone(&children);
        Item { key: hasher.finish(), draw: Box::new(move || erase(children(value).into_view())) }
    };
    items(Box::new(move || each().into_iter().map(&item).collect()))
}

struct Item {
    /// The hash of what the list is keyed by: two of the same in one list would be one in 10¹⁵ even among 100 000.
    key: u64,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

fn items(each: Box<dyn Fn() -> Vec<Item> + Send>) -> AnyView {
    view! { <leptos::prelude::For each=each key=|item| item.key children=|item: Item| (item.draw)() /> }
}
