//! Random integer networks with two exits, as text: layers of odd sizes, so that every way through the golden model's
//! lowering is taken.

use std::fmt::Write;

use atheena_dialects::ee::Confidence;
use atheena_runtime::dataset::DataSet;

/// A network and images for it.
pub struct Network {
    pub text: String,
    pub images: DataSet,
}

const CLASSES: usize = 7;

/// The network of a seed.
pub fn random(seed: u64) -> Network {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let shape = [random.within(7, 14), random.within(7, 14), random.within(1, 5)];
    let pixels: Vec<u8> = (0..24 * shape.iter().product::<usize>()).map(|_| random.next() as u8).collect();
    let images =
        DataSet::new([24, shape[0], shape[1], shape[2]], pixels, None).expect("pixels of that shape");

    let mut at = Layers { text: String::new(), next: 0, random, x: "%image".to_owned(), shape };
    let input = at.ty("i8");
    at.rescale("i8", 30, -128, true, false);
    at.zero_point_layer();
    at.layer();
    let logits = format!("tensor<1x{CLASSES}xi8>");
    for label in ["a", "b"] {
        let (confidence, input, x) = (at.confidence(), at.ty("i8"), at.x.clone());
        // The regions' argument hides the outer value of the same name.
        writeln!(
            at.text,
            "%r{label} = ee.exit \"{label}\" on (%f{label} = {x} : {input}) when {confidence} classify {{"
        )
        .expect("a string takes text");
        let shape = at.shape;
        at.x = format!("%f{label}");
        at.classifier();
        at.shape = shape;
        at.x = format!("%f{label}");
        at.text += "} otherwise {\n";
        at.layer();
    }
    at.layer();
    at.classifier();
    write!(at.text, "}} -> {logits}\nee.yield %rb : {logits}\n}} -> {logits}\nreturn %ra : {logits}\n")
        .expect("a string takes text");
    let text = format!("func.func @network(%image: {input}) -> {logits} {{\n{}}}\n", at.text);
    Network { text, images }
}

/// A linear congruential generator (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.next() as usize % (high - low + 1)
    }

    fn signed(&mut self, limit: i64) -> i64 {
        i64::from(self.next()) % (2 * limit + 1) - limit
    }

    fn list(&mut self, count: usize, limit: i64) -> String {
        let values: Vec<_> = (0..count).map(|_| self.signed(limit).to_string()).collect();
        values.join(", ")
    }
}

/// Layers in the making, each on the result of the one before.
struct Layers {
    text: String,
    next: usize,
    random: Random,
    /// The value that the next layer takes, i8 `[1, H, W, C]`.
    x: String,
    /// `[H, W, C]`.
    shape: [usize; 3],
}

impl Layers {
    fn ty(&self, element: &str) -> String {
        let [h, w, c] = self.shape;
        format!("tensor<1x{h}x{w}x{c}x{element}>")
    }

    /// A value of an operation: `NAME = OPERATION`.
    fn value(&mut self, operation: &str) -> String {
        self.next += 1;
        let name = format!("%v{}", self.next);
        writeln!(self.text, "{name} = {operation}").expect("a string takes text");
        name
    }

    fn constant(&mut self, values: &str, ty: &str) -> String {
        self.value(&format!("\"tosa.const\"() <{{values = dense<{values}> : {ty}}}> : () -> {ty}"))
    }

    /// To i8, from sums or from pixels: `(x - input_zp) * multiplier >> shift`.
    fn rescale(&mut self, from: &str, shift: usize, output_zp: i64, unsigned: bool, each_channel: bool) {
        let n = if each_channel { self.shape[2] } else { 1 };
        let multipliers: Vec<_> = (0..n)
            .map(|_| if each_channel { (1 << 30) + self.random.within(0, 1 << 29) } else { 1 << 30 })
            .map(|m| m.to_string())
            .collect();
        let multiplier = self.constant(&format!("[{}]", multipliers.join(", ")), &format!("tensor<{n}xi32>"));
        let shift = self.constant(&shift.to_string(), &format!("tensor<{n}xi8>"));
        let input_zp = self.constant(if unsigned { "-128" } else { "0" }, &format!("tensor<1x{from}>"));
        // Pixels lose 128 by their own zero point.
        let output_zp = self.constant(&if unsigned { 0 } else { output_zp }.to_string(), "tensor<1xi8>");
        let (x, input, result) = (self.x.clone(), self.ty(from), self.ty("i8"));
        self.x = self.value(&format!(
            "tosa.rescale {x}, {multiplier}, {shift}, {input_zp}, {output_zp} {{scale32 = true, rounding_mode = \
             SINGLE_ROUND, per_channel = {each_channel}, input_unsigned = {unsigned}, output_unsigned = false}} : \
             ({input}, tensor<{n}xi32>, tensor<{n}xi8>, tensor<1x{from}>, tensor<1xi8>) -> {result}"
        ));
    }

    /// A convolution and its rescaling.
    fn convolution(&mut self, channels: usize, kernel: [usize; 2], geometry: Geometry, zps: [i64; 2]) {
        let [h, w, c] = self.shape;
        let [kh, kw] = kernel;
        let taps = channels * kh * kw * c;
        let list = self.random.list(taps, 127);
        let weights_ty = format!("tensor<{channels}x{kh}x{kw}x{c}xi8>");
        let weights = self.constant(&nest(&list, &[channels, kh, kw, c]), &weights_ty);
        let list = self.random.list(channels, 3000);
        let bias = self.constant(&format!("[{list}]"), &format!("tensor<{channels}xi32>"));
        let [input_zp, weight_zp] = zps.map(|zp| self.constant(&zp.to_string(), "tensor<1xi8>"));
        let Geometry { stride, dilation, pad } = geometry.fit([h, w], kernel);
        let out = |i: usize| {
            (([h, w][i] + pad[2 * i] + pad[2 * i + 1]) - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1
        };
        let (x, input) = (self.x.clone(), self.ty("i8"));
        self.shape = [out(0), out(1), channels];
        let result = self.ty("i32");
        self.x = self.value(&format!(
            "tosa.conv2d {x}, {weights}, {bias}, {input_zp}, {weight_zp} {{acc_type = i32, pad = array<i64: {}>, stride \
             = array<i64: {}>, dilation = array<i64: {}>}} : ({input}, {weights_ty}, tensor<{channels}xi32>, \
             tensor<1xi8>, tensor<1xi8>) -> {result}",
            join(&pad),
            join(&stride),
            join(&dilation),
        ));
        // Sums of n products of about 70 * 70 are about 70 * 70 * sqrt(n).
        let shift = 30 + 6 + (kh * kw * c).ilog2() as usize / 2;
        let each_channel = self.random.within(0, 1) == 1;
        self.rescale("i32", shift, 0, false, each_channel);
    }

    /// The first layer, on pixels less 128.
    fn zero_point_layer(&mut self) {
        let channels = self.random.within(1, 20);
        let pad = [self.random.within(0, 2), 0, self.random.within(0, 2), 0];
        let geometry = Geometry { stride: [1, 1], dilation: [1, 1], pad };
        let weight_zp = self.random.signed(5);
        self.convolution(channels, [3, 2], geometry, [-128, weight_zp]);
    }

    /// Any layer that fits.
    fn layer(&mut self) {
        let [h, w, c] = self.shape;
        match self.random.within(0, 6) {
            0 if h > 3 && w > 3 => self.pool("max_pool2d", ""),
            1 => self.clamp(),
            2 => self.sum(),
            3 => self.product(),
            _ => {
                let channels = self.random.within(1, 36);
                let kernel = [self.random.within(1, h.min(3)), self.random.within(1, w.min(4))];
                let pad = [self.random.within(0, 1), 0, self.random.within(0, 2), 0];
                let stride = [self.random.within(1, 2), self.random.within(1, 2)];
                let mut dilation = [1, 1];
                if h > 5 && w > 8 && self.random.within(0, 2) == 0 {
                    dilation = [2, self.random.within(1, 2)];
                }
                self.convolution(channels, kernel, Geometry { stride, dilation, pad }, [0, 0]);
            }
        }
        debug_assert!(c > 0);
    }

    /// 2x2 or 3x3, stride 1 or 2, whichever fits.
    fn pool(&mut self, name: &str, more: &str) {
        let [h, w, c] = self.shape;
        let kernel = |size: usize, stride: usize| if (size - 2).is_multiple_of(stride) { 2 } else { 3 };
        let stride = [self.random.within(1, 2), self.random.within(1, 2)];
        let kernel = [kernel(h, stride[0]), kernel(w, stride[1])];
        let (x, input) = (self.x.clone(), self.ty("i8"));
        self.shape = [(h - kernel[0]) / stride[0] + 1, (w - kernel[1]) / stride[1] + 1, c];
        let result = self.ty("i8");
        self.x = self.value(&format!(
            "tosa.{name} {x}{more} {{kernel = array<i64: {}>, stride = array<i64: {}>, pad = array<i64: 0, 0, 0, 0>}} : \
             ({input}) -> {result}",
            join(&kernel),
            join(&stride),
        ));
    }

    fn clamp(&mut self) {
        let (x, ty) = (self.x.clone(), self.ty("i8"));
        self.x =
            self.value(&format!("tosa.clamp {x} {{min_val = 0 : i8, max_val = 100 : i8}} : ({ty}) -> {ty}"));
    }

    /// The value plus itself turned round, halved: a residual link.
    fn sum(&mut self) {
        let (x, ty, wide) = (self.x.clone(), self.ty("i8"), self.ty("i32"));
        let turned = self.value(&format!("tosa.reverse {x} {{axis = 1 : i32}} : ({ty}) -> {ty}"));
        let [a, b] = [x, turned].map(|v| self.value(&format!("tosa.cast {v} : ({ty}) -> {wide}")));
        self.x = self.value(&format!("tosa.add {a}, {b} : ({wide}, {wide}) -> {wide}"));
        self.rescale("i32", 31, 0, false, false);
    }

    /// The value times itself turned round, or times its first pixel.
    fn product(&mut self) {
        let [_, _, c] = self.shape;
        let (x, ty, wide) = (self.x.clone(), self.ty("i8"), self.ty("i32"));
        let (other, of) = if self.random.within(0, 1) == 0 {
            (self.value(&format!("tosa.reverse {x} {{axis = 2 : i32}} : ({ty}) -> {ty}")), ty.clone())
        } else {
            let [from, size] = ["0, 0, 0, 0".to_owned(), format!("1, 1, 1, {c}")].map(|list| {
                self.value(&format!(
                    "tosa.const_shape {{values = dense<[{list}]> : tensor<4xindex>}} : () -> !tosa.shape<4>"
                ))
            });
            let pixel = format!("tensor<1x1x1x{c}xi8>");
            let slice =
                format!("tosa.slice {x}, {from}, {size} : ({ty}, !tosa.shape<4>, !tosa.shape<4>) -> {pixel}");
            (self.value(&slice), pixel)
        };
        let shift = self.constant("0", "tensor<1xi8>");
        self.x =
            self.value(&format!("tosa.mul {x}, {other}, {shift} : ({ty}, {of}, tensor<1xi8>) -> {wide}"));
        self.rescale("i32", 37, 0, false, false);
    }

    /// A dense layer to logits, and what yields them.
    fn classifier(&mut self) {
        let [h, w, c] = self.shape;
        let k = h * w * c;
        self.reshape(&[1, 1, 1, k]);
        self.shape = [1, 1, k];
        self.convolution(CLASSES, [1, 1], Geometry { stride: [1, 1], dilation: [1, 1], pad: [0; 4] }, [0, 0]);
        self.reshape(&[1, CLASSES]);
        writeln!(self.text, "ee.yield {} : tensor<1x{CLASSES}xi8>", self.x).expect("a string takes text");
    }

    fn reshape(&mut self, to: &[usize]) {
        let rank = to.len();
        let sizes = join(to);
        let shape = self.value(&format!(
            "tosa.const_shape {{values = dense<[{sizes}]> : tensor<{rank}xindex>}} : () -> !tosa.shape<{rank}>"
        ));
        let (x, input, result) = (self.x.clone(), self.ty("i8"), sizes.replace(", ", "x"));
        self.x = self.value(&format!(
            "tosa.reshape {x}, {shape} : ({input}, !tosa.shape<{rank}>) -> tensor<{result}xi8>"
        ));
    }

    fn confidence(&mut self) -> String {
        let threshold = self.random.within(30, 70) as f64 / 100.0;
        let scale = self.random.within(1, 5) as f64 / 100.0;
        Confidence::max_softmax(threshold).quantized(scale, 8, CLASSES).text()
    }
}

/// Stride, dilation, and padding at top, bottom, left, right.
#[derive(Clone, Copy)]
struct Geometry {
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: [usize; 4],
}

impl Geometry {
    /// With the padding at the ends that TOSA's exact fit wants.
    fn fit(mut self, size: [usize; 2], kernel: [usize; 2]) -> Self {
        for i in 0..2 {
            let reach = self.dilation[i] * (kernel[i] - 1) + 1;
            while size[i] + self.pad[2 * i] + self.pad[2 * i + 1] < reach
                || !(size[i] + self.pad[2 * i] + self.pad[2 * i + 1] - reach).is_multiple_of(self.stride[i])
            {
                self.pad[2 * i + 1] += 1;
            }
        }
        self
    }
}

fn join(values: &[usize]) -> String {
    values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// A flat list as nested ones of a shape.
fn nest(list: &str, shape: &[usize]) -> String {
    let mut items: Vec<String> = list.split(", ").map(str::to_owned).collect();
    for &size in shape.iter().rev() {
        items = items.chunks(size).map(|chunk| format!("[{}]", chunk.join(", "))).collect();
    }
    items.join(", ")
}
