//! The commands, one file each.

/// A line on stdout, as `println!` writes it; whoever reads may stop reading.
macro_rules! out {
    () => { $crate::commands::print_line(format_args!("")) };
    ($($argument:tt)*) => { $crate::commands::print_line(format_args!($($argument)*)) };
}

use std::io::{ErrorKind, Write};

pub mod compile;
pub mod explore;
pub mod fuzz;
pub mod profile;
pub mod report;
pub mod simulate;
pub mod synth;

/// Writes a line. A reader who has seen enough (`| head`) ends the process, without a message; a full disk with one.
fn print_line(line: std::fmt::Arguments<'_>) {
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("error: can't write to the standard output: {error}");
            std::process::exit(1)
        }
    }
}

/// Prints a JSON object on stdout.
fn print_json(value: &impl serde::Serialize) {
    print_line(format_args!(
        "{}",
        serde_json::to_string(value).expect("results hold nothing that JSON can't")
    ));
}

/// A part of a whole in per cent, for people.
fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "-".into() } else { format!("{:.2} %", 100.0 * part as f64 / whole as f64) }
}
