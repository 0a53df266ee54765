//! The project's own source, as files and the paths that are named in them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One file of Rust source.
pub struct Source {
    /// From the top of the repository on.
    pub path: PathBuf,
    pub text: String,
}

/// A path that is named somewhere, such as `crate::event::Signal`, with the modules within the
/// file (`mod x { ... }`) that it stands in.
#[derive(Debug)]
pub struct Named {
    pub segments: Vec<String>,
    pub depth: usize,
}

/// The top of the repository.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a directory of the repository, sorted; none if there is no such directory.
pub fn rust_files(directory: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&top().join(directory), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(directory: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push(Source { path: path.strip_prefix(top()).unwrap().to_owned(), text });
        }
    }
}

impl Source {
    /// Whether it holds tests and nothing else.
    pub fn is_test(&self) -> bool {
        self.path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
    }

    /// The modules that it is, from the crate on: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
    pub fn modules(&self) -> Vec<String> {
        let inner = self.path.strip_prefix("src").unwrap_or(&self.path).with_extension("");
        let names = inner.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        names.filter(|name| !["mod", "lib", "main"].contains(&&**name)).collect()
    }

    /// Its tokens. Comments are none, and documentation is text in them.
    pub fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// Every path that its code names, outside of its tests, also in macros.
    pub fn named(&self) -> Vec<Named> {
        let mut found = Vec::new();
        walk(self.tokens(), 0, &mut found);
        found
    }
}

/// Goes through code and notes the paths in it.
fn walk(stream: TokenStream, depth: usize, found: &mut Vec<Named>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if *word == "mod" => match (tokens.get(at + 1), tokens.get(at + 2)) {
                (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                    if *name != "tests" {
                        walk(body.stream(), depth + 1, found);
                    }
                    at += 3;
                }
                _ => at += 1,
            },
            TokenTree::Ident(_) => at = read_path(&tokens, at, &[], depth, found),
            TokenTree::Group(group) => {
                walk(group.stream(), depth, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads the path that begins here, notes it, and says where it ends. One that ends in braces, as
/// in `use a::{b, c::d}`, stands for several.
fn read_path(
    tokens: &[TokenTree],
    mut at: usize,
    before: &[String],
    depth: usize,
    found: &mut Vec<Named>,
) -> usize {
    let mut segments = before.to_vec();
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        segments.push(word.to_string().trim_start_matches("r#").to_owned());
        at += 1;
        if !is_separator(tokens, at) {
            break;
        }
        at += 2;
        if let Some(TokenTree::Group(group)) = tokens.get(at)
            && group.delimiter() == Delimiter::Brace
        {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            for item in inner.split(|token| is_punct(token, ',')).filter(|item| !item.is_empty()) {
                read_path(item, 0, &segments, depth, found);
            }
            return at + 1;
        }
    }
    found.push(Named { segments, depth });
    at
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| is_punct(token, ':'))
        && tokens.get(at + 1).is_some_and(|token| is_punct(token, ':'))
}

pub fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        walk(text.parse().unwrap(), 0, &mut found);
        found.into_iter().map(|named| named.segments.join("::")).collect()
    }

    #[test]
    fn groups_stand_for_several_paths() {
        let found = paths("use crate::{Error, event::{self, Signal as S}};");
        assert!(found.contains(&"crate::Error".to_owned()));
        assert!(found.contains(&"crate::event::Signal".to_owned()));
        assert!(found.contains(&"crate::event::self".to_owned()));
    }

    #[test]
    fn paths_in_macros_count_and_those_in_comments_and_texts_do_not() {
        let found = paths("fn f() { select! { x = crate::a::f() => \"crate::b::g\" } /* crate::c */ }");
        assert!(found.contains(&"crate::a::f".to_owned()));
        assert!(!found.iter().any(|path| path.contains("crate::b") || path.contains("crate::c")));
    }

    #[test]
    fn tests_within_a_file_do_not_count() {
        assert_eq!(paths("mod tests { use crate::a; }").len(), 0);
    }
}
