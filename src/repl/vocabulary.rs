//! What the engine itself brings: its functions with their signatures and documentation, by name
//! and by the type that they are methods of.

use crate::script::documentation::without_marks;
use rhai::{Array, Dynamic, Engine, FnPtr, ImmutableString, Map};
use std::{
    any::TypeId,
    collections::{BTreeSet, HashMap},
};

/// The functions of an engine.
#[derive(Debug)]
pub(super) struct Vocabulary {
    functions: Vec<Function>,
    /// The types behind the names that signatures give them.
    types: HashMap<String, TypeId>,
}

/// One function, or one of several by that name.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// The module that it is in, empty for none.
    pub(super) module: String,
    pub(super) name: String,
    /// Read without parentheses.
    pub(super) is_property: bool,
    /// The type that it may be called on as a method: that of its first parameter.
    pub(super) receiver: Option<TypeId>,
    /// As `name: type`.
    pub(super) parameters: Vec<String>,
    /// Its result's type; empty for none.
    pub(super) result: String,
    /// Markdown.
    pub(super) documentation: String,
    /// Whether it comes with Rhai.
    is_standard: bool,
}

impl Function {
    /// As the manual prints it.
    pub(super) fn signature(&self) -> String {
        self.print(&self.parameters)
    }

    /// As it is called on its first parameter.
    pub(super) fn method_signature(&self) -> String {
        self.print(self.parameters.get(1..).unwrap_or_default())
    }

    /// As it is read without parentheses.
    pub(super) fn property_signature(&self) -> String {
        format!("{}{}", self.name, self.arrow())
    }

    fn print(&self, parameters: &[String]) -> String {
        if self.is_property {
            return self.property_signature();
        }
        format!("{}({}){}", self.name, parameters.join(", "), self.arrow())
    }

    fn arrow(&self) -> String {
        match self.result.as_str() {
            "" | "()" => String::new(),
            result => format!(" -> {result}"),
        }
    }

    /// Whether it is meant to be called without an object before it.
    fn stands_alone(&self) -> bool {
        let Some(receiver) = self.receiver else { return true };
        let text = receiver == TypeId::of::<ImmutableString>();
        let plain = is_plain(receiver);
        // Of Rhai's own, those that take a container are methods; of ours, `parallel(items, ...)`
        // and `cmd("ls")` are functions, and what takes a handle is a method.
        plain && !(self.is_standard && (text || is_container(receiver)))
    }
}

fn is_container(id: TypeId) -> bool {
    [TypeId::of::<Array>(), TypeId::of::<Map>(), TypeId::of::<rhai::Blob>()].contains(&id)
}

fn is_plain(id: TypeId) -> bool {
    is_container(id)
        || [
            TypeId::of::<Dynamic>(),
            TypeId::of::<ImmutableString>(),
            TypeId::of::<i64>(),
            TypeId::of::<f64>(),
            TypeId::of::<bool>(),
            TypeId::of::<char>(),
            TypeId::of::<()>(),
            TypeId::of::<FnPtr>(),
        ]
        .contains(&id)
}

impl Vocabulary {
    /// Everything that the engine has.
    pub(super) fn of(engine: &Engine) -> Self {
        let own: BTreeSet<u64> =
            engine.collect_fn_metadata(None, |info| Some(info.metadata.hash), false).into_iter().collect();
        let all = engine.collect_fn_metadata(None, |info| Some(read(&info)), true);
        let mut types = HashMap::new();
        let mut functions = Vec::new();
        for (hash, mut function) in all.into_iter().filter_map(|(hash, read)| Some((hash, read?))) {
            if let (Some(id), Some(parameter)) = (function.receiver, function.parameters.first())
                && let Some((_, name)) = parameter.split_once(": ")
                && name != "any"
            {
                types.entry(name.to_owned()).or_insert(id);
            }
            function.is_standard = !own.contains(&hash);
            functions.push(function);
        }
        functions.sort_by(|a, b| {
            (&a.module, &a.name, a.parameters.len()).cmp(&(&b.module, &b.name, b.parameters.len()))
        });
        Self { functions, types }
    }

    /// What may be called on a value of this type, by name.
    pub(super) fn methods_of(&self, id: TypeId) -> impl Iterator<Item = &Function> {
        self.functions
            .iter()
            .filter(move |function| function.module.is_empty() && function.receiver == Some(id))
    }

    /// What may be called on anything that is ours, by name: for where the type can't be known.
    pub(super) fn all_methods(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| function.module.is_empty() && !function.stands_alone())
    }

    /// What stands alone.
    pub(super) fn free_functions(&self) -> impl Iterator<Item = &Function> {
        self.functions
            .iter()
            .filter(|function| function.module.is_empty() && !function.is_property && function.stands_alone())
    }

    /// A module's functions.
    pub(super) fn module(&self, name: &str) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(move |function| function.module == name)
    }

    /// The engine's modules.
    pub(super) fn modules(&self) -> BTreeSet<&str> {
        self.functions
            .iter()
            .map(|function| function.module.as_str())
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// All functions by this name, in any module, properties last.
    pub(super) fn named<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v Function> {
        self.functions.iter().filter(move |function| function.name == name)
    }

    /// The type that signatures call by this name.
    pub(super) fn type_named(&self, name: &str) -> Option<TypeId> {
        // `string | ()` is a string as far as dots behind it go.
        let name = name.split(" | ").next().unwrap_or(name);
        self.types.get(name).copied()
    }

    /// All names of functions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|function| function.name.as_str())
    }
}

/// A function as its metadata tells it; `None` for operators, setters and closures.
fn read(info: &rhai::FuncInfo<'_>) -> (u64, Option<Function>) {
    let metadata = info.metadata;
    let (name, is_property) = match metadata.name.strip_prefix("get$") {
        Some(name) => (name, true),
        None => (metadata.name.as_str(), false),
    };
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let function = is_name.then(|| Function {
        module: info.namespace.to_string(),
        name: name.to_owned(),
        is_property,
        receiver: metadata.param_types.first().map(|id| text_as_one(*id)),
        parameters: parameters(metadata),
        result: if metadata.return_type.is_empty() {
            String::new()
        } else {
            plain_type(&metadata.return_type)
        },
        documentation: without_marks(metadata.comments.iter().map(AsRef::as_ref)),
        is_standard: false,
    });
    (metadata.hash, function)
}

/// All kinds of text are one type to a script.
fn text_as_one(id: TypeId) -> TypeId {
    if id == TypeId::of::<&str>() || id == TypeId::of::<String>() {
        TypeId::of::<ImmutableString>()
    } else {
        id
    }
}

fn parameters(metadata: &rhai::FuncMetadata) -> Vec<String> {
    let mut named: Vec<String> = metadata
        .params_info
        .iter()
        .map(|parameter| match parameter.split_once(':') {
            Some((name, kind)) => format!("{}: {}", name.trim(), plain_type(kind)),
            None => parameter.trim().to_owned(),
        })
        .collect();
    named.truncate(metadata.num_params);
    named.resize(metadata.num_params, "_".into());
    named
}

/// A type as a script knows it.
fn plain_type(name: &str) -> String {
    let name = name.trim().trim_start_matches('&').trim_start_matches("mut ").trim();
    let outer = name.split('<').next().unwrap_or(name);
    let short = outer.rsplit("::").next().unwrap_or(outer);
    if let ("Result" | "RhaiResultOf" | "ScriptResult", Some((_, inner))) = (short, name.split_once('<')) {
        let inner = inner.strip_suffix('>').unwrap_or(inner);
        let what = inner
            .rsplit_once(',')
            .filter(|(_, error)| error.contains("Box<"))
            .map_or(inner, |(what, _)| what);
        return plain_type(what);
    }
    match short {
        "str" | "String" | "ImmutableString" => "string",
        "INT" | "i64" => "int",
        "FLOAT" | "f64" => "float",
        "Array" => "array",
        "Map" => "map",
        "Blob" => "blob",
        "FnPtr" => "Fn",
        "Dynamic" | "?" | "RhaiResult" | "" => "any",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rusts_types_get_the_names_that_a_script_gives_them() {
        for (rust, script) in [
            ("&mut Array", "array"),
            ("&str", "string"),
            ("rexec::script::host::Host", "Host"),
            ("Result<Output, Box<EvalAltResult>>", "Output"),
            ("RhaiResultOf<i64>", "int"),
            (
                "core::result::Result<alloc::string::String, alloc::boxed::Box<rhai::types::error::EvalAltResult>>",
                "string",
            ),
            ("Result<rhai::Map, Box<EvalAltResult>>", "map"),
            ("RhaiResultOf<Array>", "array"),
            ("Command", "Command"),
            ("", "any"),
        ] {
            assert_eq!(plain_type(rust), script, "{rust}");
        }
    }
}
