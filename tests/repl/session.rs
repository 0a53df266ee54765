//! What is typed runs, and stays.

use crate::terminal::State;

#[test]
fn a_value_is_shown_as_one_would_write_it() {
    let state = State::new();
    let mut terminal = state.start();
    assert_eq!(terminal.run("1 + 2"), "3");
    assert_eq!(terminal.run("\"a\" + 'b'"), "\"ab\"");
    assert_eq!(terminal.run("6 * 7; // the answer"), "");
    assert_eq!(terminal.run("#{ list: [1, 2], text: \"x\" }"), "#{ list: [1, 2], text: \"x\" }");
}

#[test]
fn variables_functions_imports_and_constants_stay() {
    let state = State::new();
    std::fs::write(state.folder().join("lib.rhai"), "fn twice(x) { x * 2 }\nexport const TEN = 10;").unwrap();
    let mut terminal = state.start();
    terminal.run("let a = 20");
    terminal.run("fn add(x) { x + 1 }");
    terminal.run("const FIVE = 5");
    terminal.run("fn five() { global::FIVE }");
    terminal.run("import \"lib\" as lib");
    terminal.run("let closure = |x| x + a");
    assert_eq!(terminal.run("add(lib::twice(a)) + lib::TEN + five() + closure.call(1)"), "77");
}

#[test]
fn an_import_stays_when_its_file_goes() {
    let state = State::new();
    let module = state.folder().join("lib.rhai");
    std::fs::write(&module, "fn f() { 42 }").unwrap();
    let mut terminal = state.start();
    terminal.run("import \"lib\" as lib");
    std::fs::remove_file(module).unwrap();
    assert_eq!(terminal.run("lib::f()"), "42");
}

#[test]
fn the_last_value_is_called_it() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.run("6 * 7");
    terminal.run("let nothing = 0;");
    assert_eq!(terminal.run("it + 1"), "43");
}

#[test]
fn an_output_shows_what_was_written_and_how_it_ended() {
    let state = State::new();
    let mut terminal = state.start();
    assert_eq!(terminal.run("local().run(\"echo hello\")"), "hello");
    let shown = terminal.run("local().try_run([\"sh\", \"-c\", \"echo out; echo err >&2; exit 3\"])");
    assert_eq!(shown, "out\nerr\nended with exit code 3");
    assert_eq!(terminal.run("it.code"), "3");
}

#[test]
fn a_command_that_is_typed_runs_and_one_that_is_kept_does_not() {
    let state = State::new();
    let mut terminal = state.start();
    assert_eq!(terminal.run("$`echo ${1 + 1} things`"), "2 things");
    assert_eq!(terminal.run("it.code"), "0");
    assert_eq!(terminal.run("let c = $`echo kept`"), "");
    assert_eq!(terminal.run("c"), "echo kept");
    assert_eq!(terminal.run("c.run()"), "kept");
    assert_eq!(terminal.run("$`false`"), "ended with exit code 1");
}

#[test]
fn a_file_can_be_loaded_and_imports_from_beside_itself() {
    let state = State::new();
    let folder = state.folder().join("scripts");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("helper.rhai"), "fn answer() { 42 }").unwrap();
    std::fs::write(
        folder.join("main.rhai"),
        "import \"helper\" as helper;\nfn answer() { 1 }\nlet loaded = true;\n",
    )
    .unwrap();
    let mut terminal = state.start();
    assert_eq!(terminal.run(":load scripts/main.rhai"), "");
    assert_eq!(terminal.run("[loaded, answer(), helper::answer()]"), "[true, 1, 42]");
    assert!(terminal.run(":load nowhere.rhai").contains("nowhere.rhai"));
}

#[test]
fn the_prompt_explains_itself() {
    let state = State::new();
    let mut terminal = state.start();
    assert!(terminal.run(":help").contains("Ctrl-D"));
    terminal.run("let a = 1");
    terminal.run("fn f(x, y) { x }");
    assert_eq!(terminal.run(":vars"), "a: int\nfn f(x, y)");
    assert!(terminal.run(":doc try_run").contains("try_run(host: Host"));
    assert!(terminal.run(":nonsense").contains("no command `:nonsense`"));
}

#[test]
fn exit_leaves_with_its_code_after_what_was_deferred() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.run("defer(|| print(\"the end\"))");
    terminal.enter("exit(7)");
    terminal.expect("the end");
    assert_eq!(terminal.wait().code(), Some(7));
}

#[test]
fn ctrl_d_and_quit_leave() {
    let state = State::new();
    for keys in ["\x04", ":quit\r"] {
        let mut terminal = state.start();
        terminal.press(keys);
        assert_eq!(terminal.wait().code(), Some(0));
    }
}

#[test]
fn results_of_many_are_shown_as_a_table_and_count_as_looked_at() {
    let state = State::new();
    let mut terminal = state.start();
    let shown = terminal.run("parallel([1, 2], |n| if n == 1 { throw \"no luck\" } else { n })");
    assert!(shown.contains("no luck") && shown.contains("failed"), "{shown}");
    terminal.press("\x04");
    assert_eq!(terminal.wait().code(), Some(0));
}
