//! The browser half: compiled for wasm32, split into what every page needs and a module for each page, bound to
//! JavaScript, made small for release.
//!
//! ```text
//! trackway.js, trackway_bg.wasm   what every page needs
//! split.js                        loads the others when they are first needed
//! *.wasm                          pages' own modules, and chunks that some of them share
//! *.pack                          what a page begins with as one file, which the page's head names: modules are smaller together
//! ```

use crate::{
    build::Kind,
    process,
    site::{Files, Options, hex, read_folder},
    toolchain,
};
use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use wasm_bindgen_cli_support::Bindgen;

/// The npm package that carries wasm-opt, at the version this was tried with.
const BINARYEN: &str = "binaryen@132.0.0";

/// What the compiler already uses: wasm-opt assumes less when it is not told.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

/// Components are erased; relocations tell the splitter what refers to what.
const RUSTFLAGS: &str = "--cfg\u{1f}erase_components\u{1f}-Clink-args=--emit-relocs";

/// How the splitter's script asks for a module and makes it, and how ours does.
const ASKED: [(&str, &str); 2] = [
    ("fetch(new URL(", "compile(new URL("),
    ("WebAssembly.instantiateStreaming(src, imports)", "instantiate(src, imports)"),
];
const LOAD: &str = include_str!("load.js");

/// Builds what is out of date and returns the module with its JavaScript.
pub fn build(root: &Path, options: &Options, kind: Kind) -> Result<Files> {
    let profile = profile(kind);
    compile(root, options, profile)?;
    let compiled = root.join("target/wasm").join(toolchain::TARGET).join(profile);
    let input = compiled.join(format!("{}.wasm", options.lib_package.replace('-', "_")));
    let output = bound(root, kind);
    let stamp = output.with_extension("stamp");
    let fingerprint = fingerprint(&input)?;
    if fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint) {
        return read_folder(&output);
    }
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    let common = split(&input, &output, &options.output_name)?;
    bind(&common, &output, &options.output_name, kind)?;
    if kind == Kind::Release {
        optimise(root, &output)?;
    }
    pack(&output)?;
    fs::write(&stamp, fingerprint)?;
    read_folder(&output)
}

/// What `build` made last.
pub fn built(root: &Path, kind: Kind) -> Result<Files> {
    read_folder(&bound(root, kind))
}

fn profile(kind: Kind) -> &'static str {
    match kind {
        Kind::Development => "wasm-dev",
        Kind::Release => "wasm-release",
    }
}

fn bound(root: &Path, kind: Kind) -> PathBuf {
    root.join("target/wasm/bound").join(profile(kind))
}

fn compile(root: &Path, options: &Options, profile: &str) -> Result<()> {
    let toolchain = toolchain::find(root)?;
    let mut cargo = toolchain.cargo_build(root);
    cargo.args(["--package", &options.lib_package, "--lib", "--profile", profile]);
    // Said here too, for a RUSTFLAGS of the user's would hide what .cargo/config.toml says.
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS);
    process::run(&mut cargo)
}

/// Binding is skipped while this stays the same. The module tells its wasm-bindgen's version, which is the
/// binder's; wasm-opt takes part when npm is there.
fn fingerprint(input: &Path) -> Result<String> {
    let module = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let npm = process::find("npm").is_some();
    let load = hex(&Sha256::digest(LOAD));
    Ok(format!("{} {load} {BINARYEN} {npm}", hex(&Sha256::digest(&module))))
}

/// Writes the modules that are loaded later into the folder, and returns where the rest is, which wasm-bindgen is for.
fn split(input: &Path, output: &Path, name: &str) -> Result<PathBuf> {
    fs::create_dir_all(output)?;
    let common = output.with_extension("wasm");
    let module = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let main_module = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&module);
    options.output_dir = output;
    options.main_out_path = &common;
    options.link_name = "./split.js";
    options.main_module = &main_module;
    let made = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("the module cannot be split: {error:#}"))?;
    let link = output.join("split.js");
    let mut text = fs::read_to_string(&link)?;
    for (theirs, ours) in ASKED {
        if !text.contains(theirs) {
            bail!(
                "the splitter's script has no `{theirs}` any more: {} must find another place",
                link.display()
            );
        }
        text = text.replace(theirs, ours);
    }
    fs::write(&link, format!("{LOAD}{text}"))?;
    // In an order of its own, so that the same modules give the same file.
    let needed: BTreeMap<_, _> = made.prefetch_map.into_iter().collect();
    fs::write(output.join(NEEDED), serde_json::to_vec(&needed)?)?;
    Ok(common)
}

/// Which modules a page needs: what the splitter found, until the packs are made.
const NEEDED: &str = "split.json";

/// Pages, and the modules of which an address may need one besides the page's own (`app/src/pages.rs`).
const PAGES: [(&str, &[&str]); 4] = [
    ("listing", &[]),
    ("experiment", &["drawing", "picture", "tool"]),
    ("run", &["drawing", "content"]),
    ("compare", &["drawing", "picture"]),
];

/// Writes what a page begins with as one file: `experiment.pack`, `experiment-drawing.pack`. `load.js` says what is in it.
fn pack(output: &Path) -> Result<()> {
    let needed = fs::read(output.join(NEEDED))?;
    let needed: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&needed)?;
    // The splitter adds a number to a function's name.
    let page = |name: &str| name.rsplit_once('_').map_or(name, |(page, _)| page).to_owned();
    let needed: BTreeMap<_, _> = needed.into_iter().map(|(name, modules)| (page(&name), modules)).collect();
    let of =
        |module: &str| needed.get(module).with_context(|| format!("no module is called {module} any more"));
    for (page, besides) in PAGES {
        write_pack(output, page, of(page)?)?;
        for module in besides {
            write_pack(output, &format!("{page}-{module}"), &(of(page)? | of(module)?))?;
        }
    }
    fs::remove_file(output.join(NEEDED))?;
    Ok(())
}

fn write_pack(output: &Path, name: &str, modules: &BTreeSet<String>) -> Result<()> {
    let mut list = Vec::new();
    let mut bytes = Vec::new();
    for module in modules {
        let file = format!("{module}.wasm");
        let content = fs::read(output.join(&file))?;
        list.push((file, content.len()));
        bytes.extend(content);
    }
    let list = serde_json::to_vec(&list)?;
    let length = u32::try_from(list.len()).context("the list of a pack's modules is too long")?;
    fs::write(output.join(format!("{name}.pack")), [&length.to_le_bytes()[..], &list, &bytes].concat())?;
    Ok(())
}

fn bind(input: &Path, output: &Path, name: &str, kind: Kind) -> Result<()> {
    let release = kind == Kind::Release;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false);
    bindgen.remove_name_section(release).remove_producers_section(release);
    // The other modules share its memory, stack and table.
    bindgen.keep_lld_exports(true);
    bindgen.web(true)?.generate(output).context("wasm-bindgen failed")
}

/// Shrinks every module with wasm-opt, which npm brings; without npm they stay larger, and that is all.
fn optimise(root: &Path, folder: &Path) -> Result<()> {
    let Some(npm) = process::find("npm") else {
        println!("    npm is missing: wasm-opt is skipped, the modules are about a sixth larger");
        return Ok(());
    };
    let tools = root.join("target/tools");
    let wasm_opt = tools.join("node_modules/.bin/wasm-opt");
    if !wasm_opt.exists() {
        fs::create_dir_all(&tools)?;
        let mut install = process::program(root, npm);
        install.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        process::run(install.arg(&tools).arg(BINARYEN))?;
    }
    for entry in fs::read_dir(folder)? {
        let module = entry?.path();
        if module.extension().is_some_and(|extension| extension == "wasm") {
            let mut command = process::program(root, &wasm_opt);
            command.arg("-Oz").args(WASM_FEATURES).arg(&module).arg("-o").arg(&module);
            // Not shown: its warnings are of names that the splitter wrote.
            process::output(&mut command)?;
        }
    }
    Ok(())
}
