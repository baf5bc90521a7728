//! Rules on documents: what they name exists.

use crate::{Problem, Tree};

/// Folders at the root; a path in a document that starts with one is checked.
const FOLDERS: [&str; 9] = [
    "compiler/",
    "devices/",
    "dialects/",
    "examples/",
    "lit-tests/",
    "passes/",
    "runtime/",
    "scripts/",
    "tools/",
];

/// Links, paths in backticks and `make` targets of the Markdown files exist.
pub fn references(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let makefile = tree.files().find(|(path, _)| *path == "Makefile").map_or("", |(_, text)| text);
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for (number, line) in text.lines().enumerate() {
            let mut missing =
                |what: &str| problems.push(Problem::at(path, number + 1, format!("there is no {what}")));
            for link in
                between(line, "](", ")").filter(|link| !link.contains("://") && !link.starts_with('#'))
            {
                let file = link.split('#').next().unwrap_or(link);
                if !exists(tree, &format!("{folder}{file}")) {
                    missing(file);
                }
            }
            for quoted in between(line, "`", "`") {
                let is_path = FOLDERS.iter().any(|folder| quoted.starts_with(folder))
                    && !quoted.contains(['*', '<', '{', ' ', '…']);
                if is_path && !exists(tree, quoted) {
                    missing(quoted);
                }
            }
            for target in make_targets(line) {
                if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                    missing(&format!("make target {target}"));
                }
            }
        }
    }
    problems
}

fn exists(tree: &Tree, path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    tree.has(path) || tree.files().any(|(file, _)| file.starts_with(&folder))
}

/// What stands between the marks, each mark used once.
fn between<'t>(line: &'t str, open: &'t str, close: &'t str) -> impl Iterator<Item = &'t str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(open)?;
        let (inside, after) = after.split_once(close)?;
        rest = after;
        Some(inside)
    })
}

/// The targets of `make` commands: at the start of a line, or in backticks.
fn make_targets(line: &str) -> impl Iterator<Item = &str> {
    let command = std::iter::once(line).chain(between(line, "`", "`"));
    command.filter_map(|text| text.strip_prefix("make ")?.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_references_are_found() {
        let document = "See [a](a.md), [b](../b.md) and [c](https://example.org/c).\n`tools/tidy`, `tools/none`, `tools/*/x`, `a none`\n\
            `make test` or `make nothing`\nmake demo\n";
        let tree = Tree::of_samples(&[
            ("docs/README.md", document),
            ("docs/a.md", ""),
            ("tools/tidy/Cargo.toml", ""),
            ("Makefile", "test: setup\n"),
        ]);
        let found: Vec<_> =
            references(&tree).into_iter().map(|problem| (problem.line, problem.message)).collect();
        let wanted = [(1, "../b.md"), (2, "tools/none"), (3, "make target nothing"), (4, "make target demo")];
        assert_eq!(found, wanted.map(|(line, what)| (line, format!("there is no {what}"))));
    }
}
