//! Products in LUTs of all operands: layers of one input, whose outputs have one weight each.

use crate::harness::{Design, Random, dense, for_blocks, line, stream};

/// A layer: what its input is limited to, and its weights.
struct Layer {
    limits: [i64; 2],
    weights: Vec<i64>,
}

/// Checks the products of each sample with all weights of some layers, which come one layer behind the other.
fn check(element: &str, layers: &[Layer], samples: &[i64]) {
    let input = stream(&[1, 1, 1], element, 1);
    let outputs = |count: usize| stream(&[1, 1, count], "i32", 2);
    let all: usize = layers.iter().map(|layer| layer.weights.len()).sum();
    let (x, output) = (&input.ty, outputs(all));
    let names =
        |prefix: &str| (0..layers.len()).map(|i| format!("%{prefix}{i}")).collect::<Vec<_>>().join(", ");
    let types = |types: Vec<String>| types.join(", ");
    let given = types(layers.iter().map(|layer| outputs(layer.weights.len()).ty).collect());
    let layer = |(i, Layer { limits: [min, max], weights }): (usize, &Layer)| {
        let count = weights.len();
        format!(
            r#"%m{i} = dataflow.map "limit{i}" %x{i} {{input_zp = 0, multiplier = 1 : i32, shift = 0 : i32, output_zp = 0,
                 min = {min}, max = {max}}} : {x} -> {x}
               %p{i} = dataflow.matvec "matvec{i}" %m{i} {{weights = {}, bias = {}, channel_lanes = 1, multiplier = array<i32: 1>,
                 shift = array<i32: 0>, output_zp = 0, min = -2147483648, max = 2147483647, blocks = 0, products = "lut"}} : {x} -> {}
               "#,
            dense(&format!("{count}x1x1x1"), 8, weights),
            dense(&format!("{count}"), 32, &vec![0; count]),
            outputs(count).ty,
        )
    };
    let body = format!(
        "{} = dataflow.fork \"copies\" %x : {x} -> {}\n{}%y = dataflow.concat \"all\" {} {{axis = 2}} : {given} -> {}",
        names("x"),
        types(vec![x.clone(); layers.len()]),
        layers.iter().enumerate().map(layer).collect::<String>(),
        names("p"),
        output.ty,
    );
    let Some(mut design) = Design::new(&line(&input, &body, &output), &input, &output, 1) else { return };
    let products = |&x: &i64| {
        let of = |layer: &Layer| {
            let x = x.clamp(layer.limits[0], layer.limits[1]);
            layer.weights.iter().map(|w| w * x).collect::<Vec<_>>()
        };
        (layers.iter().flat_map(of).collect(), 0)
    };
    let expected: Vec<_> = samples.iter().map(products).collect();
    let samples: Vec<_> = samples.iter().map(|&x| vec![x]).collect();
    design.check(&samples, &expected);
}

/// Of four places, of which the top one has two bits or one, and of two; of inputs of either sign, and of rectified ones.
#[test]
fn all_products_of_bytes() {
    let layer = |limits, low: i64, high: i64| Layer { limits, weights: (low..=high).collect() };
    let any = [-128, 127];
    let layers = [layer(any, -128, 127), layer(any, -64, 63), layer(any, -8, 7), layer([0, 127], -128, 127)];
    check("i8", &layers, &(-128..128).collect::<Vec<_>>());
    let layers = [layer([0, 255], -128, 127), layer([0, 255], 0, 127), layer([0, 255], -1, 0)];
    check("ui8", &layers, &(0..256).collect::<Vec<_>>());
}

#[test]
fn products_of_sixteen_bits() {
    let layer = |low: i64, high: i64| Layer { limits: [-32768, 32767], weights: (low..=high).collect() };
    let mut samples = vec![-32768, -32767, -1, 0, 1, 32767, 21845, -21846];
    samples.extend(Random(91).numbers(60, -32768, 32767));
    check("i16", &[layer(-128, 127), layer(-8, 7)], &samples);
}

/// Three inputs and three outputs at once, of six: in the cycles, too, as tokens say.
#[test]
fn a_product_in_each_square_block() {
    let mut random = Random(92);
    let (weights, bias) = (random.numbers(36, -127, 127), random.numbers(6, -3000, 3000));
    let (input, output) = (stream(&[2, 2, 6], "i8", 3), stream(&[2, 2, 6], "i32", 3));
    let body = format!(
        r#"%y = dataflow.matvec "matvec" %x {{weights = {}, bias = {}, channel_lanes = 3, multiplier = array<i32: 1>,
             shift = array<i32: 0>, output_zp = 0, min = -2147483648, max = 2147483647, blocks = 0, products = "dsp"}} : {} -> {}"#,
        dense("6x1x1x6", 8, &weights),
        dense("6", 32, &bias),
        input.ty,
        output.ty,
    );
    let text = for_blocks("MULT18X18D", &line(&input, &body, &output));
    let Some(mut design) = Design::new(&text, &input, &output, 1) else { return };
    let samples: Vec<_> = (0..5).map(|_| random.numbers(24, -128, 127)).collect();
    let rows: Vec<_> = weights.chunks(6).zip(&bias).collect();
    let of_pixel = |pixel: &[i64]| -> Vec<i64> {
        rows.iter()
            .map(|(row, bias)| row.iter().zip(pixel).map(|(w, x)| w * x).sum::<i64>() + *bias)
            .collect()
    };
    let expected: Vec<_> =
        samples.iter().map(|sample| (sample.chunks(6).flat_map(of_pixel).collect(), 0)).collect();
    design.check(&samples, &expected);
}
