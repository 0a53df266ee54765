//! A script that grows as it is typed: variables, functions and imports stay from one piece of text
//! to the next.

mod names;
mod transcript;
mod typed_command;

pub(crate) use super::scope::STACK_SIZE;
pub(crate) use names::{Defined, ImportedModule, Names, Shape, Variable};
pub(crate) use transcript::Source;
pub(crate) use typed_command::run_typed;

use super::{
    ScriptError, ScriptHost, compile,
    documentation::without_marks,
    ending, messages, modules,
    report::Script,
    run::Run,
    scope::{self, Entered, Scope, ScriptResult},
};
use rhai::{
    AST, Caches, Dynamic, Engine, EvalAltResult, FnAccess, GlobalRuntimeState, Module, ScriptFnMetadata, Stmt,
};
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use transcript::Transcript;

/// The variable that holds the last value.
pub(crate) const LAST_VALUE: &str = "it";

/// A script that grows. It belongs to the thread that began it.
pub(crate) struct Session {
    engine: Arc<Engine>,
    run: Arc<Run>,
    /// Cancelled when the whole session is.
    cancellation: CancellationToken,
    variables: rhai::Scope<'static>,
    /// All functions so far, and the bodies of all closures.
    functions: AST,
    /// What else the engine would forget at the end of each text: imports, and the constants that
    /// functions see as `global::NAME`.
    global: GlobalRuntimeState,
    transcript: Transcript,
    /// By the module's path.
    module_functions: HashMap<String, Vec<Defined>>,
    _entered: Entered,
}

impl Drop for Session {
    /// As at the end of a script.
    fn drop(&mut self) {
        self.run.temp_dirs.remove_all(&self.run);
        self.run.leave_the_rest();
    }
}

impl Session {
    /// Begins one on this thread.
    pub(crate) fn begin(host: &ScriptHost, runtime: tokio::runtime::Handle) -> Self {
        let run = Arc::new(host.new_run(runtime, "repl"));
        let cancellation = host.cancellation().clone();
        let entered = Scope { run: run.clone(), cancellation: cancellation.clone() }.enter();
        let engine = host.engine().clone();
        Self {
            global: engine.new_global_runtime_state(),
            engine,
            run,
            cancellation,
            variables: rhai::Scope::new(),
            functions: AST::empty(),
            transcript: Transcript::default(),
            module_functions: HashMap::new(),
            _entered: entered,
        }
    }

    /// What can be cancelled without ending the session.
    pub(crate) fn new_cancellation(&self) -> CancellationToken {
        self.cancellation.child_token()
    }

    /// Runs text, and gives its last value, which is also kept as [`LAST_VALUE`].
    ///
    /// Whatever it defined before it failed or was cancelled stays.
    ///
    /// # Errors
    ///
    /// Where it does not parse, or throws what it does not catch.
    pub(crate) fn evaluate(
        &mut self,
        source: Source,
        text: &str,
        cancellation: CancellationToken,
    ) -> Result<Dynamic, ScriptError> {
        let name = source.to_string();
        let (imports, count) = self.imports_as_text();
        let padded = self.transcript.add(source, text, &imports);
        let ast = compile::compile_with_scope(&self.engine, &self.variables, &name, &padded).map_err(
            |problem| {
                let script = Script { engine: &self.engine, source: &name, text: &padded };
                self.transcript.relocate(script.parse_error(&problem))
            },
        )?;
        if ast.has_functions() {
            self.transcript.keep_last();
            self.functions = self.functions.merge(&ast);
            self.functions.clear_statements();
        }
        let result = {
            let _entered = Scope { run: self.run.clone(), cancellation }.enter();
            let result = self.run_statements(&ast.statements()[count..], &name);
            result.map_err(|problem| scope::take_failure().unwrap_or(problem))
        };
        self.forget_hidden();
        self.read_modules();
        let value = result.map_err(|problem| self.explain(&problem))?;
        if !value.is_unit() {
            self.set_last_value(value.clone());
        }
        Ok(value)
    }

    /// For the compiler alone, which knows modules by their imports only: statements that are never
    /// run, and how many they are.
    fn imports_as_text(&self) -> (String, usize) {
        let names: HashSet<&str> = self.global.iter_imports().map(|(name, _)| name).collect();
        (import_statements(names.iter().copied()), names.len())
    }

    // The engine marks this way of running statements as deprecated, by which it means volatile: its
    // version is pinned.
    #[allow(deprecated)]
    fn run_statements(&mut self, statements: &[Stmt], source: &str) -> ScriptResult<Dynamic> {
        self.global.source = Some(source.into());
        self.global.lib.clear();
        self.global.lib.push(self.functions.shared_lib().clone());
        // What an error may have left.
        self.global.level = 0;
        self.global.scope_level = 0;
        self.global.always_search_scope = false;
        let mut caches = Caches::new();
        self.engine.eval_statements_raw(&mut self.global, &mut caches, &mut self.variables, statements)
    }

    /// Waits as a script does: handlers of its processes run meanwhile.
    pub(crate) fn wait<T>(
        &self,
        cancellation: CancellationToken,
        future: impl Future<Output = crate::Result<T>>,
    ) -> ScriptResult<T> {
        self.within(cancellation, || scope::wait(future))
    }

    /// Calls what works only within a script.
    pub(crate) fn within<T>(
        &self,
        cancellation: CancellationToken,
        call: impl FnOnce() -> ScriptResult<T>,
    ) -> ScriptResult<T> {
        let _entered = Scope { run: self.run.clone(), cancellation }.enter();
        call()
    }

    /// Keeps a value as [`LAST_VALUE`].
    pub(crate) fn set_last_value(&mut self, value: Dynamic) {
        self.variables.set_or_push(LAST_VALUE, value);
    }

    /// The exit code that was asked for by `exit`, if it was.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.run.exit_code()
    }

    /// Runs what was deferred to its end. Gives the exit code, and what went wrong in there.
    pub(crate) fn run_deferred(&self, cancellation: CancellationToken) -> (i32, Option<ScriptError>) {
        let scope = Scope { run: self.run.clone(), cancellation };
        let ending = ending::run_to_its_end(&self.engine, &scope, || Ok(Dynamic::UNIT));
        (ending.exit_code, ending.result.err().map(|problem| self.explain(&problem)))
    }

    /// The processes that run, as they print.
    pub(crate) fn running(&self) -> Vec<String> {
        self.run.processes.running()
    }

    /// Whether it is to end: it was cancelled, or `exit` was called.
    pub(crate) fn is_over(&self) -> bool {
        self.cancellation.is_cancelled() || self.exit_code().is_some()
    }

    /// An error as whoever typed is to see it.
    pub(crate) fn explain(&self, problem: &EvalAltResult) -> ScriptError {
        let (source, text) = (Source::Prompt.to_string(), self.transcript.text());
        let script = Script { engine: &self.engine, source: &source, text: &text };
        self.transcript.relocate(script.error(problem).masked(&self.run.masks))
    }

    /// The engine that runs it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its run: where it prints.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// The names that it knows by now.
    pub(crate) fn names(&self) -> Names {
        let mut seen = HashSet::new();
        let type_name = |value: &Dynamic| self.type_name(value);
        let mut variables: Vec<Variable> = self
            .variables
            .iter_raw()
            .filter(|(name, ..)| seen.insert(name.to_string()))
            .map(|(name, is_constant, value)| Variable {
                name: name.to_owned(),
                is_constant,
                shape: Shape::of(value, &type_name),
            })
            .collect();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        let functions = self.functions.iter_functions().filter(|function| !is_closure(function.name));
        Names {
            variables,
            functions: functions.map(|function| defined(&function)).collect(),
            modules: self.modules(),
        }
    }

    /// Of two by one name the later one.
    fn modules(&self) -> Vec<ImportedModule> {
        let mut seen = HashSet::new();
        let latest = self.global.iter_imports().filter(|(name, _)| seen.insert(*name));
        latest.map(|(name, module)| self.imported(name, module)).collect()
    }

    fn imported(&self, name: &str, module: &Module) -> ImportedModule {
        let path = module.id().unwrap_or_default();
        ImportedModule {
            name: name.to_owned(),
            functions: self.module_functions.get(path).cloned().unwrap_or_default(),
            constants: module.iter_var().map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// Reads what newly imported modules say of their functions: the modules themselves have lost
    /// their parameters' names and their documentation.
    fn read_modules(&mut self) {
        for (_, module) in self.global.iter_imports() {
            let path = module.id().unwrap_or_default();
            if !self.module_functions.contains_key(path) {
                let functions = functions_in(&self.engine, path);
                self.module_functions.insert(path.to_owned(), functions);
            }
        }
    }

    /// A type as the script calls it.
    fn type_name(&self, value: &Dynamic) -> String {
        messages::types(self.engine.map_type_name(value.type_name()))
    }

    /// A variable that another one of its name hides can't be reached any more: what it holds is let
    /// go.
    fn forget_hidden(&mut self) {
        let mut seen = HashSet::new();
        let all: Vec<_> = std::mem::take(&mut self.variables).into_iter().collect();
        let mut visible: Vec<_> =
            all.into_iter().rev().filter(|(name, ..)| seen.insert(name.clone())).collect();
        visible.reverse();
        self.variables =
            visible.into_iter().map(|(name, value, _)| (name, value.is_read_only(), value)).collect();
    }
}

/// What makes these names known as modules when text behind it is compiled.
pub(crate) fn import_statements<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("import \"\" as {name};")).collect()
}

fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

fn defined(function: &ScriptFnMetadata<'_>) -> Defined {
    Defined {
        name: function.name.to_owned(),
        parameters: function.params.iter().map(|name| (*name).to_owned()).collect(),
        documentation: without_marks(function.comments.iter().copied()),
    }
}

/// The public functions of a module.
fn functions_in(engine: &Engine, path: &str) -> Vec<Defined> {
    let text = modules::source_text(path).unwrap_or_default();
    // It was imported, so it compiles; unless its file has changed meanwhile.
    let Ok(ast) = compile::compile(engine, path, &text) else { return Vec::new() };
    let public = ast.iter_functions().filter(|function| function.access == FnAccess::Public);
    public.filter(|function| !is_closure(function.name)).map(|function| defined(&function)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_temporary_directories_go_with_it() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut session = Session::begin(&ScriptHost::builder().build(), runtime.handle().clone());
        let cancellation = session.new_cancellation();
        let made = session.evaluate(Source::Prompt, "local().temp_dir()", cancellation).unwrap();
        let path = made.into_string().unwrap();
        assert!(std::fs::exists(&path).unwrap());
        drop(session);
        assert!(!std::fs::exists(&path).unwrap());
    }
}
