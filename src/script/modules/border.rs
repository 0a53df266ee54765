//! The border of a module: functions and closures keep the environment that they were written in.
//!
//! Rhai's function pointers carry no environment. A closure that is given to a module's function
//! would look for its names in that module (silently wrong where both have one of that name), and
//! one that a module gives back would not run at all. So whatever crosses the border is bound:
//!
//! - each public function of a module is exported as a native function that runs it in the module's
//!   own environment;
//! - function pointers among its arguments are bound to the caller's environment, those that it
//!   returns or exports to the module's.

// The engine's interface for calling back later is marked as deprecated, which it uses to say
// "volatile": the version is pinned, and the cases in tests/scripts/borders.rs watch it.
#![allow(deprecated)]

use super::ResolveResult;
use crate::script::isolate::Copier;
use rhai::{
    AST, Array, Dynamic, Engine, EvalAltResult, FnAccess, FnPtr, FuncRegistration, GlobalRuntimeState, Map,
    Module, NativeCallContext, NativeCallContextStore, RhaiFunc, Scope, Shared,
};
use std::{
    any::TypeId,
    cell::RefCell,
    sync::{Arc, OnceLock},
};

/// What a function needs to run where it was written: functions, imports, constants.
pub(super) type Environment = Arc<NativeCallContextStore>;

const CAPTURE: &str = "__capture_environment";
/// What bound closures are called; a function of this name in a script is told apart from one.
const BOUND: &str = "bound_closure";

thread_local! {
    /// The environments of the modules that are being evaluated, outermost first.
    static CAPTURED: RefCell<Vec<NativeCallContextStore>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(CAPTURE, |context: NativeCallContext| {
        CAPTURED.with_borrow_mut(|captured| captured.push(context.store_data()));
    });
}

/// Evaluates a module's top level, and gives the module with its environment.
pub(super) fn capture(
    engine: &Engine,
    global: &mut GlobalRuntimeState,
    ast: &AST,
) -> ResolveResult<(Module, NativeCallContextStore)> {
    // The constant makes the engine set up its table of constants, which is shared: so what is
    // captured in the beginning has all constants in the end, also of a module that returns early.
    let prologue = engine.compile(format!("const {CAPTURE} = (); {CAPTURE}();"))?;
    let mut whole = prologue.merge(ast);
    whole.set_source(ast.source().unwrap_or_default());
    let outer = CAPTURED.with_borrow(Vec::len);
    let inner = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), global, &whole);
    // Its own is the first of those that came; more are left by modules that failed within it.
    let captured = CAPTURED.with_borrow_mut(|captured| captured.drain(outer..).next());
    let inner = inner?;
    let mut environment = captured.expect("the prologue ran");
    for (name, module) in inner.iter_sub_modules() {
        environment.global.push_import(name, module.clone());
    }
    Ok((inner, environment))
}

/// What importers get of a module.
pub(super) fn export(ast: &AST, inner: &Module, environment: &Environment) -> Shared<Module> {
    let mut module = Module::new();
    module.set_id(ast.source().unwrap_or_default());
    for (name, value) in inner.iter_var() {
        module.set_var(name, bind_value(value.clone(), environment));
    }
    for (name, sub_module) in inner.iter_sub_modules() {
        module.set_sub_module(name, sub_module.clone());
    }
    let public = ast.iter_functions().filter(|function| {
        function.access == FnAccess::Public
            && function.this_type.is_none()
            && !function.name.starts_with("anon$")
    });
    for function in public {
        let registration = FuncRegistration::new(function.name).in_internal_namespace();
        let parameters = vec![TypeId::of::<Dynamic>(); function.params.len()];
        let function = exported_function(function.name.to_owned(), environment.clone());
        registration.set_into_module_raw(&mut module, parameters, function);
    }
    module.build_index();
    module.into()
}

/// A native function that runs a module's function in its own environment.
fn exported_function(name: String, environment: Environment) -> RhaiFunc {
    let call = move |context: Option<NativeCallContext>, arguments: &mut [&mut Dynamic]| {
        let context = context.expect("it was registered with a context");
        let mut caller: Option<Environment> = None;
        let mut arguments: Vec<Dynamic> = arguments.iter_mut().map(|value| std::mem::take(*value)).collect();
        for argument in arguments.iter_mut().filter(|value| may_hold_functions(value)) {
            let caller = caller.get_or_insert_with(|| Arc::new(context.store_data()));
            *argument = bind_value(std::mem::take(argument), caller);
        }
        let inside = enter(&environment, &context);
        let mut arguments: Vec<&mut Dynamic> = arguments.iter_mut().collect();
        let result =
            inside.create_context(context.engine()).call_fn_raw(&name, false, false, &mut arguments)?;
        Ok(bind_value(result, &environment))
    };
    RhaiFunc::Pure { func: Arc::new(call), has_context: true, is_pure: true, is_volatile: true }
}

/// The environment as a call from `context` finds it.
fn enter(environment: &Environment, context: &NativeCallContext) -> NativeCallContextStore {
    let mut inside = (**environment).clone();
    inside.global.level = context.call_level() + 1;
    inside.pos = context.call_position();
    if let Some(tag) = context.tag() {
        inside.global.tag = tag.clone();
    }
    inside
}

fn may_hold_functions(value: &Dynamic) -> bool {
    value.is_fnptr() || value.is_array() || value.is_map()
}

/// Binds each function pointer in a value. Shared cells are left alone: they hold variables, which
/// belong to whoever captured them.
fn bind_value(value: Dynamic, environment: &Environment) -> Dynamic {
    if value.is_shared() {
        return value;
    }
    if value.is_fnptr() {
        return Dynamic::from(bind(value.cast(), environment));
    }
    if value.is_array() {
        let items = value.cast::<Array>();
        return items.into_iter().map(|item| bind_value(item, environment)).collect::<Array>().into();
    }
    if value.is_map() {
        let entries = value.cast::<Map>().into_iter();
        return entries.map(|(key, item)| (key, bind_value(item, environment))).collect::<Map>().into();
    }
    value
}

/// A copy of a closure that [`bind`] made, if it is one: captured variables are inside of it, so it
/// makes the copy itself.
pub(crate) fn copy_of_bound(function: &FnPtr, copier: &Copier, context: &NativeCallContext) -> Option<FnPtr> {
    let request = || CopyRequest(copier.clone());
    is_bound(function).then(|| {
        let copy = function.call_raw(context, None, [Dynamic::from(request())]);
        copy.expect("a bound closure always gives its copy").cast()
    })
}

/// Asks a bound closure for a copy of itself.
#[derive(Clone)]
struct CopyRequest(Copier);

fn bind(function: FnPtr, environment: &Environment) -> FnPtr {
    if is_bound(&function) {
        return function;
    }
    let bound = Bound { function, environment: environment.clone(), arities: OnceLock::new() };
    FnPtr::from_fn(BOUND, move |context, arguments| bound.call(&context, arguments))
        .expect("the name is an identifier")
}

fn is_bound(function: &FnPtr) -> bool {
    // Its kind shows in nothing but how it prints.
    function.fn_name() == BOUND && format!("{function:?}").starts_with("Fn#")
}

/// A function pointer with the environment that it was written in.
struct Bound {
    function: FnPtr,
    environment: Environment,
    /// With how many parameters, captured ones included, a script's function of its name exists.
    arities: OnceLock<Vec<usize>>,
}

impl Bound {
    fn call(&self, context: &NativeCallContext, arguments: &mut [&mut Dynamic]) -> ResolveResult<Dynamic> {
        if let [only] = arguments
            && let Some(CopyRequest(copier)) = only.clone().try_cast()
        {
            let copy = copier.copy_function(&self.function, context);
            return Ok(Dynamic::from(bind(copy, &self.environment)));
        }
        // Cloned, not taken: the engine's own `filter` passes its element by reference and keeps it.
        let mut values: Vec<Dynamic> = arguments.iter().map(|value| (**value).clone()).collect();
        // Called as a method, a native function gets the object as its first argument; a script's
        // function has it as `this`.
        let mut this = self.takes_the_first_as_this(values.len()).then(|| values.remove(0));
        let inside = enter(&self.environment, context);
        let result = self
            .function
            .call_raw(&inside.create_context(context.engine()), this.as_mut(), values)
            .map_err(|problem| self.under_own_name(problem))?;
        if let Some(this) = this {
            *arguments[0] = this;
        }
        Ok(result)
    }

    fn takes_the_first_as_this(&self, arguments: usize) -> bool {
        let captured = self.function.curry().len();
        let arities = self.arities.get_or_init(|| self.find_arities());
        arguments > 0
            && !arities.contains(&(arguments + captured))
            && arities.contains(&(arguments - 1 + captured))
    }

    fn find_arities(&self) -> Vec<usize> {
        let name = self.function.fn_name();
        let libraries = self.environment.global.lib.iter();
        libraries
            .flat_map(|library| library.iter_script_fn_info())
            .filter(|(_, _, function, _, _)| *function == name)
            .map(|(_, _, _, parameters, _)| parameters)
            .collect()
    }

    /// Where `map(|item, index| ...)` tries a closure with fewer arguments first, the engine goes
    /// by the name in the error to tell "not with this many" from a failure within.
    fn under_own_name(&self, mut problem: Box<EvalAltResult>) -> Box<EvalAltResult> {
        if let EvalAltResult::ErrorFunctionNotFound(signature, _) = &mut *problem
            && let Some(parameters) = signature.strip_prefix(self.function.fn_name())
        {
            *signature = format!("{BOUND}{parameters}");
        }
        problem
    }
}
