//! `dataflow.depthwise`: products of each channel of a window, and requantisation.
//!
//! One beat a cycle: each beat has all taps of L channels, or of all channels of several windows, and gives their M outputs each. Latency is 4 cycles and the tree
//! over the taps (`ceil(log2(KH*KW) / 2)`), and 1 more if the multiplier is no power of two. With one group of channels the
//! weights are constants, else they come from memories of one word a group.

use super::{
    actor::{Actor, beat_width, value_range},
    hdl::{Int, Module, Pipeline, Signal},
    matvec::hull,
    stored::Stored,
};
use atheena_dialects::dataflow::Depthwise;
use atheena_dialects::ir::Failure;

/// Levels of the tree between two registers.
const LEVELS: u32 = 2;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let (from, to) = (actor.input(0), actor.output(0));
    let given = actor.dense("weights")?;
    let shape = actor.0.attr("weights").and_then(|w| w.attr_type()).and_then(|t| t.shape());
    let shape = shape.expect("the verifier wants weights of rank 4");
    let [height, width, channels, times] = [0, 1, 2, 3].map(|axis| shape[axis] as usize);
    let taps = height * width;
    // Of several windows a beat, each.
    let vectors = to.pixels() as usize;
    let (lanes, outputs) = (from.lanes as usize / taps / vectors, to.lanes as usize / vectors);
    let groups = channels / lanes;
    // Of output `c * M + m`, tap by tap.
    let weight = |output: usize, tap: usize| given[tap * channels * times + output];
    let mut rescale = actor.rescale();
    let mut bias = actor.dense("bias")?;
    let rounding = rescale.take_rounding() as i64;
    bias.iter_mut().for_each(|b| *b += rounding);

    let adder_inputs = Depthwise::cast(actor.0).map_or(2, Depthwise::adder_inputs);

    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let enable = output.ready;
    input.take_if(enable);
    let mut pipeline = Pipeline::new(m, enable, input.valid);
    let builder = enable.builder();
    let counter = |name: &str, valid: Signal<'c>| m.counter(name, groups as i64, enable & valid);
    // The values of a group's outputs, one stage on.
    let of_group = |name: &str, values: &[i64], valid: Signal<'c>| -> Vec<Int<'c>> {
        if groups == 1 {
            return values.iter().map(|&v| Int::constant(v.into(), builder)).collect();
        }
        let group = counter(&format!("{name}_group"), valid);
        Stored::new(m, name, values, values.len() / groups).read(m, group, enable)
    };

    // Of the products of a beat, those whose weights one counter serves: all, or each of its own.
    let all = outputs * taps;
    let shares = Depthwise::cast(actor.0).is_none_or(|op| op.shares_counter(groups as i64));
    let together = if shares { all } else { 1 };
    let weights: Vec<_> = (0..all)
        .step_by(together)
        .flat_map(|first| {
            let name = if shares { "weights".to_string() } else { format!("weights_{first}") };
            let of_group_at = |group: usize| {
                (first..first + together).map(move |k| weight(group * outputs + k / taps, k % taps))
            };
            let in_order: Vec<_> = (0..groups).flat_map(of_group_at).collect();
            of_group(&name, &in_order, pipeline.valid)
        })
        .collect();
    let mut x = input.data;
    pipeline.step(&mut [&mut x]);
    let x = actor.lanes_of(0, x);
    let products = (0..vectors * outputs)
        .map(|result| {
            let (vector, output) = (result / outputs, result % outputs);
            let lane = output / times;
            let product = |tap: usize| {
                let x = x[(vector * taps + tap) * lanes + lane];
                let product = match groups {
                    1 => x.times(weight(output, tap).into()),
                    _ => x * weights[output * taps + tap],
                };
                product.delay(m, enable)
            };
            (0..taps).map(product).collect()
        })
        .collect();
    pipeline.step(&mut []);
    let sums = pipeline.sum(products, (adder_inputs, LEVELS), &mut []);

    let biases = of_group("bias", &bias, pipeline.valid);
    let sums = pipeline.delay_ints(&sums);
    pipeline.step(&mut []);
    let (low, high) = value_range(actor.0.operand(0).expect("a depthwise has an input"));
    let range = |output: usize| {
        (0..taps).fold((i128::from(bias[output]), i128::from(bias[output])), |sum, tap| {
            let ends = [low, high].map(|x| x * i128::from(weight(output, tap)));
            (sum.0 + ends[0].min(ends[1]), sum.1 + ends[0].max(ends[1]))
        })
    };
    let totals: Vec<_> = (sums.into_iter().enumerate())
        .map(|(result, sum)| {
            let (lane, bias) = (result % outputs, biases[result % outputs]);
            let (low, high) = hull((0..groups).map(|group| range(group * outputs + lane)));
            let width = Int::width_of(low, high);
            Int::new(sum.to_bits(width) + bias.to_bits(width), low, high).delay(m, enable)
        })
        .collect();
    let factors = rescale.factors(m, &pipeline, outputs, groups as i64);
    pipeline.step(&mut []);
    let scaled = rescale.multiply(totals, factors, &mut pipeline, &mut []);
    let results: Vec<_> = scaled
        .into_iter()
        .map(|v| rescale.finish(v, actor.int("output_zp"), actor.int("min"), actor.int("max")))
        .map(|v| v.to_bits(to.element.bits))
        .collect();
    output.send_if(pipeline.valid, Signal::pack(&results));
    Ok(())
}
