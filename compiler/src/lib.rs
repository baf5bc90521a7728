//! The compiler: front ends, the way from a network to hardware, devices, reports, and the command line.

pub mod cli;
pub mod commands;
pub mod counts;
mod design;
pub mod device;
pub mod diagnostic;
pub mod eenet;
pub mod error;
mod evaluate;
pub mod exploration;
mod frontier;
pub mod fuzz;
pub mod model;
pub mod onnx;
pub mod output;
mod page;
pub mod pipeline;
mod plan;
mod progress;
pub mod quantization;
pub mod report;
pub mod session;

pub use atheena_runtime::random;
