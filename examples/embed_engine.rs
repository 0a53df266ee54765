//! Embeds the script engine: a program's own functions, its own output, limits and cancellation.

use rexec::{
    Executor, MockBackend, ScriptHost,
    script::{self, CancellationToken},
};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What an operator may write: it knows this program's words, and no more than it needs of rexec.
const SCRIPT: &str = r#"
    let web = host_of("web");
    print(`${web}: ${web.text("uptime")}`);

    // Commands on this machine are as easy.
    print(local().text($`echo ${"a b"} | tr a-z A-Z`));

    release(args[0])
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = Collected::default();
    let cancellation = CancellationToken::new();
    let host = ScriptHost::builder()
        .args(["2.1.0"])
        .timeout(Duration::from_secs(10))
        .cancellation(cancellation.clone())
        .console(Arc::new(output.clone()))
        .extend(|engine| {
            // Any executor becomes a host of the language. This one stands for a machine.
            let web = MockBackend::builder().named("web").answer("uptime", "up 3 days").build();
            let web = script::Host::from(Executor::new("web", web));
            engine.register_fn("host_of", move |_: &str| web.clone());
            engine.register_fn("release", |version: &str| format!("released {version}"));
            engine.set_max_operations(1_000_000);
        })
        .build();

    // A script runs to its end and gives its last value; what it printed is the program's to show.
    let end = host.run_source("release", SCRIPT).await?;
    print!("{}", output.take());
    println!("{} (exit code {})", end.text(), end.exit_code);

    // An error has its place in the script, and the kind that the same call gives in Rust.
    let error = host.run_source("typo", "let web = host_of(\"web\");\nweb.run(\"uptme\");").await;
    let error = error.expect_err("the mock knows no such command");
    println!("{} in line {}: {error}", error.kind, error.places[0].line);

    // A script that is cancelled ends at once, whatever it does, with all that it started.
    let endless = tokio::spawn(async move { host.run_source("endless", "local().run(`sleep 60`)").await });
    cancellation.cancel();
    println!("{}", endless.await?.expect_err("it was cancelled"));
    Ok(())
}

/// Where the scripts' words go.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<String>>);

impl Collected {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().expect("nobody panics while it is held"))
    }
}

impl script::Console for Collected {
    fn print(&self, text: &str) -> io::Result<()> {
        self.0.lock().expect("nobody panics while it is held").push_str(&format!("| {text}\n"));
        Ok(())
    }

    fn eprint(&self, text: &str) {
        eprintln!("{text}");
    }
}
