//! The repository keeps its own rules.

use std::sync::LazyLock;

use atheena_tidy::{Problem, RULES, Tree};

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::of_repository().expect("the repository can be read"));

fn holds(name: &str) {
    let (_, rule) = RULES.iter().find(|(rule, _)| *rule == name).expect("the rule exists");
    let problems: Vec<String> = rule(&TREE).iter().map(Problem::to_string).collect();
    assert!(problems.is_empty(), "{} places break {name}:\n{}", problems.len(), problems.join("\n"));
}

/// One test a rule, and one that there is a test for each.
macro_rules! rules {
    ($($test:ident = $name:literal,)*) => {
        $(#[test]
        fn $test() {
            holds($name);
        })*

        #[test]
        fn every_rule_is_tested() {
            assert_eq!(RULES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [$($name),*]);
        }
    };
}

rules! {
    pass_files = "pass-files",
    pass_list = "pass-list",
    pass_tests = "pass-tests",
    op_names = "op-names",
    op_tests = "op-tests",
    no_panics = "no-panics",
    no_prints = "no-prints",
    unsafe_files = "unsafe-files",
    unsafe_reasons = "unsafe-reasons",
    module_headers = "module-headers",
    file_names = "file-names",
    machine_paths = "machine-paths",
    registry_hosts = "registry-hosts",
    crate_dependencies = "crate-dependencies",
    crate_invariants = "crate-invariants",
    thin_tools = "thin-tools",
    document_references = "document-references",
    licences = "licences",
}
