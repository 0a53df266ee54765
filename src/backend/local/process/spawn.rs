//! Starts a command, or the stages of a pipeline, in a process group of their own.

use super::{
    Owner,
    control::Control,
    environment,
    foreground::Foreground,
    group::Group,
    mark::{Mark, MarkOf},
    platform::Ticks,
    proc_tree::{Quarry, kill_all},
    program,
    stdio::{Place, Wiring, wire},
    supervise::{Judge, Supervised},
    unix::{self, Pid},
};
use crate::{
    Result,
    backend::{EventStream, HostProcess, ProcessParts, Terms, request},
    command::{Command, StdinSource},
};
use async_process::Child;
use std::{
    os::{fd::AsRawFd, unix::process::CommandExt},
    path::PathBuf,
    sync::Arc,
    thread,
};

/// Starts these stages, each of which reads what the one before it writes.
///
/// All programs, directories and files are looked at before the first is started, and all are
/// started before the first is waited for, so that their process group is there for each.
pub(super) async fn spawn(
    owner: &Arc<Owner>,
    stages: &[Command],
    terms: Terms,
    judge: Judge,
) -> Result<HostProcess> {
    request::check(stages)?;
    let lives_on = stages.iter().all(|stage| stage.daemon);
    let mark = owner.next_mark();
    let mut prepared = prepare(stages).await?;
    let since = Ticks::now();
    let group = Arc::new(start_all(&mut prepared, &mark, since)?);
    let (mut outputs, mut input) = (Vec::new(), None);
    for (index, stage) in prepared.into_iter().enumerate() {
        // The command's side of a terminal is closed here, else the terminal would never end.
        drop(stage.wiring.terminal);
        outputs.extend(stage.wiring.outputs.into_iter().map(|(stream, source)| (index, stream, source)));
        input.get_or_insert(stage.wiring.input);
    }
    let (stdin, feed) = input.map(|input| input.split()).unwrap_or_default();
    let pid = u32::try_from(group.id().raw()).ok();
    let reads_ours = stages.first().is_some_and(|stage| stage.stdin == StdinSource::Inherit);
    let foreground = reads_ours.then(|| Foreground::lend(&group)).flatten();
    let heir = (!lives_on).then(|| owner.clone());
    let supervised = Supervised { pid, group: group.clone(), outputs, feed, foreground, judge, heir };
    let (sender, events) = EventStream::channel();
    // From the start of the children to here nothing may wait: a future that is dropped while it
    // does would leave them to nobody.
    Ok(HostProcess::new(terms, |setter| {
        tokio::spawn(supervised.run(setter, sender));
        ProcessParts { pid, events, stdin, control: Arc::new(Control::new(group, mark, since)) }
    }))
}

/// One stage, with all that it needs to be started.
struct Stage<'a> {
    command: &'a Command,
    directory: Option<PathBuf>,
    file: PathBuf,
    wiring: Wiring,
}

async fn prepare(stages: &[Command]) -> Result<Vec<Stage<'_>>> {
    let mut found = Vec::with_capacity(stages.len());
    for command in stages {
        let in_context = |error: crate::Error| error.with_command(command.to_string());
        let directory = program::directory(command).map_err(in_context)?;
        let file = program::find(command, directory.as_deref()).map_err(in_context)?;
        found.push((command, directory, file));
    }
    let mut prepared = Vec::with_capacity(stages.len());
    let mut upstream = None;
    for (index, (command, directory, file)) in found.into_iter().enumerate() {
        let place = Place { upstream, has_next: index + 1 < stages.len() };
        let mut wiring = wire(command, directory.as_deref(), place).await?;
        upstream = wiring.downstream.take();
        prepared.push(Stage { command, directory, file, wiring });
    }
    Ok(prepared)
}

/// Starts them all, or leaves none.
fn start_all(stages: &mut [Stage], mark: &Mark, since: Ticks) -> Result<Group> {
    let mut children = Vec::with_capacity(stages.len());
    for stage in stages {
        let leader = children.first().and_then(|child: &Child| Pid::new(child.id() as i32));
        match stage.start(leader, mark) {
            Ok(child) => children.push(child),
            Err(error) => {
                end(children, mark, since);
                return Err(error);
            }
        }
    }
    Ok(Group::new(children))
}

/// Ends the stages before one that could not be started. That one too: where there is no
/// descriptor left to watch a child with, `async-process` says that it failed, and the child runs.
fn end(children: Vec<Child>, mark: &Mark, since: Ticks) {
    let group = (!children.is_empty()).then(|| Group::new(children));
    let known = group.as_ref().map(Group::running).unwrap_or_default();
    let killed = kill_all(&Quarry {
        groups: group.iter().collect(),
        marked: MarkOf::Command(mark),
        since,
        seen: Vec::new(),
    });
    let strays: Vec<Pid> = killed.children_of_ours().filter(|pid| !known.contains(pid)).collect();
    if !strays.is_empty() {
        thread::spawn(move || strays.into_iter().for_each(unix::reap));
    }
    if let Some(group) = group {
        tokio::spawn(async move { group.reap_all().await });
    }
}

impl Stage<'_> {
    /// Starts it in the group of this leader, or in a new one.
    ///
    /// But for a terminal, nothing here may need a step between fork and exec: `posix_spawn(3)` does
    /// not copy the memory of this program, which takes a hundred times as long for a large one.
    fn start(&mut self, leader: Option<Pid>, mark: &Mark) -> Result<Child> {
        let mut command = std::process::Command::new(&self.file);
        command.arg0(&self.command.program).args(&self.command.args);
        match &self.wiring.terminal {
            // A session of its own is a group of its own.
            Some(terminal) => unix::start_in_terminal(&mut command, terminal.as_raw_fd()),
            None => drop(command.process_group(leader.map_or(0, Pid::raw))),
        }
        environment::apply(self.command, mark, &mut command);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        // `from` sets the standard descriptors to be inherited, whatever they were before.
        let mut command = async_process::Command::from(command);
        let [stdin, stdout, stderr] = self.wiring.take_stdio();
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        // The group reaps; `async-process` would wake a thread of its own for each that is reaped.
        command.reap_on_drop(false);
        command
            .spawn()
            .map_err(|error| program::explain(&self.file, error).with_command(self.command.to_string()))
    }
}
