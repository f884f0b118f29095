//! One group of runs in the table, kept current in place, and its runs when it is open.

use super::{Table, cell, query};
use crate::{
    chart::format,
    error::AppError,
    run::{self, api, columns},
    ui::{
        erase::{drawn, handler, memo, memo_after, view, watch},
        icon::Icon,
        notice::Problem,
        number::Number,
        run_color,
        status::RunState,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    Page,
    query::Field,
    run::{
        RunQuery, RunRow,
        group::{GroupKey, GroupStat, RunGroup},
    },
};

/// Runs that a group shows in place: some screens of them. The others are behind a link.
const MEMBERS_SHOWN_MAX: u32 = 50;

/// The runs of a group that is open.
#[derive(Clone, Copy)]
struct Members {
    page: RwSignal<Option<Page<RunRow>>>,
    failed: RwSignal<Option<AppError>>,
    /// Counts requests, so that a late answer to an early one is dropped.
    asked: StoredValue<u64>,
}

impl Members {
    fn load(self, query: RunQuery) {
        let number = self.asked.get_value() + 1;
        self.asked.set_value(number);
        spawn_local(async move {
            let answer = api::rows(query).await;
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            match answer {
                Ok(page) => {
                    self.failed.set(None);
                    self.page.set(Some(page));
                }
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }
}

#[component]
pub fn GroupRows(table: Table, keys: Vec<GroupKey>) -> impl IntoView {
    let Table { feed, search, path, fields, .. } = table;
    let group = memo_after(move |last: Option<&RunGroup>| {
        let found = Table::with_items(feed, |items| items.iter().find(|group| group.keys == keys).cloned());
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for a group in the table")
    });
    let filter = memo(move || group.with(|group| group.filter.clone()));
    let href = memo(move || {
        let filter = filter.get()?;
        Some(search.with(|search| path.with_value(|path| query::members(search, &filter).href(path))))
    });
    let open = RwSignal::new(false);
    let members =
        Members { page: RwSignal::new(None), failed: RwSignal::new(None), asked: StoredValue::new(0) };
    watch(
        move || (open.get(), feed.current.track()),
        move |(open, ()), _| {
            let (true, Some(filter)) = (*open, filter.get_untracked()) else { return };
            let id = feed.current.with_untracked(|runs| runs.experiment.id);
            let words =
                fields.with_untracked(|fields| fields.iter().map(Field::to_string).collect::<Vec<_>>());
            members.load(RunQuery {
                filter,
                sort: String::new(),
                fields: words.join(","),
                offset: 0,
                limit: Some(MEMBERS_SHOWN_MAX),
                ..run::query::parse(id, &search.get_untracked())
            });
        },
    );
    view! {
        <tbody>
            <Summary table group href open />
            {move || open.get().then(|| view! { <MemberRows table members href /> })}
        </tbody>
    }
}

#[component]
fn Summary(
    table: Table,
    group: Memo<RunGroup>,
    href: Memo<Option<String>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let name = memo(move || group.with(cell::name));
    let key = move |(place, key): (usize, GroupKey)| {
        let class = if cell::is_number(&key) { "cell-num mono" } else { "cell-param mono" };
        let (title, text) = (key.value.clone().unwrap_or_else(|| "not set".to_owned()), cell::key(&key));
        let text = match text {
            Some(text) => text.into_any(),
            None => view! { <span class="none">"–"</span> },
        };
        if place == 0 {
            view! { <First href name title>{text}</First> }
        } else {
            view! {
                <td class=class title=title>
                    {text}
                </td>
            }
        }
    };
    let keys = move || {
        let keys = group.with(|group| group.keys.clone());
        if keys.is_empty() {
            let title = "All params are the same".to_owned();
            view! { <First href name title>"All alike"</First> }
        } else {
            keys.into_iter().enumerate().map(key).collect_view().into_any()
        }
    };
    let stats = move || {
        let (stats, n) = group.with(|group| (group.stats.clone(), group.n));
        let best = table.best.get();
        let cell = |(place, stat): (usize, GroupStat)| {
            let best = stat.mean.map(|mean| mean.0).is_some_and(|mean| best.get(place) == Some(&Some(mean)));
            view! { <Mean stat n best /> }
        };
        stats.into_iter().enumerate().map(cell).collect_view()
    };
    let turn = move || {
        href.with(Option::is_some).then(|| {
            if table.awake.get() {
                view! {
                    <button
                        class="button button--icon group-table__turn"
                        type="button"
                        aria-expanded=move || open.get().to_string()
                        aria-label=move || format!("Runs of {}", name.get())
                        on:click=handler(move |_| open.update(|open| *open = !*open))
                    >
                        <Icon name="chevron" />
                    </button>
                }
            } else {
                view! {
                    <a
                        class="button button--icon"
                        href=move || href.get().unwrap_or_default()
                        aria-label=move || format!("Runs of {}", name.get())
                    >
                        <Icon name="chevron" />
                    </a>
                }
            }
        })
    };
    view! {
        <tr>
            <td class="cell-check">{move || turn()}</td>
            {move || keys()}
            <td class="cell-num">{move || group.with(|group| format::count(group.n))}</td>
            {move || stats()}
        </tr>
    }
}

/// The first cell of a group: a link to its runs.
#[component]
fn First(href: Memo<Option<String>>, name: Memo<String>, title: String, children: Children) -> impl IntoView {
    let text = children();
    let inside = match href.get_untracked() {
        Some(_) => view! {
            <a
                class="row-link mono"
                data-key="open"
                href=move || href.get().unwrap_or_default()
                aria-label=move || format!("{}: show its runs only", name.get())
            >
                {text}
            </a>
        },
        None => view! { <span class="mono">{text}</span> },
    };
    view! {
        <th scope="row" class="run-table__name" title=title>
            {inside}
        </th>
    }
}

/// The mean of one field, how far to trust it, and how many runs have no number to go into it.
#[component]
fn Mean(stat: GroupStat, n: i64, best: bool) -> impl IntoView {
    let told = cell::told(&stat, n);
    let title = if best { format!("{told} · the best here") } else { told };
    let odd = (stat.not_finite > 0).then(|| {
        view! {
            <span class="group-table__odd num">
                <Icon name="alert" />
                {stat.not_finite}
                <span class="hidden">" not finite"</span>
            </span>
        }
    });
    let mean = match stat.mean {
        Some(mean) => format::number(mean.0).into_any(),
        None => view! { <span class="none">"–"</span> },
    };
    let interval = stat.ci95.map(|width| {
        view! { <span class="group-table__interval num">{format!("±{}", cell::interval(width.0))}</span> }
    });
    view! {
        <td class="cell-num" class=("cell-best", best) title=title>
            {odd}
            <span class="num">{mean}</span>
            {interval}
            {best.then(|| view! { <span class="hidden">" best"</span> })}
        </td>
    }
}

#[component]
fn MemberRows(table: Table, members: Members, href: Memo<Option<String>>) -> impl IntoView {
    let Table { keys, fields, .. } = table;
    let width = move || keys.with(Vec::len).max(1);
    let row = move |row: RunRow| view! { <MemberRow row width=width() fields=fields.get() /> };
    let more = move |shown: usize, total: i64| {
        let more = total - shown as i64;
        (more > 0).then(|| {
            view! {
                <tr class="group-table__member">
                    <td class="cell-check"></td>
                    <td colspan=width() + 1 + fields.with(Vec::len)>
                        <a href=move || href.get().unwrap_or_default()>
                            {format!("{} more", format::counted(more, "run", "runs"))}
                        </a>
                    </td>
                </tr>
            }
        })
    };
    drawn(move || match members.page.get() {
        Some(page) => {
            let (shown, total) = (page.items.len(), page.total);
            (page.items.into_iter().map(row).collect_view(), more(shown, total)).into_any()
        }
        None => view! {
            <tr class="group-table__member">
                <td class="cell-check"></td>
                <td colspan=width() + 1 + fields.with(Vec::len) class="muted">
                    "Loading"
                    <Problem error=members.failed />
                </td>
            </tr>
        },
    })
}

#[component]
fn MemberRow(row: RunRow, width: usize, fields: Vec<Field>) -> impl IntoView {
    let value = |field: &Field| match columns::number(&row, field) {
        Some(value) => view! {
            <td class="cell-num">
                <Number value />
            </td>
        },
        None => view! { <td class="none cell-num">"–"</td> },
    };
    let values = fields.iter().map(value).collect_view();
    let (href, name) = (format!("/runs/{}", row.run.id), row.run.name.clone());
    view! {
        <tr class="group-table__member">
            <td class="cell-check"></td>
            <th scope="row" class="run-table__name" colspan=width>
                <span class=format!("swatch {}", run_color(&row.run))></span>
                <a class="row-link" data-key="open" href=href title=name.clone()>
                    {name.clone()}
                </a>
                <RunState status=Signal::stored(row.run.status) />
            </th>
            <td></td>
            {values}
        </tr>
    }
}
