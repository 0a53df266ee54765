//! Ranges in names: `web[1-20]`, `rack[a-c]`, `db[01:12:2]`, `n[1-3,7]`.

use crate::{Error, Result};

/// More names than this from one text are a slip.
const MOST: usize = 100_000;

/// All names that a text with ranges stands for, in order; several ranges give each combination.
///
/// A range is numbers or single letters with `-` or `:` between them, and after another `:` or `/` a
/// step; leading zeros are kept. Several are joined by commas.
///
/// ```
/// use rexec::inventory::expand;
///
/// assert_eq!(expand("web[08-10].example.org")?, ["web08.example.org", "web09.example.org", "web10.example.org"]);
/// assert_eq!(expand("r[a-b]n[1,3]")?, ["ran1", "ran3", "rbn1", "rbn3"]);
/// assert_eq!(expand("plain")?, ["plain"]);
/// # Ok::<(), rexec::Error>(())
/// ```
///
/// # Errors
///
/// Where a range makes no sense, or stands for more than 100,000 names.
pub fn expand(text: &str) -> Result<Vec<String>> {
    let Some((before, rest)) = text.split_once('[') else { return Ok(vec![text.to_owned()]) };
    let wrong = |why: &str| Error::invalid(format!("`{text}`: {why}"));
    let (inside, after) = rest.split_once(']').ok_or_else(|| wrong("the range has no `]`"))?;
    let mut values = Vec::new();
    for part in inside.split(',') {
        values.extend(values_of(part).ok_or_else(|| {
            wrong(&format!("`{part}` is no range: write it as 1-20, 01-20, a-f or 1-20/2"))
        })?);
    }
    let tails = expand(after)?;
    if values.len().saturating_mul(tails.len()) > MOST {
        return Err(wrong(&format!("it stands for more than {MOST} names")));
    }
    let names =
        values.iter().flat_map(|value| tails.iter().map(move |tail| format!("{before}{value}{tail}")));
    Ok(names.collect())
}

fn values_of(part: &str) -> Option<Vec<String>> {
    let (range, step) = split_step(part);
    let step: usize = step.map_or(Some(1), |step| step.parse().ok().filter(|step| *step > 0))?;
    let Some((first, last)) = range.split_once(['-', ':']) else {
        return is_value(range).then(|| vec![range.to_owned()]);
    };
    match (letter(first), letter(last)) {
        (Some(first), Some(last)) => {
            (first <= last).then(|| (first..=last).step_by(step).map(String::from).collect())
        }
        _ => numbers(first, last, step),
    }
}

/// The range, and the step behind a second `:` or a `/`.
fn split_step(part: &str) -> (&str, Option<&str>) {
    if let Some((range, step)) = part.split_once('/') {
        return (range, Some(step));
    }
    match part.match_indices(':').nth(1) {
        Some((index, _)) => (&part[..index], Some(&part[index + 1..])),
        None => (part, None),
    }
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric())
}

fn letter(text: &str) -> Option<char> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) if only.is_ascii_alphabetic() => Some(only),
        _ => None,
    }
}

fn numbers(first: &str, last: &str, step: usize) -> Option<Vec<String>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return None;
    }
    // Leading zeros say how wide all of them are.
    let width = if first.starts_with('0') { first.len() } else { 0 };
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    if first > last || (last - first) / step > MOST {
        return None;
    }
    Some((first..=last).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_numbers_or_letters_with_steps_and_commas() {
        for (text, names) in [
            ("w[1-3]", "w1 w2 w3"),
            ("w[1:3]", "w1 w2 w3"),
            ("w[08-11]", "w08 w09 w10 w11"),
            ("w[1-7/3]", "w1 w4 w7"),
            ("w[01:05:2]", "w01 w03 w05"),
            ("w[a-c]", "wa wb wc"),
            ("w[1-2,7,x]", "w1 w2 w7 wx"),
            ("[1-2].a", "1.a 2.a"),
            ("a[1-2]b[1-2]", "a1b1 a1b2 a2b1 a2b2"),
            ("plain-1.x", "plain-1.x"),
        ] {
            assert_eq!(expand(text).unwrap().join(" "), names, "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "w[1-",
            "w[]",
            "w[3-1]",
            "w[a-9]",
            "w[1-2/0]",
            "w[1-x]",
            "w[,]",
            "w[1-999999999]",
            "w[1-400][1-400]",
        ] {
            assert!(expand(text).is_err(), "{text}");
        }
    }
}
