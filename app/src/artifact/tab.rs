//! The Artifacts tab of a run: folders that open one at a time, a search over all paths, and the file that the URL names.

use super::{
    api::{self, Files, Place, Shown, Wanted},
    file::{File, page},
    remove::{Doomed, Remove},
    tree::{self, Kind, Row},
    upload::{self, Uploads},
};
use crate::{
    chart::format,
    feed::Feed,
    frame::session::Session,
    link::{self, Query},
    run::RunView,
    ui::{
        erase::{For, drawn, handler, memo, view, watch},
        find::Find,
        icon::Icon,
        notice::{Empty, Problem},
    },
};
use leptos::{ev, prelude::*};
use model::{RunId, artifact::Artifact, limits};
use std::collections::HashSet;

/// The file that a URL names; a path that cannot be one names nothing.
pub fn wanted(query: &Query) -> Option<Wanted> {
    let path = query.get("path").and_then(|path| path.parse().ok())?;
    let model = match query.get("model") {
        Some(id) => Some(id.parse().ok()?),
        None => None,
    };
    Some(Wanted { model, path })
}

/// What the rows of the list share.
#[derive(Clone, Copy)]
struct Browser {
    view: RunView,
    files: Feed<Files>,
    asked: Memo<Option<Wanted>>,
    /// Folders that were opened by hand, and those that were closed.
    opened: RwSignal<Vec<Place>>,
    closed: RwSignal<HashSet<Place>>,
    doomed: RwSignal<Option<Doomed>>,
    uploads: Uploads,
    may_edit: bool,
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, mut first: Option<Files>) -> impl IntoView {
    let search = link::use_search();
    let asked = memo(move || search.with(wanted));
    let opened = RwSignal::new(Vec::new());
    let first_shown = first.as_mut().map(|first| first.shown.take());
    let input = memo(move || (view.id(), asked.get(), opened.get()));
    let (files, loaded) = Feed::soon(first, input, |(id, wanted, opened)| api::list(id, wanted, opened));
    let input = memo(move || (view.id(), asked.get()));
    let (shown, shown_loaded) = Feed::soon(first_shown, input, |(id, wanted)| api::show(id, wanted));
    watch(
        move || view.filed.get(),
        move |_, _| {
            files.refresh();
            shown.refresh();
        },
    );
    let browser = Browser {
        view,
        files,
        asked,
        opened,
        closed: RwSignal::new(HashSet::new()),
        doomed: RwSignal::new(None),
        uploads: Uploads::new(view),
        may_edit: Session::current().may_edit(),
    };
    let is_empty = memo(move || files.current.with(|files| files.folders.is_empty()));
    let content = move || match (loaded.get(), is_empty.get() && asked.with(Option::is_none)) {
        (false, _) => view! { <div class="skeleton" aria-label="Loading"></div> },
        (true, true) => view! { <Nothing browser /> },
        (true, false) => view! { <Listed browser shown shown_loaded /> },
    };
    view! {
        <Problem error=files.failed />
        {browser.may_edit.then(|| view! { <upload::Panel uploads=browser.uploads /> })}
        {move || content()}
        <Remove view doomed=browser.doomed />
    }
}

#[component]
fn Nothing(browser: Browser) -> impl IntoView {
    view! {
        <div class="artifacts__drop" on:dragover=handler(allow) on:drop=handler(move |event| browser.dropped(&event, None))>
            <Empty icon="file" title="No artifacts yet">
                <p>
                    <code>"run.log_artifact(\"model.pt\")"</code>
                    " keeps a file with the run."
                </p>
            </Empty>
        </div>
    }
}

fn allow(event: ev::DragEvent) {
    event.prevent_default();
}

impl Browser {
    fn dropped(self, event: &ev::DragEvent, folder: Option<&str>) {
        event.prevent_default();
        event.stop_propagation();
        if self.may_edit {
            self.uploads.add(event.data_transfer().and_then(|data| data.files()), folder);
        }
    }

    fn toggle(self, place: &Place, was_open: bool) {
        if was_open {
            self.closed.update(|closed| {
                closed.insert(place.clone());
            });
            return;
        }
        self.closed.update(|closed| {
            closed.remove(place);
        });
        let is_here =
            self.files.current.with_untracked(|files| files.folders.iter().any(|(known, _)| known == place));
        if !is_here {
            self.opened.update(|opened| {
                opened.push(place.clone());
                // What was opened first is let go.
                let over = opened.len().saturating_sub(limits::ARTIFACT_FOLDERS_OPEN_MAX / 2);
                opened.drain(..over);
            });
        }
    }
}

#[component]
fn Listed(browser: Browser, shown: Feed<Option<Shown>>, shown_loaded: RwSignal<bool>) -> impl IntoView {
    let Browser { view, files, asked, closed, .. } = browser;
    let text = RwSignal::new(String::new());
    let input = memo(move || (view.id(), text.get()));
    let (found, _) = Feed::soon(Some(Vec::new()), input, |(id, text)| search(id, text));
    let rows = memo(move || files.current.with(|files| closed.with(|closed| tree::rows(files, closed))));
    let list = move || {
        if text.with(|text| text.trim().is_empty()) {
            view! {
                <ul class="tree">
                    <For each=move || rows.get() key=Row::key let:row>
                        {line(&browser, row)}
                    </For>
                </ul>
            }
        } else {
            view! { <Found browser found /> }
        }
    };
    // The same answer again draws nothing anew.
    let seen = memo(move || shown.current.get());
    let content = move || match (seen.get(), asked.get()) {
        (Some(found), Some(file)) if found.file == file => {
            view! { <File view shown=found doomed=browser.doomed /> }
        }
        (_, Some(_)) if !shown_loaded.get() || shown.busy.get() => {
            view! { <div class="skeleton" aria-label="Loading"></div> }
        }
        (_, Some(_)) => view! { <Problem error=shown.failed /> },
        (_, None) => {
            view! { <p class="muted artifacts__hint">"Choose a file to see it here."</p> }
        }
    };
    view! {
        <div class="artifacts">
            <div class="artifacts__side">
                <Find placeholder="Find files" label="Find files" on_find=Callback::new(move |typed| text.set(typed)) />
                <nav
                    class="artifacts__tree"
                    aria-label="Files"
                    on:dragover=handler(allow)
                    on:drop=handler(move |event| browser.dropped(&event, None))
                >
                    {move || list()}
                </nav>
            </div>
            <div class="artifacts__file area" data-busy=move || shown.busy.get().to_string()>
                {move || content()}
            </div>
        </div>
    }
}

async fn search(run_id: RunId, text: String) -> Result<Vec<Artifact>, crate::error::AppError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    api::search(run_id, text.trim().to_owned()).await
}

/// Files whose paths hold the text, each with its whole path.
#[component]
fn Found(browser: Browser, found: Feed<Vec<Artifact>>) -> impl IntoView {
    let told = move || {
        let count = found.current.with(Vec::len) as i64;
        match found.busy.get() {
            true => "Looking…".to_owned(),
            false if count >= limits::ARTIFACT_ENTRIES_MAX => format!("The first {count} files"),
            false => format::counted(count, "file", "files"),
        }
    };
    let hit = move |artifact: Artifact| {
        let file = Wanted { model: None, path: artifact.path.clone() };
        file_link(&browser, file, artifact.path.as_str().to_owned(), &artifact)
    };
    view! {
        <p class="muted artifacts__count" role="status">{move || told()}</p>
        <Problem error=found.failed />
        <ul class="tree" data-busy=move || found.busy.get().to_string()>
            {move || found.current.get().into_iter().map(|one| view! { <li>{hit(one)}</li> }).collect_view()}
        </ul>
    }
}

fn file_link(browser: &Browser, file: Wanted, name: String, artifact: &Artifact) -> AnyView {
    let href = page(&browser.view.id(), &file);
    let elsewhere = artifact.reference.is_some();
    let title = if elsewhere { format!("{name} (tracked elsewhere)") } else { name.clone() };
    let told = if elsewhere {
        view! { <span class="tree__mark">"elsewhere"</span> }
    } else {
        view! { <span class="tree__size num">{format::bytes(artifact.size_bytes)}</span> }
    };
    let (this, asked) = (Some(file), browser.asked);
    let here = move || asked.with(|asked| *asked == this).then_some("true");
    view! {
        <a class="tree__item" href=href aria-current=drawn(here) data-noscroll="" title=title>
            <Icon name=if elsewhere { "elsewhere" } else { "file" } />
            <span class="tree__name">{name}</span>
            {told}
        </a>
    }
}

/// Where all files of a folder are served as one.
fn archive(run_id: &RunId, place: &Place) -> String {
    let base = match &place.model {
        Some(id) => format!("/api/v1/assets/{id}/artifacts.zip"),
        None => format!("/api/v1/runs/{run_id}/artifacts.zip"),
    };
    match &place.path {
        Some(path) => Query::default().with("path", path.as_str()).href(&base),
        None => base,
    }
}

fn line(browser: &Browser, Row { depth, kind }: Row) -> AnyView {
    let browser = *browser;
    let class = format!("tree__row tree__row--{}", depth.min(DEPTH_SHOWN));
    let archive = |place: &Place, what: String| {
        let href = archive(&browser.view.id(), place);
        let label = format!("Download {what} as zip");
        view! {
            <a class="button button--icon tree__action" href=href download="" title=label.clone() aria-label=label.clone()>
                <Icon name="download" />
            </a>
        }
    };
    match kind {
        Kind::Root { place, model, file_count, size_bytes } => {
            let told =
                format!("{}, {}", format::counted(file_count, "file", "files"), format::bytes(size_bytes));
            let (icon, name) = match model {
                Some(name) => ("model", name),
                None => ("folder", "All files".to_owned()),
            };
            let what = if place.model.is_some() { format!("model {name}") } else { "all files".to_owned() };
            view! {
                <li class="tree__row tree__root">
                    <span class="tree__item">
                        <Icon name=icon />
                        <strong class="tree__name" title=name.clone()>{name.clone()}</strong>
                        <span class="tree__size num">{told}</span>
                    </span>
                    {archive(&place, what)}
                </li>
            }
        }
        Kind::Folder { place, name, file_count, size_bytes, .. } => {
            let this = place.clone();
            let is_open = memo(move || {
                let is_here =
                    browser.files.current.with(|files| files.folders.iter().any(|(known, _)| *known == this));
                is_here && browser.closed.with(|closed| !closed.contains(&this))
            });
            let path = place.path.clone();
            let told =
                format!("{}, {}", format::counted(file_count, "file", "files"), format::bytes(size_bytes));
            let may_edit = browser.may_edit && place.model.is_none();
            let remove = path.clone().filter(|_| may_edit).map(|path| {
                let label = format!("Delete folder {name}");
                let this = Doomed { path, is_folder: true, file_count, size_bytes, elsewhere: false };
                view! {
                    <button
                        class="button button--icon tree__action"
                        type="button"
                        title=label.clone()
                        aria-label=label.clone()
                        on:click=handler(move |_| browser.doomed.set(Some(this.clone())))
                    >
                        <Icon name="trash" />
                    </button>
                }
            });
            let folder = path.map(|path| path.as_str().to_owned()).filter(|_| may_edit);
            let dropped = move |event: ev::DragEvent| browser.dropped(&event, folder.as_deref());
            let zip = archive(&place, format!("folder {name}"));
            let toggle = move |_| browser.toggle(&place, is_open.get_untracked());
            view! {
                <li class=class on:dragover=handler(allow) on:drop=handler(dropped)>
                    <button
                        class="tree__item tree__folder"
                        type="button"
                        aria-expanded=move || is_open.get().to_string()
                        title=format!("{name}: {told}")
                        on:click=handler(toggle)
                    >
                        <Icon name="chevron" />
                        <Icon name="folder" />
                        <span class="tree__name">{name.clone()}</span>
                        <span class="tree__size num">{format::count(file_count)}</span>
                    </button>
                    {zip}
                    {remove}
                </li>
            }
        }
        Kind::File { file, artifact } => {
            let name = artifact.path.file_name().to_owned();
            view! { <li class=class>{file_link(&browser, file, name, &artifact)}</li> }
        }
        Kind::More { .. } => view! {
            <li class=class>
                <span class="tree__item muted">
                    {format!("Only the first {} are listed; search finds the others.", limits::ARTIFACT_ENTRIES_MAX)}
                </span>
            </li>
        },
    }
}

/// Folders inside each other that are set further in; deeper ones stay below each other.
const DEPTH_SHOWN: usize = 8;
