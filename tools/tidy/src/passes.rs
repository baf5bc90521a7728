//! Rules on passes: one name in four places, a contract at the top of the file, lit tests.
//!
//! Every file directly in `passes/src/<dialect>/` is a pass; what belongs to one pass only goes in a folder of its name.
//! `passes/src/hw/` also holds generators of actors, which are no passes.

use crate::source::code_without_tests;
use crate::{Problem, Tree};

/// How flags start.
const PASS_PREFIXES: [&str; 4] = ["ee", "dataflow", "convert-ee", "convert-dataflow"];

/// A pass, as its file tells.
struct Pass<'t> {
    path: &'t str,
    source: &'t str,
    group: &'t str,
    /// The file's name without `.rs`.
    stem: &'t str,
}

impl<'t> Pass<'t> {
    fn all(tree: &'t Tree) -> impl Iterator<Item = Self> {
        tree.files().filter_map(|(path, source)| {
            let (group, file) = path.strip_prefix("passes/src/")?.split_once('/')?;
            let stem = file.strip_suffix(".rs")?;
            let is_pass =
                stem != "mod" && !stem.contains('/') && (group != "hw" || source.contains("impl Pass for"));
            is_pass.then_some(Self { path, source, group, stem })
        })
    }

    /// The names that the command line may give to a pass of this file.
    fn flags(&self) -> [String; 2] {
        let words = self.stem.replace('_', "-");
        let prefix = if self.group == "conversion" { "convert" } else { self.group };
        [format!("{prefix}-{words}"), words]
    }

    /// The flag that the top of the file names: ``//! `ee-quantize`: …``.
    fn flag(&self) -> Option<&'t str> {
        self.source.strip_prefix("//! `")?.split_once("`:").map(|(flag, _)| flag)
    }

    /// What `mod.rs` registers: `fold_layout::FoldLayout`.
    fn type_path(&self) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        let name: String = self.stem.split('_').filter(|word| !word.is_empty()).map(capital).collect();
        format!("{}::{name}", self.stem)
    }

    /// The comment at the top of the file.
    fn header(&self) -> String {
        let lines = self.source.lines().take_while(|line| line.starts_with("//!"));
        lines.map(|line| line.trim_start_matches("//!").trim_start()).collect::<Vec<_>>().join("\n")
    }

    /// The pass's row in the list of passes: flag and first sentence.
    fn row(&self) -> Option<String> {
        let header = self.header();
        let first = header.split("\n\n").next()?.replace('\n', " ");
        let (flag, sentence) = first.strip_prefix('`')?.split_once("`: ")?;
        Some(format!("| `{flag}` | {} |", sentence.trim().trim_end_matches('.')))
    }

    /// Whether the pass has an option: a field of its `Options`.
    fn has_options(&self) -> bool {
        let code = code_without_tests(self.source);
        code.split_once("struct Options").is_some_and(|(_, rest)| {
            let rest = rest.trim_start();
            rest.strip_prefix('{').is_some_and(|fields| !fields.trim_start().starts_with('}'))
        })
    }
}

/// A pass file is named after its flag, and starts with the flag, what the pass requires and what it ensures.
pub fn files(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for pass in Pass::all(tree) {
        let flags = pass.flags();
        match pass.flag() {
            None => {
                let message = format!("does not start with its flag: //! `{}`: what it does", flags[0]);
                problems.push(Problem::at(pass.path, 1, message));
            }
            Some(flag) if !flags.iter().any(|name| name == flag) => {
                let message =
                    format!("its flag `{flag}` is not its file's name, which stands for `{}`", flags[0]);
                problems.push(Problem::at(pass.path, 1, message));
            }
            Some(flag) if !pass.source.contains(&format!("\"{flag}\"")) => {
                problems.push(Problem::at(pass.path, 1, format!("its pass has not the flag \"{flag}\"")));
            }
            Some(_) => {}
        }
        let name = pass.type_path();
        let registry = format!("passes/src/{}/mod.rs", pass.group);
        if !tree.files().any(|(path, source)| path == registry && code_without_tests(source).contains(&name))
        {
            problems.push(Problem::of_file(pass.path, format!("{registry} does not register `{name}`")));
        }
        let header = pass.header();
        for part in ["Requires:", "Ensures:"] {
            if !header.lines().any(|line| line.starts_with(part)) {
                problems.push(Problem::of_file(pass.path, format!("its top comment has no line `{part}`")));
            }
        }
    }
    problems
}

/// ARCHITECTURE.md lists every pass with the first sentence of its file, and no other.
pub fn list(tree: &Tree) -> Vec<Problem> {
    const DOCUMENT: &str = "ARCHITECTURE.md";
    let text = tree.files().find(|(path, _)| *path == DOCUMENT).map_or("", |(_, text)| text);
    let rows: Vec<String> = Pass::all(tree).filter_map(|pass| pass.row()).collect();
    let is_row = |line: &str| PASS_PREFIXES.iter().any(|prefix| line.starts_with(&format!("| `{prefix}-")));
    let mut problems = Vec::new();
    for row in rows.iter().filter(|row| !text.lines().any(|line| line == *row)) {
        problems.push(Problem::of_file(DOCUMENT, format!("its list of passes has no row {row}")));
    }
    for (number, line) in text.lines().enumerate().filter(|(_, line)| is_row(line)) {
        if !rows.iter().any(|row| row == line) {
            problems.push(Problem::at(
                DOCUMENT,
                number + 1,
                "a row that is not the first sentence of a pass's file",
            ));
        }
    }
    problems
}

/// A pass has `lit-tests/passes/<flag>/` with basic.mlir and invalid.mlir, and options.mlir where it has options.
pub fn tests(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for pass in Pass::all(tree) {
        let Some(flag) = pass.flag() else { continue };
        let options = pass.has_options().then_some("options.mlir");
        for file in ["basic.mlir", "invalid.mlir"].into_iter().chain(options) {
            let path = format!("lit-tests/passes/{flag}/{file}");
            if !tree.has(&path) {
                problems.push(Problem::of_file(pass.path, format!("has no test {path}")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "//! `ee-quantize`: makes layers integer.\n//!\n//! Requires: floats.\n//! Ensures: integers.\n\
        pub struct Options {\n    a: i32,\n}\nconst NAME: &str = \"ee-quantize\";\n";

    const REGISTRY: &str = "pub(crate) fn register() {\n    add::<quantize::Quantize>();\n}\n";

    fn messages(problems: Vec<Problem>) -> Vec<String> {
        problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_good_pass_passes() {
        let tree = Tree::of_samples(&[
            ("passes/src/ee/quantize.rs", GOOD),
            ("passes/src/ee/mod.rs", REGISTRY),
            ("passes/src/ee/quantize/scales.rs", ""),
            ("passes/src/hw/gate.rs", "fn gate() {}"),
            ("passes/src/lib.rs", ""),
            ("lit-tests/passes/ee-quantize/basic.mlir", ""),
            ("lit-tests/passes/ee-quantize/invalid.mlir", ""),
            ("lit-tests/passes/ee-quantize/options.mlir", ""),
        ]);
        assert_eq!(files(&tree), []);
        assert_eq!(super::tests(&tree), []);
    }

    #[test]
    fn a_pass_wants_its_contract() {
        let tree = Tree::of_samples(&[("passes/src/ee/quantize.rs", "//! Makes layers integer.\n")]);
        assert_eq!(
            messages(files(&tree)),
            [
                "does not start with its flag: //! `ee-quantize`: what it does",
                "passes/src/ee/mod.rs does not register `quantize::Quantize`",
                "its top comment has no line `Requires:`",
                "its top comment has no line `Ensures:`",
            ]
        );
    }

    #[test]
    fn a_pass_has_one_name() {
        let tree = Tree::of_samples(&[("passes/src/hw/convert.rs", "impl Pass for Convert {}")]);
        assert_eq!(files(&tree)[0].message, "does not start with its flag: //! `hw-convert`: what it does");
        let other = ("passes/src/ee/mod.rs", "fn register() { add::<quantise::Quantise>(); }");
        let tree = Tree::of_samples(&[("passes/src/ee/quantise.rs", GOOD), other]);
        assert_eq!(
            messages(files(&tree)),
            ["its flag `ee-quantize` is not its file's name, which stands for `ee-quantise`"]
        );
        let flagless = GOOD.replace("\"ee-quantize\"", "NAME_OF");
        let tree =
            Tree::of_samples(&[("passes/src/ee/quantize.rs", &flagless), ("passes/src/ee/mod.rs", REGISTRY)]);
        assert_eq!(messages(files(&tree)), ["its pass has not the flag \"ee-quantize\""]);
    }

    #[test]
    fn the_list_of_passes_is_whole() {
        let pass = ("passes/src/ee/quantize.rs", GOOD);
        let listed = ("ARCHITECTURE.md", "| `ee-quantize` | makes layers integer |\n");
        assert_eq!(list(&Tree::of_samples(&[pass, listed])), []);
        let stale = ("ARCHITECTURE.md", "| `ee-quantize` | makes layers float |\n");
        assert_eq!(
            messages(list(&Tree::of_samples(&[pass, stale]))),
            [
                "its list of passes has no row | `ee-quantize` | makes layers integer |",
                "a row that is not the first sentence of a pass's file",
            ]
        );
    }

    #[test]
    fn a_pass_wants_its_tests() {
        let tree = Tree::of_samples(&[("passes/src/ee/quantize.rs", GOOD)]);
        let wanted = ["basic", "invalid", "options"]
            .map(|name| format!("has no test lit-tests/passes/ee-quantize/{name}.mlir"));
        assert_eq!(messages(super::tests(&tree)), wanted);
    }
}
