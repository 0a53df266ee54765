//! The list of all cases, and the tests that it makes of them for a host.

/// Makes a test of each case for this host, in a module of this name.
macro_rules! conformance {
    ($name:ident, $host:ty) => {
        $crate::suite::conformance! { @list $name, $host,
            run {
                a_command_runs_and_its_output_is_collected,
                an_exit_code_is_told_as_it_is,
                arguments_arrive_exactly_as_they_were_given,
                a_program_that_is_not_there_is_not_found,
                a_file_that_is_not_executable_is_denied,
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
