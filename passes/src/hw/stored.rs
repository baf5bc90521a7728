//! Numbers in a read-only memory.

use super::hdl::{Int, Module, Rom, Signal};

/// Numbers in a memory, in as many bits as they take.
pub struct Stored<'c> {
    memory: Rom<'c>,
    element_width: u32,
    range: (i128, i128),
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
        let memory = m.rom(name, (element_width, lanes), values, blocks);
        Self { memory, element_width, range }
    }

    /// The word at an address, one cycle later, where cycles count while `enable` is set.
    pub fn read(&self, m: &Module<'c>, address: Signal<'c>, enable: Signal<'c>) -> Vec<Int<'c>> {
        let word = self.memory.read(m, address, enable);
        let (low, high) = self.range;
        word.lanes(self.element_width).into_iter().map(|w| Int::new(w, low, high)).collect()
    }
}
