//! Passes on the `dataflow` dialect.

/// Registers the passes of this folder.
pub(crate) fn register() {}
