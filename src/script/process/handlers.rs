//! Handlers: closures that see a process's events while the script waits, in whatever call.
//!
//! They run on the script's own thread, in the order of the events, and never two at once: so what
//! they capture needs no care. A process whose handler waits in turn shows its further events when
//! that handler has returned.

// Calling a closure after the call that it was given to has ended needs an interface that the
// engine marks as deprecated, by which it means "volatile"; the version is pinned.
#![allow(deprecated)]

use super::{Event, Inner, Item, Lines, Process, lock};
use crate::script::{
    define::function,
    error::invalid,
    event,
    nearest::nearest,
    scope::{self, ScriptResult},
    timers::{self, Timer},
};
use rhai::{Dynamic, Engine, FnPtr, ImmutableString, NativeCallContext, NativeCallContextStore};
use std::{
    cell::RefCell,
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

/// A closure, with what it needs to be called later.
#[derive(Clone)]
pub(in crate::script) struct Closure {
    function: FnPtr,
    context: Arc<NativeCallContextStore>,
}

impl Closure {
    pub(in crate::script) fn new(context: &NativeCallContext, function: FnPtr) -> Self {
        Self { function, context: Arc::new(context.store_data()) }
    }

    /// Calls it, with `this` bound to a value.
    pub(in crate::script) fn call(
        &self,
        this: Option<Dynamic>,
        arguments: Vec<Dynamic>,
    ) -> ScriptResult<Dynamic> {
        let engine = scope::current()?.run.engine.clone();
        let context = self.context.create_context(&engine);
        let mut this = this;
        self.function.call_raw(&context, this.as_mut(), arguments)
    }
}

/// The handlers of a process.
#[derive(Default)]
pub(super) struct Handlers {
    list: Vec<(Wanted, Closure)>,
    /// Whether one is running.
    busy: bool,
}

impl Handlers {
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }
}

/// Which events a handler wants.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Started,
    Stdout,
    Stderr,
    Output,
    Exited,
}

const WANTED: [(&str, Wanted); 5] = [
    ("started", Wanted::Started),
    ("stdout", Wanted::Stdout),
    ("stderr", Wanted::Stderr),
    ("output", Wanted::Output),
    ("exited", Wanted::Exited),
];

impl Wanted {
    fn parse(kind: &str) -> ScriptResult<Self> {
        let known = WANTED.iter().find(|(name, _)| *name == kind);
        known.map(|(_, wanted)| *wanted).ok_or_else(|| {
            let names = WANTED.map(|(name, _)| name);
            let near = nearest(kind, names).map(|near| format!(": did you mean \"{near}\"?"));
            let near = near.unwrap_or_else(|| format!(": there is \"{}\"", names.join("\", \"")));
            invalid(format!("on: there are no events of kind \"{kind}\"{near}"))
        })
    }

    fn matches(self, kind: &str) -> bool {
        match self {
            Wanted::Output => kind == "stdout" || kind == "stderr",
            wanted => WANTED.iter().any(|&(name, known)| known == wanted && name == kind),
        }
    }
}

thread_local! {
    /// The processes whose handlers run on this thread.
    static WATCHED: RefCell<Vec<Process>> = const { RefCell::new(Vec::new()) };
}

/// What there is to do while this thread waits.
pub(in crate::script) enum Turn {
    /// Events of this process are there.
    Events(Process),
    /// The time of this timer has come.
    Timer(Timer),
}

/// Waits until there is something to do for the handlers and timers of this thread; for ever, if it
/// has none.
pub(in crate::script) async fn next_turn() -> Turn {
    let watched = WATCHED.with_borrow(Clone::clone);
    let events = poll_fn(|context| poll_watched(&watched, context));
    tokio::select! {
        biased;
        process = events => Turn::Events(process),
        timer = timers::next_due() => Turn::Timer(timer),
    }
}

/// Whether this thread has handlers or timers at all.
pub(in crate::script) fn has_turns() -> bool {
    WATCHED.with_borrow(|watched| !watched.is_empty()) || timers::any()
}

fn poll_watched(watched: &[Process], context: &mut Context<'_>) -> Poll<Process> {
    for process in watched {
        let inner = process.inner();
        let is_mine = !lock(&inner.handlers).busy && !inner.in_loop.load(Ordering::Relaxed);
        if is_mine && inner.reader.poll_unseen(&inner.process, context) == Poll::Ready(true) {
            return Poll::Ready(process.clone());
        }
    }
    Poll::Pending
}

/// Does it.
pub(in crate::script) fn take_turn(turn: Turn) -> ScriptResult<()> {
    match turn {
        Turn::Events(process) => show_waiting(&process),
        Turn::Timer(timer) => timer.fire(),
    }
}

/// Shows what was read and not seen to the filters and handlers of a process, unless that is for
/// somebody else to do: its loop, its handler that waits here, another thread.
pub(super) fn show_waiting(process: &Process) -> ScriptResult<()> {
    let inner = process.inner();
    let elsewhere = inner.is_observed() && !is_watched_here(process);
    if elsewhere || inner.in_loop.load(Ordering::Relaxed) || lock(&inner.handlers).busy {
        return Ok(());
    }
    while let Some(item) = inner.reader.take_unseen() {
        show(process, item)?;
    }
    Ok(())
}

/// Whether this thread shows the events of a process as soon as they are read.
pub(super) fn are_shown_here(process: &Process) -> bool {
    let inner = process.inner();
    let is_free = !inner.in_loop.load(Ordering::Relaxed) && !lock(&inner.handlers).busy;
    is_free && is_watched_here(process)
}

fn is_watched_here(process: &Process) -> bool {
    WATCHED.with_borrow(|watched| watched.iter().any(|one| Arc::ptr_eq(one.inner(), process.inner())))
}

/// Shows one thing, and keeps what is left of it for a loop that may come.
fn show(process: &Process, item: Item) -> ScriptResult<()> {
    let inner = process.inner();
    if !inner.is_observed() {
        inner.reader.keep_seen(item);
        return Ok(());
    }
    let lines = match item {
        Item::Lines(lines) => lines,
        other => {
            let event = to_event(process, &other);
            inner.reader.keep_seen(other);
            return match event {
                Some(event) => call_handlers(process, &event),
                None => Ok(()),
            };
        }
    };
    let source = Arc::new(event::Lines { batch: lines.batch.clone(), process: process.clone() });
    let (mut index, mut start) = (lines.index, lines.start);
    while let Some((event, next)) = Event::line(&source, index, start) {
        (index, start) = (index + 1, next);
        let shown = super::filter::apply(process, event).and_then(|event| match event {
            Some(event) => call_handlers(process, &event).map(|()| Some(event)),
            None => Ok(None),
        });
        match shown {
            Ok(Some(event)) => inner.reader.keep_seen(Item::Event(event)),
            Ok(None) => {}
            Err(problem) => {
                // What comes after the line that failed is for the next time.
                let rest = Item::Lines(Lines { batch: lines.batch, index, start });
                inner.reader.give_back(rest, false);
                return Err(problem);
            }
        }
    }
    Ok(())
}

/// What stands for a thing that is no batch of lines.
pub(super) fn to_event(process: &Process, item: &Item) -> Option<Event> {
    match item {
        Item::Started { pid } => Some(Event::started(process, *pid)),
        Item::Exited(status) => Some(Event::exited(process, *status)),
        Item::Event(event) => Some(event.clone()),
        Item::Lines(_) => None,
    }
}

/// Calls the handlers that want this event.
pub(super) fn call_handlers(process: &Process, event: &Event) -> ScriptResult<()> {
    let inner = process.inner();
    let kind = event.kind();
    let wanted: Vec<Closure> = {
        let handlers = lock(&inner.handlers);
        let wanted = handlers.list.iter().filter(|(wanted, _)| wanted.matches(&kind));
        wanted.map(|(_, closure)| closure.clone()).collect()
    };
    if !wanted.is_empty() {
        let _busy = Busy::begin(inner);
        for closure in wanted {
            // What a handler returns means nothing.
            let _ = closure.call(Some(Dynamic::from(process.clone())), vec![Dynamic::from(event.clone())])?;
        }
    }
    if event.status().is_some() {
        // Nothing comes any more, and the closures may hold the process in turn.
        lock(&inner.handlers).clear();
        forget(process);
    }
    Ok(())
}

/// While one of a process's handlers runs.
struct Busy<'a>(&'a Inner);

impl<'a> Busy<'a> {
    fn begin(inner: &'a Inner) -> Self {
        lock(&inner.handlers).busy = true;
        Self(inner)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        lock(&self.0.handlers).busy = false;
    }
}

fn watch(process: &Process) {
    process.inner().observe();
    if !is_watched_here(process) {
        WATCHED.with_borrow_mut(|watched| watched.push(process.clone()));
    }
}

fn forget(process: &Process) {
    // Outside of the borrow: the last handle may go with it.
    let gone = WATCHED.with_borrow_mut(|watched| {
        let index = watched.iter().position(|one| Arc::ptr_eq(one.inner(), process.inner()))?;
        Some(watched.swap_remove(index))
    });
    drop(gone);
}

/// The thread's script has ended: nothing is watched any longer.
pub(in crate::script) fn forget_all() {
    let gone = WATCHED.with_borrow_mut(std::mem::take);
    for process in &gone {
        process.inner().forget_closures();
    }
}

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "on(process: Process, kind: string, closure: function) -> Process",
        r#"
Calls a closure for each event of a kind: `"stdout"`, `"stderr"`, `"output"` (both), `"started"` or
`"exited"`. It runs while the script waits, in whatever call (`sleep`, another `run`, `wait` ...), in
the order of the events; in it, `this` is the process. Gives the process, for more handlers.

```rhai
let lines = [];
let process = local().spawn($`printf 'a\nb\n'`);
process.on("stdout", |event| lines.push(event.line)).on("exited", |event| lines.push(event.code));
process.wait();
print(lines);  // ["a", "b", 0]
```
"#,
        |context: NativeCallContext, process: &mut Process, kind: ImmutableString, closure: FnPtr| {
            let wanted = Wanted::parse(&kind)?;
            lock(&process.inner().handlers).list.push((wanted, Closure::new(&context, closure)));
            watch(process);
            Ok::<_, Box<rhai::EvalAltResult>>(process.clone())
        },
    );
}
