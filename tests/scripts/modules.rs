//! `import`: where modules are looked for, and what is said where they are not there.

use crate::folder::Folder;
use rexec::ScriptHost;

#[test]
fn a_module_is_looked_for_beside_the_importing_file() {
    let folder = Folder::with(&[
        ("lib/a.rhai", r#"import "sub/b" as b; fn name() { "a" + b::name() }"#),
        ("lib/sub/b.rhai", r#"import "../c" as c; fn name() { "b" + c::name() }"#),
        ("lib/c.rhai", r#"fn name() { "c" }"#),
        ("c.rhai", r#"fn name() { "the wrong c" }"#),
    ]);
    assert_eq!(folder.eval(r#"import "lib/a" as a; a::name()"#), r#""abc""#);
    assert_eq!(folder.eval(r#"import "./lib/a.rhai" as a; a::name()"#), r#""abc""#);
}

#[test]
fn a_function_of_a_module_imports_relative_to_its_module() {
    let folder = Folder::with(&[
        ("lib/a.rhai", r#"fn name() { import "b" as b; b::name() }"#),
        ("lib/b.rhai", r#"fn name() { "b" }"#),
    ]);
    assert_eq!(folder.eval(r#"import "lib/a" as a; a::name()"#), r#""b""#);
}

#[test]
fn a_module_is_looked_for_in_the_library_path_after_that() {
    let library = Folder::with(&[
        ("tools/x.rhai", "fn from() { \"library\" }"),
        ("both.rhai", "fn from() { \"library\" }"),
    ]);
    let folder = Folder::with(&[("both.rhai", "fn from() { \"beside\" }")]);
    let host = ScriptHost::builder().library_path(library.path()).build();
    let script = r#"import "tools/x" as x; import "both" as both; [x::from(), both::from()]"#;
    let end = folder.run_with(&host, script).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"["library", "beside"]"#);
}

#[test]
fn a_module_is_evaluated_once_whatever_its_path_looks_like() {
    let folder = Folder::with(&[
        ("clock.rhai", "export const started = timestamp();"),
        ("other.rhai", r#"import "./sub/../clock" as c; fn same(t) { c::started == t }"#),
        ("sub/empty.rhai", ""),
    ]);
    let script = r#"import "clock" as c; import "other" as o; o::same(c::started)"#;
    assert_eq!(folder.eval(script), "true");
}

#[test]
fn a_missing_module_says_where_it_was_looked_for() {
    let library = Folder::with(&[]);
    let folder = Folder::with(&[]);
    let host = ScriptHost::builder().library_path(library.path()).build();
    let script = r#"try { import "lib/nope" as nope; nope::f(); } catch (e) { return e.message; }"#;
    let message = folder.run_with(&host, script).unwrap().value.into_string().unwrap();
    let expected = format!(
        "no module `lib/nope`: looked for {}, {}",
        folder.path().join("lib/nope.rhai").display(),
        library.path().join("lib/nope.rhai").display()
    );
    assert_eq!(message, expected);
}

#[test]
fn a_missing_embedded_module_is_an_error_that_scripts_can_catch() {
    let folder = Folder::with(&[]);
    let script = r#"try { import "std/nope" as nope; nope::f(); } catch (e) { return [e.kind, e.message]; }"#;
    assert_eq!(folder.eval(script), r#"["not_found", "no module `std/nope` is built in"]"#);
}

#[test]
fn an_import_cycle_is_an_error_that_names_the_chain() {
    let folder = Folder::with(&[
        ("a.rhai", r#"import "b" as b; fn f() { 1 }"#),
        ("b.rhai", r#"import "c" as c;"#),
        ("c.rhai", r#"import "a" as a;"#),
    ]);
    let message = folder.eval(r#"try { import "a" as a; a::f(); } catch (e) { return e.message; }"#);
    let name = |file: &str| folder.path().join(file).display().to_string();
    let chain = format!(
        "import cycle: {} -> {} -> {} -> {}",
        name("a.rhai"),
        name("b.rhai"),
        name("c.rhai"),
        name("a.rhai")
    );
    assert_eq!(message, format!("{chain:?}"));
}

#[test]
fn a_module_that_imports_itself_is_a_cycle() {
    let folder = Folder::with(&[("me.rhai", r#"import "me" as me;"#)]);
    let kind = folder.eval(r#"try { import "me" as me; me::f(); } catch (e) { return e.kind; }"#);
    assert_eq!(kind, r#""invalid""#);
}

#[test]
fn a_module_that_was_part_of_a_cycle_can_be_imported_afterwards() {
    let folder = Folder::with(&[
        ("a.rhai", r#"try { import "b" as b; } catch { } fn f() { 1 }"#),
        ("b.rhai", r#"import "a" as a; fn g() { 2 }"#),
    ]);
    assert_eq!(folder.eval(r#"import "a" as a; import "b" as b; a::f() + b::g()"#), "3");
}

#[test]
fn functions_that_import_each_others_modules_are_no_cycle() {
    let folder = Folder::with(&[
        ("a.rhai", r#"fn even(n) { import "b" as b; n == 0 || b::odd(n - 1) }"#),
        ("b.rhai", r#"fn odd(n) { import "a" as a; n != 0 && a::even(n - 1) }"#),
    ]);
    assert_eq!(folder.eval(r#"import "a" as a; a::even(8)"#), "true");
}

#[test]
fn each_run_reads_its_modules_anew() {
    let folder = Folder::with(&[("v.rhai", "fn version() { 1 }")]);
    let host = ScriptHost::builder().build();
    let script = r#"import "v" as v; v::version()"#;
    assert_eq!(folder.run_with(&host, script).unwrap().value.as_int(), Ok(1));
    std::fs::write(folder.path().join("v.rhai"), "fn version() { 2 }").unwrap();
    assert_eq!(folder.run_with(&host, script).unwrap().value.as_int(), Ok(2));
}

#[test]
fn a_folder_is_no_module() {
    let folder = Folder::with(&[("x.rhai/inner.txt", "")]);
    assert_eq!(
        folder.eval(r#"try { import "x" as x; x::f(); } catch (e) { return e.kind; }"#),
        r#""not_found""#
    );
}

/// Where an error was, innermost first: the file's name and the line.
fn places(folder: &Folder, script: &str) -> Vec<(String, usize)> {
    let error = folder.run(script).unwrap_err();
    let file = |source: &str| source.rsplit('/').next().unwrap_or_default().to_owned();
    error.places.iter().map(|place| (file(&place.source), place.line)).collect()
}

#[test]
fn an_error_in_a_module_names_the_modules_file_and_line() {
    let folder = Folder::with(&[
        ("broken.rhai", "fn f() { 1 }\nfn g( { 2 }"),
        ("thrower.rhai", "fn f(n) {\n    let x = 1;\n    throw `no ${n}`;\n}"),
        ("top.rhai", "let x = 1;\n\nthrow \"top\";"),
    ]);
    let at = |name: &str, line| (name.to_owned(), line);
    assert_eq!(places(&folder, "\nimport \"broken\" as b;")[0], at("broken.rhai", 2));
    assert_eq!(
        places(&folder, "import \"thrower\" as t;\n\nt::f(5);"),
        [at("thrower.rhai", 3), at("main.rhai", 3)]
    );
    assert_eq!(places(&folder, "\nimport \"top\" as t;\nt::f();")[0], at("top.rhai", 3));
}

#[test]
fn an_error_in_a_closure_that_a_module_calls_names_the_closures_line() {
    let folder = Folder::with(&[("m.rhai", "fn apply(f) {\n    f.call(1)\n}")]);
    let found = places(&folder, "import \"m\" as m;\n\nm::apply(|x| {\n    throw \"here\";\n});");
    assert_eq!(found[0], ("main.rhai".to_owned(), 4), "{found:?}");
    assert_eq!(found.last().unwrap(), &("main.rhai".to_owned(), 3));
    assert!(found.contains(&("m.rhai".to_owned(), 2)), "{found:?}");
}

#[test]
fn an_error_in_a_closure_that_a_module_made_names_the_modules_line() {
    let folder = Folder::with(&[("m.rhai", "fn make() {\n    |x| {\n        throw \"here\";\n    }\n}")]);
    let found = places(&folder, "import \"m\" as m;\nlet f = m::make();\nf.call(1);");
    assert_eq!(found[0], ("m.rhai".to_owned(), 3));
    assert_eq!(found.last().unwrap(), &("main.rhai".to_owned(), 3));
}

#[test]
fn every_embedded_module_can_be_imported() {
    let folder = Folder::with(&[]);
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        folder.run(&format!("import \"std/{name}\" as m;")).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
