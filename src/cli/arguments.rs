//! What may stand on the command line.

use super::exit;
use crate::script::{
    parse_duration,
    policy::{Capability, Policy},
};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

const AFTER_HELP: &str = "\
Options of rexec stand before FILE; all after it is the script's.

Exit codes: the script's own by exit(n); 0 all well; 1 an uncaught error; 2 wrong usage, or a script
that does not parse; 3 some hosts failed; 4 denied by policy; 128 + n ended by signal n.";

/// Runs scripts that run commands, here and on other machines, and leaves nothing behind
#[derive(Debug, Parser)]
#[command(name = "rexec", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    #[command(subcommand)]
    pub(super) task: Task,
}

#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Run a script (also as `#!/usr/bin/env -S rexec run`)
    Run {
        /// The script's file, or `-` for standard input; then the script's own arguments
        // One list, since nothing after its first item may be taken for an option of rexec.
        #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
        #[arg(value_names = ["FILE", "ARGS"])]
        words: Vec<OsString>,
    },
    /// Type a script line by line; lines from a pipe run without a prompt
    Repl,
    /// Run one expression, and print its value
    Eval {
        /// The expression; then its arguments
        #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
        #[arg(value_names = ["CODE", "ARGS"])]
        words: Vec<OsString>,
    },
}

/// Options of every task.
#[derive(Debug, Args)]
pub(super) struct Shared {
    /// Say what would run where, and run nothing
    #[arg(long, global = true)]
    pub(super) dry_run: bool,

    /// What scripts may do, and nothing else: local, ssh:web*, docker:app, read:/srv, write:/srv,
    /// env:NAME, program:systemctl; may be given several times
    #[arg(long, global = true, value_name = "CAPABILITY")]
    pub(super) allow: Vec<Capability>,

    /// What scripts may not do, whatever is allowed
    #[arg(long, global = true, value_name = "CAPABILITY")]
    pub(super) deny: Vec<Capability>,

    /// A time limit for each command that has none of its own: seconds, or 500ms, 90s, 2m
    #[arg(long, global = true, value_name = "S", value_parser = parse_duration)]
    pub(super) timeout: Option<Duration>,

    /// How many things are done at once, unless the script says otherwise
    #[arg(long, global = true, value_name = "N")]
    pub(super) limit: Option<NonZeroUsize>,

    /// The hosts that a bare `inventory()` gives: a file of ours, of Ansible's, an OpenSSH
    /// configuration, or a program that prints JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) inventory: Option<PathBuf>,

    /// Which of them: web:!web3; without an inventory, their addresses: web[1-3],deploy@db1
    #[arg(long, global = true, value_name = "EXPR")]
    pub(super) hosts: Option<String>,

    /// Record every command, event and result in this file, as JSON lines
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,

    /// Go on with a rollout that was broken off
    #[arg(long, global = true)]
    pub(super) resume: bool,

    /// How logs, progress and errors are shown
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = Form::Pretty)]
    pub(super) output: Form,

    /// Say more: what is for whoever looks for a fault
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub(super) verbose: bool,

    /// Say less: warnings and errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

impl Shared {
    /// What scripts may do.
    pub(super) fn policy(&self) -> Policy {
        let allowed = self.allow.iter().cloned().fold(Policy::new(), Policy::allow);
        self.deny.iter().cloned().fold(allowed, Policy::deny)
    }
}

/// How what is for people is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// With colour and progress, where there is a terminal
    Pretty,
    /// As text alone
    Plain,
    /// As JSON, one object a line
    Json,
}

/// What is run, and its own arguments.
pub(super) struct Words {
    pub(super) first: OsString,
    pub(super) args: Vec<String>,
}

impl Words {
    /// Ends the program where they make no sense.
    pub(super) fn read(words: Vec<OsString>) -> Self {
        let mut words = words.into_iter();
        let first = words.next().expect("clap asks for one at least");
        if first.to_str().is_some_and(|first| first.starts_with("--")) {
            let text = format!("unexpected argument '{}' found", first.display());
            fail(ErrorKind::UnknownArgument, text);
        }
        let args = words.map(|word| {
            word.into_string().unwrap_or_else(|word| {
                fail(ErrorKind::InvalidUtf8, format!("the argument '{}' is not UTF-8", word.display()))
            })
        });
        Self { first, args: args.collect() }
    }
}

fn fail(kind: ErrorKind, text: String) -> ! {
    // Where there is nobody to read it, the exit code has to do.
    let _ = Arguments::command().error(kind, text).print();
    std::process::exit(exit::USAGE)
}
