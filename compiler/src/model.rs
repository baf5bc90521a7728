//! Reads a network from a file.

use crate::{eenet, error::Error, onnx, pipeline, session::Session};
use atheena_dialects::{ee::Exit, ir::Op};
use atheena_runtime::dataset::DataSet;
use melior::ir::Module;
use std::{fs, path::Path};

/// Reads a network: a module with one `func.func`. What is worth telling of it, such as what was left out, is collected in the
/// session.
pub fn load<'c>(session: &'c Session, path: &Path) -> Result<Module<'c>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
    let file = path.to_string_lossy();
    let module = match path.extension().and_then(|e| e.to_str()) {
        Some("onnx") => onnx::import(session.ctx(), &bytes, &file)?,
        Some("eenet") => {
            let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.into()))?;
            eenet::import(session.ctx(), &text, &file)?
        }
        Some("mlir") => {
            let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.into()))?;
            let mut module = session.parse(&text, &file)?;
            // What the passes tell stays collected.
            let run = |module: &mut Module<'c>, passes: &[&str]| {
                let told =
                    session.run(module, &builtin(passes)).map_err(|problems| problems.of_file(&file))?;
                session.collect(told.into_iter().map(|diagnostic| diagnostic.of_file(&file)));
                Ok::<_, Error>(())
            };
            run(&mut module, &pipeline::ONE_FUNCTION)?;
            if functions(&module) == 1 {
                run(&mut module, &pipeline::NORMALISE_INPUT)?;
            }
            module
        }
        _ => return Err(Error::UnknownModel(path.into())),
    };
    match functions(&module) {
        1 => check_labels_of_exits(session, function(&module), &file).map(|()| module),
        found => Err(Error::NoFunction(path.into(), found)),
    }
}

/// Fails if an option such as `--thresholds exit1=0.9,exit2=0.8` can't name an exit.
fn check_labels_of_exits(session: &Session, function: Op<'_>, file: &str) -> Result<(), Error> {
    let named = |label: &str| !label.is_empty() && !label.contains([',', '=', ' ']);
    match Exit::all_in(function).into_iter().find(|exit| !named(&exit.label())) {
        None => Ok(()),
        Some(exit) => {
            let what = format!("has the label {:?}, which options can't name", exit.label());
            let cure = "labels have no comma, space or equals sign: rename the exit";
            let refused = session.checked(|| Err::<(), _>(exit.0.error(what, &[cure])).ok());
            Ok(refused.map_err(|problems| problems.of_file(file))?)
        }
    }
}

fn functions(module: &Module<'_>) -> usize {
    Op::of_module(module).body().ops().iter().filter(|op| op.is("func.func")).count()
}

/// A pipeline on a module.
fn builtin(passes: &[&str]) -> String {
    format!("builtin.module({})", passes.join(","))
}

/// The function of a module that [`load`] returned.
pub fn function<'c>(module: &Module<'c>) -> Op<'c> {
    Session::function(module).expect("a loaded module has a function")
}

/// Does a network take float images?
pub fn is_float(function: Op<'_>) -> bool {
    function.body().arguments().iter().any(|a| a.ty().element().is_some_and(|e| e.is_float()))
}

/// Height, width and channels of the images that a network takes.
pub fn image_shape(function: Op<'_>) -> Vec<usize> {
    let shape = function.body().arguments().first().and_then(|a| a.ty().shape()).unwrap_or_default();
    shape.iter().skip(1).map(|&s| s.max(0) as usize).collect()
}

/// The number of classes that a network tells apart.
pub fn classes(function: Op<'_>) -> Option<usize> {
    let last = function.body().last()?.operand(0)?;
    last.ty().shape()?.last().and_then(|&classes| usize::try_from(classes).ok())
}

/// Fails unless every image of a data set has a label that the network knows.
pub fn check_labels(function: Op<'_>, data: &DataSet, path: &Path) -> Result<(), Error> {
    if !data.has_labels() {
        return Err(Error::NoLabels(path.into()));
    }
    let classes = classes(function).unwrap_or(usize::MAX);
    let wrong = (0..data.len()).find_map(|i| Some((i, data.label(i).filter(|&label| label >= classes)?)));
    match wrong {
        Some((index, label)) => Err(Error::Label { path: path.into(), index, label, classes }),
        None => Ok(()),
    }
}

/// Fails unless a network takes the images of a data set.
pub fn check_images(function: Op<'_>, data: &DataSet, path: &Path) -> Result<(), Error> {
    let expected = image_shape(function);
    if data.fits(&expected) {
        return Ok(());
    }
    Err(Error::ImageShape { path: path.into(), found: data.image_shape().into(), expected })
}
