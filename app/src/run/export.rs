//! The run table taken along: the addresses of its files, and its page as a table in Markdown.

use super::columns;
use crate::{chart::format, link::Query};
use model::{
    UnixMillis,
    query::{Attribute, Field},
    run::{RunQuery, RunRow, RunStatus, Trash},
};

/// What the table shows of every run, under the names of its heads.
const FIXED: [(&str, Attribute); 5] = [
    ("Run", Attribute::Name),
    ("Status", Attribute::Status),
    ("Started", Attribute::Started),
    ("Duration", Attribute::Duration),
    ("User", Attribute::User),
];

/// Where the file of all runs is that a query means, in its order: with these columns, or with all that there are.
pub fn href(kind: &str, asked: &RunQuery, columns: Option<&[Field]>) -> String {
    let fields = match columns {
        None => String::new(),
        // No names would mean all; the name is there anyway.
        Some([]) => Attribute::Name.name().to_owned(),
        Some(columns) => columns.iter().map(Field::to_string).collect::<Vec<_>>().join(","),
    };
    let trash = match asked.trash {
        Trash::Without => "",
        Trash::Only => "only",
        Trash::With => "with",
    };
    Query::default()
        .with("experiment_id", asked.experiment_id.to_string())
        .with("search", asked.search.as_str())
        .with("filter", asked.filter.as_str())
        .with("status", asked.status.map(RunStatus::as_str).unwrap_or_default())
        .with("trash", trash)
        .with("archived", if asked.archived { "true" } else { "" })
        .with("sort", asked.sort.as_str())
        .with("fields", fields)
        .href(&format!("/api/v1/runs.{kind}"))
}

/// These rows as a table of GitHub's Markdown. Numbers have all their digits.
pub fn markdown<'a>(rows: impl IntoIterator<Item = &'a RunRow>, shown: &[Field], now: UnixMillis) -> String {
    let fixed = FIXED.map(|(name, attribute)| (name.to_owned(), Field::Attribute(attribute)));
    let is_fixed = |field: &Field| fixed.iter().any(|(_, one)| one == field);
    let more = shown.iter().filter(|field| !is_fixed(field)).map(|field| (head(field), field.clone()));
    let columns: Vec<(String, Field)> = fixed.iter().cloned().chain(more).collect();
    let line =
        |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut text = line(&mut columns.iter().map(|(name, _)| escaped(name)));
    let rule = |field: &Field| {
        let right =
            matches!(field, Field::Metric { .. } | Field::Attribute(Attribute::Duration | Attribute::Number));
        if right { "---:" } else { "---" }.to_owned()
    };
    text += &line(&mut columns.iter().map(|(_, field)| rule(field)));
    for row in rows {
        text += &line(&mut columns.iter().map(|(_, field)| escaped(&cell(row, field, now))));
    }
    text
}

fn head(field: &Field) -> String {
    match field {
        Field::Metric { stat, .. } if *stat != model::query::Stat::Last => {
            format!("{} ({})", columns::name(field), stat.name())
        }
        _ => columns::name(field),
    }
}

fn cell(row: &RunRow, field: &Field, now: UnixMillis) -> String {
    let run = &row.run;
    let time = |at: Option<UnixMillis>| at.map(|at| format::utc(at.0));
    let text = match field {
        Field::Param(key) => row.params.get(key).map(ToString::to_string),
        Field::Tag(key) => run.tags.0.get(key).cloned(),
        Field::Metric { .. } => columns::number(row, field).map(format::full),
        Field::Dataset(_) => None,
        Field::Attribute(attribute) => match attribute {
            Attribute::Id => Some(run.id.to_string()),
            Attribute::Name => Some(run.name.clone()),
            Attribute::Number => Some(run.number.to_string()),
            Attribute::Status => Some(run.status.as_str().to_owned()),
            Attribute::User => Some(run.user.clone()),
            Attribute::Parent => run.parent_id.as_ref().map(ToString::to_string),
            Attribute::Created => time(Some(run.created_at_ms)),
            Attribute::Started => time(run.started_at_ms),
            Attribute::Ended => time(run.ended_at_ms),
            Attribute::Updated => time(Some(run.updated_at_ms)),
            Attribute::Duration => {
                run.started_at_ms.map(|from| format::duration(run.ended_at_ms.unwrap_or(now).0 - from.0))
            }
            Attribute::Archived => run.archived_at_ms.map(|_| "archived".to_owned()),
            Attribute::Type | Attribute::Source | Attribute::Run => None,
        },
    };
    text.unwrap_or_default()
}

/// Any table of GitHub's Markdown; the first column is to the left, the others to the side that is said.
pub fn grid(head: &[String], rows: &[Vec<String>], numbers: bool) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let shown = |cells: &[String]| line(&cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>());
    let rule = |place: usize| if numbers && place > 0 { "---:" } else { "---" }.to_owned();
    let mut text = shown(head) + &line(&(0..head.len()).map(rule).collect::<Vec<_>>());
    for row in rows {
        text += &shown(row);
    }
    text
}

/// A text as Markdown that shows it: nothing in it ends the cell or the line, and nothing is taken for markup.
fn escaped(text: &str) -> String {
    let letters: Vec<char> = text.trim().chars().collect();
    let is_word = |at: usize| letters.get(at).is_some_and(|one| one.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (at, &one) in letters.iter().enumerate() {
        match one {
            '\r' | '\n' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // Inside of a word, such as val_loss, it is plain.
            '_' if at > 0 && is_word(at - 1) && is_word(at + 1) => out.push('_'),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => out.extend(['\\', one]),
            _ => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::columns::tests::row;
    use model::{ExperimentId, query::Stat};

    #[test]
    fn a_table_shows_what_the_page_shows() {
        let mut one = row(&[("lr", 1)], &[("val_loss", 0.1)]);
        one.run.name = "a | b\nc".into();
        one.run.started_at_ms = Some(UnixMillis(1_000));
        one.run.tags.0.insert("note".into(), "<b>*x*</b> \\|".into());
        let two = row(&[], &[("val_loss", f64::NAN)]);
        let shown = [
            Field::Param("lr".into()),
            Field::Attribute(Attribute::User),
            Field::metric("val_loss"),
            Field::Metric { key: "val_loss".into(), stat: Stat::Min },
            Field::Tag("note".into()),
        ];
        let expected = "\
| Run | Status | Started | Duration | User | lr | val_loss | val_loss (min) | note |
| --- | --- | --- | ---: | --- | --- | ---: | ---: | --- |
| a \\| b c | running | 1970-01-01 00:00:01 UTC | 1m 05s | me | 1 | 0.1 | -0.9 | &lt;b>\\*x\\*&lt;/b> \\\\\\| |
| a | running |  |  | me |  | NaN | NaN |  |
";
        assert_eq!(markdown([&one, &two], &shown, UnixMillis(66_000)), expected);
        assert_eq!(markdown([], &[], UnixMillis(0)).lines().count(), 2);
    }

    #[test]
    fn any_table_keeps_its_cells_apart() {
        let text = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let found = grid(&text(&["metric", "a|b"]), &[text(&["loss", "0.1"])], true);
        assert_eq!(found, "| metric | a\\|b |\n| --- | ---: |\n| loss | 0.1 |\n");
    }

    #[test]
    fn nothing_in_a_text_ends_its_cell() {
        for (text, shown) in [
            ("__init__", "\\_\\_init\\_\\_"),
            ("a_b_", "a_b\\_"),
            ("`x|y`", "\\`x\\|y\\`"),
            ("[a](b)", "\\[a\\](b)"),
            (" 1\r\n2 ", "1  2"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    #[test]
    fn a_file_has_the_filter_and_order_of_the_page_and_not_its_offset() {
        let asked = RunQuery {
            filter: "name ~ '^a&b'".into(),
            sort: "metrics.loss desc".into(),
            trash: Trash::Only,
            offset: 100,
            limit: Some(100),
            ..RunQuery::new(ExperimentId(7))
        };
        let shown = [Field::Param("a,b".into()), Field::metric("loss")];
        assert_eq!(
            href("csv", &asked, Some(&shown)),
            "/api/v1/runs.csv?experiment_id=7&filter=name%20~%20%27%5Ea%26b%27&trash=only\
             &sort=metrics.loss%20desc&fields=params.%22a,b%22,metrics.loss"
        );
        let plain = RunQuery::new(ExperimentId(7));
        assert_eq!(href("parquet", &plain, None), "/api/v1/runs.parquet?experiment_id=7");
        assert_eq!(href("csv", &plain, Some(&[])), "/api/v1/runs.csv?experiment_id=7&fields=name");
    }
}
