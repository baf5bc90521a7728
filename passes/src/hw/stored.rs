//! Numbers in a read-only memory.

use super::hdl::{Int, Memory, Module, Signal};

/// Numbers in a memory, in as many bits as they take.
pub struct Stored<'c> {
    memory: Memory<'c>,
    element_width: u32,
    range: (i128, i128),
}

impl<'c> Stored<'c> {
    /// `lanes` of the values a word.
    pub fn new(m: &Module<'c>, name: &str, values: &[i64], lanes: usize) -> Self {
        let least = values.iter().min().copied().unwrap_or(0);
        let greatest = values.iter().max().copied().unwrap_or(0);
        let range = (least.into(), greatest.into());
        let element_width = Int::width_of(range.0, range.1);
        Self { memory: m.rom(name, element_width, lanes, values.to_vec()), element_width, range }
    }

    /// The word at an address, one cycle later, where cycles count while `enable` is set.
    pub fn read(&self, m: &Module<'c>, address: Signal<'c>, enable: Signal<'c>) -> Vec<Int<'c>> {
        let word = self.memory.read(m, address, enable);
        let (low, high) = self.range;
        word.lanes(self.element_width).into_iter().map(|w| Int::new(w, low, high)).collect()
    }
}
