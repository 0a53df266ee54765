//! When a process that ended is started again, and how long that waits.

use crate::Error;
use std::{
    collections::VecDeque,
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

/// Whether a process that ended by itself is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Never.
    Never,
    /// If it failed: with an exit code that its command does not
    /// [accept](crate::Command::accepts), by a signal, or because it passed its time limit.
    #[default]
    OnFailure,
    /// However it ended.
    Always,
}

impl RestartPolicy {
    /// Whether a process that failed is started again.
    pub fn restarts_failed(self) -> bool {
        self != RestartPolicy::Never
    }

    /// Whether a process that ended and did not fail is started again.
    pub fn restarts_finished(self) -> bool {
        self == RestartPolicy::Always
    }
}

impl FromStr for RestartPolicy {
    type Err = Error;

    /// Takes `no` and `never`, `on-failure`, `always`.
    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "no" | "never" => Ok(RestartPolicy::Never),
            "on-failure" => Ok(RestartPolicy::OnFailure),
            "always" => Ok(RestartPolicy::Always),
            _ => Err(Error::invalid(format!(
                "unknown restart policy `{name}`: use `never`, `on-failure` or `always`"
            ))),
        }
    }
}

impl fmt::Display for RestartPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RestartPolicy::Never => "never",
            RestartPolicy::OnFailure => "on-failure",
            RestartPolicy::Always => "always",
        })
    }
}

/// How long a restart waits: longer after each failure, up to a limit.
///
/// ```
/// use rexec::target::Backoff;
/// use std::time::Duration;
///
/// let backoff = Backoff { jitter: 0.0, ..Backoff::default() };
/// let delays: Vec<_> = (0..4).map(|attempt| backoff.delay(attempt, 0.5).as_millis()).collect();
/// assert_eq!(delays, [200, 400, 800, 1600]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The first wait.
    pub initial: Duration,
    /// How much longer each further one is.
    pub factor: f64,
    /// The longest.
    pub max: Duration,
    /// The part of a wait by which chance may make it shorter or longer, from 0 to 1, so that
    /// many processes that failed together don't come back together.
    pub jitter: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { initial: Duration::from_millis(200), factor: 2.0, max: Duration::from_secs(30), jitter: 0.1 }
    }
}

impl Backoff {
    /// Always the same wait.
    pub fn constant(delay: Duration) -> Self {
        Self { initial: delay, factor: 1.0, max: delay, jitter: 0.0 }
    }

    /// The wait before restart number `attempt`, counted from 0; `chance` is any number from 0
    /// to 1.
    pub fn delay(&self, attempt: u32, chance: f64) -> Duration {
        let exponent = i32::try_from(attempt).unwrap_or(i32::MAX);
        let spread = 1.0 + self.jitter.clamp(0.0, 1.0) * (2.0 * chance - 1.0);
        let seconds = self.initial.as_secs_f64() * self.factor.powi(exponent) * spread;
        // Whatever was asked for (an overflow, a negative factor), the wait has a length.
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max).min(self.max)
    }
}

/// How many restarts are left, and how long the next one waits.
#[derive(Clone, Debug)]
pub(crate) struct RestartBudget {
    backoff: Backoff,
    most: usize,
    window: Duration,
    stable_after: Duration,
    failures_in_a_row: u32,
    recent: VecDeque<Instant>,
}

impl RestartBudget {
    /// At most `most` restarts within `window`; a run of `stable_after` makes the waits short
    /// again.
    pub(crate) fn new(backoff: Backoff, most: u32, window: Duration, stable_after: Duration) -> Self {
        let (failures_in_a_row, recent) = (0, VecDeque::new());
        Self { backoff, most: most as usize, window, stable_after, failures_in_a_row, recent }
    }

    /// Takes one restart: how long it waits, or `None` if there is none left.
    pub(crate) fn take(&mut self, now: Instant, ran_for: Duration, chance: f64) -> Option<Duration> {
        let is_over = |then: &Instant| now.duration_since(*then) > self.window;
        while self.recent.front().is_some_and(is_over) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.most {
            return None;
        }
        if ran_for >= self.stable_after {
            self.failures_in_a_row = 0;
        }
        self.recent.push_back(now);
        self.failures_in_a_row += 1;
        Some(self.backoff.delay(self.failures_in_a_row - 1, chance))
    }

    /// Somebody started it anew: all is forgotten.
    pub(crate) fn reset(&mut self) {
        self.failures_in_a_row = 0;
        self.recent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn budget(most: u32) -> RestartBudget {
        let backoff = Backoff { initial: SECOND, factor: 2.0, max: 5 * SECOND, jitter: 0.0 };
        RestartBudget::new(backoff, most, 60 * SECOND, 10 * SECOND)
    }

    #[test]
    fn waits_grow_up_to_the_longest_and_begin_anew_after_a_stable_run() {
        let (mut budget, now) = (budget(100), Instant::now());
        let mut next = |ran_for| budget.take(now, ran_for, 0.5).unwrap().as_secs();
        let waits = [next(SECOND), next(SECOND), next(SECOND), next(SECOND), next(10 * SECOND), next(SECOND)];
        assert_eq!(waits, [1, 2, 4, 5, 1, 2]);
    }

    #[test]
    fn restarts_are_limited_within_a_window() {
        let (mut budget, start) = (budget(2), Instant::now());
        let mut at = |seconds: u32| budget.take(start + seconds * SECOND, SECOND, 0.5).is_some();
        assert_eq!([at(0), at(1), at(2), at(61), at(62), at(63)], [true, true, false, true, true, false]);
    }

    #[test]
    fn no_restart_is_left_where_none_is_allowed() {
        assert_eq!(budget(0).take(Instant::now(), 100 * SECOND, 0.5), None);
    }

    #[test]
    fn chance_moves_a_wait_within_its_bounds() {
        let backoff = Backoff { jitter: 0.5, ..budget(1).backoff };
        let millis = |chance| backoff.delay(0, chance).as_millis();
        assert_eq!([millis(0.0), millis(0.5), millis(1.0)], [500, 1000, 1500]);
    }

    #[test]
    fn a_wait_without_sense_still_has_a_length() {
        let odd = |factor, jitter| Backoff { initial: SECOND, factor, max: 5 * SECOND, jitter };
        for backoff in [odd(f64::INFINITY, 0.0), odd(f64::NAN, 0.0), odd(-3.0, 9.0), odd(1e300, 1.0)] {
            for attempt in [0, 1, 2, u32::MAX] {
                assert!(backoff.delay(attempt, 1.0) <= 5 * SECOND, "{backoff:?}");
            }
        }
    }

    #[test]
    fn a_policy_comes_back_from_its_name() {
        for policy in [RestartPolicy::Never, RestartPolicy::OnFailure, RestartPolicy::Always] {
            assert_eq!(policy.to_string().parse::<RestartPolicy>().unwrap(), policy);
        }
        let error = "sometimes".parse::<RestartPolicy>().unwrap_err();
        assert!(error.to_string().contains("`sometimes`"), "{error}");
    }
}
