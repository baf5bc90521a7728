//! The files that the rules look at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Text files by path from the root (with `/`), and what Cargo says about the packages.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
    metadata: String,
}

impl Tree {
    /// This repository: what git tracks or would add; in an unpacked archive every file outside `target`.
    pub fn of_repository() -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = BTreeMap::new();
        for path in paths(&root)? {
            // What is no text (images, data sets, networks) has no rules but on its name.
            let content = fs::read(root.join(&path)).unwrap_or_default();
            files.insert(path, String::from_utf8(content).unwrap_or_default());
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(&root)
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(Self { files, metadata: String::from_utf8_lossy(&output.stdout).into_owned() })
    }

    /// A tree of samples, for the rules' tests.
    pub fn of_samples(samples: &[(&str, &str)]) -> Self {
        let files = samples.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        Self { files, metadata: String::new() }
    }

    /// The same tree with another output of `cargo metadata`.
    pub fn with_metadata(mut self, metadata: impl Into<String>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// What `cargo metadata` printed, as JSON.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// Whether there is a file of this path.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// All files, sorted by path, with their text (empty where it is no UTF-8).
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files.
    pub fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }
}

fn paths(root: &Path) -> io::Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    match listed {
        Ok(output) if output.status.success() && root.join(".git").exists() => {
            let names = String::from_utf8_lossy(&output.stdout);
            Ok(names
                .split_terminator('\0')
                .filter(|name| root.join(name).is_file())
                .map(str::to_owned)
                .collect())
        }
        _ => {
            let mut found = Vec::new();
            walk(root, &PathBuf::new(), &mut found)?;
            Ok(found)
        }
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if path != Path::new("target") && path != Path::new(".git") {
                walk(root, &path, found)?;
            }
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
