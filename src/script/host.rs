//! The script engine for other programs: build it once, run any number of scripts.

use super::{
    ScriptError, compile,
    console::{Console, StandardStreams},
    ending, engine,
    masking::Masks,
    policy::Policy,
    report::Script,
    run::{Run, Settings},
    scope::{STACK_SIZE, Scope},
    toolbox::formats::to_json_value,
    unseen::Failure,
};
use rhai::{AST, Dynamic, Engine};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Runs scripts.
///
/// Each run has a thread of its own, since a script's functions wait by blocking it.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let host = rexec::ScriptHost::builder().build();
/// let end = host.run_source("example", "let x = 6 * 7; x").await?;
/// assert_eq!(end.value.as_int(), Ok(42));
/// # Ok::<(), rexec::ScriptError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct ScriptHost {
    engine: Arc<Engine>,
    settings: Settings,
    cancellation: CancellationToken,
    console: Arc<dyn Console>,
}

/// How a script that was not stopped by an error ended.
#[derive(Clone, Debug)]
pub struct ScriptEnd {
    /// The exit code that it asked for; 0 unless it called `exit`; 3 instead of 0 where something
    /// is in `unseen`.
    pub exit_code: i32,
    /// The value of its last expression.
    pub value: Dynamic,
    /// What failed in `parallel`, and was never looked at. The console has been told.
    pub unseen: Vec<Failure>,
    engine: Arc<Engine>,
    masks: Arc<Masks>,
}

impl ScriptEnd {
    /// Its value as `print` shows it, with secrets masked.
    pub fn text(&self) -> String {
        let mut scope = rhai::Scope::new();
        scope.push_dynamic("value", self.value.clone());
        let text = self.engine.eval_expression_with_scope::<String>(&mut scope, "value.to_string()");
        let text = text.unwrap_or_else(|_| self.value.to_string());
        self.masks.mask(&text).into_owned()
    }

    /// Its value as JSON, with secrets masked; what is no data (a host, a process) as a text.
    pub fn json(&self) -> String {
        let value = to_json_value(&self.value).unwrap_or_else(|_| self.text().into());
        self.masks.mask(&value.to_string()).into_owned()
    }
}

/// What a [`ScriptHost`] is built from.
#[derive(Default)]
pub struct ScriptHostBuilder {
    settings: Settings,
    cancellation: CancellationToken,
    console: Option<Arc<dyn Console>>,
    engine: Option<Engine>,
    extensions: Vec<Extension>,
}

/// What a program adds to the engine.
type Extension = Box<dyn FnOnce(&mut Engine)>;

impl ScriptHostBuilder {
    /// The script's own arguments: its `args`.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// What cancels its scripts: they end, with all that they started.
    pub fn cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Say what would run where, and run nothing.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.settings.dry_run = dry_run;
        self
    }

    /// A time limit for every command that has none of its own.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// How many things scripts do at once in `parallel`, unless they say otherwise.
    pub fn limit(mut self, at_once: usize) -> Self {
        self.settings.limit = Some(at_once);
        self
    }

    /// The file of the inventory that a bare `inventory()` gives its scripts.
    pub fn inventory(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.inventory = Some(file.into());
        self
    }

    /// Which hosts of the inventory its scripts get, as an expression; without an inventory, their
    /// addresses.
    pub fn hosts(mut self, expression: impl Into<String>) -> Self {
        self.settings.hosts = Some(expression.into());
        self
    }

    /// Records every command, event and result of its scripts in this file, as JSON lines, with
    /// secrets masked. Each run makes the file anew.
    pub fn record(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.record = Some(file.into());
        self
    }

    /// Whether its scripts go on with what an earlier run began, where they keep a journal of it.
    pub fn resume(mut self, resume: bool) -> Self {
        self.settings.resume = resume;
        self
    }

    /// Where journals are kept; `$XDG_STATE_HOME/rexec` or `~/.local/state/rexec` unless set.
    pub fn state_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.state_folder = Some(folder.into());
        self
    }

    /// Says that the program is guarded: what local commands leave behind when a script ends is not
    /// killed at once, but left to the guard, which waits for it a moment.
    #[cfg(feature = "cli")]
    pub(crate) fn guarded(mut self) -> Self {
        self.settings.is_guarded = true;
        self
    }

    /// What its scripts may do; everything unless set.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = Arc::new(policy);
        self
    }

    /// Another folder where modules are looked for.
    pub fn library_path(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.library_path.push(folder.into());
        self
    }

    /// Where its scripts' words go, and who answers their questions; the process's own
    /// [`StandardStreams`] unless set.
    pub fn console(mut self, console: Arc<dyn Console>) -> Self {
        self.console = Some(console);
        self
    }

    /// Adds to the engine what the program has for its scripts: functions, types, modules, limits.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let host = rexec::ScriptHost::builder().extend(|engine| {
    ///     engine.register_fn("twice", |number: i64| 2 * number);
    ///     engine.set_max_operations(1_000_000);
    /// });
    /// let end = host.build().run_source("example", "twice(21)").await?;
    /// assert_eq!(end.value.as_int(), Ok(42));
    /// # Ok::<(), rexec::ScriptError>(()) }).unwrap();
    /// ```
    pub fn extend(mut self, extension: impl FnOnce(&mut Engine) + 'static) -> Self {
        self.extensions.push(Box::new(extension));
        self
    }

    /// Runs scripts with this engine, to which the program has added the
    /// [package](super::RexecPackage), instead of with one of its own.
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// The host.
    pub fn build(self) -> ScriptHost {
        let mut engine = self.engine.unwrap_or_else(engine::build);
        self.extensions.into_iter().for_each(|extension| extension(&mut engine));
        ScriptHost {
            engine: Arc::new(engine),
            settings: self.settings,
            cancellation: self.cancellation,
            console: self.console.unwrap_or_else(|| Arc::new(StandardStreams)),
        }
    }
}

impl ScriptHost {
    /// Begins to build one.
    pub fn builder() -> ScriptHostBuilder {
        ScriptHostBuilder::default()
    }

    /// With what it compiles and runs.
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Runs a script from a file.
    ///
    /// # Errors
    ///
    /// Where the file can't be read, does not parse, or throws what it does not catch.
    pub async fn run_file(&self, path: impl AsRef<Path>) -> Result<ScriptEnd, ScriptError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| {
            ScriptError::from_error(crate::Error::from_io(format_args!("read {}", path.display()), source))
        })?;
        self.run_source(&path.to_string_lossy(), &text).await
    }

    /// Runs a script from its text; `name` is what it is called in messages, and modules are
    /// looked for beside it where it is a path.
    ///
    /// # Errors
    ///
    /// Where the text does not parse, or throws what it does not catch.
    pub async fn run_source(&self, name: &str, text: &str) -> Result<ScriptEnd, ScriptError> {
        let script = Script { engine: &self.engine, source: name, text };
        let ast =
            compile::compile(&self.engine, name, text).map_err(|problem| script.parse_error(&problem))?;
        self.run_on_its_own_thread(&script, ast).await
    }

    /// What cancels its scripts.
    pub(super) fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// A run of a script that has not begun yet.
    pub(super) fn new_run(&self, runtime: tokio::runtime::Handle, script: &str) -> Run {
        let engine = self.engine.clone();
        Run::new(runtime, engine, script.to_owned(), self.settings.clone(), self.console.clone())
    }

    async fn run_on_its_own_thread(&self, source: &Script<'_>, ast: AST) -> Result<ScriptEnd, ScriptError> {
        let runtime = tokio::runtime::Handle::current();
        let run = Arc::new(self.new_run(runtime, source.source));
        let masks = run.masks.clone();
        run.begin_record().map_err(ScriptError::from_error)?;
        let scope = Scope { run, cancellation: self.cancellation.clone() };
        let engine = self.engine.clone();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let script = move || {
            let entered = scope.clone().enter();
            let ending = ending::run_to_its_end(&engine, &scope, || engine.eval_ast::<Dynamic>(&ast));
            // What the script has is gone before anybody hears of its end.
            drop((entered, ast));
            scope.run.leave_the_rest();
            drop(scope);
            // Whoever asked may have gone away.
            let _ = sender.send(ending);
        };
        std::thread::Builder::new()
            .name("script".into())
            .stack_size(STACK_SIZE)
            .spawn(script)
            .expect("the system has room for a thread");
        let ending = receiver.await.expect("the script's thread always answers");
        let value = ending.result.map_err(|problem| source.error(&problem).masked(&masks))?;
        let engine = self.engine.clone();
        Ok(ScriptEnd { exit_code: ending.exit_code, value, unseen: ending.unseen, engine, masks })
    }
}
