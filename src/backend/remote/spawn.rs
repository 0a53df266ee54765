//! Starts a command on a channel and stays with it to its end.

use super::{
    ChannelRequest, Channels, Link,
    beginning::{Beginning, Begun},
    control::{Control, Past},
    explain::explain,
    feed::input,
    pump::Shim,
    records::Records,
    run::Run,
    script::script,
    shim,
};
use crate::{
    Result,
    backend::{EventStream, HostProcess, ProcessParts, Terms},
    command::Command,
    event::ExitStatus,
};
use std::sync::Arc;

/// What the statuses of all stages come to as a whole.
pub(super) type Overall = Box<dyn Fn(&[ExitStatus]) -> ExitStatus + Send>;

pub(super) async fn spawn(
    link: &Arc<Link>,
    channels: &dyn Channels,
    stages: &[Command],
    terms: Terms,
    overall: Overall,
) -> Result<Option<HostProcess>> {
    let mark = link.next_mark();
    let records = Records::new();
    let script = script(stages, &mark, records.word(), &link.warden.system().sed)?;
    let name = format!("rexec-{mark}-");
    let terminal = stages[0].tty;
    let text = if terminal { shim::terminal(&name, records.word()) } else { shim::command(&name) };
    let Some(channel) = channels.open(ChannelRequest { text, terminal }).await? else { return Ok(None) };
    let unowned = Unowned { link: Some(link), mark: &mark };
    let (sender, events) = EventStream::channel();
    let mut begin = Beginning::new(channel, stages.len(), terminal, records, sender.clone());
    let (pid, group) = match begin.start(&script).await {
        Begun::Started { pid, group } => (pid, group),
        Begun::Failed { stage, what, why } => {
            return Err(explain(&stages[stage.min(stages.len() - 1)], what, why));
        }
        Begun::Ended => return Err(begin.never_started(link).await),
    };
    unowned.hand_over();
    sender.started(Some(pid)).await;
    // It is the first to know.
    let _ = begin.shared.shim.set(Shim { link: Arc::downgrade(link), pid: group });
    let past = Arc::<Past>::default();
    let control = Arc::new(Control::new(link, group, mark.clone(), past.clone()));
    let (stdin, feed) = input(begin.stdin, &stages[0]);
    let run = Run {
        link: link.clone(),
        stdout: begin.stdout,
        stderr: begin.stderr,
        shared: begin.shared,
        ended: Some(begin.ended),
        feed,
        past,
        stages: stages.len(),
        on_terminal: terminal,
        overall,
        mark,
        group,
    };
    Ok(Some(HostProcess::new(terms, |setter| {
        tokio::spawn(run.stay_with_it(setter, sender));
        ProcessParts { pid: Some(pid), events, stdin, control }
    })))
}

/// What was started, or may have been, and nobody owns yet: ended if nobody ever does.
struct Unowned<'a> {
    link: Option<&'a Link>,
    mark: &'a str,
}

impl Unowned<'_> {
    fn hand_over(mut self) {
        self.link = None;
    }
}

impl Drop for Unowned<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link {
            link.warden.kill_now(self.mark, None);
        }
    }
}
