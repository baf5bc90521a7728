//! Runs what the compiler made, and what it is judged by: data sets, weights, the golden model, CIRCT's exporter, the
//! simulator of the generated hardware, synthesis. Knows the dialects, and no pass and no front end.

pub mod arrays;
pub mod cache;
pub mod circt;
pub mod dataset;
pub mod design;
pub mod golden;
pub mod random;
pub mod simulate;
pub mod synth;
pub mod tokens;
