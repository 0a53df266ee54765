//! Makes the one line of shell text that tells a shim on the far side what to run, and how.
//!
//! The functions that it calls are in [`shim`](super::shim).

use crate::{
    Result,
    backend::{
        local::{DEFAULT_SIZE, own_window_size},
        request,
    },
    command::{Command, EnvChange, OutputTarget, StdinSource},
};
use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::Write,
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// The variable that carries the marks of a command, as on this machine.
const MARK_VARIABLE: &str = "REXEC_COMMAND_ID";

/// The script for these stages, which are a command or a pipeline. `mark` is the command's own,
/// `word` begins what the shim tells, and `sed` is what makes the far side's sed(1) write each line
/// at once.
///
/// # Errors
///
/// [`Invalid`](crate::ErrorKind::Invalid) for what no program can be given.
pub(super) fn script(stages: &[Command], mark: &str, word: &str, sed: &str) -> Result<Vec<u8>> {
    request::check(stages)?;
    let mut script = Script { text: Vec::new(), mark, sed };
    script.add(format_args!("rx_n={word};exec 3>&2;"));
    match stages {
        [command] if command.tty => script.on_terminal(command),
        [command] => script.command(command),
        stages => script.pipeline(stages),
    }
    script.text.push(b'\n');
    Ok(script.text)
}

/// Shell text that grows.
struct Script<'a> {
    text: Vec<u8>,
    mark: &'a str,
    sed: &'a str,
}

impl Script<'_> {
    fn command(&mut self, command: &Command) {
        self.prepare(command);
        if reads_channel(command) {
            self.put("exec 4<&0 0</dev/null;");
        }
        self.put("c :;b;(y;");
        self.exec(command, input(command), stdout(command));
        self.put(");d $?");
    }

    /// What is given to a command to read is not echoed among its output, as the owner's typing is.
    fn on_terminal(&mut self, command: &Command) {
        let (rows, columns) = own_window_size().unwrap_or(DEFAULT_SIZE);
        // Not what it was before: where `ssh` has no terminal itself, it makes one with all settings off.
        self.add(format_args!("stty sane rows {rows} cols {columns}"));
        self.put(match command.stdin {
            StdinSource::Piped | StdinSource::Inherit => ";",
            _ => " -echo;",
        });
        self.prepare(command);
        self.put("c :;b;(y;");
        let stdin = if matches!(command.stdin, StdinSource::File(_)) { "<&4" } else { "" };
        self.exec(command, stdin, stdout(command));
        self.put(");d $?");
    }

    /// All of it is prepared twice: first for nothing but to see that it can be, so that a pipeline
    /// whose last program is missing runs none of the others.
    fn pipeline(&mut self, stages: &[Command]) {
        for (index, stage) in stages.iter().enumerate() {
            self.add(format_args!("(rx_k={index};"));
            self.prepare(stage);
            self.put(")||exit 0;");
        }
        self.put("c :;h;exec 2>/dev/null;");
        for (index, stage) in stages.iter().enumerate() {
            self.put(if index > 0 { "|(" } else { "(" });
            self.stage(index, stage, index + 1 == stages.len());
            self.put(")");
        }
        self.put(";r X e 0");
    }

    fn stage(&mut self, index: usize, stage: &Command, is_last: bool) {
        let piped = index > 0 || reads_channel(stage);
        self.put(if piped { "c :;exec 5>&1 4<&0 0</dev/null;" } else { "c :;exec 5>&1;" });
        let sed = self.sed;
        self.add(format_args!("q {index} '{sed}' \"\u{1e}$rx_n L {index} \";"));
        self.prepare(stage);
        // Within the braces, 1 and 2 lead to what reads the shell's messages.
        self.put(if index > 0 { "{ c :;(" } else { "{ c :;(y;" });
        self.exec(stage, if piped { "<&4" } else { input(stage) }, ">&5");
        let last = if is_last { "l" } else { "" };
        self.add(format_args!(");echo X $?; }} 2>&1|s {index} {last} 4<&- 5>&- 6>&-"));
    }

    /// Directory, environment, program, redirects: all that can fail before the command begins.
    fn prepare(&mut self, command: &Command) {
        if let Some(directory) = &command.current_dir {
            self.put("g ");
            self.path(directory);
            self.put(";");
        }
        let environment = Environment::of(command);
        if environment.needs_env() {
            self.put("f env;rx_v=$rx_p;");
        }
        self.exports(command, &environment);
        self.put("set -- ");
        self.word(&command.program);
        for arg in &command.args {
            self.put(" ");
            self.word(arg);
        }
        self.put(";f \"$1\";");
        if let StdinSource::File(path) = &command.stdin {
            self.open("4<", path, "I");
        }
        self.output(5, &command.stdout, "O");
        self.output(7, &command.stderr, "E");
    }

    fn exports(&mut self, command: &Command, environment: &Environment) {
        for (name, value) in &environment.by_shell {
            match value {
                Some(value) => {
                    self.put("export ");
                    self.put(name);
                    self.put("=");
                    self.word(value);
                }
                None => {
                    self.put("unset ");
                    self.put(name);
                }
            }
            self.put(";");
        }
        if !command.clear_env && !command.daemon {
            let (name, mark) = (MARK_VARIABLE, self.mark);
            self.add(format_args!("export {name}=\"${{{name}:+${name}:}}{mark}-\";"));
        }
    }

    fn output(&mut self, descriptor: u8, target: &OutputTarget, what: &str) {
        match target {
            OutputTarget::Events => {}
            OutputTarget::File(path) => self.open(&format!("{descriptor}>"), path, what),
            OutputTarget::Append(path) => self.open(&format!("{descriptor}>>"), path, what),
        }
    }

    fn open(&mut self, redirect: &str, path: &Path, what: &str) {
        self.add(format_args!("{{ command exec {redirect}"));
        self.path(path);
        self.add(format_args!("; }} 2>/dev/null||o {what} "));
        self.path(path);
        self.put(";");
    }

    /// Becomes the program, with none of the shim's descriptors.
    fn exec(&mut self, command: &Command, stdin: &str, stdout: &str) {
        let environment = Environment::of(command);
        if environment.needs_env() {
            self.put("shift;exec \"$rx_v\"");
            if command.clear_env {
                self.put(" -i");
            }
            for (name, value) in &environment.by_env {
                match value {
                    Some(value) => {
                        self.put(" ");
                        self.word(&[name.as_os_str(), value].join(OsStr::new("=")));
                    }
                    None => {
                        self.put(" -u ");
                        self.word(name);
                    }
                }
            }
            self.put(" \"$rx_p\" \"$@\"");
        } else if command.program.as_bytes().starts_with(b"-") {
            self.put("shift;exec \"$rx_p\" \"$@\"");
        } else {
            self.put("exec \"$@\"");
        }
        let stderr = match &command.stderr {
            _ if command.merge_stderr => "2>&1",
            OutputTarget::Events => "2>&6",
            _ => "2>&7",
        };
        self.add(format_args!(" {stdin} {stdout} {stderr} 3>&- 4<&- 5>&- 6>&- 7>&- 8>&- 9<&-"));
    }

    /// A path that is neither an option nor looked for in `CDPATH`.
    fn path(&mut self, path: &Path) {
        if path.is_absolute() {
            self.word(path.as_os_str());
        } else {
            self.word(Path::new(".").join(path).as_os_str());
        }
    }

    /// A word, quoted. The script is one line: newlines come from a variable.
    fn word(&mut self, word: &OsStr) {
        self.text.push(b'\'');
        for &byte in word.as_bytes() {
            match byte {
                b'\'' => self.put(r"'\''"),
                b'\n' => self.put(r#"'"$rx_l"'"#),
                _ => self.text.push(byte),
            }
        }
        self.text.push(b'\'');
    }

    fn put(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn add(&mut self, text: fmt::Arguments) {
        self.text.write_fmt(text).expect("a Vec takes everything");
    }
}

/// Whether what rexec writes to the channel is the command's input.
fn reads_channel(command: &Command) -> bool {
    matches!(command.stdin, StdinSource::Bytes(_) | StdinSource::Piped | StdinSource::Inherit)
}

fn input(command: &Command) -> &'static str {
    if command.stdin == StdinSource::Empty { "</dev/null" } else { "<&4" }
}

fn stdout(command: &Command) -> &'static str {
    if goes_to_file(&command.stdout) { ">&5" } else { "" }
}

fn goes_to_file(target: &OutputTarget) -> bool {
    matches!(target, OutputTarget::File(_) | OutputTarget::Append(_))
}

/// A command's changes to the environment, by who makes them on the far side.
struct Environment {
    by_shell: Vec<(String, Option<OsString>)>,
    /// What a shell can't set, or must not since it would mean something to it: env(1) does.
    by_env: Vec<(OsString, Option<OsString>)>,
    clear: bool,
}

impl Environment {
    fn of(command: &Command) -> Self {
        let mut changes: Vec<(&OsString, Option<&OsString>)> = Vec::new();
        for change in &command.env {
            let (name, value) = match change {
                EnvChange::Set(name, value) => (name, Some(value)),
                EnvChange::Unset(name) => (name, None),
            };
            changes.retain(|(earlier, _)| *earlier != name);
            changes.push((name, value));
        }
        let mut environment = Self { by_shell: Vec::new(), by_env: Vec::new(), clear: command.clear_env };
        for (name, value) in changes {
            environment.add(name, value);
        }
        // For env(1), what is taken away is an option, and options come first.
        environment.by_env.sort_by_key(|(_, value)| value.is_some());
        environment
    }

    fn add(&mut self, name: &OsString, value: Option<&OsString>) {
        let value = value.cloned();
        let by_shell = name.to_str().filter(|name| is_shells_to_set(name));
        if self.clear {
            // Programs are looked for in the command's own PATH all the same.
            if let (Some("PATH"), Some(_)) = (by_shell, &value) {
                self.by_shell.push(("PATH".to_owned(), value.clone()));
            }
            // What is not there needs no taking away.
            self.by_env.extend(value.map(|value| (name.clone(), Some(value))));
            return;
        }
        match by_shell {
            Some("PATH") if value.is_none() => self.by_env.push((name.clone(), value)),
            Some(name) => self.by_shell.push((name.to_owned(), value)),
            None => self.by_env.push((name.clone(), value)),
        }
    }

    fn needs_env(&self) -> bool {
        self.clear || !self.by_env.is_empty()
    }
}

/// Whether it is a name that a shell can give to a variable, and no variable of its own.
fn is_shells_to_set(name: &str) -> bool {
    const SHELLS_OWN: &[&str] =
        &["IFS", "OPTIND", "PPID", "PWD", "OLDPWD", "UID", "EUID", "GID", "EGID", "SHELLOPTS", "LINENO", "_"];
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        && !SHELLS_OWN.contains(&name)
        && !name.starts_with("BASH")
        && !name.starts_with("rx_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: &Command) -> String {
        String::from_utf8(script(std::slice::from_ref(command), "m", "n", "").unwrap()).unwrap()
    }

    #[test]
    fn it_is_one_line_whatever_is_in_the_words() {
        let command = Command::new("printf").arg("a\nb'c\\").env("X", "1\n2").current_dir("/a\nb");
        let text = text(&command);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.ends_with('\n'));
        assert!(text.contains(r#"'a'"$rx_l"'b'\''c\'"#), "{text}");
    }

    #[test]
    fn a_variable_that_no_shell_can_set_is_set_by_env() {
        let text = text(&Command::new("x").env("A.B", "1").env("OK", "2").env("IFS", "3"));
        assert!(text.contains("export OK='2';"), "{text}");
        assert!(text.contains("exec \"$rx_v\" 'A.B=1' 'IFS=3' \"$rx_p\" \"$@\""), "{text}");
    }

    #[test]
    fn the_last_change_to_a_variable_counts() {
        let text = text(&Command::new("x").env("A", "1").env_remove("A").env("B", "1").env("B", "2"));
        assert!(text.contains("unset A;export B='2';"), "{text}");
    }
}
