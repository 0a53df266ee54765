//! The events of several processes: `react`, `select`.

use super::{
    Event, Item, Process, handlers,
    loops::{Current, claim},
};
use crate::script::{
    convert::describe,
    define::{function, iterable},
    error::invalid,
    scope::{self, ScriptResult},
    stop::is_stop,
};
use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};
use std::{
    future::poll_fn,
    sync::atomic::Ordering,
    task::{Context, Poll},
};

/// The events of several processes in the order in which they come.
struct Several {
    /// Those that have not ended.
    processes: Vec<Process>,
    current: Option<Current>,
}

impl Several {
    fn new(processes: Vec<Process>) -> Self {
        for process in &processes {
            process.inner().in_loop.store(true, Ordering::Relaxed);
        }
        Self { processes, current: None }
    }

    /// The next event of any of them; nothing when all have ended.
    fn advance(&mut self) -> ScriptResult<Option<Event>> {
        loop {
            if let Some(current) = &mut self.current {
                match current.advance()? {
                    Some(event) => return Ok(Some(event)),
                    None => self.current = None,
                }
            }
            if self.processes.is_empty() {
                return Ok(None);
            }
            let processes = &self.processes;
            let (index, next) =
                scope::wait(async { Ok(poll_fn(|context| poll_any(processes, context)).await) })?;
            let Some((item, seen)) = next else {
                self.processes.remove(index).inner().in_loop.store(false, Ordering::Relaxed);
                continue;
            };
            // The others come first the next time.
            let process = self.processes[index].clone();
            self.processes.rotate_left(index + 1);
            match item {
                Item::Lines(lines) => self.current = Some(Current::new(&process, lines, seen)),
                other => {
                    let event = handlers::to_event(&process, &other).expect("it is no batch of lines");
                    if !seen {
                        handlers::call_handlers(&process, &event)?;
                    }
                    return Ok(Some(event));
                }
            }
        }
    }
}

impl Drop for Several {
    fn drop(&mut self) {
        if let Some(current) = self.current.take() {
            current.give_back();
        }
        for process in &self.processes {
            process.inner().in_loop.store(false, Ordering::Relaxed);
        }
    }
}

type Next = (usize, Option<(Item, bool)>);

fn poll_any(processes: &[Process], context: &mut Context<'_>) -> Poll<Next> {
    for (index, process) in processes.iter().enumerate() {
        let inner = process.inner();
        if let Poll::Ready(next) = inner.reader.poll_take(&inner.process, context) {
            return Poll::Ready((index, next));
        }
    }
    Poll::Pending
}

fn processes_of(function: &str, list: Array) -> ScriptResult<Vec<Process>> {
    let process = |value: Dynamic| {
        let value = value.flatten();
        value.clone().try_cast::<Process>().ok_or_else(|| {
            invalid(format!(
                "{function}: expected an array of processes, with {} among them",
                describe(&value)
            ))
        })
    };
    list.into_iter().map(process).collect()
}

/// What `select` gives.
#[derive(Clone)]
struct Selection(Vec<Process>);

/// A loop over it.
enum Selected {
    Going(Several),
    Refused(Option<Box<rhai::EvalAltResult>>),
    AtEnd,
}

impl Selected {
    fn begin(selection: Selection) -> Self {
        match selection.0.iter().try_for_each(|process| claim(process, "`select`")) {
            Ok(()) => Selected::Going(Several::new(selection.0)),
            Err(problem) => Selected::Refused(Some(problem)),
        }
    }
}

impl Iterator for Selected {
    type Item = ScriptResult<Dynamic>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match self {
            Selected::Going(several) => several.advance(),
            Selected::Refused(problem) => match problem.take() {
                Some(problem) => Err(problem),
                None => return None,
            },
            Selected::AtEnd => return None,
        };
        match result {
            Ok(Some(event)) => Some(Ok(Dynamic::from(event))),
            Ok(None) => {
                *self = Selected::AtEnd;
                None
            }
            Err(problem) => {
                *self = Selected::AtEnd;
                Some(Err(problem))
            }
        }
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Selection>("Selection");
    iterable(engine, Selected::begin);
    function(
        engine,
        "react(processes: array, closure: function)",
        r#"
Calls a closure for each event of several processes, in the order in which they come, until all have
ended or it returns `stop()`. In it, `this` is the process.

```rhai
let a = local().spawn($`echo a`);
let b = local().spawn($`echo b`);
let lines = [];
react([a, b], |event| if event.kind == "stdout" { lines.push(event.line); });
lines.sort();
print(lines);  // ["a", "b"]
```
"#,
        |context: NativeCallContext, processes: Array, closure: FnPtr| -> ScriptResult<()> {
            let mut several = Several::new(processes_of("react", processes)?);
            while let Some(event) = several.advance()? {
                let mut this = event.process().map(Dynamic::from);
                let answer = closure.call_raw(&context, this.as_mut(), [Dynamic::from(event)])?;
                if is_stop(&answer) {
                    break;
                }
            }
            Ok(())
        },
    );
    function(
        engine,
        "select(processes: array) -> Selection",
        r#"
The events of several processes in the order in which they come, to be looped over.

```rhai
let a = local().spawn($`echo a`);
let b = local().spawn($`sleep 0.2`);
let ended = [];
for event in select([a, b]) {
    if event.kind == "exited" { ended.push(event.process == a); }
}
print(ended);  // [true, false]
```
"#,
        |processes: Array| processes_of("select", processes).map(Selection),
    );
}
