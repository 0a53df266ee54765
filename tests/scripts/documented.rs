//! Every function of the language has an example, and every example does what it says.

use crate::folder::{Folder, TestConsole};
use rexec::{ScriptHost, script::FunctionDoc};

fn functions() -> Vec<FunctionDoc> {
    ScriptHost::builder().build().functions()
}

#[test]
fn every_function_has_an_example() {
    let silent: Vec<_> = functions()
        .into_iter()
        .filter(|function| function.examples().is_empty())
        .map(|f| f.signature)
        .collect();
    assert!(silent.is_empty(), "without an example: {silent:#?}");
}

#[test]
fn what_cannot_be_run_says_why() {
    for function in functions() {
        for example in function.examples() {
            assert_ne!(example.no_run.as_deref(), Some(""), "{}", function.signature);
        }
    }
}

#[test]
fn every_example_prints_what_it_says() {
    let mut problems = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for function in functions() {
        for example in function.examples() {
            // Overloads share their documentation.
            if example.no_run.is_some() || !seen.insert(example.script.clone()) {
                continue;
            }
            let console = TestConsole::default();
            let end = Folder::with(&[]).run_with(&console.host(), &example.script);
            let printed = console.stdout();
            let expected = example.expected_lines();
            let matches =
                expected.is_empty() || printed.lines().map(str::trim_end).eq(expected.iter().copied());
            if end.is_err() || !matches {
                let end = end.map(|end| end.exit_code);
                problems.push(format!(
                    "{}\n{}\nprinted: {printed}\nstderr: {}\nended: {end:?}\n",
                    function.signature,
                    example.script,
                    console.stderr()
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
