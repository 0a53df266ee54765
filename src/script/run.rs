//! One run of a script: what it was given, and what it must clean up.

use super::modules::ModuleCache;
use std::{path::PathBuf, time::Duration};
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
    /// Where modules are looked for, after the importing file's own folder.
    pub(crate) library_path: Vec<PathBuf>,
}

/// One run of a script.
pub(crate) struct Run {
    /// Where its functions wait.
    pub(crate) runtime: Handle,
    pub(crate) settings: Settings,
    /// The modules that it has imported.
    pub(crate) modules: ModuleCache,
}
