//! `import`: where modules come from, and how they are kept apart.
//!
//! `std/NAME` is embedded in the binary. Everything else is a file: beside the importing file, then
//! in the folders of the library path. A module is evaluated once for each run.
//!
//! Files are read as part of the script, so a policy's `read:` rules do not hold for them.

mod border;
mod chain;
mod locate;

pub(crate) use border::copy_of_bound;
pub(crate) use chain::ImportChain;
pub(crate) use locate::{Place, embedded_names, source_text};

use super::{compile, error::thrown, scope};
use crate::Error;
use border::Environment;
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope, Shared,
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

type ResolveResult<T> = Result<T, Box<EvalAltResult>>;

/// The modules that a run has evaluated.
///
/// Two threads that import a module for the first time at the same moment may both evaluate it;
/// one of the two is kept. (Making one wait for the other could wait for ever: a module's top level
/// may itself use `parallel`.)
#[derive(Default)]
pub(crate) struct ModuleCache(Mutex<HashMap<Place, Shared<Module>>>);

impl ModuleCache {
    fn get(&self, place: &Place) -> Option<Shared<Module>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    /// Keeps a module, or gives the one that somebody else kept meanwhile.
    fn keep(&self, place: Place, module: Shared<Module>) -> Shared<Module> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_insert(module).clone()
    }
}

/// Finds and evaluates modules.
pub(crate) struct Resolver;

/// Makes `import` work.
pub(super) fn register(engine: &mut Engine) {
    border::register(engine);
    engine.set_module_resolver(Resolver);
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> ResolveResult<Shared<Module>> {
        let mut global = engine.new_global_runtime_state();
        global.source = source.map(Into::into);
        self.resolve_raw(engine, &mut global, &mut Scope::new(), path, position)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        importer: &mut GlobalRuntimeState,
        _scope: &mut Scope,
        path: &str,
        position: Position,
    ) -> ResolveResult<Shared<Module>> {
        let run = scope::current()?.run;
        let place = locate::locate(importer.source(), path, &run.settings.library_path)
            .map_err(|error| at(error, position))?;
        if let Some(module) = run.modules.get(&place) {
            return Ok(module);
        }
        let _loading = chain::enter(&place).map_err(|error| at(error, position))?;
        let name = place.to_string();
        let in_module = |problem: Box<EvalAltResult>| match *problem {
            // Within another error a cancellation could be caught, and an `exit` would be an error.
            EvalAltResult::Exit(..) | EvalAltResult::ErrorTerminated(..) => problem,
            _ => EvalAltResult::ErrorInModule(name.clone(), problem, position).into(),
        };
        let ast = compile(engine, &place).map_err(in_module)?;
        let module = evaluate(engine, importer, &ast).map_err(in_module)?;
        Ok(run.modules.keep(place, module))
    }

    fn resolve_ast(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Option<ResolveResult<AST>> {
        let library_path: Vec<PathBuf> =
            scope::current().map(|scope| scope.run.settings.library_path.clone()).unwrap_or_default();
        let place = locate::locate(source, path, &library_path);
        Some(place.map_err(|error| at(error, position)).and_then(|place| compile(engine, &place)))
    }
}

fn compile(engine: &Engine, place: &Place) -> ResolveResult<AST> {
    let text = place.read().map_err(thrown)?;
    Ok(compile::compile(engine, &place.to_string(), &text)?)
}

/// Runs a module's top level, and gives what it exports, with its functions and closures bound to
/// the module's own environment.
fn evaluate(engine: &Engine, importer: &GlobalRuntimeState, ast: &AST) -> ResolveResult<Shared<Module>> {
    let mut global = engine.new_global_runtime_state();
    // A module that is imported from deep within calls has only the rest of the stack.
    global.level = importer.level + 1;
    global.tag = importer.tag.clone();
    let (inner, environment) = border::capture(engine, &mut global, ast)?;
    // The engine takes an `exit` for the end of the module; it is the end of the script.
    if scope::current()?.run.exit_code().is_some() {
        return Err(EvalAltResult::Exit(Dynamic::UNIT, Position::NONE).into());
    }
    Ok(border::export(ast, &inner, &Arc::new(environment) as &Environment))
}

fn at(error: Error, position: Position) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(error), position).into()
}
