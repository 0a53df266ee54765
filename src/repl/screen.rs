//! Where output goes while somebody may be typing: above the line that is typed.

use rustyline::ExternalPrinter;
use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// Output that waits for the editor holds its writer up beyond this.
const MAX_WAITING: usize = 64 << 10;

/// The terminal, shared by the prompt and by all that prints.
#[derive(Clone, Default)]
pub(super) struct Screen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The editor has the terminal.
    is_typing: bool,
    /// What came while it has.
    waiting: String,
    /// Somebody hands to the editor what waits.
    is_served: bool,
}

impl Screen {
    /// Shows lines above what somebody types. False where nobody does: the terminal is the
    /// caller's.
    pub(super) fn show(&self, text: &str) -> bool {
        let mut state = self.lock();
        while state.is_typing && !state.waiting.is_empty() && state.waiting.len() + text.len() > MAX_WAITING {
            state = self.wait(state);
        }
        if state.is_typing {
            state.waiting.push_str(text);
            state.waiting.push('\n');
            self.0.changed.notify_all();
        }
        state.is_typing
    }

    /// Whether the editor has the terminal.
    pub(super) fn is_typing(&self) -> bool {
        self.lock().is_typing
    }

    /// The editor takes the terminal until what is returned is dropped, if it is
    /// [served](Self::serve).
    pub(super) fn typing(&self) -> Typing<'_> {
        let mut state = self.lock();
        state.is_typing = state.is_served;
        Typing(self)
    }

    /// Starts handing what waits to the editor, in batches: each makes it draw the line anew.
    pub(super) fn serve(&self, mut printer: impl ExternalPrinter + Send + 'static) -> io::Result<Server> {
        self.lock().is_served = true;
        let screen = self.clone();
        let serve = move || {
            while let Some(batch) = screen.next_batch() {
                if printer.print(batch.clone()).is_err() {
                    // Nobody to tell: the terminal is gone.
                    let _ = write(&batch);
                }
            }
        };
        std::thread::Builder::new().name("screen".into()).spawn(serve)?;
        Ok(Server(self.clone()))
    }

    fn next_batch(&self) -> Option<String> {
        let mut state = self.lock();
        loop {
            if !state.is_served {
                return None;
            }
            if state.is_typing && !state.waiting.is_empty() {
                let batch = std::mem::take(&mut state.waiting);
                self.0.changed.notify_all();
                return Some(batch);
            }
            state = self.wait(state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The editor has the terminal.
pub(super) struct Typing<'s>(&'s Screen);

impl Drop for Typing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_typing = false;
        let rest = std::mem::take(&mut state.waiting);
        // Nobody to tell: the terminal is gone.
        let _ = write(&rest);
        self.0.0.changed.notify_all();
    }
}

/// Ends the thread that serves the editor.
pub(super) struct Server(Screen);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.lock().is_served = false;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Recorder(mpsc::Sender<String>);

    impl ExternalPrinter for Recorder {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.send(text).map_err(|_| io::Error::other("gone").into())
        }
    }

    /// An editor that never comes to show anything: each text waits until it is let through.
    struct Stuck(mpsc::Receiver<()>);

    impl ExternalPrinter for Stuck {
        fn print(&mut self, _: String) -> rustyline::Result<()> {
            self.0.recv().map_err(|_| io::Error::other("gone").into())
        }
    }

    #[test]
    fn while_somebody_types_all_output_reaches_the_editor_in_order() {
        let screen = Screen::default();
        let (sender, shown) = mpsc::channel();
        let _server = screen.serve(Recorder(sender)).unwrap();
        let _typing = screen.typing();
        for n in 0..10_000 {
            assert!(screen.show(&format!("event {n}")));
        }
        let expected: String = (0..10_000).map(|n| format!("event {n}\n")).collect();
        let mut seen = String::new();
        while seen.len() < expected.len() {
            seen.push_str(&shown.recv().unwrap());
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_writer_that_was_held_up_goes_on_when_the_line_is_done() {
        let screen = Screen::default();
        let (_sender, never) = mpsc::channel();
        let _server = screen.serve(Stuck(never)).unwrap();
        let typing = screen.typing();
        let writer = std::thread::spawn({
            let screen = screen.clone();
            // More than is held: at most one text is on its way, and one more waits.
            move || while screen.show(&"x".repeat(MAX_WAITING)) {}
        });
        drop(typing);
        writer.join().unwrap();
    }

    #[test]
    fn nobody_types_where_nobody_serves() {
        let screen = Screen::default();
        let _typing = screen.typing();
        assert!(!screen.show("x"));
    }
}
