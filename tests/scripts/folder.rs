//! A temporary folder of scripts, a way to run one beside them, and a console that remembers.

use rexec::{
    ScriptEnd, ScriptError, ScriptHost,
    script::console::{Answer, Console},
};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
};

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

/// Remembers what a script writes, and answers its questions in turn.
#[derive(Clone, Default)]
pub(crate) struct TestConsole(Arc<Mutex<Record>>);

#[derive(Default)]
struct Record {
    stdout: String,
    stderr: String,
    answers: VecDeque<String>,
    input: String,
    hidden: bool,
}

impl TestConsole {
    /// Somebody is there, and answers this in turn.
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let console = Self::default();
        console.0.lock().unwrap().answers = answers.iter().map(ToString::to_string).collect();
        console
    }

    /// With this for the script's standard input.
    pub(crate) fn with_input(input: &str) -> Self {
        let console = Self::default();
        console.0.lock().unwrap().input = input.to_owned();
        console
    }

    pub(crate) fn stdout(&self) -> String {
        self.0.lock().unwrap().stdout.clone()
    }

    pub(crate) fn stderr(&self) -> String {
        self.0.lock().unwrap().stderr.clone()
    }

    /// Whether a hidden answer was asked for.
    pub(crate) fn asked_for_a_hidden_answer(&self) -> bool {
        self.0.lock().unwrap().hidden
    }

    /// A host whose scripts write here.
    pub(crate) fn host(&self) -> ScriptHost {
        ScriptHost::builder().console(Arc::new(self.clone())).build()
    }
}

impl Console for TestConsole {
    fn print(&self, text: &str) -> std::io::Result<()> {
        self.0.lock().unwrap().stdout.push_str(&format!("{text}\n"));
        Ok(())
    }

    fn eprint(&self, text: &str) {
        self.0.lock().unwrap().stderr.push_str(&format!("{text}\n"));
    }

    fn is_interactive(&self) -> bool {
        !self.0.lock().unwrap().answers.is_empty()
    }

    fn ask(&self, question: &str, answer: Answer) -> std::io::Result<Option<String>> {
        let mut record = self.0.lock().unwrap();
        record.stderr.push_str(&format!("{question}\n"));
        record.hidden |= answer == Answer::Hidden;
        Ok(record.answers.pop_front())
    }

    fn input(&self) -> Box<dyn std::io::BufRead + Send> {
        Box::new(std::io::Cursor::new(self.0.lock().unwrap().input.clone()))
    }
}
