//! The golden model of small networks, against results worked out by hand.

use atheena_dialects::{
    ee::{Confidence, ConfidenceKind},
    ir::Op,
};
use atheena_passes::golden::golden_of;
use atheena_runtime::golden::{Golden, Outputs, Tensor};
use melior::ir::Module;

/// With a table of 65536, 32768, 0, … a sum counts equals of the maximum twice and what is one below it once, in
/// units of 32768: exit a wants less than 4 of them, exit b at most 4.
fn network() -> String {
    let table = format!("65536, 32768{}", ", 0".repeat(254));
    let when = |limit| format!("when #ee.max_softmax<threshold = 0.5, table = [{table}], limit = {limit}>");
    let (when_a, when_b) = (when(131071), when(131072));
    format!(
        r#"
        func.func @other() {{ return }}
        func.func @network(%image: tensor<1x1x2x2xi8>) -> tensor<1x4xi8> {{
          %shape = tosa.const_shape {{values = dense<[1, 4]> : tensor<2xindex>}} : () -> !tosa.shape<2>
          %x = tosa.reshape %image, %shape : (tensor<1x1x2x2xi8>, !tosa.shape<2>) -> tensor<1x4xi8>
          %r = ee.exit "a" on (%f = %x : tensor<1x4xi8>) {when_a}
            classify {{
              ee.yield %f : tensor<1x4xi8>
            }} otherwise {{
              %q = ee.exit "b" on (%g = %f : tensor<1x4xi8>) {when_b}
                classify {{
                  %n = tosa.clamp %g {{min_val = -128 : i8, max_val = 100 : i8}} : (tensor<1x4xi8>) -> tensor<1x4xi8>
                  ee.yield %n : tensor<1x4xi8>
                }} otherwise {{
                  %s = tosa.reverse %g {{axis = 1 : i32}} : (tensor<1x4xi8>) -> tensor<1x4xi8>
                  ee.yield %s : tensor<1x4xi8>
                }} -> tensor<1x4xi8>
              ee.yield %q : tensor<1x4xi8>
            }} -> tensor<1x4xi8>
          return %r : tensor<1x4xi8>
        }}"#
    )
}

fn outputs(logits: [i8; 4], exit: i32) -> Outputs {
    Outputs(vec![Tensor::I8(logits.to_vec()), Tensor::I32(vec![exit])])
}

#[test]
fn exits_are_taken_by_their_integer_confidence() {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, &network()).expect("the network parses");
    let module = Op::of_module(&module);
    let function = module.walk_named("func.func")[1];
    let before = function.to_string();
    let golden = golden_of(function, true).expect("the network compiles");
    assert_eq!(function.to_string(), before, "the function is left as it is");
    let run = |pixels: [i8; 4]| golden.run(&pixels.map(|p| p as u8)[..]).expect("four pixels");
    // 2 + 1.
    assert_eq!(run([9, 10, 3, 0]), outputs([9, 10, 3, 0], 0));
    assert_eq!(run([127, 126, -1, -128]), outputs([127, 126, -1, -128], 0));
    // 2 + 1 + 1.
    assert_eq!(run([9, 10, 9, -128]), outputs([9, 10, 9, -128], 1));
    // 2 + 2; exit b's classifier clamps.
    assert_eq!(run([127, 127, -1, -128]), outputs([100, 100, -1, -128], 1));
    // 2 + 2 + 2; the final classifier reverses.
    assert_eq!(run([7, 7, 7, 1]), outputs([1, 7, 7, 7], 2));
    // Distances up to 255 stay in the table.
    assert_eq!(run([127, -128, -128, -128]), outputs([127, -128, -128, -128], 0));
}

/// A network whose classifier returns the image, and whose other way does too.
fn bare_exit(element: &str, classes: usize, confidence: &str) -> Golden {
    let ty = format!("tensor<1x{classes}x{element}>");
    let text = format!(
        "func.func @network(%image: {ty}) -> {ty} {{
           %r = ee.exit \"a\" on (%f = %image : {ty}) when {confidence}
             classify {{ ee.yield %f : {ty} }} otherwise {{ ee.yield %f : {ty} }} -> {ty}
           return %r : {ty}
         }}"
    );
    let context = atheena_dialects::context();
    let module = Module::parse(&context, &text).expect("the network parses");
    golden_of(Op::of_module(&module).walk_named("func.func")[0], true).expect("the network compiles")
}

/// Logits of 500 samples: one class ahead of the others by more and more.
fn logits() -> Vec<[i8; 10]> {
    let sample = |i: i32| {
        let mut logits = std::array::from_fn(|class| ((i * 31 + class as i32 * 47) % 60 - 90) as i8);
        logits[(i % 10) as usize] = (i / 3 - 60) as i8;
        logits
    };
    (0..500).map(sample).collect()
}

/// Against the dialect's own definition of an integer confidence: every kind, as many classes as a vector has lanes and fewer
/// and more, several of them equal in front.
#[test]
fn integer_decisions_are_those_of_the_definition() {
    for (kind, threshold) in
        [(ConfidenceKind::MaxSoftmax, 0.6), (ConfidenceKind::Margin, 0.02), (ConfidenceKind::Entropy, 0.3)]
    {
        for classes in [2, 3, 7, 8, 9, 10, 16, 17] {
            let confidence = Confidence::new(kind, threshold).quantized(0.05, 8, classes);
            let golden = bare_exit("i8", classes, &confidence.text());
            let confidence = confidence.integer.expect("it is quantised");
            let mut answers = [0, 0];
            for sample in 0..200 {
                let low = |class| (sample * 31 + class as i32 * 47) % 60 - 90;
                let mut logits: Vec<i8> = (0..classes).map(|class| low(class) as i8).collect();
                let ahead = (sample - 60).min(127) as i8;
                logits[sample as usize % classes] = ahead;
                if sample % 4 == 0 {
                    logits[(sample as usize + 1) % classes] = ahead;
                }
                let pixels: Vec<_> = logits.iter().map(|&x| x as u8).collect();
                let outputs = golden.run(&pixels[..]).expect("a pixel a class");
                let leaves = confidence.leaves(&logits);
                assert_eq!(outputs.exit_index(), Some(usize::from(!leaves)), "{kind} of {logits:?}");
                answers[usize::from(leaves)] += 1;
            }
            assert!(answers.iter().all(|&count| count > 0), "{kind}: {answers:?} stay and leave");
        }
    }
}

/// Against the softmax in double precision, but for probabilities that rounding may take over the threshold.
#[test]
fn float_decisions_are_those_of_softmax() {
    let golden = bare_exit("f32", 10, "#ee.max_softmax<threshold = 0.6>");
    let mut taken = 0;
    for logits in logits() {
        let logits = logits.map(|x| f32::from(x) * 0.05);
        let outputs = golden.run(&logits[..]).expect("ten floats");
        let exponentials = logits.map(|x| f64::from(x).exp());
        let probability =
            exponentials.iter().fold(0.0, |a: f64, &b| a.max(b)) / exponentials.iter().sum::<f64>();
        if (probability - 0.6).abs() > 1e-6 {
            assert_eq!(outputs.exit_index(), Some(usize::from(probability <= 0.6)), "{logits:?}");
        }
        taken += usize::from(probability > 0.6);
    }
    assert!((100..400).contains(&taken), "{taken} of 500 leave");
}
