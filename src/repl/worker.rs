//! The thread that has the session: it runs what was typed, and waits as a script does meanwhile.

use super::{assistant::SharedNames, interrupt::Interrupt, pretty};
use crate::script::{
    Command, ScriptError, ScriptHost,
    execute::run_at_prompt,
    session::{Session, Source},
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
    /// Forget everything.
    Reset,
}

/// What became of it.
pub(super) enum Answer {
    /// It is done.
    Done,
    /// It failed.
    Failed(Box<ScriptError>),
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

/// Scripts nest deeper than a thread's usual 2 MiB allow.
const STACK_SIZE: usize = 16 << 20;

/// Starts the thread. The second value completes when it has ended, with all that was started.
pub(super) fn start(host: ScriptHost, interrupt: Interrupt) -> (Worker, oneshot::Receiver<()>) {
    let (sender, requests) = mpsc::unbounded_channel();
    let (ended, end) = oneshot::channel();
    let names = SharedNames::default();
    let runtime = tokio::runtime::Handle::current();
    let script = {
        let names = names.clone();
        move || {
            let serve =
                Serve { session: Session::begin(&host, runtime.clone()), host, runtime, interrupt, names };
            serve.all(requests);
            // Whoever waited may have gone away.
            let _ = ended.send(());
        }
    };
    std::thread::Builder::new()
        .name("script".into())
        .stack_size(STACK_SIZE)
        .spawn(script)
        .expect("the system has room for a thread");
    (Worker { sender, names }, end)
}

/// The thread's side.
struct Serve {
    host: ScriptHost,
    runtime: tokio::runtime::Handle,
    session: Session,
    interrupt: Interrupt,
    names: SharedNames,
}

type Requests = mpsc::UnboundedReceiver<(Request, oneshot::Sender<Answer>)>;

impl Serve {
    fn all(mut self, mut requests: Requests) {
        self.names.set(self.session.names());
        while let Some((request, sender)) = self.next(&mut requests) {
            let answer = self.answer(request);
            self.names.set(self.session.names());
            // A prompt that was ended by a signal does not wait for its answer.
            let _ = sender.send(answer);
        }
    }

    /// Waits for the next request, while handlers run; `None` at the end.
    fn next(&mut self, requests: &mut Requests) -> Option<(Request, oneshot::Sender<Answer>)> {
        loop {
            let cancellation = self.session.new_cancellation();
            self.interrupt.set(cancellation.clone());
            let waited = self.session.wait(cancellation.clone(), async { Ok(requests.recv().await) });
            match waited {
                Ok(request) => return request,
                Err(_) if self.session.is_cancelled() => return None,
                // Ctrl-C ended a handler.
                Err(_) if cancellation.is_cancelled() => {}
                Err(problem) => self.session.run().eprint(&self.session.explain(&problem).to_string()),
            }
        }
    }

    fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Run(source, text) => self.run(source, &text),
            Request::Reset => {
                self.session = Session::begin(&self.host, self.runtime.clone());
                Answer::Done
            }
        }
    }

    fn run(&mut self, source: Source, text: &str) -> Answer {
        let cancellation = self.session.new_cancellation();
        self.interrupt.set(cancellation.clone());
        match self.session.evaluate(source, text, cancellation.clone()) {
            Ok(value) => self.show(&value, text, cancellation),
            Err(_) if cancellation.is_cancelled() => Answer::Interrupted,
            Err(error) => Answer::Failed(Box::new(error)),
        }
    }

    /// Shows a value, or runs it: whoever types a command wants it done.
    fn show(&mut self, value: &Dynamic, text: &str, cancellation: CancellationToken) -> Answer {
        if let Some(command) = value.read_lock::<Command>()
            && pretty::is_to_run(text)
        {
            return self.run_command(&command, cancellation);
        }
        if !value.is_unit() {
            self.print(&pretty::show(self.session.engine(), value));
        }
        Answer::Done
    }

    fn run_command(&mut self, command: &Command, cancellation: CancellationToken) -> Answer {
        let ran = self.session.within(cancellation.clone(), || run_at_prompt(command));
        match ran {
            Ok(output) => {
                if !output.get().success() {
                    self.session.run().eprint(&output.get().status.to_string());
                }
                self.session.set_last_value(Dynamic::from(output));
                Answer::Done
            }
            Err(_) if cancellation.is_cancelled() => Answer::Interrupted,
            Err(problem) => Answer::Failed(Box::new(self.session.explain(&problem))),
        }
    }

    fn print(&self, text: &str) {
        // Where nobody reads any more, the next line read is the end.
        let _ = self.session.run().print(text);
    }
}
