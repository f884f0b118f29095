//! Texts side by side: one row a key, one column a run; long texts show what changed in them.

use super::{choice, wanted::Wanted};
use crate::{
    link::Query,
    ui::{erase::view, run_color},
};
use leptos::prelude::*;
use model::compare::{Cell, ComparedRun, LineKind, Piece, Row, Section, Table};

/// Digits of a digest that people tell apart.
const DIGEST_DIGITS: usize = 10;

/// What a table says of itself.
struct Words {
    title: &'static str,
    row: &'static str,
    /// No run has any.
    none: &'static str,
    /// Only differences are wanted and there is none.
    equal: &'static str,
}

fn words(section: Section) -> Words {
    let (title, row, none, equal) = match section {
        Section::Params => {
            ("Params", "Param", "These runs recorded no params.", "All params are the same in these runs.")
        }
        Section::Environment => (
            "Environment",
            "Fact",
            "The clients told nothing of their environments.",
            "The environments of these runs are the same.",
        ),
        Section::Packages => (
            "Packages",
            "Package",
            "The clients told no packages.",
            "These runs had the same packages in the same versions.",
        ),
        Section::Code => {
            ("Code", "Fact", "Nothing is known of the code of these runs.", "These runs ran the same code.")
        }
        Section::Data => {
            ("Data", "Dataset", "These runs recorded no datasets.", "These runs used the same data.")
        }
        Section::Artifacts => {
            ("Artifacts", "File", "These runs have no files.", "All files are the same in these runs.")
        }
        Section::Notes => ("Notes", "Note", "Nobody wrote a note.", "The notes are the same."),
    };
    Words { title, row, none, equal }
}

/// Sections whose texts are digests: people compare them, nobody reads them.
fn of_digests(section: Section, key: &str) -> bool {
    matches!(section, Section::Artifacts | Section::Data)
        || (section == Section::Code && ["commit", "patch"].contains(&key))
}

/// A section as a table. `link` is where a row's key leads, if anywhere.
pub fn table(
    section: Section,
    table: &Table,
    wanted: &Wanted,
    search: Memo<Query>,
    link: impl Fn(&Row) -> Option<String>,
) -> AnyView {
    let words = words(section);
    if table.rows.is_empty() {
        let said = match (table.all, wanted.search.is_empty(), table.differing) {
            (0, ..) => words.none,
            (_, true, 0) => words.equal,
            _ => "No row has that in its name.",
        };
        return view! { <p class="muted">{said}</p> };
    }
    let base = table.base as usize;
    let name = format!("{} side by side", words.title);
    let mut group = String::new();
    let rows = table.rows.iter().map(|one| {
        let head = (one.group != group).then(|| {
            group.clone_from(&one.group);
            let columns = table.runs.len() + 1;
            view! {
                <tr class="compare-table__group">
                    <th scope="rowgroup" colspan=columns>
                        <span>{one.group.clone()}</span>
                    </th>
                </tr>
            }
        });
        let href = link(one);
        view! {
            {head}
            {row(section, one, base, href)}
        }
    });
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=name>
            <table class="table compare-table">
                <caption class="hidden">{name.clone()}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.row}</th>
                        {heads(&table.runs, base)}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {table.cut.then(|| view! { <p class="notice">"These runs have more files than a comparison reads; the first are shown."</p> })}
        {choice::pages(search, wanted, table.total)}
    }
}

/// A column for each run.
pub fn heads(runs: &[ComparedRun], base: usize) -> AnyView {
    let head = |(place, one): (usize, &ComparedRun)| {
        let title = format!("{} · {}", one.run.name, one.experiment_name);
        let href = format!("/runs/{}", one.run.id);
        view! {
            <th scope="col" class="compare-table__run" title=title>
                <span class=format!("swatch {}", run_color(&one.run))></span>
                <a href=href>{one.run.name.clone()}</a>
                {(place == base && runs.len() > 1).then(|| view! { <span class="mark mark--base">"base"</span> })}
            </th>
        }
    };
    runs.iter().enumerate().map(head).collect_view().into_any()
}

fn row(section: Section, row: &Row, base: usize, href: Option<String>) -> AnyView {
    let in_base = row.cells.get(base).is_some_and(Option::is_some);
    let digest = of_digests(section, &row.key);
    let cells = row.cells.iter().map(|one| match one {
        Some(one) => cell(one, digest, section, in_base),
        None => lacking(section, in_base),
    });
    view! {
        <tr class:row-differs=row.differs>
            {row_head(row.key.clone(), row.differs, href)}
            {cells.collect_view()}
        </tr>
    }
}

/// What the base has and a run lacks is a difference too.
fn lacking(section: Section, in_base: bool) -> AnyView {
    let removed = (in_base && matches!(section, Section::Packages | Section::Artifacts))
        .then(|| view! { <span class="mark">"removed"</span> });
    view! {
        <td class="compare-table__text" class=("cell-other", in_base)>
            <span class="none">"–"</span>
            {removed}
        </td>
    }
}

fn cell(one: &Cell, digest: bool, section: Section, in_base: bool) -> AnyView {
    let text = match (digest, one.pieces.is_empty()) {
        (true, _) => {
            let short: String = one.text.chars().take(DIGEST_DIGITS).collect();
            short.into_any()
        }
        (false, false) => pieces(&one.pieces),
        (false, true) => view! { {one.text.clone()} {one.cut.then_some("…")} },
    };
    let word = match section {
        Section::Packages if one.other => Some(if in_base { "changed" } else { "added" }),
        Section::Artifacts if one.other => Some(if in_base { "other content" } else { "added" }),
        _ => None,
    };
    let hint = (digest && !one.hint.is_empty())
        .then(|| view! { <span class="muted compare-table__hint">{one.hint.clone()}</span> });
    let title = if one.hint.is_empty() { one.text.clone() } else { format!("{} ({})", one.text, one.hint) };
    view! {
        <td class="compare-table__text" class=("cell-other", one.other) title=title>
            <span class="mono">{text}</span>
            {hint}
            {word.map(|word| view! { <span class="mark">{word}</span> })}
        </td>
    }
}

/// A text with what was taken out and put in.
pub fn pieces(pieces: &[Piece]) -> AnyView {
    let one = |piece: &Piece| {
        let text = piece.text.clone();
        match piece.kind {
            LineKind::Same => view! { <span>{text}</span> },
            LineKind::Removed => view! { <del>{text}</del> },
            LineKind::Added => view! { <ins>{text}</ins> },
        }
    };
    pieces.iter().map(one).collect_view().into_any()
}

/// The head of a row: the key, and whether the runs differ in it.
pub fn row_head(key: String, differs: bool, href: Option<String>) -> AnyView {
    let title = key.clone();
    let key = match href {
        Some(href) => view! { <a href=href data-noscroll="">{key}</a> },
        None => key.into_any(),
    };
    view! {
        <th scope="row" class="mono" title=title>
            {key}
            {differs.then(|| view! { <span class="mark">"differs"</span> })}
        </th>
    }
}
