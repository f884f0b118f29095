//! What a chart draws as CSV: a row of the file for each row of a line.

use super::{format, line::Line};
use model::series::Axis;

/// Names the columns; `x` is there when the axis is not that of steps.
pub fn csv(lines: &[&Line]) -> String {
    let mut out = String::from("series,step,time,x,value,lowest,highest,smoothed,points\n");
    let float = |column: &[f64], row: usize| column.get(row).map(|value| number(*value)).unwrap_or_default();
    for line in lines {
        for row in 0..line.len() {
            let step = line.steps.get(row).map(i64::to_string).unwrap_or_default();
            let time = line.times_ms.get(row).map(|time| format::iso_millis(*time)).unwrap_or_default();
            let x = if line.axis == Axis::Step && !line.steps.is_empty() {
                String::new()
            } else {
                float(&line.to, row)
            };
            let cells = [
                quote(&line.name),
                step,
                time,
                x,
                float(&line.last, row),
                float(&line.low, row),
                float(&line.high, row),
                float(&line.smooth, row),
                line.counts.get(row).map(i64::to_string).unwrap_or_default(),
            ];
            out.push_str(&cells.join(","));
            out.push('\n');
        }
    }
    out
}

/// Every digit, in words that programs read.
pub fn number(value: f64) -> String {
    model::Float64::non_finite_name(value).map_or_else(|| format!("{value:?}"), ToOwned::to_owned)
}

/// A text as a cell.
pub fn quote(text: &str) -> String {
    // A spreadsheet would take a name that begins so for a formula.
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::{buckets, over, points};
    use super::*;

    #[test]
    fn a_row_of_a_line_is_a_row_of_the_file() {
        let line = Line { name: "a, \"b\"".into(), ..points(&[3, 4], &[0.1, f64::INFINITY]) };
        let text = csv(&[&line]);
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "\"a, \"\"b\"\"\",3,1970-01-01T00:00:00.000Z,,0.1,0.1,0.1,,1",
                "\"a, \"\"b\"\"\",4,1970-01-01T00:00:00.000Z,,Infinity,NaN,NaN,,1",
            ]
        );
    }

    #[test]
    fn buckets_tell_their_span_and_other_axes_their_place() {
        assert!(
            csv(&[&buckets(&[(0.0, 2.0, 1.5)])]).ends_with("a,9,1970-01-01T00:00:00.009Z,,1.5,0.0,2.0,,10\n")
        );
        assert!(csv(&[&over(Axis::Metric, &[0.25], &[1.0])]).ends_with(",0.25,1.0,1.0,1.0,,1\n"));
    }

    #[test]
    fn a_name_is_no_formula() {
        let line = Line { name: "=1+1".into(), ..points(&[0], &[1.0]) };
        assert!(csv(&[&line]).contains("\n'=1+1,"));
    }
}
