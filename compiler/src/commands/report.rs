//! `atheena report`: the page of a design that `compile` has made, drawn anew.

use crate::{
    cli::ReportArgs,
    error::Error,
    exploration::Exploration,
    output::{EXPLORATION, PAGE, REPORT, write_file},
    page,
    report::Report,
};
use std::fs;

/// Writes `DIR/report.html`.
pub fn run(args: &ReportArgs) -> Result<(), Error> {
    let report = Report::read(&args.directory)?;
    let path = args.directory.join(REPORT);
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    let explored = args.explored.as_ref().map(|directory| Exploration::read(&directory.join(EXPLORATION)));
    let page = page::report(&report, &text, explored.transpose()?.as_ref())?;
    let path = args.directory.join(PAGE);
    write_file(&path, page)?;
    out!("report               {}", path.display());
    Ok(())
}
