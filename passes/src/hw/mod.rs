//! `convert-dataflow-to-hw`: one generator an actor.

/// Registers the passes of this folder.
pub(crate) fn register() {}
