//! Rules on operations: one name; each op of `dialects/td/*.td` has its lit test, each dialect one of what its verifiers reject.

use std::collections::BTreeSet;

use crate::{Problem, Tree};

/// An op's dialect and name, and where it is defined.
struct Op<'t> {
    path: &'t str,
    line: usize,
    dialect: String,
    /// What ODS calls it, without the dialect and `Op`.
    class: &'t str,
    /// What IR calls it.
    name: &'t str,
}

/// Reads `def Ee_ExitOp : Ee_Op<"exit", …`: the prefix is the dialect, the string the op.
fn ops(tree: &Tree) -> Vec<Op<'_>> {
    let mut found = Vec::new();
    for (path, text) in
        tree.files().filter(|(path, _)| path.starts_with("dialects/td/") && path.ends_with(".td"))
    {
        for (at, _) in text.match_indices("def ").filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n')) {
            let Some((head, rest)) = text[at + "def ".len()..].split_once('<') else { continue };
            let Some((prefix, class)) = head.split(':').next().and_then(|name| name.trim().split_once('_'))
            else {
                continue;
            };
            let Some(class) = class.strip_suffix("Op") else { continue };
            let Some((name, _)) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'))
            else {
                continue;
            };
            let line = text[..at].matches('\n').count() + 1;
            found.push(Op { path, line, dialect: prefix.to_lowercase(), class, name });
        }
    }
    found
}

/// An op has one name: `matvec` in IR is `MatvecOp` in ODS, `max_pool` is `MaxPoolOp`.
pub fn names(tree: &Tree) -> Vec<Problem> {
    let same = |op: &Op| op.name.replace(['_', '.'], "") == op.class.to_lowercase();
    let problem =
        |op: Op| Problem::at(op.path, op.line, format!("`{}Op` is called `{}` in IR", op.class, op.name));
    ops(tree).into_iter().filter(|op| !same(op)).map(problem).collect()
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

    const TD: &str = "class Ee_Op<string mnemonic> : Op<Ee_Dialect, mnemonic>;\n\n\
        def Ee_ExitOp : Ee_Op<\"exit\", [\n  IsolatedFromAbove]> {\n}\n\
        def Dataflow_GateOp\n    : Dataflow_Actor<\"gate\"> {}\n\
        def Ee_MaxSoftmaxAttr : Ee_Attr<\"MaxSoftmax\", \"max_softmax\"> {}\n";

    #[test]
    fn a_second_name_is_found() {
        let tree = Tree::of_samples(&[(
            "dialects/td/A.td",
            "def A_MaxPoolOp : A_Op<\"max_pool\">;\ndef A_GateOp : A_Op<\"buffer\">;\n",
        )]);
        let found: Vec<_> = names(&tree).into_iter().map(|problem| (problem.line, problem.message)).collect();
        assert_eq!(found, [(2, "`GateOp` is called `buffer` in IR".into())]);
    }

    #[test]
    fn every_op_wants_its_test() {
        let tree = Tree::of_samples(&[("dialects/td/Ee.td", TD), ("lit-tests/dialects/ee/invalid.mlir", "")]);
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
        let mut files = vec![("dialects/td/Ee.td".to_string(), TD)];
        files.extend(samples.map(|name| (format!("lit-tests/dialects/{name}.mlir"), "")));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(super::tests(&Tree::of_samples(&files)), []);
    }
}
