//! Notes side by side.

use super::diff;
use crate::ui::{erase::view, notice::Empty, run_color};
use leptos::prelude::*;
use model::{
    compare::{ComparedRun, TextDiff},
    note::Note,
};

pub fn notes(
    notes: &[Option<Note>],
    diff: Option<&TextDiff>,
    runs: &[ComparedRun],
    two: (&str, &str),
) -> AnyView {
    if notes.iter().all(|note| note.as_ref().is_none_or(|note| note.body.trim().is_empty())) {
        return view! {
            <Empty icon="file" title="Nobody wrote a note">
                <p>"Notes are written on a run's own page, in Markdown."</p>
            </Empty>
        };
    }
    let one = |(note, run): (&Option<Note>, &ComparedRun)| {
        let body = match note.as_ref().filter(|note| !note.body.trim().is_empty()) {
            Some(note) => view! { <div class="prose" inner_html=note.html.clone()></div> },
            None => view! { <p class="muted">"No note."</p> },
        };
        view! {
            <article class="card compare-note">
                <h2 class="card__title">
                    <span class=format!("swatch {}", run_color(&run.run))></span>
                    <a href=format!("/runs/{}?tab=notes", run.run.id)>{run.run.name.clone()}</a>
                </h2>
                {body}
            </article>
        }
    };
    let told = diff.filter(|diff| diff.from_present && diff.to_present).map(|diff| {
        view! {
            <h2 class="section-title">{format!("From {} to {}", two.0, two.1)}</h2>
            {diff::lines(diff, "note", two)}
        }
    });
    view! {
        <div class="compare-notes">{notes.iter().zip(runs).map(one).collect_view()}</div>
        {told}
    }
}
