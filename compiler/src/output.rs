//! The output directory: written beside its place, then moved there whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The file that marks a directory as one that `compile` made.
pub const REPORT: &str = "report.json";

/// The report as a page.
pub const PAGE: &str = "report.html";

/// The file that marks a directory as one that `explore` made.
pub const EXPLORATION: &str = "explore.json";

/// Why the output directory can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The directory or a file in it can't be written.
    #[error(
        "cannot write {path}: {source}\n  note: choose a directory that you may write to with -o, on a disk with space"
    )]
    Write {
        /// What can't be written.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The place is taken by something else.
    #[error(
        "{0} exists and was not made by this command\n  note: choose another directory with -o, or remove it"
    )]
    Foreign(PathBuf),
}

/// An output directory in the making.
pub struct Output {
    target: PathBuf,
    temporary: TempDir,
}

impl Output {
    /// Opens a temporary directory beside `target`; fails early where it can't be written. It replaces what was there before only
    /// if that is empty or holds the file `mark`.
    pub fn create(target: &Path, mark: &str) -> Result<Self, OutputError> {
        if let Ok(mut entries) = fs::read_dir(target) {
            if entries.next().is_some() && !target.join(mark).exists() {
                return Err(OutputError::Foreign(target.into()));
            }
        } else if fs::symlink_metadata(target).is_ok() {
            return Err(OutputError::Foreign(target.into()));
        }
        let write = |source| OutputError::Write { path: target.into(), source };
        let parent = parent(target);
        fs::create_dir_all(parent).map_err(write)?;
        let temporary = tempfile::Builder::new().prefix(".atheena-").tempdir_in(parent).map_err(write)?;
        Ok(Self { target: target.into(), temporary })
    }

    /// Where files are written for now.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Writes a file, and the folders it is in.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<(), OutputError> {
        let path = self.path().join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(self.path()))?;
            fs::write(&path, contents)
        };
        write().map_err(|source| OutputError::Write { path: self.target.join(name), source })
    }

    /// Moves the directory to its place; what was there before is gone.
    pub fn finish(self) -> Result<(), OutputError> {
        let write = |source| OutputError::Write { path: self.target.clone(), source };
        let new = self.temporary.keep();
        // Temporary directories are private; the result is as open as any other.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).map_err(write)?;
        }
        // The old directory goes aside first, so that a failure leaves it as it was.
        let moved =
            tempfile::Builder::new().prefix(".atheena-").tempdir_in(parent(&self.target)).and_then(|aside| {
                let old = aside.path().join("old");
                let had_old = match fs::rename(&self.target, &old) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                    renamed => renamed.map(|()| true)?,
                };
                let renamed = fs::rename(&new, &self.target);
                if renamed.is_err() && had_old {
                    fs::rename(&old, &self.target)?;
                }
                renamed
            });
        if moved.is_err() {
            let _ = fs::remove_dir_all(&new);
        }
        moved.map_err(write)
    }
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file under a temporary name beside it, then renames it.
pub fn write_file(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), OutputError> {
    let write = || {
        let mut builder = tempfile::Builder::new();
        // Temporary files are private; the result is as open as any other.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(parent(path))?;
        fs::write(file.path(), contents)?;
        file.persist(path).map_err(|e| e.error)
    };
    write().map(drop).map_err(|source| OutputError::Write { path: path.into(), source })
}
