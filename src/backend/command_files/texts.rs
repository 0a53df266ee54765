//! The fixed shell texts. Arguments are `"$1"` and so on; nothing is ever put into a text.
//!
//! Where a tool's own message would not do, a text says what is wrong in the words of `strerror(3)`,
//! from which the kind of an error is read: see [`run`](super::run).

/// `$1` from byte `$2` on, counted from 1.
pub(super) const READ: &str = r#"
[ -d "$1" ] && { echo "it is a directory" >&2; exit 1; }
[ -e "$1" ] && [ ! -f "$1" ] && [ ! -c "$1" ] && { echo "it is a pipe or a socket" >&2; exit 1; }
exec <"$1" || exit
case $2 in 1) exec cat;; *) exec tail -c "+$2";; esac"#;

/// What is known of `$1`, links followed; nothing if it is not there.
pub(super) const METADATA: &str = r#"
[ -e "$1" ] || { [ -L "$1" ] && exit 0; d=$(dirname -- "$1"); [ -d "$d" ] && [ ! -x "$d" ] && { echo "Permission denied" >&2; exit 1; }; exit 0; }
stat -L -c "%f %s %Y %U %G" -- "$1""#;

/// What is below the directory `$1`, `$2` levels deep; links are not followed. Each is one record,
/// `hex-mode size mtime owner group path//`, and a newline. No path has `//` in it, so that any
/// name can be told from the end of its record.
pub(super) const LIST: &str = r#"
[ -e "$1" ] || { echo "No such file or directory" >&2; exit 1; }
[ -d "$1" ] || { echo "Not a directory" >&2; exit 1; }
cd -- "$1" && find . -mindepth 1 -maxdepth "$2" -print0 | xargs -0 -r stat -c "%f %s %Y %U %G %n//" --"#;

pub(super) const MAKE_DIRECTORY: &str = r#"mkdir -p -- "$1""#;

pub(super) const REMOVE: &str = r#"
if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -- "$1" </dev/null; fi"#;

pub(super) const REMOVE_ALL: &str = r#"
[ -e "$1" ] || [ -L "$1" ] || { echo "No such file or directory" >&2; exit 1; }
rm -rf -- "$1""#;

/// `$1` becomes `$2`, as `rename(2)` has it: never into a directory of that name.
pub(super) const RENAME: &str = r#"
[ -e "$1" ] || [ -L "$1" ] || { echo "No such file or directory" >&2; exit 1; }
if [ -d "$2" ] && [ ! -L "$2" ]; then
  if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$2" || exit; else echo "Is a directory" >&2; exit 1; fi
fi
if [ -L "$2" ] && [ -d "$2" ]; then exec mv -fT -- "$1" "$2"; fi
exec mv -f -- "$1" "$2""#;

pub(super) const SET_MODE: &str = r#"exec chmod "$2" -- "$1""#;

pub(super) const SET_OWNER: &str = r#"exec chown "$2" -- "$1""#;

/// A file `$1` to `$2`, with its mode, over an existing file in one step, through a link.
pub(super) const COPY: &str = r#"
[ -e "$1" ] || { echo "No such file or directory" >&2; exit 1; }
[ -d "$1" ] && { echo "it is a directory" >&2; exit 1; }
[ -d "$2" ] && { echo "Is a directory" >&2; exit 1; }
t=$(readlink -f -- "$2") && [ -n "$t" ] || t=$2
case $t in */*) d=${t%/*}; d=${d:-/};; *) d=.;; esac
n=$(mktemp "$d/.rexec.XXXXXX") || exit
if cat <"$1" >"$n" && chmod "$(stat -L -c %a -- "$1")" -- "$n" && mv -f -- "$n" "$t"; then exit 0; fi
rm -f -- "$n"; exit 1"#;

pub(super) const READ_LINK: &str = r#"
[ -e "$1" ] || [ -L "$1" ] || { echo "No such file or directory" >&2; exit 1; }
[ -L "$1" ] || { echo "it is no symbolic link" >&2; exit 1; }
exec readlink -- "$1""#;

/// The link `$1` to `$2`, over an existing link or file in one step.
pub(super) const LINK: &str = r#"
[ -d "$1" ] && [ ! -L "$1" ] && { echo "Is a directory" >&2; exit 1; }
case $1 in */*) d=${1%/*}; d=${d:-/};; *) d=.;; esac
n=$(mktemp -d "$d/.rexec.XXXXXX") || exit
ln -s -- "$2" "$n/link" && mv -fT -- "$n/link" "$1"; r=$?
rm -rf -- "$n"; exit $r"#;

pub(super) const CHECKSUM: &str = r#"
[ -d "$1" ] && { echo "it is a directory" >&2; exit 1; }
exec <"$1" || exit
sha256sum | cut -c 1-64"#;

/// Of the files whose names come separated by NUL: the sum, and behind it the name.
pub(super) const CHECKSUMS: &str = "exec xargs -0 -r sha256sum --";

pub(super) const TEMPORARY_DIRECTORY: &str = r#"exec mktemp -d "${TMPDIR:-/tmp}/rexec-XXXXXX""#;

/// What a write of `$1` goes to: `t`, with links followed, in the directory `d`, by way of the draft
/// `n`, which `$2` makes unique.
macro_rules! with_draft {
    ($text:literal) => {
        concat!(
            r#"
t=$1
if [ -L "$1" ]; then
  t=$(readlink -f -- "$1") && [ -n "$t" ] || { l=$(readlink -- "$1"); case $l in /*) t=$l;; *) case $1 in */*) t=${1%/*}/$l;; *) t=$l;; esac;; esac; }
fi
case $t in */*) d=${t%/*}; d=${d:-/};; *) d=.;; esac
n=$d/.rexec.$2
"#,
            $text
        )
    };
}

/// Takes its input into a draft. First it tells an empty line.
pub(super) const DRAFT: &str = with_draft!(
    r#"
[ -d "$1" ] && { echo "Is a directory" >&2; exit 1; }
[ -e "$1" ] && [ ! -f "$1" ] && { echo "it is no ordinary file" >&2; exit 1; }
[ -d "$d" ] || { if [ -e "$d" ]; then echo "Not a directory" >&2; else echo "No such file or directory" >&2; fi; exit 1; }
umask 077; set -C
exec 3>"$n" || exit
echo
exec cat >&3"#
);

/// Puts the draft in the place of `$1`, with mode `$3`, owner `$4`, if its SHA-256 is `$5`; each may
/// be empty. Tells the sum where it is another one.
pub(super) const FINISH: &str = with_draft!(
    r#"
fail() { rm -f -- "$n"; exit 1; }
if [ -n "$5" ]; then s=$(sha256sum <"$n" | cut -c 1-64); [ "$s" = "$5" ] || { rm -f -- "$n"; printf %s "$s"; exit 0; }; fi
if [ -e "$t" ]; then
  o=$(stat -L -c %u:%g -- "$t"); [ "$o" = "$(stat -c %u:%g -- "$n")" ] || chown "$o" -- "$n" 2>/dev/null
  m=$(stat -L -c %a -- "$t")
else m==rw
fi
if [ -n "$4" ]; then chown "$4" -- "$n" || fail; fi
chmod "${3:-$m}" -- "$n" || fail
mv -f -- "$n" "$t" || fail"#
);

/// Takes the draft away.
pub(super) const DISCARD: &str = with_draft!(r#"rm -f -- "$n""#);

/// Takes its input into `$1` itself, from its start (`$2` is `w`) or its end (`a`). First it tells an
/// empty line.
pub(super) const IN_PLACE: &str = r#"
[ -d "$1" ] && { echo "Is a directory" >&2; exit 1; }
[ -e "$1" ] && [ ! -f "$1" ] && [ ! -c "$1" ] && { echo "it is no ordinary file" >&2; exit 1; }
[ "$2" = w ] && { : >"$1" || exit; } || { : >>"$1" || exit; }
echo
exec cat >>"$1""#;

/// The mode `$2` and the owner `$3` of `$1`, either may be empty.
pub(super) const ADJUST: &str = r#"
if [ -n "$3" ]; then chown "$3" -- "$1" || exit; fi
if [ -n "$2" ]; then chmod "$2" -- "$1" || exit; fi"#;

/// Takes its input, an archive, into a new directory within `$1`, which `$2` makes unique. First it
/// tells an empty line.
pub(super) const UNPACK: &str = r#"
[ -d "$1" ] || { echo "No such file or directory" >&2; exit 1; }
n=$1/.rexec.$2
mkdir -m 700 -- "$n" "$n/files" || exit
exec 3>"$n/archive" || exit
echo
exec cat >&3"#;

/// Unpacks the archive, if its SHA-256 is `$3`, and moves what was in it into its place in `$1`. Tells
/// the sum where it is another one.
pub(super) const SPREAD: &str = r#"
case $1 in /*) to=$1;; *) to=$PWD/$1;; esac
n=$to/.rexec.$2
fail() { cd / && rm -rf -- "$n"; exit 1; }
if [ -n "$3" ]; then s=$(sha256sum <"$n/archive" | cut -c 1-64); [ "$s" = "$3" ] || { rm -rf -- "$n"; printf %s "$s"; exit 0; }; fi
tar -x -p -f "$n/archive" -C "$n/files" || fail
rm -f -- "$n/archive"
cd -- "$n/files" || fail
find . -mindepth 1 -type d -print0 | sort -z | xargs -0 -r sh -c 'to=$0; for p; do if [ -d "$to/$p" ]; then continue; fi; mkdir -- "$to/$p" && chmod "$(stat -c %a -- "$p")" -- "$to/$p" || exit 255; done' "$to" || fail
find . -type d -print0 | xargs -0 -r sh -c 'to=$0; for p; do find "$p" -mindepth 1 -maxdepth 1 ! -type d -print0 | xargs -0 -r mv -f -t "$to/$p" -- || exit 255; done' "$to" || fail
cd / && rm -rf -- "$n""#;

/// Takes the archive, and what was unpacked of it, away.
pub(super) const DISCARD_ARCHIVE: &str = r#"rm -rf -- "$1/.rexec.$2""#;

/// An archive of the files in `$1` whose names come separated by NUL.
pub(super) const PACK: &str = r#"
cd -- "$1" || exit
if tar --version 2>/dev/null | grep -q GNU; then exec tar -c -f - --null --no-recursion -T -; fi
l=$(mktemp) && tr "\000" "\n" >"$l" || exit
tar -c -f - -T "$l"; r=$?
rm -f -- "$l"; exit $r"#;
