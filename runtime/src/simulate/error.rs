//! How a simulation can end.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::SimOptions;

/// Why there is no result.
#[derive(Debug, Error)]
pub enum SimError {
    /// A file of the design cannot be read or written.
    #[error("{}: cannot be {action}: {error}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The operating system's answer.
        error: io::Error,
    },
    /// The report does not describe an interface.
    #[error("{}: {reason}; a directory that `atheena compile -o DIR` wrote is wanted", path.display())]
    Report {
        /// The report.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An option or the interface is out of range.
    #[error("{0}")]
    Option(String),
    /// A program is not installed.
    #[error(
        "`{tool}` is not installed; run `make setup`, or install Debian's packages `verilator`, `make` and `g++`"
    )]
    MissingTool {
        /// The program.
        tool: &'static str,
    },
    /// A program failed.
    #[error("`{tool}` cannot build the simulation model:{output}")]
    Tool {
        /// The program.
        tool: &'static str,
        /// The lines that say why.
        output: String,
    },
    /// The top module has other ports than its interface says.
    #[error("module `{top}` has {}, but the interface in report.json says {wanted} bits", port_found(name, *found))]
    Port {
        /// The top module.
        top: String,
        /// The port.
        name: &'static str,
        /// Its width in bits by the interface.
        wanted: usize,
        /// Its width in the SystemVerilog; `None` if there is no such port.
        found: Option<usize>,
    },
    /// The hardware stopped. This is the compiler's fault.
    #[error("deadlock: no beat in or out for {watchdog} cycles up to cycle {cycle}, with {accepted} of {samples} samples taken and {outputs} results out{}", missing_note(*first_missing))]
    Deadlock {
        /// How long was waited.
        watchdog: u64,
        /// When it was given up.
        cycle: u64,
        /// Samples of which all beats were taken.
        accepted: usize,
        /// Results that came out.
        outputs: usize,
        /// Samples to simulate.
        samples: usize,
        /// The lowest sample that went in and did not come out.
        first_missing: Option<usize>,
    },
    /// The hardware broke the rules of its ports. This is the compiler's fault.
    #[error("cycle {cycle}: {text}")]
    Violation {
        /// When.
        cycle: u64,
        /// Which rule.
        text: String,
    },
    /// The model ended in another way, or printed something, e.g. of a memory image that is not there.
    #[error("the simulation model failed:{output}")]
    Model {
        /// What it printed.
        output: String,
    },
}

fn port_found(name: &str, found: Option<usize>) -> String {
    match found {
        Some(bits) => format!("a port `{name}` of {bits} bits"),
        None => format!("no port `{name}`"),
    }
}

fn missing_note(first_missing: Option<usize>) -> String {
    first_missing.map(|sample| format!(" (sample {sample} is the first missing)")).unwrap_or_default()
}

/// How the harness says that it ended.
pub(super) enum Ending {
    Done(u64),
    Failed(SimError),
}

impl Ending {
    pub fn parse(line: &str, samples: usize, options: &SimOptions) -> Option<Ending> {
        let (kind, rest) = line.split_once(' ')?;
        match kind {
            "done" => Some(Ending::Done(rest.parse().ok()?)),
            "violation" => {
                let (cycle, text) = rest.split_once(' ')?;
                let (cycle, text) = (cycle.parse().ok()?, text.to_owned());
                Some(Ending::Failed(SimError::Violation { cycle, text }))
            }
            "deadlock" => {
                let mut numbers = rest.split(' ').map(str::parse::<i64>);
                let mut next = || numbers.next()?.ok();
                Some(Ending::Failed(SimError::Deadlock {
                    watchdog: options.watchdog_cycles,
                    cycle: next()?.try_into().ok()?,
                    accepted: next()?.try_into().ok()?,
                    outputs: next()?.try_into().ok()?,
                    samples,
                    first_missing: next()?.try_into().ok(),
                }))
            }
            _ => None,
        }
    }
}
