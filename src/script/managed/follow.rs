//! Loops over what happens to a managed process: `for event in service.follow()`.

use super::ManagedProcess;
use crate::{
    ManagedEvent,
    executor::Follower,
    script::{
        define::{function, iterable},
        event::Event,
        scope::{self, ScriptResult},
    },
};
use rhai::{Dynamic, Engine, Map};

/// What `follow` gives; each loop over it begins with what is kept.
#[derive(Clone)]
struct Follow(ManagedProcess);

/// A loop.
struct Events {
    follower: Follower,
    host: String,
    is_over: bool,
}

impl Iterator for Events {
    type Item = ScriptResult<Dynamic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        match scope::wait(async { Ok(self.follower.recv().await) }) {
            Ok(Some(event)) => Some(Ok(Dynamic::from(to_event(&self.host, event)))),
            Ok(None) => None,
            Err(problem) => {
                self.is_over = true;
                Some(Err(problem))
            }
        }
    }
}

fn to_event(host: &str, event: ManagedEvent) -> Event {
    let plain = |kind| Event::with_fields(kind, host, None, Map::new());
    let with = |kind, fields: &[(&str, Dynamic)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), value.clone()));
        Event::with_fields(kind, host, None, fields.collect())
    };
    match event {
        ManagedEvent::Process(event) => Event::without_process(host, event),
        ManagedEvent::Ready => plain("ready"),
        ManagedEvent::Stopped => plain("stopped"),
        ManagedEvent::Restarted { count, after } => {
            with("restarted", &[("count", i64::from(count).into()), ("after", after.as_secs_f64().into())])
        }
        ManagedEvent::Changed { path } => {
            with("changed", &[("path", path.to_string_lossy().into_owned().into())])
        }
        ManagedEvent::Missed { lines } => with("missed", &[("lines", Dynamic::from(lines as i64))]),
        ManagedEvent::Failed(error) => with("failed", &[("error", Dynamic::from(error))]),
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Follow>("Follow");
    iterable(engine, |follow: Follow| Events {
        follower: follow.0.handle().follow(),
        host: follow.0.handle().host().to_owned(),
        is_over: false,
    });
    function(
        engine,
        "follow(process: ManagedProcess) -> Follow",
        r#"
What happens to it, to be looped over: first what is kept of its output, then what comes, until it is
stopped or has failed. Beside the events of a process there are `ready`, `restarted` (with `count` and
`after`, the seconds that it waited), `changed` (`path`), `stopped`, `failed` (`error`), and `missed`: so
many `lines` were dropped before this loop, which was too slow, took them.

```rhai
let service = local().manage("flaky", $sh`echo trying; exit 1`, #{ max_restarts: 1, backoff: 0.1 });
service.start();
let kinds = [];
for event in service.follow() { kinds.push(event.kind); }
print(kinds.filter(|kind| kind == "stdout").len());  // 2
print(kinds[kinds.len() - 1]);                       // failed
```
"#,
        |managed: &mut ManagedProcess| Follow(managed.clone()),
    );
}
