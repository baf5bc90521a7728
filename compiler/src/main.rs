//! The command `atheena`.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap ends the process with 2 on wrong usage.
    match atheena::cli::run(atheena::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
