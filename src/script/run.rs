//! One run of a script: what it was given, and what it must clean up.

use super::{
    console::{Console, LogLevel},
    deferred::Deferred,
    files::TempDirs,
    hosts::Host,
    inventory::DefaultInventory,
    managed::ManagedProcesses,
    masking::Masks,
    modules::ModuleCache,
    policy::{Action, Policy},
    process::Processes,
    record::Recorder,
    toolbox::{environment::Secrets, prompt::ScriptInput},
    unseen::UnseenFailures,
};
use rhai::Engine;
use std::{
    io,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::runtime::Handle;

/// What a script was given by whoever started it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// The script's own arguments.
    pub(crate) args: Vec<String>,
    /// Say what would run where, and run nothing.
    pub(crate) dry_run: bool,
    /// A time limit for every command that has none of its own.
    pub(crate) timeout: Option<Duration>,
    /// How many things `parallel` does at once, unless told otherwise.
    pub(crate) limit: Option<usize>,
    /// What scripts may do.
    pub(crate) policy: Arc<Policy>,
    /// The file that every command, event and result is recorded in.
    pub(crate) record: Option<PathBuf>,
    /// The file of the inventory that a bare `inventory()` gives.
    pub(crate) inventory: Option<PathBuf>,
    /// Which hosts of it, or without one, their addresses.
    pub(crate) hosts: Option<String>,
    /// Go on with what an earlier run began.
    pub(crate) resume: bool,
    /// Where what outlives a run is kept; the user's own state folder unless set.
    pub(crate) state_folder: Option<PathBuf>,
    /// Somebody waits for what commands leave behind, and ends it.
    pub(crate) is_guarded: bool,
    /// Where modules are looked for, after the importing file's own folder.
    pub(crate) library_path: Vec<PathBuf>,
}

/// One run of a script.
pub(crate) struct Run {
    /// Where its functions wait.
    pub(crate) runtime: Handle,
    /// With this its closures are called.
    pub(crate) engine: Arc<Engine>,
    /// What its script is called: its path, `eval`, `repl`, `-`.
    pub(crate) script: String,
    pub(crate) settings: Settings,
    /// Where its words go. What stands here is not masked yet: use [`print`](Self::print),
    /// [`eprint`](Self::eprint) and [`log`](Self::log).
    pub(crate) console: Arc<dyn Console>,
    /// Its secrets.
    pub(crate) masks: Arc<Masks>,
    /// The modules that it has imported.
    pub(crate) modules: ModuleCache,
    /// The processes that it has started.
    pub(crate) processes: Processes,
    /// What it keeps running.
    pub(crate) managed: ManagedProcesses,
    local: OnceLock<Host>,
    /// What failed in parallel and was not looked at yet: its end reports it, with exit code 3.
    pub(crate) unseen: UnseenFailures,
    /// What it has put off until its end.
    pub(crate) deferred: Deferred,
    /// The temporary directories that it made, which are removed in the end.
    pub(super) temp_dirs: TempDirs,
    /// What a bare `inventory()` gives.
    pub(crate) inventory: DefaultInventory,
    recorder: OnceLock<Arc<Recorder>>,
    exit_code: OnceLock<i32>,
    /// Its own standard input.
    pub(crate) input: ScriptInput,
    /// The secrets that somebody typed.
    pub(crate) secrets: Secrets,
}

impl Run {
    /// A run that has not begun yet.
    pub(crate) fn new(
        runtime: Handle,
        engine: Arc<Engine>,
        script: String,
        settings: Settings,
        console: Arc<dyn Console>,
    ) -> Self {
        Self {
            runtime,
            engine,
            script,
            settings,
            console,
            masks: Arc::default(),
            modules: ModuleCache::default(),
            processes: Processes::default(),
            managed: ManagedProcesses::default(),
            local: OnceLock::new(),
            unseen: UnseenFailures::default(),
            deferred: Deferred::default(),
            temp_dirs: TempDirs::default(),
            inventory: DefaultInventory::default(),
            recorder: OnceLock::new(),
            exit_code: OnceLock::new(),
            input: ScriptInput::default(),
            secrets: Secrets::default(),
        }
    }

    /// This machine. All handles of a run are one, since what commands leave in the background
    /// belongs to it, and ends with it.
    pub(crate) fn local(&self) -> Host {
        self.local.get_or_init(|| Host::from(crate::Executor::local("script"))).clone()
    }

    /// The script's path where it is a file, and else what it is called: the same whatever the path
    /// looks like.
    pub(crate) fn script_path(&self) -> String {
        let path = std::fs::canonicalize(&self.script);
        path.map_or_else(|_| self.script.clone(), |path| path.to_string_lossy().into_owned())
    }

    /// Leaves to the guard, if there is one, what local commands have left behind.
    pub(crate) fn leave_the_rest(&self) {
        if let Some(local) = self.local.get()
            && self.settings.is_guarded
        {
            // When the last handle is dropped, what was left behind is killed at once.
            std::mem::forget(local.clone());
        }
    }

    /// Whether the policy lets the script do this.
    ///
    /// # Errors
    ///
    /// `Denied` where it does not.
    pub(crate) fn check(&self, action: &Action) -> crate::Result<()> {
        self.settings.policy.check(action)
    }

    /// Begins to record, if that was asked for.
    ///
    /// # Errors
    ///
    /// Where the file can't be made.
    pub(crate) fn begin_record(&self) -> crate::Result<()> {
        let Some(path) = &self.settings.record else { return Ok(()) };
        let recorder = Recorder::create(path, self.masks.clone())?;
        recorder.begin(&self.script, &self.settings.args);
        self.recorder.get_or_init(|| Arc::new(recorder));
        Ok(())
    }

    /// Where commands, events and results are recorded, if they are.
    pub(crate) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.recorder.get()
    }

    /// Notes the exit code that the script asked for. Whoever asks first is heard.
    pub(crate) fn exit(&self, code: i32) {
        self.exit_code.get_or_init(|| code);
    }

    /// The exit code that the script asked for, if it did.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.exit_code.get().copied()
    }

    /// Writes a line to standard output, with secrets masked.
    ///
    /// # Errors
    ///
    /// Where it can't be written.
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        self.console.print(&self.masks.mask(text))
    }

    /// Writes a line to standard error, with secrets masked.
    pub(crate) fn eprint(&self, text: &str) {
        self.console.eprint(&self.masks.mask(text));
    }

    /// Writes a log line, with secrets masked.
    pub(crate) fn log(&self, level: LogLevel, text: &str) {
        self.console.log(level, &self.masks.mask(text));
    }
}
