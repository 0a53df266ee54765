//! What may be named where: libraries, effects, and shortcuts.

use crate::source::{Source, is_punct, rust_files};
use proc_macro2::{TokenStream, TokenTree};

/// Crates that belong to some layers and to no other.
const CRATES: &[(&[&str], &[&str])] = &[
    (&["rhai", "rhai_codegen"], &["script", "repl"]),
    (&["rustyline", "indicatif", "anstream", "owo_colors", "clap", "rpassword"], &["cli", "repl"]),
    (&["openssh"], &["backend"]),
];

/// Layers that are plain data.
const PLAIN: &[&str] = &["event", "command", "target"];

/// What plain data does not name: runtimes, files, processes, the network.
const EFFECTS: &[&[&str]] = &[
    &["tokio"],
    &["tokio_util"],
    &["futures_util"],
    &["async_process"],
    &["nix"],
    &["libc"],
    &["std", "fs"],
    &["std", "io"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "net", "TcpStream"],
    &["std", "net", "TcpListener"],
    &["std", "net", "UdpSocket"],
];

/// Files, or folders of them, with system calls in them; all other code is safe.
const PLATFORM_FILES: &[&str] = &["portable.rs", "unix.rs", "linux.rs", "macos.rs", "windows.rs", "linux"];

/// Files of the library that print all the same, and why.
const PRINTERS: &[(&str, &str)] =
    &[("script/engine.rs", "a script in an engine that we don't run prints where Rhai's own `print` does")];

#[test]
fn a_library_is_named_in_its_own_layers_only() {
    let mut wrong = Vec::new();
    for source in code() {
        for named in source.named() {
            let owner = CRATES.iter().find(|(crates, _)| crates.contains(&&*named.segments[0]));
            // One segment alone is some local name, unless it is the whole of a `use`.
            let is_path =
                named.segments.len() > 1 || source.text.contains(&format!("use {};", named.segments[0]));
            if let Some((_, layers)) = owner
                && is_path
                && !layers.contains(&&*layer(&source))
            {
                wrong.push(format!("{}: {}", source.path.display(), named.segments.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn plain_data_names_no_effects_and_no_runtime() {
    let mut wrong = Vec::new();
    for source in code().into_iter().filter(|source| PLAIN.contains(&&*layer(source))) {
        for named in source.named() {
            let is_effect = EFFECTS.iter().any(|effect| named.segments.starts_with(&to_strings(effect)));
            if is_effect && named.segments.len() > 1 || named.segments[0] == "async" {
                wrong.push(format!("{}: {}", source.path.display(), named.segments.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_in_platform_files_only() {
    let is_platform = |source: &Source| {
        let mut parts = source.path.iter().filter_map(|part| part.to_str());
        parts.any(|part| PLATFORM_FILES.contains(&part))
    };
    let files = code().into_iter().filter(|source| !is_platform(source));
    let wrong: Vec<_> =
        files.filter(|source| source.named().iter().any(|named| named.segments == ["unsafe"])).collect();
    assert!(wrong.is_empty(), "{:?}", paths(&wrong));
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    let calls_unwrap = |source: &Source| has_call(source.tokens(), "unwrap");
    let wrong: Vec<_> = code().into_iter().filter(calls_unwrap).collect();
    assert!(wrong.is_empty(), "{:?}", paths(&wrong));
}

#[test]
fn the_library_prints_nothing_by_itself() {
    let may_print = |source: &Source| {
        ["cli", "repl", "guard", ""].contains(&&*layer(source))
            || PRINTERS.iter().any(|(path, _)| source.path.ends_with(path))
    };
    let prints = |source: &Source| {
        ["print", "println", "eprint", "eprintln", "dbg"].iter().any(|name| has_macro(source.tokens(), name))
    };
    let wrong: Vec<_> = code().into_iter().filter(|source| !may_print(source) && prints(source)).collect();
    assert!(wrong.is_empty(), "{:?}", paths(&wrong));
}

fn code() -> Vec<Source> {
    rust_files("src").into_iter().filter(|source| !source.is_test()).collect()
}

/// The layer that a file is in; none for `lib.rs` and `main.rs`.
fn layer(source: &Source) -> String {
    source.modules().first().cloned().unwrap_or_default()
}

fn to_strings(path: &[&str]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

fn paths(sources: &[Source]) -> Vec<String> {
    sources.iter().map(|source| source.path.display().to_string()).collect()
}

/// Whether `.name(` stands anywhere outside of tests.
fn has_call(stream: TokenStream, name: &str) -> bool {
    anywhere(stream, &|window| {
        let [dot, TokenTree::Ident(word), TokenTree::Group(_)] = window else { return false };
        is_punct(dot, '.') && *word == name
    })
}

/// Whether `name!(` stands anywhere outside of tests.
fn has_macro(stream: TokenStream, name: &str) -> bool {
    anywhere(stream, &|window| {
        let [TokenTree::Ident(word), bang, TokenTree::Group(_)] = window else { return false };
        is_punct(bang, '!') && *word == name
    })
}

fn anywhere(stream: TokenStream, is_meant: &dyn Fn(&[TokenTree]) -> bool) -> bool {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let is_test_module = |index: usize| {
        let name = |offset: usize| index.checked_sub(offset).map(|at| tokens[at].to_string());
        name(1).as_deref() == Some("tests") && name(2).as_deref() == Some("mod")
    };
    tokens.windows(3).any(is_meant)
        || tokens.iter().enumerate().any(|(index, token)| match token {
            TokenTree::Group(group) => !is_test_module(index) && anywhere(group.stream(), is_meant),
            _ => false,
        })
}
