//! `dataflow.add` and `dataflow.mul`: the sums or products of two streams.
//!
//! One beat a cycle. Two cycles of latency; one more of products, and one more where a pixel is spread over a map. That pixel
//! is taken with the first one of the map, and comes round in a memory, or registers if it has few beats, for all others.

use super::{
    actor::{Actor, beat_width},
    hdl::{History, Int, Module, Pipeline, Receiver, Signal},
};
use atheena_dialects::dataflow::{Binary, BinaryKind};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let binary = Binary::cast(actor.0).expect("the actor combines two streams");
    let result = actor.output(0);
    let inputs = [0, 1].map(|index| m.receive_buffered(index, beat_width(&actor.input(index))));
    let output = m.send(0, beat_width(&result));

    let mut pipeline;
    let operands = if binary.spreads() {
        let (valid, operands) = spread(actor, m, &inputs, output.ready);
        pipeline = Pipeline::new(m, output.ready, valid);
        operands
    } else {
        let valid = inputs[0].valid & inputs[1].valid;
        inputs.iter().for_each(|input| input.take_if(output.ready & valid));
        pipeline = Pipeline::new(m, output.ready, valid);
        inputs.map(|input| input.data)
    };
    let [lhs, rhs] = [0, 1].map(|index| actor.lanes_of(index, operands[index]));
    // Each pixel of the map with the one that is spread.
    let pairs = lhs.into_iter().zip(rhs.into_iter().cycle());
    let lanes: Vec<Int<'c>> = match binary.kind() {
        BinaryKind::Add => pairs.map(|(a, b)| a + b).collect(),
        BinaryKind::Mul([lhs_zp, rhs_zp]) => {
            let centred =
                |(a, b): (Int<'c>, Int<'c>)| (a.plus(-i128::from(lhs_zp)), b.plus(-i128::from(rhs_zp)));
            let products = pairs.map(|pair| m.sum_of_products(&[centred(pair)], output.ready)).collect();
            pipeline.step(&mut []);
            products
        }
    };
    let lanes: Vec<_> = lanes.into_iter().map(|lane| lane.to_bits(result.element.bits)).collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}

/// Beats of the map, a cycle after they are taken, each with that of the pixel which belongs to it; and whether they are there.
fn spread<'c>(
    actor: Actor<'c>,
    m: &Module<'c>,
    [map, pixel]: &[Receiver<'c>; 2],
    enable: Signal<'c>,
) -> (Signal<'c>, [Signal<'c>; 2]) {
    let (beats, beats_of_pixel) = (actor.input(0).beats(), actor.input(1).beats());
    let step = m.wire("step", 1);
    let is_first = match beats_of_pixel < beats {
        true => m.counter("beat", beats, *step).below(beats_of_pixel),
        false => m.one(),
    };
    let valid = map.valid & (pixel.valid | !is_first);
    step.drive(enable & valid);
    map.take_if(*step);
    pixel.take_if(*step & is_first);

    let kept = History::new(m, "pixel", beats_of_pixel, pixel.data.width(), valid, enable);
    let [map, pixel, is_first] = [map.data, pixel.data, is_first].map(|signal| m.delay(signal, enable));
    let pixel = is_first.mux(pixel, kept.old());
    kept.push(m, pixel);
    (m.delay_valid(valid, enable), [map, pixel])
}
