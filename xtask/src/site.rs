//! The folder of files that the server hands to browsers: its options, its stylesheet, its version.
//!
//! ```text
//! target/site/version                16 hex digits: what `/pkg/<version>/…` URLs carry
//! target/site/pkg/trackway.js        and trackway_bg.wasm, snippets/, trackway.css
//! target/site/pkg/*.br               compressed twins, release only; a pack is nothing else there
//! ```

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// Files by their path inside a folder, `/` between its parts.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The site options that building needs, as Leptos.toml has them.
pub struct Options {
    /// Stem of the files: `trackway.js`.
    pub output_name: String,
    pub site_root: PathBuf,
    pub pkg_dir: String,
    pub bin_package: String,
    pub lib_package: String,
}

impl Options {
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("Leptos.toml")).context("cannot read Leptos.toml")?;
        Self::parse(root, &text)
    }

    fn parse(root: &Path, text: &str) -> Result<Self> {
        let table = text.parse::<toml::Table>().context("Leptos.toml is not TOML")?;
        let sections = table.get("workspace").and_then(|workspace| workspace.get("metadata")?.get("leptos"));
        let section = sections
            .and_then(|leptos| leptos.get(0))
            .context("Leptos.toml has no [[workspace.metadata.leptos]]")?;
        let option = |name: &str| {
            let value = section.get(name).and_then(toml::Value::as_str);
            value.map(str::to_owned).with_context(|| format!("Leptos.toml has no {name}"))
        };
        Ok(Self {
            output_name: option("output-name")?,
            site_root: root.join(option("site-root")?),
            pkg_dir: option("site-pkg-dir")?,
            bin_package: option("bin-package")?,
            lib_package: option("lib-package")?,
        })
    }

    pub fn pkg(&self) -> PathBuf {
        self.site_root.join(&self.pkg_dir)
    }
}

/// `style/` as one file: tokens, base, components, features. Cascade layers, not this order, decide what wins.
pub fn stylesheet(root: &Path) -> Result<String> {
    let style = root.join("style");
    let mut files = vec![style.join("tokens.css"), style.join("base.css"), style.join("ui.css")];
    files.extend(style_files(&style.join("ui"))?);
    files.extend(style_files(&style.join("feature"))?);
    let mut css = String::new();
    for file in files.iter().filter(|file| file.exists()) {
        css += &fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        css.push('\n');
    }
    Ok(css)
}

fn style_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut files: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "css"));
    files.sort();
    Ok(files)
}

/// Makes the pkg folder hold exactly these files, with compressed twins if asked, and names their version.
pub fn publish(options: &Options, files: &Files, compressed: bool) -> Result<String> {
    let pkg = options.pkg();
    fs::create_dir_all(&pkg)?;
    let version = version(files);
    for (name, content) in files {
        let twin = pkg.join(twin(name));
        if compressed && is_pack(name) {
            if !fs::read(&twin).is_ok_and(|old| plain(&old).is_some_and(|old| old == *content)) {
                write_if_changed(&twin, &brotli(content)?)?;
            }
            continue;
        }
        let changed = write_if_changed(&pkg.join(name), content)?;
        if compressed && compresses_well(name) && (changed || !twin.exists()) {
            write_if_changed(&twin, &brotli(content)?)?;
        }
    }
    let wanted = |name: &str| match name.strip_suffix(".br").filter(|_| compressed) {
        Some(original) => files.contains_key(original),
        None => files.contains_key(name) && !(compressed && is_pack(name)),
    };
    for name in read_folder_names(&pkg)?.iter().filter(|name| !wanted(name)) {
        fs::remove_file(pkg.join(name))?;
    }
    write_if_changed(&options.site_root.join("version"), version.as_bytes())?;
    Ok(version)
}

fn twin(name: &str) -> String {
    format!("{name}.br")
}

/// Other modules than the first are never asked for by themselves.
fn compresses_well(name: &str) -> bool {
    ["_bg.wasm", ".js", ".css"].iter().any(|end| name.ends_with(end))
}

/// Its modules are there a second time, each by itself: the server makes packs of them for whoever takes no Brotli.
fn is_pack(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "pack")
}

/// The same files give the same version on every machine.
fn version(files: &Files) -> String {
    let mut hash = Sha256::new();
    for (name, content) in files {
        for part in [name.as_bytes(), content.as_slice()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize()[..8])
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        text
    })
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    // Quality 11 and a 16 MiB window: compressed once, sent many times.
    let (quality, window_bits, buffer_bytes) = (11, 24, 1 << 16);
    let mut writer = brotli::CompressorWriter::new(Vec::new(), buffer_bytes, quality, window_bits);
    writer.write_all(content)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

fn plain(mut compressed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut compressed, &mut plain).ok()?;
    Some(plain)
}

/// Leaves a file that is right untouched: cargo compares times and would link the server again.
fn write_if_changed(file: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}

/// Every file of a folder with its content.
pub fn read_folder(folder: &Path) -> Result<Files> {
    let names = read_folder_names(folder)?;
    names.into_iter().map(|name| Ok((name.clone(), fs::read(folder.join(name))?))).collect()
}

fn read_folder_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let inner = read_folder_names(&entry.path())?;
            names.extend(inner.into_iter().map(|file| format!("{name}/{file}")));
        } else {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn options(root: &Path) -> Options {
        let text = "[[workspace.metadata.leptos]]\noutput-name = 'app'\nsite-root = 'site'\n\
                    site-pkg-dir = 'pkg'\nbin-package = 'server'\nlib-package = 'frontend'";
        Options::parse(root, text).unwrap()
    }

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn publishing_removes_what_earlier_builds_left() {
        let root = Scratch::new();
        let options = options(root.path());
        let first = files(&[("app.js", "one"), ("snippets/old/a.js", "a")]);
        let version = publish(&options, &first, true).unwrap();
        assert!(options.pkg().join("app.js.br").exists());
        let second = files(&[("app.js", "two")]);
        assert_ne!(publish(&options, &second, false).unwrap(), version);
        assert_eq!(read_folder(&options.pkg()).unwrap(), second);
    }

    #[test]
    fn compressed_twin_follows_its_original() {
        let root = Scratch::new();
        let options = options(root.path());
        for text in ["one", "two"] {
            publish(&options, &files(&[("app.css", text)]), true).unwrap();
            let twin = fs::read(options.pkg().join("app.css.br")).unwrap();
            assert_eq!(plain(&twin).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn a_pack_is_published_in_one_form_only() {
        let root = Scratch::new();
        let options = options(root.path());
        let names = || read_folder_names(&options.pkg()).unwrap();
        publish(&options, &files(&[("run.pack", "modules")]), false).unwrap();
        assert_eq!(names(), ["run.pack"]);
        publish(&options, &files(&[("run.pack", "modules")]), true).unwrap();
        assert_eq!(names(), ["run.pack.br"]);
        publish(&options, &files(&[("run.pack", "modules")]), false).unwrap();
        assert_eq!(names(), ["run.pack"]);
    }

    #[test]
    fn unchanged_files_keep_their_time() {
        let root = Scratch::new();
        let file = root.path().join("a/b");
        assert!(write_if_changed(&file, b"x").unwrap());
        assert!(!write_if_changed(&file, b"x").unwrap());
        assert!(write_if_changed(&file, b"y").unwrap());
    }

    #[test]
    fn version_tells_names_from_contents() {
        let version_of = |list: &[(&str, &str)]| version(&files(list));
        assert_eq!(version_of(&[("a", "b")]).len(), 16);
        assert_ne!(version_of(&[("a", "bc")]), version_of(&[("ab", "c")]));
    }

    #[test]
    fn stylesheet_has_features_last_and_in_order() {
        let root = Scratch::new();
        let feature = root.path().join("style/feature");
        fs::create_dir_all(&feature).unwrap();
        fs::write(feature.join("run.css"), "run").unwrap();
        fs::write(feature.join("note.css"), "note").unwrap();
        fs::write(root.path().join("style/tokens.css"), "tokens").unwrap();
        assert_eq!(stylesheet(root.path()).unwrap(), "tokens\nnote\nrun\n");
    }
}
