//! `dataflow-pair-rows`: computes two rows of the first convolutions side by side, up to the pool that makes one of them.
//!
//! Requires: a graph as `convert-ee-to-dataflow` makes it, at folding 1.
//! Ensures: the same results of the same images. Where the image goes through convolutions of stride 1 and then a pool of tiles of an even number of rows,
//! all maps in between are pairs of rows, `[H/2, W, 2C]`: so are the samples at the source (`rows`), which a host sends in that order. Other graphs stay
//! as they are.
//!
//!     %x, %t = dataflow.source "in" : <28x28x1xui8, lanes = 1>, …
//!     %w = dataflow.window "w" %x {kernel = [5, 5], pad = [4, 4, 4, 4]} : … -> <32x32x25xui8, lanes = 25>
//!     %y = dataflow.matvec "m" %w {weights = … : tensor<5x5x5x1xi8>} : … -> <32x32x5xi8, lanes = 1>
//!     %z = dataflow.tile_pool "p" %y {kernel = [2, 2]} : … -> <16x16x5xi8, lanes = 1>
//! becomes
//!     %x, %t = dataflow.source "in" {rows = 2} : <14x28x2xui8, lanes = 1>, …
//!     %w = dataflow.window "w" %x {kernel = [3, 5], pad = [2, 2, 4, 4]} : … -> <16x32x30xui8, lanes = 15>
//!     %y = dataflow.matvec "m" %w {weights = … : tensor<10x3x5x2xi8>} : … -> <16x64x5xi8, lanes = 1>
//!     %z = dataflow.tile_pool "p" %y {kernel = [1, 4]} : … -> <16x16x5xi8, lanes = 1>
//!
//! A beat is a part of a row, so a map of 32 columns has 32, 16, 11, 8, 6, 4, 3, 2 beats a row or one, and a layer twice as fast as that of 3 beats has two that
//! it does not fill. With pairs, beats are `2 x n` pixels, and there are steps between. The two rows of a beat share adders, too, and a tile that is in one beat
//! keeps nothing.
//!
//! A kernel of KH rows that begins p rows above its output sees, of the rows `2i - p .. 2i + 1 - p + KH`, the pairs from `i - ceil(p/2)` to
//! `i + floor((KH - p)/2)`: row k of the output's row r is row `2 (j - ceil(p/2)) + s - r + p` of the kernel in the pair j, row s of it, or none: weight 0. (Space to
//! depth, of rows only.)

use atheena_dialects::dataflow::{
    Actor, Folding, Graph, Map, Matvec, Scale, Source, Stream, Table, TilePool, Window,
};
use atheena_dialects::ir::{Attr, Failure, Op, Value};
use atheena_dialects::pass::{NoOptions, Pass};
use atheena_dialects::tosa::Geometry;

/// The pass.
pub struct PairRows;

impl Pass for PairRows {
    const FLAG: &'static str = "dataflow-pair-rows";
    const SUMMARY: &'static str = "Compute two rows of the first convolutions side by side, up to a pool";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = NoOptions;

    fn run(graph: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        pair(Graph(graph));
        Ok(())
    }
}

/// Rows of a pair.
const ROWS: i64 = 2;

/// Pairs the rows of a graph. Returns the cycles a sample of a pair a beat, up to which that may be of use; None where rows can't be paired, and
/// nothing changes.
pub fn pair(graph: Graph<'_>) -> Option<i64> {
    let source =
        graph.0.body().ops().into_iter().find_map(Source::cast).filter(|source| source.rows() == 1)?;
    Front::behind(source)?.apply(source);
    let image = Stream::of_value(source.data());
    let pixel = Folding::Lanes(image.channels());
    let window = source.data().only_user().and_then(Window::cast);
    Some(window.map_or(image.positions(), |window| window.ii_cycles_at(pixel)))
}

/// What is in front of the pool that makes one row of two.
struct Front<'c> {
    layers: Vec<Layer<'c>>,
    /// What works on each element.
    maps: Vec<Op<'c>>,
    pool: TilePool<'c>,
}

/// A convolution.
struct Layer<'c> {
    /// With its kernel over pairs; none of a kernel of one pixel.
    window: Option<(Window<'c>, Geometry)>,
    matvec: Matvec<'c>,
    weights: Attr<'c>,
}

impl<'c> Front<'c> {
    /// None where rows can't be paired.
    fn behind(source: Source<'c>) -> Option<Self> {
        let (mut layers, mut maps) = (vec![], vec![]);
        let mut value = source.data();
        let is_map = |value: Value<'c>| {
            let map = Stream::of_value(value);
            map.shape.len() == 3 && map.shape[0] % ROWS == 0 && map.lanes == 1
        };
        while is_map(value) {
            let op = value.only_user()?;
            if let Some(pool) = TilePool::cast(op) {
                let reduces = pool.kernel()[0] % ROWS == 0 && !layers.is_empty();
                return reduces.then_some(Self { layers, maps, pool });
            }
            if Map::cast(op).is_some() || Table::cast(op).is_some() {
                maps.push(op);
                value = op.result(0);
                continue;
            }
            let layer = Layer::of(op)?;
            value = layer.matvec.0.result(0);
            layers.push(layer);
        }
        None
    }

    fn apply(self, source: Source<'c>) {
        let ctx = source.0.ctx();
        let pairs = |[h, w, c]: [i64; 3]| [h / ROWS, w, ROWS * c];
        set_shape(source.data(), pairs);
        self.maps.iter().for_each(|map| set_shape(map.result(0), pairs));
        source.0.set_attr("rows", Attr::i64(ctx, ROWS));
        for Layer { window, matvec, weights } in self.layers {
            if let Some((Window(op), geometry)) = window {
                op.set_attr("kernel", Attr::i64s(ctx, &geometry.kernel));
                op.set_attr("pad", Attr::i64s(ctx, &geometry.pad));
                let input = Stream::of_value(op.operands()[0]);
                let windows = Window::output_type(&input, &geometry);
                op.result(0).set_ty(windows.expect("the kernel fits pairs as it fits rows").ty(ctx));
            }
            let op = matvec.0;
            op.set_attr("weights", weights);
            if let Some(bias) = matvec.bias() {
                op.set_attr("bias", Scale::bias_attr(ctx, &twice(&bias)));
            }
            let list = |name| op.attr(name).and_then(Attr::to_i64s).filter(|list| list.len() > 1);
            for name in ["multiplier", "shift"] {
                if let Some(list) = list(name) {
                    let narrow = |&value: &i64| i32::try_from(value).expect("it was an i32");
                    op.set_attr(name, Attr::i32s(ctx, &twice(&list).iter().map(narrow).collect::<Vec<_>>()));
                }
            }
            if let Some(list) = list("rounding") {
                op.set_attr("rounding", Attr::i64s(ctx, &twice(&list)));
            }
            set_shape(op.result(0), pairs);
        }
        let op = self.pool.0;
        let [height, width] = self.pool.kernel();
        op.set_attr("kernel", Attr::i64s(ctx, &[height / ROWS, ROWS * width]));
        // The two pixels of a column, side by side: so the last layer gives them, and what works on each element passes them on.
        let mut value = op.operands()[0];
        loop {
            set_shape(value, |[h, w, c]| [h, ROWS * w, c / ROWS]);
            match value.producer().filter(|op| self.maps.contains(op)) {
                Some(map) => value = map.operands()[0],
                None => break,
            }
        }
    }
}

/// Changes the shape of a map.
fn set_shape(value: Value<'_>, change: impl Fn([i64; 3]) -> [i64; 3]) {
    let map = Stream::of_value(value);
    if let &[h, w, c] = &map.shape[..] {
        value.set_ty(Stream { shape: change([h, w, c]).to_vec(), ..map }.ty(value.loc().ctx()));
    }
}

/// What is so for each output, for those of both rows.
fn twice(values: &[i64]) -> Vec<i64> {
    values.repeat(ROWS as usize)
}

impl<'c> Layer<'c> {
    /// The convolution that begins with an actor; None where that is none that pairs of rows can go through.
    fn of(op: Op<'c>) -> Option<Self> {
        let window = Window::cast(op);
        let matvec = Matvec::cast(window.map_or(Some(op), |window| window.0.result(0).only_user())?)?;
        let [outputs, kh, kw, channels] = matvec.weights_shape();
        let geometry = window.map_or_else(Geometry::pointwise, Window::geometry);
        let height = Stream::of_value(op.operands()[0]).shape[0];
        let [rows, _, all] = <[i64; 3]>::try_from(matvec.output().shape).ok()?;
        let unit = geometry.stride == [1, 1] && geometry.dilation == [1, 1] && geometry.kernel == [kh, kw];
        if !unit || rows % ROWS != 0 || all != outputs || window.is_none() && rows != height {
            return None;
        }
        let top = geometry.pad[0];
        let above = (top + 1) / ROWS;
        let pairs = (kh - top).div_euclid(ROWS) + above + 1;
        let below = rows / ROWS - height / ROWS - above + pairs - 1;
        let given: Vec<i8> =
            matvec.weights()?.into_iter().map(|w| i8::try_from(w).ok()).collect::<Option<_>>()?;
        // [2 OC, pairs, KW, 2 C].
        let mut weights = Vec::with_capacity((ROWS * outputs * pairs * kw * ROWS * channels) as usize);
        for row in 0..ROWS {
            for output in 0..outputs {
                for (pair, x) in (0..pairs).flat_map(|pair| (0..kw).map(move |x| (pair, x))) {
                    for (side, channel) in (0..ROWS).flat_map(|side| (0..channels).map(move |c| (side, c))) {
                        let y = ROWS * (pair - above) + side - row + top;
                        let place = ((output * kh + y) * kw + x) * channels + channel;
                        weights.push(if (0..kh).contains(&y) { given[place as usize] } else { 0 });
                    }
                }
            }
        }
        let shape = [ROWS * outputs, pairs, kw, ROWS * channels];
        let weights = Attr::dense(op.ctx(), &shape, &weights);
        let [_, _, left, right] = geometry.pad;
        let geometry = Geometry { kernel: [pairs, kw], pad: [above, below, left, right], ..geometry };
        Some(Self { window: window.map(|window| (window, geometry)), matvec, weights })
    }
}
