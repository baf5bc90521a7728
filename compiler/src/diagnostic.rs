//! What MLIR has to say, for people.

use atheena_dialects::ir::Loc;
use melior::diagnostic::{Diagnostic as Raw, DiagnosticSeverity};
use std::fmt;

/// One error, warning or remark with its notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The node of the network or the place in a file; empty if unknown.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// More, such as the cure.
    pub notes: Vec<String>,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Remark,
    /// Probably not what was meant.
    Warning,
    /// The compiler stops.
    Error,
}

impl Diagnostic {
    /// Reads MLIR's diagnostic.
    pub fn of(raw: &Raw<'_>) -> Self {
        let severity = match raw.severity() {
            DiagnosticSeverity::Error => Severity::Error,
            DiagnosticSeverity::Warning => Severity::Warning,
            _ => Severity::Remark,
        };
        let notes = (0..raw.note_count())
            .filter_map(|i| raw.note(i).ok())
            .map(|note| note.to_string())
            // MLIR appends the whole operation, weights and all.
            .filter(|note| !note.starts_with("see current operation"))
            .collect();
        let place = place(Loc::of(raw.location()));
        Self { severity, place, message: raw.to_string(), notes }
    }
}

impl Diagnostic {
    /// The same with MLIR's name for parsed text, `-`, replaced by the file's.
    pub fn of_file(mut self, file: &str) -> Self {
        if let Some(rest) = self.place.strip_prefix("-:") {
            self.place = format!("{file}:{rest}");
        }
        self
    }

    /// The diagnostic as a line that people are shown: warnings always, remarks if they are `wanted`.
    pub fn shown(&self, wanted: bool) -> Option<String> {
        match self.severity {
            Severity::Error => None,
            Severity::Warning => Some(format!("warning: {self}")),
            Severity::Remark => wanted.then(|| format!("remark: {self}")),
        }
    }
}

/// `loc("Conv_0")` as `Conv_0`, `loc("net.mlir":3:5)` as `net.mlir:3:5`, nothing for unknown.
fn place(loc: Loc<'_>) -> String {
    if let Some(name) = loc.to_name() {
        return name;
    }
    let text = loc.to_string();
    let inner = text.strip_prefix("loc(").and_then(|t| t.strip_suffix(')')).unwrap_or(&text);
    if inner == "unknown" { String::new() } else { inner.replace('"', "") }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}", self.message)?;
        for note in &self.notes {
            write!(f, "\n  note: {note}")?;
        }
        Ok(())
    }
}

/// The diagnostics of something that failed; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Of what was collected; says so if nothing was.
    pub fn new(mut collected: Vec<Diagnostic>) -> Self {
        if !collected.iter().any(|d| d.severity == Severity::Error) {
            collected.push(Diagnostic {
                severity: Severity::Error,
                place: String::new(),
                message: "a pass failed without saying why: this is a defect of the compiler".into(),
                notes: vec!["please report it with the input that shows it".into()],
            });
        }
        Self(collected)
    }

    /// The diagnostics.
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The same with MLIR's name for parsed text, `-`, replaced by the file's.
    pub fn of_file(mut self, file: &str) -> Self {
        self.0 = self.0.into_iter().map(|diagnostic| diagnostic.of_file(file)).collect();
        self
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.0.iter().filter(|d| d.severity == Severity::Error);
        for (i, diagnostic) in errors.enumerate() {
            if i > 0 {
                f.write_str("\nerror: ")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
