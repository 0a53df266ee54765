//! What was typed before, kept for the next time.

use directories::ProjectDirs;
use rustyline::{
    Config, Result,
    config::Builder,
    history::{FileHistory, History},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// As many entries as are kept.
const MAX_ENTRIES: usize = 10_000;

/// Where the history is kept: in the user's folder for such things; `None` where there is none.
pub(super) fn default_path() -> Option<PathBuf> {
    let directories = ProjectDirs::from("", "", "rexec")?;
    let folder = directories.state_dir().unwrap_or_else(|| directories.data_local_dir());
    Some(folder.join("history"))
}

/// The editor's settings that have to do with history.
pub(super) fn configure(builder: Builder) -> Result<Builder> {
    // What begins with a space is not kept, as in most shells: for what is secret.
    builder.max_history_size(MAX_ENTRIES)?.history_ignore_space(true).history_ignore_dups(true)
}

/// What is in the file, which is made if it isn't there, for its owner's eyes alone.
///
/// # Errors
///
/// Where it can't be used.
pub(super) fn load(config: &Config, path: &Path) -> Result<FileHistory> {
    make_private(path)?;
    let mut history = FileHistory::with_config(config);
    history.load(path)?;
    Ok(history)
}

/// Adds an entry, to the file at once: however the session ends, it is there.
///
/// # Errors
///
/// Where the file can't be written.
pub(super) fn keep(history: &mut FileHistory, path: Option<&Path>, entry: &str) -> Result<()> {
    if history.add(entry)?
        && let Some(path) = path
    {
        // If it is gone, the library would make it under a changed umask, and that is the whole
        // process's.
        make_private(path)?;
        history.append(path)?;
    }
    Ok(())
}

fn make_private(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        private(&mut fs::DirBuilder::new()).recursive(true).create(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn private(builder: &mut fs::DirBuilder) -> &mut fs::DirBuilder {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        configure(Config::builder()).unwrap().build()
    }

    fn entries(history: &FileHistory) -> Vec<&str> {
        history.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_two_sessions_typed_is_there_in_the_third() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/history");
        let mut first = load(&config(), &path).unwrap();
        let mut second = load(&config(), &path).unwrap();
        keep(&mut first, Some(&path), "let a = 1").unwrap();
        keep(&mut second, Some(&path), "fn f() {\n  \\n\n}").unwrap();
        keep(&mut first, Some(&path), "a").unwrap();
        let third = load(&config(), &path).unwrap();
        assert_eq!(entries(&third), ["let a = 1", "fn f() {\n  \\n\n}", "a"]);
    }

    #[test]
    fn what_begins_with_a_space_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let mut history = load(&config(), &path).unwrap();
        keep(&mut history, Some(&path), " let token = \"hunter2\"").unwrap();
        keep(&mut history, Some(&path), "1").unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains("hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone_also_when_it_was_removed_meanwhile() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/history");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let mut history = load(&config(), &path).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::remove_file(&path).unwrap();
        keep(&mut history, Some(&path), "1").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(entries(&load(&config(), &path).unwrap()), ["1"]);
    }
}
