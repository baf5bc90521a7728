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
        ["WIDTH", "INVERTED", "ALONE"].map(|name| parse(ctx, &format!("#hw.param.decl<\"{name}\": i32>")));
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
    /// `a + b + c`, the last `inverted` of them inverted, modulo their width; from bit `alone` on only `a` has any.
    fn add3(&self, [a, b, c]: [Signal<'c>; 3], inverted: usize, alone: u32) -> Signal<'c> {
        let builder = self.builder();
        let ctx = builder.ctx();
        let width = a.width();
        let texts = |names: &[&str]| {
            Attr::array(ctx, &names.iter().map(|name| Attr::string(ctx, name)).collect::<Vec<_>>())
        };
        let parameter =
            |name, value: usize| parse(ctx, &format!("#hw.param.decl<\"{name}\": i32 = {value}>"));
        let parameters = [("WIDTH", width as usize), ("INVERTED", inverted), ("ALONE", alone as usize)];
        let parameters = parameters.map(|(name, value)| parameter(name, value));
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

    /// The sum of three numbers.
    pub(super) fn sum_of_three(&self, numbers: [Int<'c>; 3]) -> Int<'c> {
        let ranges = numbers.map(Int::range);
        let (low, high) = ranges.iter().fold((0, 0), |sum, range| (sum.0 + range.0, sum.1 + range.1));
        let width = Int::width_of(low, high);
        let sum = self.add3(numbers.map(|number| number.to_bits(width)), 0, width);
        Int::new(sum, low, high)
    }

    /// The sum of three numbers that are not negative, each with all its bits inverted or not (one is not), and then shifted to the left by so many places.
    pub(super) fn sum_of_three_unsigned(&self, mut terms: [(Int<'c>, u32, bool); 3]) -> Int<'c> {
        let most = |(number, shift, inverted): &(Int<'c>, u32, bool)| {
            let most = if *inverted { (1 << number.width()) - 1 } else { number.range().1 };
            most << shift
        };
        let high = terms.iter().map(most).sum();
        // Low bits of the only one that has them are wires.
        terms.sort_by_key(|(_, shift, inverted)| (*shift, *inverted));
        let [(least, first, inverted), (_, second, _), _] = terms;
        let wires = if inverted { first } else { second };
        let low_bits = least.shift_left(first).to_bits(wires.max(1));

        // So are high ones, but for the lowest, to which the others carry.
        let top = |(number, shift, _): &(Int<'c>, u32, bool)| number.width() + shift;
        terms.sort_by_key(|term| (term.2, std::cmp::Reverse(top(term))));
        let others = top(&terms[1]).max(top(&terms[2]));
        let width = Int::width_of(0, high) - wires;
        let alone = (others + 1).saturating_sub(wires).min(width);
        let operands = terms.map(|(number, shift, inverted)| {
            if !inverted {
                return number.shift_left(shift).shift_right(wires).to_bits(width);
            }
            // Bits that it does not have are zeros once they are inverted.
            let ones = |count: u32| (count > 0).then(|| Signal::constant(count, -1, self.builder()));
            let (below, bits) = (shift - wires, number.to_bits(number.width()));
            let parts = [ones(below), Some(bits), ones(width - below - number.width())];
            Signal::pack(&parts.into_iter().flatten().collect::<Vec<_>>())
        });
        let inverted = terms.iter().filter(|term| term.2).count();
        let upper = self.add3(operands, inverted, alone);
        let bits = if wires == 0 { upper } else { Signal::pack(&[low_bits, upper]) };
        Int::new(bits, 0, high)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// By a proof over all operands of seven bits, and over those of which two have four, with Yosys' models of the cells.
    #[test]
    fn the_cells_add() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("add3.sv"), super::SOURCE).unwrap();
        let adders = (0..=2).flat_map(|inverted| [(inverted, 7), (inverted, 4)]);
        for (inverted, bits) in adders {
            let ones = |operand: usize| {
                if operand > 2 - inverted {
                    format!("{{{}{{1'b1}}}}", 7 - bits)
                } else {
                    format!("{}'b0", 7 - bits)
                }
            };
            let extended = |operand: usize, name: &str| {
                if bits == 7 { name.to_owned() } else { format!("{{{}, {name}}}", ones(operand)) }
            };
            let alone = (bits + 1).min(7);
            let top = format!(
                "module top(input [6:0] a, input [{last}:0] b, c, output [6:0] s);\n\
                 atheena_add3 #(.WIDTH(7), .INVERTED({inverted}), .ALONE({alone})) add(.a(a), .b({}), .c({}), .s(s));\n\
                 endmodule\n",
                extended(1, "b"),
                extended(2, "c"),
                last = bits - 1,
            );
            std::fs::write(directory.path().join("top.sv"), top).unwrap();
            let module = |name: &str, macros: &str| {
                format!(
                    "read_verilog -sv {macros} add3.sv top.sv; \
                     hierarchy -top top; rename -top {name}; {cells} hierarchy -top {name}; proc; flatten; opt; \
                     select -assert-none t:LUT6_2 t:CARRY4; design -stash {name};",
                    cells = match macros {
                        "" => "select -assert-none t:LUT6_2;".to_owned(),
                        _ => format!(
                            "select -assert-count {alone} t:LUT6_2; read_verilog -sv +/xilinx/cells_sim.v;"
                        ),
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
            assert!(output.status.success(), "{inverted} of {bits}: {}", said.concat());
        }
    }
}
