//! Sums of three numbers, which a device of Xilinx makes in one LUT a bit: the module `atheena_add3` of [`SOURCE`].

use super::{Int, Module, Signal};
use atheena_dialects::ir::{Attr, Builder, Ctx, Op, Region, Type};

/// The module's name.
pub const NAME: &str = "atheena_add3";

/// The module, written by hand.
const SOURCE: &str = include_str!("atheena_add3.sv");

fn parse<'c>(ctx: Ctx<'c>, text: &str) -> Attr<'c> {
    Attr::parse(ctx, text).expect("attributes of other dialects are opaque")
}

/// Puts the module's declaration, and its source as a file of its own, where `place` says.
pub fn declare(place: Builder<'_>) -> Op<'_> {
    let ctx = place.ctx();
    let ports = ["input a", "input b", "input c", "output s"];
    let ports = ports.map(|port| format!("{port} : !hw.int<#hw.param.decl.ref<\"WIDTH\">>")).join(", ");
    let ty = Type::parse(ctx, &format!("!hw.modty<{ports}>")).expect("types of other dialects are opaque");
    let parameters =
        ["WIDTH", "NEGATIVES"].map(|name| parse(ctx, &format!("#hw.param.decl<\"{name}\": i32>")));
    place
        .op("sv.verbatim")
        .attr("format_string", Attr::string(ctx, SOURCE))
        .attr("output_file", parse(ctx, &format!("#hw.output_file<\"{NAME}.sv\">")))
        .attr("symbols", Attr::array(ctx, &[]))
        .build();
    place
        .op("hw.module.extern")
        .attr("sym_name", Attr::string(ctx, NAME))
        .attr("module_type", Attr::ty(ty))
        .attr("parameters", Attr::array(ctx, &parameters))
        .region(Region::empty())
        .build()
}

impl<'c> Module<'c> {
    /// `a + b + c`, or less the last `negatives` of them, modulo their width.
    fn add3(&self, [a, b, c]: [Signal<'c>; 3], negatives: usize) -> Signal<'c> {
        let builder = self.builder();
        let ctx = builder.ctx();
        let width = a.width();
        let texts = |names: &[&str]| {
            Attr::array(ctx, &names.iter().map(|name| Attr::string(ctx, name)).collect::<Vec<_>>())
        };
        let parameter =
            |name, value: usize| parse(ctx, &format!("#hw.param.decl<\"{name}\": i32 = {value}>"));
        let parameters = [parameter("WIDTH", width as usize), parameter("NEGATIVES", negatives)];
        let sum = builder
            .op("hw.instance")
            .operands(&[a, b, c].map(Signal::value))
            .result(Type::integer(ctx, width))
            .attr("instanceName", Attr::string(ctx, "add3"))
            .attr("moduleName", Attr::symbol(ctx, NAME))
            .attr("argNames", texts(&["a", "b", "c"]))
            .attr("resultNames", texts(&["s"]))
            .attr("parameters", Attr::array(ctx, &parameters))
            .build();
        Signal::new(sum.result(0), width, builder)
    }

    /// The sum of three numbers, each shifted to the left by so many places, or less those that are negative, at most two.
    pub(super) fn sum_of_three(&self, mut terms: [(Int<'c>, u32, bool); 3]) -> Int<'c> {
        // Low bits of the only one that has them are wires.
        terms.sort_by_key(|(_, shift, negative)| (*shift, *negative));
        let [(least, ..), (_, second, _), _] = terms;
        let wires = if terms[0].2 { terms[0].1 } else { second };
        let low_bits = least.shift_left(terms[0].1).to_bits(wires.max(1));

        terms.sort_by_key(|(.., negative)| *negative);
        let negatives = terms.iter().filter(|(.., negative)| *negative).count();
        assert!(negatives < 3, "one is added");
        let numbers = terms.map(|(term, shift, _)| term.shift_left(shift));
        let range = |(number, (.., negative)): (&Int<'c>, &(Int<'c>, u32, bool))| {
            let (low, high) = number.range();
            if *negative { (-high, -low) } else { (low, high) }
        };
        let (low, high) = numbers.iter().zip(&terms).map(range).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let width = Int::width_of(low, high) - wires;
        let upper = self.add3(numbers.map(|number| number.shift_right(wires).to_bits(width)), negatives);
        let bits = if wires == 0 { upper } else { Signal::pack(&[low_bits, upper]) };
        Int::new(bits, low, high)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// By a proof over all operands of seven bits, with Yosys' models of the cells.
    #[test]
    fn the_cells_add() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("add3.sv"), super::SOURCE).unwrap();
        for negatives in 0..=2 {
            let module = |name: &str, macros: &str| {
                format!(
                    "read_verilog -sv {macros} add3.sv; chparam -set WIDTH 7 -set NEGATIVES {negatives} atheena_add3; \
                     hierarchy -top atheena_add3; rename -top {name}; {cells} hierarchy -top {name}; proc; flatten; opt; \
                     select -assert-none t:LUT6_2 t:CARRY4; design -stash {name};",
                    cells = match macros {
                        "" => "select -assert-none t:LUT6_2;",
                        _ => "select -assert-count 7 t:LUT6_2; read_verilog -sv +/xilinx/cells_sim.v;",
                    },
                )
            };
            let script = format!(
                "{} {} design -copy-from gold gold; design -copy-from gate gate; \
                 miter -equiv -flatten gold gate miter; sat -verify -prove trigger 0 miter",
                module("gold", ""),
                module("gate", "-D ATHEENA_XILINX_CELLS"),
            );
            let output =
                Command::new("yosys").current_dir(directory.path()).args(["-q", "-p", &script]).output();
            let output = output.expect("Yosys is installed");
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            assert!(output.status.success(), "{negatives}: {}", said.concat());
        }
    }
}
