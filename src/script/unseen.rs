//! What failed in parallel without the script ever looking at it.
//!
//! A result that nobody reads must not pass for success: at the script's end what is here is shown,
//! and the exit code is 3.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// How many failures are kept for the report; beyond that they are counted.
const KEPT: usize = 1000;

/// Something that failed in parallel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The item, as it prints: often a host's name.
    pub item: String,
    /// What went wrong, in one line.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.message)
    }
}

/// The failures of a run that its script has not looked at.
#[derive(Default)]
pub(crate) struct UnseenFailures(Mutex<Vec<Pending>>);

struct Pending {
    seen: Arc<AtomicBool>,
    failures: Vec<Failure>,
    /// How many more there were than are kept.
    more: usize,
}

impl UnseenFailures {
    /// Notes failures; they count until `seen` is set.
    pub(crate) fn add(&self, seen: Arc<AtomicBool>, mut failures: Vec<Failure>) {
        if failures.is_empty() {
            return;
        }
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Here and not when they are looked at, which happens more often.
        pending.retain(|pending| !pending.seen.load(Ordering::Relaxed));
        let kept: usize = pending.iter().map(|pending| pending.failures.len()).sum();
        let room = KEPT.saturating_sub(kept);
        let more = failures.len().saturating_sub(room);
        failures.truncate(room);
        pending.push(Pending { seen, failures, more });
    }

    /// The failures that nobody has looked at, and how many there were beyond those.
    pub(crate) fn take(&self) -> (Vec<Failure>, usize) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unseen = pending.drain(..).filter(|pending| !pending.seen.load(Ordering::Relaxed));
        unseen.fold((Vec::new(), 0), |(mut failures, more), pending| {
            failures.extend(pending.failures);
            (failures, more + pending.more)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(count: usize) -> Vec<Failure> {
        let failure = |n: usize| Failure { item: format!("web{n}"), message: "refused".into() };
        (0..count).map(failure).collect()
    }

    #[test]
    fn what_was_looked_at_is_not_reported() {
        let unseen = UnseenFailures::default();
        let (first, second) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        unseen.add(first.clone(), failures(1));
        unseen.add(second, failures(2));
        first.store(true, Ordering::Relaxed);
        assert_eq!(unseen.take(), (failures(2), 0));
        assert_eq!(unseen.take(), (Vec::new(), 0));
    }

    #[test]
    fn a_loop_that_never_looks_keeps_a_bounded_number() {
        let unseen = UnseenFailures::default();
        for _ in 0..300 {
            unseen.add(Arc::new(AtomicBool::new(false)), failures(5));
        }
        let (kept, more) = unseen.take();
        assert_eq!((kept.len(), more), (1000, 500));
    }
}
