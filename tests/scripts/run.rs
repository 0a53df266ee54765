//! Short ways to run a script's text and look at what came of it.

use crate::folder::{Folder, TestConsole};
use rexec::ScriptError;

/// The value of a script, as it prints for debugging.
pub(crate) fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

/// What a script prints, line by line.
pub(crate) fn printed(script: &str) -> Vec<String> {
    let console = TestConsole::default();
    let result = Folder::with(&[]).run_with(&console.host(), script);
    result.unwrap_or_else(|error| panic!("{error}\n{error:?}\n{script}"));
    console.stdout().lines().map(str::to_owned).collect()
}

/// Why a script ends.
pub(crate) fn error_of(script: &str) -> ScriptError {
    match Folder::with(&[]).run(script) {
        Ok(end) => panic!("it ended well, with {:?}\n{script}", end.value),
        Err(error) => error,
    }
}

/// `line:column` of the innermost place.
pub(crate) fn place_of(error: &ScriptError) -> String {
    let place = error.places.first().unwrap_or_else(|| panic!("no place: {error:?}"));
    format!("{}:{}", place.line, place.column)
}
