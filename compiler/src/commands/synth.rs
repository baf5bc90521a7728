//! `atheena synth`.

use super::print_json;
use crate::{cli::SynthArgs, error::Error, report::Report};
use atheena_runtime::synth::{SynthOptions, synthesize};

/// Synthesises the hardware of an output directory and prints what it takes.
pub fn run(args: &SynthArgs) -> Result<(), Error> {
    let report = Report::read(&args.directory)?;
    let bar = crate::progress::steps();
    bar.set_message("synthesising with Yosys (minutes for large designs)");
    let synthesis = synthesize(&args.directory, &report.interface.top, &SynthOptions::default())?;
    bar.finish_and_clear();
    if args.json {
        print_json(&synthesis);
        return Ok(());
    }
    let row = |name: &str, lut, ff, dsp, bram18| out!("{name:<48} {lut:>9} {ff:>9} {dsp:>6} {bram18:>7}");
    out!("{:<48} {:>9} {:>9} {:>6} {:>7}", "module", "LUT", "FF", "DSP", "BRAM18");
    for module in &synthesis.modules {
        let r = module.own;
        row(&module.name, r.lut, r.ff, r.dsp, r.bram18);
    }
    let (r, p) = (synthesis.resources, report.resources);
    row("total", r.lut, r.ff, r.dsp, r.bram18);
    row("predicted", p.lut, p.ff, p.dsp, p.bram18);
    Ok(())
}
