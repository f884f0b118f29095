//! Who compiles the browser half: a cargo, a compiler and a standard library for wasm32.
//!
//! The active toolchain when it has that library or rustup can fetch it; otherwise Debian's own Rust, which
//! comes with the library's source: the compiler builds it as part of the crate graph.

use crate::{apt, process};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A way to compile for wasm32.
pub enum Toolchain {
    /// The toolchain that also builds the server.
    Active,
    /// Debian's compiler builds the standard library too; the linker comes from elsewhere.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// `cargo build` for wasm32 into a target folder of its own: two compilers would evict each other's work.
    pub fn cargo_build(&self, root: &Path) -> Command {
        let mut command = match self {
            Self::Active => {
                let mut command = process::cargo(root);
                command.arg("build");
                command
            }
            Self::Debian { linker } => {
                let mut command = process::program(root, DEBIAN_CARGO);
                command.args(["build", "-Z", "build-std=std,panic_abort"]);
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC_WRAPPER");
                command
            }
        };
        command.args(["--target", TARGET, "--target-dir", "target/wasm"]);
        command
    }
}

/// Finds a toolchain, fetching what is missing. What is already there comes first, so that a machine without
/// network never waits for one.
pub fn find(root: &Path) -> Result<Toolchain> {
    if active_has_wasm(root)? {
        return Ok(Toolchain::Active);
    }
    if debian_is_usable(root)? {
        return debian(root);
    }
    if process::find("rustup").is_some() {
        println!("    fetching the {TARGET} library with rustup");
        let added = process::run(process::program(root, "rustup").args(["target", "add", TARGET]));
        if added.is_ok() && active_has_wasm(root)? {
            return Ok(Toolchain::Active);
        }
        println!("    rustup could not fetch it; using Debian's Rust, which carries its source");
    }
    apt::install(root, &["rustc-web", "cargo-web", "rust-web-src"], "the browser half")?;
    if !debian_is_usable(root)? {
        bail!("Debian's Rust is older than the workspace's rust-version: type `rustup target add {TARGET}`");
    }
    debian(root)
}

fn active_has_wasm(root: &Path) -> Result<bool> {
    let mut rustc = process::program(root, "rustc");
    let folder = process::output(rustc.args(["--print", "target-libdir", "--target", TARGET]))?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// Debian's compiler is there with the library's source, and new enough for the workspace.
fn debian_is_usable(root: &Path) -> Result<bool> {
    if !Path::new(DEBIAN_CARGO).exists() || !Path::new(DEBIAN_RUSTC).exists() {
        return Ok(false);
    }
    let sysroot = process::output(process::program(root, DEBIAN_RUSTC).args(["--print", "sysroot"]))?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    let version = field(&debian_version(root)?, "release").and_then(|text| minor(&text));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let needed = manifest.parse::<toml::Table>()?["workspace"]["package"]["rust-version"]
        .as_str()
        .and_then(minor)
        .context("Cargo.toml has no workspace.package.rust-version")?;
    Ok(source.exists() && version >= Some(needed))
}

fn debian_version(root: &Path) -> Result<String> {
    process::output(process::program(root, DEBIAN_RUSTC).arg("-vV"))
}

fn debian(root: &Path) -> Result<Toolchain> {
    if let Some(linker) = rustup_linker(root)? {
        return Ok(Toolchain::Debian { linker });
    }
    let llvm = field(&debian_version(root)?, "LLVM version").context("Debian's rustc names no LLVM")?;
    let llvm_major = llvm.split('.').next().unwrap_or_default();
    let name = format!("wasm-ld-{llvm_major}");
    if process::find(&name).is_none() {
        apt::install(root, &[&format!("lld-{llvm_major}")], "linking the browser half")?;
    }
    let linker = process::find(&name).with_context(|| format!("{name} is not on the PATH"))?;
    Ok(Toolchain::Debian { linker })
}

/// The linker that rustup ships with every toolchain.
fn rustup_linker(root: &Path) -> Result<Option<PathBuf>> {
    let mut rustc = process::program(root, "rustc");
    let sysroot = process::output(rustc.args(["--print", "sysroot"]))?;
    let host = field(&process::output(process::program(root, "rustc").arg("-vV"))?, "host");
    let host = host.context("rustc names no host")?;
    let linker = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    Ok(linker.exists().then_some(linker))
}

/// A line of `rustc -vV`.
fn field(version: &str, name: &str) -> Option<String> {
    let line = version.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.map(str::to_owned)
}

/// 95 of `1.95` and of `1.95.0`.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_version_lines_are_read() {
        let version = "rustc 1.96.0 (ac68faa20)\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(field(version, "LLVM version").as_deref(), Some("22.1.8"));
        assert_eq!(field(version, "release").and_then(|text| minor(&text)), Some(96));
        assert_eq!(field(version, "host"), None);
        assert_eq!(minor("1.95"), Some(95));
    }
}
