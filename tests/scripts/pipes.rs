//! From a command on one host to a command on another.

use crate::run::{error_of, eval};

#[test]
fn bytes_arrive_exactly_and_the_statuses_of_both_are_kept() {
    let script = r#"
        let output = pipe(local(), $sh`head -c 3000000 /dev/zero; printf 'end\377'; echo note >&2`, local(), $`tail -c 4` | $`cat`);
        [output.bytes.len(), output.bytes[3], output.stderr, output.stages.map(|stage| stage.code)]
    "#;
    assert_eq!(eval(script), r#"[4, 255, "note\n", [0, 0, 0]]"#);
}

#[test]
fn a_reader_that_stops_reading_ends_the_writer() {
    let script = r#"
        let output = pipe(local(), $`yes`, local(), $`head -n 2`);
        [output.lines, output.stages[0].signal, output.stages[1].code]
    "#;
    assert_eq!(eval(script), r#"[["y", "y"], "PIPE", 0]"#);
}

#[test]
fn the_rightmost_failure_counts() {
    let error = error_of("pipe(local(), $sh`exit 3`, local(), $sh`cat; exit 4`)");
    assert_eq!((error.kind.as_str(), error.error.unwrap().status().unwrap().code()), ("command", Some(4)));
    let error = error_of("pipe(local(), $sh`exit 3`, local(), $`cat`)");
    assert_eq!(error.error.unwrap().status().unwrap().code(), Some(3));
    let error = error_of("pipe(local(), $`true`, local(), $`cat`.stdin(\"x\"))");
    assert!(error.message.contains("input already"), "{error}");
}
