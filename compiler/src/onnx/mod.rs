//! The ONNX front end: a file's bytes to a `func.func` of TOSA layers and `ee.exit`.
//!
//! The bytes are decoded ([`proto`]), names resolved ([`graph`]), exits found ([`exits`]), nodes made layers
//! ([`layers`], [`window`]), and IR is made of them ([`emit`]). All that can be wrong with a file is found before there is IR.
//!
//! The function takes one image `tensor<1xHxWxCxf32>` with values from 0 to 1 and returns logits
//! `tensor<1xCLASSESxf32>`. Every operation's location is the name of its ONNX node.
//!
//! What is decided here:
//! - A batch size that the file only names counts as 1, since hardware takes one sample at a time; any other open size is
//!   an error.
//! - The first output is the network's result. Of a network that ends in Softmax the logits are imported: the same order,
//!   and what exits decide by. Both are remarked on.
//! - `Where` selects between two results of one sample, as `If` does, and is the same exit.
//! - A threshold is the shortest decimal of the file's float, as people wrote it. `>=` is `>` of the float below.
//! - Batch normalisation and arithmetic with constants are folded into the convolution or dense layer before, if nothing
//!   else reads that one's result; elsewhere they are `tosa.mul` and `tosa.add`.
//! - A network of QuantizeLinear and DequantizeLinear is imported as the integer network that it is ([`integer`]); so is one
//!   of QLinearConv and the like, which mean the same.
//! - Rows and columns that no window reaches are cut off by `tosa.slice`; padding that counts in a mean is `tosa.pad`.

mod attributes;
pub(crate) mod emit;
pub mod error;
pub mod exits;
pub mod function;
pub mod graph;
pub mod integer;
pub mod layers;
pub mod operators;
pub mod proto;
pub mod tensor;
pub mod window;

pub use error::{Error, Problem};

use atheena_dialects::ir::{Ctx, Failure, Loc, Op};
use prost::Message;

/// Imports the network in `bytes`; `file` is their file's name, for messages.
pub fn import<'c>(ctx: Ctx<'c>, bytes: &[u8], file: &str) -> Result<melior::ir::Module<'c>, Error> {
    let fail = |problem| Error::of(file, problem);
    let model = proto::ModelProto::decode(bytes);
    let model = model.map_err(|error| fail(Problem::NotOnnx { reason: error.to_string() }))?;
    let network = graph::Network::read(model).map_err(fail)?;
    let chain = exits::Chain::find(&network).map_err(fail)?;
    let all = |problems| Error { file: file.to_owned(), problems };
    let mut layers = layers::lower(&network, &chain).map_err(all)?;
    let integers = integer::convert(&network, &chain, &mut layers).map_err(all)?;
    let loc = Loc::name(ctx, &network.name);
    if chain.probabilities {
        loc.remark("the network returns probabilities; its logits are imported, which have the same order");
    }
    for &output in network.outputs.iter().skip(1) {
        let name = &network.values[output].name;
        loc.remark(format_args!(
            "output '{name}' is not imported: a compiled network returns logits and exit index"
        ));
    }
    let module = emit::emit(ctx, &network, &chain, &layers, integers.as_ref());
    if Op::of_module(&module).verify() { Ok(module) } else { Err(fail(Problem::Internal)) }
}

/// `--import-onnx` of `atheena-translate`.
pub struct ImportOnnx;

impl atheena_dialects::Import for ImportOnnx {
    const FLAG: &'static str = "import-onnx";
    const SUMMARY: &'static str = "import an ONNX network, its exits as ee.exit";

    fn import<'c>(ctx: Ctx<'c>, bytes: &[u8], file: &str) -> Result<melior::ir::Module<'c>, Failure> {
        import(ctx, bytes, file).map_err(|error| {
            for problem in &error.problems {
                // A problem with a node is at the node; of others the file is known, which has no lines.
                let loc = problem.node().map_or(Loc::file(ctx, file, 0, 0), |node| Loc::name(ctx, node));
                loc.error(problem, &[&problem.cure()]);
            }
            Failure
        })
    }
}
