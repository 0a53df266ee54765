//! `mock(#{...})`: hosts for tests of scripts.

use crate::folder::Folder;

fn eval(script: &str) -> String {
    Folder::with(&[]).eval(script)
}

fn problem(script: &str) -> String {
    Folder::with(&[]).run(script).unwrap_err().to_string()
}

#[test]
fn each_end_of_a_command_can_be_told() {
    let script = r#"
        fn end(host, command) {
            try { host.run(command); } catch (error) {
                return [error.kind, error.code, error.signal, error.stdout];
            }
            "success"
        }
        let host = mock(#{
            "code": #{ stdout: "out", stderr: "err", code: 3 },
            "signal": #{ signal: "KILL" },
            "slow": #{ delay: 3600 },
            "endless": #{ stdout: "up", forever: true },
            "unreachable": #{ error: "connect" },
            "lost": #{ stdout: "half", error: "disconnected" },
        }).with_timeout(0.05);
        let ends = #{};
        for command in ["code", "signal", "slow", "endless", "unreachable", "lost", "unknown"] {
            ends[command] = end(host, command);
        }
        ends
    "#;
    let expected = [
        r#""code": ["command", 3, (), "out"]"#,
        r#""endless": ["timeout", (), "TERM", "up"]"#,
        r#""lost": ["disconnected", (), (), "half"]"#,
        r#""signal": ["command", (), "KILL", ""]"#,
        r#""slow": ["timeout", (), "TERM", ""]"#,
        r#""unknown": ["not_found", (), (), ""]"#,
        r#""unreachable": ["connect", (), (), ""]"#,
    ];
    assert_eq!(eval(script), format!("#{{{}}}", expected.join(", ")));
}

#[test]
fn the_most_specific_key_counts_whatever_the_order() {
    let script = r#"
        let host = mock(#{ "*": "other", "git *": "git", "git log *": "log" });
        [host.text("git log -1"), host.text("git status"), host.text("ls")]
    "#;
    assert_eq!(eval(script), r#"["log", "git", "other"]"#);
}

#[test]
fn a_pipeline_is_answered_as_a_whole_or_by_stage() {
    let script = r#"
        let host = mock(#{ "ps *": "a\nb", "wc *": "staged", "ps aux | sort": "whole" });
        [host.text($`ps aux` | $`sort`), host.text($`ps aux` | $`wc -l`), host.inputs[3], host.calls.len()]
    "#;
    assert_eq!(eval(script), r#"["whole", "staged", "a\nb", 4]"#);
}

#[test]
fn only_a_mock_has_calls() {
    assert!(problem("local().calls").contains("only a mock remembers"));
}

#[test]
fn an_answer_that_makes_no_sense_is_refused_with_its_key() {
    for (script, expected) in [
        (r#"mock(#{ "df": 3 })"#, "the answer for `df` is a text, a map, or an array of those; and not 3"),
        (r#"mock(#{ "df": [] })"#, "there is no answer for `df`"),
        (r#"mock(#{ "df": #{ exit: 3 } })"#, "unknown option `exit`"),
        (r#"mock(#{ "df": #{ code: 1, signal: "TERM" } })"#, "the command of `df` has one end"),
        (r#"mock(#{ "df": #{ signal: "TREM" } })"#, "unknown signal `TREM`"),
        (r#"mock(#{ "df": #{ error: "tired" } })"#, "unknown error `tired`: use `connect`"),
        (r#"mock(#{}, #{ files: #{ "motd": "x" } })"#, "the path of a file begins with `/`"),
    ] {
        let problem = problem(script);
        assert!(problem.contains(expected), "{script}: {problem}");
    }
}
