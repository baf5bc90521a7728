//! Passes on the `ee` dialect and TOSA.

/// Registers the passes of this folder.
pub(crate) fn register() {}
