//! Passes on the `dataflow` dialect.

pub mod apply_foldings;
pub mod balance_pipeline;
pub mod convert_ee_to_dataflow;
pub mod explore_foldings;
pub mod narrow_multipliers;
pub mod pair_rows;
pub mod size_buffers;

use atheena_dialects::pass::register as add;

/// Registers the passes of this folder.
pub(crate) fn register() {
    add::<convert_ee_to_dataflow::ConvertEeToDataflow>();
    add::<narrow_multipliers::NarrowMultipliers>();
    add::<pair_rows::PairRows>();
    add::<explore_foldings::ExploreFoldings>();
    add::<balance_pipeline::BalancePipeline>();
    add::<apply_foldings::ApplyFoldings>();
    add::<size_buffers::SizeBuffers>();
}
