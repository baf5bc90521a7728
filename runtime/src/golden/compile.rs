//! From TOSA to machine code: MLIR's pipelines, and between them the placement of buffers.

use std::cell::RefCell;
use std::rc::Rc;

use atheena_dialects::ir::{Attr, Op, Type, Value};
use melior::Context;
use melior::diagnostic::{Diagnostic, DiagnosticSeverity};
use melior::ir::Module;
use melior::pass::PassManager;
use melior::utility::{parse_pass_pipeline, register_all_llvm_translations};

use super::convolution::{self, Machine};
use super::engine::Engine;
use super::{Element, GoldenError, TensorType, memory, outline, widen};

/// TOSA to `linalg` on tensors.
const TO_LINALG: &str = "builtin.module(\
    func.func(tosa-to-linalg-named{prefer-conv2d-kernel-layout-hwcf=true},tosa-to-linalg,\
    tosa-to-arith{include-apply-rescale=true},tosa-to-tensor),canonicalize,cse)";

/// The timing: convolutions with the output channel as the innermost loop, where weights and results are
/// contiguous, so that loops become vectors; what must not become vectors as scalar loops.
const SCHEDULE: &str = r#"module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %conv = transform.structured.match ops{["linalg.conv_2d_nhwc_hwcf", "linalg.conv_2d_nhwc_hwcf_q"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %loops = transform.structured.generalize %conv : (!transform.any_op) -> !transform.any_op
    transform.structured.interchange %loops iterator_interchange = [0, 1, 2, 4, 5, 6, 3]
      : (!transform.any_op) -> !transform.any_op
    %scalar = transform.structured.match attributes{golden.scalar} in %module : (!transform.any_op) -> !transform.any_op
    transform.structured.convert_to_loops %scalar : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}"#;

/// Tensors to buffers; results go where the caller says.
const TO_BUFFERS: &str = "builtin.module(one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map},\
    buffer-results-to-out-params{modify-public-functions=true hoist-static-allocs=true},canonicalize,cse)";

/// The same where two results are one value, which can't be computed in two places: results are copied. (MLIR 22 would
/// write to the first place and read memory that is gone for the second.)
const TO_SHARED_BUFFERS: &str = "builtin.module(one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map},\
    buffer-results-to-out-params{modify-public-functions=true},canonicalize,cse)";

/// Runs the timing.
const SCHEDULED: &str = "builtin.module(transform-interpreter,canonicalize,cse)";

/// Elements of the vectors that [`TO_LLVM`] makes.
const LANES: i64 = 8;

/// Loops, vectors, LLVM.
const TO_LLVM: &str = "builtin.module(\
    func.func(convert-linalg-to-affine-loops,affine-super-vectorize{virtual-vector-size=8 test-fastest-varying=0}),\
    canonicalize,cse,expand-strided-metadata,lower-affine,convert-vector-to-scf,lower-affine,convert-scf-to-cf,\
    convert-vector-to-llvm{enable-amx=true},convert-math-to-llvm,convert-math-to-libm,convert-to-llvm,reconcile-unrealized-casts)";

/// A compiled function and the types it was compiled for.
pub struct Compiled {
    pub engine: Engine,
    pub input: TensorType,
    pub results: Vec<TensorType>,
    pub scratch_bytes: usize,
}

/// A step that failed; the context's diagnostics say why.
pub struct Rejected(pub &'static str);

/// Compiles a function of a module for a machine.
pub fn compile(text: &str, name: &str, machine: Machine) -> Result<Compiled, GoldenError> {
    atheena_dialects::register_upstream_passes();
    let context = atheena_dialects::context();
    // The passes of one function have no use for threads, and making them takes longer than a small network.
    context.enable_multi_threading(false);
    register_all_llvm_translations(&context);
    let diagnostics = collect_diagnostics(&context);
    let rejected = |Rejected(step)| GoldenError::Rejected { step, diagnostics: diagnostics.take() };

    let mut module = Module::parse(&context, text).ok_or_else(|| rejected(Rejected("parse the network")))?;
    let function = keep_only(Op::of_module(&module), name)?;
    let (input, results) = signature(function, name)?;
    let function = to_buffers(&context, &mut module, name, machine).map_err(rejected)?;
    mark_scalars(function);
    let scratch_bytes = memory::place_buffers(function).map_err(rejected)?;
    outline::outline(function);
    add_schedule(&context, &module).map_err(rejected)?;
    run(&context, &mut module, SCHEDULED).map_err(rejected)?;
    remove_schedule(Op::of_module(&module));
    run(&context, &mut module, TO_LLVM).map_err(rejected)?;
    let engine = Engine::new(Op::of_module(&module), name, &input, &results, scratch_bytes)
        .ok_or_else(|| rejected(Rejected("generate code")))?;
    Ok(Compiled { engine, input, results, scratch_bytes })
}

/// TOSA to buffers, with convolutions as loops over vectors where the machine has them.
fn to_buffers<'c>(
    context: &Context,
    module: &mut Module<'c>,
    name: &str,
    machine: Machine,
) -> Result<Op<'c>, Rejected> {
    let network = |module: &Module<'c>| {
        keep_only(Op::of_module(module), name).map_err(|_| Rejected("find the network again"))
    };
    run(context, module, TO_LINALG)?;
    let function = network(module)?;
    widen::widen(function)?;
    convolution::separate_outputs(function);
    let shared = shares_results(function);
    run(context, module, if shared { TO_SHARED_BUFFERS } else { TO_BUFFERS })?;
    let function = network(module)?;
    convolution::vectorise(function, machine);
    Ok(function)
}

/// Marks what must not become vectors.
///
/// - What would end each row of integers with one lane of a vector: LLVM 22 narrows integers while it stores them, and where a mask
///   leaves one lane, known when it compiles, x86's AVX-512 writes that lane whole: it overwrites what lies behind.
/// - What reads or writes truth values: a vector of them is stored as bits, a single one as a byte, and what a vector wrote may be
///   read one at a time.
fn mark_scalars(function: Op<'_>) {
    for op in function.walk().into_iter().filter(|op| op.name().starts_with("linalg.")) {
        let is_scalar = |value: Value<'_>| {
            let last = value.ty().shape().and_then(|shape| shape.last().copied());
            let bits = value.ty().element().and_then(Type::int_width);
            bits == Some(1) || bits.is_some() && last.is_some_and(|n| n % LANES == 1)
        };
        if op.operands().into_iter().any(is_scalar) {
            op.set_attr("golden.scalar", Attr::unit(op.ctx()));
        }
    }
}

/// Does a function return one value as two results, as it does where equal computations were merged?
fn shares_results(function: Op<'_>) -> bool {
    let returned = function.body().ops().into_iter().last().map(Op::operands).unwrap_or_default();
    (1..returned.len()).any(|index| returned[..index].contains(&returned[index]))
}

/// Errors and their notes, instead of on stderr.
fn collect_diagnostics(context: &Context) -> Rc<RefCell<Vec<String>>> {
    let diagnostics = Rc::new(RefCell::new(vec![]));
    let collected = Rc::clone(&diagnostics);
    context.attach_diagnostic_handler(move |diagnostic: Diagnostic<'_>| {
        if matches!(diagnostic.severity(), DiagnosticSeverity::Error) {
            let notes = (0..diagnostic.note_count()).filter_map(|i| diagnostic.note(i).ok());
            // MLIR's own note shows the operation whole, with all weights.
            let notes =
                notes.map(|note| note.to_string()).filter(|note| !note.starts_with("see current operation"));
            let notes: String = notes.map(|note| format!("\n  note: {note}")).collect();
            collected.borrow_mut().push(format!("{}: {diagnostic}{notes}", diagnostic.location()));
        }
        true
    });
    diagnostics
}

/// The function of that name, ready to be called from C; all else in the module is erased.
fn keep_only<'c>(module: Op<'c>, name: &str) -> Result<Op<'c>, GoldenError> {
    let functions: Vec<_> = module.body().ops().into_iter().filter(|op| op.is("func.func")).collect();
    let Some(&function) = functions.iter().find(|f| f.symbol().as_deref() == Some(name)) else {
        let names: Vec<_> = functions.iter().filter_map(|f| f.symbol()).map(|n| format!("`{n}`")).collect();
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(GoldenError::NoFunction { name: name.to_owned(), found });
    };
    for op in module.body().ops() {
        if op != function && !op.is("memref.global") {
            op.erase();
        }
    }
    Ok(function)
}

/// The types of argument and results; marks the argument as read-only and the function as called from C.
fn signature(function: Op<'_>, name: &str) -> Result<(TensorType, Vec<TensorType>), GoldenError> {
    let ctx = function.ctx();
    let ty = function.attr("function_type").and_then(Attr::to_type);
    let wrong = || GoldenError::Signature {
        name: name.to_owned(),
        found: ty.map_or(String::new(), |t| t.to_string()),
    };
    let (inputs, results) = ty.and_then(Type::signature).ok_or_else(wrong)?;
    let [input] = inputs[..] else { return Err(wrong()) };
    let input = tensor_type(input).filter(|ty| matches!(ty.element, Element::I8 | Element::F32));
    let results: Option<Vec<_>> = results.into_iter().map(tensor_type).collect();
    let (Some(input), Some(results)) = (input, results) else { return Err(wrong()) };
    if function.region(0).blocks().len() != 1 {
        return Err(wrong());
    }
    function.set_attr("llvm.emit_c_interface", Attr::unit(ctx));
    let read_only = Attr::parse(ctx, "[{bufferization.writable = false}]");
    function.set_attr("arg_attrs", read_only.expect("the attribute is well-formed"));
    Ok((input, results))
}

fn tensor_type(ty: Type<'_>) -> Option<TensorType> {
    let element = ty.element()?;
    let element = match element.int_width() {
        Some(8) => Element::I8,
        Some(16) => Element::I16,
        Some(32) => Element::I32,
        None if element == Type::f32(ty.ctx()) => Element::F32,
        _ => return None,
    };
    let shape = ty.shape()?.into_iter().map(|size| usize::try_from(size).ok()).collect::<Option<_>>()?;
    Some(TensorType { shape, element })
}

/// Puts the timing beside the function, where the interpreter of `transform` looks for it.
fn add_schedule<'c>(context: &'c Context, module: &Module<'c>) -> Result<(), Rejected> {
    let timing = Module::parse(context, SCHEDULE).ok_or(Rejected("parse the timing"))?;
    let module = Op::of_module(module);
    module.set_attr("transform.with_named_sequence", Attr::unit(module.ctx()));
    for op in Op::of_module(&timing).body().ops() {
        module.body().append(op.duplicate());
    }
    Ok(())
}

fn remove_schedule(module: Op<'_>) {
    module.remove_attr("transform.with_named_sequence");
    module.walk_named("transform.named_sequence").into_iter().for_each(Op::erase);
}

fn run(context: &Context, module: &mut Module<'_>, pipeline: &'static str) -> Result<(), Rejected> {
    let manager = PassManager::new(context);
    parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline)
        .map_err(|_| Rejected("set up its pipeline"))?;
    manager.run(module).map_err(|_| Rejected("lower the network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Layers of one shape and equal biases, and the last one, which is dilated and writes to the caller's memory.
    #[test]
    fn all_convolutions_become_vectors() {
        let layer = |index: usize| {
            let weights = format!("0000003F0000{}03F", index + 1).repeat(20 * 9 * 10);
            let [pad, dilation] = [1 + index / 2; 2];
            format!(
                r#"%w{index} = "tosa.const"() <{{values = dense<"0x{weights}"> : tensor<20x3x3x20xf32>}}> : () -> tensor<20x3x3x20xf32>
                   %x{} = tosa.conv2d %x{index}, %w{index}, %bias, %zero, %zero {{acc_type = f32, pad = array<i64: {pad}, {pad}, {pad}, {pad}>,
                     stride = array<i64: 1, 1>, dilation = array<i64: {dilation}, {dilation}>}} : (tensor<1x6x6x20xf32>,
                     tensor<20x3x3x20xf32>, tensor<20xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x6x6x20xf32>
                "#,
                index + 1
            )
        };
        let text = format!(
            r#"func.func @network(%x0: tensor<1x6x6x20xf32>) -> tensor<1x6x6x20xf32> {{
                 %bias = "tosa.const"() <{{values = dense<0.0> : tensor<20xf32>}}> : () -> tensor<20xf32>
                 %zero = "tosa.const"() <{{values = dense<0.0> : tensor<1xf32>}}> : () -> tensor<1xf32>
                 {}
                 return %x3 : tensor<1x6x6x20xf32>
               }}"#,
            (0..3).map(layer).collect::<String>()
        );
        let lowered = lowered(&text, Machine::Avx2);
        assert!(lowered.matches("vector.fma").count() >= 3);
        assert!(!lowered.contains("linalg.conv"), "{lowered}");
    }

    /// Wide layers of bytes are products of tiles; a dense layer has too few pixels to fill them.
    #[test]
    fn wide_layers_of_bytes_are_tiles() {
        for (size, are_tiles) in [(1, false), (9, true)] {
            let weights = "0123456789ABCDEF".repeat(40 * 33 / 8);
            let lowered = lowered(
                &format!(
                    r#"func.func @network(%x: tensor<1x{size}x{size}x33xi8>) -> tensor<1x{size}x{size}x40xi32> {{
                         %weights = "tosa.const"() <{{values = dense<"0x{weights}"> : tensor<40x1x1x33xi8>}}> : () -> tensor<40x1x1x33xi8>
                         %bias = "tosa.const"() <{{values = dense<5> : tensor<40xi32>}}> : () -> tensor<40xi32>
                         %zero = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
                         %y = tosa.conv2d %x, %weights, %bias, %zero, %zero {{acc_type = i32, pad = array<i64: 0, 0, 0, 0>,
                           stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}} : (tensor<1x{size}x{size}x33xi8>,
                           tensor<40x1x1x33xi8>, tensor<40xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x{size}x{size}x40xi32>
                         return %y : tensor<1x{size}x{size}x40xi32>
                       }}"#
                ),
                Machine::Amx,
            );
            assert_eq!(lowered.contains("amx.tile_muli"), are_tiles, "{lowered}");
            assert!(!lowered.contains("linalg.conv"), "{lowered}");
        }
    }

    /// A network on buffers.
    fn lowered(text: &str, machine: Machine) -> String {
        atheena_dialects::register_upstream_passes();
        let context = atheena_dialects::context();
        let mut module = Module::parse(&context, text).expect("the network parses");
        let function = to_buffers(&context, &mut module, "network", machine);
        function.unwrap_or_else(|Rejected(step)| panic!("failed to {step}")).to_string()
    }
}
