//! What a variable gives: of some values a copy that serves better.
//!
//! A variable that a closure captured is a cell behind a lock, and the engine holds the lock while a
//! method of the value in it runs: `p.wait()` would hold it until the end, and a handler that says
//! `p.kill()` meanwhile would fail as a data race. So the engine is handed a copy of the handle,
//! which is a handle to the same thing.
//!
//! The engine's own errors come to `catch` as maps that lack a `kind`, and speak of Rust: the
//! variable there gives one that reads like any other error.

use super::{caught, toolbox::args};
use rhai::{Dynamic, Engine, EvalContext, Map};

// The engine marks this as deprecated, by which it means "volatile": its version is pinned.
#[allow(deprecated)]
pub(super) fn register(engine: &mut Engine) {
    // The engine has room for one such function, so `args` is asked here too.
    engine.on_var(|name, index, context| {
        Ok(args::resolve(name, context.scope()).or_else(|| better_copy(name, index, &context)))
    });
}

/// A copy for the value of this variable, if there is a better one; `index` is the variable's
/// place, counted from the end of the scope, or 0 where it isn't known.
fn better_copy(name: &str, index: usize, context: &EvalContext) -> Option<Dynamic> {
    let scope = context.scope();
    let value = match index.checked_sub(1) {
        Some(steps) => scope.iter_raw().nth(steps).map(|(_, _, value)| value),
        None => scope.get(name),
    }?;
    if value.is_shared() {
        let inner = value.read_lock::<Dynamic>()?;
        return if is_handle(&inner) { Some(inner.clone()) } else { own_error(&inner) };
    }
    own_error(value)
}

fn own_error(value: &Dynamic) -> Option<Dynamic> {
    let map = value.is_map().then(|| value.read_lock::<Map>()).flatten()?;
    caught::explained(&map).map(Dynamic::from)
}

/// All types of ours that scripts hold are handles; those of a program that embeds the engine may
/// be values that change in place.
fn is_handle(value: &Dynamic) -> bool {
    const OURS: &str = concat!(env!("CARGO_PKG_NAME"), "::");
    value.type_name().starts_with(OURS)
}
