//! How one line is drawn: its time, its level, where it was printed, and its text as spans. Nothing of it is ever HTML.

use super::{query, window::Window};
use crate::{
    chart::format,
    link,
    ui::erase::{drawn, handler, view},
};
use leptos::prelude::*;
use model::log::{Level, LogLine, Needle, Span, Style, spans};
use std::sync::Arc;

/// Of a line with more spans the rest is one: somebody who changes colours for each letter does not stop the page.
const SPANS_MAX: usize = 300;

/// A part of a line that is drawn in one way.
#[derive(Debug, PartialEq)]
struct Part {
    style: Style,
    text: String,
    /// It is what was looked for.
    hit: bool,
}

/// The parts of a line, cut where what is looked for begins and ends.
fn parts(line: &str, needle: Option<&Needle>) -> Vec<Part> {
    let mut spans = spans(line);
    if spans.len() > SPANS_MAX {
        let rest = spans.split_off(SPANS_MAX).into_iter().map(|span| span.text).collect();
        spans.push(Span { style: Style::default(), text: rest });
    }
    let Some(needle) = needle else {
        return spans.into_iter().map(|Span { style, text }| Part { style, text, hit: false }).collect();
    };
    let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
    let mut hits = needle.all_in(&whole).into_iter().take(SPANS_MAX).peekable();
    let (mut parts, mut start) = (Vec::new(), 0);
    for Span { style, text } in spans {
        let end = start + text.len();
        let mut at = start;
        while at < end {
            while hits.peek().is_some_and(|hit| hit.end <= at) {
                hits.next();
            }
            let (to, hit) = match hits.peek() {
                Some(hit) if hit.start <= at => (hit.end.min(end), true),
                Some(hit) => (hit.start.min(end), false),
                None => (end, false),
            };
            parts.push(Part { style, text: whole[at..to].to_owned(), hit });
            at = to;
        }
        start = end;
    }
    parts
}

/// The classes of a style.
fn class(style: Style) -> String {
    let mut class = String::new();
    let mut add = |name: &str| {
        class.push_str(if class.is_empty() { "ansi-" } else { " ansi-" });
        class.push_str(name);
    };
    if style.inverse {
        add("inverse");
    } else if let Some(ground) = style.ground {
        add(&format!("on-{}", ground.as_str()));
    } else if let Some(color) = style.color {
        add(color.as_str());
    }
    for (on, name) in [
        (style.bold, "bold"),
        (style.dim, "dim"),
        (style.italic, "italic"),
        (style.underlined, "underlined"),
        (style.struck, "struck"),
    ] {
        if on {
            add(name);
        }
    }
    class
}

fn draw(part: Part) -> AnyView {
    let Part { style, text, hit } = part;
    match (class(style), hit) {
        (class, true) => view! { <mark class=format!("log__hit {class}")>{text}</mark> },
        (class, false) if class.is_empty() => text.into_any(),
        (class, false) => view! { <span class=class>{text}</span> },
    }
}

/// The letter and the word of a level.
pub fn sign(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Debug => ("D", "Debug"),
        Level::Info => ("I", "Info"),
        Level::Warning => ("W", "Warning"),
        Level::Error => ("E", "Error"),
    }
}

/// A time of day in UTC, `12:00:00.250`.
fn clock(at_ms: i64) -> String {
    let iso = format::iso_millis(at_ms);
    iso.split_once('T').map_or_else(|| iso.clone(), |(_, time)| time.trim_end_matches('Z').to_owned())
}

/// A time since the run began, `+1:02:03.250`.
fn since(millis: i64) -> String {
    let sign = if millis < 0 { '−' } else { '+' };
    let all = millis.unsigned_abs();
    let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
    format!("{sign}{hours}:{minutes:02}:{:02}.{:03}", all / 1_000 % 60, all % 1_000)
}

/// The line at a place; blank while it is on its way.
pub fn row(window: &Window, place: u64, line: Option<Arc<LogLine>>) -> AnyView {
    let window = *window;
    let Some(line) = line else {
        return view! { <div class="log__line log__line--blank" data-place=place></div> };
    };
    let LogLine { number, time_ms, level, cut, .. } = *line;
    let href = window.search.with_untracked(|search| {
        let bare = search.clone().without(query::AT).without(query::TOP);
        bare.with(query::LINE, number.to_string()).href(&window.path.get_value())
    });
    let time =
        move || if window.relative.get() { since(time_ms.0 - window.started_ms) } else { clock(time_ms.0) };
    let source = window.told.with_untracked(|told| told.sources.get(line.source as usize).cloned());
    let source = source.map(|source| {
        let short = match source.stream {
            model::log::Stream::Stdout => "out",
            model::log::Stream::Stderr => "err",
        };
        let text =
            if source.context.is_empty() { short.to_owned() } else { format!("{short} {}", source.context) };
        view! { <span class=format!("log__source log__source--{short}")>{text}</span> }
    });
    let level_class = level.map(|level| format!(" log__line--{}", level.as_str())).unwrap_or_default();
    let sign = level.map(|level| {
        let (letter, word) = sign(level);
        view! { <abbr title=word>{letter}</abbr> }
    });
    let text = window.needle.with_untracked(|needle| parts(&line.text, needle.as_ref()));
    let cut = cut.map(|bytes| {
        view! { <em class="log__cut">{format!(" … {} in all: see the download", format::bytes(bytes as i64))}</em> }
    });
    let here = move || window.here.get() == Some(place);
    let go = link::use_go();
    let target = href.clone();
    // Where it stands, nothing moves.
    let pick = move |event: leptos::ev::MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            window.pick(place, number, time_ms.0);
            go(&target);
        }
    };
    view! {
        <div
            class=format!("log__line{level_class}")
            class:log__line--here=drawn(here)
            role="listitem"
            data-place=place
            data-number=number
        >
            <a class="log__time" href=href title=format!("Line {number}, {}", format::utc(time_ms.0)) on:click=handler(pick)>
                {move || time()}
            </a>
            <span class="log__level">{sign}</span>
            {source}
            <span class="log__text">{text.into_iter().map(draw).collect_view()} {cut}</span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::log::Color;

    #[test]
    fn what_is_looked_for_is_marked_across_colours() {
        let parts = parts("an \u{1b}[31mer\u{1b}[0mror, error", Some(&Needle::new("ERROR")));
        let texts: Vec<_> = parts.iter().map(|part| (part.text.as_str(), part.hit)).collect();
        assert_eq!(texts, [("an ", false), ("er", true), ("ror", true), (", ", false), ("error", true)]);
        assert_eq!(parts[1].style.color, Some(Color::Red));
    }

    #[test]
    fn a_line_of_many_colours_has_a_bounded_number_of_parts() {
        let line = "\u{1b}[31mx\u{1b}[32mx".repeat(2_500);
        let drawn = parts(&line, None);
        assert_eq!((drawn.len(), drawn[SPANS_MAX].text.len()), (SPANS_MAX + 1, 5_000 - SPANS_MAX));
        assert_eq!(parts("<img src=x onerror=alert(1)>", None).len(), 1);
    }

    #[test]
    fn styles_are_classes_of_a_fixed_set() {
        let style = Style { color: Some(Color::Red), bold: true, ..Style::default() };
        assert_eq!(class(style), "ansi-red ansi-bold");
        assert_eq!(class(Style { ground: Some(Color::Blue), ..style }), "ansi-on-blue ansi-bold");
        assert_eq!(class(Style { inverse: true, ..style }), "ansi-inverse ansi-bold");
        assert_eq!(class(Style::default()), "");
    }

    #[test]
    fn times_are_of_day_or_since_the_start() {
        assert_eq!(clock(1_769_882_400_123), "18:00:00.123");
        assert_eq!((since(3_723_250).as_str(), since(-5).as_str()), ("+1:02:03.250", "−0:00:00.005"));
    }
}
