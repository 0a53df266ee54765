//! The warden: one channel that stays open as long as the connection, with a shell at its far end
//! that delivers signals, and that ends everything when it hears nothing any longer.

use super::{BoxWriter, records::Records};
use crate::{Error, ErrorKind, Result, backend::BoxReader, event::Signal};
use bytes::BytesMut;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};

/// When the far side gives the connection up, and how it then ends what runs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often it hears from us.
    pub heartbeat: Duration,
    /// For how long it may hear nothing, in whole seconds; a cut that nobody tells of is noticed
    /// after this long, or up to a second later.
    pub silence: Duration,
    /// How long what it then asks to end may take before it is killed.
    pub grace: Duration,
}

impl Default for Patience {
    /// A heartbeat each second; after 3 seconds without one everything is asked to end, and half a
    /// second later killed.
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(1),
            silence: Duration::from_secs(3),
            grace: Duration::from_millis(500),
        }
    }
}

/// Our end of a warden.
///
/// Dropping it ends the warden, and with it everything that bears the link's mark.
#[derive(Debug)]
pub struct Warden {
    lines: mpsc::UnboundedSender<String>,
    answers: Arc<Answers>,
    lost: watch::Receiver<bool>,
    system: System,
}

/// What the far side says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct System {
    /// As `uname -s` prints it, such as `Linux`.
    pub os: String,
    /// As `uname -m` prints it, such as `x86_64`.
    pub arch: String,
    /// The option with which its sed(1) writes each line at once, if there is one.
    pub(super) sed: String,
}

#[derive(Debug, Default)]
struct Answers {
    count: AtomicU64,
    /// `None` once nobody will answer any longer.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<i32>>>>,
}

impl Warden {
    /// Takes over a channel on which [`shim::warden`](super::shim::warden) runs, and waits for its
    /// first word. `link` is what all marks of this link begin with.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) where the channel ends before that word, with what
    /// came instead.
    pub async fn start(
        mut stdin: BoxWriter,
        stdout: BoxReader,
        link: &str,
        patience: Patience,
    ) -> Result<Self> {
        let records = Records::new();
        let silence = patience.silence.as_secs_f64().ceil().max(1.0);
        let hello = format!("{}\n{silence} {} {link}\n", records.word(), patience.grace.as_secs_f64());
        let mut listener = Listener { stdout, records, buffer: BytesMut::new(), noise: Vec::new() };
        // If it can't be written, the other side has ended, and its last words come now.
        let _ = stdin.write_all(hello.as_bytes()).await;
        let system = listener.hello().await?;
        let answers = Arc::<Answers>::default();
        *answers.lock() = Some(HashMap::new());
        let (lines, requests) = mpsc::unbounded_channel();
        let (told_lost, lost) = watch::channel(false);
        tokio::spawn(write(stdin, requests, patience.heartbeat));
        let listening = answers.clone();
        tokio::spawn(async move {
            listener.listen(&listening).await;
            listening.lock().take();
            told_lost.send_replace(true);
        });
        Ok(Self { lines, answers, lost, system })
    }

    /// What the far side says of itself.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Whether the channel has ended, and with it the connection.
    pub fn is_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Waits until the channel has ended.
    pub async fn lost(&self) {
        // Without a sender nobody listens any longer, which is the same.
        let _ = self.lost.clone().wait_for(|&lost| lost).await;
    }

    /// Sends a signal to a process group; says whether somebody got it.
    pub(super) async fn signal(&self, signal: Signal, group: u32) -> Result<bool> {
        // Names of real-time signals differ between shells; their numbers don't on one system.
        let name = match signal {
            Signal::RtMin(_) => signal.linux_number().to_string(),
            named => named.to_string(),
        };
        self.ask('s', &name, group).await.map(|status| status == 0)
    }

    /// Kills one process, without waiting.
    pub(super) fn kill_one(&self, pid: u32) {
        // If it is lost, the far side sees to that by itself.
        let _ = self.lines.send(format!("o 0 KILL {pid}\n"));
    }

    /// Whether a process is there.
    pub(super) async fn is_alive(&self, pid: u32) -> Result<bool> {
        self.ask('o', "0", pid).await.map(|status| status == 0)
    }

    /// Whether there is anybody in a process group.
    pub(super) async fn is_there(&self, group: u32) -> Result<bool> {
        self.ask('q', "0", group).await.map(|status| status == 0)
    }

    /// Waits for the warden's answer to nothing in particular: the connection is there.
    pub(super) async fn ping(&self) -> Result<()> {
        self.ask('q', "0", std::process::id()).await.map(|_| ())
    }

    /// Kills a process group, if one is given, and everything that bears this mark.
    pub(super) async fn kill(&self, mark: &str, group: Option<u32>) -> Result<()> {
        self.ask('k', mark, group.unwrap_or(0)).await.map(|_| ())
    }

    /// The same without waiting, from any thread.
    pub(super) fn kill_now(&self, mark: &str, group: Option<u32>) {
        // If it is lost, the far side sees to that by itself.
        let _ = self.lines.send(format!("k 0 {mark} {}\n", group.unwrap_or(0)));
    }

    async fn ask(&self, what: char, word: &str, group: u32) -> Result<i32> {
        let gone = || Error::new(ErrorKind::Disconnected, "the connection was lost");
        let number = self.answers.count.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = oneshot::channel();
        match &mut *self.answers.lock() {
            Some(waiting) => waiting.insert(number, sender),
            None => return Err(gone()),
        };
        self.lines.send(format!("{what} {number} {word} {group}\n")).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

impl Answers {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<i32>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes requests, and a heartbeat whenever it is time.
async fn write(mut stdin: BoxWriter, mut requests: mpsc::UnboundedReceiver<String>, heartbeat: Duration) {
    let mut ticks = interval(heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let line = tokio::select! {
            biased;
            line = requests.recv() => match line {
                Some(line) => line,
                None => return,
            },
            _ = ticks.tick() => "h\n".to_owned(),
        };
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads what the warden tells.
struct Listener {
    stdout: BoxReader,
    records: Records,
    buffer: BytesMut,
    noise: Vec<u8>,
}

impl Listener {
    async fn hello(&mut self) -> Result<System> {
        while let Some(told) = self.next().await {
            if let Some(rest) = told.strip_prefix("H ") {
                let mut words = rest.split(' ').map(str::to_owned);
                let mut next = || words.next().unwrap_or_default();
                return Ok(System { os: next(), arch: next(), sed: next() });
            }
        }
        let said = String::from_utf8_lossy(&self.noise).trim().to_owned();
        let error = Error::unsupported("the host did not run a shell for us");
        Err(if said.is_empty() { error } else { error.with_hint(format!("it said: {said}")) })
    }

    async fn listen(&mut self, answers: &Answers) {
        while let Some(told) = self.next().await {
            let mut words = told.split(' ');
            let numbers = words
                .next()
                .filter(|&word| word == "A")
                .and_then(|_| Some((words.next()?.parse::<u64>().ok()?, words.next()?.parse::<i32>().ok()?)));
            let Some((number, status)) = numbers else { continue };
            let waiting = answers.lock().as_mut().and_then(|waiting| waiting.remove(&number));
            if let Some(sender) = waiting {
                // Whoever asked may have lost interest.
                let _ = sender.send(status);
            }
        }
    }

    async fn next(&mut self) -> Option<String> {
        const NOISE: usize = 4 << 10;
        loop {
            if let Some((range, told)) = self.records.find(&self.buffer, 0) {
                let before = self.buffer.split_to(range.end);
                if self.noise.len() < NOISE {
                    self.noise.extend_from_slice(&before[..range.start]);
                }
                return Some(told);
            }
            self.buffer.reserve(4 << 10);
            let read = self.stdout.read_buf(&mut self.buffer).await;
            if !read.is_ok_and(|count| count > 0) {
                self.noise.extend_from_slice(&self.buffer);
                return None;
            }
        }
    }
}
