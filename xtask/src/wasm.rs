//! The browser half: compiled for wasm32, bound to JavaScript, made small for release.

use crate::{
    build::Kind,
    process,
    site::{Files, Options, hex, read_folder},
    toolchain,
};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
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
    bind(&input, &output, &options.output_name, kind)?;
    if kind == Kind::Release {
        optimise(root, &output.join(format!("{}_bg.wasm", options.output_name)))?;
    }
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
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}erase_components");
    process::run(&mut cargo)
}

/// Binding is skipped while this stays the same. The module tells its wasm-bindgen's version, which is the
/// binder's; wasm-opt takes part when npm is there.
fn fingerprint(input: &Path) -> Result<String> {
    let module = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let npm = process::find("npm").is_some();
    Ok(format!("{} {BINARYEN} {npm}", hex(&Sha256::digest(&module))))
}

fn bind(input: &Path, output: &PathBuf, name: &str, kind: Kind) -> Result<()> {
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    let release = kind == Kind::Release;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false);
    bindgen.remove_name_section(release).remove_producers_section(release);
    bindgen.web(true)?.generate(output).context("wasm-bindgen failed")
}

/// Shrinks the module with wasm-opt, which npm brings; without npm it stays larger, and that is all.
fn optimise(root: &Path, module: &Path) -> Result<()> {
    let Some(npm) = process::find("npm") else {
        println!("    npm is missing: wasm-opt is skipped, the module is about a sixth larger");
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
    let mut command = process::program(root, wasm_opt);
    process::run(command.arg("-Oz").args(WASM_FEATURES).arg(module).arg("-o").arg(module))
}
