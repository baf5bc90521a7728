//! Rules on names: of files, and of things that belong to one machine. Notices about long files.

use crate::{Problem, Tree};

/// Names that say nothing of what a module holds.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "misc", "manager"];

/// Folders at the root of a machine's file system that no tracked file may name.
const MACHINE_FOLDERS: [&str; 6] = ["home", "root", "work", "tmp", "Users", "mnt"];

/// Hosts of package registries; packages are named, where they come from is the user's configuration.
/// Written in two parts, as this file is checked too.
const REGISTRIES: [(&str, &str); 7] = [
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("static.crates", ".io"),
    ("index.crates", ".io"),
    ("deb.debian", ".org"),
    ("security.debian", ".org"),
    ("registry.npmjs", ".org"),
];

/// Lines above which a file gets a notice.
const LONG_FILE_LINES: usize = 300;

/// No file or folder is called `utils`, `common`, `helpers`, `misc`.
pub fn file_names(tree: &Tree) -> Vec<Problem> {
    let says_nothing = |part: &str| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or(part));
    tree.files()
        .filter(|(path, _)| path.split('/').any(says_nothing))
        .map(|(path, _)| Problem::of_file(path, "a name that says nothing: name it after what it holds"))
        .collect()
}

/// No absolute path of somebody's machine.
pub fn machine_paths(tree: &Tree) -> Vec<Problem> {
    lines_where(tree, has_machine_path, "names a folder of one machine")
}

/// No host of a package registry.
pub fn registry_hosts(tree: &Tree) -> Vec<Problem> {
    let has_host =
        |line: &str| REGISTRIES.iter().any(|(name, domain)| line.contains(&[*name, *domain].concat()));
    lines_where(tree, has_host, "names a package registry's host: name the package")
}

fn lines_where(tree: &Tree, broken: impl Fn(&str) -> bool, message: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| *path != "Cargo.lock") {
        let numbers = text.lines().enumerate().filter(|(_, line)| broken(line)).map(|(number, _)| number + 1);
        problems.extend(numbers.map(|number| Problem::at(path, number, message)));
    }
    problems
}

fn has_machine_path(line: &str) -> bool {
    line.match_indices('/').any(|(at, _)| {
        // `../shared/work/x` and `a/tmp/b` are relative.
        let starts = !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/$}>".contains(c));
        let rest = &line[at + 1..];
        let folder = rest.split('/').next().unwrap_or(rest);
        let goes_on = rest[folder.len()..]
            .strip_prefix('/')
            .is_some_and(|name| name.starts_with(|c: char| c.is_alphanumeric()));
        starts && goes_on && MACHINE_FOLDERS.contains(&folder)
    })
}

/// Source files that are so long that they may hold two things. No rule: a notice.
pub fn long_files(tree: &Tree) -> Vec<Problem> {
    let is_source = |path: &str| [".rs", ".cpp", ".h", ".py", ".sh"].iter().any(|end| path.ends_with(end));
    tree.files()
        .filter(|(path, _)| is_source(path))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONG_FILE_LINES)
        .map(|(path, lines)| Problem::of_file(path, format!("{lines} lines: is it one thing?")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found() {
        let tree = Tree::of_samples(&[
            ("a/utils.rs", ""),
            ("common/b.rs", ""),
            ("a/commons.rs", ""),
            ("misc.py", ""),
        ]);
        let found: Vec<_> = file_names(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(found, ["a/utils.rs", "common/b.rs", "misc.py"]);
    }

    #[test]
    fn machine_paths_are_found() {
        // Put together, as this file is checked too.
        let bad = ["home/me/x", "root/x", "tmp/x"].map(|path| format!("cd /{path}\n")).concat();
        let good = "a/tmp/b ../work/x $HOME/tmp/x /usr/lib/llvm-22 // home/x /tmp\n";
        let tree = Tree::of_samples(&[("bad.md", bad.as_str()), ("good.md", good)]);
        let found: Vec<_> =
            machine_paths(&tree).into_iter().map(|problem| (problem.path, problem.line)).collect();
        assert_eq!(found, [("bad.md".into(), 1), ("bad.md".into(), 2), ("bad.md".into(), 3)]);
    }

    #[test]
    fn registry_hosts_are_found() {
        let text = format!("https://{}{}/simple\nPyPI's package lit\n", REGISTRIES[0].0, REGISTRIES[0].1);
        let tree = Tree::of_samples(&[("a.md", text.as_str())]);
        let found: Vec<_> = registry_hosts(&tree).into_iter().map(|problem| problem.line).collect();
        assert_eq!(found, [1]);
    }

    #[test]
    fn long_files_get_a_notice() {
        let text = "a\n".repeat(LONG_FILE_LINES + 1);
        let tree = Tree::of_samples(&[("a.rs", text.as_str()), ("b.rs", "a\n"), ("c.md", text.as_str())]);
        let found: Vec<_> = long_files(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(found, ["a.rs"]);
    }
}
