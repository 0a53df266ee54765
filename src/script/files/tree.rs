//! Directories, names and links: `exists`, `stat`, `list`, `glob`, `mkdir`, `remove`, ...

use super::{
    access::{Access, permit},
    changing, mode, reading,
};
use crate::{
    ErrorKind,
    backend::FileMetadata,
    executor::Files,
    script::{convert, define::function, hosts::Host, options, scope::ScriptResult, toolbox::time::Time},
};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MkdirOptions {
    mode: Option<mode::ModeOption>,
    owner: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RemoveOptions {
    recursive: bool,
    missing_ok: bool,
}

pub(super) fn register(engine: &mut Engine) {
    register_looking(engine);
    register_directories(engine);
    register_names(engine);
    register_rights(engine);
    register_links(engine);
}

fn register_looking(engine: &mut Engine) {
    function(
        engine,
        "exists(host: Host, path: string) -> bool",
        r#"
Whether there is such a file or directory. A link that points to nothing is none.

```rhai
print(local().exists("/"));  // true
```
"#,
        |host: &mut Host, path: ImmutableString| {
            let path = &*path;
            reading(host, &[Access::read(path)], |files| async move { files.exists(path).await })
        },
    );
    function(
        engine,
        "stat(host: Host, path: string) -> map",
        r#"
What is known of a file, links followed: `#{ size, mode, owner, group, modified, kind }`. The mode is a
text such as `"0644"`, the kind `"file"`, `"directory"` or `"other"`. Throws `not_found` if there is none.

```rhai
print(local().stat("/").kind);  // directory
```
"#,
        |host: &mut Host, path: ImmutableString| {
            let path = &*path;
            reading(host, &[Access::read(path)], |files| async move { files.stat(path).await }).map(describe)
        },
    );
    function(
        engine,
        "list(host: Host, path: string) -> array",
        r#"
The names in a directory, sorted.

```rhai
let dir = local().temp_dir();
local().write(dir + "/b", "");
local().write(dir + "/a", "");
print(local().list(dir));  // ["a", "b"]
```
"#,
        |host: &mut Host, path: ImmutableString| -> ScriptResult<Array> {
            let path = &*path;
            let entries =
                reading(host, &[Access::read(path)], |files| async move { files.list(path).await })?;
            Ok(convert::array(entries.into_iter().map(|entry| entry.name.to_string_lossy().into_owned())))
        },
    );
    function(
        engine,
        "glob(host: Host, pattern: string) -> array",
        r#"
The paths that a pattern matches, sorted: `*` and `?` within a name, `[a-z]`, `{a,b}`, and `**` for any
number of directories. As in a shell, only a pattern that begins with a dot matches a name that does.

```rhai
let host = local().in_dir(local().temp_dir());
host.mkdir("etc");
host.write("etc/b.conf", "");
host.write("etc/a.conf", "");
print(host.glob("**/*.conf"));  // ["etc/a.conf", "etc/b.conf"]
```
"#,
        |host: &mut Host, pattern: ImmutableString| -> ScriptResult<Array> {
            let pattern = &*pattern;
            let start = Access::read(fixed_part(pattern));
            let found = reading(host, &[start], |files| async move { files.glob(pattern).await })?;
            let found: Vec<_> = found.into_iter().map(text_of).collect();
            // Links in the midst of the pattern may have led elsewhere.
            permit(host, &found.iter().map(|path| Access::read(path).itself()).collect::<Vec<_>>())?;
            Ok(convert::array(found))
        },
    );
}

/// The directory that a pattern begins with, before its first special character.
fn fixed_part(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    match pattern[..special].rfind('/') {
        Some(0) => "/",
        Some(slash) => &pattern[..slash],
        None => ".",
    }
}

/// A path as a text: a name that is no UTF-8 can't be written in a script anyway.
fn text_of(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

fn describe(metadata: FileMetadata) -> Map {
    let mut map = Map::new();
    map.insert("size".into(), i64::try_from(metadata.size).unwrap_or(i64::MAX).into());
    map.insert("mode".into(), format!("{:04o}", metadata.mode).into());
    map.insert("owner".into(), metadata.owner.into());
    map.insert("group".into(), metadata.group.into());
    map.insert("modified".into(), Dynamic::from(Time::from(metadata.modified)));
    map.insert("kind".into(), metadata.kind.name().into());
    map
}

fn register_directories(engine: &mut Engine) {
    const MKDIR: &str = r#"
Makes a directory and those above it; one that is there is fine. Options: `mode`, `owner`, for the
directory itself.

```rhai
let dir = local().temp_dir() + "/a/b";
local().mkdir(dir, #{ mode: "0750" });
print(local().stat(dir).mode);  // 0750
```
"#;
    function(engine, "mkdir(host: Host, path: string)", MKDIR, |host: &mut Host, path: ImmutableString| {
        mkdir(host, &path, MkdirOptions::default())
    });
    function(
        engine,
        "mkdir(host: Host, path: string, options: map)",
        MKDIR,
        |host: &mut Host, path: ImmutableString, map: Map| {
            mkdir(host, &path, options::options("mkdir", &map)?)
        },
    );
    const REMOVE: &str = r#"
Removes a file, a link or an empty directory. Options: `recursive` (a directory with all that is in
it; links are not followed), `missing_ok` (`true`: what is not there is fine).

```rhai
let dir = local().temp_dir() + "/a";
local().mkdir(dir + "/b");
local().remove(dir, #{ recursive: true });
print(local().exists(dir));  // false
```
"#;
    function(engine, "remove(host: Host, path: string)", REMOVE, |host: &mut Host, path: ImmutableString| {
        remove(host, &path, &RemoveOptions::default())
    });
    function(
        engine,
        "remove(host: Host, path: string, options: map)",
        REMOVE,
        |host: &mut Host, path: ImmutableString, map: Map| {
            remove(host, &path, &options::options("remove", &map)?)
        },
    );
}

fn mkdir(host: &Host, path: &str, options: MkdirOptions) -> ScriptResult<()> {
    changing(host, &[Access::write(path)], &format!("make the directory {path}"), |files| async move {
        files.mkdir(path).await?;
        if let Some(owner) = &options.owner {
            files.chown(path, owner).await?;
        }
        match options.mode {
            Some(mode::ModeOption(mode)) => files.chmod(path, mode).await,
            None => Ok(()),
        }
    })
}

fn remove(host: &Host, path: &str, options: &RemoveOptions) -> ScriptResult<()> {
    let what = if options.recursive { "with all that is in it" } else { "" };
    let would = format!("remove {path} {what}");
    changing(host, &[Access::write(path).itself()], would.trim_end(), |files| async move {
        match remove_now(&files, path, options).await {
            Err(error) if options.missing_ok && error.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    })
}

async fn remove_now(files: &Files, path: &str, options: &RemoveOptions) -> crate::Result<()> {
    if options.recursive { files.remove_all(path).await } else { files.remove(path).await }
}

fn register_names(engine: &mut Engine) {
    function(
        engine,
        "rename(host: Host, from: string, to: string)",
        r#"
Renames a file or directory on the same file system, over an existing file.

```rhai
let host = local().in_dir(local().temp_dir());
host.write("a", "x");
host.rename("a", "b");
print(host.list("."));  // ["b"]
```
"#,
        |host: &mut Host, from: ImmutableString, to: ImmutableString| {
            let (from, to) = (&*from, &*to);
            let would = format!("rename {from} to {to}");
            let accesses = [Access::write(from).itself(), Access::write(to).itself()];
            changing(host, &accesses, &would, |files| async move { files.rename(from, to).await })
        },
    );
}

fn register_rights(engine: &mut Engine) {
    function(
        engine,
        "chmod(host: Host, path: string, mode: string | int)",
        r##"
Sets the mode of a file or directory: `"0644"` or `0o644`. A decimal number that looks like a mode
(644) throws.

```rhai
let path = local().temp_dir() + "/run";
local().write(path, "#!/bin/sh\n");
local().chmod(path, 0o755);
print(local().stat(path).mode);  // 0755
```
"##,
        |host: &mut Host, path: ImmutableString, mode: Dynamic| -> ScriptResult<()> {
            let mode = mode::from_value(&mode)?;
            let path = &*path;
            let would = format!("set mode {mode} of {path}");
            changing(
                host,
                &[Access::write(path)],
                &would,
                |files| async move { files.chmod(path, mode).await },
            )
        },
    );
    function(
        engine,
        "chown(host: Host, path: string, owner: string)",
        r#"
Gives a file or directory to `"user"`, or to `"user:group"`.

```rhai
let path = local().temp_dir() + "/a";
local().write(path, "x");
let owner = local().stat(path).owner;
local().chown(path, owner);
print(local().stat(path).owner == owner);  // true
```
"#,
        |host: &mut Host, path: ImmutableString, owner: ImmutableString| {
            let (path, owner) = (&*path, &*owner);
            let would = format!("give {path} to {owner}");
            changing(
                host,
                &[Access::write(path)],
                &would,
                |files| async move { files.chown(path, owner).await },
            )
        },
    );
}

fn register_links(engine: &mut Engine) {
    function(
        engine,
        "symlink(host: Host, target: string, link: string)",
        r#"
Makes a symbolic link at `link` that points to `target`. A link or a file that is there is replaced in
one step: whoever looks finds the old one or the new one. So a release is switched.

```rhai
let host = local().in_dir(local().temp_dir());
host.mkdir("releases/1");
host.mkdir("releases/2");
host.symlink("releases/1", "current");
host.symlink("releases/2", "current");
print(host.read_link("current"));  // releases/2
```
"#,
        |host: &mut Host, target: ImmutableString, link: ImmutableString| {
            let (target, link) = (&*target, &*link);
            let would = format!("make the link {link} to {target}");
            changing(host, &[Access::write(link).itself()], &would, |files| async move {
                files.symlink(target, link).await
            })
        },
    );
    function(
        engine,
        "read_link(host: Host, path: string) -> string",
        r#"
Where a symbolic link points, as it stands in the link.

```rhai
let host = local().in_dir(local().temp_dir());
host.symlink("nowhere", "link");
print(host.read_link("link"));  // nowhere
```
"#,
        |host: &mut Host, path: ImmutableString| {
            let path = &*path;
            reading(host, &[Access::read(path).itself()], |files| async move { files.read_link(path).await })
                .map(text_of)
        },
    );
}
