//! `dataflow.tile_pool`: the maximum or the average of each channel of each tile of a map.
//!
//! One beat a cycle. Latency, from the beat of a tile's last pixel: 2 cycles, one more for an average, and another one if its multiplier is no power of
//! two. Pixels of the same tile in a beat, P, go through a tree first, `ceil(log2(P))` cycles, half of them for an average; what is behind the end of the map's row counts
//! as nothing, or as the least. What came so far of the tiles of a row is in a memory, or registers if they are few; of tiles of one row in a beat
//! nothing is.
//!
//! ```text
//!   beat ─► trees ─► x ──► join ─┬─► write a tile's word ─► so far [tiles, groups]
//!                           ▲    └─► output, with the tile's last pixel   │
//!                           └─────────────────────────────────────────────┘
//! ```

use super::{
    actor::{Actor, beat_width},
    hdl::{History, Int, Memory, Module, Pipeline, Register, Signal, index_width},
    pool::{average_range, is_average},
    rescale::Factors,
};
use atheena_dialects::dataflow::{Stream, TilePool, TileRow};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let pool = TilePool::cast(actor.0).expect("its module is generated from a tile_pool");
    let ([rows, _], row, average) = (pool.kernel(), pool.row(), is_average(actor));
    let input = m.receive(0, beat_width(&from));
    let send = if pool.sends_rows() { Module::send_single } else { Module::send };
    let output = send(m, 0, beat_width(&to));
    let enable = output.ready;

    let step = enable & input.valid;
    let mut at = Place::count(m, step, (rows, row));
    input.take_if(enable);

    let mut pipeline = Pipeline::new(m, enable, input.valid);
    let lanes = actor.lanes_of(0, input.data);
    let zero_point = if average { actor.zero_point("input_zp") } else { 0 };
    let lanes: Vec<_> = lanes.into_iter().map(|x| x.plus(-i128::from(zero_point))).collect();
    let (low, high) = average_range(&lanes, if average { pool.taps() } else { 1 });
    let width = Int::width_of(low, high);
    let lanes =
        if row.is_partial { within_row(m, step, &from, lanes, if average { 0 } else { low }) } else { lanes };
    // A list for each channel of each tile: a beat is `[tiles, pixels, channels]`.
    let channels = (to.lanes / to.pixels()) as usize;
    let of_tile = |tile: &[Int<'c>]| -> Vec<Vec<_>> {
        (0..channels).map(|channel| tile.iter().skip(channel).step_by(channels).copied().collect()).collect()
    };
    let lists = lanes.chunks(row.pixels as usize * channels).flat_map(of_tile).collect();
    let join = |a: Int<'c>, b: Int<'c>| if average { a + b } else { a.max(b) };
    let lanes = pipeline.reduce(lists, pool.tree_levels() as u32, &mut at.signals(), join);

    // Of a tile that is a part of a beat nothing came before.
    let so_far = pool.keeps().then(|| SoFar::new(row, width * to.lanes as u32, &pipeline, at.word));
    let lanes = pipeline.delay_ints(&lanes);
    pipeline.step(&mut at.signals());
    let now: Vec<_> = match &so_far {
        None => lanes.iter().map(|x| x.to_bits(width)).collect(),
        Some(so_far) => {
            let before = so_far.before(at.begins_row).lanes(width).into_iter();
            let joined = |(&x, before): (&Int<'c>, Signal<'c>)| {
                let before = Int::new(before, low, high);
                if average {
                    return at.is_first.mux(x.to_bits(width), join(before, x).to_bits(width));
                }
                // One multiplexer chooses.
                let takes = at.is_first | before.less(x);
                takes.mux(x.to_bits(width), before.to_bits(width))
            };
            lanes.iter().zip(before).map(joined).collect()
        }
    };
    if let Some(so_far) = &so_far {
        so_far.keep(&pipeline, Signal::pack(&now));
    }
    pipeline.valid = pipeline.valid & at.is_last;
    let now: Vec<_> = now.into_iter().map(|bits| Int::new(bits, low, high)).collect();
    let results = if average {
        let now = pipeline.delay_ints(&now);
        pipeline.step(&mut []);
        let rescale = actor.rescale();
        let (least, most) = to.element.range();
        let scaled = rescale.multiply(now, Factors::default(), &mut pipeline, &mut []);
        let zero_point = actor.zero_point("output_zp");
        scaled.into_iter().map(|v| rescale.finish(v, zero_point, least, most)).collect()
    } else {
        now
    };
    let lanes: Vec<_> = results.into_iter().map(|v: Int<'c>| v.to_bits(to.element.bits)).collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}

/// Where a beat is.
struct Place<'c> {
    /// Has its tile no pixel in front of it?
    is_first: Signal<'c>,
    /// Is it the last one of its tile?
    is_last: Signal<'c>,
    /// Is it the first one of a row of its tile?
    begins_row: Signal<'c>,
    /// Which of the words that are kept is its tile's.
    word: Signal<'c>,
}

impl<'c> Place<'c> {
    /// Counts beats, through tiles of so many rows.
    fn count(m: &Module<'c>, step: Signal<'c>, (rows, row): (i64, TileRow)) -> Self {
        let group = m.counter("group", row.groups, step);
        let step_x = step & group.is(row.groups - 1);
        let beat = m.counter("beat", row.beats, step_x);
        let step_tile = step_x & beat.is(row.beats - 1);
        let tile = m.counter("tile", row.tiles, step_tile);
        let y = m.counter("row", rows, step_tile & tile.is(row.tiles - 1));
        let width = index_width(row.kept());
        let word = if row.groups == 1 {
            tile
        } else {
            let first = m.register("first_word", width);
            let next = tile.is(row.tiles - 1).mux(m.constant(width, 0), *first + row.groups);
            first.next_if(step_tile, next);
            *first + group.zero_extend(width)
        };
        Self {
            is_first: y.is(0) & beat.is(0),
            is_last: y.is(rows - 1) & beat.is(row.beats - 1),
            begins_row: beat.is(0),
            word,
        }
    }

    fn signals(&mut self) -> [&mut Signal<'c>; 4] {
        [&mut self.is_first, &mut self.is_last, &mut self.begins_row, &mut self.word]
    }
}

/// What came so far of each tile that a row of the map goes through, for each part of a pixel.
enum SoFar<'c> {
    /// Its words come in turn.
    InTurn(History<'c>),
    /// A tile's word comes again before that of the next one.
    Anew {
        memory: Memory<'c>,
        /// What was read for this stage, and from where.
        read: Signal<'c>,
        address: Signal<'c>,
        /// What was kept last: the word within a row of a tile, where it is wanted at once.
        last: Option<Register<'c>>,
    },
}

impl<'c> SoFar<'c> {
    /// Words of `width` bits for the stage behind this one, in which `word` is the one that is wanted.
    fn new(row: TileRow, width: u32, pipeline: &Pipeline<'_, 'c>, word: Signal<'c>) -> Self {
        let (m, enable) = (pipeline.module, pipeline.enable);
        if row.is_in_turn() {
            let words = History::new(m, "so_far", row.kept(), width, pipeline.valid, enable);
            return Self::InTurn(words.late());
        }
        let memory = m.ram("so_far", row.kept(), width);
        let read = memory.read(m, word, enable);
        let last = (row.groups == 1).then(|| m.data_register("last", width));
        Self::Anew { memory, read, address: m.delay(word, enable), last }
    }

    fn before(&self, begins_row: Signal<'c>) -> Signal<'c> {
        match self {
            Self::InTurn(history) => history.old(),
            Self::Anew { read, last: None, .. } => *read,
            Self::Anew { read, last: Some(last), .. } => begins_row.mux(*read, **last),
        }
    }

    /// Keeps the word of the beat in this stage.
    fn keep(&self, pipeline: &Pipeline<'_, 'c>, word: Signal<'c>) {
        let (m, step) = (pipeline.module, pipeline.enable & pipeline.valid);
        match self {
            Self::InTurn(history) => history.push(m, word),
            Self::Anew { memory, address, last: Some(last), .. } => {
                last.next_if(step, word);
                memory.write_late(m, *address, (word, Some(**last)), step);
            }
            // Of two groups in turn a word may be wanted at once.
            Self::Anew { memory, address, last: None, .. } => memory.write(m, *address, word, step),
        }
    }
}

/// The lanes of a beat, but `nothing` for those behind the end of a row.
fn within_row<'c>(
    m: &Module<'c>,
    step: Signal<'c>,
    from: &Stream,
    lanes: Vec<Int<'c>>,
    nothing: i128,
) -> Vec<Int<'c>> {
    let beats = from.row_beats();
    let of_last = (from.row_pixels() - (beats - 1) * from.pixels()) * from.channels();
    let ends_row = m.counter("column", beats, step).is(beats - 1);
    let nothing = Int::constant(nothing, step.builder());
    let masked =
        |(lane, x): (i64, Int<'c>)| if lane < of_last { x } else { Int::select(ends_row, nothing, x) };
    (0..).zip(lanes).map(masked).collect()
}
