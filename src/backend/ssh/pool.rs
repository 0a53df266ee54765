//! The connections to one destination: shared, opened when needed, as many as it takes.

use super::{
    master::{Master, pause_before_attempt},
    options::Options,
};
use crate::{
    Error, ErrorKind, Result,
    backend::{
        BoxFuture,
        remote::{Channel, ChannelRequest, Channels, Link},
    },
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{runtime, sync::oneshot};

/// How many commands at once one connection takes: what OpenSSH allows unless it is told
/// otherwise (`MaxSessions` in sshd_config(5)), less one for the warden.
const CHANNELS: usize = 9;

/// How many connections are opened to one host at once: with more, a server drops some
/// (`MaxStartups` in sshd_config(5)).
const CONNECTING: usize = 8;

/// How often a connection that the server dropped before it had spoken is tried again.
const ATTEMPTS: u32 = 8;

/// How long to believe a host that refused one more session, or one more connection. It may have
/// counted one that was just ending.
const BELIEVED: Duration = Duration::from_secs(20);

/// The connections to one destination.
pub(super) struct Pool {
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connections: Vec<Connection>,
    connecting: usize,
    waiting: VecDeque<oneshot::Sender<Result<()>>>,
    /// When the host last took no further connection: what is there has to do.
    refused: Option<Instant>,
}

struct Connection {
    master: Arc<Master>,
    in_use: usize,
    capacity: usize,
    /// When the host last took no further session on it.
    refused: Option<Instant>,
    /// Whether it ever took one.
    has_taken: bool,
}

type Registry = Mutex<HashMap<(runtime::Id, Options), Weak<Pool>>>;

impl Pool {
    /// The pool of this destination, which all backends with equal options share as long as they
    /// run on the same runtime.
    pub(super) fn shared(options: Options) -> Arc<Self> {
        static POOLS: OnceLock<Registry> = OnceLock::new();
        // Without a runtime there is nothing to connect with, and nothing to share.
        let Ok(runtime) = runtime::Handle::try_current() else { return Arc::new(Self::new(options)) };
        let mut pools = POOLS.get_or_init(Registry::default).lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|_, pool| pool.strong_count() > 0);
        let key = (runtime.id(), options);
        if let Some(pool) = pools.get(&key).and_then(Weak::upgrade) {
            return pool;
        }
        let pool = Arc::new(Self::new(key.1.clone()));
        pools.insert(key, Arc::downgrade(&pool));
        pool
    }

    /// How its host is reached.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    fn new(options: Options) -> Self {
        Self { options, state: Mutex::default() }
    }

    /// A place for one command on a connection.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease> {
        loop {
            let turn = {
                let mut state = self.lock();
                if let Some(master) = state.take_place() {
                    return Ok(Lease { place: Arc::new(Place { pool: self.clone(), master }) });
                }
                let (sender, turn) = oneshot::channel();
                state.waiting.push_back(sender);
                self.grow(&mut state);
                turn
            };
            let mut turn = Turn { pool: self, turn: Some(turn) };
            turn.comes().await?;
        }
    }

    /// Opens as many connections as those who wait need, but at most as many as there are already.
    fn grow(self: &Arc<Self>, state: &mut State) {
        let there = state.connections.len();
        if there > 0 && state.refused.is_some_and(|at| at.elapsed() < BELIEVED) {
            return;
        }
        let needed = state.waiting.len().div_ceil(state.capacity().max(1));
        while state.connecting < needed.min(there.clamp(1, CONNECTING)) {
            state.connecting += 1;
            tokio::spawn(self.clone().add_connection());
        }
    }

    async fn add_connection(self: Arc<Self>) {
        let connected = self.connect().await;
        let mut state = self.lock();
        state.connecting -= 1;
        match connected {
            Ok(master) => {
                let capacity = state.capacity();
                let master = Arc::new(master);
                state.connections.push(Connection {
                    master,
                    in_use: 0,
                    capacity,
                    refused: None,
                    has_taken: false,
                });
                state.refused = None;
                state.wake();
                self.grow(&mut state);
            }
            Err(_) if state.prune() > 0 => state.refused = Some(Instant::now()),
            Err(error) if state.connecting == 0 => state.fail(&error),
            Err(_) => {}
        }
    }

    async fn connect(&self) -> Result<Master> {
        let mut attempt = 0;
        loop {
            match Master::connect(&self.options).await {
                Err(error) if attempt < ATTEMPTS && error.message().contains("before the login") => {
                    pause_before_attempt(attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("options", &self.options).finish_non_exhaustive()
    }
}

impl State {
    /// Forgets connections that were lost, and says how many are left.
    fn prune(&mut self) -> usize {
        self.connections.retain(|connection| !connection.master.is_lost());
        self.connections.len()
    }

    /// A connection with room for one more, which it then has in use.
    fn take_place(&mut self) -> Option<Arc<Master>> {
        self.prune();
        let connection = self.connections.iter_mut().find_map(|each| each.has_room().then_some(each))?;
        connection.in_use += 1;
        Some(connection.master.clone())
    }

    /// How many commands a new connection is expected to take: as many as the others do.
    fn capacity(&self) -> usize {
        self.connections.iter().map(|connection| connection.capacity).max().unwrap_or(CHANNELS)
    }

    /// Wakes as many of those who wait as there is room for.
    fn wake(&mut self) {
        let room: usize = self.connections.iter().map(|each| each.capacity.saturating_sub(each.in_use)).sum();
        let mut woken = 0;
        while woken < room
            && let Some(waiting) = self.waiting.pop_front()
        {
            woken += usize::from(waiting.send(Ok(())).is_ok());
        }
    }

    /// Gives this error to all who wait.
    fn fail(&mut self, error: &Error) {
        for waiting in self.waiting.drain(..) {
            // Whoever waited may have lost interest.
            let _ = waiting.send(Err(error.clone()));
        }
    }

    fn connection(&mut self, master: &Arc<Master>) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| Arc::ptr_eq(&connection.master, master))
    }
}

impl Connection {
    fn has_room(&mut self) -> bool {
        if self.capacity < CHANNELS && self.refused.is_some_and(|at| at.elapsed() > BELIEVED) {
            self.capacity += 1;
            self.refused = Some(Instant::now());
        }
        self.in_use < self.capacity
    }
}

/// Waits for its turn; if it is dropped before that, the next one may go.
struct Turn<'a> {
    pool: &'a Pool,
    turn: Option<oneshot::Receiver<Result<()>>>,
}

impl Turn<'_> {
    async fn comes(&mut self) -> Result<()> {
        let Some(turn) = &mut self.turn else { return Ok(()) };
        let come = turn.await;
        self.turn = None;
        come.unwrap_or_else(|_| Err(Error::new(ErrorKind::Connect, "the runtime is gone")))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.turn.is_some() {
            self.pool.lock().wake();
        }
    }
}

/// A place on a connection, for as long as a channel needs it.
struct Place {
    pool: Arc<Pool>,
    master: Arc<Master>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        if let Some(connection) = state.connection(&self.master) {
            connection.in_use -= 1;
        }
        state.wake();
    }
}

/// A place for one command.
pub(super) struct Lease {
    place: Arc<Place>,
}

impl Lease {
    pub(super) fn link(&self) -> &Arc<Link> {
        &self.place.master.link
    }

    /// The host took no session more on this connection than were there without this one.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) where it takes none at all but the warden's.
    pub(super) fn was_refused(self) -> Result<()> {
        let mut state = self.place.pool.lock();
        let Some(connection) = state.connection(&self.place.master) else { return Ok(()) };
        connection.capacity = connection.capacity.min((connection.in_use - 1).max(1));
        connection.refused = Some(Instant::now());
        if connection.in_use > 1 || connection.has_taken {
            return Ok(());
        }
        let error = Error::unsupported("the host allows only one session on a connection")
            .with_hint("rexec needs one for itself: set `MaxSessions` to 2 or more in its sshd_config")
            .with_host(self.place.pool.options.to_string());
        state.fail(&error);
        Err(error)
    }

    async fn open_channel(&self, request: ChannelRequest) -> Result<Option<Channel>> {
        let Some(mut channel) = self.place.master.open(&request, &self.place.pool.options).await? else {
            return Ok(None);
        };
        if let Some(connection) = self.place.pool.lock().connection(&self.place.master) {
            connection.has_taken = true;
        }
        let place = self.place.clone();
        let ended = channel.ended;
        channel.ended = Box::pin(async move {
            let _place = place;
            ended.await
        });
        Ok(Some(channel))
    }
}

impl Channels for Lease {
    fn open(&self, request: ChannelRequest) -> BoxFuture<'_, Result<Option<Channel>>> {
        Box::pin(self.open_channel(request))
    }
}
