//! Fills `{{name}}` in a text.

use crate::{Error, Result};

/// Puts values in the place of `{{name}}` in a text.
///
/// A name is made of letters, digits, `_`, `.` and `-`, and may have spaces around it. A value
/// stands for itself: what looks like a name in it is left alone. `\{{` gives `{{`.
///
/// ```
/// let text = rexec::executor::render_template("port = {{port}}", |name| {
///     (name == "port").then(|| "80".to_owned())
/// })?;
/// assert_eq!(text, "port = 80");
/// # Ok::<(), rexec::Error>(())
/// ```
///
/// # Errors
///
/// [`Invalid`](crate::ErrorKind::Invalid) for a name that has no value, for `{{` without `}}`, and
/// for what is no name between them; each with its line and column.
pub fn render_template(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let position = || position(text, text.len() - rest.len() + at);
        if let Some(before) = rest[..at].strip_suffix('\\') {
            rendered.push_str(before);
            rendered.push_str("{{");
            rest = &rest[at + 2..];
            continue;
        }
        rendered.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..].split_once("}}").ok_or_else(|| {
            Error::invalid(format!("template: `{{{{` at {} has no `}}}}` after it", position()))
        })?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(is_part_of_name) {
            let message = format!("template: `{{{{{name}}}}}` at {} holds no name", position());
            return Err(Error::invalid(message).with_hint("`\\{{` stands for `{{` itself"));
        }
        let value = value(name).ok_or_else(|| {
            Error::invalid(format!("template: there is no value for `{name}` at {}", position()))
        })?;
        rendered.push_str(&value);
        rest = after;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

fn is_part_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-')
}

/// Line and column of a place in a text, both from 1 on.
fn position(text: &str, at: usize) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String> {
        render_template(text, |name| match name {
            "name" => Some("web".to_owned()),
            "tricky" => Some("{{name}} $& \\1".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn values_take_the_place_of_their_names() {
        assert_eq!(render("a {{name}}, {{ name }}{{name}}!").unwrap(), "a web, webweb!");
        assert_eq!(render("{ {name} } }}").unwrap(), "{ {name} } }}");
        assert_eq!(render("").unwrap(), "");
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        assert_eq!(render("{{tricky}}").unwrap(), "{{name}} $& \\1");
    }

    #[test]
    fn an_escaped_brace_stands_for_itself() {
        assert_eq!(
            render(r"docker ps --format '\{{.Names}}' {{name}}").unwrap(),
            "docker ps --format '{{.Names}}' web"
        );
    }

    #[test]
    fn what_has_no_value_is_named_with_its_position() {
        let error = render("a\nb\nñ {{nmae}}").unwrap_err();
        assert_eq!(error.message(), "template: there is no value for `nmae` at line 3, column 3");
        let error = render("x {{name").unwrap_err();
        assert_eq!(error.message(), "template: `{{` at line 1, column 3 has no `}}` after it");
        let error = render("{{a b}}").unwrap_err();
        assert_eq!(error.message(), "template: `{{a b}}` at line 1, column 1 holds no name");
    }
}
