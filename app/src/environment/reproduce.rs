//! The lines that bring a run's code, packages and command back, as far as its environment tells them.

use super::facts;
use crate::{chart::format, quote};
use model::{RunId, environment::Environment};
use serde_json::Value;
use std::fmt::Write as _;

/// A script for sh, and what it cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    pub script: String,
    pub missing: Vec<String>,
}

/// Variables without which the same seed gives other numbers.
const VARIABLES: [&str; 2] = ["PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG"];
/// What the client writes in place of a secret.
const MASK: &str = "***";

pub fn recipe(run_id: &RunId, environment: &Environment) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.code(run_id, environment);
    recipe.packages(environment);
    recipe.command(environment);
    recipe
}

impl Recipe {
    fn line(&mut self, line: &str) {
        self.script.push_str(line);
        self.script.push('\n');
    }

    fn miss(&mut self, what: impl Into<String>) {
        self.missing.push(what.into());
    }

    fn code(&mut self, run_id: &RunId, environment: &Environment) {
        let source = facts::source(environment).unwrap_or_default();
        match source.remote.as_deref().filter(|remote| !remote.contains(hidden)) {
            Some(remote) => {
                let folder = folder(remote);
                // Nothing behind `--` is an option.
                self.line(&format!("git clone -- {} {folder}", quote::shell(remote)));
                self.line(&format!("cd {folder}"));
                if remote.contains(MASK) {
                    self.miss(format!(
                        "The secret in the repository's address was not recorded: put it where {MASK} stands."
                    ));
                }
            }
            None => self.miss("The repository's address was not recorded: start in a copy of the code."),
        }
        match source.commit.as_deref().filter(|commit| is_commit(commit)) {
            Some(commit) => self.line(&format!("git checkout --detach {commit}")),
            None => self.miss("No commit was recorded: nobody knows which state of the code ran."),
        }
        if !source.dirty {
            return;
        }
        let cut = environment.at(&["git", "diff_cut"]) == Some(&Value::Bool(true));
        match source.diff.filter(|_| !cut) {
            Some(path) => {
                let file = quote::shell(&format!("./{path}"));
                self.line(&format!("trackway download {run_id} -- {}", quote::shell(&path)));
                self.line(&format!("git apply {file}"));
            }
            None if cut => self.miss("The uncommitted changes were too long to be recorded whole."),
            None => self.miss(
                "The code had uncommitted changes, or files that git did not know, which were not recorded.",
            ),
        }
    }

    fn packages(&mut self, environment: &Environment) {
        // Without what a shell reads as a former command.
        let plain = |version: &&str| is_version(version) && !version.contains('!');
        let version = environment.text(&["python", "version"]).filter(plain);
        let version = version.map(|version| version.split('.').take(2).collect::<Vec<_>>().join("."));
        let python = if let Some(version) = version {
            format!("python{version}")
        } else {
            self.miss("The version of Python was not recorded.");
            "python3".to_owned()
        };
        self.line(&format!("{python} -m venv .venv"));
        self.line(". .venv/bin/activate");
        let packages = facts::packages(environment);
        let (good, odd): (Vec<_>, Vec<_>) =
            packages.iter().partition(|(name, version)| is_name(name) && is_version(version));
        if good.is_empty() {
            self.miss("No packages were recorded.");
        } else {
            self.script.push_str("python -m pip install --no-deps");
            for (name, version) in good {
                write!(self.script, " \\\n  {}", quote::shell(&format!("{name}=={version}")))
                    .expect("a text takes all");
            }
            self.script.push('\n');
        }
        if !odd.is_empty() {
            let count = format::counted(odd.len() as i64, "package", "packages");
            self.miss(format!("{count} without a version that could be asked for are left out."));
        }
    }

    fn command(&mut self, environment: &Environment) {
        let words: Vec<&str> = match environment.at(&["command"]) {
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let Some((program, arguments)) = words.split_first() else {
            self.miss("The command was not recorded as words.");
            return;
        };
        if let Some(folder) = environment.text(&["cwd"]) {
            self.miss(format!(
                "It was started in {}: where that is inside the repository was not recorded.",
                quote::shell(folder)
            ));
        }
        let mut line = String::new();
        for name in VARIABLES {
            if let Some(value) = environment.text(&["variables", name]).filter(|value| *value != MASK) {
                write!(line, "{name}={} ", quote::shell(value)).expect("a text takes all");
            }
        }
        let name = program.rsplit('/').next().unwrap_or_default();
        // The interpreter of that machine is the one of the new place here.
        let program = if name.starts_with("python") { "python".to_owned() } else { quote::shell(program) };
        // A word with `=` would be taken for a variable.
        let quotes = if program.contains('=') && !program.starts_with(['\'', '$']) { "'" } else { "" };
        line.extend([quotes, program.as_str(), quotes]);
        for word in arguments {
            line.push(' ');
            line.push_str(&quote::shell(word));
        }
        self.line(&line);
        if words.iter().any(|word| word.contains(MASK)) {
            self.miss(format!("Secrets of the command were not recorded: put them where {MASK} stands."));
        }
    }
}

fn hidden(one: char) -> bool {
    one.is_control()
}

/// The folder that a clone goes to: the last part of the address, in letters that harm nobody.
fn folder(remote: &str) -> String {
    let path = remote.trim_end_matches('/').trim_end_matches(".git");
    let last = path.rsplit(['/', ':']).next().unwrap_or_default();
    let plain = |one: char| if one.is_ascii_alphanumeric() || "-_.".contains(one) { one } else { '-' };
    let safe: String = last.chars().take(100).map(plain).collect();
    match safe.trim_start_matches(['-', '.']) {
        "" => "source".to_owned(),
        name => name.to_owned(),
    }
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.starts_with(|one: char| one.is_ascii_alphanumeric()) && text.bytes().all(plain)
}

fn is_version(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".!+_-".contains(&byte);
    text.starts_with(|one: char| one.is_ascii_digit()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: Value) -> Recipe {
        let id = "0123456789abcdef0123456789abcdef".parse().expect("an id");
        recipe(&id, &serde_json::from_value(value).expect("an environment"))
    }

    #[test]
    fn a_run_that_told_everything_is_brought_back_line_by_line() {
        let recipe = of(json!({
            "git": {"commit": "3f2a9c1d5b", "remote": "git@example.org:team/digits.git", "dirty": true,
                "diff_path": "code/diff.patch"},
            "python": {"version": "3.12.4"}, "packages": {"torch": "2.5.1+cu121", "numpy": "2.1.0"},
            "command": ["/home/ada/.venv/bin/python3.12", "train.py", "--note", "it's wide"],
            "variables": {"PYTHONHASHSEED": "0"},
        }));
        assert_eq!(
            recipe.script,
            "git clone -- git@example.org:team/digits.git digits\n\
             cd digits\n\
             git checkout --detach 3f2a9c1d5b\n\
             trackway download 0123456789abcdef0123456789abcdef -- code/diff.patch\n\
             git apply ./code/diff.patch\n\
             python3.12 -m venv .venv\n\
             . .venv/bin/activate\n\
             python -m pip install --no-deps \\\n  numpy==2.1.0 \\\n  torch==2.5.1+cu121\n\
             PYTHONHASHSEED=0 python train.py --note 'it'\\''s wide'\n"
        );
        assert_eq!(recipe.missing, Vec::<String>::new());
    }

    #[test]
    fn what_a_run_did_not_tell_is_said() {
        let recipe = of(json!({}));
        assert_eq!(recipe.script, "python3 -m venv .venv\n. .venv/bin/activate\n");
        let missing = recipe.missing.join(" ");
        for word in ["address", "commit", "Python", "packages", "command"] {
            assert!(missing.contains(word), "{word}: {missing}");
        }
        let cut = of(json!({"git": {"dirty": true, "diff_path": "d", "diff_cut": true}}));
        assert!(cut.missing.iter().any(|line| line.contains("too long")), "{cut:?}");
        let secret = of(json!({"command": ["python", "--token=***"], "cwd": "/home/a b"}));
        assert!(secret.missing.iter().any(|line| line.contains("Secrets")), "{secret:?}");
        assert!(secret.missing.iter().any(|line| line.contains("'/home/a b'")), "{secret:?}");
    }

    #[test]
    fn hostile_values_stay_words_or_are_left_out() {
        let recipe = of(json!({
            "git": {"commit": "--upload-pack=evil", "remote": "-x'; rm -rf ~\u{a0}", "dirty": true,
                "diff_path": "$(id).patch"},
            "python": {"version": "3; rm -rf"},
            "packages": {"-r evil": "1", "good": "1.0", "bad": "1 --index-url http://x", "two\nlines": "2"},
            "command": ["FOO=1", "a\nb", "-c", "$HOME `id`"],
        }));
        let lines: Vec<&str> = recipe.script.lines().collect();
        assert_eq!(lines[0], "git clone -- '-x'\\''; rm -rf ~\u{a0}' x---rm--rf---");
        assert_eq!(lines[2], "trackway download 0123456789abcdef0123456789abcdef -- '$(id).patch'");
        assert_eq!(lines[3], "git apply './$(id).patch'");
        assert_eq!(lines[4], "python3 -m venv .venv");
        assert!(recipe.script.contains("--no-deps \\\n  good==1.0\n"), "{}", recipe.script);
        assert_eq!(lines.last(), Some(&"'FOO=1' $'a\\nb' -c '$HOME `id`'"));
        assert!(recipe.missing.iter().any(|line| line.starts_with("3 packages")), "{recipe:?}");
        assert!(of(json!({"git": {"remote": "a\nb"}})).missing[0].contains("address"));
    }

    #[test]
    fn a_clone_has_a_folder_that_leads_nowhere_else() {
        for (remote, name) in [
            ("https://example.org/team/digits.git", "digits"),
            ("git@example.org:digits", "digits"),
            ("../..", "source"),
            ("/", "source"),
            ("x/.git", "source"),
            ("a/b c", "b-c"),
        ] {
            assert_eq!(folder(remote), name, "{remote}");
        }
    }
}
