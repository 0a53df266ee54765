//! Ctrl-C, and processes that go with it.

use crate::{
    support::marked::Marker,
    terminal::{PROMPT, State},
};
use std::time::{Duration, Instant};

/// Waits for a condition, with a deadline.
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "it never held");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn ctrl_c_ends_the_command_that_runs_and_keeps_prompt_and_variables() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    terminal.run("let kept = 42");
    terminal.enter(&format!("let never = 1; local().run(\"{}\")", marker.sleep()));
    wait_until(|| marker.processes().len() == 1);
    terminal.press("\x03");
    terminal.expect("interrupted");
    terminal.expect(PROMPT);
    assert!(marker.processes().is_empty());
    assert_eq!(terminal.run("[kept, never]"), "[42, 1]");
}

#[test]
fn ctrl_c_ends_a_command_that_was_typed_as_it_is() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    terminal.enter(&format!("$`{}`", marker.sleep()));
    wait_until(|| marker.processes().len() == 1);
    terminal.press("\x03");
    terminal.expect("interrupted");
    terminal.expect(PROMPT);
    assert!(marker.processes().is_empty());
}

#[test]
fn ctrl_c_ends_a_loop() {
    let state = State::new();
    let mut terminal = state.start();
    terminal.enter("print(\"now\"); loop {}");
    terminal.expect("\nnow");
    terminal.press("\x03");
    terminal.expect("interrupted");
    terminal.expect(PROMPT);
    assert_eq!(terminal.run("1"), "1");
}

#[test]
fn ctrl_c_ends_a_command_that_floods_the_terminal_and_shows_its_last_words() {
    let state = State::new();
    let marker = Marker::new();
    let mut terminal = state.start();
    // It has more on its way than any buffer holds when it is asked to end.
    let flood = format!("trap 'echo good bye; exit' TERM; while :; do seq 1000; done # {marker}");
    terminal.enter(&format!("$`bash -c ${{\"{flood}\"}}`"));
    terminal.expect("\n1000\n");
    terminal.press("\x03");
    terminal.expect("good bye\n");
    terminal.expect("interrupted");
    terminal.expect(PROMPT);
    assert!(marker.processes().is_empty());
}
