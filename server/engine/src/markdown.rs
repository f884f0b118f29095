//! Markdown to HTML that is safe by construction: the author's raw HTML becomes text and links keep only known schemes;
//! ammonia then checks the result as a second wall.

use model::{UnixMillis, note::Note};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use store::note::NoteRecord;

/// A stored revision as clients see it.
pub(crate) fn note(record: NoteRecord) -> Note {
    Note {
        revision: record.revision,
        html: render(&record.body),
        body: record.body,
        author: record.author,
        created_at_ms: UnixMillis(record.created_at_ms),
    }
}

/// Renders `CommonMark` with tables, task lists, strikethrough and footnotes.
pub(crate) fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: known_scheme(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: known_scheme(dest_url), title, id })
        }
        // With a name for those who cannot see whether it is ticked.
        Event::TaskListMarker(true) => {
            Event::InlineHtml("<input type=\"checkbox\" disabled checked aria-label=\"done\">".into())
        }
        Event::TaskListMarker(false) => {
            Event::InlineHtml("<input type=\"checkbox\" disabled aria-label=\"to do\">".into())
        }
        other => other,
    });
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    ammonia::Builder::default()
        .add_tags(["input"])
        .add_tag_attributes("input", ["aria-label", "checked", "disabled"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .add_generic_attributes(["class", "id"])
        .url_schemes(["http", "https", "mailto"].into())
        .clean(&out)
        .to_string()
}

fn known_scheme(url: CowStr<'_>) -> CowStr<'_> {
    let before_path = url.split(['/', '?', '#']).next().unwrap_or_default();
    match before_path.split_once(':') {
        Some((scheme, _)) if !["http", "https", "mailto"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            "#".into()
        }
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_tables_and_task_lists_are_rendered() {
        let html = render(
            "# Title\n\n**bold**\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```",
        );
        for part in
            ["<h1>Title</h1>", "<strong>bold</strong>", "aria-label=\"done\"", "<td>1</td>", "<pre><code"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn nothing_of_the_authors_can_run() {
        let hostile = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <b onclick='x'>b</b>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt&#58;alert(1))",
            "![x](data:text/html,<script>alert(1)</script>)",
            "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
            "[a]: javascript:alert(1)\n[a]",
        ];
        for markdown in hostile {
            let html = render(markdown);
            for bad in ["<script", "<img src=x", "<b onclick", "href=\"javascript", "src=\"data:", "<math"] {
                assert!(!html.to_lowercase().contains(bad), "{markdown} gave {html}");
            }
        }
    }
}
