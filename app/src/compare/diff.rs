//! Two texts line by line.

use super::table;
use crate::{chart::format::counted, ui::erase::view};
use leptos::prelude::*;
use model::compare::{DiffLine, Hunk, LineKind, TextDiff};

/// `what` names the texts: "uncommitted changes".
pub fn lines(diff: &TextDiff, what: &str, (from, to): (&str, &str)) -> AnyView {
    let said = match (diff.from_present, diff.to_present) {
        (false, false) => Some(format!("Neither of the two runs has {what}.")),
        _ if diff.equal => Some(format!("Byte for byte the same {what}.")),
        _ if diff.binary => Some("Not text; the digests say that the contents differ.".to_owned()),
        (true, false) => Some(format!("Only {from} has {what}.")),
        (false, true) => Some(format!("Only {to} has {what}.")),
        _ => None,
    };
    let said = said.map(|said| view! { <p class="muted section-text">{said}</p> });
    if diff.hunks.is_empty() {
        return said.into_any();
    }
    let count = format!(
        "{} added, {} removed",
        counted(diff.added, "line", "lines"),
        counted(diff.removed, "line", "lines")
    );
    let name = format!("Differences of {what}");
    view! {
        {said}
        <p class="muted section-text num">{count}</p>
        <div class="table-scroll diff" tabindex="0" role="region" aria-label=name>
            <table class="diff__table">
                <caption class="hidden">{name.clone()}</caption>
                <thead class="hidden">
                    <tr>
                        <th scope="col">{format!("Line in {from}")}</th>
                        <th scope="col">{format!("Line in {to}")}</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"Text"</th>
                    </tr>
                </thead>
                {diff.hunks.iter().map(hunk).collect_view()}
            </table>
        </div>
        {diff.cut.then(|| view! { <p class="notice">"Only the beginning is compared and shown."</p> })}
    }
}

fn hunk(hunk: &Hunk) -> impl IntoView {
    view! { <tbody class="diff__hunk">{hunk.lines.iter().map(line).collect_view()}</tbody> }
}

fn line(line: &DiffLine) -> impl IntoView {
    let (class, sign, word) = match line.kind {
        LineKind::Same => ("diff__line", " ", ""),
        LineKind::Removed => ("diff__line diff__line--removed", "−", "removed"),
        LineKind::Added => ("diff__line diff__line--added", "+", "added"),
    };
    view! {
        <tr class=class>
            <td class="diff__number num">{line.old}</td>
            <td class="diff__number num">{line.new}</td>
            <td class="diff__sign" aria-label=word>{sign}</td>
            <td class="diff__text mono">{table::pieces(&line.pieces)}</td>
        </tr>
    }
}
