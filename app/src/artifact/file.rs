//! The file that is looked at: what it is, what can be done with it, and what it shows.

use super::{
    api::{self, Content, Shown, Wanted},
    json, parquet,
    preview::{self, Kind},
    remove::Doomed,
};
use crate::{
    browser,
    chart::format,
    error::AppError,
    frame::session::Session,
    link,
    run::RunView,
    ui::{
        copy::Copy,
        erase::{drawn, effect, handler, view},
        icon::Icon,
        notice::{Empty, Problem},
        time::Ago,
    },
};
use leptos::{html, prelude::*, task::spawn_local};
use model::{
    RunId,
    artifact::{Artifact, ArtifactCopy, ArtifactPath, Reference},
};
use wasm_bindgen_futures::JsFuture;

/// The page that shows a file.
pub fn page(run_id: &RunId, Wanted { model, path }: &Wanted) -> String {
    let query = link::Query::default().with("tab", "artifacts");
    let query = match model {
        Some(id) => query.with("model", id.as_str()),
        None => query,
    };
    query.with("path", path.as_str()).href(&format!("/runs/{run_id}"))
}

/// Where the bytes of a file are served.
pub fn source(run_id: &RunId, Wanted { model, path }: &Wanted) -> String {
    match model {
        Some(id) => format!("/api/v1/assets/{id}/artifacts/{}", encoded(path)),
        None => run_source(run_id, path),
    }
}

/// The same, of a run's own file.
pub fn run_source(run_id: &RunId, path: &ArtifactPath) -> String {
    format!("/api/v1/runs/{run_id}/artifacts/{}", encoded(path))
}

fn encoded(path: &ArtifactPath) -> String {
    path.as_str().split('/').map(link::encode).collect::<Vec<_>>().join("/")
}

#[component]
pub fn File(view: RunView, shown: Shown, doomed: RwSignal<Option<Doomed>>) -> impl IntoView {
    let Shown { file, artifact, content } = shown;
    let Some(artifact) = artifact else {
        let error = AppError(model::Error::not_found("artifact", file.path.as_str()));
        return view! { <Problem error=Signal::stored(Some(error)) /> };
    };
    let run_id = view.id();
    let this = Doomed {
        path: artifact.path.clone(),
        is_folder: false,
        file_count: 1,
        size_bytes: artifact.size_bytes,
        elsewhere: artifact.reference.is_some(),
    };
    let may_remove = file.model.is_none() && Session::current().may_edit();
    let remove = may_remove.then(|| {
        view! {
            <button class="button" type="button" on:click=handler(move |_| doomed.set(Some(this.clone())))>
                <Icon name="trash" />
                "Delete"
            </button>
        }
    });
    let address = page(&run_id, &file);
    let copy_link = move |_| browser::copy(&format!("{}{address}", browser::origin()));
    let copy_link = view! {
        <button class="button" type="button" on:click=handler(copy_link)>
            <Icon name="copy" />
            "Copy link"
        </button>
    };
    if let Some(reference) = artifact.reference.clone() {
        let actions = view! { {copy_link} {remove} };
        return elsewhere(&artifact, reference, actions);
    }
    let source = source(&run_id, &file);
    let name = artifact.path.file_name().to_owned();
    let hash = artifact.sha256.clone();
    let (hash_title, hash_short) = (format!("SHA-256 {hash}"), hash[..12].to_owned());
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
            <div class="file__actions">
                {copy_link}
                <a class="button" href=download download=name>
                    <Icon name="download" />
                    "Download"
                </a>
                {remove}
            </div>
        </div>
        {body(&artifact, source, content)}
        <Copies run_id file />
    }
}

/// A file or folder of which only is known where it lies.
fn elsewhere(artifact: &Artifact, reference: Reference, actions: AnyView) -> AnyView {
    let Reference { uri, size_bytes, digest } = reference;
    let path = artifact.path.as_str().to_owned();
    // Anything else is no address of the web, and browsers would ask other programs about it.
    let is_web = ["http://", "https://"].iter().any(|start| uri.to_lowercase().starts_with(start));
    let place = if is_web {
        view! { <a class="mono" href=uri.clone() target="_blank" rel="noreferrer noopener">{uri.clone()}</a> }
    } else {
        view! { <span class="mono">{uri.clone()}</span> }
    };
    let unknown = || view! { <span class="muted">"not known"</span> };
    let size = size_bytes.map_or_else(unknown, |size| {
        let exact = format!("{} bytes", format::count(size));
        view! { <span class="num" title=exact>{format::bytes(size)}</span> }
    });
    let digest = digest.map_or_else(unknown, |digest| {
        view! {
            <span class="mono">{digest.clone()}</span>
            <Copy text=digest what="digest" />
        }
    });
    view! {
        <div class="file__head">
            <h2 class="file__name" title=path>{artifact.path.file_name().to_owned()}</h2>
            <span class="tree__mark">"tracked elsewhere"</span>
            <span class="muted">{artifact.mime.clone()}</span>
            <div class="file__actions">{actions}</div>
        </div>
        <p class="muted">"This server keeps none of its bytes. What it is and where it lies was noted by the run."</p>
        <dl class="facts">
            <dt>"Lies at"</dt>
            <dd>
                {place}
                <Copy text=uri what="URI" />
            </dd>
            <dt>"Size"</dt>
            <dd>{size}</dd>
            <dt>"Digest"</dt>
            <dd>{digest}</dd>
            <dt>"Noted"</dt>
            <dd>
                <Ago at=artifact.created_at_ms />
            </dd>
        </dl>
    }
}

fn body(artifact: &Artifact, source: String, content: Content) -> AnyView {
    let cut = preview::cut(artifact);
    let name = artifact.path.file_name().to_owned();
    let shown = match (preview::kind(artifact), content) {
        (Kind::Image, _) => return view! { <Image source name mime=artifact.mime.clone() /> },
        (Kind::Audio, _) => {
            return view! { <audio class="file__media" controls preload="metadata" src=source aria-label=name></audio> };
        }
        (Kind::Video, _) => {
            return view! { <video class="file__media" controls preload="metadata" src=source aria-label=name></video> };
        }
        (Kind::Pdf, _) => return view! { <Pdf source name /> },
        (Kind::Page, Content::Html(html)) => page_and_source(&source, &name, html),
        (Kind::Table(part), Content::Text(text)) => grid(preview::rows(&text, part)),
        (_, Content::Parquet(parquet)) => parquet::table(parquet),
        (_, Content::Broken(why)) => {
            return view! {
                <Empty icon="file" title="This file cannot be shown">
                    <p>{why}</p>
                </Empty>
            };
        }
        (Kind::Json, Content::Text(text)) => json::tree(&text).unwrap_or_else(|| plain(text)),
        (Kind::Markdown, Content::Html(html)) => {
            view! { <div class="prose area" aria-label="File content" role="document" inner_html=html></div> }
        }
        (_, Content::Text(text)) => plain(text),
        (_, Content::Html(html)) => code(html),
        (_, Content::None) => {
            return view! {
                <Empty icon="file" title="No preview">
                    <p>"This file is neither text nor a picture. Download it to open it."</p>
                </Empty>
            };
        }
    };
    view! {
        {cut.then(|| view! { <p class="notice">"Only the beginning is shown; download the file for all of it."</p> })}
        {shown}
    }
}

#[component]
fn Image(source: String, name: String, mime: String) -> impl IntoView {
    let broken = RwSignal::new(false);
    let node = NodeRef::<html::Img>::new();
    // It may have failed before there was anybody to hear of it.
    effect(move || {
        let Some(image) = node.get() else { return };
        spawn_local(async move {
            if JsFuture::from(image.decode()).await.is_err() && image.complete() {
                broken.try_set(true);
            }
        });
    });
    let source = if mime == "image/svg+xml" { format!("{source}?shown=true") } else { source };
    drawn(move || {
        if broken.get() {
            view! {
                <Empty icon="file" title="This picture cannot be shown">
                    <p>"Its content is damaged, or of a kind that this browser does not know."</p>
                </Empty>
            }
        } else {
            let alt = format!("Preview of {name}");
            view! { <img class="file__image" node_ref=node src=source.clone() alt=alt /> }
        }
    })
}

/// Drawn by the browser's own viewer, and only when somebody asks for it.
#[component]
fn Pdf(source: String, name: String) -> impl IntoView {
    let open = RwSignal::new(false);
    let source = format!("{source}?shown=true");
    let apart = source.clone();
    view! {
        <p class="form__actions file__pdf">
            <button class="button" type="button" on:click=handler(move |_| open.set(true)) disabled=open>
                <Icon name="eye" />
                "Show here"
            </button>
            <a class="button" href=apart target="_blank" rel="noopener">
                "Open in a tab"
            </a>
        </p>
        {move || {
            open.get().then(|| view! { <iframe class="file__frame" src=source.clone() title=name.clone()></iframe> })
        }}
    }
}

fn page_and_source(source: &str, name: &str, html: String) -> AnyView {
    view! {
        <p class="notice">"Shown without its scripts, and without anything from elsewhere."</p>
        <iframe class="file__frame" sandbox="" src=format!("{source}?shown=true") title=name.to_owned()></iframe>
        <details class="file__source">
            <summary>"Source"</summary>
            {code(html)}
        </details>
    }
}

fn code(html: String) -> AnyView {
    view! { <pre class="file__text" tabindex="0" aria-label="File content" inner_html=html></pre> }
}

fn plain(text: String) -> AnyView {
    view! {
        <pre class="file__text" tabindex="0" aria-label="File content">
            {text}
        </pre>
    }
}

fn grid(rows: Vec<Vec<String>>) -> AnyView {
    let more = rows.len() > preview::ROWS_MAX;
    let mut rows = rows.into_iter().take(preview::ROWS_MAX);
    let head = rows.next().unwrap_or_default();
    let head = head.into_iter().map(|text| view! { <th scope="col">{text}</th> }).collect();
    let rows = rows.map(|row| row.into_iter().map(Some).collect()).collect();
    view! {
        {table(head, rows)}
        {more.then(|| view! { <p class="muted">{format!("The first {} rows.", preview::ROWS_MAX)}</p> })}
    }
}

/// Rows of values below the heads of their columns; a cell may have no value.
pub fn table(head: Vec<AnyView>, rows: Vec<Vec<Option<String>>>) -> AnyView {
    let cell = |text: Option<String>| match text {
        Some(text) if text.parse::<f64>().is_ok() => {
            view! { <td class="cell-num mono">{text}</td> }
        }
        Some(text) => view! { <td>{text}</td> },
        None => view! { <td class="muted">"null"</td> },
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="File content">
            <table class="table">
                <caption class="hidden">"File content"</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>
                    {rows
                        .into_iter()
                        .map(|row| view! { <tr>{row.into_iter().map(cell).collect_view()}</tr> })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// Where else the same content lies; asked for when somebody wants to know.
#[component]
fn Copies(run_id: RunId, file: Wanted) -> impl IntoView {
    let found = RwSignal::new(None::<Result<Vec<ArtifactCopy>, AppError>>);
    let ask = move |_| {
        if found.with_untracked(Option::is_none) {
            let (run_id, file) = (run_id.clone(), file.clone());
            spawn_local(async move {
                let answer = api::copies(run_id, file).await;
                found.try_set(Some(answer));
            });
        }
    };
    let list = move || match found.get() {
        None => view! { <div class="skeleton" aria-label="Loading"></div> },
        Some(Err(error)) => view! { <Problem error=Signal::stored(Some(error)) /> },
        Some(Ok(copies)) if copies.is_empty() => {
            view! { <p class="muted">"No other run or model has this content."</p> }
        }
        Some(Ok(copies)) => {
            view! { <ul class="file__copies">{copies.into_iter().map(copy).collect_view()}</ul> }
        }
    };
    view! {
        <details class="file__same" on:toggle=handler(ask)>
            <summary>"Same content elsewhere"</summary>
            {move || list()}
        </details>
    }
}

fn copy(copy: ArtifactCopy) -> impl IntoView {
    let ArtifactCopy { run_id, run_name, model_id, model_name, path } = copy;
    let name = path.as_str().to_owned();
    let href = page(&run_id, &Wanted { model: model_id, path });
    view! {
        <li>
            <a href=href>{name}</a>
            <span class="muted">
                {model_name.map(|name| format!("model {name}, "))}
                {run_name}
            </span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::AssetId;

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
