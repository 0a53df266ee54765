//! `upload`, `download` and `copy`: files and folders on their way, with their progress.

use super::{
    access::{Access, permit},
    changing, files_of, is_dry,
    mode::ModeOption,
};
use crate::{
    Error, ErrorKind, Result,
    executor::{Files, TransferOptions, TransferProgress, TransferReport},
    script::{
        console::Progress,
        convert::{self, describe},
        define::function,
        error::{invalid, thrown},
        hosts::Host,
        options,
        run::Run,
        scope::{self, ScriptResult},
    },
};
use rhai::{Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};
use serde::Deserialize;
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::watch, task::JoinHandle};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    mode: Option<ModeOption>,
    owner: Option<String>,
    verify: Option<bool>,
    skip_unchanged: Option<bool>,
    limit: Option<usize>,
    /// Taken out before the others are read, since a closure is no data: here so that it is named
    /// among the known ones.
    #[serde(rename = "progress")]
    _progress: Option<bool>,
}

/// Who is told how far a transfer is.
enum Watcher {
    /// The console.
    Console,
    Nobody,
    Closure(FnPtr),
}

pub(super) fn register(engine: &mut Engine) {
    register_upload(engine);
    register_download(engine);
    register_copy(engine);
}

fn register_upload(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Sends a file or folder of this machine to the host. `remote` is the path of the new file or folder
itself; a folder is merged into one that is there. The directories above it are made.

Each file appears whole or not at all, with the mode of the original, after its SHA-256 was compared. A
file that is there with the same size and SHA-256 is not sent: so an interrupted upload of a folder goes on
where it was. Links within a folder are sent as links.

It gives `#{ files, skipped, bytes, duration, left_out }`: how many files were sent, how many were there
already, and the paths of what is neither file, folder nor link.

Options: `mode` and `owner` (for all files), `verify` and `skip_unchanged` (`true`), `limit` (how many
files at once; 32), `progress` (`false`: not shown; or a closure that is called with
`#{ path, bytes, total_bytes, files, total_files }`).

```rhai
let dir = local().temp_dir();
local().write(dir + "/a", "x");
print(local().upload(dir + "/a", dir + "/b").files);    // 1
print(local().upload(dir + "/a", dir + "/b").skipped);  // 1
```
"#;
    function(
        engine,
        "upload(host: Host, local: string, remote: string) -> map",
        DOCUMENTATION,
        |context: NativeCallContext, host: &mut Host, local: ImmutableString, remote: ImmutableString| {
            upload(&context, host, local, remote, Map::new())
        },
    );
    function(
        engine,
        "upload(host: Host, local: string, remote: string, options: map) -> map",
        DOCUMENTATION,
        |context: NativeCallContext,
         host: &mut Host,
         local: ImmutableString,
         remote: ImmutableString,
         options: Map| upload(&context, host, local, remote, options),
    );
}

fn upload(
    context: &NativeCallContext,
    host: &Host,
    local: ImmutableString,
    remote: ImmutableString,
    options: Map,
) -> ScriptResult<Map> {
    let (options, watcher) = read_options("upload", options)?;
    permit(&this_machine()?, &[Access::read(&local)])?;
    permit(host, &[Access::write(&remote)])?;
    if is_dry(host, &format!("upload {local} to {remote}"))? {
        return Ok(dry_report());
    }
    transfer(context, host, options, watcher, |files, options| async move {
        files.upload(&*local, &*remote, &options).await
    })
}

fn register_download(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Fetches a file or folder of the host to this machine, in all as `upload` sends. A file that changes while
it is read throws, unless `verify` is `false`.

```rhai
let dir = local().temp_dir();
local().write(dir + "/a", "x");
local().download(dir + "/a", dir + "/b", #{ mode: "0600" });
print(local().stat(dir + "/b").mode);  // 0600
```
"#;
    function(
        engine,
        "download(host: Host, remote: string, local: string) -> map",
        DOCUMENTATION,
        |context: NativeCallContext, host: &mut Host, remote: ImmutableString, local: ImmutableString| {
            download(&context, host, remote, local, Map::new())
        },
    );
    function(
        engine,
        "download(host: Host, remote: string, local: string, options: map) -> map",
        DOCUMENTATION,
        |context: NativeCallContext,
         host: &mut Host,
         remote: ImmutableString,
         local: ImmutableString,
         options: Map| download(&context, host, remote, local, options),
    );
}

fn download(
    context: &NativeCallContext,
    host: &Host,
    remote: ImmutableString,
    local: ImmutableString,
    options: Map,
) -> ScriptResult<Map> {
    let (options, watcher) = read_options("download", options)?;
    permit(host, &[Access::read(&remote)])?;
    permit(&this_machine()?, &[Access::write(&local)])?;
    if is_dry(host, &format!("download {remote} to {local}"))? {
        return Ok(dry_report());
    }
    transfer(context, host, options, watcher, |files, options| async move {
        files.download(&*remote, &*local, &options).await
    })
}

fn register_copy(engine: &mut Engine) {
    function(
        engine,
        "copy(host: Host, from: string, to: string) -> map",
        r#"
Copies a file or folder on the host itself, with its modes. `to` is the path of the copy. It gives what
`upload` gives.

```rhai
let host = local().in_dir(local().temp_dir());
host.mkdir("a");
host.write("a/b", "x");
host.copy("a", "c");
print(host.read("c/b"));  // x
```
"#,
        |host: &mut Host, from: ImmutableString, to: ImmutableString| -> ScriptResult<Map> {
            let (from, to) = (&*from, &*to);
            let would = format!("copy {from} to {to}");
            let accesses = [Access::read(from), Access::write(to)];
            changing(host, &accesses, &would, |files| async move { files.copy(from, to).await })
                .map(describe_report)
        },
    );
}

fn this_machine() -> ScriptResult<Host> {
    Ok(scope::current()?.run.local())
}

fn read_options(function: &str, mut map: Map) -> ScriptResult<(TransferOptions, Watcher)> {
    let watcher = match map.remove("progress") {
        None => Watcher::Console,
        Some(value) => match (value.as_bool(), value.read_lock::<FnPtr>()) {
            (Ok(true), _) => Watcher::Console,
            (Ok(false), _) => Watcher::Nobody,
            (_, Some(closure)) => Watcher::Closure(closure.clone()),
            _ => {
                let found = describe(&value);
                return Err(invalid(format!(
                    "{function}: `progress` is a bool or a closure, and not {found}"
                )));
            }
        },
    };
    let given: Options = options::options(function, &map)?;
    let mut options = TransferOptions::default();
    options.mode = given.mode.map(|ModeOption(mode)| mode);
    options.owner = given.owner;
    options.verify = given.verify.unwrap_or(options.verify);
    options.skip_unchanged = given.skip_unchanged.unwrap_or(options.skip_unchanged);
    options.at_once = given.limit.unwrap_or(options.at_once);
    // A link would lead out of what the policy allows.
    options.follow_links = scope::current()?.run.settings.policy.is_empty();
    Ok((options, watcher))
}

/// Transfers, and tells whoever watches how far it is.
fn transfer<F>(
    context: &NativeCallContext,
    host: &Host,
    mut options: TransferOptions,
    watcher: Watcher,
    work: impl FnOnce(Files, TransferOptions) -> F,
) -> ScriptResult<Map>
where
    F: Future<Output = Result<TransferReport>> + Send + 'static,
{
    let run = scope::current()?.run;
    let report = match watcher {
        Watcher::Nobody => scope::wait(work(files_of(host), options)),
        Watcher::Console => {
            let bar = Bar::new(run);
            options.progress = Some(Arc::new(move |progress| bar.show(progress)));
            scope::wait(work(files_of(host), options))
        }
        Watcher::Closure(closure) => {
            let (sender, receiver) = watch::channel(TransferProgress::default());
            options.progress = Some(Arc::new(move |progress| drop(sender.send_replace(progress.clone()))));
            // On a task of its own, since the closure needs this thread.
            let task = run.runtime.spawn(work(files_of(host), options));
            tell_closure(context, Owned(task), receiver, &closure)
        }
    };
    report.map(describe_report)
}

/// Ends the task when it is dropped: a closure that throws ends the transfer.
struct Owned(JoinHandle<Result<TransferReport>>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Calls the closure until the transfer has ended. A slow closure misses steps, and slows nothing.
fn tell_closure(
    context: &NativeCallContext,
    mut task: Owned,
    mut progress: watch::Receiver<TransferProgress>,
    closure: &FnPtr,
) -> ScriptResult<TransferReport> {
    let mut ended = None;
    loop {
        if ended.is_none() {
            ended = scope::wait(async {
                Ok(tokio::select! {
                    biased;
                    Ok(()) = progress.changed() => None,
                    result = &mut task.0 => Some(result),
                })
            })?;
        }
        if ended.is_none() || progress.has_changed().is_ok_and(|changed| changed) {
            let now = describe_progress(&progress.borrow_and_update());
            let _: Dynamic = closure.call_within_context(context, (now,))?;
        }
        if let Some(result) = ended {
            return match result {
                Ok(result) => result.map_err(thrown),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(thrown(Error::new(ErrorKind::Cancelled, "the runtime is shutting down"))),
            };
        }
    }
}

/// The console's bar for a transfer, which begins when it is known how much there is.
struct Bar {
    run: Arc<Run>,
    shown: Mutex<Option<Shown>>,
}

struct Shown {
    bar: Box<dyn Progress>,
    bytes: u64,
}

impl Bar {
    fn new(run: Arc<Run>) -> Self {
        Self { run, shown: Mutex::new(None) }
    }

    fn show(&self, progress: &TransferProgress) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = shown.get_or_insert_with(|| Shown {
            bar: self.run.console.progress(Some(progress.total_bytes)),
            bytes: 0,
        });
        shown.bar.message(&self.run.masks.mask(&progress.path.to_string_lossy()));
        shown.bar.advance(progress.bytes.saturating_sub(shown.bytes));
        shown.bytes = progress.bytes.max(shown.bytes);
        if progress.files == progress.total_files {
            shown.bar.finish();
        }
    }
}

fn describe_report(report: TransferReport) -> Map {
    let mut map = Map::new();
    map.insert("files".into(), number(report.files));
    map.insert("skipped".into(), number(report.skipped));
    map.insert("bytes".into(), number(report.bytes));
    map.insert("duration".into(), report.duration.as_secs_f64().into());
    let left_out = report.left_out.iter().map(|path| path.to_string_lossy().into_owned());
    map.insert("left_out".into(), convert::array(left_out).into());
    map
}

/// What a transfer that was only talked about did.
fn dry_report() -> Map {
    let mut map = describe_report(TransferReport::default());
    map.insert("dry".into(), true.into());
    map
}

fn describe_progress(progress: &TransferProgress) -> Map {
    let mut map = Map::new();
    map.insert("path".into(), progress.path.to_string_lossy().into_owned().into());
    map.insert("bytes".into(), number(progress.bytes));
    map.insert("total_bytes".into(), number(progress.total_bytes));
    map.insert("files".into(), number(progress.files));
    map.insert("total_files".into(), number(progress.total_files));
    map
}

fn number(number: u64) -> Dynamic {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}
