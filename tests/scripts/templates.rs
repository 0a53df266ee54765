//! Command templates: what they give, what they refuse and where.

use crate::run::{error_of, eval, place_of, printed};

#[test]
fn a_value_is_one_word_whatever_is_in_it() {
    let script = r#"
        let hostile = "a b; touch /tmp/never $(id) `id` | > * ' \" \\ \n";
        let given = local().run($`printf '%s|' ${hostile} "${hostile}" x${hostile}'y z'`).stdout;
        given == `${hostile}|${hostile}|x${hostile}y z|`
    "#;
    assert_eq!(eval(script), "true");
}

#[test]
fn an_array_is_a_word_for_each_item_and_joined_beside_other_text() {
    let commands = printed(
        r#"
        let files = ["a", "b c", ["d", 5]];
        print($`ls ${files} end`);
        print($`ls "${files}"`);
        print($`ls --files=${files}`);
        print($`ls ${[]} end`);
        print($`${["git", "log"]} -n ${1}`);
        print($`echo ${""} ${true} ${'x'} ${1.5}`);
    "#,
    );
    assert_eq!(
        commands,
        [
            "ls a 'b c' d 5 end",
            "ls 'a b c d 5'",
            "ls '--files=a b c d 5'",
            "ls end",
            "git log -n 1",
            "echo '' true x 1.5",
        ]
    );
}

#[test]
fn quotes_and_backslashes_are_a_posix_shells() {
    let commands = printed(
        r#"
        print($`echo 'a $HOME "b"' "c 'd' \$HOME \\ \" \x" e\ f g\
 h [x] {y} #z !w 50% a=b`);
        print($`echo a\`b`);
        print($`find . -name "*.rs" -newer 'x?'`);
        print($`echo \${not_a_value} $`);
    "#,
    );
    assert_eq!(
        commands,
        [
            r#"echo 'a $HOME "b"' 'c '\''d'\'' $HOME \ " \x' 'e f' g h '[x]' '{y}' '#z' '!w' 50% a=b"#,
            "echo 'a`b'",
            "find . -name '*.rs' -newer 'x?'",
            "echo '${not_a_value}' '$'",
        ]
    );
}

#[test]
fn a_template_is_an_expression_wherever_one_may_stand() {
    let commands = printed(
        r#"
        fn greps(pattern, files) { $`grep -n ${pattern} ${files}` }
        print(greps("p q", ["f1", "f 2"]));
        let host = "h 1";
        let closure = |x| { let inner = || $`echo ${host} ${x}`; inner.call() };
        print(closure.call("z z"));
        print([1, 2].map(|i| $`echo ${i}`));
        print(#{ c: $`a`, d: 2 }.c);
        print(if true { $`yes` } else { $`no` });
        print($`ls -l`.arg("x").arguments);
        let nested = "q";
        print($`echo ${`nested ${nested} ${1 + 1} tick`} ${#{ k: "v w" }.k}`);
        print($`echo ${$`echo in "${nested}"`.text()}`);
        print(`text ${$`inner ${1}`} text`);
        let rows = ""; for word in $`a b`.arguments { rows += word; } print(rows);
    "#,
    );
    assert_eq!(
        commands,
        [
            "grep -n 'p q' f1 'f 2'",
            "echo 'h 1' 'z z'",
            "[echo 1, echo 2]",
            "a",
            "yes",
            r#"["-l", "x"]"#,
            "echo 'nested q 2 tick' 'v w'",
            "echo 'in q'",
            "text inner 1 text",
            "b",
        ]
    );
}

#[test]
fn each_operator_is_refused_at_its_place_with_what_to_write() {
    for (script, place, words) in [
        ("let a = 1;\n  $`echo ${a} > out`", "2:15", ["`>`", "stdout_file"]),
        ("$`echo ${ `}` } && ls`", "1:17", ["`&&`", ".then("]),
        ("$`echo\n a`", "1:7", ["newline", "`\\`"]),
        ("$`echo a\\\n  *.rs`", "2:3", ["`*`", "glob"]),
        ("let x = $`echo \"$HOME\"`;", "1:17", ["`$HOME`", "env(\"HOME\")"]),
        ("$`echo $(id)`", "1:8", ["`$(`", ".text()"]),
        ("$`ls | | wc`", "1:8", ["missing", "program"]),
        ("$`A=1 ls`", "1:3", ["`A=`", ".env("]),
        ("$`echo 'a`", "1:8", ["not closed", "close it"]),
        ("$``", "1:3", ["empty command", "program"]),
        ("$ `ls`", "1:2", ["$`...`", "$sh`...`"]),
        ("$x`ls`", "1:2", ["$`...`", "$sh`...`"]),
        ("$sh`echo \"${1}\"`", "1:11", ["inside quotes", "quoted already"]),
        ("$sh`cat <<E\n${1}\nE\n`", "2:1", ["here-document", ".stdin(text)"]),
    ] {
        let error = error_of(script);
        assert!(error.is_parse(), "{script}: {error:?}");
        assert_eq!(place_of(&error), place, "{script}: {error}");
        for word in words {
            assert!(error.message.contains(word), "{script}: {error}");
        }
    }
}

#[test]
fn a_template_that_is_not_closed_is_a_parse_error_where_it_begins() {
    for (script, place) in [
        ("let a = 1;\nlet b = $`echo ${a}\nprint(b);\n", "2:9"),
        ("$`echo", "1:1"),
        ("print(1); $sh`echo 'x'", "1:11"),
    ] {
        let error = error_of(script);
        assert!(error.is_parse(), "{script}: {error:?}");
        assert_eq!(place_of(&error), place, "{script}: {error}");
        assert!(error.message.contains("not closed"), "{script}: {error}");
    }
}

#[test]
fn a_value_that_is_no_word_is_refused_at_its_place() {
    for (script, place, words) in [
        ("let a = 1;\n  $`echo x ${()}`", "2:14", ["`()`", "empty array"]),
        ("$`echo ${#{ a: 1 }}`", "1:10", ["a map", "values"]),
        ("$`echo ${[1, [()]]}`", "1:10", ["`()`", "empty array"]),
        ("$`echo ${|x| x}`", "1:10", ["a function", "call it"]),
        ("$`echo ${local()}`", "1:10", ["type Host", "text"]),
        ("$`echo ${\"a\\x00b\"}`", "1:10", ["NUL", "argument"]),
        ("$`${[]} true`.run(); $`${[]}`", "1:26", ["empty command", "program"]),
    ] {
        let error = error_of(script);
        assert_eq!(error.kind, "invalid", "{script}: {error:?}");
        assert_eq!(place_of(&error), place, "{script}: {error}");
        for word in words {
            assert!(error.message.contains(word), "{script}: {error}");
        }
    }
}

#[test]
fn an_error_within_a_value_stands_at_its_own_place() {
    let error = error_of("let a = 1;\nlet b = $`echo ${a} ${nowhere}`;");
    assert_eq!((place_of(&error).as_str(), error.kind.as_str()), ("2:23", "parse"));
    let error = error_of("let a = 1;\nlet b = $`echo ${a.nowhere()}`;");
    assert_eq!((place_of(&error).as_str(), error.kind.as_str()), ("2:20", "script"));
}

#[test]
fn a_shell_template_quotes_each_value() {
    let script = r#"
        let hostile = "a b'; touch /tmp/never; $(id) `id` | > * \" \\ \n";
        let many = ["x y", "$HOME", ""];
        let words = local().run($sh`printf '<%s>' ${hostile} pre${hostile}post ${many} | cat; echo $((1 + 1))`).stdout;
        words == `<${hostile}><pre${hostile}post><x y><$HOME><>` + "2\n"
    "#;
    assert_eq!(eval(script), "true");
}

#[test]
fn a_keyword_or_a_descriptor_as_a_value_stays_data() {
    let script = r#"
        let output = local().try_run($sh`${"if"} true; echo ${2}>/dev/null`);
        [output.code, output.stderr.contains("if")]
    "#;
    assert_eq!(eval(script), "[0, true]");
}

#[test]
fn what_a_shell_template_leaves_to_the_shell_stays_the_shells() {
    let script = r#"local().text($sh`x=5; echo "$x $((x + 1)) \`echo y\`" \\ '$x'; echo a | tr a b`)"#;
    assert_eq!(eval(script), r#""5 6 `echo y` \\ $x\nb""#);
}

#[test]
fn a_text_or_an_array_where_a_command_is_expected_is_one_without_a_shell() {
    assert_eq!(eval(r#"local().text("echo 'a b' c\\ d")"#), r#""a b c d""#);
    assert_eq!(eval(r#"local().text(["echo", "$HOME", "*"])"#), r#""$HOME *""#);
    let error = error_of(r#"local().run("ls > out")"#);
    assert_eq!(error.kind, "invalid");
    assert!(error.message.contains("stdout_file"), "{error}");
    let error = error_of("local().run(5)");
    assert!(error.message.contains("expected a command") && error.message.contains("not 5"), "{error}");
}
