//! Loops over a process's events: `for event in process`, and `.lines()`.

use super::{Event, Item, Lines, Process, filter, handlers, lock};
use crate::{
    OutputStream,
    script::{
        define::{iterable, property},
        error::{self, invalid, thrown},
        event,
        scope::{self, ScriptResult},
    },
};
use rhai::{Dynamic, Engine};
use std::sync::{Arc, atomic::Ordering};

/// A process's events, one by one.
///
/// It keeps the batch that it is in for itself, so that a line costs no more than its handle: the
/// target is Python's `for line in pipe`.
pub(super) struct Events {
    process: Process,
    current: Option<Current>,
    state: State,
    is_refused: bool,
}

/// Where a loop stands.
enum State {
    Going,
    /// It may not begin, for this reason.
    Refused(Option<Box<rhai::EvalAltResult>>),
    /// It has failed with this. A loop with an empty body does not notice, and comes for more.
    Failed(Option<Box<rhai::EvalAltResult>>),
    AtEnd,
}

/// A batch that a loop is in.
pub(super) struct Current {
    source: Arc<event::Lines>,
    index: usize,
    start: usize,
    /// Whether filters and handlers have seen it.
    seen: bool,
}

impl Current {
    pub(super) fn new(process: &Process, lines: Lines, seen: bool) -> Self {
        let source = Arc::new(event::Lines { batch: lines.batch, process: process.clone() });
        Self { source, index: lines.index, start: lines.start, seen }
    }

    /// The next line of the batch that filters leave, once handlers have seen it.
    #[inline]
    pub(super) fn advance(&mut self) -> ScriptResult<Option<Event>> {
        while let Some((event, next)) = Event::line(&self.source, self.index, self.start) {
            self.index += 1;
            self.start = next;
            if self.seen || !self.source.process.inner().is_observed() {
                return Ok(Some(event));
            }
            if let Some(event) = show(&self.source.process, event)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// What was not come to is there for whoever reads next.
    pub(super) fn give_back(self) {
        if self.index < self.source.batch.len() {
            let rest = Lines { batch: self.source.batch.clone(), index: self.index, start: self.start };
            self.source.process.inner().reader.give_back(Item::Lines(rest), self.seen);
        }
    }
}

/// Shows a line to filters and handlers, and gives what the filters leave of it.
fn show(process: &Process, event: Event) -> ScriptResult<Option<Event>> {
    let event = filter::apply(process, event)?;
    if let Some(event) = &event {
        handlers::call_handlers(process, event)?;
    }
    Ok(event)
}

impl Events {
    /// Begins the one loop over a process's events; `what` is how it was written.
    pub(super) fn begin(process: Process, what: &'static str) -> Self {
        let refusal = claim(&process, what).err();
        let state = match refusal {
            Some(refusal) => State::Refused(Some(refusal)),
            None => {
                process.inner().in_loop.store(true, Ordering::Relaxed);
                State::Going
            }
        };
        Self { is_refused: matches!(state, State::Refused(_)), process, current: None, state }
    }

    /// The next event; nothing after the last.
    fn advance(&mut self) -> ScriptResult<Option<Event>> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(event) = current.advance()?
            {
                return Ok(Some(event));
            }
            let Some((item, seen)) = self.read()? else { return Ok(None) };
            if let Item::Lines(lines) = item {
                self.current = Some(Current::new(&self.process, lines, seen));
                continue;
            }
            let event = handlers::to_event(&self.process, &item).expect("it is no batch of lines");
            if !seen {
                handlers::call_handlers(&self.process, &event)?;
            }
            return Ok(Some(event));
        }
    }

    fn fail(&mut self, problem: Box<rhai::EvalAltResult>) -> ScriptResult<Dynamic> {
        self.state = State::Failed(Some(error::copy_of(&problem)));
        Err(problem)
    }

    fn read(&mut self) -> ScriptResult<Option<(Item, bool)>> {
        self.current = None;
        let inner = self.process.inner();
        if inner.reader.has_lost() {
            return Err(thrown(inner.error(
                crate::ErrorKind::Io,
                "events were lost: another call (`wait`, `stop`, `write`) read more of the output than is kept for a loop",
            )));
        }
        if let Some(next) = inner.reader.take_waiting() {
            return Ok(Some(next));
        }
        let inner = inner.clone();
        scope::wait(async move { Ok(inner.reader.take(&inner.process).await) })
    }
}

impl Iterator for Events {
    type Item = ScriptResult<Dynamic>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.state {
            State::Going => {}
            State::AtEnd => return None,
            State::Refused(reason) => {
                let reason = reason.take();
                return reason.map(|reason| self.fail(reason));
            }
            State::Failed(problem) => {
                let problem = problem.take()?;
                scope::fail(problem);
                return Some(Err(scope::terminated()));
            }
        }
        match self.advance() {
            Ok(Some(event)) => Some(Ok(Dynamic::from(event))),
            Ok(None) => {
                self.state = State::AtEnd;
                None
            }
            Err(problem) => Some(self.fail(problem)),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if self.is_refused {
            return;
        }
        if let Some(current) = self.current.take() {
            current.give_back();
        }
        self.process.inner().in_loop.store(false, Ordering::Relaxed);
    }
}

/// A process can be looped over once.
pub(super) fn claim(process: &Process, what: &'static str) -> ScriptResult<()> {
    let mut looped = lock(&process.inner().looped);
    match *looped {
        None => {
            *looped = Some(what);
            Ok(())
        }
        Some(before) => Err(invalid(format!(
            "the events of {process:?} were looped over before, by {before}: they can be taken once, so keep in an array what is needed again"
        ))),
    }
}

/// The lines of a process's standard output, as texts.
#[derive(Clone)]
pub(super) struct OutputLines(Process);

/// They come one by one.
pub(super) struct Texts(Events);

impl Iterator for Texts {
    type Item = ScriptResult<Dynamic>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.next()? {
                Err(problem) => return Some(Err(problem)),
                Ok(event) => {
                    let event: Event = event.cast();
                    if event.stream() == Some(OutputStream::Stdout) {
                        return event.text().map(|text| Ok(Dynamic::from(text)));
                    }
                }
            }
        }
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<OutputLines>("Lines");
    iterable(engine, |process: Process| Events::begin(process, "`for event in process`"));
    iterable(engine, |lines: OutputLines| Texts(Events::begin(lines.0, "`for line in process.lines()`")));
    property(
        engine,
        "lines(process: Process) -> Lines",
        r#"
The lines of its standard output as texts, to be looped over while it runs. As with its events,
there is one loop for each process.

```rhai
let lines = [];
for line in local().spawn($`printf 'a\nb\n'`).lines() { lines.push(line); }
print(lines);  // ["a", "b"]
```
"#,
        |process: &mut Process| OutputLines(process.clone()),
    );
}
