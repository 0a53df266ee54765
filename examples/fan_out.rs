//! Runs one command on many hosts over SSH at once, and gathers what they say.
//!
//!     cargo run --example fan_out -- HOST...
//!
//! The user, the port, the key and the known hosts are those of the OpenSSH configuration, unless
//! `FAN_OUT_CONFIG` names another one.

use rexec::{Command, Error, Executor, SshBackend};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};

/// So many hosts are worked on at a time.
const AT_ONCE: usize = 25;

#[tokio::main]
async fn main() {
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for host in std::env::args().skip(1) {
        let limit = limit.clone();
        tasks.spawn(async move {
            let _turn = limit.acquire_owned().await;
            (host.clone(), ask(&host).await)
        });
    }
    // Hosts that say the same are shown together, as they come.
    let (mut said, mut failed) = (BTreeMap::<String, Vec<String>>::new(), BTreeMap::new());
    while let Some(ended) = tasks.join_next().await {
        match ended.expect("no panic") {
            (host, Ok(text)) => said.entry(text).or_default().push(host),
            (host, Err(error)) => drop(failed.insert(host, error)),
        }
    }
    for (text, mut hosts) in said {
        hosts.sort();
        println!("{}: {text}", hosts.join(", "));
    }
    for (host, error) in failed {
        println!("{host}: {}", error.message());
    }
}

async fn ask(host: &str) -> Result<String, Error> {
    let mut builder = SshBackend::builder(host).connect_timeout(Duration::from_secs(5));
    if let Ok(file) = std::env::var("FAN_OUT_CONFIG") {
        builder = builder.config_file(file);
    }
    let executor = Executor::new("fan-out", builder.connect().await?);
    // A pipeline is joined on the host: only its end comes over the network.
    let words = Command::new("printf").args(["%s\n", "b", "a", "b"]);
    let pipeline = words.pipe(Command::new("sort").arg("-u")).pipe(Command::new("wc").arg("-l"));
    Ok(executor.run(pipeline).await?.text().trim().to_owned())
}
