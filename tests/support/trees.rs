//! What a command may leave behind: shell scripts that start processes in all ways there are.

/// A script made from what sleeps, and how many of that it starts.
pub type Tree = (fn(&str) -> String, usize);

/// All that the tables of ends are walked with.
pub const TREES: [Tree; 2] = [(two_sleeps, 2), (seven_kinds, 7)];

fn two_sleeps(sleep: &str) -> String {
    format!("{sleep} & {sleep}; echo done")
}

/// In the background, with nohup, in a session of its own, forked twice into a session of its own
/// so that nobody knows its parent, in a group of its own, ignoring TERM, in the foreground.
fn seven_kinds(sleep: &str) -> String {
    format!(
        "{sleep} &
         nohup {sleep} >/dev/null 2>&1 &
         setsid {sleep} &
         setsid sh -c '{sleep} & exit'
         bash -c 'set -m; {sleep} & exit'
         (trap '' TERM INT HUP; exec {sleep}) &
         {sleep}"
    )
}
