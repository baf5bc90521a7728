//! Numbers in a read-only memory.

use super::hdl::{Int, Module, Pipeline, Rom, Signal};
use atheena_dialects::dataflow::SHARED_WORDS;
use indexmap::IndexSet;

/// Numbers in a memory, in as many bits as they take.
///
/// Of few words, bits that are the same in all of them are stored once.
pub struct Stored<'c> {
    memory: Rom<'c>,
    element_width: u32,
    range: (i128, i128),
    /// For each bit of a word, which one of the memory it is; None where all are stored.
    places: Option<Vec<u32>>,
}

impl<'c> Stored<'c> {
    /// `lanes` of the values a word.
    pub fn new(m: &Module<'c>, name: &str, values: &[i64], lanes: usize) -> Self {
        let least = values.iter().min().copied().unwrap_or(0);
        let greatest = values.iter().max().copied().unwrap_or(0);
        Self::of_range(m, name, (values, lanes), (least.into(), greatest.into()), None)
    }

    /// The same of values in a range, in at most so many block RAMs if that is given.
    pub fn of_range(
        m: &Module<'c>,
        name: &str,
        (values, lanes): (&[i64], usize),
        range: (i128, i128),
        blocks: Option<i64>,
    ) -> Self {
        let element_width = Int::width_of(range.0, range.1);
        if values.len() / lanes <= SHARED_WORDS as usize && blocks.unwrap_or(0) == 0 {
            let (patterns, places) = distinct_bits(values, lanes, element_width);
            let bits: Vec<i64> = (0..values.len() / lanes)
                .flat_map(|word| patterns.iter().map(move |pattern| pattern >> word & 1))
                .collect();
            let memory = m.rom(name, (1, patterns.len()), &bits, Some(0));
            return Self { memory, element_width, range, places: Some(places) };
        }
        let memory = m.rom(name, (element_width, lanes), values, blocks);
        Self { memory, element_width, range, places: None }
    }

    /// The word at an address, one cycle later, where cycles count while `enable` is set.
    pub fn read(&self, m: &Module<'c>, address: Signal<'c>, enable: Signal<'c>) -> Vec<Int<'c>> {
        self.elements(self.memory.read(m, address, enable))
    }

    /// The word at an address, a stage after the next one of a pipeline, to which `along` go on.
    pub fn read_late(
        &self,
        pipeline: &mut Pipeline<'_, 'c>,
        address: Signal<'c>,
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        let word = self.memory.read(pipeline.module, address, pipeline.enable);
        pipeline.step(along);
        self.elements(pipeline.delay(word))
    }

    fn elements(&self, stored: Signal<'c>) -> Vec<Int<'c>> {
        let words = match &self.places {
            Some(places) => {
                let bits = stored.lanes(1);
                let element = |places: &[u32]| {
                    Signal::pack(&places.iter().map(|&at| bits[at as usize]).collect::<Vec<_>>())
                };
                places.chunks(self.element_width as usize).map(element).collect()
            }
            None => stored.lanes(self.element_width),
        };
        let (low, high) = self.range;
        words.into_iter().map(|w| Int::new(w, low, high)).collect()
    }
}

/// The patterns that bits of the words have, bit `n` of a pattern being that of word `n`, and the pattern of each bit of a word.
fn distinct_bits(values: &[i64], lanes: usize, element_width: u32) -> (IndexSet<i64>, Vec<u32>) {
    let mut patterns = IndexSet::new();
    let mut places = vec![];
    for lane in 0..lanes {
        for bit in 0..element_width {
            let words = values.iter().skip(lane).step_by(lanes).enumerate();
            let pattern = words.map(|(word, value)| (value >> bit & 1) << word).sum();
            places.push(patterns.insert_full(pattern).0 as u32);
        }
    }
    (patterns, places)
}
