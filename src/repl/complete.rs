//! What may stand where somebody is typing.

use super::{
    paths,
    receiver::{Reader, Receiver},
    scan::{End, KEYWORDS, Scan, scan},
    vocabulary::{Function, Vocabulary},
};
use crate::script::{
    modules::embedded_names,
    session::{Defined, Names},
};
use std::collections::{BTreeMap, btree_map::Entry};

/// One thing that could be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What takes the place of what was begun.
    pub(super) replacement: String,
    /// What is shown in the list: with the signature.
    pub(super) display: String,
}

/// What fits at the end of `text`, and where the word that it replaces begins.
pub(super) fn complete(names: &Names, vocabulary: &Vocabulary, text: &str) -> (usize, Vec<Candidate>) {
    if let Some(command) = text.strip_prefix(':') {
        return super::colon::complete(names, vocabulary, command);
    }
    let scanned = scan(text);
    match scanned.end {
        End::LineComment | End::BlockComment => (text.len(), Vec::new()),
        End::Quoted { .. } if is_import(text) => modules(text),
        End::Quoted { .. } | End::Text => paths::complete(text, paths::In::Text),
        End::Command => paths::complete(text, paths::In::Command),
        End::Code | End::Broken => complete_code(names, vocabulary, text, &scanned),
    }
}

/// What is to be said of the function whose name `text` ends with, and whose `(` was just typed:
/// its parameters.
pub(super) fn signature_of(names: &Names, vocabulary: &Vocabulary, text: &str) -> Option<String> {
    let (start, candidates) = complete(names, vocabulary, text);
    let name = &text[start..];
    let candidate =
        candidates.into_iter().find(|candidate| !name.is_empty() && candidate.replacement == name)?;
    let (_, rest) = candidate.display.split_once('(')?;
    Some(rest.split("  ").next().unwrap_or(rest).to_owned())
}

/// Whether the string that is open at the end names a module.
fn is_import(text: &str) -> bool {
    text.rsplit_once('"').is_some_and(|(before, _)| before.trim_end().ends_with("import"))
}

/// Modules that are embedded, and files.
fn modules(text: &str) -> (usize, Vec<Candidate>) {
    let (start, mut candidates) = paths::complete(text, paths::In::Text);
    let embedded = embedded_names().into_iter().filter(|name| name.starts_with(&text[start..]));
    candidates.extend(embedded.map(|name| Candidate { display: name.clone(), replacement: name }));
    for candidate in &mut candidates {
        if let Some(name) = candidate.replacement.strip_suffix(".rhai") {
            candidate.replacement = name.to_owned();
        }
    }
    (start, candidates)
}

fn complete_code(names: &Names, vocabulary: &Vocabulary, text: &str, scan: &Scan) -> (usize, Vec<Candidate>) {
    let before = text.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    let mut found = Found { word: &text[before.len()..], list: BTreeMap::new() };
    if let Some(path) = before.strip_suffix("::") {
        let in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let module = path.trim_start_matches(path.trim_end_matches(in_path));
        in_module(&mut found, names, vocabulary, module);
    } else if before.ends_with('.') && !before.ends_with("..") {
        let dot = scan.spans.iter().rposition(|(range, _)| range.end == before.len());
        let reader = Reader { text, scan, names, vocabulary };
        let end = dot.and_then(|dot| {
            let optional = dot.checked_sub(1).is_some_and(|index| &text[scan.spans[index].0.clone()] == "?");
            dot.checked_sub(if optional { 2 } else { 1 })
        });
        behind_dot(&mut found, vocabulary, &end.map_or(Receiver::Unknown, |end| reader.ending_at(end)));
    } else {
        on_its_own(&mut found, names, vocabulary);
    }
    (before.len(), found.into_candidates())
}

/// The candidates for a word that was begun; one for each name.
struct Found<'t> {
    word: &'t str,
    list: BTreeMap<String, (String, usize)>,
}

impl Found<'_> {
    fn add(&mut self, name: &str, replacement: impl FnOnce() -> String, display: impl FnOnce() -> String) {
        if !name.starts_with(self.word) {
            return;
        }
        match self.list.entry(replacement()) {
            Entry::Vacant(entry) => {
                entry.insert((display(), 0));
            }
            Entry::Occupied(mut entry) => entry.get_mut().1 += 1,
        }
    }

    fn function(&mut self, function: &Function, signature: impl FnOnce() -> String) {
        self.add(
            &function.name,
            || function.name.clone(),
            || with_summary(signature(), &function.documentation),
        );
    }

    fn defined(&mut self, function: &Defined) {
        self.add(
            &function.name,
            || function.name.clone(),
            || with_summary(function.signature(), &function.documentation),
        );
    }

    fn into_candidates(self) -> Vec<Candidate> {
        let with_others = |(replacement, (display, others)): (String, (String, usize))| {
            let display = if others > 0 { format!("{display} (+{others})") } else { display };
            Candidate { replacement, display }
        };
        self.list.into_iter().map(with_others).collect()
    }
}

/// A signature, and the first sentence of what there is to say.
fn with_summary(signature: String, documentation: &str) -> String {
    let first = documentation.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = first.find(". ").or_else(|| first.find(": ")).unwrap_or(first.len());
    match first[..end].trim_end_matches('.') {
        "" => signature,
        summary => format!("{signature}  {summary}"),
    }
}

fn in_module(found: &mut Found<'_>, names: &Names, vocabulary: &Vocabulary, module: &str) {
    for function in vocabulary.module(module) {
        found.function(function, || function.signature());
    }
    for imported in names.modules.iter().filter(|imported| imported.name == module) {
        imported.functions.iter().for_each(|function| found.defined(function));
        for constant in &imported.constants {
            found.add(constant, || constant.clone(), || format!("{constant}  constant"));
        }
    }
}

fn behind_dot(found: &mut Found<'_>, vocabulary: &Vocabulary, receiver: &Receiver) {
    let id = match receiver {
        Receiver::Value(shape) => {
            for (key, value) in &shape.keys {
                found.add(key, || key.clone(), || format!("{key}  {}", value.type_name));
            }
            shape.type_id
        }
        Receiver::Type(id) => *id,
        Receiver::Unknown => {
            return vocabulary
                .all_methods()
                .for_each(|method| found.function(method, || method.method_signature()));
        }
    };
    let methods: Vec<&Function> =
        vocabulary.methods_of(id).filter(|method| !is_for_the_engine(method)).collect();
    for method in &methods {
        // What is a property as well is shown as what is shorter to type, with the words of the
        // method, which has them.
        let takes_nothing = method.parameters.len() == 1;
        let is_property =
            takes_nothing && methods.iter().any(|other| other.is_property && other.name == method.name);
        if method.is_property && methods.iter().any(|other| !other.is_property && other.name == method.name) {
            continue;
        }
        found.function(method, || {
            if is_property { method.property_signature() } else { method.method_signature() }
        });
    }
}

/// What nobody types: the engine calls it.
fn is_for_the_engine(function: &Function) -> bool {
    function.name == "to_debug"
}

fn on_its_own(found: &mut Found<'_>, names: &Names, vocabulary: &Vocabulary) {
    for variable in &names.variables {
        let display = || format!("{}  {}", variable.name, variable.shape.type_name);
        found.add(&variable.name, || variable.name.clone(), display);
    }
    names.functions.iter().for_each(|function| found.defined(function));
    for function in vocabulary.free_functions() {
        found.function(function, || function.signature());
    }
    let modules = vocabulary.modules();
    for module in modules.into_iter().chain(names.modules.iter().map(|module| module.name.as_str())) {
        found.add(module, || format!("{module}::"), || format!("{module}::  module"));
    }
    for keyword in KEYWORDS.iter().chain(&["true", "false"]) {
        found.add(keyword, || (*keyword).to_owned(), || format!("{keyword}  keyword"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ScriptHost,
        script::session::{Session, Source},
    };

    /// What completes a text, after these lines were typed.
    fn completed(lines: &[&str], text: &str) -> Vec<String> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let host = ScriptHost::builder().build();
        let mut session = Session::begin(&host, runtime.handle().clone());
        for line in lines {
            // Only what it defines matters here.
            let _ = session.evaluate(Source::Prompt, line, session.new_cancellation()).unwrap();
        }
        let (start, found) = complete(&session.names(), &Vocabulary::of(host.engine()), text);
        found.into_iter().map(|candidate| format!("{}{}", &text[..start], candidate.replacement)).collect()
    }

    fn shown(text: &str) -> Vec<String> {
        let engine = ScriptHost::builder().build();
        let (_, found) = complete(&Names::default(), &Vocabulary::of(engine.engine()), text);
        found.into_iter().map(|candidate| candidate.display).collect()
    }

    #[test]
    fn a_type_is_followed_through_calls_properties_and_literals() {
        for (text, wanted) in [
            ("local().capab", "local().capabilities"),
            ("local().in_dir(\"/tmp\").with_e", "local().in_dir(\"/tmp\").with_env"),
            ("local().run($`ls ${f(1)}`).dur", "local().run($`ls ${f(1)}`).duration"),
            (
                "local().spawn(\"ls\").on(\"stdout\", |e| { 1 }).runn",
                "local().spawn(\"ls\").on(\"stdout\", |e| { 1 }).running",
            ),
            ("let a = $`ls`.time", "let a = $`ls`.timeout"),
            ("($`ls` | $`wc`).time", "($`ls` | $`wc`).timeout"),
            ("\"text\".to_low", "\"text\".to_lower"),
            ("[1, 2].shif", "[1, 2].shift"),
            ("#{ a: 1 }.key", "#{ a: 1 }.keys"),
            ("local().name.to_upp", "local().name.to_upper"),
            ("f(local().arc", "f(local().arch"),
            ("`${local().arc", "`${local().arch"),
        ] {
            assert_eq!(completed(&[], text), [wanted], "{text}");
        }
    }

    #[test]
    fn what_was_typed_before_completes() {
        let lines = [
            "let colours = #{ red: 1, green: #{ dark: 2 } };",
            "let list = [#{ first_key: 1 }];",
            "fn my_function(x) { x }",
            "let my_host = local();",
        ];
        for (text, wanted) in [
            ("col", "colours"),
            ("colours.gr", "colours.green"),
            ("colours.green.d", "colours.green.dark"),
            ("colours?.gr", "colours?.green"),
            ("list[0].fir", "list[0].first_key"),
            ("my_f", "my_function"),
            ("my_host.try", "my_host.try_run"),
        ] {
            let found = completed(&lines, text);
            assert!(found.contains(&wanted.to_owned()), "{text}: {found:?}");
        }
    }

    #[test]
    fn methods_of_other_types_are_not_offered() {
        let found = completed(&["let h = local();"], "h.");
        assert!(found.contains(&"h.run".to_owned()));
        assert!(!found.contains(&"h.duration".to_owned()), "{found:?}");
        assert!(!found.contains(&"h.push".to_owned()), "{found:?}");
    }

    #[test]
    fn a_free_function_is_offered_and_a_method_without_its_object_is_not() {
        assert_eq!(completed(&[], "parall"), ["parallel"]);
        assert_eq!(completed(&[], "whi"), ["which", "while"]);
        assert_eq!(completed(&[], "unche"), Vec::<String>::new());
    }

    #[test]
    fn modules_complete_by_path_and_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("a_module");
        std::fs::write(module.with_extension("rhai"), "fn twice(x) { x * 2 } export const TEN = 10;")
            .unwrap();
        let import = format!("import \"{}", module.display());
        assert_eq!(completed(&[], &import[..import.len() - 3]), std::slice::from_ref(&import));
        let lines = [format!("{import}\" as again;")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(completed(&lines, "aga"), ["again::"]);
        assert_eq!(completed(&lines, "again::"), ["again::TEN", "again::twice"]);
    }

    #[test]
    fn a_property_that_is_a_method_too_is_shown_as_what_is_shorter() {
        assert!(shown("local().arc")[0].starts_with("arch -> string"), "{:?}", shown("local().arc"));
    }

    #[test]
    fn nothing_completes_in_a_comment() {
        assert_eq!(completed(&[], "// loc"), Vec::<String>::new());
    }
}
