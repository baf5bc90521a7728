//! Memories: read-only ones with contents, writable ones, and the last values at a running address.

use super::{Module, Signal, index_width, module::Register};
use atheena_dialects::dataflow::{Column as RomColumn, Rom as RomCuts, SHIFT_DEPTH, Tile, ram_in_luts};
use atheena_dialects::ir::{Attr, Block, Builder, Region, Type, Value};
use std::ops::Range;

/// A memory of words with a synchronous read port and, if writable, a write port.
pub struct Memory<'c> {
    array: Value<'c>,
    array_type: String,
    width: u32,
    depth: i64,
}

/// The content of a read-only memory: words of lanes, lane 0 in the low bits.
pub struct Image {
    pub(super) name: String,
    element_width: u32,
    lanes: i64,
    elements: Vec<i64>,
}

impl Image {
    /// Makes the operation `atheena.memory`, which the exporter writes as `weights/NAME.mem`: `words` is
    /// `[depth, lanes]`, each element in `element_width` bits of two's complement.
    pub(super) fn build(&self, place: Builder<'_>) {
        let ctx = place.ctx();
        let shape = [self.elements.len() as i64 / self.lanes, self.lanes];
        // The narrowest element type that holds every value; the cast keeps the low bits, which is all.
        let words = match self.element_width {
            0..=8 => Attr::dense(ctx, &shape, &self.elements.iter().map(|&v| v as i8).collect::<Vec<_>>()),
            9..=16 => Attr::dense(ctx, &shape, &self.elements.iter().map(|&v| v as i16).collect::<Vec<_>>()),
            17..=32 => Attr::dense(ctx, &shape, &self.elements.iter().map(|&v| v as i32).collect::<Vec<_>>()),
            _ => Attr::dense(ctx, &shape, &self.elements),
        };
        place
            .op("atheena.memory")
            .attr("sym_name", Attr::string(ctx, &self.name))
            .attr("element_width", Attr::i64(ctx, self.element_width.into()))
            .attr("words", words)
            .build();
    }
}

/// A read-only memory, cut into tiles as [`RomCuts`] says.
pub struct Rom<'c> {
    columns: Vec<(RomColumn, Vec<Memory<'c>>)>,
    depth: i64,
}

/// Words of lanes of some bits each, lane 0 in the low bits.
struct Words<'a> {
    elements: &'a [i64],
    element_width: u32,
    lanes: usize,
}

impl Words<'_> {
    /// Some of the bits of some of the words: elements, and bits and lanes of those.
    fn part(&self, words: Range<i64>, bits: Range<i64>) -> (Vec<i64>, u32, usize) {
        let width = i64::from(self.element_width);
        let words = self.elements[words.start as usize * self.lanes..words.end as usize * self.lanes]
            .chunks(self.lanes);
        if bits == (0..width * self.lanes as i64) {
            return (words.flatten().copied().collect(), self.element_width, self.lanes);
        }
        let bit = |word: &[i64], at: i64| word[(at / width) as usize] >> (at % width) & 1;
        let element = |word: &[i64]| bits.clone().map(|at| bit(word, at) << (at - bits.start)).sum();
        (words.map(element).collect(), (bits.end - bits.start) as u32, 1)
    }
}

impl<'c> Module<'c> {
    /// A read-only memory: the elements of all words, word by word, `lanes` elements of `element_width` bits a word, in at most
    /// `blocks` block RAMs if somebody has chosen that.
    /// Its content goes to `weights/MODULE_NAME.mem`, that of tiles to `weights/MODULE_NAME_COLUMN_TILE.mem`; memories of one
    /// name have the same content.
    pub fn rom(
        &self,
        name: &str,
        (element_width, lanes): (u32, usize),
        elements: &[i64],
        blocks: Option<i64>,
    ) -> Rom<'c> {
        let depth = (elements.len() / lanes) as i64;
        let width = i64::from(element_width) * lanes as i64;
        let cuts = match blocks {
            Some(blocks) => RomCuts::new(depth, width, blocks),
            None => RomCuts::usual(depth, width),
        };
        let words = Words { elements, element_width, lanes };
        let is_whole = cuts.columns.len() == 1 && cuts.columns[0].tiles.len() == 1;
        let tile = |column: usize, bits: &Range<i64>, number: usize, tile: &Tile| {
            let name = if is_whole { name.to_owned() } else { format!("{name}_{column}_{number}") };
            self.tile(&name, words.part(tile.words.clone(), bits.clone()), tile.in_block)
        };
        let columns = cuts.columns.into_iter().enumerate().map(|(index, column)| {
            let tiles = column.tiles.iter().enumerate();
            let tiles = tiles.map(|(number, part)| tile(index, &column.bits, number, part)).collect();
            (column, tiles)
        });
        Rom { columns: columns.collect(), depth }
    }

    fn tile(
        &self,
        name: &str,
        (elements, element_width, lanes): (Vec<i64>, u32, usize),
        in_block: bool,
    ) -> Memory<'c> {
        let (depth, width) = ((elements.len() / lanes) as i64, element_width * lanes as u32);
        // Yosys has no "distributed" for memories that are not written.
        let style = if in_block { ("rom_style", "block") } else { ("syn_romstyle", "logic") };
        let memory = self.array(name, style, depth, width);
        let name = format!("{}_{name}", self.name());
        let path = self.add_image(Image { name, element_width, lanes: lanes as i64, elements });
        let ctx = self.builder().ctx();
        let body = Block::new(&[], self.builder().loc());
        Builder::end(body, self.builder().loc())
            .op("sv.readmem")
            .operand(memory.array)
            .attr("filename", Attr::string(ctx, &path))
            // Hexadecimal.
            .attr("base", Attr::i32(ctx, 1))
            .build();
        self.builder().op("sv.initial").region(Region::with_block(body)).build();
        memory
    }

    /// A memory that is written and read. A word that is read while it is written has its old value.
    pub fn ram(&self, name: &str, depth: i64, width: u32) -> Memory<'c> {
        let style = if ram_in_luts(depth, width.into()) { "distributed" } else { "block" };
        self.array(name, ("ram_style", style), depth, width)
    }

    fn array(&self, name: &str, (attribute, style): (&str, &str), depth: i64, width: u32) -> Memory<'c> {
        let ctx = self.builder().ctx();
        let array_type = format!("!hw.inout<uarray<{depth}xi{width}>>");
        let ty = Type::parse(ctx, &array_type).expect("types of other dialects are opaque");
        let style = format!("#sv.attribute<\"{attribute}\" = \"\\22{style}\\22\">");
        let style = Attr::parse(ctx, &style).expect("attributes of other dialects are opaque");
        let op = self.builder().op("sv.reg").attr("name", Attr::string(ctx, name)).result(ty);
        let op = op.attr("sv.attributes", Attr::array(ctx, &[style])).build();
        Memory { array: op.result(0), array_type, width, depth }
    }
}

impl<'c> Rom<'c> {
    /// The word at `address`, one cycle later, where cycles count while `enable` is set.
    pub fn read(&self, module: &Module<'c>, address: Signal<'c>, enable: Signal<'c>) -> Signal<'c> {
        // Columns of equal cuts share what says which tile it is.
        let mut selects: Vec<(Vec<i64>, Signal<'c>)> = vec![];
        let mut parts = vec![];
        for (column, memories) in &self.columns {
            let starts: Vec<i64> = column.tiles.iter().map(|tile| tile.words.start).collect();
            let words: Vec<_> = (column.tiles.iter().zip(memories))
                .map(|(tile, memory)| memory.read(module, memory.local(address, tile.words.start), enable))
                .collect();
            if let [only] = words[..] {
                parts.push(only);
                continue;
            }
            let known = selects.iter().find(|(cuts, _)| *cuts == starts).map(|(_, select)| *select);
            let select = known.unwrap_or_else(|| {
                let select = module.delay(tile_index(module, address, &starts, self.depth), enable);
                selects.push((starts.clone(), select));
                select
            });
            parts.push(choose(select, &words));
        }
        assert_eq!(address.width(), index_width(self.depth), "an address of {} words", self.depth);
        Signal::pack(&parts)
    }
}

/// Which of the tiles that start there an address is in.
fn tile_index<'c>(module: &Module<'c>, address: Signal<'c>, starts: &[i64], depth: i64) -> Signal<'c> {
    let width = index_width(starts.len() as i64);
    let size = starts[1];
    // Tiles of a block RAM's depth: the address has their number.
    let are_alike = (0..).zip(starts).all(|(index, &start)| start == index * size);
    if size.count_ones() == 1 && are_alike && depth <= size * starts.len() as i64 {
        return address.bits(size.trailing_zeros(), width);
    }
    let number = |index: usize| module.constant(width, index as i64);
    (1..starts.len())
        .fold(number(0), |before, index| address.below(address.lit(starts[index])).mux(before, number(index)))
}

/// Word `index` of some.
pub fn choose<'c>(index: Signal<'c>, words: &[Signal<'c>]) -> Signal<'c> {
    let mut words = words.to_vec();
    for bit in 0..index.width() {
        let pair = |pair: &[Signal<'c>]| {
            if let [low, high] = *pair { index.bit(bit).mux(high, low) } else { pair[0] }
        };
        words = words.chunks(2).map(pair).collect();
    }
    words[0]
}

impl<'c> Memory<'c> {
    /// The address in a memory that begins at `start` of another one; of no meaning outside of it.
    fn local(&self, address: Signal<'c>, start: i64) -> Signal<'c> {
        let width = index_width(self.depth);
        let is_aligned = start & ((1 << width) - 1) == 0;
        let address = if is_aligned { address } else { address - start };
        address.bits(0, width)
    }

    fn word(&self, module: &Module<'c>, address: Signal<'c>) -> Value<'c> {
        assert_eq!(address.width(), index_width(self.depth), "an address of {}", self.array_type);
        let builder = module.builder();
        let ty = format!("!hw.inout<i{}>", self.width);
        let ty = Type::parse(builder.ctx(), &ty).expect("types of other dialects are opaque");
        let op = builder.op("sv.array_index_inout").operand(self.array).operand(address.value()).result(ty);
        op.build().result(0)
    }

    /// The word at `address`, one cycle later, where cycles count while `enable` is set.
    pub fn read(&self, module: &Module<'c>, address: Signal<'c>, enable: Signal<'c>) -> Signal<'c> {
        let word = self.word(module, address);
        let builder = module.builder();
        let ty = Type::integer(builder.ctx(), self.width);
        let value = builder.op("sv.read_inout").operand(word).result(ty).build().result(0);
        module.delay(Signal::new(value, self.width, builder), enable)
    }

    /// Writes a word at the clock edge behind the next one if `enable` is set: nothing that computes it is on the way into the memory. `kept` is the word in the next
    /// cycle, if there is a register that holds it.
    pub fn write_late(
        &self,
        module: &Module<'c>,
        address: Signal<'c>,
        (value, kept): (Signal<'c>, Option<Signal<'c>>),
        enable: Signal<'c>,
    ) {
        let always = module.one();
        let kept = kept.unwrap_or_else(|| module.delay(value, always));
        self.write(module, module.delay(address, always), kept, module.delay_valid(enable, always));
    }

    /// Writes a word at the next clock edge if `enable` is set.
    pub fn write(&self, module: &Module<'c>, address: Signal<'c>, value: Signal<'c>, enable: Signal<'c>) {
        assert_eq!(value.width(), self.width, "a word of {}", self.array_type);
        let word = self.word(module, address);
        let builder = module.builder();
        let (ctx, loc) = (builder.ctx(), builder.loc());
        let block = |build: &dyn Fn(Builder<'c>)| {
            let block = Block::new(&[], loc);
            build(Builder::end(block, loc));
            Region::with_block(block)
        };
        let assign = block(&|b| {
            b.op("sv.passign").operand(word).operand(value.value()).build();
        });
        let guarded = block(&|b| {
            b.op("sv.if").operand(enable.value()).region(assign).region(Region::empty()).build();
        });
        builder
            .op("sv.alwaysff")
            .operand(module.clock_bit())
            .attr("clockEdge", Attr::i32(ctx, 0))
            .attr("resetStyle", Attr::i32(ctx, 0))
            .region(guarded)
            .region(Region::empty())
            .build();
    }
}

/// For each of `depth` addresses that come round and round, the word that was pushed there last.
///
/// That is a delay line of `depth` valid cycles. A pipeline reads in one stage what it replaces in the next:
/// `before` tells that the stage before is valid, [`History::old`] belongs to the stage itself.
pub struct History<'c> {
    old: Signal<'c>,
    store: Store<'c>,
    enable: Signal<'c>,
    valid: Signal<'c>,
    is_late: bool,
}

enum Store<'c> {
    Registers(Vec<Register<'c>>),
    Memory(Memory<'c>, Signal<'c>),
}

impl<'c> History<'c> {
    /// A history of words of `width` bits in a pipeline that advances while `enable` is set.
    pub fn new(
        module: &Module<'c>,
        name: &str,
        depth: i64,
        width: u32,
        before: Signal<'c>,
        enable: Signal<'c>,
    ) -> Self {
        let valid = module.delay_valid(before, enable);
        if depth <= SHIFT_DEPTH {
            let registers: Vec<_> = (0..depth).map(|_| module.data_register(name, width)).collect();
            let old = **registers.last().expect("a history has a depth");
            return Self { old, store: Store::Registers(registers), enable, valid, is_late: false };
        }
        let memory = module.ram(name, depth, width);
        let address = module.counter(&format!("{name}_address"), depth, before & enable);
        let old = memory.read(module, address, enable);
        let address = module.delay(address, enable);
        Self { old, store: Store::Memory(memory, address), enable, valid, is_late: false }
    }

    /// The same, whose words go through a register into its memory: for words that take long to compute. A word is read again three valid cycles later at the
    /// earliest, as fewer words are in registers, and so behind its write.
    pub fn late(self) -> Self {
        Self { is_late: true, ..self }
    }

    /// The word that [`History::push`] replaces.
    pub fn old(&self) -> Signal<'c> {
        self.old
    }

    /// Replaces the word, in each valid cycle.
    pub fn push(&self, module: &Module<'c>, value: Signal<'c>) {
        let step = self.enable & self.valid;
        match &self.store {
            Store::Registers(registers) => {
                let mut value = value;
                for register in registers {
                    register.next_if(step, value);
                    value = **register;
                }
            }
            Store::Memory(memory, address) if self.is_late => {
                memory.write_late(module, *address, (value, None), step);
            }
            Store::Memory(memory, address) => memory.write(module, *address, value, step),
        }
    }
}
