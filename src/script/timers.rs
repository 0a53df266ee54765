//! `every`: what is done again and again while the script waits.

use super::{
    define::function, error::invalid, options::seconds, process::Closure, scope::ScriptResult, stop::is_stop,
};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// A closure that is called again and again, on the thread that began it.
#[derive(Clone)]
pub(crate) struct Timer(Arc<Inner>);

struct Inner {
    period: Duration,
    closure: Closure,
    next: Mutex<Instant>,
    is_running: AtomicBool,
}

thread_local! {
    static TIMERS: RefCell<Vec<Timer>> = const { RefCell::new(Vec::new()) };
}

/// Whether this thread has any.
pub(super) fn any() -> bool {
    TIMERS.with_borrow(|timers| !timers.is_empty())
}

/// Waits until the time of one of this thread's timers has come; for ever, if it has none.
pub(super) async fn next_due() -> Timer {
    let due = TIMERS.with_borrow(|timers| {
        let idle = timers.iter().filter(|timer| !timer.0.is_running.load(Ordering::Relaxed));
        idle.min_by_key(|timer| timer.next()).cloned()
    });
    match due {
        Some(timer) => {
            tokio::time::sleep_until(timer.next()).await;
            timer
        }
        None => std::future::pending().await,
    }
}

/// The thread's script has ended.
pub(super) fn forget_all() {
    let gone = TIMERS.with_borrow_mut(std::mem::take);
    drop(gone);
}

impl Timer {
    fn next(&self) -> Instant {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the closure. A call that took longer than the period is not made up for.
    pub(super) fn fire(&self) -> ScriptResult<()> {
        self.0.is_running.store(true, Ordering::Relaxed);
        let result = self.0.closure.call(None, Vec::new());
        self.0.is_running.store(false, Ordering::Relaxed);
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) =
            (self.next() + self.0.period).max(Instant::now());
        if is_stop(&result?) {
            self.stop();
        }
        Ok(())
    }

    fn stop(&self) {
        // Outside of the borrow: what the closure captured may do something when it goes.
        let gone = TIMERS.with_borrow_mut(|timers| {
            let index = timers.iter().position(|timer| Arc::ptr_eq(&timer.0, &self.0))?;
            Some(timers.swap_remove(index))
        });
        drop(gone);
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Timer>("Timer");
    function(
        engine,
        "every(period: seconds, closure: function) -> Timer",
        r#"
Calls a closure again and again, while the script waits in whatever call, until it returns `stop()`,
its `Timer` is stopped, or the script ends.

```rhai
let count = 0;
every(0.01, || { count += 1; if count == 3 { stop() } });
sleep(0.3);
print(count);  // 3
```
"#,
        |context: NativeCallContext, period: Dynamic, closure: FnPtr| -> ScriptResult<Timer> {
            let period = seconds(&period)?;
            if period.is_zero() {
                return Err(invalid("every: a period of 0 seconds leaves no time for anything else"));
            }
            let timer = Timer(Arc::new(Inner {
                period,
                closure: Closure::new(&context, closure),
                next: Mutex::new(Instant::now() + period),
                is_running: AtomicBool::new(false),
            }));
            TIMERS.with_borrow_mut(|timers| timers.push(timer.clone()));
            Ok(timer)
        },
    );
    function(
        engine,
        "stop(timer: Timer)",
        r#"
Stops it: its closure is not called any more.

```rhai
let timer = every(60, || print("never"));
timer.stop();
print("stopped");  // stopped
```
"#,
        |timer: &mut Timer| timer.stop(),
    );
}
