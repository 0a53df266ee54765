//! Journals: what a long piece of work has done, on disk, so that it can be gone on with when it was
//! broken off.
//!
//! A journal belongs to a key: the script, and what the script says that the work is about. It is
//! one file of JSON lines in the state folder (`$XDG_STATE_HOME/rexec/journals`, by default under
//! `~/.local/state`), locked while it is open, so that two runs can't do the same work at once. The
//! lock is the system's, and goes with the process, however that ends: none is ever left behind.
//! Work that comes to its end removes its journal.

use super::{
    define::{function, property},
    error::thrown,
    scope::{self, ScriptResult},
    toolbox::formats::{self, Data, to_json_value},
};
use crate::{Error, ErrorKind, Result};
use rhai::{Array, Dynamic, Engine, FuncRegistration, Map, Module};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A journal that is open.
struct OpenJournal {
    path: PathBuf,
    file: File,
}

impl OpenJournal {
    /// Opens the journal of a key, and gives it with what an earlier run wrote.
    fn open(folder: &Path, key: &str) -> Result<(Self, Array)> {
        let path = folder.join(format!("{}.jsonl", short_hash(key)));
        fs::create_dir_all(folder).map_err(|error| failed("make", folder, error))?;
        loop {
            let mut options = OpenOptions::new();
            let opened = options.read(true).append(true).create(true).open(&path);
            let file = opened.map_err(|error| failed("open", &path, error))?;
            lock(&file, &path)?;
            // Whoever held the lock before may have removed the file at the end of its work.
            if is_still_there(&file, &path) {
                let entries = read_entries(&file, &path)?;
                return Ok((Self { path, file }, entries));
            }
        }
    }

    fn add(&mut self, entry: &serde_json::Value) -> Result<()> {
        let line = format!("{entry}\n");
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| failed("write", &self.path, error))
    }

    fn clear(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(|error| failed("clear", &self.path, error))
    }

    fn finish(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|error| failed("remove", &self.path, error))
    }
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::from_io(format_args!("{what} the journal {}", path.display()), error)
}

fn short_hash(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(ErrorKind::Denied, "another run is doing this work right now")
                .with_hint(format!("its journal is {}", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", path, error)),
    }
}

#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_there(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The entries, without a last line that was cut in the middle of writing it.
fn read_entries(file: &File, path: &Path) -> Result<Array> {
    let mut entries = Array::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(|error| failed("read", path, error))?;
        if let Ok(Data(entry)) = formats::from_json(&line) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// A journal, as scripts hold it. A clone is the same journal.
#[derive(Clone)]
struct Journal {
    /// Nothing in a dry run, and when the work is done.
    open: Arc<Mutex<Option<OpenJournal>>>,
    /// What an earlier run wrote.
    entries: Array,
}

impl Journal {
    fn open(about: &Map) -> ScriptResult<Self> {
        let run = scope::current()?.run;
        if run.settings.dry_run {
            return Ok(Self { open: Arc::default(), entries: Array::new() });
        }
        let about = to_json_value(&about.clone().into()).map_err(thrown)?;
        let key = serde_json::json!([run.script_path(), about]).to_string();
        let (open, entries) =
            OpenJournal::open(&folder(&run.settings.state_folder)?, &key).map_err(thrown)?;
        Ok(Self { open: Arc::new(Mutex::new(Some(open))), entries })
    }

    fn with_open(&self, work: impl FnOnce(&mut OpenJournal) -> Result<()>) -> ScriptResult<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_mut().map_or(Ok(()), work).map_err(thrown)
    }

    fn finish(&self) -> ScriptResult<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        open.map_or(Ok(()), OpenJournal::finish).map_err(thrown)
    }
}

/// Where journals are kept.
fn folder(state_folder: &Option<PathBuf>) -> ScriptResult<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state_folder.clone().or_else(|| {
        let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
        state.map(|folder| folder.join("rexec"))
    });
    state.map(|folder| folder.join("journals")).ok_or_else(|| {
        thrown(
            Error::new(ErrorKind::NotFound, "there is no folder for journals")
                .with_hint("set the variable XDG_STATE_HOME or HOME"),
        )
    })
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Journal>("Journal");
    register_open(engine);
    property(
        engine,
        "entries(journal: Journal) -> array",
        r#"
What an earlier run that was broken off wrote into it.

```rhai
let journal = journal::open(#{ work: "example" });
print(journal.entries.len);  // 0
journal.finish();
```
"#,
        |journal: &mut Journal| journal.entries.clone(),
    );
    property(
        engine,
        "resumes(journal: Journal) -> bool",
        r#"
Whether the script was asked to go on with what an earlier run began (`--resume`).

```rhai
let journal = journal::open(#{ work: "example" });
print(journal.resumes);  // false
journal.finish();
```
"#,
        |_: &mut Journal| -> ScriptResult<bool> { Ok(scope::current()?.run.settings.resume) },
    );
    register_writing(engine);
}

fn register_open(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Opens the journal of a piece of work, which the map tells from others of this script. It is on disk
while the work is not done, so a run that is broken off can be gone on with. Where another run has it
open, an error of kind `denied` is thrown. A dry run writes nothing.

```rhai
let journal = journal::open(#{ work: "deploy", version: "1.2" });
journal.add(#{ host: "web1", done: true });
journal.finish();
```
"#;
    let mut module = Module::new();
    FuncRegistration::new("open")
        .with_volatility(true)
        .with_params_info(["about: map", "Journal"])
        .with_comments([super::define::as_comment(DOCUMENTATION)])
        .set_into_module(&mut module, |about: Map| Journal::open(&about));
    engine.register_static_module("journal", module.into());
}

fn register_writing(engine: &mut Engine) {
    function(
        engine,
        "add(journal: Journal, entry: map)",
        r#"
Writes an entry; when it returns, the entry is on the disk.

```rhai
let journal = journal::open(#{ work: "example" });
journal.add(#{ host: "web1", done: true });
journal.finish();
```
"#,
        |journal: &mut Journal, entry: Map| -> ScriptResult<()> {
            let entry = to_json_value(&Dynamic::from(entry)).map_err(thrown)?;
            journal.with_open(|open| open.add(&entry))
        },
    );
    function(
        engine,
        "clear(journal: Journal)",
        r#"
Forgets what was written, to begin from the start.

```rhai
let journal = journal::open(#{ work: "example" });
journal.clear();
journal.finish();
```
"#,
        |journal: &mut Journal| -> ScriptResult<()> {
            journal.entries.clear();
            journal.with_open(OpenJournal::clear)
        },
    );
    function(
        engine,
        "finish(journal: Journal)",
        r#"
The work is done: its journal is removed.

```rhai
journal::open(#{ work: "example" }).finish();
```
"#,
        |journal: &mut Journal| journal.finish(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> serde_json::Value {
        serde_json::json!({ "text": text })
    }

    #[test]
    fn what_was_written_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, entries) = OpenJournal::open(folder.path(), "key").unwrap();
        assert!(entries.is_empty());
        journal.add(&entry("a")).unwrap();
        journal.add(&entry("b")).unwrap();
        drop(journal);
        let (journal, entries) = OpenJournal::open(folder.path(), "key").unwrap();
        assert_eq!(entries.len(), 2);
        journal.finish().unwrap();
        assert!(OpenJournal::open(folder.path(), "key").unwrap().1.is_empty());
    }

    #[test]
    fn another_key_is_another_journal() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = OpenJournal::open(folder.path(), "one").unwrap();
        journal.add(&entry("a")).unwrap();
        assert!(OpenJournal::open(folder.path(), "two").unwrap().1.is_empty());
    }

    #[test]
    fn a_journal_that_is_open_is_refused_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let held = OpenJournal::open(folder.path(), "key").unwrap();
        let problem = OpenJournal::open(folder.path(), "key").err().unwrap();
        assert_eq!(problem.kind(), ErrorKind::Denied);
        drop(held);
        assert!(OpenJournal::open(folder.path(), "key").is_ok());
    }

    #[test]
    fn a_line_that_was_cut_in_the_middle_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = OpenJournal::open(folder.path(), "key").unwrap();
        journal.add(&entry("a")).unwrap();
        journal.file.write_all(b"{\"text\": \"b").unwrap();
        drop(journal);
        assert_eq!(OpenJournal::open(folder.path(), "key").unwrap().1.len(), 1);
    }
}
