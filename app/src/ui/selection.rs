//! Which rows of a list are chosen: one by one, a range with shift, or the whole page.

use super::{
    erase::{handler, memo, view},
    icon::Icon,
};
use leptos::{ev::MouseEvent, prelude::*};

/// What a page's checkboxes say. Cheap to copy.
#[derive(Debug)]
pub struct Selection<K: Send + Sync + 'static> {
    chosen: RwSignal<Vec<K>>,
    /// Where the next range begins.
    anchor: StoredValue<Option<K>>,
}

impl<K: Send + Sync + 'static> Clone for Selection<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Send + Sync + 'static> Copy for Selection<K> {}

impl<K: Clone + PartialEq + Send + Sync + 'static> Selection<K> {
    pub fn new() -> Self {
        Self { chosen: RwSignal::new(Vec::new()), anchor: StoredValue::new(None) }
    }

    /// Those of the page's rows that are chosen, in the page's order: what was chosen and has left is not meant.
    pub fn of(self, rows: &[K]) -> Vec<K> {
        self.chosen.with(|chosen| rows.iter().filter(|row| chosen.contains(row)).cloned().collect())
    }

    /// Everything that is chosen, in the order in which it was.
    pub fn picked(self) -> Vec<K> {
        self.chosen.get()
    }

    pub fn count(self) -> usize {
        self.chosen.with(Vec::len)
    }

    pub fn has(self, row: &K) -> bool {
        self.chosen.with(|chosen| chosen.contains(row))
    }

    pub fn clear(self) {
        self.chosen.set(Vec::new());
        self.anchor.set_value(None);
    }

    pub fn set(self, rows: Vec<K>) {
        self.chosen.set(rows);
        self.anchor.set_value(None);
    }

    /// A click on the checkbox of a row; with shift it decides for all rows since the last click too.
    pub fn click(self, row: &K, rows: &[K], event: &MouseEvent) {
        let anchor = self.anchor.get_value().filter(|_| event.shift_key());
        self.chosen.update(|chosen| pick(chosen, anchor.as_ref(), row, rows));
        self.anchor.set_value(Some(row.clone()));
    }
}

/// Turns a row around, and gives all rows from the anchor to it what it has then.
fn pick<K: Clone + PartialEq>(chosen: &mut Vec<K>, anchor: Option<&K>, row: &K, rows: &[K]) {
    let put_in = !chosen.contains(row);
    let place = |one: &K| rows.iter().position(|row| row == one);
    let range = match (anchor.and_then(place), place(row)) {
        (Some(from), Some(to)) => &rows[from.min(to)..=from.max(to)],
        _ => std::slice::from_ref(row),
    };
    chosen.retain(|one| !range.contains(one));
    if put_in {
        chosen.extend_from_slice(range);
    }
}

/// The checkbox of a row.
#[component]
pub fn SelectRow<K>(
    selection: Selection<K>,
    row: K,
    /// The rows of the page, in order.
    rows: Signal<Vec<K>>,
    #[prop(into)] label: Signal<String>,
) -> impl IntoView
where
    K: Clone + PartialEq + Send + Sync + 'static,
{
    let row = StoredValue::new(row);
    let chosen = memo(move || row.with_value(|row| selection.has(row)));
    let click = move |event: MouseEvent| {
        row.with_value(|row| rows.with_untracked(|rows| selection.click(row, rows, &event)));
    };
    view! { <input type="checkbox" aria-label=label prop:checked=chosen on:click=handler(click) /> }
}

/// The checkbox above all of them.
#[component]
pub fn SelectAll<K>(selection: Selection<K>, rows: Signal<Vec<K>>) -> impl IntoView
where
    K: Clone + PartialEq + Send + Sync + 'static,
{
    let all = memo(move || rows.with(|rows| !rows.is_empty() && selection.of(rows).len() == rows.len()));
    let toggle = move |_| {
        let next = if all.get_untracked() { Vec::new() } else { rows.get_untracked() };
        selection.set(next);
    };
    view! { <input type="checkbox" aria-label="Select all on this page" prop:checked=all on:change=handler(toggle) /> }
}

/// Ends a selection.
#[component]
pub fn SelectNone(on_click: Callback<()>) -> impl IntoView {
    view! {
        <button
            class="button button--icon"
            type="button"
            aria-label="Select none"
            title="Select none"
            on:click=handler(move |_| on_click.run(()))
        >
            <Icon name="cross" />
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn shift_decides_for_a_range_and_a_click_for_one() {
        let rows = [1, 2, 3, 4, 5];
        let mut chosen = vec![];
        pick(&mut chosen, None, &2, &rows);
        assert_eq!(chosen, [2]);
        pick(&mut chosen, Some(&2), &4, &rows);
        assert_eq!(chosen, [2, 3, 4]);
        pick(&mut chosen, Some(&4), &3, &rows);
        assert_eq!(chosen, [2], "upwards, and off");
        pick(&mut chosen, Some(&9), &5, &rows);
        assert_eq!(chosen, [2, 5], "an anchor that has left makes no range");
    }
}
