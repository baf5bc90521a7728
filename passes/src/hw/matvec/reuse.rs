//! Vectors that use each word of weights one after the other, so that the memory of weights is narrower by as much.
//!
//! A block RAM gives 36 bits a cycle however few words it has. Of R vectors that use a word in R cycles, the word may come in R parts, a part
//! a cycle: of R times as many words, each an R-th as wide. The vectors wait in a memory meanwhile, in which the next ones arrive.
//!
//! ```text
//!   beats ─► memory of vectors ─ beat b of vector 0, 1, .. R-1, for each group of outputs ─► x
//!   parts of words of beat b and a group, one a cycle ─► R-1 registers ─► word ─► weights, for R cycles
//! ```
//!
//! Beat b of all vectors is used before beat b + 1 of any. So when a beat is used, those of the last vector up to it have come, and those of the first
//! one in front of it are gone: always `(R - 1) * V/SIMD + 1` beats. Outputs come group by group, of all vectors, and are put in order in a memory.

use super::Matrix;
use crate::hw::hdl::{Int, Memory, Module, Pipeline, Receiver, Signal, choose, index_width};
use crate::hw::stored::Stored;
use atheena_dialects::dataflow::MatvecSize;

/// The vectors that wait, and what is used of them.
pub struct Vectors<'c> {
    memory: Memory<'c>,
    /// The least and the greatest element.
    range: (i128, i128),
    /// Where the beat is that is used.
    place: Signal<'c>,
    /// Of which vector it is.
    vector: Signal<'c>,
    /// Is one used?
    pub used: Signal<'c>,
    /// The number of the beat in its vector.
    pub beat: Signal<'c>,
}

impl Matrix {
    /// Takes beats in as long as there is room, and goes through those that are there.
    pub fn vectors<'c>(
        &self,
        m: &Module<'c>,
        (input, elements): (&Receiver<'c>, &[Int<'c>]),
        enable: Signal<'c>,
    ) -> Vectors<'c> {
        let room = MatvecSize::room_beats(self.beats, self.reuse);
        let ahead = MatvecSize::beats_ahead(self.beats, self.reuse);
        let held = m.register("held", index_width(room + 1));
        let free = held.is_not(room);
        let comes = free & input.valid;
        input.take_if(free);
        let (low, high) = self.input;
        let elements: Vec<_> =
            elements.iter().map(|element| element.to_bits(Int::width_of(low, high))).collect();
        let beat = Signal::pack(&elements);
        let memory = m.ram("vectors", room, beat.width());
        memory.write(m, m.counter("write_address", room, comes), beat, comes);

        let used = m.wire("used", 1);
        let step = enable & *used;
        let vector = m.counter("vector", self.reuse, step);
        let of_last = vector.is(self.reuse - 1);
        let group = m.counter("group", self.groups, step & of_last);
        let ends = step & of_last & group.is(self.groups - 1);
        let beat = m.counter("beat", self.beats, ends);
        let begins = vector.is(0) & group.is(0);
        used.drive(!begins | held.at_least(ahead));

        let first = m.register("first", index_width(room));
        let gone = |width: u32| {
            let number = |value: i64| m.constant(width, value);
            ends.mux(beat.is(self.beats - 1).mux(number(ahead), number(1)), number(0))
        };
        held.next(*held + comes.zero_extend(held.width()) - gone(held.width()));
        first.next(*first + gone(first.width()));
        let distances: Vec<_> =
            (0..self.reuse).map(|vector| m.constant(first.width(), vector * self.beats)).collect();
        let place = *first + choose(vector, &distances);
        Vectors { memory, range: (low, high), place, vector, used: *used, beat }
    }

    /// The weights that a beat is multiplied with, of the next stage, and its elements, of this one, some stages on.
    pub fn shared_operands<'c>(
        &self,
        pipeline: &mut Pipeline<'_, 'c>,
        vectors: &Vectors<'c>,
        (words, range, blocks): (&[i64], (i128, i128), Option<i64>),
        along: &mut [&mut Signal<'c>; 2],
    ) -> (Vec<Int<'c>>, Vec<Int<'c>>) {
        let (m, enable) = (pipeline.module, pipeline.enable);
        let length = self.pe * self.simd;
        let parts = self.reuse as usize;
        let width = length.div_ceil(parts);
        let mut elements = vec![];
        for word in words.chunks(length) {
            elements.extend(word);
            elements.resize(elements.len() + parts * width - length, 0);
        }
        let stored = Stored::of_range(m, "weights", (&elements, width), range, blocks);
        let address = m.counter("address", self.beats * self.groups * self.reuse, enable & pipeline.valid);
        let part = stored.read(m, address, enable);
        let came = enable & m.delay_valid(pipeline.valid, enable);
        let number = m.delay(vectors.vector, enable);
        let kept = |when: Signal<'c>, value: &Int<'c>| {
            let register = m.data_register("weight", value.width());
            register.next_if(when, value.to_bits(value.width()));
            let (low, high) = value.range();
            Int::new(*register, low, high)
        };
        let earlier = (0..self.reuse - 1).flat_map(|at| {
            let when = came & number.is(at);
            part.iter().map(|weight| kept(when, weight)).collect::<Vec<_>>()
        });
        let all: Vec<_> = earlier.chain(part.iter().copied()).take(length).collect();
        let complete = came & number.is(self.reuse - 1);
        let weights = all.iter().map(|weight| kept(complete, weight)).collect();

        let mut place = vectors.place;
        let [first, last] = along;
        for _ in 1..self.reuse {
            pipeline.step(&mut [&mut place, first, last]);
        }
        let x = vectors.memory.read(m, place, enable);
        pipeline.step(&mut [first, last]);
        let (low, high) = vectors.range;
        let x = x.lanes(Int::width_of(low, high)).into_iter().map(|x| Int::new(x, low, high));
        (weights, x.collect())
    }

    /// What is there once for each lane and group, once for each vector.
    pub fn for_each_vector<T: Copy>(&self, values: &[T]) -> Vec<T> {
        values.chunks(self.pe).flat_map(|group| group.repeat(self.reuse as usize)).collect()
    }

    /// Outputs of all vectors, group by group, as those of one vector after the other, some stages on.
    pub fn in_order<'c>(&self, pipeline: &mut Pipeline<'_, 'c>, outputs: Signal<'c>) -> Signal<'c> {
        if self.reuse == 1 || self.groups == 1 {
            return outputs;
        }
        let (m, turns) = (pipeline.module, self.groups * self.reuse);
        let memory = m.ram("outputs", turns, outputs.width());
        let comes = pipeline.enable & pipeline.valid;
        memory.write(m, m.counter("output_write_address", turns, comes), outputs, comes);
        for _ in 0..MatvecSize::order_cycles(self.groups, self.reuse) {
            pipeline.step(&mut []);
        }
        let step = pipeline.enable & pipeline.valid;
        let group = m.counter("leaving_group", self.groups, step);
        let last = group.is(self.groups - 1);
        let vector = m.counter("leaving_vector", self.reuse, step & last);
        let place = m.register("output_place", index_width(turns));
        let next_vector = vector.is(self.reuse - 1).mux(vector.lit(0), vector + 1);
        let next_vector = next_vector.zero_extend(place.width());
        place.next_if(step, last.mux(next_vector, *place + self.reuse));
        let output = memory.read(m, *place, pipeline.enable);
        pipeline.step(&mut []);
        output
    }
}
