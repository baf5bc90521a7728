//! How a read-only memory is cut into block RAMs and LUTs.
//!
//! A memory of `depth` words of `width` bits is columns side by side; a column is tiles on top of one another, with a multiplexer
//! behind them. A tile is one block RAM in one of its shapes, or LUTs. Of all ways to cut into columns, one with the fewest block
//! RAMs is taken; tiles that fill theirs the least are the first to be LUTs where fewer block RAMs are wanted.
//!
//! ```text
//!   4500 words of 13 bits     bits 0..9      9..13
//!                             2048 x 9       4096 x 4
//!                             2048 x 9       404 x 4, in LUTs
//!                             404 x 9
//! ```
//!
//! Of few words there are only few columns of a bit that differ: synthesis keeps one of equals, and they are counted so.
//!
//! Hardware is generated from the same cuts as costs are counted from.

use super::resources::{
    BLOCK_SHAPES, Resources, ceil_div, distinct_columns, lut_rom_bit, multiplexer_bit, worth_blocks,
};
use std::ops::Range;

/// Words of a column, in a memory of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Which words.
    pub words: Range<i64>,
    /// In a block RAM, or in LUTs?
    pub in_block: bool,
}

/// Some of the bits of all words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Which bits.
    pub bits: Range<i64>,
    /// From the first word on.
    pub tiles: Vec<Tile>,
}

/// A read-only memory and how it is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rom {
    /// From the lowest bit on.
    pub columns: Vec<Column>,
}

/// The widest shape: what is left when columns of it are cut off is cut best on its own.
const WIDEST: i64 = 36;

impl Rom {
    /// A memory in at most `blocks` block RAMs.
    pub fn new(depth: i64, width: i64, blocks: i64) -> Self {
        let whole = || {
            let tile = Tile { words: 0..depth, in_block: false };
            Self { columns: vec![Column { bits: 0..width, tiles: vec![tile] }] }
        };
        if blocks == 0 {
            return whole();
        }
        let mut rom = Self::of_blocks(depth, width);
        let mut sizes = rom.tile_sizes();
        if sizes.len() as i64 <= blocks {
            return rom;
        }
        sizes.sort_unstable();
        // Those that fill their block less than this are LUTs, and as many of those that fill it as much as it takes.
        let least = sizes[sizes.len() - blocks as usize];
        let smaller = sizes.iter().filter(|size| **size < least).count();
        let mut surplus = sizes.len() - blocks as usize - smaller;
        for column in rom.columns.iter_mut().rev() {
            let bits = column.bits.end - column.bits.start;
            for tile in column.tiles.iter_mut().rev() {
                let size = bits * (tile.words.end - tile.words.start);
                let equal_too = size == least && surplus > 0;
                if size < least || equal_too {
                    tile.in_block = false;
                    surplus -= usize::from(equal_too);
                }
            }
            join(&mut column.tiles);
        }
        rom
    }

    /// A memory where nobody chooses: in block RAMs if it fills them.
    pub fn usual(depth: i64, width: i64) -> Self {
        let in_luts = Self::new(depth, width, 0);
        let in_blocks = Self::new(depth, width, i64::MAX);
        if worth_blocks(in_luts.resources().lut, in_blocks.resources().bram18) { in_blocks } else { in_luts }
    }

    /// The numbers of block RAMs worth choosing from, ascending: none, all, all but those that are filled least, and half of
    /// many.
    pub fn choices(depth: i64, width: i64) -> Vec<i64> {
        // A LUT is 64 words of a bit.
        if depth <= 64 {
            return vec![0];
        }
        let mut sizes = Self::of_blocks(depth, width).tile_sizes();
        sizes.sort_unstable();
        let all = sizes.len() as i64;
        let full = sizes.iter().filter(|size| **size > sizes[0]).count() as i64;
        let mut choices = vec![0, full, all];
        if all >= 8 {
            choices.push(all / 2);
        }
        choices.sort_unstable();
        choices.dedup();
        choices
    }

    /// Columns of block RAMs, as few of those as possible.
    fn of_blocks(depth: i64, width: i64) -> Self {
        let mut columns = vec![];
        let mut first = 0;
        for (shape_depth, bits) in column_shapes(depth, width) {
            let starts = (0..depth).step_by(shape_depth as usize);
            let tile = |start: i64| Tile { words: start..(start + shape_depth).min(depth), in_block: true };
            columns.push(Column { bits: first..first + bits, tiles: starts.map(tile).collect() });
            first += bits;
        }
        Self { columns }
    }

    /// Bits of each tile in a block RAM.
    fn tile_sizes(&self) -> Vec<i64> {
        let of = |column: &Column| {
            let bits = column.bits.end - column.bits.start;
            let blocks = column.tiles.iter().filter(|tile| tile.in_block);
            blocks.map(|tile| bits * (tile.words.end - tile.words.start)).collect::<Vec<_>>()
        };
        self.columns.iter().flat_map(of).collect()
    }

    /// What it costs, with the register behind it and the multiplexers.
    pub fn resources(&self) -> Resources {
        let mut sum = Resources::default();
        for column in &self.columns {
            let bits = column.bits.end - column.bits.start;
            for tile in &column.tiles {
                sum += if tile.in_block {
                    Resources { bram18: 1, ..Resources::default() }
                } else {
                    let words = tile.words.end - tile.words.start;
                    let bits = distinct_columns(words, bits);
                    Resources::logic(ceil_div(bits * lut_rom_bit(words), 100), bits)
                };
            }
            sum += Resources::logic(bits * multiplexer_bit(column.tiles.len() as i64), 0);
        }
        // Columns of equal cuts share what says which tile it is.
        let most = self.columns.iter().map(|column| column.tiles.len() as i64).max().unwrap_or(1);
        let select = i64::from(64 - (most - 1).leading_zeros());
        sum + Resources::logic(2 * select, select)
    }
}

/// Joins LUTs that stand on top of one another.
fn join(tiles: &mut Vec<Tile>) {
    let mut joined: Vec<Tile> = vec![];
    for tile in tiles.drain(..) {
        match joined.last_mut() {
            Some(last) if !last.in_block && !tile.in_block => last.words.end = tile.words.end,
            _ => joined.push(tile),
        }
    }
    *tiles = joined;
}

/// The depth of the shape and the bits of each column, for the fewest block RAMs and then the fewest LUTs to multiplex.
fn column_shapes(depth: i64, width: i64) -> Vec<(i64, i64)> {
    let cost = |(shape_depth, shape_width): (i64, i64), bits: i64| {
        let tiles = ceil_div(depth, shape_depth);
        (tiles, shape_width.min(bits) * multiplexer_bit(tiles))
    };
    let add = |a: (i64, i64), b: (i64, i64)| (a.0 + b.0, a.1 + b.1);
    // Of the widest columns, all that are not needed to fit the rest.
    let wide = (width / WIDEST - 1).max(0);
    let of_wide = |shape: (i64, i64)| {
        let (blocks, luts) = cost(shape, WIDEST);
        (blocks * (WIDEST / shape.1), luts * (WIDEST / shape.1))
    };
    let best_wide = BLOCK_SHAPES.into_iter().min_by_key(|&shape| of_wide(shape));
    let (wide_depth, wide_bits) = best_wide.expect("there are shapes");
    let mut columns = vec![(wide_depth, wide_bits); (wide * (WIDEST / wide_bits)) as usize];

    // The cheapest columns of so many bits, and the shape of the last one.
    let mut best: Vec<((i64, i64), (i64, i64))> = vec![((0, 0), (0, 0))];
    for bits in 1..=width - wide * WIDEST {
        let with = |shape: (i64, i64)| {
            let before = best[(bits - shape.1).max(0) as usize].0;
            (add(before, cost(shape, bits)), shape)
        };
        best.push(BLOCK_SHAPES.into_iter().map(with).min().expect("there are shapes"));
    }
    let mut bits = width - wide * WIDEST;
    while bits > 0 {
        let (shape_depth, shape_width) = best[bits as usize].1;
        columns.push((shape_depth, shape_width.min(bits)));
        bits -= shape_width;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(rom: &Rom) -> i64 {
        rom.resources().bram18
    }

    #[test]
    fn columns_take_the_shapes_that_fit() {
        let all = |depth, width| blocks(&Rom::new(depth, width, i64::MAX));
        // UG473, table 1-4.
        for (depth, width) in [(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)] {
            assert_eq!((all(depth, width), all(depth + 1, width), all(depth, width + 1)), (1, 2, 2));
        }
        // 40 bits are four columns of 9 and one of 4, which is 2048 x 9 twice or 4096 x 4 once.
        assert_eq!(all(4096, 40), 9);
        // 80 bits of 10240 words: nine columns of 9, each five deep.
        assert_eq!(all(10240, 80), 45);
        // 768 bits of 192 words: 22 columns of 36.
        assert_eq!(all(192, 768), 22);
    }

    #[test]
    fn what_fills_a_block_least_goes_to_luts() {
        // Three of 2048 x 9: the last one has 5760 - 4096 = 1664 words.
        assert_eq!(Rom::choices(5760, 8), [0, 2, 3]);
        let rom = Rom::new(5760, 8, 2);
        let in_luts: Vec<_> = rom.columns[0].tiles.iter().filter(|tile| !tile.in_block).collect();
        assert_eq!((rom.columns.len(), in_luts.len(), in_luts[0].words.clone()), (1, 1, 4096..5760));
        // Of 768 bits there are 21 times 36, and the rest; half of them is a choice.
        assert_eq!(Rom::choices(192, 768), [0, 11, 21, 22]);
        assert_eq!(Rom::choices(64, 8), [0]);
        // A LUT a bit and 64 words.
        assert_eq!(Rom::new(64, 8, 0).resources(), Resources::logic(8, 8));
        assert_eq!(Rom::new(256, 8, 0).resources(), Resources::logic(32, 8));
        // Of four words there are 16 columns: a thousand have all of them.
        assert_eq!(Rom::new(4, 1000, 0).resources(), Resources::logic(16, 16));
    }

    proptest! {
        /// Every bit of every word is in one tile, no tile is larger than its block, and no more blocks are used than wanted.
        #[test]
        fn tiles_cover_the_memory_once(depth in 1i64..20_000, width in 1i64..200, part in 0i64..5) {
            let all = blocks(&Rom::new(depth, width, i64::MAX));
            let rom = Rom::new(depth, width, all * part / 4);
            prop_assert_eq!(blocks(&rom), all * part / 4);
            let mut bit = 0;
            for column in &rom.columns {
                prop_assert_eq!(column.bits.start, bit);
                bit = column.bits.end;
                let mut word = 0;
                for tile in &column.tiles {
                    prop_assert_eq!(tile.words.start, word);
                    word = tile.words.end;
                    let fits = |&(d, w): &(i64, i64)| tile.words.end - tile.words.start <= d && column.bits.end - column.bits.start <= w;
                    prop_assert!(!tile.in_block || BLOCK_SHAPES.iter().any(fits));
                }
                prop_assert_eq!(word, depth);
            }
            prop_assert_eq!(bit, width);
            // No worse than all of one shape, and no better than full blocks.
            let alike = BLOCK_SHAPES.iter().map(|&(d, w)| ceil_div(depth, d) * ceil_div(width, w)).min();
            prop_assert!(all <= alike.unwrap_or(0));
            prop_assert!(all * 18_432 >= depth * width);
        }
    }
}
