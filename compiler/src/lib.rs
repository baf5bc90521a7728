//! The compiler: front ends, named pipelines, the command line.

pub mod device;
pub mod onnx;
