//! What `parallel` gives: one result for each item, in the order of the items.

use super::{
    caught,
    define::{function, property},
    error::thrown,
    hosts::Host,
    output::Output,
    scope::{self, ScriptResult},
    toolbox::table::{self, text_of},
    unseen::Failure,
};
use crate::{Error, ErrorKind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext, Position};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What became of one item.
pub(crate) struct ItemResult {
    pub(crate) item: Dynamic,
    pub(crate) outcome: ScriptResult<Dynamic>,
    pub(crate) duration: Duration,
}

/// What became of all items. A clone is the same results.
#[derive(Clone)]
pub(crate) struct Results {
    entries: Arc<[Entry]>,
    /// Whether the script has looked at what failed.
    seen: Arc<AtomicBool>,
}

struct Entry {
    item: Dynamic,
    /// The item as it prints.
    name: String,
    outcome: Result<Dynamic, Dynamic>,
    duration: Duration,
}

impl Results {
    /// Takes the results, and notes the failures until the script looks at them.
    pub(crate) fn new(context: &NativeCallContext, results: Vec<ItemResult>) -> ScriptResult<Self> {
        let entries: Arc<[Entry]> = results
            .into_iter()
            .map(|result| Entry {
                name: name_of(context, &result.item),
                item: result.item,
                outcome: result.outcome.map_err(caught::as_value),
                duration: result.duration,
            })
            .collect();
        let results = Self { entries, seen: Arc::default() };
        scope::current()?.run.unseen.add(results.seen.clone(), results.failures());
        Ok(results)
    }

    fn failures(&self) -> Vec<Failure> {
        let failure = |entry: &Entry| {
            let error = entry.outcome.as_ref().err()?;
            Some(Failure { item: entry.name.clone(), message: caught::message(error) })
        };
        self.entries.iter().filter_map(failure).collect()
    }

    /// The entries, for someone who sees what failed.
    fn look(&self) -> &[Entry] {
        self.seen.store(true, Ordering::Relaxed);
        &self.entries
    }

    fn where_ok(&self, ok: bool) -> Array {
        self.entries.iter().filter(|entry| entry.outcome.is_ok() == ok).map(Entry::as_map).collect()
    }

    /// One error for all that failed; itself if nothing did.
    fn raise(&self) -> ScriptResult<Self> {
        self.look();
        let failures = self.failures();
        if failures.is_empty() {
            return Ok(self.clone());
        }
        const NAMED: usize = 3;
        let named: Vec<String> = failures.iter().take(NAMED).map(ToString::to_string).collect();
        let mut text = format!("{} of {} failed: {}", failures.len(), self.entries.len(), named.join("; "));
        if failures.len() > NAMED {
            text.push_str(&format!("; and {} more", failures.len() - NAMED));
        }
        Err(thrown(Error::new(ErrorKind::Failed, text)))
    }

    fn as_table(&self, context: &NativeCallContext) -> String {
        let rows = self.look().iter().map(|entry| {
            let (status, detail) = match &entry.outcome {
                Ok(value) => ("ok", shown(context, value)),
                Err(error) => ("failed", caught::message(error)),
            };
            let first_line = detail.lines().next().unwrap_or_default().to_owned();
            vec![entry.name.clone(), status.into(), format!("{:.1?}", entry.duration), first_line]
        });
        table::render(Some(&["item", "result", "time", ""].map(str::to_owned)), rows.collect())
    }

    /// The items that had the same to say, together: the largest group first.
    fn grouped(&self, context: &NativeCallContext) -> Groups {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<(bool, String), usize> = HashMap::new();
        for entry in self.look() {
            let (ok, text) = match &entry.outcome {
                Ok(value) => (true, shown(context, value)),
                Err(error) => (false, caught::message(error)),
            };
            let index = *known.entry((ok, text.clone())).or_insert_with(|| {
                groups.push(Group { items: Array::new(), names: Vec::new(), ok, text });
                groups.len() - 1
            });
            groups[index].push(entry);
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.items.len()));
        Groups(groups.into())
    }
}

impl Entry {
    fn as_map(&self) -> Dynamic {
        let (value, error) = match &self.outcome {
            Ok(value) => (value.clone(), Dynamic::UNIT),
            Err(error) => (Dynamic::UNIT, error.clone()),
        };
        Map::from_iter([
            ("item".into(), self.item.clone()),
            ("ok".into(), self.outcome.is_ok().into()),
            ("value".into(), value),
            ("error".into(), error),
            ("duration".into(), self.duration.as_secs_f64().into()),
        ])
        .into()
    }
}

/// Items that had the same to say.
#[derive(Clone)]
struct Group {
    items: Array,
    names: Vec<String>,
    ok: bool,
    text: String,
}

impl Group {
    fn push(&mut self, entry: &Entry) {
        self.items.push(entry.item.clone());
        self.names.push(entry.name.clone());
    }

    fn as_map(&self) -> Dynamic {
        Map::from_iter([
            ("items".into(), self.items.clone().into()),
            ("ok".into(), self.ok.into()),
            ("text".into(), self.text.clone().into()),
        ])
        .into()
    }
}

/// All groups; prints as one block for each.
#[derive(Clone)]
struct Groups(Arc<[Group]>);

impl std::fmt::Display for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, group) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n\n" } else { "" };
            let failed = if group.ok { "" } else { " failed" };
            let count = group.names.len();
            write!(f, "{separator}{} ({count}){failed}:\n{}", group.names.join(", "), group.text)?;
        }
        Ok(())
    }
}

/// How a value is shown among others: of an Output what it wrote, nothing for `()`.
fn shown(context: &NativeCallContext, value: &Dynamic) -> String {
    if value.is_unit() {
        return String::new();
    }
    match value.read_lock::<Output>() {
        Some(output) => output.get().text(),
        None => text_of(context, value),
    }
}

/// What an item is called: a host by its label, a map by its `name`, if it has one; everything else
/// as it prints.
fn name_of(context: &NativeCallContext, item: &Dynamic) -> String {
    if let Some(host) = item.read_lock::<Host>() {
        return host.label().to_owned();
    }
    let name = item.read_lock::<Map>().and_then(|map| map.get("name").cloned());
    text_of(context, &name.unwrap_or_else(|| item.clone()))
}

fn at_index<T>(items: &[T], index: i64) -> ScriptResult<&T> {
    let position = usize::try_from(index).ok().or_else(|| {
        let from_end = usize::try_from(index.unsigned_abs()).ok()?;
        items.len().checked_sub(from_end)
    });
    let found = position.and_then(|position| items.get(position));
    found.ok_or_else(|| EvalAltResult::ErrorArrayBounds(items.len(), index, Position::NONE).into())
}

impl IntoIterator for Results {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        self.look().iter().map(Entry::as_map).collect::<Vec<_>>().into_iter()
    }
}

impl IntoIterator for Groups {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(Group::as_map).collect::<Vec<_>>().into_iter()
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Results>("Results");
    engine.register_iterator::<Results>();
    engine.register_type_with_name::<Groups>("Groups");
    engine.register_iterator::<Groups>();
    register_parts(engine);
    register_reports(engine);
    register_groups(engine);
}

fn register_parts(engine: &mut Engine) {
    property(
        engine,
        "ok(results: Results) -> array",
        r#"
The results of the items that went well, each `#{ item, ok, value, error, duration }`.

```rhai
let results = parallel([1, 0], |n| 10 / n);
print(results.ok[0].value);    // 10
print(results.failed.len());   // 1
```
"#,
        |results: &mut Results| results.where_ok(true),
    );
    property(
        engine,
        "failed(results: Results) -> array",
        r#"
The results of the items that failed, each `#{ item, ok, value, error, duration }`; `error` is what
`catch` would give.

```rhai
let results = parallel(["a", "b"], |name| if name == "b" { throw "no" });
for result in results.failed {
    print(`${result.item}: ${result.error}`);  // b: no
}
```
"#,
        |results: &mut Results| {
            results.look();
            results.where_ok(false)
        },
    );
    property(
        engine,
        "values(results: Results) -> array",
        r#"
What the closure gave for the items that went well, in the order of the items.

```rhai
print(parallel([3, 1, 2], |n| n * 2).values);  // [6, 2, 4]
```
"#,
        |results: &mut Results| {
            let values = results.entries.iter().filter_map(|entry| entry.outcome.as_ref().ok());
            values.cloned().collect::<Array>()
        },
    );
    property(
        engine,
        "len(results: Results) -> int",
        r#"
How many items there were.

```rhai
print(parallel([1, 2], |n| n).len);  // 2
```
"#,
        |results: &mut Results| i64::try_from(results.entries.len()).unwrap_or(i64::MAX),
    );
    property(
        engine,
        "success(results: Results) -> bool",
        r#"
Whether every item went well.

```rhai
print(parallel([1, 2], |n| n).success);  // true
```
"#,
        |results: &mut Results| results.look().iter().all(|entry| entry.outcome.is_ok()),
    );
    engine.register_indexer_get(|results: &mut Results, index: i64| {
        at_index(results.look(), index).map(Entry::as_map)
    });
}

fn register_reports(engine: &mut Engine) {
    function(
        engine,
        "raise(results: Results) -> Results",
        r#"
Throws one error of kind `failed` if any item failed, and else gives the results on. Uncaught, it
ends the script with exit code 3.

```rhai
print(parallel([1, 2], |n| n + 1).raise().values);  // [2, 3]
try { parallel([1, 0], |n| 10 / n).raise(); } catch (error) {
    print(error.kind);  // failed
}
```
"#,
        |results: &mut Results| results.raise(),
    );
    function(
        engine,
        "table(results: Results) -> string",
        r#"
A line for each item: how it went, how long it took, and the first line of what it gave.

```rhai
print(parallel(["web1"], |name| "up").table().contains("web1"));  // true
```
"#,
        |context: NativeCallContext, results: &mut Results| results.as_table(&context),
    );
    function(
        engine,
        "grouped(results: Results) -> Groups",
        r#"
The items that had the same to say, together, the largest group first: each
`#{ items, ok, text }`. Printed, it is a block for each group.

```rhai
let groups = parallel(["web1", "web2", "db"], |name| if name == "db" { 11 } else { 12 }).grouped();
print(groups[0].items);  // ["web1", "web2"]
print(groups[1].text);   // 11
```
"#,
        |context: NativeCallContext, results: &mut Results| results.grouped(&context),
    );
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |context: NativeCallContext, results: &mut Results| {
            results.as_table(&context)
        });
    }
}

fn register_groups(engine: &mut Engine) {
    engine.register_indexer_get(|groups: &mut Groups, index: i64| {
        at_index(&groups.0, index).map(Group::as_map)
    });
    property(
        engine,
        "len(groups: Groups) -> int",
        r#"
How many groups there are.

```rhai
print(parallel([1, 1, 2], |n| n).grouped().len);  // 2
```
"#,
        |groups: &mut Groups| i64::try_from(groups.0.len()).unwrap_or(i64::MAX),
    );
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |groups: &mut Groups| groups.to_string());
    }
}
