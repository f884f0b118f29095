//! From the server's series to the lines of a chart: who is drawn in what order, colour and dash, and under what name.

use super::board::{BoardGroup, BoardRun};
use crate::chart::line::Line;
use model::{
    RunId,
    series::{Axis, Series},
};

/// The curves of one metric in the order of the runs; curves that share a colour get dashes.
pub fn lines(runs: &[BoardRun], mut series: Vec<Series>, axis: Axis) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for run in runs {
        let (own, others): (Vec<_>, Vec<_>) = series.into_iter().partition(|one| one.run_id == run.id);
        series = others;
        for one in own {
            let color = run.color;
            let dash = lines.iter().filter(|line| line.color == color).count() as u8 % 4;
            let context = one.context.label();
            let short = owner(&run.id);
            let (name, id) = if context.is_empty() {
                (run.name.clone(), short.to_owned())
            } else {
                (format!("{} {context}", run.name), format!("{short} {context}"))
            };
            lines.extend(Line::of(one, axis).map(|line| Line {
                id,
                owner: short.to_owned(),
                name,
                color,
                dash,
                ..line
            }));
        }
    }
    lines
}

/// Whose the lines of a run are.
pub fn owner(id: &RunId) -> &str {
    &id.as_str()[..ID_DIGITS]
}

/// The curves of groups, in their order.
pub fn group_lines(groups: &[BoardGroup], series: Vec<Series>, axis: Axis) -> Vec<Line> {
    let mut series: Vec<Series> = series.into_iter().filter(|one| one.group.is_some()).collect();
    series.sort_by_key(|one| one.group);
    let mut lines: Vec<Line> = Vec::new();
    for one in series {
        let Some(group) = one.group.and_then(|number| groups.get(number as usize)) else { continue };
        let context = one.context.label();
        let dash = lines.iter().filter(|line| line.color == group.color).count() as u8 % 4;
        let name = if context.is_empty() { group.name.clone() } else { format!("{} {context}", group.name) };
        let color = group.color;
        let owner = group.name.clone();
        let line = Line::of(one, axis);
        lines.extend(line.map(|line| Line { id: name.clone(), owner, name, color, dash, ..line }));
    }
    lines
}

/// Digits of a run's id that tell the lines of a page apart.
const ID_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::run_color_place;
    use model::{
        metric::Context,
        series::{Columns, Extra, Points},
    };

    fn run(digit: char, number: i64) -> BoardRun {
        let id = digit.to_string().repeat(32).parse().expect("32 hex digits");
        BoardRun { id, name: format!("run {digit}"), color: run_color_place(number, None), started_ms: 0 }
    }

    fn series(run: &BoardRun, subset: &str) -> Series {
        let context = match subset {
            "" => Context::default(),
            subset => Context([("subset".to_owned(), subset.to_owned())].into()),
        };
        let columns = Columns::Points(Points::default());
        let (run_id, key) = (run.id.clone(), "loss".to_owned());
        Series { run_id, group: None, key, context, total: 0, columns, extra: Extra::default() }
    }

    #[test]
    fn curves_follow_the_order_of_runs_and_keep_their_colours() {
        let runs = [run('b', 2), run('a', 1)];
        let lines = lines(&runs, vec![series(&runs[1], ""), series(&runs[0], "")], Axis::Step);
        let shown: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.color, line.dash)).collect();
        assert_eq!(shown, [("run b", 1, 0), ("run a", 0, 0)]);
        assert_eq!(lines[0].owner, owner(&runs[0].id));
    }

    #[test]
    fn curves_of_one_colour_differ_by_dashes() {
        let runs = [run('a', 1), run('b', 13)];
        let all = vec![series(&runs[0], "train"), series(&runs[0], "val"), series(&runs[1], "")];
        let shown: Vec<_> =
            lines(&runs, all, Axis::Step).into_iter().map(|line| (line.name, line.dash)).collect();
        let expected = [("run a subset=train", 0), ("run a subset=val", 1), ("run b", 2)];
        assert_eq!(shown, expected.map(|(name, dash)| (name.to_owned(), dash)));
    }

    #[test]
    fn a_group_is_one_curve_for_each_context() {
        let runs = [run('a', 1), run('b', 2)];
        let group =
            |name: &str, color| BoardGroup { name: name.into(), color, runs: vec![runs[0].id.clone()] };
        let of = |number: u32, subset: &str| {
            let columns = Columns::Group(model::series::Group::default());
            Series { group: Some(number), columns, ..series(&runs[0], subset) }
        };
        let groups = [group("lr 0.1", 0), group("lr 1", 1)];
        let all = vec![of(1, ""), of(0, "subset"), of(0, ""), of(9, "")];
        let names: Vec<_> = group_lines(&groups, all, Axis::Step).into_iter().map(|line| line.name).collect();
        assert_eq!(names, ["lr 0.1 subset=subset", "lr 0.1", "lr 1"]);
    }
}
