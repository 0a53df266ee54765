//! What goes wrong is shown with its place, and the prompt goes on.

use crate::terminal::State;

#[test]
fn an_error_is_shown_with_its_line_and_a_caret() {
    let state = State::new();
    let mut terminal = state.start();
    let shown = terminal.run("let a = 1; a.nonsense()");
    assert!(shown.contains("error: "), "{shown}");
    assert!(shown.contains("let a = 1; a.nonsense()"), "{shown}");
    assert!(shown.contains('^'), "{shown}");
    assert_eq!(terminal.run("a"), "1");
}

#[test]
fn an_error_in_a_function_that_was_typed_before_shows_that_function() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.run("fn first() { 1 }");
    terminal.run("fn broken(x) { throw `no ${x}` }");
    terminal.run("let a = 1");
    let shown = terminal.run("broken(\"luck\")");
    assert!(shown.contains("no luck"), "{shown}");
    assert!(shown.contains("fn broken(x) { throw `no ${x}` }"), "{shown}");
    assert!(shown.contains("repl:2:"), "{shown}");
}

#[test]
fn an_error_in_a_loaded_file_shows_the_files_line() {
    let state = State::new();
    std::fs::write(state.folder().join("lib.rhai"), "// one\nfn broken() {\n    throw \"no luck\"\n}\n")
        .unwrap();
    let mut terminal = state.start();
    terminal.run("1");
    terminal.run(":load lib.rhai");
    let shown = terminal.run("broken()");
    assert!(shown.contains("lib.rhai:3:"), "{shown}");
    assert!(shown.contains("    throw \"no luck\""), "{shown}");
}

#[test]
fn text_that_does_not_parse_says_where() {
    let state = State::new();
    let mut terminal = state.start();
    let shown = terminal.run("let 5 = 1");
    assert!(shown.contains("let 5 = 1") && shown.contains('^'), "{shown}");
    assert_eq!(terminal.run("1"), "1");
}

#[test]
fn a_line_for_a_shell_is_told_what_it_would_be_here() {
    let state = State::new();
    let mut terminal = state.start();
    for line in ["echo hello", "ls", "ls -l /tmp"] {
        let shown = terminal.run(line);
        assert!(shown.contains(&format!("write $`{line}`")), "{shown}");
    }
}
