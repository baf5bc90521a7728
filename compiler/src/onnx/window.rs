//! Where the windows of convolutions and poolings lie: ONNX's padding and rounding in TOSA's terms, which wants windows to
//! fit exactly.

use super::error::Problem;
use super::graph::Node;
use atheena_dialects::tosa::Geometry;

/// A window over a feature map, fitted exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The rows and columns of the input that windows reach, from the top left.
    pub keep: [i64; 2],
    /// Zeros to put around them that count as elements: top, bottom, left, right.
    pub zeros: [i64; 4],
    /// The windows on that.
    pub geometry: Geometry,
    /// Rows and columns of the output.
    pub output: [i64; 2],
}

/// The largest size of a kernel, stride, dilation or padding.
pub const LARGEST: i64 = 1 << 16;

impl Window {
    /// The window of a pooling that covers everything.
    pub fn whole(size: [i64; 2]) -> Self {
        let geometry = Geometry { kernel: size, stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
        Self { keep: size, zeros: [0; 4], geometry, output: [1, 1] }
    }

    /// The window of a node on an input of `size` rows and columns, with the kernel of its weights if it has some. With
    /// one of the two `dimensions` the node speaks of columns, and there is one row.
    pub fn of(
        node: &Node,
        size: [i64; 2],
        dimensions: usize,
        weights: Option<[i64; 2]>,
    ) -> Result<Self, Problem> {
        let pair = |name, neutral, least| -> Result<Option<[i64; 2]>, Problem> {
            let values = numbers(node, name, dimensions, least)?;
            Ok(values
                .map(|values| [if dimensions == 1 { neutral } else { values[0] }, values[dimensions - 1]]))
        };
        let kernel = match (pair("kernel_shape", 1, 1)?, weights) {
            (Some(kernel), Some(weights)) if kernel != weights => {
                return Err(node.form(
                    format!("kernel_shape is {kernel:?}, but the weights are for {weights:?}"),
                    "the file is invalid: export it again",
                ));
            }
            (kernel, weights) => kernel.or(weights).ok_or_else(|| {
                node.form("attribute 'kernel_shape' is missing", "the file is invalid: export it again")
            })?,
        };
        let stride = pair("strides", 1, 1)?.unwrap_or([1, 1]);
        let dilation = pair("dilations", 1, 1)?.unwrap_or([1, 1]);
        let pads = match numbers(node, "pads", 2 * dimensions, 0)?.as_deref() {
            Some(&[left, right]) => [0, left, 0, right],
            Some(&[top, left, bottom, right]) => [top, left, bottom, right],
            _ => [0; 4],
        };
        let pool = weights.is_none();
        if pool && dilation != [1, 1] {
            return Err(node.form("pooling with dilation is not supported", "use a pooling without dilation"));
        }
        let padding = match node.string("auto_pad", "NOTSET").as_str() {
            "NOTSET" | "" => Padding::Explicit(pads),
            "VALID" => Padding::Explicit([0; 4]),
            "SAME_UPPER" => Padding::SameUpper,
            "SAME_LOWER" => Padding::SameLower,
            other => {
                return Err(node.form(
                    format!("auto_pad '{other}' is unknown"),
                    "use explicit pads, SAME_UPPER, SAME_LOWER or VALID",
                ));
            }
        };
        let ceil = pool && node.int("ceil_mode", 0) != 0;
        let count_padding = node.op() == "AveragePool" && node.int("count_include_pad", 0) != 0;
        let wanted = Wanted { kernel, stride, dilation, padding, pool, ceil, count_padding };
        wanted.fit(size).map_err(|(what, cure)| node.form(what, cure))
    }
}

/// Padding as front ends say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Top, left, bottom, right.
    Explicit([i64; 4]),
    /// As much as makes the output the input's size over the stride, rounded up; the odd one behind.
    SameUpper,
    /// The same, the odd one before.
    SameLower,
}

/// A window as front ends say it, each number from 1 (padding from 0) to [`LARGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The fields are the attributes of ONNX's Conv and pooling operators.
pub struct Wanted {
    pub kernel: [i64; 2],
    pub stride: [i64; 2],
    pub dilation: [i64; 2],
    pub padding: Padding,
    /// A pooling, which must not see padding alone.
    pub pool: bool,
    /// Round the output's size up.
    pub ceil: bool,
    /// Padding counts as zeros in means.
    pub count_padding: bool,
}

impl Wanted {
    /// The window on an input of `size` rows and columns, or what is wrong with it and the cure.
    pub fn fit(&self, size: [i64; 2]) -> Result<Window, (String, &'static str)> {
        let Self { kernel, stride, dilation, padding, pool, ceil, count_padding } = *self;
        let mut window = Window {
            keep: size,
            zeros: [0; 4],
            geometry: Geometry { kernel, stride, dilation, pad: [0; 4] },
            output: [0; 2],
        };
        for axis in 0..2 {
            let (size, stride) = (size[axis], stride[axis]);
            let reach = dilation[axis] * (kernel[axis] - 1) + 1;
            let (before, after) = match padding {
                Padding::Explicit(pads) => (pads[axis], pads[axis + 2]),
                Padding::SameUpper | Padding::SameLower => {
                    let total = ((size - 1) / stride * stride + reach - size).max(0);
                    let less = total / 2;
                    if padding == Padding::SameUpper { (less, total - less) } else { (total - less, less) }
                }
            };
            let room = size + before + after - reach;
            if room < 0 {
                return Err((
                    format!("a kernel that reaches over {reach} does not fit in {}", size + before + after),
                    "use a smaller kernel or more padding",
                ));
            }
            if pool && before.max(after) >= kernel[axis] {
                return Err((
                    "the padding is as large as the kernel".into(),
                    "pad less than the kernel's size",
                ));
            }
            let mut count = room / stride + 1;
            if ceil && room % stride != 0 && count * stride < size + before {
                // One more window, but none that starts behind the input.
                count += 1;
            }
            // What the last window needs behind the input; negative where it does not reach the end.
            let need = (count - 1) * stride + reach - size - before;
            window.output[axis] = count;
            window.keep[axis] = size + need.min(0);
            if window.keep[axis] < 1 {
                return Err(("windows see nothing but padding".into(), "pad less than the kernel's size"));
            }
            if count_padding {
                // Padding that the layer asks for counts as zeros; what rounding up adds does not count.
                window.zeros[2 * axis] = before;
                window.zeros[2 * axis + 1] = need.clamp(0, after);
                window.geometry.pad[2 * axis + 1] = (need - after).max(0);
            } else {
                window.geometry.pad[2 * axis] = before;
                window.geometry.pad[2 * axis + 1] = need.max(0);
            }
        }
        Ok(window)
    }
}

/// So many integers of an attribute, each in a sane range.
fn numbers(node: &Node, name: &str, count: usize, least: i64) -> Result<Option<Vec<i64>>, Problem> {
    let Some(values) = node.ints(name) else { return Ok(None) };
    if values.len() == count && values.iter().all(|v| (least..=LARGEST).contains(v)) {
        return Ok(Some(values.to_vec()));
    }
    Err(node.form(
        format!("attribute '{name}' is {values:?}, but expected {count} numbers from {least} to {LARGEST}"),
        "only layers on images [1, channels, height, width] and sequences [1, channels, length] are supported",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::error::Place;
    use crate::onnx::proto::{AttributeProto, attribute_type};

    fn node(op: &str, ints: &[(&str, &[i64])], int: &[(&str, i64)], auto_pad: &str) -> Node {
        let mut attributes: Vec<_> = (ints.iter())
            .map(|(name, ints)| AttributeProto {
                name: name.to_string(),
                ints: ints.to_vec(),
                r#type: attribute_type::INTS,
                ..Default::default()
            })
            .collect();
        attributes.extend(int.iter().map(|(name, i)| AttributeProto {
            name: name.to_string(),
            i: *i,
            r#type: attribute_type::INT,
            ..Default::default()
        }));
        attributes.push(AttributeProto { name: "auto_pad".into(), s: auto_pad.into(), ..Default::default() });
        Node {
            place: Place { name: "n".into(), op: op.into() },
            inputs: vec![],
            outputs: vec![],
            attributes,
            branches: vec![],
            standard: true,
            part: (0, 1),
        }
    }

    /// AlexNet's first pooling: 32 to 15, the last row and column unused.
    #[test]
    fn floor_drops_what_no_window_reaches() {
        let node = node("MaxPool", &[("kernel_shape", &[3, 3]), ("strides", &[2, 2])], &[], "NOTSET");
        let window = Window::of(&node, [32, 32], 2, None).unwrap();
        assert_eq!((window.keep, window.output, window.geometry.pad), ([31, 31], [15, 15], [0; 4]));
        assert_eq!(window.geometry.output(window.keep), Some(window.output));
    }

    /// Padding at the end goes before rows are dropped: 28 + 2 - 3 = 27, 27 / 2 = 13 rest 1.
    #[test]
    fn floor_drops_padding_first() {
        let node = node(
            "Conv",
            &[("pads", &[1, 1, 1, 1]), ("strides", &[2, 2]), ("kernel_shape", &[3, 3])],
            &[],
            "NOTSET",
        );
        let window = Window::of(&node, [28, 28], 2, Some([3, 3])).unwrap();
        assert_eq!((window.keep, window.output, window.geometry.pad), ([28, 28], [14, 14], [1, 0, 1, 0]));
    }

    /// The example of ONNX's MaxPool: 4x4, kernel 3, stride 2, ceil_mode: 2x2.
    #[test]
    fn ceil_adds_a_window() {
        let node = node(
            "MaxPool",
            &[("kernel_shape", &[3, 3]), ("strides", &[2, 2])],
            &[("ceil_mode", 1)],
            "NOTSET",
        );
        let window = Window::of(&node, [4, 4], 2, None).unwrap();
        assert_eq!((window.keep, window.output, window.geometry.pad), ([4, 4], [2, 2], [0, 1, 0, 1]));
    }

    /// PyTorch's rule: no window starts in the padding behind; 2 + 2 - 1 rows, stride 3: not 2 windows from row 0 and 3.
    #[test]
    fn ceil_adds_no_window_behind_the_input() {
        let ints: &[(&str, &[i64])] =
            &[("kernel_shape", &[2, 2]), ("strides", &[3, 3]), ("pads", &[1, 1, 1, 1])];
        let window =
            Window::of(&node("MaxPool", ints, &[("ceil_mode", 1)], "NOTSET"), [2, 2], 2, None).unwrap();
        assert_eq!(window.output, [1, 1]);
    }

    /// ONNX: SAME_UPPER puts the odd padding at the end, SAME_LOWER at the beginning. 5 to 3, kernel 2, stride 2: 1 in all.
    #[test]
    fn same_padding() {
        let ints: &[(&str, &[i64])] = &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])];
        let upper = Window::of(&node("MaxPool", ints, &[], "SAME_UPPER"), [5, 5], 2, None).unwrap();
        assert_eq!((upper.output, upper.geometry.pad), ([3, 3], [0, 1, 0, 1]));
        let lower = Window::of(&node("MaxPool", ints, &[], "SAME_LOWER"), [5, 5], 2, None).unwrap();
        assert_eq!((lower.output, lower.geometry.pad), ([3, 3], [1, 0, 1, 0]));
    }

    #[test]
    fn counted_padding_becomes_zeros() {
        let ints: &[(&str, &[i64])] =
            &[("kernel_shape", &[3, 3]), ("strides", &[2, 2]), ("pads", &[1, 1, 1, 1])];
        let pool = node("AveragePool", ints, &[("count_include_pad", 1)], "NOTSET");
        let window = Window::of(&pool, [28, 28], 2, None).unwrap();
        assert_eq!((window.zeros, window.geometry.pad, window.output), ([1, 0, 1, 0], [0; 4], [14, 14]));
    }
}
