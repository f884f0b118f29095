//! The beginning of a Parquet file: how much it holds, its columns with their types, and the first rows.

use super::file;
use crate::{chart::format, ui::erase::view};
use leptos::prelude::*;
use model::artifact::{Parquet, ParquetColumn};

/// The file's size in rows and columns, and the first of both.
pub fn table(parquet: Parquet) -> AnyView {
    let told = told(&parquet);
    let created_by = parquet.created_by;
    let missing = missing(&parquet.columns);
    let rows = rows(&parquet.columns);
    let head = parquet.columns.into_iter().map(head).collect();
    view! {
        <p class="muted" title=created_by>{told}</p>
        {missing
            .into_iter()
            .map(|words| view! { <p class="notice">{words}</p> })
            .collect_view()}
        {file::table(head, rows)}
    }
}

fn head(column: ParquetColumn) -> AnyView {
    let ParquetColumn { name, kind, .. } = column;
    view! {
        <th scope="col">
            {name}
            <small class="file__kind mono">{kind}</small>
        </th>
    }
}

fn told(parquet: &Parquet) -> String {
    let shown = row_count(&parquet.columns) as i64;
    let rows = format::counted(parquet.row_count, "row", "rows");
    let rows = if shown < parquet.row_count {
        format!("The first {} of {rows}", format::count(shown))
    } else {
        rows
    };
    let columns = format::counted(parquet.column_count, "column", "columns");
    let columns = match parquet.columns.len() as i64 {
        shown if shown < parquet.column_count => format!("the first {shown} of {columns}"),
        _ => columns,
    };
    let groups = format::counted(parquet.row_group_count, "row group", "row groups");
    format!("{rows}, {columns}, {groups}")
}

fn row_count(columns: &[ParquetColumn]) -> usize {
    columns.iter().map(|column| column.cells.len()).max().unwrap_or_default()
}

/// The cells row by row; those of a column that is not shown stay empty.
fn rows(columns: &[ParquetColumn]) -> Vec<Vec<Option<String>>> {
    let cell = |column: &ParquetColumn, row: usize| match column.cells.get(row) {
        Some(cell) => cell.clone(),
        None => Some(String::new()),
    };
    (0..row_count(columns)).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
}

/// What is not shown and why, those with the same reason together.
fn missing(columns: &[ParquetColumn]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for column in columns {
        let Some(why) = column.problem.as_deref() else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(&column.name),
            None => reasons.push((why, vec![&column.name])),
        }
    }
    reasons.into_iter().map(|(why, names)| format!("Not shown: {} ({why}).", names.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cells: &[&str], problem: Option<&str>) -> ParquetColumn {
        let cells = cells.iter().map(|cell| Some((*cell).to_owned())).collect();
        ParquetColumn { name: name.into(), kind: "int64".into(), cells, problem: problem.map(str::to_owned) }
    }

    #[test]
    fn what_is_not_shown_is_told_with_its_reason() {
        let columns = vec![
            column("a", &["1", "2"], None),
            column("b", &[], Some("too large")),
            column("c", &[], Some("too large")),
        ];
        assert_eq!(missing(&columns), ["Not shown: b, c (too large)."]);
        assert_eq!(rows(&columns)[1], ["2", "", ""].map(|cell| Some(cell.to_owned())));
        let parquet =
            Parquet { row_count: 9, row_group_count: 1, column_count: 5, columns, ..Parquet::default() };
        assert_eq!(told(&parquet), "The first 2 of 9 rows, the first 3 of 5 columns, 1 row group");
    }
}
