//! A layer knows those below it and nothing above.

use crate::source::{Named, Source, rust_files};
use std::collections::{BTreeMap, BTreeSet};

/// Each module at the top of the library, and those that it may know.
const LAYERS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("command", &["event"]),
    ("error", &["event", "command"]),
    ("target", &["event", "command", "error"]),
    ("backend", &["event", "command", "error"]),
    ("executor", &["event", "command", "error", "target", "backend"]),
    ("inventory", &["event", "command", "error", "target", "backend", "executor"]),
    ("script", &["event", "command", "error", "target", "backend", "executor", "inventory"]),
    ("repl", &["event", "command", "error", "target", "backend", "executor", "inventory", "script", "cli"]),
    (
        "cli",
        &[
            "event",
            "command",
            "error",
            "target",
            "backend",
            "executor",
            "inventory",
            "script",
            "repl",
            "guard",
        ],
    ),
    // It stands beside them: the first thing that the binary does, before there is a thread.
    ("guard", &["event", "error", "backend"]),
];

#[test]
fn a_layer_knows_only_those_below_it() {
    let exports = exports();
    let mut wrong = Vec::new();
    for source in library() {
        let own = layer_of(&source);
        let known = LAYERS.iter().find(|(layer, _)| *layer == own).unwrap().1;
        for named in source.named() {
            let Some(other) = resolve(&named, &source, &exports) else { continue };
            if other != own && !known.contains(&&*other) {
                let path = source.path.display();
                wrong.push(format!("{path}: {own} must not know {other}: {}", named.segments.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_a_layer() {
    let layers: BTreeSet<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    for source in library() {
        let layer = layer_of(&source);
        assert!(layers.contains(&*layer), "{} belongs to no layer", source.path.display());
    }
}

/// The files that are in a layer, which is all but `lib.rs` and `main.rs`.
fn library() -> Vec<Source> {
    let files = rust_files("src").into_iter();
    let files: Vec<_> = files.filter(|source| !source.is_test() && !source.modules().is_empty()).collect();
    assert!(files.len() > 20, "the library has more files than that");
    files
}

fn layer_of(source: &Source) -> String {
    source.modules()[0].clone()
}

/// The names that `lib.rs` gives to what is in the layers, such as `Signal` for `event::Signal`.
fn exports() -> BTreeMap<String, String> {
    let lib = rust_files("src").into_iter().find(|source| source.path.ends_with("lib.rs")).unwrap();
    let paths = lib.named().into_iter().map(|named| named.segments);
    let exports: BTreeMap<_, _> = paths
        .filter(|path| path.len() > 1)
        .map(|path| (path[path.len() - 1].clone(), path[0].clone()))
        .collect();
    assert_eq!(exports["Signal"], "event", "the exports are read as they are written");
    exports
}

/// The layer that a path leads to, if it leads into this crate.
fn resolve(named: &Named, source: &Source, exports: &BTreeMap<String, String>) -> Option<String> {
    let mut rest = &named.segments[..];
    let mut at = source.modules();
    // Modules within the file have no names here; it is only their number that matters.
    at.extend(std::iter::repeat_n(String::new(), named.depth));
    match &*rest[0] {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "super" => {
            while rest.first().is_some_and(|segment| segment == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        _ => return None,
    }
    let first = at.first().or(rest.first())?;
    Some(exports.get(first).unwrap_or(first).clone())
}
