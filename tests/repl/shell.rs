//! A shell on a host, in the terminal of the prompt.

use crate::terminal::{PROMPT, State};

#[test]
fn a_shell_has_the_terminal_until_it_is_left() {
    let state = State::new();
    let mut terminal = state.start_with(&[("NO_COLOR", "1"), ("SHELL", "/bin/sh"), ("PS1", "inner> ")]);
    terminal.enter("let left = local().shell()");
    terminal.expect("inner> ");
    terminal.enter("test -t 0 && test -t 1 && test -t 2 && echo it-is-a-$((40 + 2))-terminal");
    terminal.expect("it-is-a-42-terminal");
    terminal.enter("exit 7");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("left.code"), "7");
}
