//! Signals by name, since their numbers differ between systems.

use std::{fmt, str::FromStr};

/// A POSIX signal, known by its name.
///
/// Numbers differ between systems and architectures, so a signal keeps its name until the moment
/// when a backend hands it to a kernel. The names are those of POSIX `<signal.h>` and of Linux
/// `signal(7)`.
///
/// ```
/// use rexec::Signal;
///
/// assert_eq!("SIGTERM".parse::<Signal>()?, Signal::Term);
/// assert_eq!("hup".parse::<Signal>()?, Signal::Hup);
/// assert_eq!(Signal::Kill.to_string(), "KILL");
/// # Ok::<(), rexec::ParseSignalError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// Hangup: the terminal went away, or for a daemon: read your configuration again.
    Hup,
    /// Interrupt from the keyboard (Ctrl-C).
    Int,
    /// Quit from the keyboard (Ctrl-\).
    Quit,
    /// Illegal instruction.
    Ill,
    /// Trace trap.
    Trap,
    /// `abort(3)`.
    Abrt,
    /// Bus error.
    Bus,
    /// Arithmetic error.
    Fpe,
    /// The one that can't be caught: ends the process at once.
    Kill,
    /// For the program to use as it likes.
    Usr1,
    /// Invalid memory reference.
    Segv,
    /// For the program to use as it likes.
    Usr2,
    /// Write to a pipe that nobody reads.
    Pipe,
    /// Timer of `alarm(2)`.
    Alrm,
    /// A polite request to end.
    Term,
    /// Stack fault on a coprocessor (Linux, unused).
    Stkflt,
    /// A child stopped or ended.
    Chld,
    /// Continue if stopped.
    Cont,
    /// Stop; can't be caught.
    Stop,
    /// Stop typed at the terminal (Ctrl-Z).
    Tstp,
    /// A background process read from the terminal.
    Ttin,
    /// A background process wrote to the terminal.
    Ttou,
    /// Urgent data on a socket.
    Urg,
    /// CPU time limit exceeded.
    Xcpu,
    /// File size limit exceeded.
    Xfsz,
    /// Virtual timer.
    Vtalrm,
    /// Profiling timer.
    Prof,
    /// The terminal's size changed.
    Winch,
    /// I/O is possible.
    Io,
    /// Power failure.
    Pwr,
    /// Bad system call.
    Sys,
    /// A real-time signal, counted from `SIGRTMIN`.
    RtMin(u8),
}

/// Each named signal with its name, in the order of Linux's numbers on x86 and ARM, which begin
/// with 1 and have no gap (`signal(7)`, "Signal numbering for standard signals").
const NAMES: [(Signal, &str); 31] = [
    (Signal::Hup, "HUP"),
    (Signal::Int, "INT"),
    (Signal::Quit, "QUIT"),
    (Signal::Ill, "ILL"),
    (Signal::Trap, "TRAP"),
    (Signal::Abrt, "ABRT"),
    (Signal::Bus, "BUS"),
    (Signal::Fpe, "FPE"),
    (Signal::Kill, "KILL"),
    (Signal::Usr1, "USR1"),
    (Signal::Segv, "SEGV"),
    (Signal::Usr2, "USR2"),
    (Signal::Pipe, "PIPE"),
    (Signal::Alrm, "ALRM"),
    (Signal::Term, "TERM"),
    (Signal::Stkflt, "STKFLT"),
    (Signal::Chld, "CHLD"),
    (Signal::Cont, "CONT"),
    (Signal::Stop, "STOP"),
    (Signal::Tstp, "TSTP"),
    (Signal::Ttin, "TTIN"),
    (Signal::Ttou, "TTOU"),
    (Signal::Urg, "URG"),
    (Signal::Xcpu, "XCPU"),
    (Signal::Xfsz, "XFSZ"),
    (Signal::Vtalrm, "VTALRM"),
    (Signal::Prof, "PROF"),
    (Signal::Winch, "WINCH"),
    (Signal::Io, "IO"),
    (Signal::Pwr, "PWR"),
    (Signal::Sys, "SYS"),
];

/// Linux's `SIGRTMIN` as programs see it: glibc keeps 32 and 33 for itself (`signal(7)`).
const LINUX_RTMIN: i32 = 34;
/// Linux's `SIGRTMAX`.
const LINUX_RTMAX: i32 = 64;

impl Signal {
    /// The signal with this number on Linux (x86, ARM, RISC-V), if there is one.
    ///
    /// Backends whose far side is a Linux host use it for statuses such as a shell's 128 + n.
    ///
    /// ```
    /// use rexec::Signal;
    ///
    /// assert_eq!(Signal::from_linux_number(15), Some(Signal::Term));
    /// assert_eq!(Signal::from_linux_number(0), None);
    /// ```
    pub fn from_linux_number(number: i32) -> Option<Self> {
        match number {
            1..=31 => Some(NAMES[number as usize - 1].0),
            LINUX_RTMIN..=LINUX_RTMAX => Some(Signal::RtMin((number - LINUX_RTMIN) as u8)),
            _ => None,
        }
    }

    /// This signal's number on Linux (x86, ARM, RISC-V).
    ///
    /// ```
    /// assert_eq!(rexec::Signal::Kill.linux_number(), 9);
    /// ```
    pub fn linux_number(self) -> i32 {
        match self {
            Signal::RtMin(offset) => LINUX_RTMIN + i32::from(offset),
            named => {
                NAMES.iter().position(|(signal, _)| *signal == named).map_or(0, |index| index as i32 + 1)
            }
        }
    }

    /// The names that can be parsed, without `SIG`: for messages and completion.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name)| *name)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::RtMin(0) => f.write_str("RTMIN"),
            Signal::RtMin(offset) => write!(f, "RTMIN+{offset}"),
            named => {
                let name = NAMES.iter().find(|(signal, _)| signal == named);
                f.write_str(name.map_or("UNKNOWN", |(_, name)| name))
            }
        }
    }
}

/// A text that names no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown signal `{name}`: use a name such as TERM, KILL, INT, HUP, USR1 or RTMIN+3")]
pub struct ParseSignalError {
    name: String,
}

impl FromStr for Signal {
    type Err = ParseSignalError;

    /// Takes `TERM`, `SIGTERM` and `term`, and for the real-time ones `RTMIN+3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let named = NAMES.iter().find(|(_, known)| *known == name);
        named
            .map(|(signal, _)| *signal)
            .or_else(|| alias(name))
            .or_else(|| real_time(name))
            .ok_or_else(|| ParseSignalError { name: text.to_owned() })
    }
}

/// Other names of the same signals (`signal(7)`).
fn alias(name: &str) -> Option<Signal> {
    match name {
        "CLD" => Some(Signal::Chld),
        "IOT" => Some(Signal::Abrt),
        "POLL" => Some(Signal::Io),
        _ => None,
    }
}

fn real_time(name: &str) -> Option<Signal> {
    let highest = (LINUX_RTMAX - LINUX_RTMIN) as u8;
    let offset = match name.strip_prefix("RTMIN") {
        Some("") => 0,
        Some(rest) => rest.strip_prefix('+')?.parse().ok()?,
        None => match name.strip_prefix("RTMAX")? {
            "" => highest,
            rest => highest.checked_sub(rest.strip_prefix('-')?.parse().ok()?)?,
        },
    };
    (offset <= highest).then_some(Signal::RtMin(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_number_comes_back() {
        for (number, (signal, name)) in (1..).zip(NAMES) {
            assert_eq!(name.parse(), Ok(signal));
            assert_eq!(format!("SIG{name}").parse(), Ok(signal));
            assert_eq!(signal.to_string(), name);
            assert_eq!(signal.linux_number(), number);
            assert_eq!(Signal::from_linux_number(number), Some(signal));
        }
    }

    #[test]
    fn real_time_signals_count_from_rtmin() {
        assert_eq!("SIGRTMIN+3".parse(), Ok(Signal::RtMin(3)));
        assert_eq!("RTMAX".parse::<Signal>().unwrap().linux_number(), 64);
        assert!("RTMIN+31".parse::<Signal>().is_err());
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        let error = "TREM".parse::<Signal>().unwrap_err();
        assert!(error.to_string().contains("`TREM`"));
    }
}
