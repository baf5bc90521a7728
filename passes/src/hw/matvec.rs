//! `dataflow.matvec`: a matrix times the vectors of a stream, and requantisation.
//!
//! With vectors of V elements, SIMD of them a beat, and OC outputs, PE of them a beat, a vector takes
//! `V/SIMD * OC/PE` cycles: each input beat stays for the `OC/PE` groups of outputs. Nothing else takes cycles, so a
//! sample of P vectors has an initiation interval of exactly `P * V/SIMD * OC/PE` cycles where neither side stalls.
//! Latency, from a vector's last input beat to its first output beat: 3 (weights, operands, products), the tree over the sums that DSP
//! blocks give, each of up to three products, and over products in LUTs (`ceil(log2(N) / 2)` for N of them, a register
//! every two levels), 1 (accumulator), 1 more with several groups, whose biases and
//! sums come from memories, 1 more if the multiplier is no power of two, 1 (output).
//!
//! ```text
//!   beat, held for OC/PE cycles ─► x ─► products (PE x SIMD) ─► PE trees ─► accumulators ─► rescale ─► clamp ─► PE lanes
//!   count, 0..V/SIMD*OC/PE ─► weights ─┘                                    (OC/PE, in turn)
//! ```
//!
//! Weights that are all used in each cycle never change: products and trees are then one graph of adders, which the outputs share
//! (`hdl/adder_graph.rs`), with a register behind every two of them that follow one another. Several vectors a beat share one graph, as windows beside each
//! other see the same columns.
//!
//! Several vectors may use each word of weights one after the other (`matvec/reuse.rs`).
//!
//! With serial products, a vector takes `OC/PE` times as many cycles as its elements have digits, and weights are tables
//! (`matvec/serial.rs`). Adders may take digits, too (`matvec/digits.rs`): then they are narrower.
//!
//! All of it advances while the output has room. Widths are those that the weights and the input's range prove to
//! suffice; partial sums may wrap around, because the last one does not.

mod digits;
mod reuse;
mod serial;

use super::{
    actor::{Actor, beat_width},
    hdl::{AdderGraph, History, Int, Module, Multiples, Partial, Pipeline, Signal},
    rescale::{Factors, Rescale},
    stored::Stored,
};
use atheena_dialects::dataflow::{DspKind, DspUse, Matvec, MatvecCosts, Multipliers, Products, Serial};
use atheena_dialects::ir::Failure;
use digits::Turn;
use reuse::Vectors;

/// Levels of the tree between two registers.
const LEVELS: u32 = 2;

/// Weights, but for zeros, of vectors that share adders. With more, the search takes long and finds little.
const MOST_SHARED_WEIGHTS: usize = 2000;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let mut matrix = Matrix::of(actor)?;
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let enable = output.ready;

    let mut pipeline = Pipeline::new(m, enable, input.valid);
    let step = enable & input.valid;
    let (totals, last) = match matrix.serial(actor)? {
        Some(serial) => {
            let digit = m.counter("digit", serial.digits.count, step);
            let (mut first, mut last) = (digit.is(0), digit.is(serial.digits.count - 1));
            let group = m.counter("group", matrix.groups, step & last);
            input.take_if(enable & last & group.is(matrix.groups - 1));
            let came = actor.lanes_of(0, input.data);
            let x: Vec<_> = matvec_of(actor).places().into_iter().map(|place| came[place]).collect();
            let (turn, ends) = (Turn { digit, group }, (&mut first, &mut last));
            let totals = matrix.serial_totals(actor, serial, &mut pipeline, &x, turn, ends);
            (totals, last)
        }
        None if matrix.reuse > 1 => {
            let vectors = matrix.vectors(m, (&input, &actor.lanes_of(0, input.data)), enable);
            pipeline.valid = vectors.used;
            let (mut first, mut last) = (vectors.beat.is(0), vectors.beat.is(matrix.beats - 1));
            let sums = matrix.sums(actor, &mut pipeline, Operands::Kept(vectors), &mut first, &mut last);
            (matrix.accumulate(&mut pipeline, sums, &mut first, &mut last), last)
        }
        None => {
            // The beat of the vector, and the group of outputs: what the running address of the weights counts.
            let group = m.counter("group", matrix.groups, step);
            let last_group = group.is(matrix.groups - 1);
            let beat = m.counter("beat", matrix.beats, step & last_group);
            let (mut first, mut last) = (beat.is(0), beat.is(matrix.beats - 1));
            input.take_if(enable & last_group);
            let operands = Operands::Coming(input.data, step);
            let sums = matrix.sums(actor, &mut pipeline, operands, &mut first, &mut last);
            (matrix.accumulate(&mut pipeline, sums, &mut first, &mut last), last)
        }
    };
    pipeline.valid = pipeline.valid & last;
    let factors = matrix.factors(&pipeline);
    pipeline.step(&mut []);

    let scaled = matrix.rescale.multiply(totals, factors, &mut pipeline, &mut []);
    let lanes: Vec<_> = scaled
        .into_iter()
        .map(|v| matrix.rescale.finish(v, actor.int("output_zp"), actor.int("min"), actor.int("max")))
        .map(|v| v.to_bits(to.element.bits))
        .collect();
    let beat = matrix.in_order(&mut pipeline, Signal::pack(&lanes));
    output.send_if(pipeline.valid, beat);
    Ok(())
}

/// Where elements of vectors come from.
enum Operands<'c> {
    /// A beat of the input, and whether it is used in this cycle.
    Coming(Signal<'c>, Signal<'c>),
    /// The vectors that use words of weights together.
    Kept(Vectors<'c>),
}

fn matvec_of(actor: Actor<'_>) -> Matvec<'_> {
    Matvec::cast(actor.0).expect("its module is generated from a matvec")
}

/// The weights in the order in which the hardware uses them.
struct Matrix {
    simd: usize,
    pe: usize,
    /// Vectors a beat; if several, SIMD and PE are those of one.
    vectors: usize,
    /// Beats of a vector.
    beats: i64,
    /// Groups of PE outputs.
    groups: i64,
    /// Vectors that use each word of weights.
    reuse: i64,
    /// `[beats, groups, PE, SIMD]`.
    weights: Vec<i64>,
    weights_range: (i64, i64),
    /// `[Q, OC]`, with the rounding of a rescaling without multiplier.
    bias: Vec<i64>,
    rescale: Rescale,
    /// The range of each output's sum, bias included.
    ranges: Vec<(i128, i128)>,
    /// The least and the greatest input.
    input: (i128, i128),
    /// Numbers that an adder takes.
    adder_inputs: usize,
}

/// The least and the greatest of some numbers.
pub fn hull(values: impl IntoIterator<Item = (i128, i128)>) -> (i128, i128) {
    values.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
}

impl Matrix {
    fn of(actor: Actor<'_>) -> Result<Self, Failure> {
        let (from, to) = (actor.input(0), actor.output(0));
        let given = actor.dense("weights")?;
        let shape = actor.0.attr("weights").and_then(|w| w.attr_type()).and_then(|t| t.shape());
        let shape = shape.expect("the verifier wants weights of rank 4");
        let [outputs, height, width, channels] = [0, 1, 2, 3].map(|axis| shape[axis] as usize);
        let vector = height * width * channels;
        let matvec = matvec_of(actor);
        // Products of digits have whole vectors, and use them in the order of the weights, however they come.
        let is_in_digits = matvec.products().digit_bits().is_some();
        let lanes = if is_in_digits { channels } else { matvec.channel_lanes() as usize };
        let vectors = if from.channels() as usize == vector { from.pixels() as usize } else { 1 };
        let (simd, pe) = (from.lanes as usize / vectors, to.lanes as usize / vectors);
        let (beats, groups) = matvec.size().beats_and_groups(from.lanes, to.lanes);
        let (beats, groups) = (beats as usize, groups as usize);
        // Outputs that the last group has too few of: nobody looks at them.
        let padding = groups * pe - outputs;

        // Element e of a vector is `[C/L, KH, KW, L]`; the weights are `[OC, KH, KW, C]`.
        let weight = |output: usize, e: usize| {
            let (tap, lane) = (e / lanes % (height * width), e % lanes);
            let channel = e / (lanes * height * width) * lanes + lane;
            given[(output * height * width + tap) * channels + channel]
        };
        // Of a map whose rows end with partial beats, what lanes behind their ends hold counts for nothing.
        let is_partial = beats * simd > vector * vectors;
        let row = (from.row_beats() as usize, (from.row_pixels() * from.channels()) as usize);
        let element = |beat: usize, lane: usize| match (is_partial, row) {
            (false, _) => Some(beat * simd + lane),
            (true, (row_beats, elements)) => {
                let within = beat % row_beats * simd + lane;
                (within < elements).then(|| beat / row_beats * elements + within)
            }
        };
        let mut weights = Vec::with_capacity(given.len());
        for beat in 0..beats {
            for output in 0..outputs {
                let of_lane = |lane| element(beat, lane).map_or(0, |element| weight(output, element));
                weights.extend((0..simd).map(of_lane));
            }
            weights.extend(std::iter::repeat_n(0, padding * simd));
        }

        let mut rescale = actor.rescale();
        let mut bias = actor.dense("bias")?;
        let rounding = rescale.take_rounding() as i64;
        bias.iter_mut().for_each(|b| *b += rounding);
        let input = super::actor::value_range(actor.0.operand(0).expect("a matvec has an input"));
        let mut ranges: Vec<_> = (0..outputs)
            .map(|output| {
                let start = i128::from(bias[output]);
                (0..vector).map(|e| i128::from(weight(output, e))).fold((start, start), |(low, high), w| {
                    let ends = [w * input.0, w * input.1];
                    (low + ends[0].min(ends[1]), high + ends[0].max(ends[1]))
                })
            })
            .collect();
        bias.resize(groups * pe, 0);
        let bias = bias.repeat(vectors);
        ranges.resize(groups * pe, (0, 0));
        let (beats, groups) = (beats as i64, groups as i64);
        let ends = (weights.iter().min().copied(), weights.iter().max().copied());
        let weights_range = (ends.0.unwrap_or(0), ends.1.unwrap_or(0));
        let adder_inputs = DspKind::of(actor.0).adder_inputs();
        Ok(Self {
            vectors,
            simd,
            pe,
            beats,
            groups,
            reuse: matvec.reuse(),
            weights,
            weights_range,
            bias,
            rescale,
            ranges,
            input,
            adder_inputs,
        })
    }

    /// How digits of the inputs make products; None if all bits come at once.
    fn serial(&self, actor: Actor<'_>) -> Result<Option<Serial>, Failure> {
        let matvec = matvec_of(actor);
        let (size, products) = (matvec.size(), matvec.products());
        let (simd, pe) = (matvec.input().lanes, matvec.output().lanes);
        let Some(bits) = products.digit_bits() else { return Ok(None) };
        let serial = size.serial(pe, products).filter(|&serial| size.is_serial_at(simd, pe, serial));
        if serial.is_some() {
            return Ok(serial);
        }
        let vectors = format!(
            "expected whole vectors of at least two {bits}-bit digits, one at a time, some elements for LUTs"
        );
        let (outputs, cure) = match products {
            Products::Digits { .. } => {
                ("all outputs at once, for constants in digits".into(), "choose other lanes, or no products")
            }
            _ => (
                format!("at most {} groups of outputs, for serial products", Serial::MOST_GROUPS),
                "choose other lanes, or products = \"lut\"",
            ),
        };
        Err(actor.0.error(format!("{vectors}, and {outputs}"), &[cure]))
    }

    /// The multipliers of each lane, one stage on, where they differ between groups.
    fn factors<'c>(&self, pipeline: &Pipeline<'_, 'c>) -> Factors<'c> {
        if self.groups == 1 {
            return Factors::default();
        }
        let of_groups = |values: &Vec<i128>| {
            let mut values = values.clone();
            if values.len() > 1 {
                values.resize(self.pe * self.groups as usize, 0);
                values = self.for_each_vector(&values);
            }
            values
        };
        let Multipliers { multipliers, rounding, away, .. } = &self.rescale.0;
        let [multipliers, rounding, away] = [multipliers, rounding, away].map(of_groups);
        let rescale = Rescale(Multipliers { multipliers, rounding, away, ..self.rescale.0.clone() });
        rescale.factors(pipeline.module, pipeline, self.pe, self.groups * self.reuse)
    }

    /// The range of lane `pe` of the sums, over all groups.
    fn range(&self, pe: usize) -> (i128, i128) {
        hull(self.ranges.iter().skip(pe).step_by(self.pe).copied())
    }

    /// The adders of all vectors of a beat, of which elements are in these places of the map, and the first element in each place. Neighbours share them, as many as
    /// have [`MOST_SHARED_WEIGHTS`] together.
    fn adders_of_vectors(&self, places: &[usize]) -> (AdderGraph, Vec<usize>) {
        let mut first_places = vec![];
        for (element, &place) in places.iter().enumerate() {
            if place == first_places.len() {
                first_places.push(element);
            }
        }
        let weights = self.weights.iter().filter(|&&weight| weight != 0).count().max(1);
        let together = (MOST_SHARED_WEIGHTS / weights).clamp(1, self.vectors);
        let mut graphs: Vec<(Vec<usize>, AdderGraph)> = vec![];
        let mut parts = vec![];
        for places in places.chunks(together * self.simd) {
            // The places that these vectors have, and where in them each element is.
            let mut own = vec![];
            let index = |&place: &usize| {
                own.iter().position(|&other| other == place).unwrap_or_else(|| {
                    own.push(place);
                    own.len() - 1
                })
            };
            let shape: Vec<usize> = places.iter().map(index).collect();
            let known = graphs.iter().position(|(other, _)| *other == shape);
            let number = known.unwrap_or_else(|| {
                let row = |places: &[usize], weights: &[i64]| {
                    let mut row = vec![0; own.len()];
                    places.iter().zip(weights).for_each(|(&place, weight)| row[place] += weight);
                    row
                };
                let rows = |places| self.weights.chunks(self.simd).map(move |weights| row(places, weights));
                let rows: Vec<Vec<i64>> = shape.chunks(self.simd).flat_map(rows).collect();
                let graph = AdderGraph::of(&rows, &vec![self.input; own.len()], self.adder_inputs);
                graphs.push((shape, graph));
                graphs.len() - 1
            });
            parts.push((number, own));
        }
        let parts: Vec<_> = parts.iter().map(|(number, own)| (&graphs[*number].1, &own[..])).collect();
        (AdderGraph::beside(first_places.len(), &parts), first_places)
    }

    /// Makes good for what adders lack in each output, so many times.
    fn add_to_bias(&mut self, offsets: &[i128], times: i64) {
        self.bias.iter_mut().zip(offsets).for_each(|(bias, &offset)| *bias += offset as i64 * times);
    }

    /// The sum of each lane over a beat of the vector, some stages after `step`; what it lacks is in the bias then.
    fn sums<'c>(
        &mut self,
        actor: Actor<'c>,
        pipeline: &mut Pipeline<'_, 'c>,
        operands: Operands<'c>,
        first: &mut Signal<'c>,
        last: &mut Signal<'c>,
    ) -> Vec<Int<'c>> {
        let (m, enable) = (pipeline.module, pipeline.enable);
        if let (&Operands::Coming(mut x, _), 1) = (&operands, self.beats * self.groups) {
            // Weights that never change: adders, which the outputs share.
            pipeline.step(&mut [&mut x, first, last]);
            let came = actor.lanes_of(0, x);
            let (graph, first_places) = self.adders_of_vectors(&matvec_of(actor).places_of_vectors());
            let x: Vec<_> = first_places.into_iter().map(|place| came[place]).collect();
            let ranges: Vec<_> = x.iter().map(|x| x.range()).collect();
            self.add_to_bias(&graph.offsets(&ranges), 1);
            return pipeline.multiply(&graph, &x, LEVELS, &mut [first, last]);
        }
        // Weights and elements, then what multiplies them, then sums.
        let matvec = matvec_of(actor);
        let (costs, products) = (MatvecCosts::of(matvec), matvec.products());
        let dsp_use = costs.dsp_use(self.pe as i64);
        let in_dsps = products.lanes_in_dsps(self.simd as i64) as usize;
        let mut words = (self.weights.clone(), self.pe * self.simd);
        if dsp_use.paired {
            self.pair(&mut words.0, self.simd, in_dsps);
        }
        let (low, high) = costs.stored(self.pe as i64, products);
        let range = (low.into(), high.into());
        let (weights, x) = match operands {
            Operands::Kept(vectors) => {
                let words = (&words.0[..], range, actor.blocks());
                self.shared_operands(pipeline, &vectors, words, &mut [first, last])
            }
            Operands::Coming(mut x, step) => {
                let stored = Stored::of_range(m, "weights", (&words.0, words.1), range, actor.blocks());
                let address = m.counter("address", self.beats * self.groups, step);
                let weights = stored.read(m, address, enable);
                pipeline.step(&mut [&mut x, first, last]);
                (pipeline.delay_ints(&weights), actor.lanes_of(0, x))
            }
        };
        let of_dsps = pipeline.delay_ints(&x[..in_dsps]);
        let mut of_luts: Vec<_> = x[in_dsps..].iter().map(|&x| Multiples::new(x, m, enable)).collect();
        pipeline.step(&mut [first, last]);
        let rows: Vec<_> = weights.chunks(self.simd).map(|row| row.split_at(in_dsps)).collect();
        let mut sums =
            self.in_dsps(dsp_use, m, enable, (&rows.iter().map(|row| row.0).collect::<Vec<_>>(), &of_dsps));
        let (low, high) = self.weights_range;
        let begun = |(w, x): (&Int<'c>, &Multiples<'c>)| x.times(w.within(low.into(), high.into()));
        let mut in_luts: Vec<Vec<_>> =
            rows.iter().map(|(_, row)| row.iter().zip(&of_luts).map(begun).collect()).collect();
        for _ in 1..costs.stages_of_products(self.simd as i64, products) {
            let delayed = |product: Partial<'c>| product.delay(m, enable);
            in_luts = in_luts.into_iter().map(|row| row.into_iter().map(delayed).collect()).collect();
            of_luts.iter_mut().for_each(|x| *x = x.delay(m, enable));
            sums.iter_mut().for_each(|sums| *sums = pipeline.delay_ints(sums));
            pipeline.step(&mut [first, last]);
        }
        for (sums, row) in sums.iter_mut().zip(in_luts) {
            let finished =
                row.into_iter().zip(&of_luts).map(|(product, x)| product.finish(x).delay(m, enable));
            sums.extend(finished);
        }
        pipeline.step(&mut [first, last]);
        pipeline.sum(sums, (self.adder_inputs, LEVELS), &mut [first, last])
    }

    /// Takes one off the first weight of each pair whose second one is negative, in so many lanes of rows of this length.
    fn pair(&self, weights: &mut [i64], length: usize, lanes: usize) {
        for group in weights.chunks_mut(self.pe * length) {
            for rows in group.chunks_exact_mut(2 * length) {
                let (first, second) = rows.split_at_mut(length);
                let (first, second) = (&mut first[..lanes], &second[..lanes]);
                first.iter_mut().zip(second).for_each(|(a, b)| *a -= i64::from(*b < 0));
            }
        }
    }

    /// For each row, the sums of as many products as DSP blocks add, one stage on.
    fn in_dsps<'c>(
        &self,
        dsp_use: DspUse,
        m: &Module<'c>,
        enable: Signal<'c>,
        (rows, x): (&[&[Int<'c>]], &[Int<'c>]),
    ) -> Vec<Vec<Int<'c>>> {
        let chain = dsp_use.chain as usize;
        let of_first = (self.weights_range.0.into(), self.weights_range.1.into());
        let mut sums = vec![];
        for rows in rows.chunks(if dsp_use.paired { 2 } else { 1 }) {
            if let [a, b] = rows {
                let terms: Vec<_> = a.iter().zip(*b).zip(x).map(|((&a, &b), &x)| (a, b, x)).collect();
                let (of_a, of_b) =
                    terms.chunks(chain).map(|terms| m.sums_of_pairs(terms, of_first, enable)).unzip();
                sums.extend([of_a, of_b]);
            } else {
                let terms: Vec<_> = rows[0].iter().copied().zip(x.iter().copied()).collect();
                sums.push(terms.chunks(chain).map(|terms| m.sum_of_products(terms, enable)).collect());
            }
        }
        sums
    }

    /// The sums over the beats so far of a vector, one stage on; they start from the bias.
    ///
    /// With several groups, their sums come in turn, and so do the biases: both memories are read in a stage of its own.
    fn accumulate<'c>(
        &self,
        pipeline: &mut Pipeline<'_, 'c>,
        mut sums: Vec<Int<'c>>,
        first: &mut Signal<'c>,
        last: &mut Signal<'c>,
    ) -> Vec<Int<'c>> {
        let (m, enable) = (pipeline.module, pipeline.enable);
        let ranges: Vec<_> = (0..self.vectors).flat_map(|_| (0..self.pe).map(|pe| self.range(pe))).collect();
        let (low, high) = hull(ranges.iter().copied());
        let width = Int::width_of(low, high);

        // `sum - !before` is `sum + before + 1`, for each beat.
        let ones = if self.beats > 1 { self.beats } else { 0 };
        let start: Vec<i64> = self.bias.iter().map(|b| b - ones).collect();
        let bias: Vec<_>;
        let mut history = None;
        let turns = self.groups * self.reuse;
        if turns == 1 {
            bias = start.iter().map(|&b| Int::constant(b.into(), enable.builder())).collect();
        } else {
            let stored = Stored::new(m, "bias", &self.for_each_vector(&start), self.pe);
            let group = m.counter("bias_group", turns, enable & pipeline.valid);
            bias = stored.read(m, group, enable);
            if self.beats > 1 {
                let width = width * self.pe as u32;
                history = Some(History::new(m, "sums", turns, width, pipeline.valid, enable));
            }
            sums = pipeline.delay_ints(&sums);
            pipeline.step(&mut [first, last]);
        }
        let registers: Vec<_> = if turns == 1 && self.beats > 1 {
            (0..self.pe).map(|_| m.data_register("sum", width)).collect()
        } else {
            vec![]
        };

        let totals: Vec<_> = (0..self.vectors * self.pe)
            .map(|pe| {
                let start = bias[pe].to_bits(width);
                let before = match (&history, registers.get(pe)) {
                    (Some(history), _) => first.mux(start, history.old().bits(pe as u32 * width, width)),
                    (None, Some(register)) => first.mux(start, **register),
                    (None, None) => start,
                };
                let sum = sums[pe].to_bits(width);
                if self.beats > 1 { sum - !before } else { before + sum }
            })
            .collect();
        if let Some(history) = history {
            history.push(m, Signal::pack(&totals));
        }
        let number = |(pe, total): (usize, Signal<'c>)| Int::new(total, ranges[pe].0, ranges[pe].1);
        if registers.is_empty() {
            return totals.into_iter().map(|t| pipeline.delay(t)).enumerate().map(number).collect();
        }
        for (register, total) in registers.iter().zip(totals) {
            register.next_if(enable & pipeline.valid, total);
        }
        registers.iter().map(|r| **r).enumerate().map(number).collect()
    }
}
