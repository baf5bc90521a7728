//! `dataflow.tile_pool`: the maximum or the average of each channel of each tile of a map.

use super::actor::{lanes_of, output_register, output_registers, pixel_foldings};
use super::pool::Average;
use super::resources::history;
use super::scale::{dsp_blocks, multiplies};
use super::timing::{LEVELS, Step, tree_stages};
use super::{
    Actor, Element, Folding, Lanes, Named, PoolKind, Resources, SHIFT_DEPTH, Stream, Timing, ceil_div,
    memory, operation, pair, start,
};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.tile_pool`.
    TilePool, "dataflow.tile_pool"
}

/// How a row of a map goes through tiles, beat by beat: `tiles`, of `beats`, of `groups` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileRow {
    /// Beats of a pixel, where beats are parts of one.
    pub groups: i64,
    /// Beats of whole pixels in the row of a tile; 1 where a beat has several tiles.
    pub beats: i64,
    /// Tiles side by side, or beats that have several of them.
    pub tiles: i64,
    /// Pixels of a beat that are of the same tile.
    pub pixels: i64,
    /// May the last beat of a tile's row have lanes behind the end of the map's?
    pub is_partial: bool,
}

impl TileRow {
    /// Of rows of a map, in tiles of this width.
    pub fn of(map: &Stream, width: i64) -> Self {
        let (pixels, row) = (map.pixels(), map.row_pixels());
        let tiles_a_beat = (pixels / width).max(1);
        Self {
            groups: ceil_div(map.channels(), map.lanes),
            beats: ceil_div(width, pixels),
            tiles: ceil_div(row / width, tiles_a_beat),
            pixels: if Self::fits(pixels, width) { pixels.min(width) } else { pixels },
            is_partial: !Self::fits(pixels, width),
        }
    }

    /// Are beats of so many pixels parts of a tile's row, or several of them?
    fn fits(pixels: i64, width: i64) -> bool {
        pixels % width == 0 || width % pixels == 0
    }

    /// Words that are kept from one row to the next.
    pub fn kept(self) -> i64 {
        self.tiles * self.groups
    }

    /// Do these words come in turn, one a beat?
    pub fn is_in_turn(self) -> bool {
        self.beats == 1 || self.tiles == 1
    }
}

impl<'c> TilePool<'c> {
    /// Pools each tile, of `kernel`, of the map `input`, `[H, W, C]`, which they cover.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        (kind, kernel): (PoolKind, [i64; 2]),
        zps: (i64, i64),
    ) -> Self {
        let ctx = builder.ctx();
        let map = Stream::of_value(input);
        let shape = vec![map.shape[0] / kernel[0], map.shape[1] / kernel[1], map.channels()];
        let lanes = Self::output_lanes(&map, kernel[1]);
        let output = Stream { shape, lanes, ..map };
        let op = start(builder, Self::NAME, named).operand(input).result(output.ty(ctx));
        let op = op.attr("kernel", Attr::i64s(ctx, &kernel));
        let average = Average { zps, ..Average::default() };
        Self(average.set(ctx, op, kind, kernel.iter().product()).build())
    }

    /// The kind.
    pub fn kind(self) -> PoolKind {
        PoolKind::of(self.0)
    }

    /// Height and width of the tiles.
    pub fn kernel(self) -> [i64; 2] {
        pair(self.0, "kernel")
    }

    /// Values of which each output is made.
    pub fn taps(self) -> i64 {
        self.kernel().iter().product()
    }

    /// Does it give rows, to what takes a beat a cycle, so that a single register is enough? The one pixel of a whole map may stay for as long as a layer
    /// works with it, while the pool goes on.
    pub fn sends_rows(self) -> bool {
        self.outputs()[0].positions() > 1
    }

    /// How rows of its input go through tiles.
    pub fn row(self) -> TileRow {
        TileRow::of(&self.inputs()[0], self.kernel()[1])
    }

    /// Does a tile have several beats, so that what came of it is kept?
    pub fn keeps(self) -> bool {
        self.keeps_of(self.row())
    }

    /// Levels of the tree over pixels of a beat between two registers: a maximum, a comparison and a choice, is a path of its own.
    pub fn tree_levels(self) -> u64 {
        match self.kind() {
            PoolKind::Max => 1,
            PoolKind::Average => LEVELS,
        }
    }

    fn keeps_of(self, row: TileRow) -> bool {
        self.kernel()[0] > 1 || row.beats > 1
    }

    fn output_lanes(map: &Stream, width: i64) -> i64 {
        if map.lanes < map.channels() { map.lanes } else { (map.pixels() / width).max(1) * map.channels() }
    }

    fn with_lanes(self, folding: Folding) -> (Stream, TileRow) {
        let input = self.inputs().swap_remove(0).with_lanes(lanes_of(folding));
        let row = TileRow::of(&input, self.kernel()[1]);
        (input, row)
    }
}

impl<'c> Actor<'c> for TilePool<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// Parts of pixels, and pixels that are a part of a tile's row or several of them; of tiles as wide as the map, any number.
    fn foldings(&self) -> Vec<Folding> {
        let (map, width) = (self.inputs().swap_remove(0), self.kernel()[1]);
        let (channels, row) = (map.channels(), map.row_pixels());
        pixel_foldings(channels, channels, row, |pixels| width == row || TileRow::fits(pixels, width))
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let (map, _) = self.with_lanes(folding);
        Lanes { inputs: vec![map.lanes], outputs: vec![Self::output_lanes(&map, self.kernel()[1])] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.with_lanes(folding).0.beats()
    }

    /// The first tile up to its last pixel, and the pipeline.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let (map, row) = self.with_lanes(folding);
        let last_pixel = (self.kernel()[0] - 1) * map.row_beats() + (row.beats - 1) * row.groups;
        last_pixel + 3 + tree_stages(row.pixels, self.tree_levels()) as i64
    }

    /// All beats come in; those of the last pixel of each tile, or the one with it, give one each.
    fn timing(&self) -> Timing {
        let (map, row) = (self.inputs().swap_remove(0), self.row());
        let mut steps = vec![Step::TAKE; ((self.kernel()[0] - 1) * map.row_beats()) as usize];
        for _ in 0..row.tiles {
            steps.resize(steps.len() + ((row.beats - 1) * row.groups) as usize, Step::TAKE);
            steps.resize(steps.len() + row.groups as usize, Step::PASS);
        }
        let stages = match self.kind() {
            PoolKind::Max => 1,
            PoolKind::Average => 2 + u64::from(multiplies(self.0)),
        };
        let timing = Timing::steps(steps, stages + tree_stages(row.pixels, self.tree_levels()));
        if self.sends_rows() { timing.with_single_outputs() } else { timing }
    }

    /// An adder or a maximum a lane, whose results of a row are kept in a memory, and for an average a product. Of several pixels of a tile
    /// a beat, a tree over them for each channel.
    fn resources_at(&self, folding: Folding) -> Resources {
        let (map, row) = self.with_lanes(folding);
        let lanes = Self::output_lanes(&map, self.kernel()[1]);
        let bits = i64::from(Element::of_values(self.0.operands()[0]).bits);
        let kept = |width: i64| match row.is_in_turn() {
            // Words go through a register into a memory.
            true if row.kept() > SHIFT_DEPTH => {
                memory(row.kept(), lanes * width) + Resources::logic(0, lanes * width)
            }
            true => history(row.kept(), lanes * width),
            // Pixels of a tile one after the other: what was kept last is at hand.
            false if row.groups == 1 => {
                memory(row.kept(), lanes * width) + Resources::logic(1, 1) * (lanes * width)
            }
            false => memory(row.kept(), lanes * width),
        };
        let kept = |width: i64| if self.keeps_of(row) { kept(width) } else { Resources::default() };
        let several = i64::from(row.pixels > 1);
        let tree = |each: Resources| each * ((row.pixels - 1) * lanes);
        let pool = match self.kind() {
            // A comparison and a choice.
            PoolKind::Max => {
                let join = if self.keeps_of(row) { 2 * bits } else { 0 };
                let each = Resources::logic(join, bits * (1 + several));
                // Each level of the tree but the last, whose register is the pixel's.
                let levels = Resources::logic(0, bits) * ((row.pixels - 2).max(0) * lanes);
                each * lanes + tree(Resources::logic(2 * bits + 1, 0)) + levels + kept(bits)
            }
            PoolKind::Average => {
                let width = bits + i64::from(64 - (self.taps() - 1).leading_zeros());
                let dsp = dsp_blocks(self.0, width);
                // A multiplier of few digits is adders.
                let adders = if multiplies(self.0) && dsp == 0 { 3 * (width + 5) } else { 0 };
                let scale = Resources { dsp, ..Resources::logic(width + adders, width) };
                let join = if self.keeps_of(row) { width } else { 0 };
                let each = Resources::logic(join, width) + scale;
                each * lanes + tree(Resources::logic(bits + 1, bits + 1)) + kept(width)
            }
        };
        let output = if self.sends_rows() { output_register } else { output_registers };
        pool + output(lanes * i64::from(map.element.bits)) + Resources::logic(20, 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_through_tiles() {
        let map = |width, lanes| Stream { shape: vec![4, width, 6], element: Element::signed(8), lanes };
        let row = |width, lanes, tile| {
            let TileRow { groups, beats, tiles, pixels, is_partial } = TileRow::of(&map(width, lanes), tile);
            ([groups, beats, tiles, pixels], is_partial)
        };
        // A third of a pixel, a pixel, half of a tile's row, and three tiles of which the last beat has one.
        assert_eq!(row(12, 2, 3), ([3, 3, 4, 1], false));
        assert_eq!(row(12, 6, 3), ([1, 3, 4, 1], false));
        assert_eq!(row(12, 12, 4), ([1, 2, 3, 2], false));
        assert_eq!(row(14, 24, 2), ([1, 1, 4, 2], false));
        // A whole row, in beats that it does not fill.
        assert_eq!(row(5, 24, 5), ([1, 2, 1, 4], true));
    }
}
