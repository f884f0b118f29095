//! Licences and banned crates, by the lists in deny.toml. cargo-deny reads the same file; this reader needs
//! no minutes of building.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;

pub fn faults(metadata: &Value, deny: &toml::Table) -> Result<Vec<String>> {
    let allowed = strings(deny.get("licenses").and_then(|table| table.get("allow")), toml::Value::as_str);
    let allowed = allowed.context("deny.toml has no licenses.allow")?;
    let banned = deny.get("bans").and_then(|table| table.get("deny"));
    let banned =
        strings(banned, |entry| entry.get("crate")?.as_str()).context("deny.toml has no bans.deny")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !allows(&allowed, licence) {
            faults.push(format!("crate {name}: licence \"{licence}\" is not in deny.toml"));
        }
        if banned.contains(name) {
            faults.push(format!("crate {name} is banned in deny.toml"));
        }
    }
    Ok(faults)
}

fn strings(
    value: Option<&toml::Value>,
    read: impl Fn(&toml::Value) -> Option<&str>,
) -> Option<BTreeSet<String>> {
    value?.as_array()?.iter().map(|entry| read(entry).map(str::to_owned)).collect()
}

/// Whether an SPDX expression can be satisfied by allowed licences. Old manifests write `/` for OR.
fn allows(allowed: &BTreeSet<String>, expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(allowed, &mut words) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(allowed: &BTreeSet<String>, words: &mut Words<'_>) -> bool {
    let mut result = both(allowed, words);
    while words.next_if_eq(&"OR").is_some() {
        result |= both(allowed, words);
    }
    result
}

fn both(allowed: &BTreeSet<String>, words: &mut Words<'_>) -> bool {
    let mut result = one(allowed, words);
    while words.next_if_eq(&"AND").is_some() {
        result &= one(allowed, words);
    }
    result
}

fn one(allowed: &BTreeSet<String>, words: &mut Words<'_>) -> bool {
    match words.next() {
        Some("(") => {
            let result = either(allowed, words);
            words.next_if_eq(&")").is_some() && result
        }
        Some(id) => {
            // An exception only ever permits more.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.contains(id)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spdx_expressions_are_weighed() {
        let allowed: BTreeSet<String> = ["MIT", "Apache-2.0"].map(str::to_owned).into();
        for good in [
            "MIT",
            "MIT/GPL-3.0",
            "GPL-3.0 OR MIT AND Apache-2.0",
            "(MIT OR GPL-3.0) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(allows(&allowed, good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT AND", "AGPL-3.0-only OR GPL-3.0"] {
            assert!(!allows(&allowed, bad), "{bad}");
        }
    }

    #[test]
    fn a_strange_licence_and_a_banned_crate_are_faults() {
        let deny = "licenses.allow = ['MIT']\nbans.deny = [{ crate = 'evil' }]".parse().unwrap();
        let metadata = json!({"packages": [
            {"name": "evil", "license": "MIT"},
            {"name": "odd", "license": "AGPL-3.0-only"},
            {"name": "fine", "license": "MIT"},
        ]});
        let expected =
            ["crate evil is banned in deny.toml", "crate odd: licence \"AGPL-3.0-only\" is not in deny.toml"];
        assert_eq!(faults(&metadata, &deny).unwrap(), expected);
    }
}
