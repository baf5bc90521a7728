//! What imported networks compute, against ONNX Runtime (`operators/generate.py`).

use atheena_dialects::ir::{Ctx, Op};
use atheena_runtime::golden::Golden;
use melior::{pass::PassManager, utility::parse_pass_pipeline};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operators")
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

/// Imports a network and makes it ready to run; the second result is the exit's index.
fn golden(path: &Path) -> Golden {
    atheena_passes::register_all();
    let context = atheena_dialects::context();
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_stem().unwrap().to_str().unwrap();
    let mut module = atheena::onnx::import(Ctx::of(&context), &bytes, name).unwrap();
    let manager = PassManager::new(&context);
    let pipeline = "builtin.module(func.func(convert-ee-to-scf{exit-index=true}))";
    parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline).unwrap();
    manager.run(&mut module).unwrap();
    Golden::compile(&Op::of_module(&module).to_string(), name).unwrap()
}

#[test]
fn imported_networks_compute_what_onnx_runtime_computes() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    assert!(files.len() > 30, "the networks are there");
    let mut left = [0; 2];
    for path in files {
        let golden = golden(&path);
        let cases: Value =
            serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        for case in cases.as_array().unwrap() {
            let outputs = golden.run(floats(&case["input"]).as_slice()).unwrap();
            let (found, wanted) = (outputs.0[0].to_f64(), floats(&case["output"]));
            assert_eq!(found.len(), wanted.len(), "{}", path.display());
            for (found, wanted) in found.iter().zip(&wanted) {
                let wanted = f64::from(*wanted);
                // Sums of up to a hundred products in another order.
                assert!(
                    (found - wanted).abs() <= 1e-5 * wanted.abs().max(1.0),
                    "{}: {found}, not {wanted}",
                    path.display()
                );
            }
            if let Some(exit) = case["exit"].as_u64() {
                assert_eq!(outputs.exit_index(), Some(exit as usize), "{}", path.display());
                left[exit as usize] += 1;
            }
        }
    }
    assert!(left[0] > 5 && left[1] > 5, "both classifiers answer: {left:?}");
}
