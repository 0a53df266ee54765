//! A temporary folder of scripts, and a way to run one beside them.

use rexec::{ScriptEnd, ScriptError, ScriptHost};
use std::path::Path;

/// Removed with everything in it when it is dropped.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a script that stands in this folder as `main.rhai`.
    pub(crate) fn run(&self, script: &str) -> Result<ScriptEnd, ScriptError> {
        self.run_with(&ScriptHost::builder().build(), script)
    }

    /// The same on a host of the test's own.
    pub(crate) fn run_with(&self, host: &ScriptHost, script: &str) -> Result<ScriptEnd, ScriptError> {
        let name = self.path().join("main.rhai");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(host.run_source(&name.to_string_lossy(), script))
    }

    /// What a script gives, as it prints for debugging.
    pub(crate) fn eval(&self, script: &str) -> String {
        let end = self.run(script).unwrap_or_else(|error| panic!("{error}\n{script}"));
        format!("{:?}", end.value)
    }
}
