//! Files on any host: every case runs on every host that is listed here.

mod archives;
mod contents;
mod delegate;
mod faulty;
mod local;
mod place;
#[path = "../support/mod.rs"]
mod support;
mod transfer;
mod tree;

use place::Place;

macro_rules! cases {
    ($place:expr => $($module:ident { $($case:ident)* })*) => {
        $(mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case(&$place.await).await;
                }
            )*
        })*
    };
}

/// The cases. One that is forgotten here is dead code, which the lints refuse.
macro_rules! every_case {
    ($place:expr) => {
        cases! { $place =>
            contents {
                what_is_written_reads_back
                an_append_adds_to_the_end_and_makes_the_file
                a_file_keeps_its_mode_when_it_is_written
                a_write_sets_exactly_the_mode_that_it_is_given
                a_write_that_is_dropped_changes_nothing
                a_write_in_place_is_seen_at_once
                a_link_stays_a_link_when_it_is_written_through
                a_write_through_a_dangling_link_makes_its_target
                what_arrived_damaged_changes_nothing
                what_is_missing_is_not_found_by_its_name
                a_directory_is_no_file
                text_that_is_not_utf8_is_refused_with_its_place
                a_file_over_the_limit_is_refused
                a_read_starts_at_its_offset
                a_checksum_is_the_sha256_of_the_contents
                an_impossible_path_is_invalid
            }
            tree {
                a_listing_is_sorted_and_says_what_each_is
                a_directory_is_made_with_those_above_it
                a_full_directory_is_removed_only_on_demand
                removing_does_not_follow_links
                the_root_is_never_removed
                renaming_replaces_a_file
                a_link_is_replaced_in_one_step
                a_dangling_link_does_not_exist
                odd_names_are_names
                a_glob_finds_what_a_shell_would
                a_temporary_directory_is_private_and_goes
                chmod_sets_the_mode
                relative_paths_start_at_the_base
                a_slash_at_the_end_means_nothing
                a_real_path_follows_every_link
            }
            transfer {
                a_file_goes_there_and_back
                an_unchanged_file_is_not_sent
                an_unchanged_file_gets_the_right_mode
                the_same_size_is_not_the_same_file
                a_folder_goes_there_and_back
                a_folder_of_500_files_is_sent_whole
                a_folder_is_merged_into_one_that_is_there
                what_is_in_the_way_is_named_before_anything_is_changed
                directories_above_the_destination_are_made
                a_missing_original_is_not_found
                progress_adds_up
                no_more_files_are_on_their_way_than_allowed
                an_interrupted_folder_goes_on_where_it_was
                a_broken_connection_goes_on_in_the_middle_of_a_file
                a_connection_that_stays_broken_is_an_error
                a_file_that_was_damaged_on_the_way_does_not_arrive
                a_folder_is_copied_on_its_host
                a_folder_is_not_copied_into_itself
                a_folder_goes_from_host_to_host
                a_transfer_sets_the_mode_that_it_is_given
                long_names_and_hard_links_arrive
                small_files_that_change_are_sent_anew
                links_at_the_destination_can_be_refused
            }
        }
    };
}

/// The hosts. Each line is a module of tests, with every case in it.
macro_rules! hosts {
    ($($host:ident: $place:expr,)*) => {
        $(mod $host { every_case! { $place } })*
    };
}

hosts! {
    on_local: crate::Place::local(),
    on_mock: crate::Place::mock(),
    on_archives: crate::Place::with_archives(),
    on_commands: crate::Place::by_commands(),
}

#[cfg(feature = "ssh")]
hosts! {
    on_ssh: crate::Place::ssh(),
}
