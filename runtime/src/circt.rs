//! SystemVerilog out of `hw`, `comb`, `seq` and `sv`: CIRCT, loaded at run time.
//!
//! CIRCT has no Debian package. `make setup` puts the shared object of its Python package, which needs no Python,
//! into the user's cache. It carries another MLIR than ours, so modules go there as text.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use library::{Library, Module, Session};

use crate::cache;

mod library;

/// The version that the compiler is tested with; the SystemVerilog differs a little between versions.
pub const VERSION: &str = "1.139.0";

/// Registers start without random values: the generated hardware is reset before use, and the macros that would
/// randomise them are not defined in split output.
const PIPELINE: &str = "builtin.module(\
    hw.module(lower-seq-fifo,lower-seq-hlmem,lower-seq-shiftreg),lower-seq-firmem,\
    lower-seq-to-sv{disable-reg-randomization=true},\
    hw-memory-sim{disable-mem-randomization=true disable-reg-randomization=true},\
    hw.module(canonicalize,cse,hw-cleanup,hw-legalize-modules,prettify-verilog))";

/// With these, Verilator 5.006, Icarus 11 and Yosys 0.23 all accept the output.
const LOWERING_OPTIONS: &str = "locationInfoStyle=none,disallowLocalVariables,disallowPackedArrays";

/// CIRCT, ready to use.
pub struct Circt {
    library: Library,
}

/// Why there is no SystemVerilog.
#[derive(Debug, Error)]
pub enum CirctError {
    /// The shared object is not where it should be.
    #[error("CIRCT is not at {}; run `make setup`, or set ATHEENA_CIRCT to the path of libCIRCTBindingsPythonCAPI.so of circt {VERSION}", path.display())]
    NotFound {
        /// The path looked at.
        path: PathBuf,
    },
    /// Neither the environment nor a home directory says where to look.
    #[error(
        "no place to look for CIRCT: HOME is not set; set ATHEENA_CIRCT to the path of libCIRCTBindingsPythonCAPI.so"
    )]
    NoHome,
    /// The file is there, but cannot be loaded.
    #[error("{} cannot be loaded ({error}); run `make setup` to get CIRCT {VERSION} again", path.display())]
    NotLoaded {
        /// The shared object.
        path: PathBuf,
        /// What the dynamic loader said.
        error: libloading::Error,
    },
    /// CIRCT does not accept the module. This is the compiler's fault, not the user's.
    #[error("CIRCT failed to {step}:{}", list(diagnostics))]
    Rejected {
        /// What it was doing, e.g. `parse`.
        step: &'static str,
        /// What it said.
        diagnostics: Vec<Diagnostic>,
    },
    /// A file or directory cannot be written.
    #[error("{}: cannot be written: {error}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        error: io::Error,
    },
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "MLIR's own names")]
pub enum Severity {
    Error,
    Warning,
    Note,
    Remark,
}

/// A diagnostic of CIRCT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The location as MLIR prints it, e.g. `"model.onnx":3:5` or `"conv1"`.
    pub location: String,
    /// The text.
    pub message: String,
    /// Notes that belong to it.
    pub notes: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
            Severity::Remark => "remark",
        };
        write!(f, "{}: {severity}: {}", self.location, self.message)?;
        self.notes.iter().try_for_each(|note| write!(f, "\n  {note}"))
    }
}

fn list(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("\n  {diagnostic}")).collect()
}

impl Circt {
    /// Loads CIRCT from where `ATHEENA_CIRCT` says, else from the user's cache.
    pub fn find() -> Result<Circt, CirctError> {
        Self::open(&Self::path()?)
    }

    /// Where [`Circt::find`] looks: `$ATHEENA_CIRCT`, else
    /// `${XDG_CACHE_HOME:-$HOME/.cache}/atheena/circt-VERSION/libCIRCTBindingsPythonCAPI.so`.
    pub fn path() -> Result<PathBuf, CirctError> {
        if let Some(path) = std::env::var_os("ATHEENA_CIRCT").filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        let cache = cache::directory().ok_or(CirctError::NoHome)?;
        Ok(cache.join(format!("circt-{VERSION}/libCIRCTBindingsPythonCAPI.so")))
    }

    /// Loads CIRCT's shared object. Loading it again is cheap.
    pub fn open(path: &Path) -> Result<Circt, CirctError> {
        if !path.is_file() {
            return Err(CirctError::NotFound { path: path.to_owned() });
        }
        match Library::open(path) {
            Ok(library) => Ok(Circt { library }),
            Err(error) => Err(CirctError::NotLoaded { path: path.to_owned(), error }),
        }
    }

    /// Parses and verifies a module.
    pub fn verify(&self, text: &str) -> Result<(), CirctError> {
        let session = Session::new(&self.library);
        parse(&session, text).map(drop)
    }

    /// A module in generic form: how an op is built from its attributes, where only its pretty form is known.
    pub fn to_generic(&self, text: &str) -> Result<String, CirctError> {
        let session = Session::new(&self.library);
        Ok(parse(&session, text)?.to_generic())
    }

    /// Lowers a module of `hw`, `comb`, `seq` and `sv` and writes SystemVerilog, one file a module, into `rtl_dir`,
    /// with their sorted list, one name a line relative to `rtl_dir`, in `filelist.f`. Returns that list.
    ///
    /// A directory that is there is replaced, once everything is written. Any error diagnostic is a failure.
    pub fn export(&self, text: &str, rtl_dir: &Path) -> Result<Vec<String>, CirctError> {
        let session = Session::new(&self.library);
        let module = parse(&session, text)?;
        module.set_attribute_if_absent("circt.loweringOptions", LOWERING_OPTIONS);
        let lowered = module.run(PIPELINE);
        let mut diagnostics = session.take_diagnostics();
        if let Err(reason) = &lowered
            && !reason.is_empty()
        {
            diagnostics.push(Diagnostic {
                severity: Severity::Error,
                location: "pipeline".to_owned(),
                message: reason.trim_end().to_owned(),
                notes: Vec::new(),
            });
        }
        check("lower the module", lowered.is_ok(), diagnostics)?;

        let failure = |error| CirctError::File { path: rtl_dir.to_owned(), error };
        let parent =
            rtl_dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failure)?;
        let staging = tempfile::Builder::new().prefix(".rtl").tempdir_in(parent).map_err(failure)?;
        let fresh = staging.path().join("new");
        fs::create_dir(&fresh).map_err(failure)?;
        let target = fresh.to_str().ok_or_else(|| failure(io::Error::other("the path is not UTF-8")))?;
        let exported = module.export_split_verilog(target);
        check("write SystemVerilog", exported, session.take_diagnostics())?;

        let list = fresh.join("filelist.f");
        let mut files: Vec<String> =
            fs::read_to_string(&list).map_err(failure)?.lines().map(str::to_owned).collect();
        files.sort();
        fs::write(&list, files.iter().map(|file| format!("{file}\n")).collect::<String>())
            .map_err(failure)?;
        if rtl_dir.exists() {
            fs::rename(rtl_dir, staging.path().join("old")).map_err(failure)?;
        }
        fs::rename(&fresh, rtl_dir).map_err(failure)?;
        Ok(files)
    }
}

fn parse<'session>(session: &'session Session, text: &str) -> Result<Module<'session>, CirctError> {
    let module = session.parse(text);
    check("parse and verify the module", module.is_some(), session.take_diagnostics())?;
    Ok(module.expect("checked to be there"))
}

/// A step that reports success after an error diagnostic has failed too: the exporter does so.
fn check(step: &'static str, succeeded: bool, diagnostics: Vec<Diagnostic>) -> Result<(), CirctError> {
    let failed = !succeeded || diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if failed { Err(CirctError::Rejected { step, diagnostics }) } else { Ok(()) }
}
