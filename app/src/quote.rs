//! Texts as other programs take them literally, whatever is in them.

use std::fmt::Write as _;

/// A word of a command line, for sh, bash and zsh. What a terminal would act on is written as an escape.
pub fn shell(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    // zsh looks for a command behind a `=` at the beginning.
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(plain) {
        return word.to_owned();
    }
    if !word.contains(hidden) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = "$'".to_owned();
    for one in word.chars() {
        match one {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\'' | '\\' => out.extend(['\\', one]),
            // Octal, byte by byte: every shell reads three digits and no more.
            _ if hidden(one) => {
                let mut bytes = [0; 4];
                for byte in one.encode_utf8(&mut bytes).bytes() {
                    write!(out, "\\{byte:03o}").expect("a text takes all");
                }
            }
            _ => out.push(one),
        }
    }
    out.push('\'');
    out
}

/// A text between double quotes as JSON, YAML and Python read it alike.
pub fn double(text: &str) -> String {
    let mut out = "\"".to_owned();
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if hidden(one) => write!(out, "\\u{:04x}", u32::from(one)).expect("a text takes all"),
            _ => out.push(one),
        }
    }
    out.push('"');
    out
}

/// What is not seen, or ends a line or turns it around, for a terminal or a reader of YAML. All of it has four digits.
fn hidden(one: char) -> bool {
    one.is_control()
        || matches!(
            one,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const HOSTILE: [&str; 14] = [
        "plain-word_1.2/x=3",
        "",
        "-rf",
        "it's",
        "$(touch /tmp/x)`id`\"$HOME\"",
        "a; rm -rf ~ # & | > < * ? [x] {a,b} !!",
        "two\nlines\n",
        "\x1b[31mred\x07\r",
        "back\\slash\\'",
        "tab\there",
        "ünï ☃ 🦀",
        "=ls",
        "~root",
        "turned \u{202e}around\u{85}\u{7f}",
    ];

    #[test]
    fn a_shell_gives_back_every_word_as_it_was() {
        for word in HOSTILE {
            let script = format!("printf '%s' {}x", shell(word));
            let done = Command::new("bash").arg("-c").arg(&script).output().expect("bash runs");
            assert_eq!(String::from_utf8(done.stdout).expect("UTF-8"), format!("{word}x"), "{script}");
            assert!(!script.contains(hidden), "{script}");
        }
    }

    #[test]
    fn a_quoted_text_reads_back_as_json() {
        for text in HOSTILE {
            assert_eq!(serde_json::from_str::<String>(&double(text)).expect("JSON"), text);
            assert!(!double(text).contains(hidden));
        }
    }
}
