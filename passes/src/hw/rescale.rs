//! TOSA's `rescale` and `clamp`: `clamp(((x * multiplier + rounding) >> shift) + zero_point, min, max)`.

use super::hdl::{Int, Module, Pipeline, Signal};
use super::stored::Stored;
use atheena_dialects::dataflow::Multipliers;

/// What scales, as hardware.
#[derive(Clone)]
pub struct Rescale(pub Multipliers);

/// Values that differ between groups of channels, as a memory gives them.
#[derive(Default)]
pub struct Factors<'c> {
    multipliers: Option<Vec<Int<'c>>>,
    rounding: Option<Vec<Int<'c>>>,
    away: Option<Vec<Int<'c>>>,
}

impl Rescale {
    /// Of multipliers that only shift, what is added before: others may add it with something else.
    pub fn take_rounding(&mut self) -> i128 {
        if self.0.is_shift() { std::mem::take(&mut self.0.rounding[0]) } else { 0 }
    }

    /// The multipliers of each lane, one stage on, where they differ between `groups` of `lanes` channels that come in turn, the last
    /// of which may be smaller.
    pub fn factors<'c>(
        &self,
        m: &Module<'c>,
        pipeline: &Pipeline<'_, 'c>,
        lanes: usize,
        groups: i64,
    ) -> Factors<'c> {
        let read = |name: &str, values: &[i128]| {
            (values.len() > 1 && groups > 1).then(|| {
                let mut values: Vec<_> = values.iter().map(|&v| v as i64).collect();
                values.resize(lanes * groups as usize, 0);
                let group = m.counter("output_group", groups, pipeline.enable & pipeline.valid);
                Stored::new(m, name, &values, lanes).read(m, group, pipeline.enable)
            })
        };
        Factors {
            multipliers: read("multipliers", &self.0.multipliers),
            rounding: read("rounding", &self.0.rounding),
            away: read("away", &self.0.away),
        }
    }

    /// Multiplies, in one stage of the pipeline, which it does not take where all multipliers are 1, and adds what rounds behind it. Constants are
    /// by channel, all channels of one vector or several; `factors` are those that a memory gives.
    pub fn multiply<'c>(
        &self,
        values: Vec<Int<'c>>,
        factors: Factors<'c>,
        pipeline: &mut Pipeline<'_, 'c>,
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        let of = |values: &[i128], channel: usize| values[channel % values.len()];
        if self.0.is_shift() {
            return values.into_iter().map(|value| value.plus(self.0.rounding[0])).collect();
        }
        let Factors { multipliers, rounding, away } = factors;
        let builder = pipeline.enable.builder();
        let product = |(channel, value): (usize, Int<'c>)| {
            let product = match &multipliers {
                Some(multipliers) => value * multipliers[channel],
                None => value.times(of(&self.0.multipliers, channel)),
            };
            let zero = Int::constant(0, builder);
            let away = match &away {
                Some(away) => away[channel],
                None if of(&self.0.away, channel) == 0 => return product,
                None => Int::constant(of(&self.0.away, channel), builder),
            };
            product + Int::select(value.less(zero), zero - away, away)
        };
        let products: Vec<_> = values.into_iter().enumerate().map(product).collect();
        let products = pipeline.delay_ints(&products);
        let rounding = rounding.map(|rounding| pipeline.delay_ints(&rounding));
        pipeline.step(along);
        let rounded = |(channel, product): (usize, Int<'c>)| match &rounding {
            Some(rounding) => product + rounding[channel],
            None => product.plus(of(&self.0.rounding, channel)),
        };
        products.into_iter().enumerate().map(rounded).collect()
    }

    /// Shifts, adds the zero point and clamps.
    pub fn finish<'c>(&self, value: Int<'c>, zero_point: i64, min: i64, max: i64) -> Int<'c> {
        value.shift_right(self.0.shift).plus(zero_point.into()).clamp(min.into(), max.into())
    }
}
