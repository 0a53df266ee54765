//! The thread that has the session: it runs what was typed, and waits as a script does meanwhile.

use super::{Errors, assistant::SharedNames, interrupt::Interrupt, paths, pretty};
use crate::{
    executor::accepts,
    script::{
        Command, ScriptError, ScriptHost,
        session::{STACK_SIZE, Session, Source, run_typed},
    },
};
use rhai::Dynamic;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What the prompt sends to the thread.
pub(super) struct Worker {
    sender: mpsc::UnboundedSender<(Request, oneshot::Sender<Answer>)>,
    names: SharedNames,
}

/// What the thread is to do.
pub(super) enum Request {
    /// Run text, and show its value.
    Run(Source, String),
    /// Show the processes that run.
    Jobs,
    /// Forget everything.
    Reset,
}

/// What became of it.
pub(super) enum Answer {
    /// It is done.
    Done,
    /// It failed, which has been shown; with this exit code a script would end.
    Failed(i32),
    /// Ctrl-C ended it.
    Interrupted,
    /// It asked to leave.
    Exit(i32),
}

impl Worker {
    /// Has the thread do something, and waits for it.
    pub(super) fn ask(&self, request: Request) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let sent = self.sender.send((request, sender));
        // The thread goes only when the whole prompt does.
        match sent.ok().and_then(|()| receiver.blocking_recv().ok()) {
            Some(answer) => answer,
            None => Answer::Exit(1),
        }
    }

    pub(super) fn names(&self) -> SharedNames {
        self.names.clone()
    }
}

/// Starts the thread. The second value comes when the session has ended, with all that was started:
/// the exit code that it asks for.
pub(super) fn start(
    host: ScriptHost,
    interrupt: Interrupt,
    errors: Errors,
) -> (Worker, oneshot::Receiver<i32>) {
    let (sender, requests) = mpsc::unbounded_channel();
    let (ended, end) = oneshot::channel();
    let names = SharedNames::default();
    let runtime = tokio::runtime::Handle::current();
    let thread = Thread { host, runtime, interrupt, names: names.clone(), errors };
    let serve = move || {
        let code = thread.serve(requests);
        // Whoever waited may have gone away.
        let _ = ended.send(code);
    };
    std::thread::Builder::new()
        .name("script".into())
        .stack_size(STACK_SIZE)
        .spawn(serve)
        .expect("the system has room for a thread");
    (Worker { sender, names }, end)
}

/// The thread's side.
struct Thread {
    host: ScriptHost,
    runtime: tokio::runtime::Handle,
    interrupt: Interrupt,
    names: SharedNames,
    errors: Errors,
}

/// With this exit code a script would end in which such a command is run.
const COMMAND_FAILED: i32 = 1;

type Requests = mpsc::UnboundedReceiver<(Request, oneshot::Sender<Answer>)>;

/// Why a session ends.
enum Why {
    /// Nobody types any more, the program is to end, or the script called `exit`.
    Leave,
    /// Another one takes its place; somebody waits for that.
    Reset(oneshot::Sender<Answer>),
}

fn tell(sender: oneshot::Sender<Answer>, answer: Answer) {
    // A prompt that was ended by a signal does not wait for its answer.
    let _ = sender.send(answer);
}

impl Thread {
    /// Serves one session after the other. Gives the last one's exit code.
    fn serve(self, mut requests: Requests) -> i32 {
        loop {
            let mut session = Session::begin(&self.host, self.runtime.clone());
            self.names.set(session.names());
            let why = self.serve_session(&mut session, &mut requests);
            let code = self.end(session);
            match why {
                Why::Leave => return code,
                // The prompt is there again when all is gone that the old one started.
                Why::Reset(sender) => tell(sender, Answer::Done),
            }
        }
    }

    fn serve_session(&self, session: &mut Session, requests: &mut Requests) -> Why {
        while let Some((request, sender)) = self.next(session, requests) {
            match request {
                Request::Run(source, text) => {
                    let answer = self.run(session, source, &text);
                    self.names.set(session.names());
                    tell(sender, answer);
                }
                Request::Jobs => {
                    show_jobs(session);
                    tell(sender, Answer::Done);
                }
                Request::Reset => return Why::Reset(sender),
            }
        }
        Why::Leave
    }

    /// Ends a session, with all that it started. Gives its exit code.
    fn end(&self, session: Session) -> i32 {
        let cancellation = session.new_cancellation();
        self.interrupt.set(cancellation.clone());
        let (code, problem) = session.run_deferred(cancellation);
        if let Some(problem) = problem {
            self.report(&session, &problem);
        }
        code
    }

    /// Waits for the next request, while handlers run; `None` at the end.
    fn next(&self, session: &Session, requests: &mut Requests) -> Option<(Request, oneshot::Sender<Answer>)> {
        loop {
            let cancellation = session.new_cancellation();
            self.interrupt.set(cancellation.clone());
            let waited = session.wait(cancellation.clone(), async { Ok(requests.recv().await) });
            match waited {
                Ok(request) => return request,
                Err(_) if session.is_over() => return None,
                // Ctrl-C ended a handler.
                Err(_) if cancellation.is_cancelled() => {}
                Err(problem) => self.report(session, &session.explain(&problem)),
            }
        }
    }

    fn run(&self, session: &mut Session, source: Source, text: &str) -> Answer {
        let cancellation = session.new_cancellation();
        self.interrupt.set(cancellation.clone());
        let is_typed = source == Source::Prompt;
        let answer = match session.evaluate(source, text, cancellation.clone()) {
            Ok(value) if is_typed => self.show(session, &value, text, cancellation),
            Ok(_) => Answer::Done,
            Err(_) if cancellation.is_cancelled() => Answer::Interrupted,
            Err(error) => self.fail(session, &with_hint_for_shells(error, text)),
        };
        session.exit_code().map_or(answer, Answer::Exit)
    }

    /// Shows a value, or runs it: whoever types a command wants it done.
    fn show(
        &self,
        session: &mut Session,
        value: &Dynamic,
        text: &str,
        cancellation: CancellationToken,
    ) -> Answer {
        if let Some(command) = value.read_lock::<Command>()
            && pretty::is_to_run(text)
        {
            return self.run_command(session, &command, cancellation);
        }
        if !value.is_unit() && !pretty::is_quiet(text) && session.exit_code().is_none() {
            print(session, &pretty::show(session.engine(), value));
        }
        Answer::Done
    }

    fn run_command(
        &self,
        session: &mut Session,
        command: &Command,
        cancellation: CancellationToken,
    ) -> Answer {
        let output = match session.within(cancellation.clone(), || run_typed(command)) {
            Ok(output) => output,
            Err(_) if cancellation.is_cancelled() => return Answer::Interrupted,
            Err(problem) => return self.fail(session, &session.explain(&problem)),
        };
        session.set_last_value(Dynamic::from(output.clone()));
        if accepts(command.job(), output.get()) {
            return Answer::Done;
        }
        // It has said itself what is wrong, if anything has.
        session.run().eprint(&output.get().status.to_string());
        Answer::Failed(COMMAND_FAILED)
    }

    fn fail(&self, session: &Session, error: &ScriptError) -> Answer {
        self.report(session, error);
        Answer::Failed((self.errors.code)(error))
    }

    fn report(&self, session: &Session, error: &ScriptError) {
        session.run().eprint(&(self.errors.text)(error));
    }
}

fn print(session: &Session, text: &str) {
    // Where nobody reads any more, the next line read is the end.
    let _ = session.run().print(text);
}

/// What looks like a line for a shell is told what it would be here.
fn with_hint_for_shells(mut error: ScriptError, text: &str) -> ScriptError {
    let line = text.trim();
    let program = line.split_whitespace().next().unwrap_or_default();
    if error.is_parse() && error.hint.is_none() && !line.contains('\n') && paths::is_on_path(program) {
        error.hint = Some(format!("to run the program `{program}` write $`{line}`"));
    }
    error
}

fn show_jobs(session: &Session) {
    let running = session.running();
    print(session, &if running.is_empty() { "nothing runs".into() } else { running.join("\n") });
}
