//! Finds files by a pattern.

use super::Files;
use crate::{Error, Result, backend::FileMetadata};
use globset::{GlobBuilder, GlobMatcher};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

impl Files {
    /// The files and directories that a pattern matches, sorted. None is no error.
    ///
    /// `*` and `?` stand for characters of one name, `[a-z]` for one of several, `{a,b}` for one
    /// text or the other, and `**` as a whole name for any number of directories. As in a shell, a
    /// name that begins with a dot is only matched by a pattern that does; `**` neither enters
    /// such a directory nor follows links.
    ///
    /// Only the directories from the pattern's first special character on are looked through.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::ErrorKind::Invalid) where the pattern is malformed. A directory that
    /// may not be read is an error too: what it holds would be missing without a word.
    pub async fn glob(&self, pattern: &str) -> Result<Vec<PathBuf>> {
        let names = self.told(parse(pattern))?;
        let start = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
        let mut found = self.matching(start, &names).await?;
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Goes through the pattern name by name, with all the places that fit so far.
    async fn matching(&self, start: PathBuf, names: &[Name]) -> Result<Vec<PathBuf>> {
        let mut places = vec![start];
        for (index, name) in names.iter().enumerate() {
            let mut next = Vec::new();
            for place in places {
                match name {
                    Name::Literal(name) => next.push(place.join(name)),
                    Name::Glob { .. } => next.extend(self.matching_in(&place, name).await?),
                    Name::AnyDepth => next.extend(self.matching_below(&place, &names[index..]).await?),
                }
            }
            if matches!(name, Name::AnyDepth) {
                return Ok(next);
            }
            places = next;
        }
        match names.last() {
            Some(Name::Literal(_)) => self.existing(places).await,
            _ => Ok(places),
        }
    }

    async fn matching_in(&self, place: &Path, name: &Name) -> Result<Vec<PathBuf>> {
        let Some(directory) = self.directory(place).await? else { return Ok(Vec::new()) };
        let entries = self.told(self.system.list(&directory).await)?;
        let names = entries.into_iter().map(|entry| entry.name);
        Ok(names.filter(|found| name.fits(found)).map(|found| place.join(found)).collect())
    }

    /// What matches from a `**` on.
    async fn matching_below(&self, place: &Path, names: &[Name]) -> Result<Vec<PathBuf>> {
        let Some(directory) = self.directory(place).await? else { return Ok(Vec::new()) };
        let entries = self.told(self.system.walk(&directory).await)?;
        let fits = |path: &PathBuf| fit(names, &path.iter().collect::<Vec<_>>());
        let paths = entries.into_iter().map(|entry| entry.path);
        Ok(paths.filter(fits).map(|found| place.join(found)).collect())
    }

    /// The path of a place as the file system gets it, if it is a directory.
    async fn directory(&self, place: &Path) -> Result<Option<PathBuf>> {
        let here = place.as_os_str().is_empty();
        let path = self.resolve(if here { Path::new(".") } else { place })?;
        let found = self.told(self.system.metadata(&path).await)?;
        Ok(found.filter(FileMetadata::is_dir).map(|_| path))
    }

    async fn existing(&self, places: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for place in places {
            if self.exists(&place).await? {
                found.push(place);
            }
        }
        Ok(found)
    }
}

/// One name of a pattern, which are between its slashes.
#[derive(Debug)]
enum Name {
    Literal(String),
    Glob { matcher: GlobMatcher, begins_with_dot: bool },
    AnyDepth,
}

impl Name {
    fn fits(&self, name: &OsStr) -> bool {
        match self {
            Name::Literal(literal) => name == OsStr::new(literal),
            Name::Glob { matcher, begins_with_dot } => {
                (*begins_with_dot || !is_hidden(name)) && matcher.is_match(name)
            }
            Name::AnyDepth => !is_hidden(name),
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether these names of a pattern match the names of a path.
fn fit(pattern: &[Name], path: &[&OsStr]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        ([Name::AnyDepth, rest @ ..], _) if fit(rest, path) => true,
        ([Name::AnyDepth, ..], [first, others @ ..]) => !is_hidden(first) && fit(pattern, others),
        ([name, rest @ ..], [first, others @ ..]) => name.fits(first) && fit(rest, others),
        _ => false,
    }
}

fn parse(pattern: &str) -> Result<Vec<Name>> {
    if pattern.is_empty() {
        return Err(Error::invalid("an empty pattern matches no file"));
    }
    let names = pattern.split('/').filter(|name| !name.is_empty());
    names.map(|name| parse_name(name).map_err(|error| malformed(pattern, &error))).collect()
}

fn parse_name(name: &str) -> Result<Name, globset::Error> {
    if name == "**" {
        return Ok(Name::AnyDepth);
    }
    if !name.contains(['*', '?', '[', '{', '\\']) {
        return Ok(Name::Literal(name.to_owned()));
    }
    let matcher = GlobBuilder::new(name).backslash_escape(true).build()?.compile_matcher();
    Ok(Name::Glob { matcher, begins_with_dot: name.starts_with('.') })
}

fn malformed(pattern: &str, error: &globset::Error) -> Error {
    let error = Error::invalid(format!("pattern `{pattern}`: {}", error.kind()));
    error.with_hint("`[` and `{` need their counterparts in the same name; `\\[` stands for `[` itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let path: Vec<&OsStr> = path.split('/').map(OsStr::new).collect();
        fit(&parse(pattern).unwrap(), &path)
    }

    #[test]
    fn a_name_of_the_pattern_matches_one_name() {
        assert!(matches("*.conf", "a.conf"));
        assert!(!matches("*.conf", "a/b.conf"));
        assert!(matches("a?/[bc].{x,y}", "a1/c.y"));
        assert!(matches(r"\[a\]*", "[a] b"));
    }

    #[test]
    fn two_stars_match_any_number_of_directories() {
        for path in ["x.rs", "a/x.rs", "a/b/x.rs"] {
            assert!(matches("**/x.rs", path), "{path}");
        }
        assert!(matches("a/**/b/**/c", "a/b/c") && matches("a/**/b/**/c", "a/1/b/2/3/c"));
        assert!(matches("a/**", "a/b/c") && !matches("a/**/x", "a"));
    }

    #[test]
    fn a_leading_dot_is_matched_only_by_a_dot() {
        assert!(!matches("*", ".git") && matches(".*", ".git") && matches(".git", ".git"));
        assert!(!matches("**/config", ".git/config") && matches("**/.git/config", "a/.git/config"));
    }

    #[test]
    fn a_malformed_pattern_says_what_is_wrong() {
        let error = parse("a/{b").unwrap_err();
        assert!(error.message().starts_with("pattern `a/{b`: "), "{error}");
    }
}
