//! A whole comparison as one HTML file that needs no server: tables as text, curves as columns that its small script
//! draws. Whatever runs, params and notes are called, it is text here: markup is escaped, data cannot end its element, and
//! the file's own policy lets run nothing but that script.

use super::{change::said, metrics::verdict};
use crate::{
    chart::{format, line::Line, svg::escape},
    metric::{BoardRun, goal::best, lines},
    ui::run_color_class,
};
use model::{
    compare::{Changes, ComparedRun, Curves, Document, LineKind, MetricRow, MetricTable, MetricValue, Table},
    ingest::Base64,
    metric::Goal,
    series::Axis,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

const SCRIPT: &str = include_str!("offline.js");
/// The page's colours and plain elements, then what this file adds.
const STYLE: &str = concat!(
    include_str!("../../../style/tokens.css"),
    include_str!("../../../style/base.css"),
    include_str!("offline.css")
);

/// The file. `seal` makes the digest by which a policy knows a text: `sha256-…`.
pub fn html(
    document: &Document,
    value: MetricValue,
    step: Option<i64>,
    off: &[String],
    seal: fn(&str) -> String,
) -> String {
    let title = title(&document.runs);
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        seal(STYLE),
        seal(SCRIPT)
    );
    let made = format::utc(document.made_at_ms.0);
    let (curves, data) = curves(document, off);
    let body = [
        runs(document),
        counts(document),
        document.changes.as_ref().map(changes).unwrap_or_default(),
        metrics(&document.metrics, value, step),
        texts("Params that differ", "param", &document.params, "All params are the same in these runs."),
        notes(&document.notes),
        curves,
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n<p class=\"muted\">As it was on {made}. This file needs no server.</p>\n{}</main>\n\
         <script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        body.concat(),
        inert(&data),
        title = escape(&title),
    )
}

/// JSON that cannot end the element that holds it, whatever the texts in it are.
fn inert(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c")
}

fn title(runs: &[ComparedRun]) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = runs.iter().take(NAMED).map(|one| one.run.name.as_str()).collect();
    match runs.len() {
        0..=NAMED => format!("Comparison of {}", names.join(", ")),
        more => format!("Comparison of {} and {} more", names.join(", "), more - NAMED),
    }
}

fn section(id: &str, title: &str, content: &str) -> String {
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{content}</section>\n")
}

/// A table that scrolls by itself.
fn table(name: &str, head: &str, rows: &str) -> String {
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">\n<table>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

fn swatch(one: &ComparedRun) -> String {
    format!("<span class=\"swatch {}\"></span>", run_color_class(one.run.number, one.run.color))
}

fn runs(document: &Document) -> String {
    let mut rows = String::new();
    for (place, one) in document.runs.iter().enumerate() {
        let run = &one.run;
        let base = if place == document.base as usize && document.runs.len() > 1 {
            " <span class=\"mark\">base</span>"
        } else {
            ""
        };
        let started = run.started_at_ms.unwrap_or(run.created_at_ms).0;
        let took = run.ended_at_ms.map_or_else(|| "–".to_owned(), |end| format::duration(end.0 - started));
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}{}{base}</th><td>{}</td><td>{}</td><td class=\"num\">{took}</td>\
             <td class=\"num\">{}</td><td class=\"mono\">{}</td></tr>",
            swatch(one),
            escape(&run.name),
            run.status.as_str(),
            escape(&one.experiment_name),
            format::utc(started),
            run.id,
        );
    }
    let heads = ["Run", "Status", "Experiment", "Took", "Started", "Id"];
    let head: String = heads.map(|head| format!("<th scope=\"col\">{head}</th>")).concat();
    section("runs", "Runs", &table("Runs", &head, &rows))
}

fn counts(document: &Document) -> String {
    let one = |word: &str, text: String| format!("<div><dt>{word}</dt><dd>{text}</dd></div>\n");
    let told = document.counts.iter().map(|count| {
        let text = match (count.all, count.differing) {
            (0, _) => "none recorded".to_owned(),
            (all, 0) => format!("{all}, all the same"),
            (all, differing) => format!("{differing} of {all} differ"),
        };
        one(count.section.as_str(), text)
    });
    let table = &document.metrics;
    let metrics = one("metrics", format!("{} of {} differ", table.differing, table.all));
    let list: String = told.chain([metrics]).collect();
    section("where", "Where they differ", &format!("<dl class=\"counts\">\n{list}</dl>\n"))
}

/// A column for each run.
fn heads(first: &str, runs: &[ComparedRun], class: &str) -> String {
    let runs = runs
        .iter()
        .map(|one| format!("<th scope=\"col\"{class}>{}{}</th>", swatch(one), escape(&one.run.name)));
    std::iter::once(format!("<th scope=\"col\">{first}</th>")).chain(runs).collect()
}

fn cut(shown: usize, total: i64) -> String {
    if total <= shown as i64 {
        return String::new();
    }
    format!("<p class=\"muted\">The first {shown} of {}.</p>\n", format::count(total))
}

fn metrics(found: &MetricTable, value: MetricValue, step: Option<i64>) -> String {
    if found.rows.is_empty() {
        return section("metrics", "Metrics", "<p class=\"muted\">These runs logged no metrics.</p>\n");
    }
    let base = found.base as usize;
    let rows: String = found.rows.iter().map(|row| metric(row, base)).collect();
    let which = match (value, step) {
        (MetricValue::Best, _) => "Best by goal".to_owned(),
        (MetricValue::Step, Some(step)) => format!("At step {step}"),
        _ => "Last values".to_owned(),
    };
    let against = found.runs.get(base).filter(|_| found.runs.len() > 1);
    let against = against.map_or_else(String::new, |one| {
        format!("; the distance to {} stands before each", escape(&one.run.name))
    });
    let content = format!(
        "<p class=\"muted\">{which}{against}.</p>\n{}{}",
        table("Metrics", &heads("Metric", &found.runs, " class=\"num\""), &rows),
        cut(found.rows.len(), found.total)
    );
    section("metrics", "Metrics", &content)
}

fn metric(row: &MetricRow, base: usize) -> String {
    let values: Vec<Option<f64>> = row.cells.iter().map(|cell| cell.map(|cell| cell.value.0)).collect();
    let best = row.goal.and_then(|goal| best(goal, values.iter().flatten().copied()));
    let there = values.get(base).copied().flatten();
    let goal = match row.goal {
        Some(Goal::Min) => " <span class=\"muted\" title=\"less is better\">↓</span>",
        Some(Goal::Max) => " <span class=\"muted\" title=\"more is better\">↑</span>",
        None => "",
    };
    let mut out = format!("<tr><th scope=\"row\" class=\"mono\">{}{goal}</th>", escape(&row.name()));
    for (place, cell) in row.cells.iter().enumerate() {
        let Some(cell) = cell else {
            out.push_str("<td class=\"num muted\">–</td>");
            continue;
        };
        let value = cell.value.0;
        let distance =
            there.filter(|_| place != base).map(|there| value - there).filter(|one| one.is_finite());
        let delta = distance.map_or_else(String::new, |distance| {
            let (way, text) = (verdict(distance, row.goal), format::delta(distance));
            format!("<span class=\"delta delta--{way}\">{text}</span> ")
        });
        let class = if Some(value) == best { "num best" } else { "num" };
        let _ = write!(
            out,
            "<td class=\"{class}\" title=\"{}, at step {}\">{delta}{}</td>",
            format::full(value),
            cell.step,
            format::number(value)
        );
    }
    out + "</tr>\n"
}

/// Texts side by side, what is other than the base's marked.
fn texts(title: &str, id: &str, found: &Table, nothing: &str) -> String {
    if found.rows.is_empty() {
        return section(id, title, &format!("<p class=\"muted\">{nothing}</p>\n"));
    }
    let mut rows = String::new();
    for row in &found.rows {
        let _ = write!(rows, "<tr><th scope=\"row\" class=\"mono\">{}</th>", escape(&row.key));
        for cell in &row.cells {
            let Some(cell) = cell else {
                rows.push_str("<td class=\"muted\">–</td>");
                continue;
            };
            let class = if cell.other { "mono other" } else { "mono" };
            let _ = write!(rows, "<td class=\"{class}\">");
            for piece in &cell.pieces {
                let text = escape(&piece.text);
                let _ = match piece.kind {
                    LineKind::Same => write!(rows, "{text}"),
                    LineKind::Removed => write!(rows, "<del>{text}</del>"),
                    LineKind::Added => write!(rows, "<ins>{text}</ins>"),
                };
            }
            if cell.pieces.is_empty() {
                rows.push_str(&escape(&cell.text));
            }
            rows.push_str(if cell.cut { "…</td>" } else { "</td>" });
        }
        rows.push_str("</tr>\n");
    }
    let heads = heads("Name", &found.runs, "");
    section(id, title, &(table(title, &heads, &rows) + &cut(found.rows.len(), found.total)))
}

/// What was written about each run, as it was written.
fn notes(found: &Table) -> String {
    let of_run = |place: usize| found.rows.iter().find_map(|row| row.cells.get(place)?.as_ref());
    let mut content = String::new();
    for (place, one) in found.runs.iter().enumerate() {
        let Some(note) = of_run(place).filter(|note| !note.text.trim().is_empty()) else { continue };
        let lines: Vec<String> = note.text.lines().map(escape).collect();
        let more = if note.cut { "…" } else { "" };
        let (swatch, name, lines) = (swatch(one), escape(&one.run.name), lines.join("\n"));
        let _ = write!(content, "<h3>{swatch}{name}</h3>\n<pre class=\"note\">{lines}{more}</pre>\n");
    }
    if content.is_empty() { content } else { section("notes", "Notes", &content) }
}

fn changes(found: &Changes) -> String {
    let names: Vec<String> = found.runs.iter().map(|one| escape(&one.run.name)).collect();
    let [from, to] = <[String; 2]>::try_from(names).unwrap_or_default();
    let mut content = String::new();
    if !found.metrics.is_empty() {
        let mut rows = String::new();
        for one in &found.metrics {
            let _ = writeln!(
                rows,
                "<tr><th scope=\"row\" class=\"mono\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td>\
                 <td class=\"words\">{}</td></tr>",
                escape(&one.name()),
                format::number(one.from_last.0),
                format::number(one.to_last.0),
                said(&one.parting)
            );
        }
        let head = format!(
            "<th scope=\"col\">Metric</th><th scope=\"col\" class=\"num\">Last of {from}</th>\
             <th scope=\"col\" class=\"num\">Last of {to}</th><th scope=\"col\">Where the curves part</th>"
        );
        content += &table("Where the curves part", &head, &rows);
        let _ = writeln!(
            content,
            "<details><summary>How this was found</summary><p>{}</p></details>",
            escape(&found.method)
        );
    }
    let mut rows = String::new();
    for (place, one) in found.changes.iter().enumerate() {
        let text = |side: &Option<String>| side.as_deref().map_or_else(|| "–".to_owned(), escape);
        let weight = one.weight.as_str();
        let _ = writeln!(
            rows,
            "<tr><td class=\"num muted\">{}</td><th scope=\"row\"><span class=\"mono\">{}</span> \
             <span class=\"muted\">{}</span></th><td class=\"mono\">{}</td><td class=\"mono\">{}</td>\
             <td class=\"words\"><span class=\"weight weight--{weight}\">{weight}</span> {}</td></tr>",
            place + 1,
            escape(&one.name),
            one.kind.as_str(),
            text(&one.from),
            text(&one.to),
            escape(&one.reason)
        );
    }
    if rows.is_empty() {
        content += "<p class=\"muted\">Nothing that was recorded differs.</p>\n";
    } else {
        let head = format!(
            "<th scope=\"col\" class=\"num\">Rank</th><th scope=\"col\">What</th><th scope=\"col\">{from}</th>\
             <th scope=\"col\">{to}</th><th scope=\"col\">Why it stands here</th>"
        );
        content += &table("Differences", &head, &rows);
    }
    content += &cut(found.changes.len(), found.total);
    section("changes", "What changed?", &format!("<p class=\"muted\">From {from} to {to}.</p>\n{content}"))
}

/// Empty figures, and the columns from which the script draws into them.
fn curves(document: &Document, off: &[String]) -> (String, Value) {
    let runs: Vec<BoardRun> = document.runs.iter().map(|one| BoardRun::of(&one.run)).collect();
    let mut content = String::from(
        "<noscript><p class=\"muted\">Curves are drawn by a script inside this file, which is not allowed to run here.</p></noscript>\n",
    );
    let mut data = Vec::new();
    for Curves { key, series } in &document.curves {
        let mut lines = lines(&runs, series.clone(), Axis::Step);
        lines.retain(|line| !off.contains(&line.id) && line.len() > 0);
        if lines.is_empty() {
            continue;
        }
        let note = behind(&lines);
        let name = escape(key);
        let _ = write!(
            content,
            "<figure aria-label=\"{name}\">\n<figcaption><strong class=\"mono\">{name}</strong> \
             <span class=\"muted num\">{note}</span></figcaption>\n</figure>\n"
        );
        data.push(json!({ "key": key, "lines": lines.iter().map(columns).collect::<Vec<_>>() }));
    }
    if document.left_out > 0 {
        let more = format::counted(document.left_out, "more metric", "more metrics");
        let _ = writeln!(content, "<p class=\"muted\">The curves of {more} found no room in this file.</p>");
    }
    if data.is_empty() {
        return (String::new(), json!([]));
    }
    let hint = "<p class=\"muted\">Point at a curve to read it, drag to zoom, double-click to see all again; names switch \
                their curves. With the keyboard: arrows, plus and minus, Escape.</p>\n";
    (
        section("curves", "Curves", &format!("{hint}<div class=\"figures\">\n{content}</div>\n")),
        Value::Array(data),
    )
}

/// How many points stand behind what is drawn.
fn behind(lines: &[Line]) -> String {
    let total: u64 = lines.iter().map(|line| line.total).sum();
    if !lines.iter().any(Line::is_sampled) {
        return format!("all {}", format::counted(total as i64, "point", "points"));
    }
    let rows: usize = lines.iter().map(Line::len).sum();
    format!("{} of {} points", format::count(rows as i64), format::count(total as i64))
}

/// Columns of doubles, bit for bit. Where a row is one point, its place and its value say all.
fn columns(line: &Line) -> Value {
    let floats = |column: &[f64]| Base64(column.iter().flat_map(|one| one.to_le_bytes()).collect());
    let mut all = json!({
        "id": line.id, "name": line.name, "color": line.color, "dash": line.dash, "total": line.total,
        "from": floats(&line.from), "last": floats(&line.last),
    });
    if line.is_sampled() {
        let more = [("to", &line.to), ("first", &line.first), ("low", &line.low), ("high", &line.high)];
        for (name, column) in more {
            all[name] = json!(floats(column));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::line::tests::{buckets, points};
    use model::{
        Float64, RunId, UnixMillis,
        compare::{Cell, MetricCell, Row},
        metric::Context,
        run::{Run, RunStatus},
        series::{Columns, Extra, Points, Series},
    };

    const HOSTILE: &str = "</script><script>alert(1)</script><!--\"'&";

    fn compared(digit: u8, name: &str) -> ComparedRun {
        let run = Run {
            id: RunId::from_bytes([digit; 16]),
            experiment_id: model::ExperimentId(1),
            parent_id: None,
            name: name.to_owned(),
            number: i64::from(digit),
            color: None,
            status: RunStatus::Completed,
            user: String::new(),
            created_at_ms: UnixMillis(0),
            started_at_ms: None,
            ended_at_ms: Some(UnixMillis(63_000)),
            updated_at_ms: UnixMillis(0),
            late_at_ms: None,
            trashed_at_ms: None,
            archived_at_ms: None,
            stop_requested: false,
            tags: model::tag::Tags::default(),
        };
        ComparedRun { run, experiment_name: name.to_owned() }
    }

    fn document() -> Document {
        let runs = vec![compared(1, HOSTILE), compared(2, "plain")];
        let cell = |text: &str| Some(Cell { text: text.to_owned(), ..Cell::default() });
        let table = |text: &str| Table {
            runs: runs.clone(),
            rows: vec![Row { key: text.to_owned(), cells: vec![cell(text), None], ..Row::default() }],
            total: 1,
            ..Table::default()
        };
        let value = |value: f64| Some(MetricCell { value: Float64(value), step: 3 });
        let metric = MetricRow {
            key: HOSTILE.to_owned(),
            context: Context::default(),
            goal: Some(Goal::Min),
            cells: vec![value(0.5), value(0.25)],
            differs: true,
        };
        let series = |digit: u8| Series {
            run_id: RunId::from_bytes([digit; 16]),
            group: None,
            key: HOSTILE.to_owned(),
            context: Context::default(),
            total: 2,
            columns: Columns::Points(Points {
                steps: vec![0, 1],
                times_ms: vec![0, 1],
                values: vec![0.5, 1.0],
            }),
            extra: Extra::default(),
        };
        Document {
            made_at_ms: UnixMillis(0),
            base: 0,
            counts: Vec::new(),
            params: table(HOSTILE),
            notes: table(HOSTILE),
            metrics: MetricTable {
                runs: runs.clone(),
                rows: vec![metric],
                total: 1,
                ..MetricTable::default()
            },
            changes: None,
            curves: vec![Curves { key: HOSTILE.to_owned(), series: vec![series(1), series(2)] }],
            left_out: 2,
            runs,
        }
    }

    fn file(off: &[String]) -> String {
        html(&document(), MetricValue::Last, None, off, |_| "sha256-x".to_owned())
    }

    #[test]
    fn names_are_text_wherever_they_stand() {
        let file = file(&[]);
        let own = file.replace(SCRIPT, "").replace(STYLE, "");
        assert_eq!(own.matches("<script").count(), 2, "the data and the script, and no other");
        assert_eq!(own.matches("</script").count(), 2);
        assert!(!own.contains("<!--"));
        assert!(own.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
        let data =
            own.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next()).expect("data");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(data[0]["key"], HOSTILE);
        assert_eq!(data[0]["lines"][0]["name"], HOSTILE);
    }

    #[test]
    fn distances_to_the_base_and_the_best_value_are_told() {
        let file = file(&[]);
        assert!(file.contains("<span class=\"delta delta--good\">−0.2500</span> 0.2500</td>"));
        assert!(file.contains("class=\"num best\" title=\"0.25, at step 3\""));
        assert!(file.contains("The curves of 2 more metrics found no room"));
    }

    #[test]
    fn what_is_hidden_stays_out_and_what_is_sampled_says_so() {
        let id = RunId::from_bytes([1; 16]).as_str()[..12].to_owned();
        let hidden = file(std::slice::from_ref(&id));
        assert_eq!(file(&[]).matches("\"dash\"").count(), 2);
        assert_eq!(hidden.matches("\"dash\"").count(), 1);
        assert_eq!(behind(&[points(&[0, 1], &[1.0, 2.0])]), "all 2 points");
        assert_eq!(behind(&[buckets(&[(0.0, 2.0, 1.5)])]), "1 of 10 points");
        assert!(columns(&buckets(&[(0.0, 2.0, 1.5)])).get("low").is_some());
        assert!(columns(&points(&[0], &[1.0])).get("low").is_none());
    }

    #[test]
    fn the_file_asks_nobody_for_anything() {
        let file = file(&[]);
        assert!(file.contains("default-src 'none'"));
        assert_eq!(file.matches("://").count(), 1, "the name of SVG, which nobody fetches");
    }
}
