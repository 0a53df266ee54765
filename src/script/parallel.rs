//! `parallel`: a closure for each of many items, several at once.
//!
//! Worker threads are started one by one, each by the one before it when it takes an item and more
//! are waiting, up to the limit: a thousand items that are done in no time need few threads, and a
//! limit of a thousand costs nothing until there is work for it. A worker has the 16 MiB of stack
//! of a script's own thread; that is address space, of which only what is used becomes memory.

use super::{
    caught,
    define::function,
    error::thrown,
    isolate::Copier,
    modules::ImportChain,
    options::{self, Seconds},
    results::{ItemResult, Results},
    scope::{self, Scope, ScriptResult},
    time_limit::{self, Timer},
};
use crate::{Error, ErrorKind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext};
use serde::Deserialize;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How many at once, unless the script or `--limit` says otherwise. Hosts are waited for, not
/// computed on, so this has nothing to do with the number of processors.
pub(crate) const DEFAULT_LIMIT: usize = 32;

/// What `parallel` and its relatives take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    limit: Option<usize>,
    fail_fast: bool,
    timeout: Option<Seconds>,
    deadline: Option<Seconds>,
    progress: bool,
}

pub(super) fn register(engine: &mut Engine) {
    const DOCUMENTATION: &str = r#"
Calls a closure for each item, several at once, and gives their `Results` in the order of the items.
A failure is a result too: it does not stop the others, and a failure that the script never looks at
is shown at its end, with exit code 3.

The closure works on copies of the variables that it captured: what it changes in them is not seen
outside. What it gives back is in `.values`.

Options: `limit` (how many at once; 32, or `--limit`), `fail_fast` (the first failure stops the
rest), `timeout` (for each item), `deadline` (for all), `progress` (shown on a terminal).

```rhai
let squares = parallel([1, 2, 3], |n| n * n, #{ limit: 2 });
print(squares.values);  // [1, 4, 9]
```
"#;
    function(
        engine,
        "parallel(items: array, closure: function, options: map) -> Results",
        DOCUMENTATION,
        |context: NativeCallContext, items: Array, closure: FnPtr, options: Map| {
            let options = options::options("parallel", &options)?;
            run_closure(&context, items, &closure, options)
        },
    );
    function(
        engine,
        "parallel(items: array, closure: function) -> Results",
        DOCUMENTATION,
        |context: NativeCallContext, items: Array, closure: FnPtr| {
            run_closure(&context, items, &closure, Options::default())
        },
    );
}

fn run_closure(
    context: &NativeCallContext,
    items: Array,
    closure: &FnPtr,
    options: Options,
) -> ScriptResult<Results> {
    run(context, items, options, &|item| {
        let copier = Copier::default();
        let closure = copier.copy_function(closure, context);
        closure.call_within_context(context, (copier.copy(&item, context),))
    })
}

/// Does `work` for each item, several at once.
///
/// # Errors
///
/// Where the script is cancelled, or `work` calls `exit`: that ends all. Whatever else goes wrong
/// is a result.
pub(crate) fn run(
    context: &NativeCallContext,
    items: Array,
    options: Options,
    work: &(dyn Fn(Dynamic) -> ScriptResult<Dynamic> + Sync),
) -> ScriptResult<Results> {
    let outer = scope::current()?;
    let limit = options.limit.or(outer.run.settings.limit).unwrap_or(DEFAULT_LIMIT);
    if limit == 0 {
        return Err(thrown(Error::invalid("parallel: a limit of 0 would never begin; the least is 1")));
    }
    let total = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let progress = options.progress.then(|| outer.run.console.progress(Some(total)));
    let cancellation = outer.cancellation.child_token();
    let deadline = options.deadline.map(|Seconds(time)| Deadline {
        limit: time,
        timer: Timer::start(&outer.run.runtime, time, cancellation.clone()),
    });
    let batch = Batch {
        results: items.iter().map(|_| OnceLock::new()).collect(),
        items,
        next: AtomicUsize::new(0),
        workers: AtomicUsize::new(0),
        limit,
        timeout: options.timeout.map(|Seconds(time)| time),
        fail_fast: options.fail_fast,
        deadline,
        exit: Mutex::new(None),
        scope: Scope { cancellation, ..outer.clone() },
        imports: ImportChain::current(),
        progress,
        work,
    };
    std::thread::scope(|threads| batch.start_worker(threads)).map_err(no_thread)?;
    if let Some(progress) = &batch.progress {
        progress.finish();
    }
    if outer.cancellation.is_cancelled() {
        return Err(scope::terminated());
    }
    batch.into_results(context)
}

fn no_thread(problem: std::io::Error) -> Box<EvalAltResult> {
    thrown(Error::from_io("start a thread for parallel", problem))
}

struct Deadline {
    limit: Duration,
    timer: Timer,
}

/// All items of one call, and what its workers share.
struct Batch<'w> {
    items: Array,
    results: Vec<OnceLock<ItemResult>>,
    /// The first item that nobody has taken.
    next: AtomicUsize,
    /// How many were ever started.
    workers: AtomicUsize,
    limit: usize,
    timeout: Option<Duration>,
    fail_fast: bool,
    deadline: Option<Deadline>,
    /// An `exit` in one of the items.
    exit: Mutex<Option<Box<EvalAltResult>>>,
    /// What workers enter; cancelling it ends all of them.
    scope: Scope,
    imports: ImportChain,
    progress: Option<Box<dyn super::console::Progress>>,
    work: &'w (dyn Fn(Dynamic) -> ScriptResult<Dynamic> + Sync),
}

impl Batch<'_> {
    /// Starts one more worker, if there is work for it.
    fn start_worker<'scope>(
        &'scope self,
        threads: &'scope std::thread::Scope<'scope, '_>,
    ) -> std::io::Result<()> {
        let waiting = self.next.load(Ordering::Relaxed) < self.items.len();
        let may_start = |workers| (workers < self.limit).then_some(workers + 1);
        if !waiting || self.workers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, may_start).is_err() {
            return Ok(());
        }
        let builder = std::thread::Builder::new().name("parallel".into()).stack_size(scope::STACK_SIZE);
        builder.spawn_scoped(threads, || self.work_until_done(threads)).map(drop)
    }

    fn work_until_done<'scope>(&'scope self, threads: &'scope std::thread::Scope<'scope, '_>) {
        self.imports.adopt();
        while let Some((index, item)) = self.take_next() {
            // Where the system has no room for another thread, those that are there do it all.
            let _ = self.start_worker(threads);
            let result = self.run_item(item);
            self.after(&result);
            if self.results[index].set(result).is_err() {
                unreachable!("each item is taken once");
            }
        }
    }

    fn take_next(&self) -> Option<(usize, Dynamic)> {
        if self.scope.cancellation.is_cancelled() {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        self.items.get(index).map(|item| (index, item.clone()))
    }

    fn run_item(&self, item: Dynamic) -> ItemResult {
        let started = Instant::now();
        let cancellation = self.scope.cancellation.child_token();
        let outcome = self.guarded(cancellation, item.clone());
        ItemResult { item, outcome, duration: started.elapsed() }
    }

    /// The closure's outcome; a panic within it is the item's error and nobody else's.
    fn guarded(&self, cancellation: CancellationToken, item: Dynamic) -> ScriptResult<Dynamic> {
        let _entered = Scope { cancellation, ..self.scope.clone() }.enter();
        let work = || match self.timeout {
            Some(limit) => time_limit::within(limit, || (self.work)(item)),
            None => (self.work)(item),
        };
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    /// What a result means for the others.
    fn after(&self, result: &ItemResult) {
        if let Some(progress) = &self.progress {
            progress.advance(1);
        }
        let Err(problem) = &result.outcome else { return };
        if let EvalAltResult::Exit(value, position) = &**problem {
            let exit = EvalAltResult::Exit(value.clone(), *position).into();
            self.exit.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(exit);
            self.scope.cancellation.cancel();
        } else if self.fail_fast {
            self.scope.cancellation.cancel();
        }
    }

    fn into_results(mut self, context: &NativeCallContext) -> ScriptResult<Results> {
        if let Some(exit) = self.exit.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(exit);
        }
        let items = std::mem::take(&mut self.items);
        let results = std::mem::take(&mut self.results);
        let finished = items.into_iter().zip(results).map(|(item, result)| {
            let never_begun =
                || ItemResult { item, outcome: Err(scope::terminated()), duration: Duration::ZERO };
            self.explained(result.into_inner().unwrap_or_else(never_begun))
        });
        Results::new(context, finished.collect())
    }

    /// Says why an item was given up, where it was: by the deadline, or for another one's failure.
    fn explained(&self, mut result: ItemResult) -> ItemResult {
        if let Err(problem) = &result.outcome
            && caught::is_terminated(problem)
        {
            let why = match &self.deadline {
                Some(deadline) if deadline.timer.has_fired() => Error::new(
                    ErrorKind::Timeout,
                    format!("given up: the deadline of {:?} for all has passed", deadline.limit),
                ),
                _ => Error::new(ErrorKind::Cancelled, "given up, since another item had failed"),
            };
            result.outcome = Err(thrown(why));
        }
        result
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Box<EvalAltResult> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    format!("the closure panicked, which is a fault in rexec: {text}").into()
}
