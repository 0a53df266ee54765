//! Where an `import`'s path leads.

use crate::{Error, ErrorKind, Result};
use include_dir::{Dir, include_dir};
use std::{
    fmt,
    path::{Component, Path, PathBuf},
};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stdlib");
const PREFIX: &str = "std/";
const EXTENSION: &str = ".rhai";

/// Where a module is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In the binary, by its name without `std/`.
    Embedded(String),
    /// In a file: the path as the importers see it, and what it resolves to, which makes two paths
    /// to one file one module.
    File { shown: PathBuf, canonical: PathBuf },
}

impl Place {
    /// What decides whether two places are one: not how they print.
    fn key(&self) -> (bool, &Path) {
        match self {
            Place::Embedded(name) => (true, Path::new(name)),
            Place::File { canonical, .. } => (false, canonical),
        }
    }

    /// The module's text.
    pub(super) fn read(&self) -> Result<String> {
        match self {
            Place::Embedded(name) => Ok(embedded(name).expect("it was found").to_owned()),
            Place::File { shown, .. } => std::fs::read_to_string(shown)
                .map_err(|source| Error::from_io(format_args!("read {}", shown.display()), source)),
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Place {}

impl std::hash::Hash for Place {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Place {
    /// As messages name it: `std/rollout`, `scripts/lib/util.rhai`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Embedded(name) => write!(f, "{PREFIX}{name}"),
            Place::File { shown, .. } => write!(f, "{}", shown.display()),
        }
    }
}

/// The names of the embedded modules, as `import` takes them, sorted.
pub(crate) fn embedded_names() -> Vec<String> {
    let mut names: Vec<String> = EMBEDDED
        .files()
        .filter_map(|file| file.path().to_str()?.strip_suffix(EXTENSION))
        .map(|name| format!("{PREFIX}{name}"))
        .collect();
    names.sort();
    names
}

/// The text that stands behind a source's name in an error: an embedded module's, or a file's.
pub(crate) fn source_text(source: &str) -> Option<String> {
    match source.strip_prefix(PREFIX).and_then(embedded) {
        Some(text) => Some(text.to_owned()),
        None => std::fs::read_to_string(source).ok(),
    }
}

/// Finds what `path` means in a script called `importer`.
///
/// # Errors
///
/// `NotFound`, with the places where it looked.
pub(super) fn locate(importer: Option<&str>, path: &str, library_path: &[PathBuf]) -> Result<Place> {
    if path.is_empty() {
        return Err(Error::invalid("an import needs the name of a module"));
    }
    let within = importer.and_then(|name| name.strip_prefix(PREFIX)).filter(|name| embedded(name).is_some());
    if let Some(name) = path.strip_prefix(PREFIX) {
        return find_embedded(name, path);
    }
    // An embedded module has no folder: what it imports relative to itself is embedded too.
    if within.is_some() {
        let name = normalized(Path::new(path)).to_string_lossy().into_owned();
        return find_embedded(&name, path);
    }
    find_file(importer, path, library_path)
}

fn find_embedded(name: &str, path: &str) -> Result<Place> {
    let name = name.strip_suffix(EXTENSION).unwrap_or(name);
    if embedded(name).is_some() {
        return Ok(Place::Embedded(name.to_owned()));
    }
    Err(Error::new(ErrorKind::NotFound, format!("no module `{path}` is built in"))
        .with_hint(format!("there are {}", embedded_names().join(", "))))
}

fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.get_file(format!("{name}{EXTENSION}"))?.contents_utf8()
}

fn find_file(importer: Option<&str>, path: &str, library_path: &[PathBuf]) -> Result<Place> {
    let candidates = candidates(importer, path, library_path);
    for shown in &candidates {
        match shown.canonicalize() {
            Ok(canonical) if canonical.is_file() => {
                return Ok(Place::File { shown: shown.clone(), canonical });
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(Error::from_io(format_args!("read {}", shown.display()), error)),
        }
    }
    let looked: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
    Err(Error::new(ErrorKind::NotFound, format!("no module `{path}`: looked for {}", looked.join(", ")))
        .with_hint("a path is relative to the importing file; what is built in begins with `std/`"))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// The files that `path` may mean, in the order in which they are tried.
fn candidates(importer: Option<&str>, path: &str, library_path: &[PathBuf]) -> Vec<PathBuf> {
    let file = if path.ends_with(EXTENSION) { path.to_owned() } else { format!("{path}{EXTENSION}") };
    // `eval`, `repl` and scripts from standard input have no folder: they stand where rexec was
    // started, and so does the empty path.
    let beside = importer.and_then(|name| Path::new(name).parent()).unwrap_or(Path::new(""));
    let is_relative = path.starts_with("./") || path.starts_with("../");
    let library = library_path.iter().filter(|_| !is_relative).map(PathBuf::as_path);
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in std::iter::once(beside).chain(library) {
        let candidate = normalized(&folder.join(&file));
        if !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

/// The path without `.` and without `x/..`, by its text alone.
fn normalized(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(result.components().next_back(), Some(Component::Normal(_))) => {
                result.pop();
            }
            component => result.push(component),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_importing_file_and_then_to_the_library_path() {
        let library = [PathBuf::from("/opt/lib")];
        assert_eq!(
            candidates(Some("scripts/deploy.rhai"), "lib/web", &library),
            [PathBuf::from("scripts/lib/web.rhai"), PathBuf::from("/opt/lib/lib/web.rhai")]
        );
        assert_eq!(
            candidates(Some("scripts/lib/a.rhai"), "../b", &library),
            [PathBuf::from("scripts/b.rhai")],
            "a path that begins with a dot is never looked for in the library"
        );
        assert_eq!(candidates(Some("eval"), "x.rhai", &[]), [PathBuf::from("x.rhai")]);
    }

    #[test]
    fn parents_above_the_start_are_kept() {
        assert_eq!(normalized(Path::new("a/./b/../../../c")), PathBuf::from("../c"));
        assert_eq!(normalized(Path::new("/a/../b")), PathBuf::from("/b"));
    }

    #[test]
    fn two_paths_to_one_file_are_one_place() {
        let place = |shown: &str| Place::File { shown: shown.into(), canonical: "/x/y.rhai".into() };
        assert_eq!(place("y.rhai"), place("../x/y.rhai"));
        assert_ne!(place("y.rhai"), Place::Embedded("y".into()));
    }

    #[test]
    fn a_missing_module_says_where_it_looked() {
        let error = locate(Some("a/main.rhai"), "nope", &["/lib".into()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.message(), "no module `nope`: looked for a/nope.rhai, /lib/nope.rhai");
    }
}
