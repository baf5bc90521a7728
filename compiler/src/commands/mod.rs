//! The commands, one file each.

pub mod compile;
pub mod fuzz;
pub mod profile;
pub mod simulate;
pub mod synth;

/// Prints a JSON object on stdout.
fn print_json(value: &impl serde::Serialize) {
    println!("{}", serde_json::to_string(value).expect("results hold nothing that JSON can't"));
}

/// A part of a whole in per cent, for people.
fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "-".into() } else { format!("{:.2} %", 100.0 * part as f64 / whole as f64) }
}
