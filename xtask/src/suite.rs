//! One test suite: its commands, their output in a log file, and how many tests they counted.

use crate::process;
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    io::Write,
    ops::AddAssign,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
}

impl Counts {
    /// A suite without tests inside counts as one.
    pub fn one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Where a suite's commands write.
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    pub fn create(folder: &Path, suite: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{suite}.log"));
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file })
    }

    pub fn say(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.file, "{text}")?)
    }

    pub fn text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.path)?).into_owned())
    }

    /// Runs a command to its end and tells whether it succeeded.
    pub fn run(&mut self, command: &mut Command) -> Result<bool> {
        let shown = process::shown(command);
        self.say(&format!("$ {shown}"))?;
        command.stdin(Stdio::null()).stdout(self.file.try_clone()?).stderr(self.file.try_clone()?);
        let status = command.status().with_context(|| format!("cannot start {shown}"))?;
        Ok(status.success())
    }

    /// Runs a command and reads from its output how many tests it ran.
    pub fn count(&mut self, command: &mut Command, read: fn(&str) -> Counts) -> Result<Counts> {
        let before = self.text()?.len();
        let succeeded = self.run(command)?;
        let mut counts = read(&self.text()?[before..]);
        if counts == Counts::default() || (!succeeded && counts.failed == 0) {
            // Nothing counted is one test; a failure outside of the tests is one, too.
            counts += Counts::one(succeeded);
        }
        Ok(counts)
    }
}

/// `test result: ok. 12 passed; 0 failed; …`, once a test binary.
pub fn cargo_counts(output: &str) -> Counts {
    sum(output.lines().filter_map(|line| line.strip_prefix("test result: ")))
}

/// pytest's last line: `== 2 failed, 40 passed in 3.21s ==`. An error in a set-up is a failure.
pub fn pytest_counts(output: &str) -> Counts {
    let summary = output.lines().rev().find(|line| line.contains(" in ") && !sum([*line]).is_zero());
    sum(summary)
}

/// Playwright's closing lines: `  2 failed` with names, `  40 passed (1.2m)`.
pub fn playwright_counts(output: &str) -> Counts {
    let closing = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().take(2).collect();
        matches!(words[..], [number, "passed" | "failed" | "flaky"] if number.parse::<u32>().is_ok())
    };
    sum(output.lines().filter(closing))
}

impl Counts {
    fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// Adds up every `3 passed`, `1 failed`, `1 error` and `1 flaky` of these lines.
fn sum<'a>(lines: impl IntoIterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        let words: Vec<_> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else { continue };
            match pair[1] {
                "passed" => counts.passed += number,
                "failed" | "error" | "errors" | "flaky" => counts.failed += number,
                _ => {}
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn cargo_lines_add_up_over_binaries() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(cargo_counts(output), Counts { passed: 4, failed: 2 });
    }

    #[test]
    fn pytest_counts_the_summary_only() {
        let output = "log: 7 passed in a test\n==== 2 failed, 40 passed, 1 error in 3.21s ====\n";
        assert_eq!(pytest_counts(output), Counts { passed: 40, failed: 3 });
        assert_eq!(pytest_counts("5 passed in 0.1s"), Counts { passed: 5, failed: 0 });
    }

    #[test]
    fn playwright_counts_a_flaky_test_as_failed() {
        let output = "Running 43 tests using 1 worker\n  2 failed\n    [a] › b.spec.ts\n  1 flaky\n  40 passed (1.2m)\n";
        assert_eq!(playwright_counts(output), Counts { passed: 40, failed: 3 });
    }

    #[test]
    fn a_command_that_fails_before_its_tests_counts_as_failed() {
        let folder = Scratch::new();
        let mut log = Log::create(folder.path(), "suite").unwrap();
        let mut shell = |script| {
            let mut command = process::program(Path::new("/"), "sh");
            log.count(command.args(["-c", script]), cargo_counts).unwrap()
        };
        assert_eq!(shell("exit 101"), Counts { passed: 0, failed: 1 });
        assert_eq!(shell("true"), Counts { passed: 1, failed: 0 });
        assert_eq!(shell("echo test result: ok. 2 passed"), Counts { passed: 2, failed: 0 });
        assert_eq!(shell("echo test result: ok. 2 passed; false"), Counts { passed: 2, failed: 1 });
    }
}
