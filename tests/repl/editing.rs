//! Typing: several lines, completion, history.

use crate::terminal::{PROMPT, State};

#[test]
fn an_open_bracket_goes_on_in_the_next_line() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.enter("fn twice(x) {");
    terminal.enter("  x * 2");
    terminal.enter("}");
    terminal.expect("}");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("twice(4)"), "8");
}

#[test]
fn an_open_template_goes_on_in_the_next_line() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.enter("$`echo 'one");
    terminal.enter("two'`");
    terminal.expect("two'`");
    assert_eq!(terminal.expect(PROMPT).trim(), "one\ntwo");
}

#[test]
fn lines_that_come_at_once_all_run() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.press("let a = 1\rlet b = 2\ra + b\r");
    terminal.expect("\n3\n");
}

#[test]
fn ctrl_c_clears_the_line() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.press("nonsense(");
    terminal.expect("nonsense(");
    terminal.press("\x03");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("1"), "1");
}

#[test]
fn tab_completes_variables_methods_keys_modules_and_files() {
    let state = State::new();
    std::fs::write(state.folder().join("settings.toml"), "").unwrap();
    let mut terminal = state.start();
    std::fs::write(state.folder().join("lib.rhai"), "/// Doubles. Twice.\nfn twice(number) { number * 2 }")
        .unwrap();
    terminal.run("import \"lib\" as lib");
    terminal.run("let a_long_name = #{ colour: \"red\", size: 3 };");
    for (typed, completed) in [
        ("a_long", "a_long_name"),
        ("a_long_name.col", "a_long_name.colour"),
        ("local().capab", "local().capabilities"),
        ("local().run(\"true\").dura", "local().run(\"true\").duration"),
        ("$`ls`.unche", "$`ls`.unchecked"),
        ("$`cat setti", "$`cat settings.toml"),
        ("host.read(\"setti", "host.read(\"settings.toml"),
        (":loa", ":load "),
        ("lib::tw", "lib::twice"),
        ("import \"li", "import \"lib"),
    ] {
        terminal.press(typed);
        terminal.expect(typed);
        terminal.press("\t");
        terminal.expect(&completed[typed.len()..]);
        terminal.press("\x03");
        terminal.expect(PROMPT);
    }
}

#[test]
fn two_tabs_show_what_there_is_with_signatures() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.press("local().with_\t\t");
    terminal.expect("with_env(variables: map) -> Host");
    terminal.expect("with_timeout(seconds: any) -> Host");
}

#[test]
fn a_modules_functions_are_documented() {
    let state = State::new();
    std::fs::write(
        state.folder().join("lib.rhai"),
        "/// Doubles. Twice.\nfn twice(number) { number * 2 }\nfn two() { 2 }",
    )
    .unwrap();
    let mut terminal = state.start();
    terminal.run("import \"lib\" as lib");
    assert_eq!(terminal.run(":doc lib::twice"), "twice(number)\n\nDoubles. Twice.");
    terminal.press("lib::tw\t\t");
    terminal.expect("twice(number)  Doubles");
}

#[test]
fn what_was_typed_is_there_the_next_time_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let state = State::new();
    let mut terminal = state.start();
    terminal.run("let first = 1");
    terminal.run(" let secret = 2");
    terminal.press("\x04");
    terminal.wait();
    let mode = std::fs::metadata(state.history()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut terminal = state.start();
    terminal.press("\x1b[A");
    terminal.expect("let first = 1");
}

#[test]
fn what_was_typed_is_kept_also_when_the_prompt_is_killed() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.run("let first = 1");
    drop(terminal);
    assert!(std::fs::read_to_string(state.history()).unwrap().contains("let first = 1"));
}

#[test]
fn colours_are_there_unless_they_are_not_wanted() {
    let state = State::new();
    let mut coloured = state.start_with(&[]);
    coloured.run("let a = 1");
    assert!(coloured.raw().contains("\x1b[35mlet"));
    let mut plain = state.start();
    plain.run("let a = 1");
    assert!(!plain.raw().contains("\x1b[35m"));
}
