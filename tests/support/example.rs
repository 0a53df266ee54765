//! The programs in `examples/`, built.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The built example. Cargo builds them with the tests, unless it is told which targets to build.
pub fn program(name: &str) -> PathBuf {
    let binaries = Path::new(env!("CARGO_BIN_EXE_rexec")).parent().unwrap();
    let program = binaries.join("examples").join(name);
    let source = top().join("examples").join(name).with_extension("rs");
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    assert!(
        changed(&program).is_some_and(|built| Some(built) >= changed(&source)),
        "{} is not built, or older than its source: run `cargo build --examples` first",
        program.display()
    );
    program
}

/// The folder of the project.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
