//! The mock, told what the commands of the cases would do.
//!
//! What it shows is that a mocked process behaves as a real one towards whoever runs it: its
//! events, its ends, its signals. Cases about what a program sees of its host are left out.

use crate::host::TestHost;
use rexec::{
    Executor, MockBackend, Signal,
    backend::mock::{Answer, MockBuilder},
};
use std::time::Duration;

/// Answers as the commands of the cases would.
pub struct MockHost(Executor<MockBackend>);

const RUNS_NOTHING: &str = "no program runs that could show it";
const NO_FILES: &str = "its files are in memory, and the case looks at real ones";
const NO_CHILDREN: &str = "it has no children that could be found";
const NO_TERMINAL: &str = "it has no terminal";
const NO_HANDLERS: &str = "its processes handle no signals";
const DEAF: &str = "it does not look at what it is given to read";

impl TestHost for MockHost {
    type Backend = MockBackend;

    const LEFT_OUT: &[(&str, &str)] = &[
        ("run::arguments_arrive_exactly_as_they_were_given", RUNS_NOTHING),
        ("run::a_file_that_is_not_executable_is_denied", NO_FILES),
        ("run::a_directory_that_is_not_there_is_not_found", NO_FILES),
        ("run::a_relative_program_is_looked_for_in_the_directory_of_the_command", NO_FILES),
        ("run::the_first_event_tells_the_pid", RUNS_NOTHING),
        ("output::a_line_comes_when_it_is_written_and_not_at_the_end", DEAF),
        ("output::closed_outputs_are_not_the_end", DEAF),
        ("stdin::bytes_are_read_and_then_the_end", DEAF),
        ("stdin::a_large_input_is_fed_while_the_output_is_read", DEAF),
        ("stdin::an_owner_can_write_while_it_runs", DEAF),
        ("stdin::writing_to_what_has_ended_is_an_error", DEAF),
        ("stdin::a_file_is_read_from_the_directory_of_the_command", NO_FILES),
        ("env::a_variable_arrives_exactly_as_it_was_set", RUNS_NOTHING),
        ("env::the_last_change_of_a_variable_holds", RUNS_NOTHING),
        ("env::a_variable_of_the_host_can_be_taken_away", RUNS_NOTHING),
        ("env::a_cleared_environment_is_exactly_what_was_set", RUNS_NOTHING),
        ("env::it_runs_in_its_directory", NO_FILES),
        ("env::its_own_path_says_where_its_program_is", NO_FILES),
        ("redirects::an_output_goes_to_a_file", NO_FILES),
        ("redirects::an_output_is_added_to_a_file", NO_FILES),
        ("redirects::a_relative_file_is_in_the_directory_of_the_command", NO_FILES),
        ("redirects::merged_outputs_share_a_file", NO_FILES),
        ("signals::a_program_can_handle_a_signal", NO_HANDLERS),
        ("signals::a_signal_reaches_the_whole_group", NO_CHILDREN),
        ("signals::kill_reaches_what_has_left_the_group", NO_CHILDREN),
        ("ends::one_that_exits_well_when_it_is_timed_out_is_no_success", NO_HANDLERS),
        ("ends::stop_lets_a_program_end_by_itself", NO_HANDLERS),
        ("ends::a_dropped_process_is_ended_with_what_it_started", NO_CHILDREN),
        ("ends::a_run_that_is_given_up_leaves_nothing", NO_CHILDREN),
        ("pipelines::the_end_of_a_stage_whose_reader_has_enough_is_no_failure", DEAF),
        ("pipelines::the_first_stage_reads_the_input", DEAF),
        ("pipelines::the_last_stage_can_write_to_a_file", NO_FILES),
        ("pipelines::each_stage_has_its_own_directory_and_environment", RUNS_NOTHING),
        ("pipelines::a_signal_reaches_every_stage", NO_CHILDREN),
        ("pipelines::its_events_begin_with_the_first_stage_and_end_once", RUNS_NOTHING),
        ("tty::all_three_descriptors_are_a_terminal", NO_TERMINAL),
        ("tty::both_outputs_come_as_one_with_carriage_returns", NO_TERMINAL),
        ("tty::everything_written_before_the_exit_arrives", NO_TERMINAL),
        ("tty::without_input_it_reads_the_end_at_once", NO_TERMINAL),
        ("tty::given_input_is_read_whole_and_not_echoed", NO_TERMINAL),
        ("tty::an_owner_can_type", NO_TERMINAL),
        ("tty::a_typed_interrupt_is_one", NO_TERMINAL),
        ("tty::it_has_a_size", NO_TERMINAL),
        ("tty::a_dropped_process_leaves_nothing", NO_TERMINAL),
    ];

    async fn start() -> Self {
        let mock = pipelines(ends(outputs(exit_codes(MockBackend::builder()))));
        Self(Executor::new("conformance", mock.build()))
    }

    fn executor(&self) -> Executor<MockBackend> {
        self.0.clone()
    }
}

fn exit_codes(mock: MockBuilder) -> MockBuilder {
    let codes = [0, 1, 2, 3, 6, 7, 126, 127, 128, 143, 255];
    let exit = |mock: MockBuilder, code: i32| {
        let mock = mock.answer(format!("sh -c 'exit {code}'"), Answer::new().code(code));
        mock.answer(format!("sh -c 'cat; exit {code}'"), Answer::new().code(code))
    };
    codes
        .into_iter()
        .chain([4])
        .fold(mock, exit)
        .answer("true", "")
        .answer("false", Answer::new().code(1))
        .answer("sh -c 'echo why >&2; exit 3'", Answer::new().stderr("why\n").code(3))
}

fn outputs(mock: MockBuilder) -> MockBuilder {
    let words = ["hello", "a", "b", "c", "quick"];
    let echo = |mock: MockBuilder, word| mock.answer(format!("echo {word}"), format!("{word}\n"));
    let both = (1..=9)
        .fold(Answer::new(), |answer, i| answer.stdout(format!("out{i}\n")).stderr(format!("err{i}\n")));
    let newlines = || vec![b'\n'; 500_000];
    let counts = [5_000, 50_000, 100_000, 200_000, 300_000];
    let seq = |mock: MockBuilder, last: u32| mock.answer(format!("seq {last}"), numbers(last));
    let mock = counts.into_iter().fold(words.into_iter().fold(mock, echo), seq);
    mock.answer("sh -c 'echo one; echo two; exit 4'", Answer::text("one\ntwo\n").code(4))
        .answer("sh -c 'echo out; echo err >&2'", Answer::text("out\n").stderr("err\n"))
        .answer("sh -c 'for i in *'", both)
        .answer("printf 'a*'", Answer::new().stdout(&b"a\0b\n\xff\xfe\ncr\r\nend"[..]))
        .answer("sh -c 'head -c 3000000 *", "x".repeat(3_000_000) + "\nnext\n")
        .answer("sh -c 'head -c 500000 *", Answer::new().stdout(newlines()).stderr(newlines()))
        .answer("cat", "")
        .answer("touch *", "")
        .answer("sh -c 'exec <&-; echo closed'", "closed\n")
}

fn ends(mock: MockBuilder) -> MockBuilder {
    let ready = || Answer::text("ready\n").forever();
    let tick = |answer: Answer, _| answer.stdout("tick\n").delay(Duration::from_millis(10));
    let yes = (0..100).fold(Answer::new(), |answer, _| answer.stdout("y\n".repeat(30_000)));
    mock.answer("sh -c 'echo ready; while *", ready())
        .answer("sh -c 'echo ready; sleep *", ready())
        .answer("sh -c 'trap * TERM; echo ready; sleep *", ready().ignores(Signal::Term))
        .answer("sh -c 'while :; do echo tick; *", (0..10_000).fold(Answer::new(), tick))
        .answer("sh -c 'echo before; sleep *", Answer::text("before\n").forever())
        .answer("sh -c 'kill -s STOP $$'", Answer::new().forever())
        .answer("sh -c 'kill -s TERM $$'", Answer::new().signal(Signal::Term))
        .answer("sh -c 'kill -s KILL $$'", Answer::new().signal(Signal::Kill))
        .answer("sh -c 'sleep * & echo done'", "done\n")
        .answer("sh -c 'sleep * & seq 100000'", numbers(100_000))
        .answer("yes", yes)
}

fn pipelines(mock: MockBuilder) -> MockBuilder {
    let say = |mock: MockBuilder, word| {
        mock.answer(format!("sh -c 'echo {word} >&2; cat'"), Answer::new().stderr(format!("{word}\n")))
    };
    ["one", "two", "three"]
        .into_iter()
        .fold(mock, say)
        .answer("printf * | sort | uniq", "a\nb\n")
        .answer("sh -c 'echo out; echo err >&2' | cat", "out\nerr\n")
        .answer("seq 300000 | cat | tail -n1", "300000\n")
        .answer("sh -c 'cat; echo end'", "end\n")
        .answer("sleep *", Answer::new().forever())
}

fn numbers(last: u32) -> String {
    (1..=last).map(|number| format!("{number}\n")).collect()
}
