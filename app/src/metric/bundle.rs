//! Charts of several metrics that are of one kind, under a name that people use: a line for each metric and context.

use super::{board::BoardRun, lines::owner};
use crate::chart::line::Line;
use model::{
    limits,
    metric::Context,
    series::{Axis, Series},
};

/// A chart of metrics of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// What stands for it where other charts have their metric.
    pub key: String,
    pub section: &'static str,
    pub title: String,
    pub parts: Vec<Part>,
    /// What values are multiplied by to be in the unit of the title.
    pub factor: f64,
}

/// A metric of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub key: String,
    /// Tells it from the others; empty where it is the only one.
    pub name: String,
}

/// The lines of a bundle, in the order of runs, parts and contexts. Those of one run differ by colours, because what
/// they measure is one thing and dashes of ten devices could not be told apart.
pub fn bundle_lines(bundle: &Bundle, runs: &[BoardRun], series: Vec<Series>, axis: Axis) -> Vec<Line> {
    let place = |one: &Series| {
        let run = runs.iter().position(|run| run.id == one.run_id);
        let part = bundle.parts.iter().position(|part| part.key == one.key);
        Some((run?, part?, process(&one.context).and_then(|process| process.parse::<u64>().ok())))
    };
    let mut placed: Vec<_> = series.into_iter().filter_map(|one| Some((place(&one)?, one))).collect();
    placed.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.context.cmp(&other.context)));
    let mut lines: Vec<Line> = Vec::new();
    for ((run, part, _), one) in placed {
        let (run, part) = (&runs[run], &bundle.parts[part]);
        let words = words(&one.context);
        let mut names: Vec<&str> =
            [part.name.as_str(), &words].into_iter().filter(|name| !name.is_empty()).collect();
        let id = [&[owner(&run.id)], &names[..]].concat().join(" ");
        if runs.len() > 1 || names.is_empty() {
            names.insert(0, &run.name);
        }
        let name = names.join(" · ");
        let Some(mut line) = Line::of(one, axis) else { continue };
        line.scale(bundle.factor);
        let colors = usize::from(limits::RUN_COLORS);
        let place = lines.len();
        lines.push(Line {
            id,
            owner: owner(&run.id).to_owned(),
            name,
            color: ((usize::from(run.color) + place) % colors) as u8,
            dash: (place / colors % 4) as u8,
            ..line
        });
    }
    lines
}

/// Which process a series is of: its rank, or where it runs.
fn process(context: &Context) -> Option<&str> {
    context.0.get("process").map(String::as_str)
}

/// A context as a person says it: `rank 3`.
fn words(context: &Context) -> String {
    match process(context) {
        Some(process) if context.0.len() == 1 => {
            let is_rank = process.bytes().all(|byte| byte.is_ascii_digit());
            if is_rank { format!("rank {process}") } else { process.to_owned() }
        }
        _ => context.label(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::series::{Columns, Extra, Points};

    fn series(run: &BoardRun, key: &str, process: &str) -> Series {
        let context = match process {
            "" => Context::default(),
            process => Context([("process".to_owned(), process.to_owned())].into()),
        };
        let columns = Columns::Points(Points { steps: vec![0], times_ms: vec![0], values: vec![5e9] });
        let (run_id, key) = (run.id.clone(), key.to_owned());
        Series { run_id, group: None, key, context, total: 1, columns, extra: Extra::default() }
    }

    fn run() -> BoardRun {
        let id = "a".repeat(32).parse().expect("32 hex digits");
        BoardRun { id, name: "run a".into(), color: 11, started_ms: 0 }
    }

    fn bundle(names: &[&str]) -> Bundle {
        let part = |name: &&str| Part { key: format!("system/{name}"), name: (*name).to_owned() };
        let parts = names.iter().map(part).collect();
        Bundle { key: "system/*".into(), section: "GPU", title: "Memory (GB)".into(), parts, factor: 1e-9 }
    }

    #[test]
    fn devices_and_ranks_are_lines_in_their_order_with_colours_of_their_own() {
        let run = run();
        let all = [("system/b", "10"), ("system/a", "2"), ("system/a", "10"), ("system/b", "node-7:31")];
        let all = all.map(|(key, process)| series(&run, key, process)).to_vec();
        let lines = bundle_lines(&bundle(&["a", "b"]), &[run], all, Axis::Step);
        let shown: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.color, line.dash)).collect();
        let expected =
            [("a · rank 2", 11, 0), ("a · rank 10", 0, 0), ("b · node-7:31", 1, 0), ("b · rank 10", 2, 0)];
        assert_eq!(shown, expected);
        assert_eq!(lines[0].last, [5.0], "in the unit of its title");
        assert_eq!(lines[0].id, "aaaaaaaaaaaa a rank 2");
    }

    #[test]
    fn the_only_line_has_the_name_and_the_colour_of_its_run() {
        let run = run();
        let only = vec![series(&run, "system/", "")];
        let lines = bundle_lines(&bundle(&[""]), &[run], only, Axis::Step);
        assert_eq!(
            (lines[0].name.as_str(), lines[0].color, lines[0].id.as_str()),
            ("run a", 11, "aaaaaaaaaaaa")
        );
    }
}
