//! The engine in other programs.

use crate::folder::TestConsole;
use rexec::{
    Executor, ScriptHost,
    script::{Host, RexecPackage},
};
use std::sync::Arc;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

#[test]
fn a_programs_own_functions_modules_limits_and_hosts_are_there() {
    let host = ScriptHost::builder()
        .extend(|engine| {
            engine.register_fn("web", || Host::from(Executor::local("web")));
            let mut module = rhai::Module::new();
            module.set_native_fn("answer", || Ok(42_i64));
            engine.register_static_module("shop", module.into());
            engine.set_max_operations(50_000);
        })
        .build();
    let run = |script: &str| runtime().block_on(host.run_source("embedded", script));
    let end = run("web().text($`echo hello`) + shop::answer()").unwrap();
    assert_eq!(end.value.into_string().unwrap(), "hello42");
    let error = run("loop { }").unwrap_err();
    assert!(error.message.contains("more operations"), "{error}");
}

#[test]
fn the_package_adds_rexec_to_an_engine_that_is_there() {
    let mut engine = rhai::Engine::new();
    engine.register_fn("greeting", || "a b");
    RexecPackage::new().register_into_engine(&mut engine);
    let console = TestConsole::default();
    let host = ScriptHost::builder().engine(engine).console(Arc::new(console.clone())).build();
    let end = runtime().block_on(host.run_source("x", "local().text($`echo ${greeting()}`)")).unwrap();
    assert_eq!(end.value.into_string().unwrap(), "a b");
}

#[test]
fn a_program_that_calls_the_engine_itself_enters_a_run() {
    let mut engine = rhai::Engine::new();
    RexecPackage::new().register_into_engine(&mut engine);
    let error = engine.eval::<()>("local()").unwrap_err();
    assert!(error.to_string().contains("run"), "{error}");
    let host = ScriptHost::builder().engine(engine).build();
    let runtime = runtime();
    let run = host.enter(runtime.handle());
    let pid: i64 = run.engine().eval("let p = local().spawn($`sleep 60`); p.pid").unwrap();
    let text: String = run.engine().eval("local().text($`echo still`)").unwrap();
    assert_eq!(text, "still");
    let exists = || std::path::Path::new(&format!("/proc/{pid}")).exists();
    assert!(exists());
    let value = run.finish(Ok(rhai::Dynamic::UNIT)).unwrap();
    assert!(value.is_unit());
    assert!(!exists(), "the process has ended with the run");
}
