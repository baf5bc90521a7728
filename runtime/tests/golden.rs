//! The golden model's interface: types of arguments and results, threads, and what is said of networks that it can't run.

use atheena_runtime::dataset::DataSet;
use atheena_runtime::golden::{Element, Golden, GoldenError, Input, Outputs, Tensor};

fn compile(text: &str) -> Golden {
    Golden::compile(text, "network").unwrap_or_else(|error| panic!("{error}"))
}

fn message(text: &str, name: &str) -> String {
    Golden::compile(text, name).expect_err("the network is wrong").to_string()
}

const FOUR_TYPES: &str = "
    func.func @network(%x: tensor<1x2x1x1xi8>)
        -> (tensor<1x2x1x1xi8>, tensor<1x2x1x1xi16>, tensor<1x2x1x1xi32>, tensor<1x2x1x1xf32>) {
      %a = tosa.cast %x : (tensor<1x2x1x1xi8>) -> tensor<1x2x1x1xi16>
      %b = tosa.cast %x : (tensor<1x2x1x1xi8>) -> tensor<1x2x1x1xi32>
      %c = tosa.cast %x : (tensor<1x2x1x1xi8>) -> tensor<1x2x1x1xf32>
      return %x, %a, %b, %c : tensor<1x2x1x1xi8>, tensor<1x2x1x1xi16>, tensor<1x2x1x1xi32>, tensor<1x2x1x1xf32>
    }";

#[test]
fn results_have_four_types() {
    let golden = compile(FOUR_TYPES);
    assert_eq!(golden.input().shape, [1, 2, 1, 1]);
    let types: Vec<_> = golden.results().iter().map(|ty| ty.element).collect();
    assert_eq!(types, [Element::I8, Element::I16, Element::I32, Element::F32]);
    // The bits of pixel 200 are -56 as i8.
    let outputs = golden.run(&[7, 200][..]).expect("two pixels");
    let expected = [
        Tensor::I8(vec![7, -56]),
        Tensor::I16(vec![7, -56]),
        Tensor::I32(vec![7, -56]),
        Tensor::F32(vec![7.0, -56.0]),
    ];
    assert_eq!(outputs, Outputs(expected.to_vec()));
}

#[test]
fn float_networks_see_pixels_divided_by_255() {
    let golden = compile(
        "func.func @network(%x: tensor<1x1x1x256xf32>) -> tensor<1x1x1x256xf32> {
           return %x : tensor<1x1x1x256xf32>
         }",
    );
    let pixels: Vec<u8> = (0..=255).collect();
    let expected: Vec<f32> = (0..=255u8).map(|pixel| f32::from(pixel) / 255.0).collect();
    assert_eq!(golden.run(&pixels[..]).expect("256 pixels").0, [Tensor::F32(expected.clone())]);
    assert_eq!(golden.run(&expected[..]).expect("256 floats").0, [Tensor::F32(expected)]);
}

/// A clamp may be done in place; the caller's pixels must not be.
#[test]
fn the_input_is_not_written() {
    let golden = compile(
        "func.func @network(%x: tensor<1x1x1x3xi8>) -> tensor<1x1x1x3xi8> {
           %y = tosa.clamp %x {min_val = 0 : i8, max_val = 5 : i8} : (tensor<1x1x1x3xi8>) -> tensor<1x1x1x3xi8>
           return %y : tensor<1x1x1x3xi8>
         }",
    );
    let pixels = [3, 9, 200];
    assert_eq!(golden.run(&pixels[..]).expect("three pixels").0, [Tensor::I8(vec![3, 5, 0])]);
    assert_eq!(pixels, [3, 9, 200]);
}

/// Pixels count upwards over all images, so that results in a wrong order show.
#[test]
fn results_are_in_the_order_of_samples() {
    let golden = compile(FOUR_TYPES);
    let pixels: Vec<u8> = (0..200u8).collect();
    let data = DataSet::new([100, 2, 1, 1], pixels.clone(), None).expect("100 images of two pixels");
    for threads in [1, 3] {
        let outputs = golden.run_all(&data, 10..90, threads, |_| ()).expect("the images fit");
        let first: Vec<_> = outputs.iter().map(|o| o.0[0].clone()).collect();
        let expected: Vec<_> =
            (10..90u8).map(|i| Tensor::I8(vec![(2 * i) as i8, (2 * i + 1) as i8])).collect();
        assert_eq!(first, expected);
    }
}

#[test]
fn the_first_of_equal_logits_is_predicted() {
    let outputs =
        |logits: &[i8], exit: i32| Outputs(vec![Tensor::I8(logits.to_vec()), Tensor::I32(vec![exit])]);
    assert_eq!(outputs(&[1, 7, 7, -3], 2).prediction(), Some(1));
    assert_eq!(outputs(&[-1, -7], 2).exit_index(), Some(2));
    assert_eq!(Outputs(vec![Tensor::I8(vec![])]).prediction(), None);
}

#[test]
fn wrong_inputs_are_refused() {
    let golden = compile(FOUR_TYPES);
    let error = |input: Input<'_>| golden.run(input).expect_err("the input is wrong").to_string();
    assert_eq!(
        error(Input::Pixels(&[1, 2, 3])),
        "an input has 3 pixels, but the network takes tensor<1x2x1x1xi8>"
    );
    assert_eq!(
        error(Input::Floats(&[1.0, 2.0])),
        "an input has floats as elements, but the network takes tensor<1x2x1x1xi8>"
    );
    let data = DataSet::new([2, 3, 1, 1], vec![0; 6], None).expect("two images of three pixels");
    let result = golden.run_all(&data, 0..2, 2, |_| ());
    assert!(matches!(result, Err(GoldenError::Input { .. })), "{result:?}");
}

#[test]
fn wrong_networks_are_refused() {
    assert_eq!(
        message("func.func @network(", "network"),
        "the golden model failed to parse the network:\n  loc(\"-\":1:19): expected non-function type"
    );
    assert_eq!(
        message("func.func @other() { return }", "network"),
        "the module has no function `network`; it has `other`"
    );
    assert_eq!(
        message(
            "func.func @network(%x: tensor<?x4xi8>) -> tensor<?x4xi8> { return %x : tensor<?x4xi8> }",
            "network"
        ),
        "the function `network` has the type (tensor<?x4xi8>) -> tensor<?x4xi8>, but the golden model runs functions of \
         one tensor (i8 or f32) to tensors (i8, i16, i32 or f32), all of static shape"
    );
    // What MLIR cannot lower is named with its place.
    let unknown = "func.func @network(%x: tensor<4xi8>) -> tensor<4xi8> {
        %y = \"strange.op\"(%x) : (tensor<4xi8>) -> tensor<4xi8> loc(\"layer7\")
        return %y : tensor<4xi8>
    }";
    assert_eq!(
        message(unknown, "network"),
        "the golden model failed to lower the network:\n  loc(\"layer7\"): op was not bufferized"
    );
}

/// Two equal computations are one after merging, so one value is two results.
#[test]
fn results_may_be_one_value() {
    let golden = compile(
        "func.func @network(%x: tensor<1x1x1x3xi8>) -> (tensor<1x1x1x3xi32>, tensor<1x1x1x3xi32>) {
           %a = tosa.cast %x : (tensor<1x1x1x3xi8>) -> tensor<1x1x1x3xi32>
           %b = tosa.cast %x : (tensor<1x1x1x3xi8>) -> tensor<1x1x1x3xi32>
           return %a, %b : tensor<1x1x1x3xi32>, tensor<1x1x1x3xi32>
         }",
    );
    let outputs = golden.run(&[1, 2, 255][..]).expect("three pixels");
    assert_eq!(outputs.0, vec![Tensor::I32(vec![1, 2, -1]); 2]);
}

/// Rows that end with one lane of a vector: nothing behind a result is written, which the allocator would notice (24 bytes fill a
/// chunk of its).
#[test]
fn nothing_behind_a_result_is_written() {
    for (rows, row) in [(24, 1), (8, 3), (1, 9), (1, 17), (3, 25)] {
        let ty = |bits| format!("tensor<1x1x{rows}x{row}xi{bits}>");
        let narrowed = |bits: u32| {
            format!(
                "%z{bits} = \"tosa.const\"() <{{values = dense<0> : tensor<1xi{bits}>}}> : () -> tensor<1xi{bits}>
                 %y{bits} = tosa.rescale %x, %m, %s, %z8, %z{bits} {{input_unsigned = false, output_unsigned = false, \
                 per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true}} : ({}, tensor<1xi32>, tensor<1xi8>, \
                 tensor<1xi8>, tensor<1xi{bits}>) -> {}",
                ty(8),
                ty(bits)
            )
        };
        let golden = compile(&format!(
            "func.func @network(%x: {i8}) -> ({i8}, {i16}) {{
               %m = \"tosa.const\"() <{{values = dense<1073741824> : tensor<1xi32>}}> : () -> tensor<1xi32>
               %s = \"tosa.const\"() <{{values = dense<31> : tensor<1xi8>}}> : () -> tensor<1xi8>
               {}
               {}
               return %y8, %y16 : {i8}, {i16}
             }}",
            narrowed(8),
            narrowed(16),
            i8 = ty(8),
            i16 = ty(16),
        ));
        // Half of each, rounded up.
        let pixels: Vec<u8> = (0..rows * row).map(|i| i as u8).collect();
        for _ in 0..100 {
            let outputs = golden.run(&pixels[..]).expect("the pixels fit");
            let halves = || (0..rows * row).map(|i| (i + 1) / 2);
            let expected = [
                Tensor::I8(halves().map(|v| v as i8).collect()),
                Tensor::I16(halves().map(|v| v as i16).collect()),
            ];
            assert_eq!(outputs.0, expected);
        }
    }
}
