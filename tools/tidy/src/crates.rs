//! Rules on crates: who may know whom (the table of ARCHITECTURE.md), and what each never knows.

use crate::source::code_without_tests;
use crate::{Problem, Tree};

/// A crate's folder and the crates of the project that it may use. Tests may use any.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("dialects", &[]),
    ("runtime", &["atheena-dialects"]),
    ("passes", &["atheena-dialects", "atheena-runtime"]),
    ("compiler", &["atheena-dialects", "atheena-runtime", "atheena-passes"]),
    ("tools/opt", &["atheena", "atheena-dialects", "atheena-passes"]),
    ("tools/lsp-server", &["atheena-dialects", "atheena-passes"]),
    ("tools/translate", &["atheena", "atheena-dialects", "atheena-passes"]),
    ("tools/plugin", &["atheena-dialects", "atheena-passes"]),
    ("tools/tidy", &[]),
];

/// Code lines that a main or a plugin may have: more is logic, which belongs in a library.
const THIN_LINES: usize = 80;

/// A crate uses only those of the project that the table allows, and every crate is in the table.
pub fn dependencies(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.files() {
        let Some(folder) = path.strip_suffix("/Cargo.toml") else { continue };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == folder) else {
            problems.push(Problem::of_file(
                path,
                "a crate of which nobody has said whom it may know (tools/tidy/src/crates.rs)",
            ));
            continue;
        };
        let manifest: toml::Table = match text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                problems.push(Problem::of_file(path, error.to_string()));
                continue;
            }
        };
        let used = ["dependencies", "build-dependencies"]
            .into_iter()
            .filter_map(|table| manifest.get(table)?.as_table());
        for name in used.flat_map(|table| table.keys()).filter(|name| name.starts_with("atheena")) {
            if !allowed.contains(&name.as_str()) {
                problems.push(Problem::of_file(path, format!("{folder} must not know {name}")));
            }
        }
    }
    problems
}

/// `dialects` knows no files; a pass knows no other pass.
pub fn invariants(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, source) in tree.rust_files() {
        let code = code_without_tests(source);
        if path.starts_with("dialects/src/") {
            for (number, line) in code
                .lines()
                .enumerate()
                .filter(|(_, line)| line.contains("std::fs") || line.contains("File::"))
            {
                problems.push(Problem::at(
                    path,
                    number + 1,
                    format!("dialects knows no files: `{}`", line.trim()),
                ));
            }
        }
        if let Some(pass) = pass_of(path) {
            let others = tree.files().filter_map(|(path, _)| pass_of(path)).filter(|other| *other != pass);
            let names: Vec<String> = others
                .flat_map(|(group, stem)| {
                    let beside = (group == pass.0).then(|| format!("super::{stem}"));
                    [Some(format!("crate::{group}::{stem}")), beside]
                })
                .flatten()
                .collect();
            for (number, line) in code.lines().enumerate() {
                if let Some(name) = names.iter().find(|name| names_module(line, name)) {
                    problems.push(Problem::at(
                        path,
                        number + 1,
                        format!("a pass knows no other pass: `{name}`"),
                    ));
                }
            }
        }
    }
    problems
}

fn names_module(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| crate::source::is_word(line, at, name))
}

/// The group and the stem of a pass's file.
fn pass_of(path: &str) -> Option<(&str, &str)> {
    let (group, file) = path.strip_prefix("passes/src/")?.split_once('/')?;
    let stem = file.strip_suffix(".rs")?;
    (group != "hw" && stem != "mod" && !stem.contains('/')).then_some((group, stem))
}

/// The tools are thin mains over the libraries.
pub fn thin_tools(tree: &Tree) -> Vec<Problem> {
    let thin =
        |path: &str| path.starts_with("tools/") && !path.starts_with("tools/tidy/") && path.contains("/src/");
    tree.rust_files()
        .filter(|(path, _)| thin(path))
        .map(|(path, source)| {
            (path, code_without_tests(source).lines().filter(|line| !line.trim().is_empty()).count())
        })
        .filter(|(_, lines)| *lines > THIN_LINES)
        .map(|(path, lines)| {
            Problem::of_file(path, format!("{lines} lines of code, and a tool is thin: at most {THIN_LINES}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_dependency_is_found() {
        let tree = Tree::of_samples(&[
            ("dialects/Cargo.toml", "[dependencies]\nmelior = \"1\"\natheena-passes.workspace = true\n"),
            (
                "runtime/Cargo.toml",
                "[dependencies]\natheena-dialects.workspace = true\n[dev-dependencies]\natheena.workspace = true\n",
            ),
            ("news/Cargo.toml", ""),
        ]);
        let found: Vec<_> = dependencies(&tree).into_iter().map(|problem| problem.message).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "dialects must not know atheena-passes");
        assert!(found[1].contains("whom it may know"));
    }

    #[test]
    fn broken_invariants_are_found() {
        let tree = Tree::of_samples(&[
            ("dialects/src/a.rs", "use std::fs;\n"),
            (
                "passes/src/ee/a.rs",
                "use super::b;\nuse crate::dataflow::c::run;\nuse super::bc;\nuse crate::tools;\n",
            ),
            ("passes/src/ee/b.rs", ""),
            ("passes/src/dataflow/c.rs", ""),
        ]);
        let found: Vec<_> =
            invariants(&tree).into_iter().map(|problem| (problem.path, problem.line)).collect();
        assert_eq!(
            found,
            [
                ("dialects/src/a.rs".into(), 1),
                ("passes/src/ee/a.rs".into(), 1),
                ("passes/src/ee/a.rs".into(), 2)
            ]
        );
    }

    #[test]
    fn a_thick_tool_is_found() {
        let text = "fn a() {}\n".repeat(THIN_LINES + 1);
        let tree = Tree::of_samples(&[
            ("tools/opt/src/main.rs", text.as_str()),
            ("compiler/src/main.rs", text.as_str()),
        ]);
        let found: Vec<_> = thin_tools(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(found, ["tools/opt/src/main.rs"]);
    }
}
