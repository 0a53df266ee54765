//! The list of all cases, and the tests that it makes of them for a host.

/// Makes a test of each case for this host, in a module of this name.
macro_rules! conformance {
    ($name:ident, $host:ty) => {
        $crate::suite::conformance! { @list $name, $host,
            run {
                a_command_runs_and_its_output_is_collected,
                an_exit_code_is_told_as_it_is,
                the_command_says_which_codes_are_fine,
                arguments_arrive_exactly_as_they_were_given,
                an_argument_with_a_nul_byte_is_refused,
                an_empty_program_is_refused,
                a_program_that_is_not_there_is_not_found,
                a_file_that_is_not_executable_is_denied,
                a_directory_that_is_not_there_is_not_found,
                a_relative_program_is_looked_for_in_the_directory_of_the_command,
                the_first_event_tells_the_pid,
                sequences_go_by_success_and_failure,
            }
            output {
                output_comes_line_by_line_and_the_end_last,
                a_line_comes_when_it_is_written_and_not_at_the_end,
                the_two_outputs_are_told_apart,
                merged_outputs_keep_their_order,
                bytes_arrive_as_they_are,
                a_long_line_comes_in_pieces_and_none_is_lost,
                both_outputs_are_read_at_once,
                many_lines_arrive_whole_and_in_order,
                batches_and_events_can_be_mixed,
                a_slow_reader_gets_everything_also_after_the_end,
                dropped_events_leave_the_command_undisturbed,
                closed_outputs_are_not_the_end,
                more_than_the_limit_is_truncated_in_the_middle,
                nothing_is_lost_however_many_run_at_once,
            }
            stdin {
                without_input_it_reads_the_end_at_once,
                bytes_are_read_and_then_the_end,
                a_large_input_is_fed_while_the_output_is_read,
                input_that_nobody_reads_is_no_error,
                an_owner_can_write_while_it_runs,
                a_dropped_input_ends,
                writing_to_what_has_ended_is_an_error,
                a_file_is_read_from_the_directory_of_the_command,
            }
            env {
                a_variable_arrives_exactly_as_it_was_set,
                the_last_change_of_a_variable_holds,
                a_variable_of_the_host_can_be_taken_away,
                a_cleared_environment_is_exactly_what_was_set,
                a_name_that_can_not_be_one_is_refused,
                it_runs_in_its_directory,
                its_own_path_says_where_its_program_is,
            }
            redirects {
                an_output_goes_to_a_file,
                an_output_is_added_to_a_file,
                a_relative_file_is_in_the_directory_of_the_command,
                merged_outputs_share_a_file,
                a_file_that_can_not_be_made_is_an_error_and_nothing_runs,
            }
            signals {
                the_status_says_which_signal_ended_it,
                a_signal_from_elsewhere_is_told_the_same,
                a_program_can_handle_a_signal,
                a_signal_reaches_the_whole_group,
                a_stopped_process_goes_on_when_it_is_told_to,
                a_signal_after_the_end_has_no_effect,
                kill_reaches_what_has_left_the_group,
                many_may_wait_and_all_hear_the_same,
            }
            ends {
                a_time_limit_ends_it_and_the_status_says_so,
                a_command_that_ignores_term_is_killed_after_the_grace,
                one_that_exits_well_when_it_is_timed_out_is_no_success,
                a_time_limit_that_is_not_reached_changes_nothing,
                a_stopped_process_is_timed_out_all_the_same,
                stop_says_what_it_took,
                stop_lets_a_program_end_by_itself,
                what_is_cancelled_says_so,
                cancelling_what_has_ended_changes_nothing,
                a_dropped_process_is_ended_with_what_it_started,
                a_run_that_is_given_up_leaves_nothing,
                a_background_child_that_holds_the_pipe_is_not_waited_for,
                a_large_output_before_such_an_end_is_whole,
                nobody_need_read_the_events_of_what_is_stopped,
            }
            pipelines {
                each_stage_reads_what_the_one_before_it_writes,
                the_rightmost_failure_counts_and_each_status_is_kept,
                a_stage_says_which_codes_are_fine,
                the_end_of_a_stage_whose_reader_has_enough_is_no_failure,
                the_errors_of_each_stage_are_kept_apart,
                a_merged_stage_sends_its_errors_down_the_pipe,
                the_first_stage_reads_the_input,
                a_later_stage_can_not_be_given_input,
                the_last_stage_can_write_to_a_file,
                each_stage_has_its_own_directory_and_environment,
                if_one_stage_is_not_there_none_is_left,
                a_time_limit_of_one_stage_ends_the_whole,
                a_signal_reaches_every_stage,
                a_stage_may_end_before_the_others_start,
                much_goes_through_in_order,
                its_events_begin_with_the_first_stage_and_end_once,
            }
            tty {
                all_three_descriptors_are_a_terminal,
                both_outputs_come_as_one_with_carriage_returns,
                everything_written_before_the_exit_arrives,
                without_input_it_reads_the_end_at_once,
                given_input_is_read_whole_and_not_echoed,
                an_owner_can_type,
                a_typed_interrupt_is_one,
                it_has_a_size,
                a_dropped_process_leaves_nothing,
            }
        }
    };
    (@list $name:ident, $host:ty, $($topic:ident { $($case:ident),* $(,)? })*) => {
        mod $name {
            $(mod $topic {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let name = concat!(stringify!($topic), "::", stringify!($case));
                    $crate::host::run_case::<$host>(name, async |host| $crate::cases::$topic::$case(host).await).await;
                })*
            })*

            #[test]
            fn every_case_that_is_left_out_exists() {
                let all = [$($(concat!(stringify!($topic), "::", stringify!($case)),)*)*];
                for (name, _) in <$host as $crate::host::TestHost>::LEFT_OUT {
                    assert!(all.contains(name), "there is no case {name}");
                }
            }
        }
    };
}

pub(crate) use conformance;
