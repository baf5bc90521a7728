//! What is wrong with a text, and where.

use std::fmt;
use std::ops::Range;

/// Where something stands: bytes of the text.
pub type Span = Range<usize>;

/// Something and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    /// The thing.
    pub value: T,
    /// Its place.
    pub span: Span,
}

/// What is wrong with a text, for [`Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(span: &Span, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { span: span.clone(), what: what.into(), cure: cure.into() }
    }
}

/// A text that is no network: the place, what is wrong, the line, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
    /// The line.
    pub source_line: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl Error {
    /// A problem with `text`, the contents of `file`.
    pub fn new(file: &str, text: &str, problem: Problem) -> Self {
        let (line, column) = position(text, problem.span.start);
        let source_line = text.lines().nth(line - 1).unwrap_or_default();
        let meant = text.get(problem.span).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            file: file.to_owned(),
            line,
            column,
            width: meant.trim_end().chars().count().max(1),
            source_line: source_line.to_owned(),
            what: problem.what,
            cure: problem.cure,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)?;
        let number = self.line.to_string();
        // Tabs before the place stay tabs, so that the mark stands under it.
        let before: String =
            self.source_line.chars().take(self.column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, " {number} | {}", self.source_line)?;
        writeln!(f, " {:1$} | {before}{2}", "", number.len(), "^".repeat(self.width))?;
        write!(f, "  help: {}", self.cure)
    }
}

/// Line and column of a byte, both from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}
