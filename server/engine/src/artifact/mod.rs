//! Artifacts: content goes to the object store under its SHA-256, complete and checked, before any owner lists it.

mod parquet;

use crate::{Base, Result, World, highlight};
use anyhow::Context as _;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use model::{
    Error, ErrorKind, UploadId,
    artifact::{Artifact, ArtifactCopy, ArtifactPath, Folder, Owner, Parquet, Reference, ReferenceNew},
    event::RunChange,
    id::hex,
    limits,
    run::Run,
    user::{Caller, Role},
};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem,
    path::Path,
};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedSemaphorePermit;

/// Where uploads lie until they are complete.
pub(crate) const UPLOADS: &str = "uploads";
/// What the names of parts begin with.
const PART: &str = "part-";
/// An upload untouched for a day belongs to a server that died; another server may be busy with a younger one.
const UPLOAD_MILLIS_MAX: i64 = 24 * 3_600 * 1_000;
/// Parts of one upload written at once: bounds memory to a few parts of 5 MiB.
const PARTS_AT_ONCE: usize = 4;

/// Opens a folder for artifacts, makes it if need be, and removes what uploads left behind when a server died.
pub(crate) async fn open_folder(
    folder: &std::path::Path,
    world: &World,
) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let uploads = folder.join(UPLOADS);
    tokio::fs::create_dir_all(&uploads).await.context("making the folder")?;
    let mut entries = tokio::fs::read_dir(&uploads).await.context("looking for unfinished uploads")?;
    while let Some(entry) = entries.next_entry().await? {
        let modified = entry.metadata().await?.modified()?.duration_since(std::time::UNIX_EPOCH)?;
        if modified.as_millis() as i64 + UPLOAD_MILLIS_MAX < world.now().0 {
            tokio::fs::remove_file(entry.path()).await.context("removing an unfinished upload")?;
        }
    }
    let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
    Ok(Arc::new(store))
}

/// Where content lies: two levels, so that no folder grows beyond what file systems like.
pub(crate) fn content_path(sha256: &str) -> Path {
    Path::from(format!("blobs/{}/{sha256}", &sha256[..2]))
}

fn part_path(upload: &UploadId, number: u32) -> Path {
    Path::from(format!("{UPLOADS}/{PART}{upload}-{number:05}"))
}

fn check_part(number: u32) -> Result<(), Error> {
    if (1..=limits::ARTIFACT_PARTS_MAX).contains(&number) {
        return Ok(());
    }
    Err(Error::invalid("part_number", format!("expected 1 to {}", limits::ARTIFACT_PARTS_MAX)))
}

/// An artifact opened for reading: the bytes of `range` as they come from the store.
pub struct OpenArtifact {
    pub artifact: Artifact,
    pub range: Range<u64>,
    pub bytes: BoxStream<'static, std::io::Result<Bytes>>,
}

/// Bytes asked for, as HTTP's Range header puts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From `start` up to and including `end`, or to the end of the file.
    From { start: u64, end: Option<u64> },
    /// The last bytes.
    Last(u64),
}

/// Files that are read one after the other. Whoever drops it gives its place to others.
#[derive(Debug)]
pub struct Archive {
    base: Arc<Base>,
    name: String,
    files: Vec<Artifact>,
    /// The content of the last of them, which tells what is tracked elsewhere.
    told: Option<Bytes>,
    _place: OwnedSemaphorePermit,
}

/// The file in an archive that tells what belongs to it and lies elsewhere.
const REFERENCES_NAME: &str = "REFERENCES.txt";

impl Archive {
    /// What it is an archive of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By path.
    pub fn files(&self) -> &[Artifact] {
        &self.files
    }

    /// The content of one of its files.
    pub async fn open(&self, index: usize) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        if let Some(told) = self.told.clone().filter(|_| index + 1 == self.files.len()) {
            return Ok(futures::stream::once(async move { Ok(told) }).boxed());
        }
        let content = self.base.files.get(&content_path(&self.files[index].sha256)).await?;
        Ok(content.into_stream().map_err(std::io::Error::other).boxed())
    }
}

/// The right to join an upload, for as long as it is held.
struct Turn {
    base: Arc<Base>,
    upload: UploadId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.base.joining.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.upload);
    }
}

/// Removes parts that nobody sent to or joined for a day.
pub(crate) async fn remove_left_parts(base: &Base) -> Result<()> {
    let all: Vec<_> = base.files.list(Some(&Path::from(UPLOADS))).try_collect().await?;
    for file in all {
        let is_part = file.location.filename().is_some_and(|name| name.starts_with(PART));
        if is_part && file.last_modified.timestamp_millis() + UPLOAD_MILLIS_MAX < base.world.now().0 {
            base.files.delete(&file.location).await?;
        }
    }
    Ok(())
}

#[derive(Clone, Debug)]
pub struct Artifacts(pub(crate) Arc<Base>);

/// What lies elsewhere, as a text for those who unpack an archive.
fn references_text(references: &[Artifact]) -> String {
    let mut text =
        "These files belong here and are tracked elsewhere. The server has none of their bytes.\n".to_owned();
    for Artifact { path, reference, .. } in references {
        let Some(Reference { uri, size_bytes, digest }) = reference else { continue };
        let _ = writeln!(text, "\n{}\n  {uri}", path.as_str());
        if let Some(size) = size_bytes {
            let _ = writeln!(text, "  {size} bytes");
        }
        if let Some(digest) = digest {
            let _ = writeln!(text, "  {digest}");
        }
    }
    text
}

fn mime_of(path: &ArtifactPath) -> String {
    mime_guess::from_path(path.as_str()).first_or_octet_stream().to_string()
}

impl Artifacts {
    /// All files, those that are tracked elsewhere among them.
    pub async fn list(&self, caller: &Caller, owner: &Owner) -> Result<Vec<Artifact>> {
        caller.require(Role::Viewer)?;
        self.0.owned(owner).await?;
        Ok(store::artifact::list(&self.0.db, owner).await?)
    }

    /// All files that are here.
    pub async fn files(&self, caller: &Caller, owner: &Owner) -> Result<Vec<Artifact>> {
        caller.require(Role::Viewer)?;
        self.0.owned(owner).await?;
        Ok(store::artifact::files_below(&self.0.db, owner, None).await?)
    }

    /// What lies directly in a folder; in the root where none is named.
    pub async fn folder(
        &self,
        caller: &Caller,
        owner: &Owner,
        folder: Option<&ArtifactPath>,
    ) -> Result<Folder> {
        caller.require(Role::Viewer)?;
        self.0.owned(owner).await?;
        Ok(store::artifact::folder(&self.0.db, owner, folder, limits::ARTIFACT_ENTRIES_MAX).await?)
    }

    /// Files whose path holds a text, in any case.
    pub async fn search(&self, caller: &Caller, owner: &Owner, text: &str) -> Result<Vec<Artifact>> {
        caller.require(Role::Viewer)?;
        if text.len() > limits::SEARCH_TEXT_BYTES_MAX {
            let expected = format!("at most {} bytes", limits::SEARCH_TEXT_BYTES_MAX);
            return Err(Error::too_large("search", expected).into());
        }
        self.0.owned(owner).await?;
        Ok(store::artifact::search(&self.0.db, owner, text, limits::ARTIFACT_ENTRIES_MAX).await?)
    }

    /// One file, here or elsewhere, without its content.
    pub async fn get(&self, caller: &Caller, owner: &Owner, path: &ArtifactPath) -> Result<Artifact> {
        caller.require(Role::Viewer)?;
        self.0.entry(owner, path).await
    }

    /// Notes that a file or folder lies elsewhere; nothing of it is fetched or kept. It takes the place of what was under
    /// the path, as a file that is uploaded takes its place. True when the path did not say this before.
    pub async fn refer(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: ArtifactPath,
        new: ReferenceNew,
    ) -> Result<(Artifact, bool)> {
        caller.require(Role::Member)?;
        new.check()?;
        let run = self.0.owned(owner).await?;
        let Base { db, world, .. } = &*self.0;
        let here = store::artifact::get(db, owner, &path).await?;
        let before = store::artifact::get_reference(db, owner, &path).await?;
        if here.is_none() && before.is_none() {
            self.0.room_for_one(owner).await?;
        }
        let ReferenceNew { uri, size_bytes, digest, mime } = new;
        let mime = mime.unwrap_or_else(|| mime_of(&path));
        let reference = Reference { uri, size_bytes, digest };
        let artifact = Artifact {
            path,
            size_bytes: size_bytes.unwrap_or_default(),
            sha256: String::new(),
            mime,
            created_at_ms: world.now(),
            reference: Some(reference.clone()),
        };
        let mut tx = db.begin().await?;
        if !store::artifact::owner_is_here(&mut tx, owner).await? {
            let message = "what the file belongs to was deleted meanwhile";
            return Err(Error::new(ErrorKind::NotFound, message).into());
        }
        store::artifact::put_reference(&mut tx, owner, &artifact, &reference).await?;
        tx.commit().await?;
        self.0.artifacts_changed(run.as_ref());
        let new = here.is_some() || before.is_none_or(|before| before.reference != artifact.reference);
        Ok((artifact, new))
    }

    /// Other runs and models that have the content of a file, and where: the newest of them.
    pub async fn copies(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: &ArtifactPath,
    ) -> Result<Vec<ArtifactCopy>> {
        caller.require(Role::Viewer)?;
        let sha256 = self.0.file(owner, path).await?.sha256;
        let most = limits::ARTIFACT_COPIES_MAX;
        Ok(store::artifact::copies(&self.0.db, owner, path, &sha256, most).await?)
    }

    /// All files below a folder, or of the owner, to be read one after the other.
    pub async fn archive(
        &self,
        caller: &Caller,
        owner: &Owner,
        folder: Option<&ArtifactPath>,
    ) -> Result<Archive> {
        caller.require(Role::Viewer)?;
        let run = self.0.owned(owner).await?;
        let place = self.0.archives.clone().try_acquire_owned().map_err(|_| {
            let message = format!("{} archives are under way; try again later", limits::ARCHIVES_MAX);
            Error::new(ErrorKind::Unavailable, message)
        })?;
        let mut files = store::artifact::files_below(&self.0.db, owner, folder).await?;
        let references = store::artifact::references_below(&self.0.db, owner, folder).await?;
        let mut told = None;
        if !references.is_empty() {
            let text = references_text(&references);
            let path = match folder {
                Some(folder) => format!("{}/{REFERENCES_NAME}", folder.as_str()),
                None => REFERENCES_NAME.to_owned(),
            };
            files.push(Artifact {
                // A folder whose path has no room for it has its text at the root.
                path: path.parse().or_else(|_| REFERENCES_NAME.parse())?,
                size_bytes: text.len() as i64,
                sha256: String::new(),
                mime: "text/plain".into(),
                created_at_ms: self.0.world.now(),
                reference: None,
            });
            told = Some(text.into());
        }
        if files.is_empty() {
            return Err(Error::not_found("artifact below", folder.map_or("", ArtifactPath::as_str)).into());
        }
        let name = match (folder, run, owner) {
            (Some(folder), ..) => folder.file_name().to_owned(),
            (None, Some(run), _) => run.name,
            (None, None, Owner::Asset(id)) => self.0.asset(id).await?.name,
            (None, None, _) => owner.to_string(),
        };
        Ok(Archive { base: self.0.clone(), name, files, told, _place: place })
    }

    /// Takes content in as it streams, and lists it under the path once it is complete and durable. True when the
    /// path did not hold this content before. `expected_sha256` is what the client says the content must hash to.
    pub async fn upload<E: std::fmt::Display>(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: ArtifactPath,
        expected_sha256: Option<&str>,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(Artifact, bool)> {
        caller.require(Role::Member)?;
        let run = self.0.owned(owner).await?;
        let Base { db, world, .. } = &*self.0;
        let before = store::artifact::get(db, owner, &path).await?;
        if before.is_none() {
            self.0.room_for_one(owner).await?;
        }
        let (draft, sha256, size_bytes) = self.take_in(expected_sha256, content).await?;
        let mime = mime_of(&path);
        let artifact =
            Artifact { path, size_bytes, sha256, mime, created_at_ms: world.now(), reference: None };
        match self.put(owner, &artifact, &draft).await {
            Ok(true) => {}
            Ok(false) => self.0.files.delete(&draft).await?,
            Err(error) => {
                // Should this fail too, the next start removes it.
                self.0.files.delete(&draft).await.ok();
                return Err(error);
            }
        }
        self.0.artifacts_changed(run.as_ref());
        let new = before.is_none_or(|before| before.sha256 != artifact.sha256);
        Ok((artifact, new))
    }

    /// Lists content, and puts its file in place when the store does not have it; true when it did.
    async fn put(&self, owner: &Owner, artifact: &Artifact, draft: &Path) -> Result<bool> {
        let Base { db, files, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if !store::artifact::owner_is_here(&mut tx, owner).await? {
            let message = "what the file belongs to was deleted while it was uploaded";
            return Err(Error::new(ErrorKind::NotFound, message).into());
        }
        let placed = store::artifact::put(&mut tx, owner, artifact).await?;
        if placed {
            files.rename(draft, &content_path(&artifact.sha256)).await?;
        }
        tx.commit().await?;
        Ok(placed)
    }

    /// The name under which the parts of a file are kept until they are joined. One that is never joined is removed when a
    /// server starts a day later.
    pub fn begin_parts(&self, caller: &Caller) -> Result<UploadId> {
        caller.require(Role::Member)?;
        Ok(UploadId::from_bytes(self.0.world.bytes()))
    }

    /// Takes one part in, from 1 up, and answers what it hashes to. A part that is sent again takes the former's place.
    pub async fn put_part<E: std::fmt::Display>(
        &self,
        caller: &Caller,
        upload: &UploadId,
        number: u32,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<String> {
        caller.require(Role::Member)?;
        check_part(number)?;
        let Base { files, world, .. } = &*self.0;
        let draft = Path::from(format!("{UPLOADS}/{}", hex(&world.bytes::<16>())));
        let mut writer = WriteMultipart::new(files.put_multipart(&draft).await?);
        match copy(content, &mut writer).await {
            Ok((sha256, _)) => {
                writer.finish().await?;
                files.rename(&draft, &part_path(upload, number)).await?;
                Ok(sha256)
            }
            Err(error) => {
                writer.abort().await?;
                Err(error)
            }
        }
    }

    /// Makes an artifact of parts, in the order given, and removes them.
    pub async fn join_parts(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: ArtifactPath,
        upload: &UploadId,
        numbers: &[u32],
        expected_sha256: Option<&str>,
    ) -> Result<Artifact> {
        caller.require(Role::Member)?;
        self.0.owned(owner).await?;
        if numbers.is_empty() {
            return Err(Error::invalid("parts", "at least one part was expected").into());
        }
        // The answer to the first try may have been lost, and its parts are gone.
        if let Some(expected) = expected_sha256
            && let Some(there) = store::artifact::get(&self.0.db, owner, &path).await?
            && there.sha256.eq_ignore_ascii_case(expected)
        {
            self.drop_parts(caller, upload).await?;
            return Ok(there);
        }
        let _turn = self.turn_to_join(upload)?;
        for &number in numbers {
            check_part(number)?;
            match self.0.files.head(&part_path(upload, number)).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => {
                    return Err(Error::invalid("parts", format!("part {number} was not uploaded")).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        // One part is open at a time. A part that cannot be read is our fault, not the client's.
        let fault = Arc::new(Mutex::new(None));
        let (files, ours) = (self.0.files.clone(), fault.clone());
        let parts = futures::stream::iter(numbers.to_vec()).then(move |number| {
            let (files, part) = (files.clone(), part_path(upload, number));
            async move { Ok::<_, object_store::Error>(files.get(&part).await?.into_stream()) }
        });
        let content = parts.try_flatten().map_err(move |error| {
            let words = error.to_string();
            *ours.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            words
        });
        let joined = self.upload(caller, owner, path, expected_sha256, content.boxed()).await;
        if let Some(error) = fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error.into());
        }
        let (artifact, _) = joined?;
        self.drop_parts(caller, upload).await?;
        Ok(artifact)
    }

    /// One request at a time joins an upload: whoever asks again, because the answer takes long, is told to come later.
    fn turn_to_join(&self, upload: &UploadId) -> Result<Turn> {
        let mut joining = self.0.joining.lock().unwrap_or_else(PoisonError::into_inner);
        if !joining.insert(upload.clone()) {
            let message = "the parts are being joined; ask again later";
            return Err(Error::new(ErrorKind::Unavailable, message).into());
        }
        Ok(Turn { base: self.0.clone(), upload: upload.clone() })
    }

    /// Removes the parts of a file that will not be joined.
    pub async fn drop_parts(&self, caller: &Caller, upload: &UploadId) -> Result<()> {
        caller.require(Role::Member)?;
        let prefix = format!("{PART}{upload}-");
        let all: Vec<_> = self.0.files.list(Some(&Path::from(UPLOADS))).try_collect().await?;
        for file in all {
            if file.location.filename().is_some_and(|name| name.starts_with(&prefix)) {
                self.0.files.delete(&file.location).await?;
            }
        }
        Ok(())
    }

    /// Streams content to where uploads lie. Answers where it is, its digest and its size.
    async fn take_in<E: std::fmt::Display>(
        &self,
        expected_sha256: Option<&str>,
        content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(Path, String, i64)> {
        let Base { files, world, .. } = &*self.0;
        let draft = Path::from(format!("{UPLOADS}/{}", hex(&world.bytes::<16>())));
        let mut writer = WriteMultipart::new(files.put_multipart(&draft).await?);
        let (sha256, size_bytes) = match copy(content, &mut writer).await {
            Ok(done) => done,
            Err(error) => {
                writer.abort().await?;
                return Err(error);
            }
        };
        if expected_sha256.is_some_and(|expected| !expected.eq_ignore_ascii_case(&sha256)) {
            writer.abort().await?;
            let found = format!("the content hashes to {sha256}, not to what was announced");
            return Err(Error::invalid("X-Content-SHA256", found).into());
        }
        writer.finish().await?;
        Ok((draft, sha256, size_bytes))
    }

    /// Takes an artifact, or all below a folder, out of its owner; what is not there is passed over. The content stays in
    /// the store while others have it.
    pub async fn remove(&self, caller: &Caller, owner: &Owner, path: &ArtifactPath) -> Result<()> {
        caller.require(Role::Member)?;
        let run = self.0.owned(owner).await?;
        let mut tx = self.0.db.begin().await?;
        store::artifact::remove(&mut tx, owner, path).await?;
        tx.commit().await?;
        self.0.artifacts_changed(run.as_ref());
        Ok(())
    }

    /// Opens an artifact, or a part of it, for reading.
    pub async fn open(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<OpenArtifact> {
        caller.require(Role::Viewer)?;
        let artifact = self.0.file(owner, path).await?;
        let size = artifact.size_bytes.cast_unsigned();
        let range = match range {
            None => None,
            Some(ByteRange::From { start, end }) if start < size && end.is_none_or(|end| end >= start) => {
                Some(start..end.map_or(size, |end| size.min(end.saturating_add(1))))
            }
            Some(ByteRange::Last(count)) if count > 0 && size > 0 => Some(size.saturating_sub(count)..size),
            Some(_) => {
                return Err(
                    Error::invalid("Range", format!("not within the {size} bytes of the file")).into()
                );
            }
        };
        let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
        let result = self.0.files.get_opts(&content_path(&artifact.sha256), options).await?;
        let bytes = result.into_stream().map_err(std::io::Error::other).boxed();
        Ok(OpenArtifact { artifact, range: range.unwrap_or(0..size), bytes })
    }

    /// The beginning of a text file as HTML: Markdown as what it means, code with its parts marked, other text as it is.
    /// Absent when it is not text.
    pub async fn highlighted(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: &ArtifactPath,
    ) -> Result<Option<String>> {
        let Some(text) = self.preview(caller, owner, path).await? else { return Ok(None) };
        let name = path.file_name().to_owned();
        if [".md", ".markdown"].iter().any(|end| name.to_lowercase().ends_with(end)) {
            let run_id = if let Owner::Run(id) = owner { Some(id) } else { None };
            return self.0.markdown(run_id, &text).await.map(Some);
        }
        let html = tokio::task::spawn_blocking(move || highlight::html(&text, &name)).await;
        Ok(Some(html.map_err(anyhow::Error::from)?))
    }

    /// The beginning of a text file, at most [`limits::PREVIEW_BYTES_MAX`] of it; absent when it is not UTF-8 text.
    pub async fn preview(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: &ArtifactPath,
    ) -> Result<Option<String>> {
        caller.require(Role::Viewer)?;
        let artifact = self.0.file(owner, path).await?;
        let size = artifact.size_bytes.cast_unsigned();
        if size == 0 {
            return Ok(Some(String::new()));
        }
        let end = size.min(limits::PREVIEW_BYTES_MAX as u64);
        let bytes = self.0.files.get_range(&content_path(&artifact.sha256), 0..end).await?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            // A character may be cut in two at the end of the part.
            Err(error) if end < size && error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to here")
            }
            Err(_) => return Ok(None),
        };
        Ok((!text.contains('\0')).then(|| text.to_owned()))
    }

    /// The first rows of a Parquet file, or in words why they cannot be shown.
    pub async fn parquet(
        &self,
        caller: &Caller,
        owner: &Owner,
        path: &ArtifactPath,
    ) -> Result<Result<Parquet, String>> {
        caller.require(Role::Viewer)?;
        let artifact = self.0.file(owner, path).await?;
        let place = self.0.parquets.clone().acquire_owned().await;
        let place = place.map_err(|_| Error::new(ErrorKind::Unavailable, "shutting down"))?;
        let (files, content) = (self.0.files.clone(), content_path(&artifact.sha256));
        let (runtime, size) = (tokio::runtime::Handle::current(), artifact.size_bytes.cast_unsigned());
        // Off the threads that answer others. It goes on when whoever asked has gone, and so does its place.
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            let fetch = |range: Range<u64>| {
                let read = runtime.block_on(files.get_range(&content, range));
                read.map_err(|error| parquet::Stop::Failed(error.into()))
            };
            parquet::read(&fetch, size)
        });
        match read.await {
            Ok(Ok(parquet)) => Ok(Ok(parquet)),
            Ok(Err(parquet::Stop::Told(words))) => Ok(Err(words)),
            Ok(Err(parquet::Stop::Failed(error))) => Err(error),
            // The libraries that unpack promise not to; the file is to blame if they do.
            Err(broken) if broken.is_panic() => Ok(Err("One of its pages cannot be unpacked.".into())),
            Err(ended) => Err(anyhow::Error::from(ended).into()),
        }
    }
}

impl Base {
    /// A file that is here, without its content.
    pub(crate) async fn file(&self, owner: &Owner, path: &ArtifactPath) -> Result<Artifact> {
        let found = self.entry(owner, path).await?;
        let Some(Reference { uri, .. }) = found.reference else { return Ok(found) };
        let path = path.as_str();
        let message =
            format!("\"{path}\" is tracked elsewhere, and this server has none of its bytes: {uri}");
        Err(Error { field: Some("path".into()), ..Error::new(ErrorKind::Conflict, message) }.into())
    }

    /// What lies under a path, here or elsewhere.
    async fn entry(&self, owner: &Owner, path: &ArtifactPath) -> Result<Artifact> {
        self.owned(owner).await?;
        let found = match store::artifact::get(&self.db, owner, path).await? {
            Some(file) => Some(file),
            None => store::artifact::get_reference(&self.db, owner, path).await?,
        };
        Ok(found.ok_or_else(|| Error::not_found("artifact", path.as_str()))?)
    }

    /// Whether one more file may belong to it.
    async fn room_for_one(&self, owner: &Owner) -> Result<()> {
        let most = limits::ARTIFACTS_PER_RUN_MAX;
        if store::artifact::total(&self.db, owner).await?.0 >= most {
            return Err(Error::too_large("path", format!("at most {most} artifacts belong together")).into());
        }
        Ok(())
    }

    /// Whether what files are asked of exists; the run, if it is one.
    async fn owned(&self, owner: &Owner) -> Result<Option<Run>> {
        match owner {
            Owner::Run(id) => self.run(id).await.map(Some),
            Owner::Asset(id) => self.asset(id).await.map(|_| None),
            Owner::Trace(id) => self.trace(id).await.map(|_| None),
        }
    }

    /// Tells who watches a run that its files are others now.
    fn artifacts_changed(&self, run: Option<&Run>) {
        if let Some(run) = run {
            self.run_changed(run, RunChange::Artifacts);
        }
    }
}

/// Writes a stream, and says what it hashes to and how long it is.
async fn copy<E: std::fmt::Display>(
    mut content: impl Stream<Item = Result<Bytes, E>> + Unpin,
    writer: &mut WriteMultipart,
) -> Result<(String, i64)> {
    let mut hash = Sha256::new();
    let mut size: u64 = 0;
    while let Some(chunk) = content.next().await {
        let chunk =
            chunk.map_err(|error| Error::invalid("body", format!("the upload broke off: {error}")))?;
        size += chunk.len() as u64;
        if size > limits::ARTIFACT_BYTES_MAX {
            let expected = format!("at most {} bytes", limits::ARTIFACT_BYTES_MAX);
            return Err(Error::too_large("body", expected).into());
        }
        hash.update(&chunk);
        writer.wait_for_capacity(PARTS_AT_ONCE).await?;
        writer.put(chunk);
    }
    Ok((hex(&hash.finalize()), size.cast_signed()))
}
