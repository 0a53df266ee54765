//! `table`: rows of values as aligned text.

use crate::Error;
use crate::script::{define::function, error::thrown, options, scope::ScriptResult};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    columns: Option<Vec<String>>,
}

pub(super) fn register(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Rows as aligned text. A row is a map, whose keys name the columns, or an array. `columns` says which
columns to show, and in which order; else maps show all their keys, sorted.

```rhai
print(table([["a", 1]]));                                        // a  1
print(table([#{ host: "web1", load: 0.5 }], #{ columns: ["host"] }).split("\n"));  // ["HOST", "web1"]
```
"#;
    function(
        engine,
        "table(rows: array) -> string",
        DOCUMENTATION,
        |context: NativeCallContext, rows: Array| from_rows(&context, &rows, Options::default()),
    );
    function(
        engine,
        "table(rows: array, options: map) -> string",
        DOCUMENTATION,
        |context: NativeCallContext, rows: Array, options: Map| {
            from_rows(&context, &rows, options::options("table", &options)?)
        },
    );
}

fn from_rows(context: &NativeCallContext, rows: &Array, options: Options) -> ScriptResult<String> {
    let columns = options.columns.or_else(|| keys_of(rows));
    let mut cells = Vec::with_capacity(rows.len());
    for row in rows {
        cells.push(cells_of(context, row, columns.as_deref())?);
    }
    Ok(render(columns.as_deref(), cells))
}

/// All keys of rows that are maps; `None` if none is.
fn keys_of(rows: &Array) -> Option<Vec<String>> {
    let mut keys = std::collections::BTreeSet::new();
    let mut any = false;
    for row in rows {
        if let Some(map) = row.read_lock::<Map>() {
            any = true;
            keys.extend(map.keys().map(ToString::to_string));
        }
    }
    any.then(|| keys.into_iter().collect())
}

fn cells_of(
    context: &NativeCallContext,
    row: &Dynamic,
    columns: Option<&[String]>,
) -> ScriptResult<Vec<String>> {
    if let (Some(map), Some(columns)) = (row.read_lock::<Map>(), columns) {
        let cell = |column: &String| map.get(column.as_str()).map(|value| text_of(context, value));
        return Ok(columns.iter().map(|column| cell(column).unwrap_or_default()).collect());
    }
    match row.read_lock::<Array>() {
        Some(cells) => Ok(cells.iter().map(|value| text_of(context, value)).collect()),
        None => Err(thrown(Error::invalid("table: each row is a map or an array"))),
    }
}

/// A value as `print` shows it; nothing for `()`.
pub(crate) fn text_of(context: &NativeCallContext, value: &Dynamic) -> String {
    let mut value = value.flatten_clone();
    if value.is_unit() {
        return String::new();
    }
    let text = context.call_native_fn_raw("to_string", true, &mut [&mut value]);
    text.map_or_else(|_| value.to_string(), |text| text.to_string())
}

/// Columns of aligned text under an optional header; a column of numbers stands to the right.
pub(crate) fn render(header: Option<&[String]>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(header) = header {
        table.set_header(header.iter().map(|name| name.to_uppercase()));
    }
    let numeric: Vec<bool> = numeric_columns(&rows);
    table.add_rows(rows);
    for (column, numeric) in table.column_iter_mut().zip(numeric) {
        column.set_padding((0, 2));
        if numeric {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // Trailing spaces are in nobody's interest.
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn numeric_columns(rows: &[Vec<String>]) -> Vec<bool> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let is_numeric = |column: usize| {
        let mut cells =
            rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
    };
    (0..width).map(is_numeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn numbers_stand_to_the_right_and_texts_to_the_left() {
        let text = render(Some(&["name".into(), "n".into()]), rows(&[&["long name", "1"], &["b", "100"]]));
        assert_eq!(text, "NAME         N\nlong name    1\nb          100");
    }

    #[test]
    fn rows_of_different_lengths_and_wide_characters_stay_aligned() {
        let text = render(None, rows(&[&["日本", "x"], &["a", "y", "z"]]));
        assert_eq!(text, "日本  x\na     y  z");
    }

    #[test]
    fn no_rows_are_no_text() {
        assert_eq!(render(None, Vec::new()), "");
    }
}
