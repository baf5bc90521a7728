//! Sums of products with constant weights, a digit of all inputs a cycle (`atheena_dialects::dataflow::Serial` says how).

use super::digits::{Turn, bits_of_digit, digit_of_each};
use super::{LEVELS, Matrix, Stored, hull, matvec_of};
use crate::hw::actor::Actor;
use crate::hw::hdl::{Int, Pipeline, Signal, choose};
use atheena_dialects::dataflow::{MatvecCosts, Serial, SerialEnds, SerialStages, SerialTable};
use std::ops::Range;

impl Matrix {
    /// The sum of each lane, bias included, in a register behind the stage that is reached with the last digit.
    pub fn serial_totals<'c>(
        &mut self,
        actor: Actor<'c>,
        serial: Serial,
        pipeline: &mut Pipeline<'_, 'c>,
        x: &[Int<'c>],
        turn: Turn<'c>,
        (first, last): (&mut Signal<'c>, &mut Signal<'c>),
    ) -> Vec<Int<'c>> {
        let vector = self.simd as i64;
        let (x, of_dsps) = x.split_at(serial.by_bits(vector) as usize);
        let (x, of_blocks) = x.split_at(serial.in_luts(vector) as usize);
        let costs = MatvecCosts::of(matvec_of(actor));
        let adders = serial.in_adders.then(|| self.adders_of_digit(serial.digits, x.len()));
        if let Some(adders) = &adders {
            let ranges = vec![serial.digits.range(); x.len()];
            self.add_to_bias(&adders.offsets(&ranges), serial.digits.ones());
        }
        let in_luts = adders.as_ref().map_or_else(|| costs.stages_in_luts(serial), |a| 1 + a.stages(LEVELS));
        let stages = costs.serial_stages_behind(serial, self.pe as i64, in_luts);
        let mut group = turn.group;
        let beside = (!of_dsps.is_empty())
            .then(|| self.beside_luts(actor, (serial, stages), *pipeline, of_dsps, turn, (*first, *last)));
        let in_blocks = self.in_block_rams((serial, stages), pipeline, of_blocks, turn);
        let along = &mut [first, last, &mut group];
        let mut lists = match adders {
            Some(adders) => {
                let x = digit_of_each(serial.digits, pipeline, x, turn.digit);
                pipeline.step(along);
                let sums = pipeline.multiply(&adders, &x, LEVELS, along);
                sums.into_iter().map(|sum| vec![sum]).collect()
            }
            None => self.in_tables(serial, pipeline, (x, turn), along),
        };
        for _ in stages.in_luts..stages.chains {
            lists = lists.iter().map(|sums| pipeline.delay_ints(sums)).collect();
            pipeline.step(along);
        }
        lists.iter_mut().zip(in_blocks).for_each(|(sums, of_blocks)| sums.extend(of_blocks));
        let mut sums = pipeline.sum(lists, (self.adder_inputs, LEVELS), along);
        for _ in stages.tables..stages.sum {
            sums = pipeline.delay_ints(&sums);
            pipeline.step(along);
        }
        let [first, _, group] = along;
        let start = |lane: usize| match &beside {
            Some(beside) => beside[lane],
            None => table(&self.biases(serial, lane), &[**group]),
        };
        let lanes = sums.into_iter().enumerate();
        lanes
            .map(|(lane, sum)| self.shift_and_add(serial.digits, pipeline, (lane, sum), start(lane), **first))
            .collect()
    }

    /// The sums of chains of tables in LUTs, for each lane, those of the higher bits of a digit shifted; `along` are delayed with them, of which the last
    /// one is the group of outputs.
    fn in_tables<'c>(
        &self,
        serial: Serial,
        pipeline: &mut Pipeline<'_, 'c>,
        (x, turn): (&[Int<'c>], Turn<'c>),
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Vec<Int<'c>>> {
        let mut group = turn.group;
        let mut step = |pipeline: &mut Pipeline<'_, 'c>, group: &mut Signal<'c>| {
            *group = pipeline.delay(*group);
            pipeline.step(along);
        };
        let bits = pipeline.delay(Signal::pack(&bits_of_digit(serial.digits, x, turn.digit)));
        step(pipeline, &mut group);

        // [bits of a digit, elements]
        let mut planes = bits.lanes(1);
        let chains = serial.chains(x.len());
        let tables: Vec<Vec<Vec<SerialTable>>> =
            (0..self.pe).map(|lane| self.tables(lane, &chains)).collect();
        let mut sums: Vec<Option<Int<'c>>> = vec![None; self.pe * chains.len() * serial.digits.bits as usize];
        for stage in 0..serial.stages(x.len()) as usize {
            let mut sums = sums.iter_mut();
            for (lane, chains) in tables.iter().enumerate() {
                for plane in planes.chunks(x.len()) {
                    for chain in chains {
                        let sum = sums.next().expect("there is one for each chain");
                        let next = match (*sum, chain.get(stage)) {
                            (None, table) => {
                                self.table(plane, table.expect("a chain has a table"), (lane, group), 1)
                            }
                            (Some(sum), None) => sum,
                            // Subtracted, so that synthesis puts the table, not the sum, in front of the carry chain.
                            (Some(sum), Some(table)) => {
                                let (low, high) = table.sum;
                                (sum - self.table(plane, table, (lane, group), -1))
                                    .within(low.into(), high.into())
                            }
                        };
                        *sum = Some(next.delay(pipeline.module, pipeline.enable));
                    }
                }
            }
            delay_bits(pipeline, &mut planes, x.len(), &chains, stage);
            step(pipeline, &mut group);
        }
        let sums: Vec<_> = sums.into_iter().map(|sum| sum.expect("a chain has a table")).collect();
        let of_plane = |(plane, sums): (usize, &[Int<'c>])| -> Vec<_> {
            sums.iter().map(|sum| sum.shift_left(plane as u32)).collect()
        };
        sums.chunks(chains.len() * serial.digits.bits as usize)
            .map(|lane| lane.chunks(chains.len()).enumerate().flat_map(of_plane).collect())
            .collect()
    }

    /// The numbers of tables in block RAMs, for each lane, in the stage `stages.chains`: those of all bits of a digit.
    fn in_block_rams<'c>(
        &self,
        (serial, stages): (Serial, SerialStages),
        pipeline: &Pipeline<'_, 'c>,
        x: &[Int<'c>],
        turn: Turn<'c>,
    ) -> Vec<Vec<Int<'c>>> {
        let mut lanes = vec![vec![]; self.pe];
        if x.is_empty() {
            return lanes;
        }
        let mut bits = Signal::pack(&bits_of_digit(serial.digits, x, turn.digit));
        let mut group = turn.group;
        // They are read in the stage but one in front, behind which is a register.
        for _ in 2..stages.chains {
            (bits, group) = (pipeline.delay(bits), pipeline.delay(group));
        }
        let bits = bits.lanes(1);
        let rows: Vec<_> = (0..self.pe * self.groups as usize).map(|row| self.row(row)).collect();
        let ends = SerialEnds::of(&rows);
        for (plane, bits) in bits.chunks(x.len()).enumerate() {
            let bits = bits.chunks(serial.block_elements() as usize);
            for (number, (bits, elements)) in bits.zip(serial.block_tables(self.simd as i64)).enumerate() {
                let (low, high) = Serial::sums_of_chain(&ends, elements.clone(), true, 1)[0];
                let words = 0..self.groups as usize * (1 << bits.len());
                let word = |word: usize| {
                    let (group, chosen) = (word >> bits.len(), word % (1 << bits.len()));
                    let sum = move |row: &[i64]| {
                        let elements = row.iter().enumerate().filter(|(index, _)| chosen >> index & 1 == 1);
                        elements.map(|(_, w)| w).sum::<i64>()
                    };
                    let elements = elements.clone();
                    rows[group * self.pe..][..self.pe].iter().map(move |row| sum(&row[elements.clone()]))
                };
                let words: Vec<i64> = words.flat_map(word).collect();
                let (m, name) = (pipeline.module, format!("table_{number}_{plane}"));
                let range = (low.into(), high.into());
                let stored = Stored::of_range(m, &name, (&words, self.pe), range, Some(i64::MAX));
                let mut address = bits.to_vec();
                if self.groups > 1 {
                    address.push(group);
                }
                let sums = stored.read(m, Signal::pack(&address), pipeline.enable);
                let sums = pipeline.delay_ints(&sums).into_iter();
                lanes.iter_mut().zip(sums).for_each(|(lane, sum)| lane.push(sum.shift_left(plane as u32)));
            }
        }
        lanes
    }

    /// What the sums over digits start from, for each group of a lane.
    fn biases(&self, serial: Serial, lane: usize) -> Vec<i64> {
        let by_bits = serial.by_bits(self.simd as i64) as usize;
        let start = |group: usize| self.start(serial.digits, group * self.pe + lane, by_bits);
        (0..self.groups as usize).map(start).collect()
    }

    /// What the sums over digits start from where DSP blocks multiply the elements behind theirs, for each lane, in the stage `stages.sum`.
    ///
    /// A lane of DSP blocks takes one of its elements a digit. Sums over the digits are kept until those of the LUTs of the same group
    /// come: in registers that take the one before them when that has been there for as many cycles as there are digits.
    fn beside_luts<'c>(
        &self,
        actor: Actor<'c>,
        (serial, stages): (Serial, SerialStages),
        mut pipeline: Pipeline<'_, 'c>,
        x: &[Int<'c>],
        turn: Turn<'c>,
        (mut first, mut last): (Signal<'c>, Signal<'c>),
    ) -> Vec<Int<'c>> {
        let (m, enable) = (pipeline.module, pipeline.enable);
        let (lanes, digits) = (serial.lanes as usize, serial.digits.count as usize);
        let mut group = turn.group;
        let costs = MatvecCosts::of(matvec_of(actor));
        let products = matvec_of(actor).products();
        let dsp_use = costs.dsp_use(self.pe as i64);

        // [groups, digits, PE, lanes]
        let behind = |row: usize| &self.row(row)[serial.by_bits(self.simd as i64) as usize..];
        let mut words = vec![];
        for group in 0..self.groups as usize {
            for digit in 0..digits {
                let rows = (0..self.pe).map(|lane| behind(group * self.pe + lane));
                words.extend(rows.flat_map(|row| row.iter().skip(digit).step_by(digits)));
            }
        }
        if dsp_use.paired {
            self.pair(&mut words, lanes, lanes);
        }
        let (low, high) = costs.stored(self.pe as i64, products);
        let range = (low.into(), high.into());
        let stored = Stored::of_range(m, "weights", (&words, self.pe * lanes), range, Some(0));
        let address = m.counter("address", self.groups * serial.digits.count, enable & pipeline.valid);
        let weights = stored.read(m, address, enable);
        let of_lane = |elements: &[Int<'c>]| {
            let (low, high) = elements[0].range();
            let elements: Vec<_> = elements.iter().map(|x| x.to_bits(x.width())).collect();
            Int::new(choose(turn.digit, &elements), low, high)
        };
        let x: Vec<_> = x.chunks(digits).map(of_lane).collect();
        let x = pipeline.delay_ints(&x);
        pipeline.step(&mut [&mut first, &mut last, &mut group]);
        let (weights, x) = (pipeline.delay_ints(&weights), pipeline.delay_ints(&x));
        pipeline.step(&mut [&mut first, &mut last, &mut group]);
        let rows: Vec<_> = weights.chunks(lanes).collect();
        let sums = self.in_dsps(dsp_use, m, enable, (&rows, &x));
        pipeline.step(&mut [&mut first, &mut last, &mut group]);
        let sums = pipeline.sum(sums, (self.adder_inputs, LEVELS), &mut [&mut first, &mut last, &mut group]);

        let mut strobe = pipeline.valid & last;
        let mut strobes = vec![enable & strobe];
        for _ in 1..stages.holds {
            (0..digits).for_each(|_| strobe = m.delay_valid(strobe, enable));
            strobes.push(enable & strobe);
        }
        let total = |(lane, sum): (usize, Int<'c>)| {
            let starts: Vec<_> =
                self.biases(serial, lane).into_iter().map(|start| start - serial.digits.count).collect();
            let (low, high) = self.start_range(serial, lane);
            let width = Int::width_of(low, high);
            let so_far = m.data_register("products_sum", width);
            let before = first.mux(table(&starts, &[group]).to_bits(width), *so_far);
            let next = sum.to_bits(width) - !before;
            so_far.next_if(enable & pipeline.valid, next);
            let hold = |value: Signal<'c>, &strobe: &Signal<'c>| {
                let held = m.data_register("start", width);
                held.next_if(strobe, value);
                *held
            };
            Int::new(strobes.iter().fold(next, hold), low, high)
        };
        sums.into_iter().enumerate().map(total).collect()
    }

    /// The range of what [`Matrix::beside_luts`] gives for a lane.
    fn start_range(&self, serial: Serial, lane: usize) -> (i128, i128) {
        let by_bits = serial.by_bits(self.simd as i64) as usize;
        hull(self.biases(serial, lane).into_iter().enumerate().map(|(group, bias)| {
            let weights = &self.row(group * self.pe + lane)[by_bits..];
            let ends = weights.iter().map(|&w| {
                let ends = [self.input.0 * i128::from(w), self.input.1 * i128::from(w)];
                (ends[0].min(ends[1]), ends[0].max(ends[1]))
            });
            ends.fold((bias.into(), bias.into()), |sum: (i128, i128), of| (sum.0 + of.0, sum.1 + of.1))
        }))
    }

    /// The weights of an output.
    pub fn row(&self, row: usize) -> &[i64] {
        &self.weights[row * self.simd..][..self.simd]
    }

    /// The tables of each chain, of a lane.
    fn tables(&self, lane: usize, chains: &[Vec<Range<usize>>]) -> Vec<Vec<SerialTable>> {
        let rows: Vec<_> = (0..self.groups as usize).map(|group| self.row(group * self.pe + lane)).collect();
        chains.iter().map(|chain| Serial::tables(chain, &rows)).collect()
    }

    /// `sign` times the number of a table for the bits that are set, of a lane.
    fn table<'c>(
        &self,
        bits: &[Signal<'c>],
        SerialTable { elements, added, .. }: &SerialTable,
        (lane, group): (usize, Signal<'c>),
        sign: i64,
    ) -> Int<'c> {
        let rows = (0..self.groups as usize).map(|group| &self.row(group * self.pe + lane)[elements.clone()]);
        let sums = |(weights, &added): (&[i64], &i64)| -> Vec<i64> {
            weights.iter().fold(vec![sign * added], |sums, w| {
                let with: Vec<_> = sums.iter().map(|sum| sum + sign * w).collect();
                [sums, with].concat()
            })
        };
        let values: Vec<_> = rows.zip(added).flat_map(sums).collect();
        let mut index = bits[elements.clone()].to_vec();
        if self.groups > 1 {
            index.push(group);
        }
        table(&values, &index)
    }
}

/// Delays the bits of the tables behind this stage.
fn delay_bits<'c>(
    pipeline: &Pipeline<'_, 'c>,
    planes: &mut [Signal<'c>],
    vector: usize,
    chains: &[Vec<Range<usize>>],
    stage: usize,
) {
    let elements: Vec<_> =
        chains.iter().flat_map(|chain| chain.iter().skip(stage + 1)).flat_map(Range::clone).collect();
    if elements.is_empty() {
        return;
    }
    for plane in planes.chunks_mut(vector) {
        let bits: Vec<_> = elements.iter().map(|&element| plane[element]).collect();
        let delayed = pipeline.delay(Signal::pack(&bits)).lanes(1);
        elements.iter().zip(delayed).for_each(|(&element, bit)| plane[element] = bit);
    }
}

/// A number of a list, by the bits of its index, low one first; no index behind the list's end occurs.
fn table<'c>(values: &[i64], index: &[Signal<'c>]) -> Int<'c> {
    let least = values.iter().min().copied().unwrap_or(0).into();
    let most = values.iter().max().copied().unwrap_or(0).into();
    if let [value] = *values {
        return Int::constant(value.into(), index[0].builder());
    }
    let width = Int::width_of(least, most);
    let words: Vec<_> =
        values.iter().map(|&v| Signal::constant(width, v.into(), index[0].builder())).collect();
    // Multiplexers of constants, which synthesis makes a LUT a bit of; of an array it would share decoders between tables.
    Int::new(choose(Signal::pack(index), &words), least, most)
}
