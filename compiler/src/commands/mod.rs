//! The commands, one file each.

/// A line on stdout, as `println!` writes it; whoever reads may stop reading.
macro_rules! out {
    () => { $crate::commands::print_line(format_args!("")) };
    ($($argument:tt)*) => { $crate::commands::print_line(format_args!($($argument)*)) };
}

use crate::{device::Device, error::Error};
use atheena_dialects::dataflow::Resources;
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

/// The resources that the user allows: the whole device, a part of it, or a list.
fn budget(part: Option<f64>, within: Option<&str>, device: &Device) -> Result<Resources, Error> {
    let Some(list) = within else {
        return Ok(device.share(part.unwrap_or(1.0)));
    };
    let mut budget = device.resources();
    for item in list.split(',') {
        let wrong = || {
            Error::Usage(format!(
                "--within {list}: {item:?} is no resource\n  note: write it as lut=122014,ff=149724,dsp=738,bram18=956"
            ))
        };
        let (key, value) = item.split_once('=').ok_or_else(wrong)?;
        let value: i64 = value.trim().parse().ok().filter(|v| *v >= 0).ok_or_else(wrong)?;
        match key.trim() {
            "lut" => budget.lut = value,
            "ff" => budget.ff = value,
            "dsp" => budget.dsp = value,
            "bram18" => budget.bram18 = value,
            _ => return Err(wrong()),
        }
    }
    Ok(budget)
}
