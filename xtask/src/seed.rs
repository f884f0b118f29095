//! `seed`: fills a running server with the examples' runs, real ones and many.

use crate::{process, python, step::step};
use anyhow::Result;
use std::path::Path;

const EXAMPLES: [&str; 2] = ["examples/digits.py", "examples/many_runs.py"];

pub fn run(root: &Path, url: Option<&str>) -> Result<()> {
    let python = step("python", || python::interpreter(root, &["examples/requirements.txt"]))?;
    for example in EXAMPLES {
        step(example, || {
            let mut command = process::program(root, &python);
            command.arg(example);
            if let Some(url) = url {
                command.env("TRACKWAY_URL", url);
            }
            process::run(&mut command)
        })?;
    }
    Ok(())
}
