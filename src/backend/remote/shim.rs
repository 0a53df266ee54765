//! The shell shim: what is run on the far side to start a command there and to tell how it ended.
//!
//! Two texts, both plain POSIX shell. [`command`] is run for each command; it reads one line from
//! its standard input, which `script.rs` makes, and does what that says.
//! [`warden`] is run once for each connection: it delivers signals, and ends everything when the
//! connection goes away.
//!
//! # Getting past the login shell
//!
//! The text is handed to the user's login shell, which may be sh, bash, zsh, fish or csh. It is
//! `exec /bin/sh -c '...'`, and between those quotes there is nothing that one of them reads
//! differently: no quote, no `!` (csh's history), no newline (csh), and no backslash but before a
//! digit (fish). What the user gave (words, variables, paths) is not in it: that comes as the first
//! line of input, so that it needs quoting for one shell only, and does not show in `ps`.
//!
//! # Telling exit codes from signals
//!
//! To a shell, a child that was killed by `TERM` and one that called `exit(143)` look alike in `$?`.
//! But about the first (and not the second) a shell writes a message to its own standard error,
//! as "Terminated". So while the shim waits, its standard error is a pipe to itself, and after the
//! command's end it looks whether there is a message in it. Dash, busybox, mksh and bash (outside
//! of its POSIX mode) do this; none of them does it for `INT` and `PIPE`, where the exit codes 130
//! and 141 remain open to both readings: see `control.rs`.

use std::sync::LazyLock;

/// Separates what the shim tells from what the command writes: the record separator of ASCII, and
/// after it a word that nobody can guess.
pub(super) const MARK: u8 = 0x1e;

/// The functions that a command's script uses. All names begin with `rx_` or are one letter long
/// and functions, so that they don't meet variables of the environment.
///
/// Descriptors: 3 is where the shim tells, 4, 5 and 7 are the command's redirects, 6 is where its
/// standard error goes, 8 and 9 are the two ends of a pipe.
const COMMAND: &[&str] = &[
    // The only newline that can be had without one in this text and without starting a process.
    r#"rx_l="${IFS#??}""#,
    // Outside of its POSIX mode, bash tells of children that were killed.
    r#"{ command set +o posix; } 2>/dev/null"#,
    // Tell a record; fail before anything was started.
    r#"r() { printf "\036%s %s\n" "$rx_n" "$*" >&3; }"#,
    r#"x() { r F ${rx_k-0} "$@"; exit 1; }"#,
    // Survive what is sent to the group, which is this shell's too: the command's end is still to be
    // told. With traps where it starts something, since that would inherit ignored signals; and
    // ignoring them where it reads, since a trap ends a read. The numbers are Linux's signals that
    // have no portable name.
    r#"c() { trap "$1" HUP INT QUIT 6 USR1 USR2 PIPE ALRM TERM VTALRM PROF XCPU XFSZ SYS; [ -d /proc/self/fd ] && { command trap "$1" 16 29 30 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64; } 2>/dev/null; :; }"#,
    // Change the directory.
    r#"g() { CDPATH= cd -- "$1" >/dev/null 2>&1 && return; rx_a=N; [ -e "$1" ] && rx_a=T; [ -d "$1" ] && rx_a=D; x C $rx_a; }"#,
    // Find the program as execvp(3) does.
    r#"t() { rx_p=$1; [ -d "$1" ] && { rx_a=D; return 1; }; [ -e "$1" ] || return 1; [ -x "$1" ] && return; rx_a=D; return 1; }"#,
    r#"f() { rx_a=N; case $1 in */*) t "$1" && return;; *) set -f; rx_i=$IFS; IFS=:; for rx_d in ${PATH-/usr/local/bin:/usr/bin:/bin}; do t "${rx_d:-.}/$1" && { IFS=$rx_i; set +f; return; }; done; IFS=$rx_i; set +f;; esac; x P $rx_a; }"#,
    // Why a file could not be opened.
    r#"o() { rx_a=N; [ -e "$2" ] && rx_a=D; [ -d "$2" ] && rx_a=I; case $1$rx_a in IN) ;; *N) case $2 in */*) rx_d=${2%/*};; *) rx_d=.;; esac; [ -d "${rx_d:-/}" ] && rx_a=D;; esac; x $1 $rx_a; }"#,
    // Make the pipe for the shell's messages, without starting a process: a here-document is one.
    r#"e() { eval "command exec 9<<E$rx_l-${rx_l}E$rx_l" && { command exec 8>/proc/self/fd/9; } 2>/dev/null; }"#,
    // From here on this output is the command's; and what the process is that becomes the command.
    r#"h() { printf "\036%s B\n" "$rx_n"; }"#,
    r#"y() { { read -r rx_c rx_d </proc/self/stat; } 2>/dev/null || rx_c=$$; r P $rx_c $$; }"#,
    r#"b() { e || { rx_u=u; exec 8>/dev/null 9</dev/null; }; h; exec 6>&2 2>&8; }"#,
    // Read the messages: e for an exit code, s for a signal, u where there is no way to know.
    r#"m() { rx_m=e; while read -r rx_a rx_b; do case $rx_a in X) break;; -) ;; *) rx_m=s;; esac; done; rx_m=${rx_u:-$rx_m}; }"#,
    r#"i() { rx_a=; case $1 in e) ;; *) rx_a=$(kill -l $(($2-128)) 2>/dev/null);; esac; }"#,
    // Done: tell the status that this was given.
    r#"d() { c ""; exec 2>&6; echo X >&8; m <&9; i $rx_m $1; [ "$rx_t" ] || printf "\036%s E\n" "$rx_n"; r X $rx_m $1 $rx_a; exit 0; }"#,
    // Have the standard error of a stage of a pipeline marked line by line with the stage's number, by
    // something in the background that nobody waits for: the stage may leave children that hold it.
    r#"q() { e && [ -p /proc/self/fd/9 ] && { LC_ALL=C sed $2 -e 1d -e "s/^/$3/" <&9 >&3 3>&- 4<&- 5>&- 8>&- 9<&- & exec 6>&8 8>&- 9<&-; } || exec 6>&3; }"#,
    // Tell what a stage of a pipeline left: its number, and on standard input the messages and the
    // status. After the last one nothing is added to the output.
    r#"s() { c ""; rx_m=e; while read -r rx_a rx_b; do case $rx_a in X) i $rx_m $rx_b; r S $1 $rx_m $rx_b $rx_a;; *) rx_m=s;; esac; done; [ "$2" ] && printf "\036%s E\n" "$rx_n"; }"#,
];

/// Reads the script and does what it says.
const OBEY: &str = r#"IFS= read -r rx_s && eval "$rx_s""#;

/// Prepares a terminal for the script: its lines are longer than those that people type.
const PREPARE_TERMINAL: &str = r#"rx_t=1; stty raw -echo && printf "\036%s R\n" "$1" || exit 1"#;

/// What the warden does. It reads lines: `h` (a heartbeat), and requests with a number to answer
/// to: `s` (a signal to a group), `o` (to one process), `q` (is anybody in the group?), `k` (kill a
/// group and all that bear a mark).
const WARDEN: &[&str] = &[
    r#"IFS= read -r rx_n && read -r rx_w rx_g rx_k || exit 1"#,
    r#"trap "" HUP PIPE INT QUIT; exec 3>&1 2>/dev/null"#,
    r#"a() { printf "\036%s %s\n" "$rx_n" "$*" >&3; }"#,
    // Who bears a mark: in the environment, or in its own name, as the shims of commands do. The
    // pattern does not fit itself where it stands among the arguments of grep.
    r#"l() { if [ -r /proc/self/environ ]; then grep -l "[-=:]$1-" /proc/[0-9]*/cmdline /proc/[0-9]*/environ; else ps -A -o pid= -o args= | grep "[-]$1-" | while read -r rx_a rx_b; do echo "/proc/$rx_a/cmdline"; done; fi; }"#,
    // Signal them all: shims with their group, others alone.
    r#"i() { rx_f=1; for rx_x in $(l "$2"); do rx_f=0; rx_p=${rx_x#/proc/}; rx_p=${rx_p%/*}; case $rx_x in *e) kill -s $1 $rx_e "-$rx_p";; esac; kill -s $1 "$rx_p"; done; return $rx_f; }"#,
    // Kill them all, again and again: they may be forking.
    r#"k() { rx_j=0; while i KILL "$1" && [ $rx_j -lt 25 ]; do rx_j=$((rx_j+1)); [ $rx_j -gt 5 ] && sleep 0.02; done; }"#,
    // The end: ask, wait, kill.
    r#"z() { trap "" TERM; kill $rx_t; i TERM "$rx_k" && { i CONT "$rx_k"; sleep "$rx_g" || sleep 1; k "$rx_k"; }; exit 0; }"#,
    // busybox does not know the -- that dash needs. Its absence is safe with a built-in kill only.
    r#"rx_e=--; kill -s 0 -- "-$$" || case $(command -v kill) in kill) rx_e=;; esac"#,
    // No heartbeat for so many seconds: the connection is gone, and nobody may ever say so.
    r#"{ rx_c=0; trap "rx_c=0" USR1; exec </dev/null >/dev/null 3>&-; while [ $rx_c -lt "$rx_w" ]; do sleep 1; rx_c=$((rx_c+1)); done; kill -s TERM $$; } & eval "rx_t=$(printf "\044\041")""#,
    r#"trap z TERM"#,
    // How to have a line edited as soon as it is there, if at all.
    r#"for rx_u in -u -l ""; do sed $rx_u "" </dev/null && break; done"#,
    r#"a H "$(uname -s)" "$(uname -m)" $rx_u"#,
    r#"while read -r rx_o rx_q rx_s rx_p; do case $rx_o in h) kill -s USR1 $rx_t;; s) kill -s "$rx_s" $rx_e "-$rx_p"; a A "$rx_q" $?;; o) kill -s "$rx_s" "$rx_p"; a A "$rx_q" $?;; q) kill -s 0 $rx_e "-$rx_p"; a A "$rx_q" $?;; k) [ "$rx_p" -gt 1 ] && kill -s KILL $rx_e "-$rx_p"; k "$rx_s"; a A "$rx_q" 0;; esac; done; z"#,
];

/// The text that runs one command, whose shim bears this name.
pub fn command(name: &str) -> Vec<u8> {
    static TEXT: LazyLock<String> = LazyLock::new(|| quote(&[COMMAND, &[OBEY]].concat()));
    [&*TEXT, name].concat().into_bytes()
}

/// The text that runs one command on a terminal, whose shim bears this name. When it tells, after
/// this word, that the terminal is ready, it wants the script.
pub(super) fn terminal(name: &str, word: &str) -> Vec<u8> {
    let text = quote(&[COMMAND, &[PREPARE_TERMINAL, OBEY]].concat());
    format!("{text}{name} {word}").into_bytes()
}

/// The text that runs the warden.
pub fn warden() -> Vec<u8> {
    [&*quote(WARDEN), "rexec.warden"].concat().into_bytes()
}

/// What any login shell reads as these parts, to be run by `sh`; a name is to follow.
fn quote(parts: &[&str]) -> String {
    format!("exec /bin/sh -c '{}' ", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_is_read_differently_by_another_login_shell() {
        for text in [command("rexec-0-1-"), terminal("rexec-0-1-", "0"), warden()] {
            let text = String::from_utf8(text).unwrap();
            let body = text.split('\'').collect::<Vec<_>>();
            assert_eq!(body.len(), 3, "a quote within the quotes");
            assert!(!text.contains(['!', '\n']), "csh");
            assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let escaped = text.match_indices('\\').map(|(at, _)| text.as_bytes()[at + 1]);
            // Before a letter, too, a backslash stands for itself within quotes, in each of them.
            assert!(escaped.into_iter().all(|next| next.is_ascii_alphanumeric()), "fish");
        }
    }
}
