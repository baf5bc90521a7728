//! A compilation: a context, the diagnostics that come up in it, and passes that run on modules.

use crate::diagnostic::{Diagnostic, Diagnostics};
use atheena_dialects::ir::{Ctx, Op};
use melior::{
    Context,
    ir::Module,
    pass::PassManager,
    utility::{parse_pass_pipeline, register_all_llvm_translations},
};
use std::sync::{Arc, Mutex};

/// A context with all dialects and passes, whose diagnostics are collected instead of printed.
pub struct Session {
    context: Context,
    collected: Arc<Mutex<Vec<Diagnostic>>>,
}

impl Session {
    /// Opens a session.
    pub fn new() -> Self {
        atheena_dialects::register_upstream_passes();
        atheena_passes::register_all();
        let context = atheena_dialects::context();
        register_all_llvm_translations(&context);
        let collected = Arc::new(Mutex::new(vec![]));
        let sink = collected.clone();
        context.attach_diagnostic_handler(move |diagnostic| {
            // A poisoned list is still a list of diagnostics.
            sink.lock().unwrap_or_else(|e| e.into_inner()).push(Diagnostic::of(&diagnostic));
            true
        });
        Self { context, collected }
    }

    /// The context for the IR layer.
    pub fn ctx(&self) -> Ctx<'_> {
        Ctx::of(&self.context)
    }

    /// The diagnostics since the last call.
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.collected.lock().unwrap_or_else(|e| e.into_inner()))
    }

    /// Adds diagnostics to those that are collected.
    pub fn collect(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.collected.lock().unwrap_or_else(|e| e.into_inner()).extend(diagnostics);
    }

    /// Parses MLIR.
    pub fn parse(&self, text: &str, file: &str) -> Result<Module<'_>, Diagnostics> {
        self.checked(|| Module::parse(&self.context, text)).map_err(|diagnostics| diagnostics.of_file(file))
    }

    /// Runs a pass pipeline on a module; returns its remarks and warnings.
    pub fn run(&self, module: &mut Module<'_>, pipeline: &str) -> Result<Vec<Diagnostic>, Diagnostics> {
        self.checked(|| {
            let manager = PassManager::new(&self.context);
            parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline).ok()?;
            manager.run(module).ok()
        })?;
        Ok(self.take_diagnostics())
    }

    /// Runs something that emits diagnostics when it fails; on success they stay collected.
    pub fn checked<T>(&self, run: impl FnOnce() -> Option<T>) -> Result<T, Diagnostics> {
        run().ok_or_else(|| Diagnostics::new(self.take_diagnostics()))
    }

    /// The function of a module with one function.
    pub fn function<'c>(module: &Module<'c>) -> Option<Op<'c>> {
        Op::of_module(module).body().ops().into_iter().find(|op| op.is("func.func"))
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}
