//! The TOSA reference model, in the Python environment that `make setup` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// The reference model, there and ready.
pub struct Reference {
    python: PathBuf,
}

impl Reference {
    /// Finds the environment as `scripts/environment.sh` does; says that the test is skipped where it is absent.
    pub fn find() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let requirements = std::fs::read(root.join("requirements.txt")).expect("the repository has it");
        let digest = Sha256::digest(requirements);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let python = atheena_runtime::cache::directory()?.join(format!("venv-{hash}/bin/python"));
        if python.exists() {
            return Some(Self { python });
        }
        println!("skipped: Python environment of `make setup` absent");
        None
    }

    /// The bytes of all results, sample by sample.
    pub fn run(&self, network: &str, images: &Path, samples: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("there is a place for files");
        let (file, out) = (folder.path().join("network.mlir"), folder.path().join("results"));
        std::fs::write(&file, network).expect("the network is written");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/reference.py");
        let mut command = Command::new(&self.python);
        command.arg(script).arg(file).arg(images).arg(samples.to_string()).arg(&out);
        let output = command.output().expect("Python runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the reference model fails: {errors}\n{network}");
        std::fs::read(out).expect("the results are there")
    }
}
