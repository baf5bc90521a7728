//! The front end of `.eenet`, a text format for early-exit networks: a text to a `func.func` of TOSA layers and `ee.exit`.
//!
//! The text is parsed ([`syntax`]), names, shapes and weights are found ([`network`], [`weights`]), and IR is made of them
//! ([`emit`]). All that can be wrong with a text is found before there is IR, and points at line and column. Layers are
//! those of the ONNX front end, in its order of dimensions, and IR is made of them by the same code.
//!
//! `docs/eenet.md` describes the format. What is decided here:
//! - Weights have PyTorch's names and shapes, so that an npz of a `state_dict` fits, flattened features its order.
//! - Batch normalisation stays a layer of its own; `ee-fold-batch-norm` folds it.
//! - Every operation's location is its layer's name and place in the text.

mod emit;
pub mod error;
pub mod export;
pub mod network;
mod print;
pub mod syntax;
pub mod weights;

pub use error::{Error, Problem};

use atheena_dialects::ir::{Ctx, Failure, Loc, Op};
use std::path::Path;

/// Imports the network that `text` describes; `file` is the name of its file, for messages and for the directory that
/// paths of weights are relative to.
pub fn import<'c>(ctx: Ctx<'c>, text: &str, file: &str) -> Result<melior::ir::Module<'c>, Error> {
    let fail = |problem| Error::new(file, text, problem);
    let parsed = syntax::parse(text).map_err(fail)?;
    let network = network::resolve(&parsed, text, file).map_err(fail)?;
    let module = emit::emit(ctx, &network, text, file);
    if Op::of_module(&module).verify() {
        Ok(module)
    } else {
        let what = "the importer made IR that does not verify; the diagnostics above say why";
        let cure = "please report it with the file: this is a defect of the compiler";
        Err(fail(Problem::new(&parsed.name.span, what, cure)))
    }
}

/// `--export-eenet` of `atheena-translate`.
pub struct ExportEenet;

impl atheena_dialects::Export for ExportEenet {
    const FLAG: &'static str = "export-eenet";
    const SUMMARY: &'static str = "write a float network as text, its weights beside it as .npz";

    fn export(module: Op<'_>, output: Option<&Path>) -> Result<String, Failure> {
        let weights = output.unwrap_or(Path::new("weights")).with_extension("npz");
        let name = weights.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let exported = export::export(module, &name)?;
        if exported.arrays.is_empty() {
            return Ok(exported.text);
        }
        if output.is_none() {
            let cure = "write the text to a file, e.g. -o network.eenet";
            return Err(module.error("the weights go beside the text, but the text goes to no file", &[cure]));
        }
        let written = atheena_runtime::arrays::write(&weights, &exported.arrays);
        written.map_err(|error| {
            module.error(format!("{} cannot be written: {error}", weights.display()), &[])
        })?;
        Ok(exported.text)
    }
}

/// `--import-eenet` of `atheena-translate`.
pub struct ImportEenet;

impl atheena_dialects::Import for ImportEenet {
    const FLAG: &'static str = "import-eenet";
    const SUMMARY: &'static str = "import the text of a network, its exits as ee.exit";

    fn import<'c>(ctx: Ctx<'c>, bytes: &[u8], file: &str) -> Result<melior::ir::Module<'c>, Failure> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(Loc::file(ctx, file, 0, 0).error("the file is not UTF-8 text", &["save it as UTF-8"]));
        };
        import(ctx, text, file).map_err(|error| {
            // MLIR's driver shows the line and the mark itself.
            let loc = Loc::file(ctx, file, error.line as u32, error.column as u32);
            loc.error(&error.what, &[&error.cure])
        })
    }
}
