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
};
use tokio::{runtime, sync::oneshot};

/// How many commands at once one connection takes: what OpenSSH allows unless it is told
/// otherwise, less one for the warden. A server that allows less says so, and is believed.
const CHANNELS: usize = 9;

/// How many connections are opened to one host at once: with more, a server drops some
/// (`MaxStartups` in sshd_config(5)).
const CONNECTING: usize = 8;

/// How often a connection that the server dropped before it had spoken is tried again.
const ATTEMPTS: u32 = 8;

/// The connections to one destination.
pub(super) struct Pool {
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    masters: Vec<Entry>,
    connecting: usize,
    waiting: VecDeque<oneshot::Sender<Result<()>>>,
    /// Set when the host allowed no further connection: what is there has to do.
    is_full: bool,
}

struct Entry {
    master: Arc<Master>,
    in_use: usize,
    capacity: usize,
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
            turn.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Connect, "the runtime is gone")))?;
        }
    }

    /// Opens as many connections as those who wait need, but at most as many as there are already.
    fn grow(self: &Arc<Self>, state: &mut State) {
        let there = state.masters.len();
        if there > 0 && state.is_full {
            return;
        }
        let needed = state.waiting.len().div_ceil(CHANNELS);
        let allowed = there.clamp(1, CONNECTING);
        while state.connecting < needed.min(allowed) {
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
                let entry = Entry { master: Arc::new(master), in_use: 0, capacity: CHANNELS };
                state.masters.push(entry);
                state.is_full = false;
                state.wake();
                self.grow(&mut state);
            }
            // What is there has to do.
            Err(_) if !state.masters.is_empty() => state.is_full = true,
            Err(error) if state.connecting == 0 => {
                for waiting in state.waiting.drain(..) {
                    // Whoever waited may have lost interest.
                    let _ = waiting.send(Err(error.clone()));
                }
            }
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
    /// A connection with room for one more, which it then has in use.
    fn take_place(&mut self) -> Option<Arc<Master>> {
        self.masters.retain(|entry| !entry.master.is_lost());
        let entry = self.masters.iter_mut().find(|entry| entry.in_use < entry.capacity)?;
        entry.in_use += 1;
        Some(entry.master.clone())
    }

    /// Wakes as many of those who wait as there is room for.
    fn wake(&mut self) {
        let room: usize = self.masters.iter().map(|entry| entry.capacity.saturating_sub(entry.in_use)).sum();
        let mut woken = 0;
        while woken < room
            && let Some(waiting) = self.waiting.pop_front()
        {
            woken += usize::from(waiting.send(Ok(())).is_ok());
        }
    }

    fn entry(&mut self, master: &Arc<Master>) -> Option<&mut Entry> {
        self.masters.iter_mut().find(|entry| Arc::ptr_eq(&entry.master, master))
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
        if let Some(entry) = state.entry(&self.master) {
            entry.in_use -= 1;
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

    async fn open_channel(&self, request: ChannelRequest) -> Result<Channel> {
        let Some(mut channel) = self.place.master.open(&request).await? else {
            return Err(Error::new(ErrorKind::Connect, "the host allows no further session"));
        };
        let place = self.place.clone();
        let ended = channel.ended;
        channel.ended = Box::pin(async move {
            let _place = place;
            ended.await
        });
        Ok(channel)
    }
}

impl Channels for Lease {
    fn open(&self, request: ChannelRequest) -> BoxFuture<'_, Result<Channel>> {
        Box::pin(self.open_channel(request))
    }
}
