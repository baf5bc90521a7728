//! Passes on the `ee` dialect and TOSA.

use atheena_dialects::pass::register as add;

pub mod batch_of_one;
pub mod channels_last;
pub mod commute_pool;
pub mod convert_ee_to_scf;
pub mod convert_ee_to_tosa;
pub mod fold_batch_norm;
pub mod fold_constants;
pub mod fold_dense;
pub mod fold_layout;
pub mod profile_exits;
pub mod quantize;
pub mod raise_answer;
pub mod raise_dense;
pub mod raise_exits;
pub mod raise_layers;
pub mod recompute_layers;
pub mod remove_dead;
pub mod set_thresholds;
pub mod shift_pixels;
pub mod sink_layers;
pub mod strip_exits;
pub mod tune_thresholds;

/// Registers the passes of this folder.
pub(crate) fn register() {
    add::<batch_of_one::BatchOfOne>();
    add::<channels_last::ChannelsLast>();
    add::<commute_pool::CommutePool>();
    add::<convert_ee_to_scf::ConvertEeToScf>();
    add::<convert_ee_to_tosa::ConvertEeToTosa>();
    add::<fold_batch_norm::FoldBatchNorm>();
    add::<fold_constants::FoldConstants>();
    add::<fold_dense::FoldDense>();
    add::<fold_layout::FoldLayout>();
    add::<profile_exits::ProfileExits>();
    add::<quantize::Quantize>();
    add::<raise_answer::RaiseAnswer>();
    add::<raise_dense::RaiseDense>();
    add::<raise_exits::RaiseExits>();
    add::<raise_layers::RaiseLayers>();
    add::<recompute_layers::RecomputeLayers>();
    add::<remove_dead::RemoveDead>();
    add::<shift_pixels::ShiftPixels>();
    add::<sink_layers::SinkLayers>();
    add::<set_thresholds::SetThresholds>();
    add::<strip_exits::StripExits>();
    add::<tune_thresholds::TuneThresholds>();
}
