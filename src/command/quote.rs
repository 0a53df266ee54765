//! POSIX shell quoting: the one place where text for a shell is made out of values.

use std::borrow::Cow;

/// The word that a POSIX shell reads as exactly this text.
///
/// Plain words stay as they are; others are put between single quotes, within which nothing but
/// the quote itself is special (POSIX.1-2024, XCU 2.2.2).
///
/// ```
/// assert_eq!(rexec::command::quote("plain-1.txt"), "plain-1.txt");
/// assert_eq!(rexec::command::quote("it's $HOME"), r"'it'\''s $HOME'");
/// assert_eq!(rexec::command::quote(""), "''");
/// ```
pub fn quote(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(quote_always(text))
}

/// The same with quotes around every word: for the middle of a text that is already a shell's,
/// where a plain `if` would be a keyword, and `2` before `>` a file descriptor.
pub(crate) fn quote_always(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Characters that no POSIX shell, nor csh or fish, treats specially anywhere in a word. `~` and
/// `=` are not among them: `~` expands at the front, and zsh expands a word that begins with `=`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./:,@%+".contains(&byte)
}

/// The same for people to read: `=` is left alone too, since `--limit=3` is easier to read than
/// `'--limit=3'`.
pub(crate) fn quote_display(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && !text.starts_with('=') && text.bytes().all(|byte| is_plain(byte) || byte == b'=') {
        return Cow::Borrowed(text);
    }
    quote(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in
            ["", "a b", "it's", "$HOME `id` $(id)", "-n", "a\nb", "~root", "=ls", "!x", "\\", "{a,b}", "*"]
        {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quote(text))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
