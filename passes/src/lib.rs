//! The passes of the compiler, one file each.
//!
//! IR in, IR out: a pass knows the dialects and the golden model, no files but those that an option names,
//! and no other pass.

mod bursts;
pub mod classifiers;
pub mod dataflow;
pub mod depths;
pub mod ee;
mod exits;
pub mod golden;
pub mod hw;
mod softmax;
mod ways;

/// Registers every pass in MLIR's global registry, once a process.
pub fn register_all() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        ee::register();
        dataflow::register();
        hw::register();
    });
}
