//! The repository's rules, each a function from the tree of files to the places that break it.
//!
//! `cargo test -p atheena-tidy` applies them to this repository, `cargo run -p atheena-tidy` prints what they find. A rule's
//! unit test holds a sample that breaks it, so a rule that finds nothing fails.

pub mod code;
pub mod crates;
pub mod documents;
pub mod licences;
pub mod names;
pub mod ops;
pub mod passes;
pub mod source;
pub mod tree;

pub use tree::Tree;

use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path from the repository's root.
    pub path: String,
    /// Line from 1, or 0 where it is about the whole file.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem of a whole file.
    pub fn of_file(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: 0, message: message.into() }
    }

    /// A problem of one line, counted from 1.
    pub fn at(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A rule: its name and the function that finds what breaks it.
pub type Rule = (&'static str, fn(&Tree) -> Vec<Problem>);

/// All rules.
pub const RULES: &[Rule] = &[
    ("pass-files", passes::files),
    ("pass-list", passes::list),
    ("pass-tests", passes::tests),
    ("op-names", ops::names),
    ("op-tests", ops::tests),
    ("no-panics", code::no_panics),
    ("no-prints", code::no_prints),
    ("unsafe-files", code::unsafe_files),
    ("unsafe-reasons", code::unsafe_reasons),
    ("module-headers", code::module_headers),
    ("file-names", names::file_names),
    ("machine-paths", names::machine_paths),
    ("registry-hosts", names::registry_hosts),
    ("crate-dependencies", crates::dependencies),
    ("crate-invariants", crates::invariants),
    ("thin-tools", crates::thin_tools),
    ("document-references", documents::references),
    ("licences", licences::dependencies),
];
