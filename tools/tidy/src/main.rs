//! Prints what breaks the repository's rules, and notices about long files. Exit code 1 where a rule is broken.

use std::process::ExitCode;

use atheena_tidy::{RULES, Tree, names};

fn main() -> ExitCode {
    let tree = match Tree::of_repository() {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("tidy: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut broken = 0;
    for (name, rule) in RULES {
        for problem in rule(&tree) {
            println!("{problem} [{name}]");
            broken += 1;
        }
    }
    for notice in names::long_files(&tree) {
        println!("{notice} [notice]");
    }
    println!("{} rules, {broken} broken places", RULES.len());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
