//! What the functions of the script language say about themselves: the manual is made from this.

use super::{compile, host::ScriptHost, modules};
use rhai::{Engine, FnAccess, FuncInfo, ScriptFnMetadata};

/// A function, or a method of its first parameter, with its documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDoc {
    /// Its name, behind that of its module (`rollout::run`) if it is in one.
    pub name: String,
    /// As it is called: `retry(times: int, delay: seconds, closure: function) -> any`.
    pub signature: String,
    /// Markdown. Blocks marked `rhai` are examples.
    pub text: String,
    /// The module that has to be imported for it: `std/rollout`.
    pub module: Option<String>,
}

/// An example in a function's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The script.
    pub script: String,
    /// Why it can't be run as it is, where it can't.
    pub no_run: Option<String>,
}

impl ScriptHost {
    /// All documented functions, sorted by name: those of the language, and those of the embedded
    /// modules.
    pub fn functions(&self) -> Vec<FunctionDoc> {
        let engine = self.engine();
        let mut functions = engine.collect_fn_metadata(None, of_native, false);
        functions.extend(modules::embedded_names().iter().flat_map(|module| of_module(engine, module)));
        functions.sort_by(|a, b| (&a.name, &a.signature).cmp(&(&b.name, &b.signature)));
        functions
    }
}

impl FunctionDoc {
    /// Its examples, in order.
    pub fn examples(&self) -> Vec<Example> {
        let mut examples = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(attributes) = line.strip_prefix("```rhai") else { continue };
            let script = lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n");
            let no_run = attributes.trim().strip_prefix("no_run").map(|reason| reason.trim().to_owned());
            examples.push(Example { script, no_run });
        }
        examples
    }
}

impl Example {
    /// What its prints say that they print: the texts behind `print(...);  //`.
    pub fn expected_lines(&self) -> Vec<&str> {
        let prints = self.script.lines().filter(|line| line.contains("print("));
        prints.filter_map(|line| line.rsplit_once("// ").map(|(_, text)| text.trim())).collect()
    }
}

fn of_native(function: FuncInfo) -> Option<FunctionDoc> {
    let metadata = function.metadata;
    if metadata.comments.is_empty() {
        return None;
    }
    let name = match &*function.namespace {
        "" => metadata.name.to_string(),
        module => format!("{module}::{}", metadata.name),
    };
    let parameters: Vec<&str> = metadata.params_info.iter().map(AsRef::as_ref).collect();
    let result = match &*metadata.return_type {
        "()" | "" => String::new(),
        result => format!(" -> {result}"),
    };
    Some(FunctionDoc {
        signature: format!("{name}({}){result}", parameters.join(", ")),
        name,
        text: without_marks(metadata.comments.iter().map(AsRef::as_ref)),
        module: None,
    })
}

fn of_module(engine: &Engine, module: &str) -> Vec<FunctionDoc> {
    let text = modules::source_text(module).unwrap_or_default();
    let ast = compile::compile(engine, module, &text).expect("what is built in was compiled by a test");
    let public = ast
        .iter_functions()
        .filter(|function| function.access == FnAccess::Public && !function.name.starts_with("anon$"));
    public.map(|function| of_script(module, &function)).collect()
}

fn of_script(module: &str, function: &ScriptFnMetadata) -> FunctionDoc {
    let short = module.rsplit('/').next().unwrap_or(module);
    let name = format!("{short}::{}", function.name);
    FunctionDoc {
        signature: format!("{name}({})", function.params.join(", ")),
        name,
        text: without_marks(function.comments.iter().copied()),
        module: Some(module.to_owned()),
    }
}

/// Comments without the `///` before each line.
pub(crate) fn without_marks<'a>(comments: impl Iterator<Item = &'a str>) -> String {
    let lines = comments.flat_map(str::lines).map(|line| {
        let text = line.trim_start();
        let text = text.strip_prefix("///").unwrap_or(text);
        text.strip_prefix(' ').unwrap_or(text)
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
