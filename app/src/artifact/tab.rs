//! The Artifacts tab of a run: the tree, and the file that the URL names.

use super::{
    api::{self, Files, ModelFiles, Shown, Wanted},
    preview::{self, Kind},
    tree::{Node, holds, tree},
};
use crate::{
    chart::format,
    error::AppError,
    feed::Feed,
    link::{self, Query},
    run::RunView,
    ui::{
        copy::Copy,
        icon::Icon,
        notice::{Empty, Problem},
        time::Ago,
    },
};
use leptos::prelude::*;
use model::{AssetId, RunId, artifact::Artifact};

/// The file that a URL names; a path that cannot be one names nothing.
pub fn wanted(query: &Query) -> Option<Wanted> {
    let path = query.get("path").and_then(|path| path.parse().ok())?;
    let model = match query.get("model") {
        Some(id) => Some(id.parse().ok()?),
        None => None,
    };
    Some(Wanted { model, path })
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<Files>) -> impl IntoView {
    let search = link::use_search();
    let input = Memo::new(move |_| (view.id(), search.with(wanted)));
    let (feed, loaded) = Feed::soon(first, input, |(run_id, wanted)| api::list(run_id, wanted));
    Effect::watch(move || view.filed.get(), move |_, _, _| feed.refresh(), false);
    let trees = Memo::new(move |_| feed.current.with(trees));
    let content = move || match (loaded.get(), trees.with(Vec::is_empty)) {
        (false, _) => view! { <div class="skeleton" aria-label="Loading"></div> }.into_any(),
        (true, true) => view! { <Nothing /> }.into_any(),
        (true, false) => view! { <Browser view feed trees search /> }.into_any(),
    };
    view! {
        <Problem error=feed.failed />
        {content}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty icon="file" title="No artifacts yet">
            <p>
                <code>"run.log_artifact(\"model.pt\")"</code>
                " keeps a file with the run."
            </p>
        </Empty>
    }
}

/// The files of the run, or of a model that it made.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    model: Option<(AssetId, String)>,
    nodes: Vec<Node>,
}

/// The run's own files first; what has none is left out.
fn trees(files: &Files) -> Vec<Tree> {
    let own = Tree { model: None, nodes: tree(&files.list) };
    let of_model = |ModelFiles { id, name, list }: &ModelFiles| Tree {
        model: Some((id.clone(), name.clone())),
        nodes: tree(list),
    };
    let all = std::iter::once(own).chain(files.models.iter().map(of_model));
    all.filter(|tree| !tree.nodes.is_empty()).collect()
}

#[component]
fn Browser(view: RunView, feed: Feed<Files>, trees: Memo<Vec<Tree>>, search: Memo<Query>) -> impl IntoView {
    let asked = Memo::new(move |_| search.with(wanted));
    let path = Memo::new(move |_| search.with(|query| query.get("path").unwrap_or_default().to_owned()));
    let chosen = Memo::new(move |_| {
        let asked = asked.get()?;
        let artifact = feed.current.with(|files| files.find(&asked).cloned())?;
        Some((asked, artifact))
    });
    let shown = Memo::new(move |_| feed.current.with(|files| files.shown.clone()));
    view! {
        <div class="artifacts">
            <nav class="artifacts__tree" aria-label="Files">
                {move || trees.get().into_iter().map(|tree| files_of(view, asked, tree)).collect_view()}
            </nav>
            <div class="artifacts__file area" data-busy=move || feed.busy.get().to_string()>
                {move || file(view, &path.get(), chosen.get(), shown)}
            </div>
        </div>
    }
}

/// A tree, with the model's name above it.
fn files_of(view: RunView, asked: Memo<Option<Wanted>>, Tree { model, nodes }: Tree) -> AnyView {
    let id = model.as_ref().map(|(id, _)| id.clone());
    let branches = nodes.into_iter().map(|node| branch(view, asked, id.as_ref(), node)).collect_view();
    let title = model.map(|(id, name)| {
        view! {
            <h3 class="artifacts__model" title=format!("Model {id}")>
                <Icon name="model" />
                <span class="tree__name">{name}</span>
                <span class="muted">"model"</span>
            </h3>
        }
    });
    view! {
        {title}
        <ul class="tree">{branches}</ul>
    }
    .into_any()
}

fn file_link(view: RunView, model: Option<&AssetId>, path: &str) -> String {
    let query = Query::default().with("tab", "artifacts");
    let query = match model {
        Some(id) => query.with("model", id.as_str()),
        None => query,
    };
    query.with("path", path).href(&view.path())
}

fn branch(view: RunView, asked: Memo<Option<Wanted>>, model: Option<&AssetId>, node: Node) -> AnyView {
    match node {
        Node::Folder { name, path, children } => {
            // Small trees stand open; in large ones only the way to the chosen file does.
            let holds_it =
                |asked: &Wanted| asked.model.as_ref() == model && holds(&path, asked.path.as_str());
            let open = children.len() <= 20 || asked.get_untracked().is_some_and(|asked| holds_it(&asked));
            let branches = children.into_iter().map(|node| branch(view, asked, model, node)).collect_view();
            view! {
                <li>
                    <details open=open>
                        <summary class="tree__item">
                            <Icon name="folder" />
                            <span class="tree__name">{name}</span>
                        </summary>
                        <ul>{branches}</ul>
                    </details>
                </li>
            }
            .into_any()
        }
        Node::File { name, artifact } => {
            let href = file_link(view, model, artifact.path.as_str());
            let this = Some(Wanted { model: model.cloned(), path: artifact.path.clone() });
            let here = move || asked.with(|asked| *asked == this).then_some("true");
            let title = name.clone();
            view! {
                <li>
                    <a class="tree__item" href=href aria-current=here data-noscroll="" title=title>
                        <Icon name="file" />
                        <span class="tree__name">{name}</span>
                        <span class="tree__size num">{format::bytes(artifact.size_bytes)}</span>
                    </a>
                </li>
            }
            .into_any()
        }
    }
}

fn file(
    view: RunView,
    path: &str,
    chosen: Option<(Wanted, Artifact)>,
    shown: Memo<Option<Shown>>,
) -> AnyView {
    match chosen {
        Some((wanted, artifact)) => view! { <File run_id=view.id() wanted artifact shown /> }.into_any(),
        None if path.is_empty() => {
            view! { <p class="muted artifacts__hint">"Choose a file to see it here."</p> }.into_any()
        }
        None => {
            let error = AppError(model::Error::not_found("artifact", path));
            view! { <Problem error=Signal::stored(Some(error)) /> }.into_any()
        }
    }
}

/// Where the bytes of a file are served.
fn source(run_id: &RunId, Wanted { model, path }: &Wanted) -> String {
    let path: Vec<_> = path.as_str().split('/').map(link::encode).collect();
    match model {
        Some(id) => format!("/api/v1/assets/{id}/artifacts/{}", path.join("/")),
        None => format!("/api/v1/runs/{run_id}/artifacts/{}", path.join("/")),
    }
}

#[component]
fn File(run_id: RunId, wanted: Wanted, artifact: Artifact, shown: Memo<Option<Shown>>) -> impl IntoView {
    let source = source(&run_id, &wanted);
    let name = artifact.path.file_name().to_owned();
    let hash = artifact.sha256.clone();
    let (hash_title, hash_short) = (format!("SHA-256 {hash}"), hash[..12].to_owned());
    let content = match preview::kind(&artifact) {
        Kind::Image => view! {
            <img class="file__image" src=source.clone() alt=format!("Preview of {name}") />
        }
        .into_any(),
        kind => view! { <Text wanted artifact=artifact.clone() kind shown /> }.into_any(),
    };
    let download = format!("{source}?download=true");
    view! {
        <div class="file__head">
            <h2 class="file__name" title=artifact.path.as_str().to_owned()>{name.clone()}</h2>
            <span class="num">{format::bytes(artifact.size_bytes)}</span>
            <span class="muted">{artifact.mime.clone()}</span>
            <Ago at=artifact.created_at_ms />
            <span class="mono file__hash" title=hash_title>
                {hash_short}
                <Copy text=hash what="SHA-256" />
            </span>
            <a class="button" href=download download=name>
                <Icon name="download" />
                "Download"
            </a>
        </div>
        {content}
    }
}

#[component]
fn Text(wanted: Wanted, artifact: Artifact, kind: Kind, shown: Memo<Option<Shown>>) -> impl IntoView {
    let cut = preview::cut(&artifact);
    move || {
        let shown = shown.get().filter(|shown| shown.file == wanted);
        match shown.map(|shown| shown.text) {
            None => view! { <div class="skeleton" aria-label="Loading"></div> }.into_any(),
            Some(Some(text)) => body(&text, kind, cut),
            Some(None) => view! {
                <Empty icon="file" title="No preview">
                    <p>"This file is neither text nor a picture. Download it to open it."</p>
                </Empty>
            }
            .into_any(),
        }
    }
}

fn body(text: &str, kind: Kind, cut: bool) -> AnyView {
    let body = match kind {
        Kind::Table(part) => grid(preview::rows(text, part)),
        Kind::Json if !cut => plain(preview::pretty(text)),
        _ => plain(text.to_owned()),
    };
    view! {
        {cut.then(|| view! { <p class="notice">"Only the beginning is shown; download the file for all of it."</p> })}
        {body}
    }
    .into_any()
}

fn plain(text: String) -> AnyView {
    view! {
        <pre class="file__text" tabindex="0" aria-label="File content">
            {text}
        </pre>
    }
    .into_any()
}

fn grid(mut rows: Vec<Vec<String>>) -> AnyView {
    let more = rows.len() > preview::ROWS_MAX;
    rows.truncate(preview::ROWS_MAX);
    let mut rows = rows.into_iter();
    let head = rows.next().unwrap_or_default();
    let cell = |text: String| {
        let class = if text.parse::<f64>().is_ok() { "cell-num mono" } else { "" };
        view! { <td class=class>{text}</td> }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="File content">
            <table class="table">
                <caption class="hidden">"File content"</caption>
                <thead>
                    <tr>{head.into_iter().map(|text| view! { <th scope="col">{text}</th> }).collect_view()}</tr>
                </thead>
                <tbody>
                    {rows
                        .map(|row| view! { <tr>{row.into_iter().map(cell).collect_view()}</tr> })
                        .collect_view()}
                </tbody>
            </table>
        </div>
        {more.then(|| view! { <p class="muted">{format!("The first {} rows.", preview::ROWS_MAX)}</p> })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_path_is_escaped_and_slashes_stay() {
        let run_id: RunId = "a".repeat(32).parse().expect("32 hex digits");
        assert_eq!(
            source(&run_id, &Wanted { model: None, path: "a b/ü#?.txt".parse().expect("a path") }),
            format!("/api/v1/runs/{run_id}/artifacts/a%20b/%C3%BC%23%3F.txt")
        );
        let id: AssetId = "b".repeat(32).parse().expect("32 hex digits");
        let of_model = Wanted { model: Some(id.clone()), path: "MLmodel".parse().expect("a path") };
        assert_eq!(source(&run_id, &of_model), format!("/api/v1/assets/{id}/artifacts/MLmodel"));
    }
}
