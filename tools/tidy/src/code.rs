//! Rules on Rust code: no panics that user input can trip, no prints in libraries, `unsafe` only where it is wrapped.

use crate::source::{code_without_tests, is_word, may_panic, without_text};
use crate::{Problem, Tree};

/// What panics or marks unfinished code.
const PANICS: [&str; 5] = [".unwrap()", "panic!", "todo!", "unimplemented!", "dbg!"];

/// What prints.
const PRINTS: [&str; 4] = ["print!", "println!", "eprint!", "eprintln!"];

/// The crates whose callers decide what is printed.
const LIBRARIES: [&str; 3] = ["dialects/src/", "passes/src/", "runtime/src/"];

/// What wraps foreign functions, file by file or folder by folder; everything else is safe Rust.
const UNSAFE: [&str; 11] = [
    "dialects/src/driver.rs",
    "dialects/src/ee.rs",
    "dialects/src/ee/confidence.rs",
    "dialects/src/ffi.rs",
    "dialects/src/ir/",
    "dialects/src/lib.rs",
    "dialects/src/pass.rs",
    "runtime/src/circt/library.rs",
    "runtime/src/golden.rs",
    "runtime/src/golden/",
    "tools/plugin/src/lib.rs",
];

/// No `unwrap`, `panic!`, `todo!`, `unimplemented!`, `dbg!` outside tests and build scripts.
pub fn no_panics(tree: &Tree) -> Vec<Problem> {
    occurrences(tree, &PANICS, |path| !may_panic(path))
        .map(|(path, line, word)| {
            Problem::at(path, line, format!("`{word}` outside a test: return an error that says what to do"))
        })
        .collect()
}

/// Libraries do not print; they return what there is to say.
pub fn no_prints(tree: &Tree) -> Vec<Problem> {
    occurrences(tree, &PRINTS, |path| LIBRARIES.iter().any(|library| path.starts_with(library)))
        .map(|(path, line, word)| {
            Problem::at(path, line, format!("`{word}` in a library: return it instead"))
        })
        .collect()
}

/// `unsafe` stands only in the layers that wrap foreign functions.
pub fn unsafe_files(tree: &Tree) -> Vec<Problem> {
    occurrences(tree, &["unsafe"], |path| {
        !UNSAFE.iter().any(|allowed| path.starts_with(allowed)) && !may_panic(path)
    })
    .map(|(path, line, _)| Problem::at(path, line, "`unsafe` outside the layers that wrap foreign functions"))
    .collect()
}

/// Every `unsafe` block and implementation says in a `SAFETY:` comment why it is sound.
pub fn unsafe_reasons(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, source) in tree.rust_files() {
        let code = without_text(source);
        let lines: Vec<&str> = source.lines().collect();
        for (at, _) in code.match_indices("unsafe").filter(|(at, word)| is_word(&code, *at, word)) {
            let after = code[at + "unsafe".len()..].trim_start();
            if !after.starts_with('{') && !after.starts_with("impl") {
                continue;
            }
            let line = code[..at].matches('\n').count();
            if !has_reason(&lines, line) {
                problems.push(Problem::at(
                    path,
                    line + 1,
                    "`unsafe` without a `// SAFETY:` comment above it",
                ));
            }
        }
    }
    problems
}

/// Whether line `line` (from 0) or the statement and comment right above it holds a reason.
fn has_reason(lines: &[&str], line: usize) -> bool {
    if lines[line].contains("SAFETY:") {
        return true;
    }
    let mut above = lines[..line].iter().rev().map(|line| line.trim());
    // The `unsafe` may stand on a later line of its statement; comments are above the statement.
    let first = above
        .by_ref()
        .find(|line| line.starts_with("//") || line.is_empty() || line.ends_with([';', '}', '{']));
    first.is_some_and(|line| line.contains("SAFETY:") || line.starts_with("//"))
        && (first.is_some_and(|line| line.contains("SAFETY:"))
            || above.take_while(|line| line.starts_with("//")).any(|line| line.contains("SAFETY:")))
}

/// Every Rust file says at its top what it holds.
pub fn module_headers(tree: &Tree) -> Vec<Problem> {
    tree.rust_files()
        .filter(|(_, source)| !source.starts_with("//! "))
        .map(|(path, _)| Problem::of_file(path, "does not start with a `//!` that says what it holds"))
        .collect()
}

/// Where the words stand in code that users run, in files that `applies` to: path, line from 1, word.
fn occurrences<'t>(
    tree: &'t Tree,
    words: &'t [&'static str],
    applies: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = (&'t str, usize, &'static str)> {
    tree.rust_files().filter(move |(path, _)| applies(path)).flat_map(move |(path, source)| {
        let code = code_without_tests(source);
        let mut found = Vec::new();
        for (number, line) in code.lines().enumerate() {
            for word in words {
                let stands = |(at, _): (usize, &str)| word.starts_with('.') || is_word(line, at, word);
                found.extend(
                    line.match_indices(word).filter(|hit| stands(*hit)).map(|_| (path, number + 1, *word)),
                );
            }
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(problems: Vec<Problem>) -> Vec<(String, usize)> {
        problems.into_iter().map(|problem| (problem.path, problem.line)).collect()
    }

    #[test]
    fn panics_are_found_outside_tests() {
        let text = "//! A.\nfn a() { b.unwrap(); }\n// c.unwrap()\nfn d() { todo!() }\n#[cfg(test)]\nmod t { fn e() { panic!() } }\n";
        let tree = Tree::of_samples(&[
            ("passes/src/a.rs", text),
            ("passes/tests/b.rs", text),
            ("dialects/build.rs", text),
        ]);
        assert_eq!(lines(no_panics(&tree)), [("passes/src/a.rs".into(), 2), ("passes/src/a.rs".into(), 4)]);
    }

    #[test]
    fn unwrap_or_is_no_panic() {
        let tree =
            Tree::of_samples(&[("passes/src/a.rs", "//! A.\nfn a() { b.unwrap_or(1); core_panic!(); }\n")]);
        assert_eq!(no_panics(&tree), []);
    }

    #[test]
    fn prints_are_found_in_libraries_only() {
        let text = "//! A.\nfn a() { println!(\"b\"); }\n";
        let tree = Tree::of_samples(&[("runtime/src/a.rs", text), ("compiler/src/main.rs", text)]);
        assert_eq!(lines(no_prints(&tree)), [("runtime/src/a.rs".into(), 2)]);
    }

    #[test]
    fn unsafe_is_found_outside_its_layers() {
        let text = "//! A.\n// SAFETY: none.\nfn a() { unsafe { b() } }\n";
        let tree = Tree::of_samples(&[
            ("passes/src/ee/a.rs", text),
            ("dialects/src/ir/a.rs", text),
            ("dialects/src/tosa.rs", text),
        ]);
        assert_eq!(
            lines(unsafe_files(&tree)),
            [("dialects/src/tosa.rs".into(), 3), ("passes/src/ee/a.rs".into(), 3)]
        );
    }

    #[test]
    fn unsafe_wants_its_reason() {
        let text = "fn a() {\n    unsafe { b() }\n}\nfn c() {\n    // SAFETY: d outlives e,\n    // as f says.\n    let g =\n        unsafe { d() };\n}\nunsafe impl Send for H {}\nfn i() {\n    // No reason.\n    unsafe { j() }\n}\n";
        let tree = Tree::of_samples(&[("runtime/src/a.rs", text)]);
        let found: Vec<usize> = unsafe_reasons(&tree).into_iter().map(|problem| problem.line).collect();
        assert_eq!(found, [2, 10, 13]);
    }

    #[test]
    fn headers_are_wanted() {
        let tree = Tree::of_samples(&[("a/src/lib.rs", "//! A.\n"), ("a/src/b.rs", "fn b() {}\n")]);
        assert_eq!(lines(module_headers(&tree)), [("a/src/b.rs".into(), 0)]);
    }
}
