//! Errors: what `catch` gives, and what a report has.

use crate::{
    folder::Folder,
    run::{error_of, eval, place_of, printed},
};

#[test]
fn a_failed_command_is_an_error_with_fields() {
    let script = r#"
        try { local().run($sh`echo out; echo err >&2; exit 7`); } catch (error) {
            return [error.kind, error.code, error.signal, error.host, error.stdout, error.stderr,
                error.command, error.message.contains("exit code 7"), `${error}` == error.message];
        }
    "#;
    let expected = r#"["command", 7, (), "local", "out\n", "err\n", "sh -c 'echo out; echo err >&2; exit 7'", true, true]"#;
    assert_eq!(eval(script), expected);
}

#[test]
fn each_kind_of_failure_has_its_own_kind() {
    for (script, kind) in [
        ("local().run($`false`)", "command"),
        ("local().run($sh`kill -KILL $$`)", "command"),
        ("local().run($`sleep 60`.timeout(0.05))", "timeout"),
        ("local().run($`no-such-program`)", "not_found"),
        ("local().run($`true`.dir(\"/no/such/dir\"))", "not_found"),
        ("local().run($`/etc/passwd`)", "denied"),
        ("local().run([])", "invalid"),
        ("throw \"x\"", "thrown"),
        ("nowhere_to_be_found()", "script"),
        ("[1][5]", "script"),
        ("1 / 0", "script"),
        ("let f = |x| x.nowhere; f.call(1)", "script"),
        ("let g = |x| { nowhere_to_be_found(x) }; g.call(1)", "script"),
    ] {
        let caught = format!("try {{ {script} }} catch (error) {{ return error.kind; }}");
        assert_eq!(eval(&caught), format!("{kind:?}"), "{script}");
        assert_eq!(error_of(script).kind, kind, "{script}");
    }
}

#[test]
fn a_command_that_was_killed_says_by_which_signal() {
    let script = r#"try { local().run($sh`kill -KILL $$`) } catch (e) { return [e.code, e.signal, e.message.contains("KILL")]; }"#;
    assert_eq!(eval(script), r#"[(), "KILL", true]"#);
}

#[test]
fn the_engines_own_errors_read_like_ours() {
    let printed = printed(
        r#"
        fn deep() { nowhere(1, "a", local()) }
        try { deep() } catch (error) { print(error.message); }
        try { let a = [1]; a[7] } catch (error) { print(error.message); let f = || error.kind; print(f.call()); }
        try { local().nmae } catch (error) { print(error.message); }
        try { let x = 1; x.y } catch (error) { print(error.message); }
        let five = 5;
        try { if five { print(1); } } catch (error) { print(error.message); }
        try { throw #{ code: 1 } } catch (error) { print(error.kind == ()); print(error.code); }
    "#,
    );
    assert_eq!(
        printed,
        [
            "unknown function `nowhere` for (int, string, Host)",
            "array index 7 out of bounds: only 1 element in array",
            "script",
            "a Host has no property `nmae`",
            "an int has no property `y`",
            "expected bool, found int",
            "true",
            "1",
        ]
    );
}

#[test]
fn an_unknown_name_is_reported_with_the_nearest_one() {
    for (script, hint) in [
        ("local().runn($`true`)", "`run`"),
        ("loacl()", "`local`"),
        ("local().nmae", "`name`"),
        ("local().run($`true`).stdot", "`stdout`"),
        ("fn deploy(a) { a } deplyo(1)", "`deploy`"),
        ("fn deploy(a) { a } deploy(1, 2)", "`deploy(a)`"),
        ("local().run(1, 2, 3)", "run(host: Host, command: Command)"),
        ("$`true`.timeuot(5)", "`timeout`"),
    ] {
        let error = error_of(script);
        assert_eq!(error.kind, "script", "{script}");
        let hint_of = error.hint.clone().unwrap_or_default();
        assert!(hint_of.contains(hint), "{script}: {error}, {hint_of}");
        assert!(!error.message.contains("::"), "{script}: {error}");
    }
}

#[test]
fn an_unknown_variable_is_reported_with_the_nearest_one_before_anything_runs() {
    let folder = Folder::with(&[]);
    for (script, words) in [
        ("local().run(`touch ran`);\nlet hosts = []; print(hsots);", "did you mean `hosts`?"),
        ("let release = 1;\nfn deploy() { release }", "give it to `deploy` as an argument"),
        ("print(local);", "`local()`"),
        ("print(wholly_unknown);", "unknown variable `wholly_unknown`"),
        ("{ let a = 1; }\nprint(a);", "not declared yet, or not any longer"),
    ] {
        let script = script.replace("touch ran", &format!("touch {}", folder.path().join("ran").display()));
        let error = folder.run(&script).expect_err(&script);
        assert!(error.is_parse(), "{script}: {error:?}");
        assert!(error.message.contains(words), "{script}: {error}");
        assert!(!folder.path().join("ran").exists());
    }
}

#[test]
fn places_lead_from_the_error_to_the_top_through_functions_closures_and_modules() {
    let folder = Folder::with(&[(
        "lib.rhai",
        "fn run_it(f) {\n    f.call()\n}\nfn fail() {\n    local().run($`false`)\n}",
    )]);
    let script = "import \"lib\" as lib;\nfn outer() {\n    lib::run_it(|| inner())\n}\nfn inner() {\n  lib::fail()\n}\nouter();";
    let error = folder.run(script).unwrap_err();
    let main = folder.path().join("main.rhai").display().to_string();
    let lib = folder.path().join("lib.rhai").display().to_string();
    let places: Vec<_> = error
        .places
        .iter()
        .map(|place| (place.source.clone(), place.line, place.function.clone().unwrap_or_default()))
        .collect();
    let place = |source: &str, line, function: &str| (source.to_owned(), line, function.to_owned());
    assert_eq!(
        places,
        [
            place(&lib, 5, "fail"),
            place(&main, 6, "inner"),
            place(&main, 3, "closure"),
            place(&lib, 2, "run_it"),
            place(&main, 3, "outer"),
            place(&main, 8, ""),
        ]
    );
    assert_eq!(error.places[0].text.as_deref(), Some("    local().run($`false`)"));
    assert_eq!(error.places[1].text.as_deref(), Some("  lib::fail()"));
}

#[test]
fn a_parse_error_in_a_module_says_where() {
    let folder = Folder::with(&[("lib.rhai", "fn f() {\n  $`ls > x`\n}")]);
    let error = folder.run("import \"lib\" as lib;").unwrap_err();
    assert!(error.is_parse(), "{error:?}");
    assert!(error.places[0].source.ends_with("lib.rhai"), "{error:?}");
    assert_eq!(place_of(&error), "2:8");
    assert_eq!(error.places.last().unwrap().line, 1);
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    for (script, place, words) in [
        ("local().run($`no-such-program a`)", "1:9", vec!["no-such-program", "not found"]),
        ("local().run($`true`.dir(\"/no/dir\"))", "1:9", vec!["/no/dir"]),
        ("local().spawn($`sleep 9`).signal(\"TREM\")", "1:27", vec!["TREM", "TERM"]),
        ("retry(3, 0.1, || 1, #{ lmit: 1 })", "1:1", vec!["lmit"]),
        ("$`echo ${#{}}`.run()", "1:10", vec!["a map"]),
        ("local().run($`true`.timeout(\"5 parsecs\"))", "1:21", vec!["5 parsecs", "90s"]),
        ("local().run($`true`.ok_codes([\"x\"]))", "1:21", vec!["ok_codes", "\"x\""]),
        ("local().with_env(#{ \"A=B\": 1 })", "1:9", vec!["A=B", "environment variable"]),
        ("local().run($`true`.stdin(5))", "1:21", vec!["text or a blob", "not 5"]),
        ("host(\"nowhere\")", "1:1", vec!["nowhere"]),
        ("$`a` > \"file\"", "1:6", vec!["`>`", "stdout_file"]),
        ("5 + $`a`", "1:3", vec!["+"]),
        ("if $`a` && $`b` { }", "1:4", vec!["expected bool, found Command", ".then("]),
        ("($`a`.then($`b`)) | $`c`", "1:19", vec!["sequence", "$sh"]),
        ("($`a` | $`b`).arg(1)", "1:15", vec!["one command"]),
        ("local().json($`echo x`)", "1:9", vec!["JSON"]),
        ("local().text(sh(\"yes | head -c 100000\").output_limit(1000))", "1:9", vec!["output_limit"]),
    ] {
        let error = error_of(script);
        assert_eq!(place_of(&error), place, "{script}: {error}");
        let said = format!("{error} {}", error.hint.clone().unwrap_or_default());
        for word in words {
            assert!(said.contains(word), "{script}: {said}");
        }
        assert!(!said.contains("::"), "{script}: {said}");
    }
}

#[test]
fn freed_words_are_names_like_any_other() {
    let script = r#"
        let o = #{ default: 1, new: 2, match: 3, with: 4, case: 5 };
        let thread = o.default + o.new;
        [thread, o.match, local().spawn($`true`).wait().code]
    "#;
    assert_eq!(eval(script), "[3, 3, 0]");
    let error = error_of("let x = null;");
    assert!(error.message.contains("write `()`"), "{error}");
    let error = error_of("var x = 1;");
    assert!(error.message.contains("write `let`"), "{error}");
}

#[test]
fn a_variable_in_use_says_how_to_do_it_instead() {
    let script = r#"
        let list = [local().spawn($`printf 'a\n'`)];
        list[0].on("stdout", |event| print(list.len()));
        list[0].wait();
    "#;
    let error = error_of(script);
    assert!(error.message.contains("in use"), "{error}");
    assert!(error.hint.as_deref().unwrap_or_default().contains("let p = list[0]"), "{error:?}");
}
