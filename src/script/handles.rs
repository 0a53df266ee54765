//! Handles in variables that closures captured.
//!
//! Such a variable is a cell behind a lock, and the engine holds the lock while a method of the value
//! in it runs: `p.wait()` would hold it until the end, and a handler that says `p.kill()` meanwhile
//! would fail as a data race. So the engine is handed a copy of the handle, which is a handle to
//! the same thing.

use super::toolbox::args;
use rhai::{Dynamic, Engine, EvalContext};

// The engine marks this as deprecated, by which it means "volatile": its version is pinned.
#[allow(deprecated)]
pub(super) fn register(engine: &mut Engine) {
    // The engine has room for one such function, so `args` is asked here too.
    engine.on_var(|name, index, context| {
        Ok(args::resolve(name, context.scope()).or_else(|| shared_handle(name, index, &context)))
    });
}

/// A copy of the handle in this variable, if it holds one and is shared with a closure; `index` is
/// the variable's place, counted from the end of the scope, or 0 where it isn't known.
fn shared_handle(name: &str, index: usize, context: &EvalContext) -> Option<Dynamic> {
    let scope = context.scope();
    let value = match index.checked_sub(1) {
        Some(steps) => scope.iter_raw().nth(steps).map(|(_, _, value)| value),
        None => scope.get(name),
    }?;
    if !value.is_shared() {
        return None;
    }
    let inner = value.read_lock::<Dynamic>()?;
    is_handle(&inner).then(|| inner.clone())
}

/// All types of ours that scripts hold are handles; those of a program that embeds the engine may
/// be values that change in place.
fn is_handle(value: &Dynamic) -> bool {
    const OURS: &str = concat!(env!("CARGO_PKG_NAME"), "::");
    value.type_name().starts_with(OURS)
}
