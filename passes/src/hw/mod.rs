//! `convert-dataflow-to-hw`: one generator an actor.

pub mod convert_dataflow_to_hw;

mod actor;
mod binary;
mod concat;
mod decide;
mod depthwise;
mod fifo;
mod fork;
mod gate;
mod hdl;
mod map;
mod matvec;
mod merge;
mod pad;
mod pool;
mod rescale;
mod resize;
mod sink;
mod slice;
mod source;
mod stored;
mod table;
mod tile_pool;
mod window;

pub use hdl::{AdderGraph, Term};

/// Registers the passes of this folder.
pub(crate) fn register() {
    atheena_dialects::pass::register::<convert_dataflow_to_hw::ConvertDataflowToHw>();
}
