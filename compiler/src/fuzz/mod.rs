//! Random networks, from text to simulated hardware, against the golden model.
//!
//! A [`Case`] is a network with all that is random about its run: data, options of the compiler, stalls. It is one file, an
//! `.eenet` text whose first lines are the settings, so that a failure can be read, run again and kept as a test.
//! [`draw`] makes cases of seeds, [`check`] runs one, [`worker`] does so in a process of its own, and [`shrink`] makes
//! a failing one small.

pub mod case;
pub mod check;
pub mod draw;
pub mod shrink;
pub mod worker;

pub use case::Case;
pub use check::{Failure, Outcome};
