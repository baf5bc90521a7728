//! The licence of every crate that the project is built from allows it to be distributed under Apache-2.0.

use serde_json::Value;

use crate::{Problem, Tree};

/// Licences (SPDX names) that ask for no more than a notice.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Packages whose manifest names a file instead of a licence, with the licence that a person read in that file.
const READ: [(&str, &str); 1] = [("mlir-sys", "MIT")];

/// Every package that Cargo resolves has an allowed licence.
pub fn dependencies(tree: &Tree) -> Vec<Problem> {
    let metadata: Value = match serde_json::from_str(tree.metadata()) {
        Ok(metadata) => metadata,
        Err(error) => {
            return vec![Problem::of_file("Cargo.lock", format!("cargo metadata printed no JSON: {error}"))];
        }
    };
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut problems = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or("?");
        let read = || READ.iter().find(|(known, _)| *known == name).map(|(_, licence)| *licence);
        let licence = package["license"].as_str().or_else(read);
        if !licence.is_some_and(is_allowed) {
            let licence = licence.unwrap_or("no SPDX licence");
            problems.push(Problem::of_file(
                "Cargo.lock",
                format!("the licence of {name} is not on the list: {licence}"),
            ));
        }
    }
    if packages.is_empty() {
        problems.push(Problem::of_file("Cargo.lock", "cargo metadata lists no packages"));
    }
    problems
}

/// Whether one may choose only allowed licences by an SPDX expression (older crates write `/` for OR).
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut parser = Parser {
        words: expression
            .replace('(', " ( ")
            .replace(')', " ) ")
            .split_whitespace()
            .map(str::to_owned)
            .rev()
            .collect(),
    };
    parser.either() && parser.words.is_empty()
}

/// Recursive descent over the expression's words, the next one last.
struct Parser {
    words: Vec<String>,
}

impl Parser {
    fn next_is(&mut self, word: &str) -> bool {
        self.words.pop_if(|next| next == word).is_some()
    }

    fn either(&mut self) -> bool {
        let mut allowed = self.both();
        while self.next_is("OR") {
            allowed |= self.both();
        }
        allowed
    }

    fn both(&mut self) -> bool {
        let mut allowed = self.licence();
        while self.next_is("AND") {
            allowed &= self.licence();
        }
        allowed
    }

    fn licence(&mut self) -> bool {
        if self.next_is("(") {
            let allowed = self.either();
            return self.next_is(")") && allowed;
        }
        let mut name = self.words.pop().unwrap_or_default();
        if self.next_is("WITH") {
            name = format!("{name} WITH {}", self.words.pop().unwrap_or_default());
        }
        ALLOWED.contains(&name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_understood() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND MPL-2.0", "", "MIT)", "MIT WITH x"]
        {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn bad_licences_are_found() {
        let metadata = r#"{"packages": [{"name": "a", "license": "MIT"}, {"name": "b", "license": "GPL-3.0"}, {"name": "c", "license": null}]}"#;
        let found: Vec<_> = dependencies(&Tree::default().with_metadata(metadata))
            .into_iter()
            .map(|problem| problem.message)
            .collect();
        assert_eq!(
            found,
            [
                "the licence of b is not on the list: GPL-3.0",
                "the licence of c is not on the list: no SPDX licence"
            ]
        );
        assert_eq!(dependencies(&Tree::default().with_metadata("{}")).len(), 1);
    }
}
