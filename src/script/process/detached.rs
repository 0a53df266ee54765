//! Processes that outlive the script, found again by their name.

use super::Process;
use crate::{
    command::Command,
    script::{
        define::function,
        hosts::Host,
        scope::{self, ScriptResult},
    },
};
use rhai::{Engine, ImmutableString};

pub(super) fn register(engine: &mut Engine) {
    function(
        engine,
        "attach(host: Host, name: string) -> Process",
        r#"
The process that a command with `.detach(name)` left running on this host, in this script or in an
earlier one: its output from its start on, its status, its signals. It goes on when the script ends; to
end it, stop it.

```rhai
local().spawn($sh`echo up; exec sleep 60`.detach("doc-attach"));
let again = local().attach("doc-attach");
again.expect("up", 5);
print(again.stop(1));  // terminated
```
"#,
        attach,
    );
}

fn attach(host: &mut Host, name: ImmutableString) -> ScriptResult<Process> {
    let run = scope::current()?.run;
    let executor = host.executor().clone();
    let process = {
        let name = name.clone();
        scope::wait(async move { executor.attach(&name).await })?
    };
    let job = Command::new("attach").arg(name.as_str()).label(format!("detached {name}")).into();
    Ok(Process::new(&run, host, &job, process))
}
