//! A tree of files in memory, with the rules of POSIX paths.

use crate::{
    Error, ErrorKind, Result,
    backend::{DirEntry, FileKind, FileMetadata, show},
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, VecDeque},
    ffi::OsString,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

/// Files, directories and symbolic links below `/`. Modes and owners are kept, and hinder nobody.
#[derive(Debug)]
pub(super) struct Tree {
    /// By absolute path, without `.`, `..` and links in it.
    nodes: BTreeMap<PathBuf, Node>,
    temp_dirs: usize,
}

#[derive(Clone, Debug)]
struct Node {
    contents: Contents,
    mode: u32,
    owner: String,
    group: String,
    modified: SystemTime,
}

#[derive(Clone, Debug)]
enum Contents {
    File(Vec<u8>),
    Directory,
    Symlink(PathBuf),
}

/// Why an operation was refused, in the words of `errno(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    NotFound,
    NotADirectory,
    IsADirectory,
    NotEmpty,
    NotALink,
    TooManyLinks,
}

/// As Linux has it (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

impl Default for Tree {
    fn default() -> Self {
        let root = (PathBuf::from("/"), Node::new(Contents::Directory, 0o755));
        let temp = (PathBuf::from("/tmp"), Node::new(Contents::Directory, 0o1777));
        Self { nodes: BTreeMap::from([root, temp]), temp_dirs: 0 }
    }
}

impl Tree {
    pub(super) fn read(&self, path: &Path) -> Result<Bytes> {
        self.file(path)
            .map(|(_, contents)| Bytes::copy_from_slice(contents))
            .map_err(in_context("read", path))
    }

    /// Whether a file can be written here.
    pub(super) fn check_write(&self, path: &Path) -> Result<()> {
        self.path_to_write(path).map(drop).map_err(in_context("write", path))
    }

    /// Makes a file anew, with the mode of the old one unless another is given.
    pub(super) fn write(&mut self, path: &Path, contents: Vec<u8>, mode: Option<u32>) -> Result<()> {
        let node = self.file_to_write(path).map_err(in_context("write", path))?;
        node.contents = Contents::File(contents);
        node.mode = mode.unwrap_or(node.mode);
        node.modified = SystemTime::now();
        Ok(())
    }

    /// Adds to the end of a file, which is made if it is not there.
    pub(super) fn append(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        let node = self.file_to_write(path).map_err(in_context("write", path))?;
        if let Contents::File(contents) = &mut node.contents {
            contents.extend_from_slice(bytes);
        }
        node.modified = SystemTime::now();
        Ok(())
    }

    pub(super) fn metadata(&self, path: &Path) -> Result<Option<FileMetadata>> {
        match self.resolve(path, true) {
            Ok(path) => Ok(self.nodes.get(&path).map(Node::metadata)),
            Err(Problem::NotFound | Problem::NotADirectory) => Ok(None),
            Err(problem) => Err(in_context("stat", path)(problem)),
        }
    }

    pub(super) fn list(&self, path: &Path) -> Result<Vec<DirEntry>> {
        let directory = self.directory(path).map_err(in_context("list", path))?;
        let entry =
            |(path, node): (&PathBuf, &Node)| DirEntry { name: name_of(path), metadata: node.metadata() };
        Ok(self.children(&directory).map(entry).collect())
    }

    pub(super) fn create_dir_all(&mut self, path: &Path) -> Result<()> {
        let mut made = PathBuf::from("/");
        for component in path.components() {
            made.push(component);
            let at = self.resolve(&made, true).map_err(in_context("create directory", path))?;
            let node = self.nodes.entry(at).or_insert_with(|| Node::new(Contents::Directory, 0o755));
            if !matches!(node.contents, Contents::Directory) {
                return Err(in_context("create directory", path)(Problem::NotADirectory));
            }
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path, recursive: bool) -> Result<()> {
        let at = self.existing(path, false).map_err(in_context("remove", path))?;
        if !recursive && self.children(&at).next().is_some() {
            return Err(in_context("remove", path)(Problem::NotEmpty));
        }
        self.nodes.retain(|path, _| !path.starts_with(&at));
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let old = self.existing(from, false).map_err(in_context("rename", from))?;
        let new = self.resolve(to, false).map_err(in_context("rename to", to))?;
        let (from_directory, to_directory) = (self.is_directory(&old), self.is_directory(&new));
        let problem = match (from_directory, to_directory) {
            (true, true) if self.children(&new).next().is_some() => Some(Problem::NotEmpty),
            (true, false) if self.nodes.contains_key(&new) => Some(Problem::NotADirectory),
            (false, true) => Some(Problem::IsADirectory),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(in_context("rename to", to)(problem));
        }
        let moved: Vec<PathBuf> = self.nodes.keys().filter(|path| path.starts_with(&old)).cloned().collect();
        for path in moved {
            let node = self.nodes.remove(&path).expect("its key was just read");
            let rest = path.strip_prefix(&old).expect("it was filtered for this");
            let target = if rest.as_os_str().is_empty() { new.clone() } else { new.join(rest) };
            self.nodes.insert(target, node);
        }
        Ok(())
    }

    pub(super) fn set_mode(&mut self, path: &Path, mode: u32) -> Result<()> {
        self.node_mut(path).map_err(in_context("chmod", path))?.mode = mode;
        Ok(())
    }

    /// Sets `user` or `user:group`.
    pub(super) fn set_owner(&mut self, path: &Path, owner: &str) -> Result<()> {
        let node = self.node_mut(path).map_err(in_context("chown", path))?;
        let (user, group) = owner.split_once(':').unwrap_or((owner, &node.group));
        (node.owner, node.group) = (user.to_owned(), group.to_owned());
        Ok(())
    }

    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> Result<()> {
        let (mode, contents) = self.file(from).map_err(in_context("copy", from))?;
        let contents = contents.to_vec();
        self.write(to, contents, Some(mode))
    }

    pub(super) fn read_link(&self, path: &Path) -> Result<PathBuf> {
        let read = |path: &Path| match &self.nodes[&self.existing(path, false)?].contents {
            Contents::Symlink(target) => Ok(target.clone()),
            _ => Err(Problem::NotALink),
        };
        read(path).map_err(in_context("read link", path))
    }

    /// Makes a link, over one that is there.
    pub(super) fn symlink(&mut self, target: &Path, link: &Path) -> Result<()> {
        let at = self.resolve(link, false).map_err(in_context("link", link))?;
        if self.is_directory(&at) {
            return Err(in_context("link", link)(Problem::IsADirectory));
        }
        self.nodes.insert(at, Node::new(Contents::Symlink(target.to_owned()), 0o777));
        Ok(())
    }

    pub(super) fn temp_dir(&mut self) -> PathBuf {
        self.temp_dirs += 1;
        let path = PathBuf::from(format!("/tmp/rexec-{}", self.temp_dirs));
        self.nodes.insert(path.clone(), Node::new(Contents::Directory, 0o700));
        path
    }

    fn file(&self, path: &Path) -> Result<(u32, &[u8]), Problem> {
        let node = &self.nodes[&self.existing(path, true)?];
        match &node.contents {
            Contents::File(bytes) => Ok((node.mode, bytes)),
            _ => Err(Problem::IsADirectory),
        }
    }

    fn path_to_write(&self, path: &Path) -> Result<PathBuf, Problem> {
        let at = self.resolve(path, true)?;
        if self.is_directory(&at) { Err(Problem::IsADirectory) } else { Ok(at) }
    }

    fn file_to_write(&mut self, path: &Path) -> Result<&mut Node, Problem> {
        let at = self.path_to_write(path)?;
        Ok(self.nodes.entry(at).or_insert_with(|| Node::new(Contents::File(Vec::new()), 0o644)))
    }

    fn directory(&self, path: &Path) -> Result<PathBuf, Problem> {
        let at = self.existing(path, true)?;
        if self.is_directory(&at) { Ok(at) } else { Err(Problem::NotADirectory) }
    }

    fn node_mut(&mut self, path: &Path) -> Result<&mut Node, Problem> {
        let at = self.existing(path, true)?;
        self.nodes.get_mut(&at).ok_or(Problem::NotFound)
    }

    fn existing(&self, path: &Path, follow: bool) -> Result<PathBuf, Problem> {
        let at = self.resolve(path, follow)?;
        if self.nodes.contains_key(&at) { Ok(at) } else { Err(Problem::NotFound) }
    }

    fn is_directory(&self, at: &Path) -> bool {
        self.nodes.get(at).is_some_and(|node| matches!(node.contents, Contents::Directory))
    }

    fn children<'a>(&'a self, at: &'a Path) -> impl Iterator<Item = (&'a PathBuf, &'a Node)> {
        self.nodes.iter().filter(move |(path, _)| path.parent() == Some(at))
    }

    /// The path without `.`, `..` and links in it. All but its last name must be there.
    fn resolve(&self, path: &Path, follow_last: bool) -> Result<PathBuf, Problem> {
        let mut rest: VecDeque<OsString> = names(path).collect();
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                at.pop();
                continue;
            }
            at.push(&name);
            let is_last = rest.is_empty();
            match self.nodes.get(&at).map(|node| &node.contents) {
                Some(Contents::Symlink(target)) if follow_last || !is_last => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Problem::TooManyLinks);
                    }
                    at.pop();
                    if target.is_absolute() {
                        at = PathBuf::from("/");
                    }
                    rest = names(target).chain(rest).collect();
                }
                Some(Contents::Directory) => {}
                _ if is_last => {}
                Some(_) => return Err(Problem::NotADirectory),
                None => return Err(Problem::NotFound),
            }
        }
        Ok(at)
    }
}

impl Node {
    fn new(contents: Contents, mode: u32) -> Self {
        let (owner, group) = ("root".to_owned(), "root".to_owned());
        Self { contents, mode, owner, group, modified: SystemTime::now() }
    }

    fn metadata(&self) -> FileMetadata {
        let (kind, size) = match &self.contents {
            Contents::File(bytes) => (FileKind::File, bytes.len() as u64),
            Contents::Directory => (FileKind::Directory, 0),
            Contents::Symlink(target) => (FileKind::Symlink, target.as_os_str().len() as u64),
        };
        FileMetadata::new(kind, size, self.mode, self.modified).owned_by(&*self.owner, &*self.group)
    }
}

/// The names in a path, `..` among them; a relative one is taken from `/`.
fn names(path: &Path) -> impl Iterator<Item = OsString> + use<'_> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

fn name_of(path: &Path) -> OsString {
    path.file_name().unwrap_or_default().to_owned()
}

fn in_context(what: &'static str, path: &Path) -> impl Fn(Problem) -> Error + use<> {
    let path = path.to_owned();
    move |problem| {
        let (kind, text) = match problem {
            Problem::NotFound => (ErrorKind::NotFound, "no such file or directory"),
            Problem::NotADirectory => (ErrorKind::Io, "not a directory"),
            Problem::IsADirectory => (ErrorKind::Io, "is a directory"),
            Problem::NotEmpty => (ErrorKind::Io, "directory not empty"),
            Problem::NotALink => (ErrorKind::Io, "not a symbolic link"),
            Problem::TooManyLinks => (ErrorKind::Io, "too many levels of symbolic links"),
        };
        Error::new(kind, format!("{what} {}: {text}", show(&path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for file in files.iter().map(Path::new) {
            tree.create_dir_all(file.parent().unwrap()).unwrap();
            tree.write(file, file.as_os_str().as_encoded_bytes().to_vec(), None).unwrap();
        }
        tree
    }

    fn listed(tree: &Tree, path: &str) -> Vec<OsString> {
        tree.list(Path::new(path)).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn links_and_dots_are_followed() {
        let mut tree = tree(&["/srv/v1/app"]);
        tree.symlink(Path::new("v1"), Path::new("/srv/current")).unwrap();
        assert_eq!(tree.read(Path::new("/srv/./v1/../current/app")).unwrap(), "/srv/v1/app");
        tree.symlink(Path::new("/srv/loop"), Path::new("/srv/loop")).unwrap();
        let error = tree.read(Path::new("/srv/loop")).unwrap_err();
        assert_eq!(error.message(), "read /srv/loop: too many levels of symbolic links");
    }

    #[test]
    fn a_renamed_directory_takes_its_files_along() {
        let mut tree = tree(&["/srv/new/a", "/srv/new/b/c", "/srv/newer/x"]);
        tree.rename(Path::new("/srv/new"), Path::new("/srv/old")).unwrap();
        assert_eq!(listed(&tree, "/srv"), ["newer", "old"]);
        assert_eq!(tree.read(Path::new("/srv/old/b/c")).unwrap(), "/srv/new/b/c");
    }

    #[test]
    fn a_full_directory_goes_only_when_it_is_told_so() {
        let mut tree = tree(&["/srv/a", "/srv/b/c"]);
        let error = tree.remove(Path::new("/srv"), false).unwrap_err();
        assert_eq!(error.message(), "remove /srv: directory not empty");
        tree.remove(Path::new("/srv"), true).unwrap();
        assert_eq!(tree.metadata(Path::new("/srv/b/c")).unwrap(), None);
        assert_eq!(listed(&tree, "/"), ["tmp"]);
    }

    #[test]
    fn a_file_needs_its_directory() {
        let mut tree = tree(&["/srv/a"]);
        let error = tree.write(Path::new("/opt/a"), Vec::new(), None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = tree.write(Path::new("/srv/a/b"), Vec::new(), None).unwrap_err();
        assert_eq!(error.message(), "write /srv/a/b: not a directory");
    }

    #[test]
    fn removing_a_link_leaves_what_it_points_to() {
        let mut tree = tree(&["/srv/v1/app"]);
        tree.symlink(Path::new("/srv/v1"), Path::new("/srv/current")).unwrap();
        tree.remove(Path::new("/srv/current"), true).unwrap();
        assert_eq!(listed(&tree, "/srv"), ["v1"]);
        assert_eq!(listed(&tree, "/srv/v1"), ["app"]);
    }
}
