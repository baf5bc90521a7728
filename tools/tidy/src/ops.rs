//! Rules on operations: each op of `dialects/td/*.td` has its lit test, each dialect one of what its verifiers reject.

use std::collections::BTreeSet;

use crate::{Problem, Tree};

/// An op's dialect and name, and where it is defined.
struct Op<'t> {
    path: &'t str,
    line: usize,
    dialect: String,
    name: &'t str,
}

/// Reads `def EE_ExitOp : EE_Op<"exit", …`: the class's prefix is the dialect, the string the op.
fn ops(tree: &Tree) -> Vec<Op<'_>> {
    let mut found = Vec::new();
    for (path, text) in
        tree.files().filter(|(path, _)| path.starts_with("dialects/td/") && path.ends_with(".td"))
    {
        for (at, _) in text.match_indices("def ").filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n')) {
            let Some((head, rest)) = text[at..].split_once('<') else { continue };
            let Some(class) = head.split(':').nth(1).map(str::trim) else { continue };
            let Some((prefix, kind)) = class.split_once('_') else { continue };
            let Some((name, _)) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'))
            else {
                continue;
            };
            if kind.ends_with("Op") {
                let line = text[..at].matches('\n').count() + 1;
                found.push(Op { path, line, dialect: prefix.to_lowercase(), name });
            }
        }
    }
    found
}

/// `lit-tests/dialects/<dialect>/<op>.mlir` for every op and `invalid.mlir` for every dialect.
pub fn tests(tree: &Tree) -> Vec<Problem> {
    let ops = ops(tree);
    let mut problems = Vec::new();
    let mut want = |path: &str, line: usize, test: String| {
        if !tree.has(&test) {
            problems.push(Problem::at(path, line, format!("has no test {test}")));
        }
    };
    for op in &ops {
        want(op.path, op.line, format!("lit-tests/dialects/{}/{}.mlir", op.dialect, op.name));
    }
    let dialects: BTreeSet<(&str, &str)> = ops.iter().map(|op| (op.dialect.as_str(), op.path)).collect();
    for (dialect, path) in dialects {
        want(path, 0, format!("lit-tests/dialects/{dialect}/invalid.mlir"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const TD: &str = "class EE_Op<string mnemonic> : Op<EE_Dialect, mnemonic>;\n\n\
        def EE_ExitOp : EE_Op<\"exit\", [\n  IsolatedFromAbove]> {\n}\n\
        def Dataflow_GateOp\n    : Dataflow_ActorOp<\"gate\"> {}\n\
        def EE_MaxSoftmaxAttr : EE_Attr<\"MaxSoftmax\", \"max_softmax\"> {}\n";

    #[test]
    fn every_op_wants_its_test() {
        let tree = Tree::of_samples(&[("dialects/td/EE.td", TD), ("lit-tests/dialects/ee/invalid.mlir", "")]);
        let found: Vec<_> =
            super::tests(&tree).into_iter().map(|problem| (problem.line, problem.message)).collect();
        assert_eq!(
            found,
            [
                (3, "has no test lit-tests/dialects/ee/exit.mlir".into()),
                (6, "has no test lit-tests/dialects/dataflow/gate.mlir".into()),
                (0, "has no test lit-tests/dialects/dataflow/invalid.mlir".into()),
            ]
        );
    }

    #[test]
    fn tested_ops_pass() {
        let samples = ["ee/exit", "ee/invalid", "dataflow/gate", "dataflow/invalid"];
        let mut files = vec![("dialects/td/EE.td".to_string(), TD)];
        files.extend(samples.map(|name| (format!("lit-tests/dialects/{name}.mlir"), "")));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(super::tests(&Tree::of_samples(&files)), []);
    }
}
