//! How pictures of many runs leave their page: by the menu of all charts, as the shapes that the page shows, and as the
//! numbers behind them.

use super::{Stage, axis::Axis};
use crate::{
    browser,
    chart::{Form, Forms, Sheet, csv, ink, leave, palette},
    run::columns,
    ui::{erase::view, icon::Icon, popover::Popover},
};
use leptos::prelude::*;
use model::{
    explore::{FieldValues, RunColumns},
    query::Field,
};

/// Colours in the strip that explains them.
const STRIP: usize = 32;

/// The menu of a picture. `sheet` draws it, `csv` writes its numbers.
#[component]
pub(super) fn Export(
    stage: Stage,
    sheet: Callback<(), Option<Sheet>>,
    csv: Callback<(), String>,
) -> impl IntoView {
    let export = move |form: Form| leave(form, stage.picture.title(), || csv.run(()), || sheet.run(()));
    let label = view! {
        <Icon name="download" />
        "Export"
    };
    view! {
        <div class="explore__export">
            <Popover label>
                <div class="popover__box panel__box">
                    <fieldset class="popover__group">
                        <legend>"Export"</legend>
                        <div class="panel__forms">
                            <Forms
                                export=Callback::new(export)
                                address=Callback::new(|()| browser::address())
                            />
                        </div>
                    </fieldset>
                </div>
            </Popover>
        </div>
    }
}

/// An empty sheet in the colours of the page.
pub(super) fn sheet(title: String, width: f64, height: f64) -> Option<Sheet> {
    let root = document().document_element()?;
    Some(Sheet::new(title, width, height, palette(&root)))
}

/// A colour of the page that is in no palette.
pub(super) fn token(name: &str) -> String {
    document().document_element().map(|root| browser::css_variable(&root, name)).unwrap_or_default()
}

/// What the colours of a scale mean, at a place of a sheet.
pub(super) fn explain(sheet: &mut Sheet, at: (f64, f64), axis: &Axis) {
    let Some(root) = document().document_element() else { return };
    let ramp = ink::scale(&root);
    let colors: Vec<String> = (0..STRIP).map(|place| ink::css(ramp[1 + place * 254 / (STRIP - 1)])).collect();
    sheet.ramp(at, &columns::name(&axis.field), &colors, &axis.ticks(4));
}

/// A row a run: its id, its name, and what it has in each field, with every digit.
pub(super) fn rows(data: &RunColumns, rows: &[usize], fields: &[Field]) -> String {
    let mut lines = vec![line(
        ["id".to_owned(), "name".to_owned()].into_iter().chain(fields.iter().map(Field::to_string)),
    )];
    let cell = |row: usize, field: &Field| {
        let column = data.columns.iter().find(|column| column.field == *field)?;
        match &column.values {
            FieldValues::Numbers { numbers } => {
                numbers.get(row).copied().flatten().map(|one| csv::number(one.0))
            }
            FieldValues::Texts { texts, places } => {
                texts.get(places.get(row).copied().flatten()? as usize).map(|text| csv::quote(text))
            }
        }
    };
    for &row in rows {
        let id = data.ids.get(row).map(ToString::to_string).unwrap_or_default();
        let name = data.names.get(row).map(|name| csv::quote(name)).unwrap_or_default();
        let cells = fields.iter().map(|field| cell(row, field).unwrap_or_default());
        let cells: Vec<String> = [id, name].into_iter().chain(cells).collect();
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

/// Texts as a line of a CSV file.
pub(super) fn line(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| csv::quote(&cell)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Float64, RunId, explore::FieldColumn};

    #[test]
    fn a_run_is_a_row_with_every_digit_and_its_name_is_no_formula() {
        let (loss, kind) = (Field::metric("loss"), Field::Param("a,b".into()));
        let numbers = vec![Some(Float64(0.1)), None, Some(Float64(f64::NAN))];
        let texts = FieldValues::Texts { texts: vec!["x,y".into()], places: vec![None, Some(0), Some(9)] };
        let data = RunColumns {
            ids: (0..3).map(|one| RunId::from_bytes([one; 16])).collect(),
            names: ["=1", "b", "c"].map(str::to_owned).to_vec(),
            columns: vec![
                FieldColumn { field: loss.clone(), values: FieldValues::Numbers { numbers } },
                FieldColumn { field: kind.clone(), values: texts },
            ],
            ..RunColumns::default()
        };
        let text = rows(&data, &[0, 1, 2], &[loss, kind]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("id,name,metrics.loss,"), "{}", lines[0]);
        assert!(lines[1].ends_with(",'=1,0.1,"));
        assert!(lines[2].ends_with(",b,,\"x,y\""));
        assert!(lines[3].ends_with(",c,NaN,"));
    }
}
