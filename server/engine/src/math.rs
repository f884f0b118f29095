//! Formulas in TeX as `MathML`, which browsers draw by themselves. What is no formula stays as its text.

use crate::highlight::escape;
use model::limits;
use pulldown_latex::{Parser, RenderConfig, Storage, config::DisplayMode, write_mathml};
use std::panic::catch_unwind;

/// What defines words: a few definitions of each other write a formula of any length.
const DEFINITIONS: [&str; 9] =
    ["def", "edef", "gdef", "xdef", "let", "futurelet", "newcommand", "renewcommand", "providecommand"];

/// A formula, alone on its line or in one.
pub(crate) fn html(tex: &str, is_alone: bool) -> String {
    let mode = if is_alone { DisplayMode::Block } else { DisplayMode::Inline };
    // The parser says of itself that it may give up on what it never expected.
    let drawn = catch_unwind(|| mathml(tex, mode)).ok().flatten();
    drawn.unwrap_or_else(|| {
        let mut html =
            String::from("<code class=\"note-formula\" title=\"not a formula that can be drawn\">");
        escape(tex, &mut html);
        html + "</code>"
    })
}

fn mathml(tex: &str, display_mode: DisplayMode) -> Option<String> {
    let defines = tex.split('\\').skip(1).any(|rest| {
        let word = rest.split(|one: char| !one.is_ascii_alphabetic()).next().unwrap_or_default();
        DEFINITIONS.contains(&word)
    });
    let depth = tex.bytes().filter(|one| b"{[^_(".contains(one)).count();
    if defines || tex.len() > limits::FORMULA_BYTES_MAX || depth > limits::FORMULA_DEPTH_MAX {
        return None;
    }
    let storage = Storage::new();
    let parser = Parser::new(tex, &storage);
    let events: Vec<_> = parser.take(limits::FORMULA_EVENTS_MAX + 1).collect::<Result<_, _>>().ok()?;
    if events.len() > limits::FORMULA_EVENTS_MAX {
        return None;
    }
    let config = RenderConfig { display_mode, ..RenderConfig::default() };
    let mut out = Vec::new();
    let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
    write_mathml(&mut out, events, config).ok()?;
    String::from_utf8(out).ok().filter(|html| html.len() <= limits::FORMULA_HTML_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_drawn() {
        let html = html("\\frac{a^2}{\\sqrt{b}} \\le \\sum_{i=1}^n x_i", false);
        for part in ["<math", "<mfrac>", "<msqrt>", "</math>"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(self::html("x", true).contains("display=\"block\""));
        assert!(self::html("\\begin{pmatrix}1 & 2\\\\3 & 4\\end{pmatrix}", true).contains("<mtable"));
    }

    #[test]
    fn what_is_no_formula_stays_text() {
        for bad in ["\\frac{a", "\\nosuchthing", "}", "\\begin{x}", "a & b }", "\\left( x", "_", "^^", "\\"] {
            let html = html(bad, false);
            assert!(html.starts_with("<code") || html.starts_with("<math"), "{bad}: {html}");
        }
        assert!(html("\\frac{<script>}", false).contains("&lt;script&gt;"));
    }

    #[test]
    fn no_formula_grows_or_digs_beyond_bounds() {
        let bombs = [
            "\\def\\a{xxxxxxxxxx}\\def\\b{\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b}\\c".to_owned(),
            "\\newcommand{\\a}{\\a\\a}\\a".to_owned(),
            "\\let\\a=\\frac \\a12".to_owned(),
            "x".repeat(limits::FORMULA_BYTES_MAX + 1),
            "{".repeat(limits::FORMULA_BYTES_MAX),
            "x^".repeat(900) + "x",
        ];
        for bomb in &bombs {
            assert!(html(bomb, true).starts_with("<code"), "{}", &bomb[..bomb.len().min(60)]);
        }
        // With a part of the stack that notes are drawn with.
        let dug = [
            "\\sqrt",
            "\\hat",
            "\\left(",
            "\\frac",
            "\\text{",
            "\\color{red}",
            "\\begin{matrix}",
            "\\mathbf",
            "-",
            "'",
            "\\over",
            "\\sqrt[",
            "\\ ",
            "\\not",
            "\\big(",
        ];
        let thread =
            std::thread::Builder::new().stack_size(crate::markdown::STACK_BYTES / 4).spawn(move || {
                for one in dug {
                    let text = one.repeat(limits::FORMULA_BYTES_MAX / one.len());
                    assert!(html(&text, true).len() < 2 * limits::FORMULA_HTML_BYTES_MAX);
                }
            });
        thread.expect("a thread").join().expect("nothing overflows");
    }
}
