//! Markdown to HTML that is safe by construction: the author's raw HTML becomes text, links keep only known schemes, pictures
//! come from the run's own files; ammonia then checks the result as a second wall.

use crate::{highlight, math};
use model::{RunId, artifact::ArtifactPath, limits};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};
use std::collections::HashMap;

/// How files of the run are named in links and pictures, where a relative path will not do.
const ARTIFACT: &str = "artifact:";
/// Hex digits of a run's id.
const ID_DIGITS: usize = 32;
/// What a path keeps in an address.
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// What formulas are made of: no links, no foreign content, nothing that does anything.
const MATH_TAGS: [&str; 26] = [
    "math",
    "menclose",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "ms",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
];
const MATH_ATTRIBUTES: [&str; 24] = [
    "accent",
    "accentunder",
    "columnalign",
    "columnlines",
    "columnspacing",
    "depth",
    "display",
    "displaystyle",
    "fence",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "notation",
    "rowspacing",
    "rspace",
    "scriptlevel",
    "separator",
    "stretchy",
    "width",
];

/// Formulas inside each other cost stack where they are read and drawn: the longest that is allowed needs a part of this.
pub(crate) const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Renders `CommonMark` with tables, task lists, strikethrough, footnotes and formulas. `names` has the runs that are known
/// among those that [`mentions`] found. Waits for a thread of its own where there may be formulas.
pub(crate) fn render(markdown: &str, run_id: Option<&RunId>, names: &HashMap<String, String>) -> String {
    if !markdown.contains('$') {
        return written(markdown, run_id, names, false);
    }
    let drawn = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, || written(markdown, run_id, names, true));
        thread.ok().and_then(|thread| thread.join().ok())
    });
    drawn.unwrap_or_else(|| written(markdown, run_id, names, false))
}

fn written(
    markdown: &str,
    run_id: Option<&RunId>,
    names: &HashMap<String, String>,
    has_formulas: bool,
) -> String {
    let mut options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    options.set(Options::ENABLE_MATH, has_formulas);
    let mut writer =
        Writer { run_id, names, events: Vec::new(), code: None, targets: Vec::new(), formulas: 0 };
    for event in Parser::new_ext(markdown, options) {
        writer.take(event);
    }
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, writer.events.into_iter());
    let mut builder = ammonia::Builder::default();
    builder
        .add_tags(["input", "munderover"])
        .add_tags(MATH_TAGS)
        .add_tag_attributes("input", ["aria-label", "checked", "disabled"])
        .add_tag_attributes("pre", ["tabindex"])
        .set_tag_attribute_value("input", "type", "checkbox")
        .add_generic_attributes(["class", "id"])
        .url_schemes(["http", "https", "mailto"].into());
    for tag in MATH_TAGS.into_iter().chain(["munderover"]) {
        builder.add_tag_attributes(tag, MATH_ATTRIBUTES);
    }
    builder.clean(&out).to_string()
}

/// Runs whose ids stand in a text: the first of them.
pub(crate) fn mentions(text: &str) -> Vec<RunId> {
    let mut found: Vec<RunId> = Vec::new();
    let mut rest = text;
    while found.len() < limits::NOTE_MENTIONS_MAX
        && let Some((at, id)) = next_id(rest)
    {
        rest = &rest[at + ID_DIGITS..];
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// The first run's id that stands by itself, and where.
fn next_id(text: &str) -> Option<(usize, RunId)> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let length = bytes[start..].iter().take_while(|byte| is_digit(**byte)).count();
        let end = start + length;
        let alone = !bytes.get(end).is_some_and(is_word) && (start == 0 || !is_word(&bytes[start - 1]));
        if length == ID_DIGITS
            && alone
            && let Ok(id) = text[start..end].parse()
        {
            return Some((start, id));
        }
        start = end + 1;
    }
    None
}

/// What a link or picture was made to be.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Link,
    Image,
    /// Its text alone is left.
    Nothing,
}

struct Writer<'a> {
    run_id: Option<&'a RunId>,
    names: &'a HashMap<String, String>,
    events: Vec<Event<'a>>,
    /// The language and the text of the block of code that is open.
    code: Option<(String, String)>,
    /// Links and pictures that are open.
    targets: Vec<Target>,
    formulas: usize,
}

impl<'a> Writer<'a> {
    fn take(&mut self, event: Event<'a>) {
        if let Some((language, text)) = &mut self.code {
            if let Event::Text(more) = event {
                text.push_str(&more);
            } else {
                let code = highlight::html(text, language);
                let html = format!("<pre tabindex=\"0\"><code>{code}</code></pre>\n");
                self.code = None;
                self.events.push(Event::Html(html.into()));
            }
            return;
        }
        let event = match event {
            Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(words) => words.split([' ', ',', '{']).next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                self.code = Some((language.to_owned(), String::new()));
                return;
            }
            Event::InlineMath(tex) => self.formula(&tex, false),
            Event::DisplayMath(tex) => self.formula(&tex, true),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = self.link(dest_url);
                self.targets.push(Target::Link);
                Event::Start(Tag::Link { link_type, dest_url, title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let (target, event) = self.image(link_type, dest_url, title, id);
                self.targets.push(target);
                match event {
                    Some(event) => event,
                    None => return,
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => match self.targets.pop() {
                Some(Target::Image) => Event::End(TagEnd::Image),
                Some(Target::Link) => Event::End(TagEnd::Link),
                Some(Target::Nothing) | None => return,
            },
            Event::Text(text) if self.targets.iter().all(|target| *target == Target::Nothing) => {
                return self.text(text);
            }
            // With a name of its own, so that no footnote takes the name of a part of the page.
            Event::FootnoteReference(label) => Event::FootnoteReference(format!("note-{label}").into()),
            Event::Start(Tag::FootnoteDefinition(label)) => {
                Event::Start(Tag::FootnoteDefinition(format!("note-{label}").into()))
            }
            // With a name for those who cannot see whether it is ticked.
            Event::TaskListMarker(true) => {
                Event::InlineHtml("<input type=\"checkbox\" disabled checked aria-label=\"done\">".into())
            }
            Event::TaskListMarker(false) => {
                Event::InlineHtml("<input type=\"checkbox\" disabled aria-label=\"to do\">".into())
            }
            other => other,
        };
        self.events.push(event);
    }

    fn formula(&mut self, tex: &str, is_alone: bool) -> Event<'a> {
        self.formulas += 1;
        if self.formulas > limits::FORMULAS_PER_NOTE_MAX {
            return Event::Code(tex.to_owned().into());
        }
        Event::InlineHtml(math::html(tex, is_alone).into())
    }

    /// Runs that are mentioned become links under their names.
    fn text(&mut self, text: CowStr<'a>) {
        let mut rest = text.as_ref();
        let mut from = 0;
        while !self.names.is_empty()
            && let Some((at, id)) = next_id(&rest[from..])
        {
            let (start, end) = (from + at, from + at + ID_DIGITS);
            let Some(name) = self.names.get(id.as_str()) else {
                from = end;
                continue;
            };
            let before = rest[..start].strip_suffix("/runs/").unwrap_or(&rest[..start]);
            self.events.push(Event::Text(before.to_owned().into()));
            let link = Tag::Link {
                link_type: LinkType::Inline,
                dest_url: format!("/runs/{id}").into(),
                title: format!("Run {id}").into(),
                id: CowStr::Borrowed(""),
            };
            self.events.push(Event::Start(link));
            self.events.push(Event::Text(name.clone().into()));
            self.events.push(Event::End(TagEnd::Link));
            rest = &rest[end..];
            from = 0;
        }
        self.events.push(Event::Text(rest.to_owned().into()));
    }

    fn link(&self, url: CowStr<'a>) -> CowStr<'a> {
        match (self.run_id, file(&url)) {
            (Some(run_id), Some(path)) => {
                let path = utf8_percent_encode(path.as_str(), &PATH);
                format!("/runs/{run_id}?tab=artifacts&path={path}").into()
            }
            _ => known_scheme(url),
        }
    }

    /// Pictures of the run's own files are shown, those of other places become links: the page asks nobody else.
    fn image(
        &self,
        link_type: LinkType,
        url: CowStr<'a>,
        title: CowStr<'a>,
        id: CowStr<'a>,
    ) -> (Target, Option<Event<'a>>) {
        if let (Some(run_id), Some(path)) = (self.run_id, file(&url)) {
            let as_it_is = if path.as_str().to_lowercase().ends_with(".svg") { "?shown=true" } else { "" };
            let path = utf8_percent_encode(path.as_str(), &PATH);
            let dest_url = format!("/api/v1/runs/{run_id}/artifacts/{path}{as_it_is}").into();
            return (Target::Image, Some(Event::Start(Tag::Image { link_type, dest_url, title, id })));
        }
        // A link in a link is none.
        match known_scheme(url) {
            dest_url if dest_url.as_ref() != "#" && !self.targets.contains(&Target::Link) => {
                (Target::Link, Some(Event::Start(Tag::Link { link_type, dest_url, title, id })))
            }
            _ => (Target::Nothing, None),
        }
    }
}

/// A file of the run: `artifact:plots/a.png`, or a path without scheme and leading slash.
fn file(url: &str) -> Option<ArtifactPath> {
    let path = match url.strip_prefix(ARTIFACT) {
        Some(path) => path,
        None if url.starts_with(['/', '#', '?']) || scheme(url).is_some() => return None,
        None => url.split(['?', '#']).next().unwrap_or_default(),
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    path.strip_prefix("./").unwrap_or(&path).parse().ok()
}

/// What stands before the first colon of an address, if that is before its path.
fn scheme(url: &str) -> Option<&str> {
    let before_path = url.split(['/', '?', '#']).next().unwrap_or_default();
    before_path.split_once(':').map(|(scheme, _)| scheme)
}

fn known_scheme(url: CowStr<'_>) -> CowStr<'_> {
    match scheme(&url) {
        Some(scheme) if !["http", "https", "mailto"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            "#".into()
        }
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    fn rendered(markdown: &str) -> String {
        let names = HashMap::from([(OTHER.to_owned(), "<b>best</b>\" onclick=\"x".to_owned())]);
        render(markdown, Some(&RUN.parse().expect("an id")), &names)
    }

    #[test]
    fn formatting_tables_and_task_lists_are_rendered() {
        let html = rendered(
            "# Title\n\n**bold**\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n\
             so $a^2$ and\n\n$$\\frac{1}{2}$$\n\nword[^1]\n\n[^1]: a footnote",
        );
        for part in [
            "<h1>Title</h1>",
            "<strong>bold</strong>",
            "aria-label=\"done\"",
            "<td>1</td>",
            "<pre tabindex=\"0\"><code>x = <span class=\"code-number\">1</span>",
            "<msup><mi>a</mi><mn>2</mn></msup>",
            "<math display=\"block\"",
            "<mfrac>",
            "id=\"note-1\"",
            "href=\"#note-1\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn files_of_the_run_are_shown_and_linked() {
        for (markdown, part) in [
            (
                "![a](artifact:plots/a%20b.png)",
                "src=\"/api/v1/runs/0123456789abcdef0123456789abcdef/artifacts/plots/a%20b.png\"",
            ),
            ("![a](./plots/a.png)", "/artifacts/plots/a.png\""),
            ("![a](plots/a.svg)", "/artifacts/plots/a.svg?shown=true\""),
            (
                "[a](model/card.md)",
                "href=\"/runs/0123456789abcdef0123456789abcdef?tab=artifacts&amp;path=model/card.md\"",
            ),
            (
                "![far](https://example.com/a.png)",
                "<a href=\"https://example.com/a.png\" rel=\"noopener noreferrer\">far</a>",
            ),
            ("[x](/runs/1#top)", "href=\"/runs/1#top\""),
            ("[x](#here)", "href=\"#here\""),
        ] {
            let html = rendered(markdown);
            assert!(html.contains(part), "{markdown} gave {html}");
        }
        for markdown in
            ["![a](artifact:../../x)", "![a](../x.png)", "![a](/api/v1/runs)", "![a](artifact:%2e%2e/x)"]
        {
            assert!(!rendered(markdown).contains("<img"), "{markdown}");
        }
        // Where no run is known, a file is a file of nobody.
        assert!(!render("![a](a.png)", None, &HashMap::new()).contains("<img"));
    }

    #[test]
    fn runs_that_are_mentioned_become_links_under_their_names() {
        let link = format!(
            "<a href=\"/runs/{OTHER}\" title=\"Run {OTHER}\" rel=\"noopener noreferrer\">&lt;b&gt;best&lt;/b&gt;\" onclick=\"x</a>"
        );
        assert_eq!(
            rendered(&format!("see {OTHER}, (/runs/{OTHER})")),
            format!("<p>see {link}, ({link})</p>\n")
        );
        for untouched in [format!("`{OTHER}`"), format!("x{OTHER}"), format!("{OTHER}0"), RUN.to_owned()] {
            assert!(!rendered(&untouched).contains("<a"), "{untouched}");
        }
        let named = rendered(&format!("[mine](/runs/{OTHER})"));
        assert!(named.contains(">mine</a>"), "{named}");
        assert_eq!(mentions(&format!("{OTHER} {RUN} {OTHER}")).len(), 2);
        assert_eq!(mentions(&"é".repeat(1_000)).len(), 0);
        let many: Vec<_> = (0..500).map(|number| format!("{number:032x}")).collect();
        assert_eq!(mentions(&many.join(" ")).len(), limits::NOTE_MENTIONS_MAX);
    }

    /// Tags, attributes and addresses that a note may have. Everything else would be a way in.
    fn assert_inert(markdown: &str, html: &str) {
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            let end = at + rest[at..].find('>').unwrap_or_else(|| panic!("{markdown} gave {html}"));
            let tag = rest[at + 1..end].trim_start_matches('/');
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            let known = [
                "a",
                "blockquote",
                "br",
                "code",
                "del",
                "div",
                "em",
                "h1",
                "h2",
                "h3",
                "hr",
                "img",
                "input",
                "li",
                "ol",
                "p",
                "pre",
                "span",
                "strong",
                "sup",
                "table",
                "tbody",
                "td",
                "th",
                "thead",
                "tr",
                "ul",
                "munderover",
            ];
            assert!(known.contains(&name) || MATH_TAGS.contains(&name), "<{name}> in {markdown}: {html}");
            for (at, _) in tag.match_indices("=\"") {
                let attribute = tag[..at].rsplit([' ', '"']).next().unwrap_or_default();
                let value = tag[at + 2..].split('"').next().unwrap_or_default();
                let is_known = MATH_ATTRIBUTES.contains(&attribute)
                    || [
                        "alt",
                        "align",
                        "aria-label",
                        "checked",
                        "class",
                        "disabled",
                        "href",
                        "id",
                        "rel",
                        "src",
                        "tabindex",
                        "title",
                        "type",
                        "start",
                    ]
                    .contains(&attribute);
                assert!(is_known, "{attribute} in {markdown}: {html}");
                if attribute == "href" {
                    let good = ["http://", "https://", "mailto:", "/", "#", "?"];
                    assert!(good.iter().any(|good| value.starts_with(good)), "{value} in {markdown}: {html}");
                }
                assert!(attribute != "src" || value.starts_with("/api/v1/runs/"), "{value} in {markdown}");
            }
            rest = &rest[end + 1..];
        }
    }

    #[test]
    fn nothing_of_the_authors_can_run() {
        let hostile = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <b onclick='x'>b</b>",
            "<svg onload=alert(1)>",
            "<style>*{display:none}</style>",
            "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<form action=/sign-out method=post><button>x</button></form>",
            "<base href=//example.com>",
            "<meta http-equiv=refresh content=0>",
            "<p style=\"position:fixed\">x</p>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt&#58;alert(1))",
            "[x](java\u{1}script:alert(1))",
            "[x](\u{1}javascript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](java&#x0A;script:alert(1))",
            "[x](vbscript:x)",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](//example.com \"a\\\" onmouseover=\\\"alert(1)\")",
            "![x](data:text/html,<script>alert(1)</script>)",
            "![x](javascript:alert(1))",
            "![\"onerror=\"alert(1)](a.png)",
            "![x](a.png \"\\\" onerror=\\\"alert(1)\")",
            "![x](a.png\"onerror=\"alert(1))",
            "<javascript:alert(1)>",
            "[a]: javascript:alert(1)\n[a]",
            "```\"><script>alert(1)</script>\nx\n```",
            "```html\n</code></pre><script>alert(1)</script>\n```",
            "    <script>alert(1)</script>",
            "`<script>alert(1)</script>`",
            "$\\text{<script>alert(1)</script>}$",
            "$<img src=x onerror=alert(1)>$",
            "$$\\href{javascript:alert(1)}{x}$$",
            "$$\\text{</mtext></math><script>alert(1)</script>}$$",
            "$\\htmlStyle{color:red}{x}\\style{x}{y}$",
            "$\\color{red;background:url(x)}{x}$",
            "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "| <script>x</script> | a |\n|---|---|\n| <img src=x onerror=x> | b |",
            "- [ ] <input autofocus onfocus=alert(1)>",
            "word[^<script>x]\n\n[^<script>x]: y",
            "# <script>alert(1)</script> {#x onclick=alert(1)}",
            "<!-- --><script>alert(1)</script>",
            "<![CDATA[<script>alert(1)</script>]]>",
            "\u{202e}<script>\u{2066}alert(1)</script>\0",
        ];
        for markdown in hostile {
            assert_inert(markdown, &rendered(markdown));
        }
        let mention = format!("{OTHER} [{OTHER}](/runs/{OTHER}) ![{OTHER}](x.png)");
        assert_inert(&mention, &rendered(&mention));
    }

    #[test]
    fn deep_brackets_cost_little() {
        for text in [
            "[".repeat(50_000),
            "> ".repeat(2_000),
            "*a _".repeat(5_000),
            "![".repeat(20_000),
            "$".repeat(20_000),
            "- ".repeat(2_000),
            "`".repeat(20_000),
        ] {
            assert_inert("deep", &rendered(&text));
        }
    }
}
