//! `view!` of this crate: whatever it is given, it makes one type. Leptos has a type for every shape of a view, and a copy of
//! the code that builds, wakes and changes it for every place that holds one: a twentieth of what a browser loads.

use leptos::prelude::*;
use std::any::{Any, TypeId};

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
