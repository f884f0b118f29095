//! A patch, its lines told apart by colour and sign.

use crate::ui::erase::view;
use leptos::prelude::*;
use model::limits;

/// What a line of a patch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The beginning of a file, and what is said of it.
    Head,
    /// The place of a part.
    Place,
    Added,
    Removed,
    Same,
}

/// Lines of a patch. Those that begin with `---` are a file's head only where a file's head may be.
fn lines(patch: &str) -> Vec<(Kind, &str)> {
    let mut in_part = false;
    let line = |line| {
        let kind = match line {
            _ if str::starts_with(line, "diff ") => {
                in_part = false;
                Kind::Head
            }
            _ if line.starts_with("@@") => {
                in_part = true;
                Kind::Place
            }
            _ if !in_part => Kind::Head,
            _ if line.starts_with('+') => Kind::Added,
            _ if line.starts_with('-') => Kind::Removed,
            _ => Kind::Same,
        };
        (kind, line)
    };
    patch.lines().take(limits::COMPARE_DIFF_LINES_MAX).map(line).collect()
}

/// `cut` when more was recorded than is here.
pub fn view(patch: &str, cut: bool) -> AnyView {
    let lines = lines(patch);
    let cut = cut || patch.lines().nth(limits::COMPARE_DIFF_LINES_MAX).is_some();
    let count = |wanted| lines.iter().filter(|(kind, _)| *kind == wanted).count();
    let said = format!("{} added, {} removed", count(Kind::Added), count(Kind::Removed));
    let line = |(kind, text): (Kind, &str)| {
        let class = match kind {
            Kind::Head => "patch__line patch__line--head",
            Kind::Place => "patch__line patch__line--place",
            Kind::Added => "patch__line patch__line--added",
            Kind::Removed => "patch__line patch__line--removed",
            Kind::Same => "patch__line",
        };
        let text: String = text.chars().take(limits::COMPARE_LINE_BYTES_MAX).collect();
        view! { <span class=class>{text}"\n"</span> }
    };
    let note = cut.then(|| view! { <p class="notice">"Only the beginning is shown."</p> });
    view! {
        <p class="muted section-text num">{said}</p>
        <pre class="patch mono" tabindex="0" role="region" aria-label="Uncommitted changes, line by line">
            {lines.into_iter().map(line).collect_view()}
        </pre>
        {note}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Added, Head, Place, Removed, Same};

    #[test]
    fn lines_are_told_apart_also_where_they_look_like_heads() {
        let patch = "diff --git a/x b/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n--- gone\n+++ came\n\
                     diff --git a/y b/y\n--- a/y\n";
        let kinds: Vec<Kind> = lines(patch).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Head, Head, Head, Head, Place, Same, Removed, Added, Head, Head]);
    }

    #[test]
    fn a_long_patch_is_cut() {
        assert_eq!(lines(&"+\n".repeat(100_000)).len(), limits::COMPARE_DIFF_LINES_MAX);
    }
}
