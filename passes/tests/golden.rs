//! The golden model of small networks, against results worked out by hand.

use atheena_dialects::ir::Op;
use atheena_passes::golden::golden_of;
use atheena_runtime::golden::{Outputs, Tensor};
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
