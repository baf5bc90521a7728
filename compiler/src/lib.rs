//! The compiler: front ends, named pipelines, the command line.

pub mod onnx;
