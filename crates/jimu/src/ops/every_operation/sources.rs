//! Which operations the library has, read from its source files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The types of all operations, by their whole names.
pub(super) fn operations() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    let families = families(&files);
    files.iter().flat_map(|(path, source)| members(path, source, &families)).collect()
}

/// The names that the module `nn` exports: layers, losses, containers, and what belongs to them.
pub(crate) fn exported_from_nn() -> BTreeSet<String> {
    let source =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/nn/mod.rs")).expect("a readable file");
    exported(&source)
}

/// The types and traits that a module's `pub use` lines name.
fn exported(source: &str) -> BTreeSet<String> {
    let lines = source.split(';').filter_map(|statement| statement.split_once("pub use ")).map(|(_, names)| names);
    let names = lines.flat_map(|names| names.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')));
    names.filter(|name| name.starts_with(char::is_uppercase)).map(str::to_owned).collect()
}

#[test]
fn exported_names_are_found() {
    let source =
        "mod relu;\npub use relu::{ReLU,\n    ReLU6};\n#[cfg(test)]\npub(crate) use x::Y;\npub use a::b::fmt_module;";
    assert_eq!(exported(source).into_iter().collect::<Vec<_>>(), ["ReLU", "ReLU6"]);
}

/// The files under `folder` with their paths relative to `root`.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            files.push((relative, fs::read_to_string(&path).expect("a readable file")));
        }
    }
}

/// The lines of a file that implement something, without its tests: `(generics, trait, type)`.
fn implementations(source: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or(source);
    code.lines().filter_map(|line| {
        let rest = line.strip_prefix("impl")?;
        let (generics, rest) = match rest.strip_prefix('<') {
            Some(rest) => split_generics(rest)?,
            None => ("", rest),
        };
        let (what, of) = rest.trim().split_once(" for ")?;
        Some((generics, leading_name(what), leading_name(of)))
    })
}

/// `T: Bound> rest` as `T: Bound` and ` rest`.
fn split_generics(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            // The arrow of a function is no bracket.
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'));
    &text[..end.unwrap_or(text.len())]
}

/// The traits whose members are operations: `Operation`, and what a generic operation asks of its parameter.
pub(super) fn families(files: &[(String, String)]) -> BTreeSet<String> {
    let mut families: BTreeSet<String> = ["Operation".to_owned()].into();
    for (_, source) in files {
        for (generics, _, _) in implementations(source).filter(|(_, what, _)| *what == "Operation") {
            let bounds = generics.split(", ").filter(|parameter| !parameter.starts_with("const "));
            let bounds =
                bounds.filter_map(|parameter| parameter.split_once(": ")).map(|(_, bound)| leading_name(bound));
            families.extend(bounds.filter(|bound| !bound.is_empty()).map(str::to_owned));
        }
    }
    families
}

/// The operations that a file implements.
pub(super) fn members(path: &str, source: &str, families: &BTreeSet<String>) -> Vec<String> {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    let own = implementations(source).filter(|(_, what, _)| families.contains(*what));
    own.map(|(_, _, of)| format!("jimu::{module}::{of}")).collect()
}

/// The types of this library that a type's whole name consists of.
pub(super) fn types_in(kind: &str) -> impl Iterator<Item = String> {
    let names = kind.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':'));
    names.filter(|name| name.starts_with("jimu::")).map(str::to_owned)
}
