//! One file of every run: pictures side by side, texts line by line.

use super::{api::File, diff, wanted::Wanted};
use crate::{
    artifact,
    chart::format,
    link::Query,
    ui::{erase::view, run_color},
};
use leptos::prelude::*;
use model::compare::ComparedRun;

/// `two` are the names of the runs whose texts are compared.
pub fn file(
    file: &File,
    runs: &[ComparedRun],
    wanted: &Wanted,
    search: Memo<Query>,
    two: (&str, &str),
) -> AnyView {
    let Some(path) = wanted.path.as_ref().map(|path| path.as_str().to_owned()) else {
        return ().into_any();
    };
    let close = search.get_untracked().without("path").href("/compare");
    let is_image = |mime: &str| mime.starts_with("image/");
    let pictures = file.of_runs.iter().flatten().any(|one| is_image(&one.mime));
    let one = |(one, run): (&Option<model::artifact::Artifact>, &ComparedRun)| {
        let content = match one {
            Some(one) if is_image(&one.mime) => {
                let source = artifact::run_source(&run.run.id, &one.path);
                view! {
                    <a href=source rel="external">
                        <img
                            class="compare-files__image"
                            src=source.clone()
                            alt=format!("{} of {}", one.path.file_name(), run.run.name)
                            loading="lazy"
                        />
                    </a>
                    <span class="muted num">{format::bytes(one.size_bytes)}</span>
                }
            }
            Some(one) => {
                let source = artifact::run_source(&run.run.id, &one.path);
                view! {
                    <a href=source rel="external">"Open"</a>
                    <span class="muted num">{format::bytes(one.size_bytes)}</span>
                }
            }
            None => view! { <span class="muted">"not there"</span> },
        };
        view! {
            <li class="compare-files__one">
                <span class="compare-files__run">
                    <span class=format!("swatch {}", run_color(&run.run))></span>
                    {run.run.name.clone()}
                </span>
                {content}
            </li>
        }
    };
    let list = file.of_runs.iter().zip(runs).map(one).collect_view();
    let class = if pictures { "compare-files" } else { "compare-files compare-files--texts" };
    let what = format!("the file {path}");
    view! {
        <section class="card compare-file" aria-label=path>
            <div class="compare-file__head">
                <h2 class="card__title mono">{path.clone()}</h2>
                <a class="button" href=close data-noscroll="">"Close"</a>
            </div>
            <ul class=class>{list}</ul>
            {file.diff.as_ref().map(|diff| diff::lines(diff, &what, two))}
        </section>
    }
}
