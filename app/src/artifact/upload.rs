//! Files that a person puts into a run: chosen or dropped, several at once, large ones in parts, so that a connection that
//! breaks costs one part only. A file is listed when it is whole.

use super::api::Wanted;
use super::file::source;
use crate::{
    browser,
    chart::format,
    error::AppError,
    json,
    run::RunView,
    ui::{
        erase::{For, drawn, handler, view},
        icon::Icon,
    },
};
use leptos::{ev, prelude::*, task::spawn_local};
use model::{
    Error, ErrorKind, RunId, UploadId,
    artifact::{ArtifactPath, PartsJoin},
    limits,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileList, Headers, HtmlInputElement, RequestInit, Response};

/// A larger file comes in parts of this size: half a minute at the worst of lines, and 80 GB in as many as there may be.
const PART_BYTES: i64 = 8 * 1024 * 1024;
/// Files that are sent at one time; browsers open six connections to one server, and the page needs some.
const AT_ONCE: usize = 3;
/// How often a part is sent before the person is asked, and how long to wait before each.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(10)];

/// What became of a file so far.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Waiting,
    Sending,
    /// All of it is there; the server makes it one file.
    Joining,
    Done,
    Failed(String),
}

/// A file on its way.
#[derive(Clone, Copy)]
struct Upload {
    number: u32,
    path: StoredValue<String>,
    size: i64,
    /// The browser's file: it is read while it is sent.
    file: StoredValue<web_sys::File, LocalStorage>,
    state: RwSignal<State>,
    sent: RwSignal<i64>,
    /// The parts' name, and how many of them the server has.
    parts: StoredValue<Option<(UploadId, u32)>>,
}

/// All files of this visit to the tab.
#[derive(Clone, Copy)]
pub struct Uploads {
    view: RunView,
    /// What the uploads live under.
    owner: StoredValue<Owner>,
    list: RwSignal<Vec<Upload>>,
    /// The folder that files go to; the root when it is empty.
    pub folder: RwSignal<String>,
    failed: RwSignal<Option<String>>,
}

impl Uploads {
    pub fn new(view: RunView) -> Self {
        Self {
            view,
            owner: StoredValue::new(Owner::new()),
            list: RwSignal::new(Vec::new()),
            folder: RwSignal::new(String::new()),
            failed: RwSignal::new(None),
        }
    }

    /// Takes what was chosen or dropped, for the folder that is named or the one that was chosen.
    pub fn add(self, files: Option<FileList>, folder: Option<&str>) {
        let Some(files) = files else { return };
        let chosen = self.folder.get_untracked();
        let folder = folder.unwrap_or(&chosen).trim().trim_matches('/');
        self.failed.set(None);
        for file in (0..files.length()).filter_map(|at| files.item(at)) {
            let path = if folder.is_empty() { file.name() } else { format!("{folder}/{}", file.name()) };
            let size = file.size() as i64;
            let wrong = match path.parse::<ArtifactPath>() {
                Err(error) => Some(error.message),
                Ok(_) if file.size() > limits::ARTIFACT_BYTES_MAX as f64 => {
                    Some(format!("a file has at most {}", format::bytes(limits::ARTIFACT_BYTES_MAX as i64)))
                }
                Ok(_) => None,
            };
            let number = self.list.with_untracked(|list| list.last().map_or(0, |last| last.number + 1));
            let make = || Upload {
                number,
                path: StoredValue::new(path),
                size,
                file: StoredValue::new_local(file),
                state: RwSignal::new(wrong.map_or(State::Waiting, State::Failed)),
                sent: RwSignal::new(0),
                parts: StoredValue::new(None),
            };
            // Not under what the file was dropped on: that goes when the list is drawn anew.
            let upload = self.owner.with_value(|owner| owner.with(make));
            self.list.update(|list| list.push(upload));
        }
        self.go_on();
    }

    /// Begins with those that wait, as many as may be sent at once.
    fn go_on(self) {
        let Some(list) = self.list.try_get_untracked() else { return };
        let is =
            |upload: &Upload, wanted: &[State]| upload.state.with_untracked(|state| wanted.contains(state));
        let busy = list.iter().filter(|upload| is(upload, &[State::Sending, State::Joining])).count();
        let waiting = list.iter().filter(|upload| is(upload, &[State::Waiting]));
        for upload in waiting.take(AT_ONCE.saturating_sub(busy)) {
            upload.state.set(State::Sending);
            let upload = *upload;
            spawn_local(async move {
                let run_id = self.view.id();
                let answer = upload.send(&run_id).await;
                let state = match answer {
                    Ok(()) => State::Done,
                    Err(error) => State::Failed(error.to_string()),
                };
                upload.state.try_set(state);
                self.go_on();
            });
        }
    }

    fn retry(self, upload: Upload) {
        upload.state.set(State::Waiting);
        self.go_on();
    }

    fn clear(self) {
        let ended = |upload: &Upload| {
            upload.state.with_untracked(|state| matches!(state, State::Done | State::Failed(_)))
        };
        self.list.update(|list| list.retain(|upload| !ended(upload)));
    }
}

#[derive(Deserialize)]
struct Begun {
    id: UploadId,
}

impl Upload {
    async fn send(self, run_id: &RunId) -> Result<(), AppError> {
        let path: ArtifactPath = self.path.get_value().parse()?;
        let target = source(run_id, &Wanted { model: None, path });
        let Some(file) = self.file.try_get_value() else { return Ok(()) };
        if self.size <= PART_BYTES {
            ask::<serde_json::Value>("PUT", &target, file.as_ref()).await?;
            self.sent.try_set(self.size);
            return Ok(());
        }
        let (id, done) = match self.parts.get_value() {
            Some(parts) => parts,
            None => (ask::<Begun>("POST", "/api/v1/uploads", &JsValue::from_str("{}")).await?.id, 0),
        };
        let count = (self.size as u64).div_ceil(PART_BYTES as u64) as u32;
        for number in done + 1..=count {
            let start = i64::from(number - 1) * PART_BYTES;
            let end = (start + PART_BYTES).min(self.size);
            let part = file.slice_with_f64_and_f64(start as f64, end as f64).map_err(|_| unreadable())?;
            send_part(&format!("/api/v1/uploads/{id}/{number}"), &part).await?;
            self.parts.try_set_value(Some((id.clone(), number)));
            self.sent.try_set(end);
        }
        self.state.try_set(State::Joining);
        let join = PartsJoin { upload_id: id, part_count: count, sha256: None };
        let body = serde_json::to_string(&join).unwrap_or_default();
        ask::<serde_json::Value>("POST", &target, &JsValue::from_str(&body)).await?;
        Ok(())
    }
}

/// Sends a part, and again where the line broke or the server was busy.
async fn send_part(target: &str, part: &Blob) -> Result<(), AppError> {
    let mut last = AppError::offline();
    for pause in PAUSES {
        browser::wait(pause).await;
        match ask::<serde_json::Value>("PUT", target, part.as_ref()).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited) => {
                last = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

async fn ask<T: DeserializeOwned>(method: &str, target: &str, body: &JsValue) -> Result<T, AppError> {
    let offline = |_| AppError::offline();
    let init = RequestInit::new();
    init.set_method(method);
    init.set_body(body);
    if body.is_string() {
        let headers = Headers::new().map_err(offline)?;
        headers.set("content-type", "application/json").map_err(offline)?;
        init.set_headers(&headers);
    }
    let request = window().fetch_with_str_and_init(target, &init);
    let response: Response = JsFuture::from(request).await.map_err(offline)?.unchecked_into();
    let text = JsFuture::from(response.text().map_err(offline)?).await.map_err(offline)?;
    let text = text.as_string().unwrap_or_default();
    if response.ok() {
        json::read(&text).map_err(|_| unreadable())
    } else {
        Err(json::read(&text).unwrap_or_else(|_| unreadable()))
    }
}

fn unreadable() -> AppError {
    AppError(Error::new(ErrorKind::Internal, "the answer cannot be read"))
}

/// The way in: a folder, a button, and what became of each file.
#[component]
pub fn Panel(uploads: Uploads) -> impl IntoView {
    let choose = move |event: ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        uploads.add(input.files(), None);
        // The same file may be chosen again.
        input.set_value("");
    };
    let has_ended = move || {
        let ended =
            |upload: &Upload| upload.state.with(|state| matches!(state, State::Done | State::Failed(_)));
        uploads.list.with(|list| list.iter().any(ended))
    };
    view! {
        <div class="upload">
            <label class="upload__folder">
                <span class="muted">"Into folder"</span>
                <input
                    class="input"
                    type="text"
                    placeholder="the top"
                    autocomplete="off"
                    prop:value=move || uploads.folder.get()
                    on:input=handler(move |event| uploads.folder.set(event_target_value(&event)))
                />
            </label>
            <label class="button upload__choose">
                <Icon name="upload" />
                "Upload files"
                <input class="hidden" type="file" multiple on:change=handler(choose) />
            </label>
            <span class="muted upload__hint">"or drop them on the list"</span>
        </div>
        <ul class="uploads" aria-label="Uploads">
            <For each=move || uploads.list.get() key=|upload| upload.number let:upload>
                <Line uploads upload />
            </For>
        </ul>
        {move || {
            has_ended()
                .then(|| {
                    view! {
                        <button class="button upload__clear" type="button" on:click=handler(move |_| uploads.clear())>
                            "Clear list"
                        </button>
                    }
                })
        }}
    }
}

#[component]
fn Line(uploads: Uploads, upload: Upload) -> impl IntoView {
    let path = upload.path.get_value();
    let name = path.clone();
    let state = move || match upload.state.get() {
        State::Waiting => view! { <span class="muted">"waits"</span> },
        State::Sending => {
            let label = format!("Upload of {name}");
            let told =
                move || format!("{} of {}", format::bytes(upload.sent.get()), format::bytes(upload.size));
            let sent = move || upload.sent.get().to_string();
            view! {
                <progress aria-label=label max=upload.size.max(1).to_string() value=drawn(sent)></progress>
                <span class="num muted">{move || told()}</span>
            }
        }
        State::Joining => view! { <span class="muted">"is being put together"</span> },
        State::Done => view! {
            <span class="upload__done">
                <Icon name="check" />
                {format::bytes(upload.size)}
            </span>
        },
        State::Failed(why) => view! {
            <span class="upload__failed" role="alert">{why}</span>
            <button class="button" type="button" on:click=handler(move |_| uploads.retry(upload))>
                "Try again"
            </button>
        },
    };
    view! {
        <li class="upload__line">
            <span class="upload__name" title=path.clone()>{path.clone()}</span>
            {move || state()}
        </li>
    }
}
