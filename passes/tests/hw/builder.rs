//! Integer networks in TOSA, layer by layer, with random weights.

use super::harness::Random;

/// A tensor `[1, H, W, C]`: its name, shape and bits.
#[derive(Clone, Debug)]
pub struct T {
    pub name: String,
    pub shape: [usize; 3],
    pub bits: usize,
}

impl T {
    pub fn ty(&self) -> String {
        let [h, w, c] = self.shape;
        format!("tensor<1x{h}x{w}x{c}xi{}>", self.bits)
    }
}

/// Kernel, stride, dilation, and padding (top, bottom, left, right).
#[derive(Clone, Copy)]
pub struct Windows {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub pad: [usize; 4],
}

impl Windows {
    pub fn of(kernel: usize, pad: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [1; 2], dilation: [1; 2], pad: [pad; 4] }
    }

    fn output(&self, [h, w, _]: [usize; 3]) -> [usize; 2] {
        [0, 1].map(|i| {
            let reach = self.dilation[i] * (self.kernel[i] - 1) + 1;
            let room = [h, w][i] + self.pad[2 * i] + self.pad[2 * i + 1] - reach;
            assert_eq!(room % self.stride[i], 0, "TOSA wants an exact fit");
            room / self.stride[i] + 1
        })
    }

    fn attributes(&self) -> String {
        let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        format!("pad = array<i64: {}>, stride = array<i64: {}>", list(&self.pad), list(&self.stride))
    }
}

/// How a layer's sums become 8 or 16 bits.
#[derive(Clone, Copy)]
pub struct Narrow {
    pub per_channel: bool,
    pub double_round: bool,
    pub output_zp: i64,
    /// Of the sums, which are subtracted before.
    pub input_zp: i64,
    /// Sums of so many bits keep about 8.
    pub shift: i64,
}

impl Narrow {
    pub fn by(shift: i64) -> Self {
        Self { per_channel: false, double_round: false, output_zp: 0, input_zp: 0, shift }
    }
}

/// A network in the making.
pub struct Net {
    pub random: Random,
    lines: Vec<String>,
    names: usize,
}

impl Net {
    pub fn new(seed: u64) -> Self {
        Self { random: Random(seed), lines: vec![], names: 0 }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    pub fn line(&mut self, text: String) {
        self.lines.push(text);
    }

    fn make(&mut self, shape: [usize; 3], bits: usize, text: impl Fn(&T) -> String) -> T {
        let result = T { name: self.name(), shape, bits };
        let text = text(&result);
        self.line(format!("%{} = {text}", result.name));
        result
    }

    /// A `tosa.const`, and its type.
    pub fn constant(&mut self, shape: &[usize], bits: usize, values: &[i64]) -> (String, String) {
        let name = self.name();
        let sizes: String = shape.iter().map(|size| format!("{size}x")).collect();
        let ty = format!("tensor<{sizes}i{bits}>");
        let list = values.iter().map(i64::to_string).collect::<Vec<_>>();
        // Row-major lists of any rank: a flat one, read back by the shape, needs the brackets.
        let nested = shape.iter().rev().fold(list, |items, &size| {
            items.chunks(size).map(|chunk| format!("[{}]", chunk.join(", "))).collect()
        });
        self.line(format!(
            "%{name} = \"tosa.const\"() <{{values = dense<{}> : {ty}}}> : () -> {ty}",
            nested.concat()
        ));
        (name, ty)
    }

    fn sizes(&mut self, values: &[usize]) -> (String, String) {
        let name = self.name();
        let list = values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let rank = values.len();
        self.line(format!(
            "%{name} = tosa.const_shape {{values = dense<[{list}]> : tensor<{rank}xindex>}} : () -> !tosa.shape<{rank}>"
        ));
        (name, format!("!tosa.shape<{rank}>"))
    }

    /// The sums of a convolution.
    pub fn conv(&mut self, x: &T, outputs: usize, windows: Windows, input_zp: i64) -> T {
        let [kh, kw] = windows.kernel;
        let shape = [outputs, kh, kw, x.shape[2]];
        self.sums("tosa.conv2d", x, outputs, shape, windows, input_zp)
    }

    /// The sums of a depthwise convolution of `times` outputs a channel.
    pub fn depthwise(&mut self, x: &T, times: usize, windows: Windows, input_zp: i64) -> T {
        let ([kh, kw], c) = (windows.kernel, x.shape[2]);
        self.sums("tosa.depthwise_conv2d", x, c * times, [kh, kw, c, times], windows, input_zp)
    }

    /// Averages; the zero point is that of input and output.
    pub fn avg_pool(&mut self, x: &T, windows: Windows, zero_point: i64) -> T {
        let [oh, ow] = windows.output(x.shape);
        let (zp, zpt) = self.constant(&[1], x.bits, &[zero_point]);
        let (x, [kh, kw]) = (x.clone(), windows.kernel);
        self.make([oh, ow, x.shape[2]], x.bits, |y| {
            format!(
                "tosa.avg_pool2d %{}, %{zp}, %{zp} {{acc_type = i32, kernel = array<i64: {kh}, {kw}>, {}}} \
                 : ({}, {zpt}, {zpt}) -> {}",
                x.name,
                windows.attributes(),
                x.ty(),
                y.ty()
            )
        })
    }

    /// `value` around rows, columns and channels.
    pub fn pad(&mut self, x: &T, around: [[usize; 2]; 3], value: i64) -> T {
        let pairs: Vec<_> = [[0, 0]].into_iter().chain(around).flatten().collect();
        let (sizes, st) = self.sizes(&pairs);
        let (border, bt) = self.constant(&[1], x.bits, &[value]);
        let shape = [0, 1, 2].map(|i| x.shape[i] + around[i][0] + around[i][1]);
        let x = x.clone();
        self.make(shape, x.bits, |y| {
            format!("tosa.pad %{}, %{sizes}, %{border} : ({}, {st}, {bt}) -> {}", x.name, x.ty(), y.ty())
        })
    }

    /// A random function.
    pub fn table(&mut self, x: &T) -> T {
        let values = self.random.numbers(256, -128, 127);
        let (values, vt) = self.constant(&[256], 8, &values);
        let x = x.clone();
        self.make(x.shape, 8, |y| {
            format!("tosa.table %{}, %{values} : ({}, {vt}) -> {}", x.name, x.ty(), y.ty())
        })
    }

    fn sums(
        &mut self,
        op: &str,
        x: &T,
        outputs: usize,
        shape: [usize; 4],
        windows: Windows,
        input_zp: i64,
    ) -> T {
        let sums = if x.bits == 16 { 48 } else { 32 };
        let weights = self.random.numbers(shape.iter().product(), -127, 127);
        let bias = self.random.numbers(outputs, -3000, 3000);
        let (w, wt) = self.constant(&shape, 8, &weights);
        let (b, bt) = self.constant(&[outputs], sums, &bias);
        let (zi, zit) = self.constant(&[1], x.bits, &[input_zp]);
        let (zw, zwt) = self.constant(&[1], 8, &[0]);
        let [oh, ow] = windows.output(x.shape);
        let [dh, dw] = windows.dilation;
        let (x, geometry) = (x.clone(), windows.attributes());
        self.make([oh, ow, outputs], sums, |y| {
            format!(
                "{op} %{}, %{w}, %{b}, %{zi}, %{zw} {{acc_type = i{sums}, dilation = array<i64: {dh}, {dw}>, {geometry}}} \
                 : ({}, {wt}, {bt}, {zit}, {zwt}) -> {}",
                x.name,
                x.ty(),
                y.ty()
            )
        })
    }

    /// Makes numbers `bits` wide.
    pub fn rescale(&mut self, x: &T, bits: usize, narrow: Narrow) -> T {
        let channels = if narrow.per_channel { x.shape[2] } else { 1 };
        // Sums of 48 bits take multipliers of 16.
        let (width, wide) = if x.bits == 48 { (16, 15) } else { (32, 31) };
        let multipliers = self.random.numbers(channels, (1 << (wide - 1)) + 1, (1 << wide) - 1);
        let spread = if narrow.per_channel { 2 } else { 0 };
        let shifts: Vec<_> = self.random.numbers(channels, narrow.shift, narrow.shift + spread);
        let shifts: Vec<_> = shifts.into_iter().map(|shift| shift + wide).collect();
        let (m, mt) = self.constant(&[channels], width, &multipliers);
        let (s, st) = self.constant(&[channels], 8, &shifts);
        let (zi, zit) = self.constant(&[1], x.bits, &[narrow.input_zp]);
        let (zo, zot) = self.constant(&[1], bits, &[narrow.output_zp]);
        let rounding = if narrow.double_round { "DOUBLE" } else { "SINGLE" };
        let x = x.clone();
        self.make(x.shape, bits, |y| {
            format!(
                "tosa.rescale %{}, %{m}, %{s}, %{zi}, %{zo} {{input_unsigned = false, output_unsigned = false, \
                 per_channel = {}, rounding_mode = #tosa.rounding_mode<{rounding}_ROUND>, scale32 = {}}} \
                 : ({}, {mt}, {st}, {zit}, {zot}) -> {}",
                x.name,
                channels > 1,
                width == 32,
                x.ty(),
                y.ty()
            )
        })
    }

    pub fn clamp(&mut self, x: &T, low: i64, high: i64) -> T {
        let x = x.clone();
        self.make(x.shape, x.bits, |y| {
            let (bits, ty) = (x.bits, x.ty());
            format!(
                "tosa.clamp %{} {{min_val = {low} : i{bits}, max_val = {high} : i{bits}}} : ({ty}) -> {}",
                x.name,
                y.ty()
            )
        })
    }

    /// A convolution that keeps rows and columns, with requantisation and ReLU.
    pub fn layer(&mut self, x: &T, outputs: usize, kernel: usize) -> T {
        let sums = self.conv(x, outputs, Windows::of(kernel, kernel / 2), 0);
        let narrow = self.rescale(&sums, 8, Narrow::by(9));
        self.clamp(&narrow, 0, 127)
    }

    /// Along axis 1 (rows), 2 (columns) or 3 (channels).
    pub fn concat(&mut self, inputs: &[&T], axis: usize) -> T {
        let mut shape = inputs[0].shape;
        shape[axis - 1] = inputs.iter().map(|input| input.shape[axis - 1]).sum();
        let names = inputs.iter().map(|input| format!("%{}", input.name)).collect::<Vec<_>>().join(", ");
        let types = inputs.iter().map(|input| input.ty()).collect::<Vec<_>>().join(", ");
        self.make(shape, inputs[0].bits, |y| {
            format!("tosa.concat {names} {{axis = {axis} : i32}} : ({types}) -> {}", y.ty())
        })
    }

    pub fn slice(&mut self, x: &T, start: [usize; 3], size: [usize; 3]) -> T {
        let (from, ft) = self.sizes(&[0, start[0], start[1], start[2]]);
        let (to, tt) = self.sizes(&[1, size[0], size[1], size[2]]);
        let x = x.clone();
        self.make(size, x.bits, |y| {
            format!("tosa.slice %{}, %{from}, %{to} : ({}, {ft}, {tt}) -> {}", x.name, x.ty(), y.ty())
        })
    }

    /// The sum of two tensors of 8 or 16 bits, through 32.
    pub fn add(&mut self, a: &T, b: &T) -> T {
        let bits = a.bits;
        let [a, b] = [a, b].map(|x| self.rescale(x, 32, Narrow::by(-8)));
        let sum = self.make(a.shape, 32, |y| {
            format!("tosa.add %{}, %{} : ({}, {}) -> {}", a.name, b.name, a.ty(), b.ty(), y.ty())
        });
        self.rescale(&sum, bits, Narrow::by(8))
    }

    /// The product of two tensors of 8 or 16 bits, or of one and a pixel, above zero points of theirs if they have 8.
    pub fn mul(&mut self, a: &T, b: &T, zero_points: [i64; 2]) -> T {
        let bits = a.bits;
        let centred = |net: &mut Self, x: &T, zp: i64| match zp {
            0 if bits == 16 || zero_points == [0; 2] => x.clone(),
            _ => net.subtract(x, zp),
        };
        let [a, b] = [(a, 0), (b, 1)].map(|(x, index)| centred(self, x, zero_points[index]));
        let (shift, st) = self.constant(&[1], 8, &[0]);
        let shape = if a.shape[0] * a.shape[1] == 1 { b.shape } else { a.shape };
        let product = self.make(shape, 32, |y| {
            format!(
                "tosa.mul %{}, %{}, %{shift} : ({}, {}, {st}) -> {}",
                a.name,
                b.name,
                a.ty(),
                b.ty(),
                y.ty()
            )
        });
        self.rescale(&product, bits, Narrow::by(if bits == 8 { 7 } else { 15 }))
    }

    /// In 16 bits, less a zero point.
    fn subtract(&mut self, x: &T, zero_point: i64) -> T {
        let (m, mt) = self.constant(&[1], 32, &[1 << 30]);
        let (s, st) = self.constant(&[1], 8, &[30]);
        let (zi, zit) = self.constant(&[1], x.bits, &[zero_point]);
        let (zo, zot) = self.constant(&[1], 16, &[0]);
        let x = x.clone();
        self.make(x.shape, 16, |y| {
            format!(
                "tosa.rescale %{}, %{m}, %{s}, %{zi}, %{zo} {{input_unsigned = false, output_unsigned = false, \
                 per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true}} \
                 : ({}, {mt}, {st}, {zit}, {zot}) -> {}",
                x.name,
                x.ty(),
                y.ty()
            )
        })
    }

    pub fn max_pool(&mut self, x: &T, windows: Windows) -> T {
        let [oh, ow] = windows.output(x.shape);
        let (x, [kh, kw]) = (x.clone(), windows.kernel);
        self.make([oh, ow, x.shape[2]], x.bits, |y| {
            format!(
                "tosa.max_pool2d %{} {{kernel = array<i64: {kh}, {kw}>, {}}} : ({}) -> {}",
                x.name,
                windows.attributes(),
                x.ty(),
                y.ty()
            )
        })
    }

    /// Logits: a dense layer of whole maps.
    pub fn dense(&mut self, x: &T, classes: usize) -> T {
        let size = x.shape.iter().product();
        let (shape, st) = self.sizes(&[1, 1, 1, size]);
        let x = x.clone();
        let flat = self.make([1, 1, size], x.bits, |y| {
            format!("tosa.reshape %{}, %{shape} : ({}, {st}) -> {}", x.name, x.ty(), y.ty())
        });
        let sums = self.conv(&flat, classes, Windows::of(1, 0), 0);
        self.rescale(&sums, x.bits, Narrow::by(9))
    }

    /// Values as `[1, classes]`, which exits and functions give.
    pub fn logits(&mut self, x: &T) -> String {
        let classes = x.shape.iter().product::<usize>();
        let (shape, st) = self.sizes(&[1, classes]);
        let name = self.name();
        self.line(format!(
            "%{name} = tosa.reshape %{}, %{shape} : ({}, {st}) -> tensor<1x{classes}xi{}>",
            x.name,
            x.ty(),
            x.bits
        ));
        name
    }

    /// An exit of logits of 8 bits, that `classify` gives; `otherwise` gives what the samples get that stay. Samples leave
    /// whose largest softmax probability is above `threshold`, if logits are eighths.
    pub fn exit(
        &mut self,
        label: &str,
        operands: &[&T],
        threshold: f64,
        classify: impl FnOnce(&mut Net, &[T]) -> T,
        otherwise: impl FnOnce(&mut Net, &[T]) -> String,
    ) -> String {
        let name = self.name();
        let inside: Vec<T> = operands.iter().map(|x| T { name: self.name(), ..(*x).clone() }).collect();
        let around = std::mem::take(&mut self.lines);
        let early = classify(self, &inside);
        let ty = format!("tensor<1x{}xi8>", early.shape.iter().product::<usize>());
        let early = self.logits(&early);
        let classify = std::mem::take(&mut self.lines).join("\n");
        let late = otherwise(self, &inside);
        let otherwise = std::mem::replace(&mut self.lines, around).join("\n");
        let pairs = inside.iter().zip(operands);
        let on: Vec<_> = pairs.map(|(f, x)| format!("%{} = %{} : {}", f.name, x.name, x.ty())).collect();
        let one = 65536.0;
        let table: Vec<_> =
            (0..256).map(|d| (one * (-f64::from(d) / 8.0).exp()).round().to_string()).collect();
        self.line(format!(
            "%{name} = ee.exit \"{label}\" on ({}) when #ee.max_softmax<threshold = {threshold:?}, table = [{}], \
             limit = {}> profile <taken = 1, of = 2>\nclassify {{\n{classify}\nee.yield %{early} : {ty}\n}} otherwise \
             {{\n{otherwise}\nee.yield %{late} : {ty}\n}} -> {ty}",
            on.join(", "),
            table.join(", "),
            (one / threshold).ceil() as i64 - 1
        ));
        name
    }

    /// The whole network, from the image to logits `[1, classes]`.
    pub fn finish(self, image: &T, logits: &str, (classes, bits): (usize, usize)) -> String {
        let ty = format!("tensor<1x{classes}xi{bits}>");
        format!(
            "func.func @net(%{}: {}) -> {ty} {{\n{}\nreturn %{logits} : {ty}\n}}",
            image.name,
            image.ty(),
            self.lines.join("\n")
        )
    }
}

/// The image, `[H, W, C]` of 8 bits.
pub fn image(shape: [usize; 3]) -> T {
    T { name: "image".to_owned(), shape, bits: 8 }
}
