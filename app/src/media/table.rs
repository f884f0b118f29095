//! The tables of one name: the one of the step, sorted and a page at a time.

use super::{api, image::said, step::Steps};
use crate::{
    chart::format,
    error::AppError,
    feed::Feed,
    run::RunView,
    ui::{
        erase::{Show, drawn, handler, memo, view, watch},
        icon::Icon,
        notice::Problem,
    },
};
use leptos::prelude::*;
use model::{
    RunId,
    media::StepFile,
    table::{TableFile, TableFileQuery},
};

/// Rows on one page: a few cards fit a screen.
const PAGE: u32 = 20;

/// What is asked of the tables of a name, whichever the step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Look {
    sort: Option<u32>,
    descending: bool,
    offset: u32,
}

impl Look {
    /// The other way round, or by another column from its smallest up.
    fn by(self, column: u32) -> Self {
        Self { sort: Some(column), descending: self.sort == Some(column) && !self.descending, offset: 0 }
    }
}

async fn load((run_id, query): (RunId, Option<TableFileQuery>)) -> Result<TableFile, AppError> {
    api::table(run_id, query).await
}

/// One name.
#[component]
pub fn Card(view: RunView, name: String, files: Memo<Vec<StepFile>>, steps: Steps) -> impl IntoView {
    let look = RwSignal::new(Look::default());
    let shown = memo(move || files.with(|files| StepFile::at(files, steps.current.get()).cloned()));
    let input = memo(move || {
        let Look { sort, descending, offset } = look.get();
        let query = shown.get().map(|one| TableFileQuery {
            path: one.path,
            sort,
            descending,
            offset,
            limit: Some(PAGE),
        });
        (view.id(), query)
    });
    // Another table may have fewer rows, or other columns.
    watch(
        move || shown.get(),
        move |_, _| {
            if look.with_untracked(|look| *look != Look::default()) {
                look.update(|look| look.offset = 0);
            }
        },
    );
    let (page, loaded) = Feed::soon(None, input, load);
    let head = move || {
        page.current.with(|page| {
            let first = page.rows.first();
            let is_number = |column: usize| first.is_some_and(|row| is_number(&row[column]));
            let heads = page.columns.iter().cloned().enumerate();
            heads.map(|(column, name)| head(look, column as u32, name, is_number(column))).collect_view()
        })
    };
    let body = move || {
        let cell = |text: String| {
            let class = if is_number(&text) { "cell-num mono" } else { "" };
            view! { <td class=class>{text}</td> }
        };
        page.current.with(|page| {
            let rows = page.rows.iter().cloned();
            rows.map(|row| view! { <tr>{row.into_iter().map(cell).collect_view()}</tr> }).collect_view()
        })
    };
    let pager = move || {
        let (total, offset) = (page.current.with(|page| page.total), look.get().offset);
        let end = total.min(i64::from(offset + PAGE));
        let range = if total == 0 {
            "no rows".to_owned()
        } else {
            format!(
                "{}–{} of {}",
                format::count(i64::from(offset) + 1),
                format::count(end),
                format::counted(total, "row", "rows")
            )
        };
        let go = move |offset: u32| move |_| look.update(|look| look.offset = offset);
        view! {
            <span class="num">{range}</span>
            {(offset > 0).then(|| view! { <button class="button" type="button" on:click=handler(go(offset.saturating_sub(PAGE)))>"Previous"</button> })}
            {(end < total).then(|| view! { <button class="button" type="button" on:click=handler(go(offset + PAGE))>"Next"</button> })}
        }
    };
    let told = move || shown.with(|shown| said(shown.as_ref(), steps.current.get()));
    let cut = move || {
        page.current.with(|page| {
            let shown = page.columns.len() as i64;
            (page.columns_total > shown)
                .then(|| format!("The first {shown} of {} columns.", format::count(page.columns_total)))
        })
    };
    let label = StoredValue::new(format!("Rows of {name}"));
    let here = move || shown.with(Option::is_some) && page.failed.with(Option::is_none);
    view! {
        <section class="card media-card" aria-label=format!("Table {name}")>
            <h3 class="card__title mono">{name.clone()} <span class="muted num media-card__note">{move || told()}</span></h3>
            <Problem error=page.failed />
            <Show when=here>
                <Show when=move || loaded.get() fallback=|| view! { <div class="skeleton" aria-label="Loading"></div> }>
                    <div
                        class="table-scroll"
                        tabindex="0"
                        role="region"
                        aria-label=label.get_value()
                        data-busy=move || page.busy.get().to_string()
                    >
                        <table class="table">
                            <thead>
                                <tr>{move || head()}</tr>
                            </thead>
                            <tbody>{move || body()}</tbody>
                        </table>
                    </div>
                    <div class="pager">{move || pager()}</div>
                    {move || cut().map(|words| view! { <p class="muted">{words}</p> })}
                </Show>
            </Show>
        </section>
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

fn head(look: RwSignal<Look>, column: u32, name: String, is_number: bool) -> impl IntoView {
    let up = move || look.with(|look| (look.sort == Some(column)).then_some(!look.descending));
    let sort = move || up().map(|up| if up { "ascending" } else { "descending" });
    let title = name.clone();
    view! {
        <th scope="col" class=if is_number { "cell-num" } else { "" } aria-sort=drawn(sort)>
            <button
                class="sort-head media-table__sort"
                type="button"
                title=title
                on:click=handler(move |_| look.update(|look| *look = look.by(column)))
            >
                <span class="sort-head__name">{name}</span>
                {move || up().map(|up| view! { <Icon name=if up { "up" } else { "down" } /> })}
            </button>
        </th>
    }
}

#[cfg(test)]
mod tests {
    use super::Look;

    #[test]
    fn a_column_is_sorted_up_then_down_and_another_begins_anew() {
        let up = Look { offset: 40, ..Look::default() }.by(1);
        assert_eq!(up, Look { sort: Some(1), descending: false, offset: 0 });
        assert!(up.by(1).descending && !up.by(1).by(1).descending && !up.by(1).by(2).descending);
    }
}
