//! `args`: the script's own arguments, as an array of text.
//!
//! It is a variable that is there in functions and modules too, so it can't be one of the script's
//! scope: the compiler is told that it exists, and whoever reads it gets the run's arguments.

use crate::script::{convert, scope};
use rhai::{Array, Dynamic, Scope};

const NAME: &str = "args";

/// Lets scripts read it, unless they have a variable of that name.
pub(crate) fn resolve(name: &str, variables: &Scope) -> Option<Dynamic> {
    if name != NAME || variables.contains(NAME) {
        return None;
    }
    let run = scope::current().ok()?.run;
    Some(convert::array(run.settings.args.iter().cloned()).into())
}

/// These variables, and the ones that are always there: what the compiler has to know of.
pub(crate) fn visible_with<'a>(variables: &Scope<'a>) -> Scope<'a> {
    let mut visible = Scope::new();
    // At the bottom, since variables are found by how far they are from the top.
    visible.push(NAME, Array::new());
    for (name, is_constant, value) in variables.iter() {
        visible.push_dynamic(name.to_owned(), if is_constant { value.into_read_only() } else { value });
    }
    visible
}
