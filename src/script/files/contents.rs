//! What is in files: `read`, `write`, `append`, `checksum`, `template`.

use super::{access::Access, changing, mode::ModeOption, reading};
use crate::{
    backend::WriteOptions,
    executor::{Files, render_template},
    script::{
        convert,
        define::function,
        error::{invalid, thrown},
        hosts::Host,
        options,
        scope::ScriptResult,
    },
};
use rhai::{Blob, Dynamic, Engine, ImmutableString, Map};
use serde::Deserialize;
use std::cell::RefCell;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReadOptions {
    max_size: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HowToWrite {
    mode: Option<ModeOption>,
    owner: Option<String>,
    atomic: Option<bool>,
}

pub(super) fn register(engine: &mut Engine) {
    register_read(engine);
    register_write(engine);
    register_checksum(engine);
    register_template(engine);
}

fn register_read(engine: &mut Engine) {
    const TEXT: &str = r#"
The text of a file. Throws where it is not UTF-8 (`read_bytes` takes anything), and where it is
larger than 64 MiB, or than the `max_size` in bytes that the options give.

```rhai
let dir = local().temp_dir();
local().write(dir + "/motd", "hello");
print(local().read(dir + "/motd"));  // hello
```
"#;
    function(
        engine,
        "read(host: Host, path: string) -> string",
        TEXT,
        |host: &mut Host, path: ImmutableString| read(host, &path, &ReadOptions::default()),
    );
    function(
        engine,
        "read(host: Host, path: string, options: map) -> string",
        TEXT,
        |host: &mut Host, path: ImmutableString, map: Map| {
            read(host, &path, &options::options("read", &map)?)
        },
    );
    const BYTES: &str = r#"
The bytes of a file, as a blob; for the limit see `read`.

```rhai
let dir = local().temp_dir();
local().write(dir + "/data", "abc");
print(local().read_bytes(dir + "/data").len());  // 3
```
"#;
    function(
        engine,
        "read_bytes(host: Host, path: string) -> blob",
        BYTES,
        |host: &mut Host, path: ImmutableString| read_bytes(host, &path, &ReadOptions::default()),
    );
    function(
        engine,
        "read_bytes(host: Host, path: string, options: map) -> blob",
        BYTES,
        |host: &mut Host, path: ImmutableString, map: Map| {
            read_bytes(host, &path, &options::options("read_bytes", &map)?)
        },
    );
}

fn read(host: &Host, path: &str, options: &ReadOptions) -> ScriptResult<String> {
    reading(
        host,
        &[Access::read(path)],
        |files| async move { options.limit(files).read_to_string(path).await },
    )
}

fn read_bytes(host: &Host, path: &str, options: &ReadOptions) -> ScriptResult<Blob> {
    reading(host, &[Access::read(path)], |files| async move { options.limit(files).read_bytes(path).await })
}

impl ReadOptions {
    fn limit(&self, files: Files) -> Files {
        match self.max_size {
            Some(bytes) => files.read_limit(bytes),
            None => files,
        }
    }
}

fn register_write(engine: &mut Engine) {
    const WRITE: &str = r#"
Writes a text or a blob to a file. Until the new contents are whole, the old ones stay; nobody ever
sees a part. The file keeps its mode and its owner, and a link stays a link.

Options: `mode` (`"0644"` or `0o644`), `owner` (`"user"` or `"user:group"`), `atomic` (`false` writes
into the file as it is, which keeps its hard links, and may leave a part of the contents).

```rhai
let path = local().temp_dir() + "/token";
local().write(path, "s3cret\n", #{ mode: "0600" });
print(local().stat(path).mode);  // 0600
```
"#;
    function(
        engine,
        "write(host: Host, path: string, contents: string | blob)",
        WRITE,
        |host: &mut Host, path: ImmutableString, contents: Dynamic| {
            write(host, &path, &contents, WriteOptions::default())
        },
    );
    function(
        engine,
        "write(host: Host, path: string, contents: string | blob, options: map)",
        WRITE,
        |host: &mut Host, path: ImmutableString, contents: Dynamic, map: Map| {
            let how: HowToWrite = options::options("write", &map)?;
            write(host, &path, &contents, how.into())
        },
    );
    function(
        engine,
        "append(host: Host, path: string, contents: string | blob)",
        r#"
Adds a text or a blob to the end of a file, and makes the file if it is not there.

```rhai
let path = local().temp_dir() + "/log";
local().append(path, "one\n");
local().append(path, "two\n");
print(local().read(path).len());  // 8
```
"#,
        |host: &mut Host, path: ImmutableString, contents: Dynamic| {
            write(host, &path, &contents, WriteOptions { append: true, ..WriteOptions::default() })
        },
    );
}

impl From<HowToWrite> for WriteOptions {
    fn from(how: HowToWrite) -> Self {
        Self {
            mode: how.mode.map(|ModeOption(mode)| mode.bits()),
            owner: how.owner,
            atomic: how.atomic.unwrap_or(true),
            append: false,
        }
    }
}

fn write(host: &Host, path: &str, contents: &Dynamic, options: WriteOptions) -> ScriptResult<()> {
    let contents = convert::blob_or_text(contents)?;
    let doing = if options.append { "append" } else { "write" };
    let would = format!("{doing} {} bytes to {path}", contents.len());
    changing(host, &[Access::write(path)], &would, |files| async move {
        files.write_with(path, contents, &options).await
    })
}

fn register_checksum(engine: &mut Engine) {
    function(
        engine,
        "checksum(host: Host, path: string) -> string",
        r#"
The SHA-256 of a file's contents in hexadecimal digits, computed on its host.

```rhai
let path = local().temp_dir() + "/a";
local().write(path, "abc");
print(local().checksum(path).sub_string(0, 8));  // ba7816bf
```
"#,
        |host: &mut Host, path: ImmutableString| {
            let path = &*path;
            reading(host, &[Access::read(path)], |files| async move { files.checksum(path).await })
        },
    );
}

fn register_template(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Puts values in the place of `{{name}}` in a text. `{{a.b}}` is the `b` of the map `a`; `\{{` stands
for `{{` itself. A name without a value throws, with its line and column.

```rhai
let text = template("listen {{port}};", #{ port: 80 });
print(text);  // listen 80;
```
"#;
    function(engine, "template(text: string, values: map) -> string", DOCUMENTATION, template);
    function(
        engine,
        "template(host: Host, text: string, values: map) -> string",
        DOCUMENTATION,
        |_: &mut Host, text: ImmutableString, values: Map| template(text, values),
    );
}

fn template(text: ImmutableString, values: Map) -> ScriptResult<String> {
    let no_text = RefCell::new(None);
    let rendered = render_template(&text, |name| {
        let value = look_up(&values, name)?;
        let text = convert::scalar(&value);
        if text.is_none() {
            *no_text.borrow_mut() =
                Some(format!("template: the value of `{name}` is {}", convert::describe(&value)));
        }
        text
    });
    match no_text.into_inner() {
        Some(problem) => Err(invalid(problem)),
        None => rendered.map_err(thrown),
    }
}

/// The value of a name; one with dots in it may also be a path through maps.
fn look_up(values: &Map, name: &str) -> Option<Dynamic> {
    if let Some(value) = values.get(name) {
        return Some(value.clone());
    }
    let (first, rest) = name.split_once('.')?;
    let inner = values.get(first)?.read_lock::<Map>()?.clone();
    look_up(&inner, rest)
}
