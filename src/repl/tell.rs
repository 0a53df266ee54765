//! What the prompt tells about names: `:doc` and `:vars`.

use super::vocabulary::Vocabulary;
use crate::script::session::{Defined, Names};

/// What there is to say about the functions of this name.
pub(super) fn documentation(names: &Names, vocabulary: &Vocabulary, name: &str) -> String {
    let own = names.functions.iter().filter(|function| function.name == name).map(of_defined);
    let in_modules = names.modules.iter().flat_map(|module| {
        let named = move |function: &&Defined| {
            function.name == name || name.split_once("::") == Some((&module.name, &function.name))
        };
        module.functions.iter().filter(named).map(of_defined)
    });
    let engines = vocabulary
        .named(name)
        .filter(|function| !function.is_property)
        .map(|function| (function.signature(), function.documentation.as_str()));
    let mut paragraphs: Vec<String> = Vec::new();
    for (signature, documentation) in own.chain(in_modules).chain(engines) {
        match paragraphs.last_mut() {
            // An overload without words of its own stands below the one that has them.
            Some(last) if documentation.is_empty() => last.push_str(&format!("\n{signature}")),
            _ => paragraphs.push(signature),
        }
        paragraphs.extend((!documentation.is_empty()).then(|| documentation.to_owned()));
    }
    if paragraphs.is_empty() { format!("nothing is called `{name}`") } else { paragraphs.join("\n\n") }
}

fn of_defined(function: &Defined) -> (String, &str) {
    (function.signature(), &function.documentation)
}

/// What was defined so far.
pub(super) fn defined(names: &Names) -> String {
    let variables = names.variables.iter().map(|variable| {
        let constant = if variable.is_constant { "const " } else { "" };
        format!("{constant}{}: {}", variable.name, variable.shape.type_name)
    });
    let functions = names.functions.iter().map(|function| format!("fn {}", function.signature()));
    let modules = names.modules.iter().map(|module| format!("{}::", module.name));
    let lines: Vec<String> = variables.chain(functions).chain(modules).collect();
    if lines.is_empty() { "nothing yet".into() } else { lines.join("\n") }
}
