//! `temp_dir`, and what becomes of its directories at the end of the script.

use super::{
    access::{Access, permit},
    files_of, is_dry,
};
use crate::{
    Error, ErrorKind,
    executor::TempDir,
    script::{
        console::LogLevel,
        define::property,
        hosts::Host,
        run::Run,
        scope::{self, ScriptResult},
    },
};
use rhai::Engine;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long the removal of each may take: its host may not answer any longer.
const LIMIT: Duration = Duration::from_secs(10);

/// The temporary directories of a run, on whatever hosts.
#[derive(Default)]
pub(in crate::script) struct TempDirs(Mutex<Vec<TempDir>>);

impl TempDirs {
    fn push(&self, dir: TempDir) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(dir);
    }

    /// Removes them all. To be called on the script's thread, after its last statement and what it
    /// deferred; also where it was cancelled.
    pub(in crate::script) fn remove_all(&self, run: &Run) {
        let dirs = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if dirs.is_empty() {
            return;
        }
        let results = run.runtime.block_on(futures_util::future::join_all(dirs.into_iter().map(remove)));
        for error in results.into_iter().filter_map(Result::err) {
            run.log(LogLevel::Warn, &format!("a temporary directory stays behind: {error}"));
        }
    }
}

async fn remove(dir: TempDir) -> crate::Result<()> {
    match tokio::time::timeout(LIMIT, dir.remove()).await {
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(result) => result,
        Err(_) => Err(Error::new(ErrorKind::Timeout, format!("not removed within {LIMIT:?}"))),
    }
}

pub(super) fn register(engine: &mut Engine) {
    property(
        engine,
        "temp_dir(host: Host) -> string",
        r#"
Makes a new directory that only its owner can use, and gives its path. At the end of the script it is
removed with all that is in it, whatever happened.

```rhai
let dir = local().temp_dir();
print(local().stat(dir).mode);  // 0700
```
"#,
        |host: &mut Host| temp_dir(host),
    );
}

fn temp_dir(host: &Host) -> ScriptResult<String> {
    if is_dry(host, "make a temporary directory")? {
        // A path that can be put into commands which are only shown.
        return Ok("/tmp/rexec-dry-run".into());
    }
    let dir = scope::wait(async { files_of(host).temp_dir().await })?;
    let path = dir.path().to_string_lossy().into_owned();
    scope::current()?.run.temp_dirs.push(dir);
    // Where it would be was not known before. One that may not be used goes with the script.
    permit(host, &[Access::write(&path)])?;
    Ok(path)
}
