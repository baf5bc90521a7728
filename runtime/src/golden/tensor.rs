//! What goes into a network and what comes out: types of tensors, and their elements.

use std::fmt;

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "MLIR's own names")]
pub enum Element {
    I8,
    I16,
    I32,
    F32,
}

/// The type of an argument or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorType {
    /// Sizes, e.g. `[1, 28, 28, 1]`.
    pub shape: Vec<usize>,
    /// Type of the elements.
    pub element: Element,
}

impl TensorType {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Has the tensor no element?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tensor<")?;
        self.shape.iter().try_for_each(|size| write!(f, "{size}x"))?;
        let element = match self.element {
            Element::I8 => "i8",
            Element::I16 => "i16",
            Element::I32 => "i32",
            Element::F32 => "f32",
        };
        write!(f, "{element}>")
    }
}

/// The elements of a result, row-major.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named after their elements")]
pub enum Tensor {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
}

impl Tensor {
    /// A tensor of zeros.
    pub(super) fn zero(ty: &TensorType) -> Self {
        match ty.element {
            Element::I8 => Self::I8(vec![0; ty.len()]),
            Element::I16 => Self::I16(vec![0; ty.len()]),
            Element::I32 => Self::I32(vec![0; ty.len()]),
            Element::F32 => Self::F32(vec![0.0; ty.len()]),
        }
    }

    /// Where the elements are.
    pub(super) fn data(&mut self) -> *mut u8 {
        match self {
            Self::I8(v) => v.as_mut_ptr().cast(),
            Self::I16(v) => v.as_mut_ptr().cast(),
            Self::I32(v) => v.as_mut_ptr().cast(),
            Self::F32(v) => v.as_mut_ptr().cast(),
        }
    }

    /// The elements as floats: exact but for large `i32`.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::I8(v) => v.iter().map(|&x| x.into()).collect(),
            Self::I16(v) => v.iter().map(|&x| x.into()).collect(),
            Self::I32(v) => v.iter().map(|&x| x.into()).collect(),
            Self::F32(v) => v.iter().map(|&x| x.into()).collect(),
        }
    }

    /// Where the largest element is, the first of equals; None if there is none.
    pub fn largest(&self) -> Option<usize> {
        let values = self.to_f64();
        let first_best = |best: Option<usize>, i: usize| best.filter(|&b| values[b] >= values[i]).or(Some(i));
        (0..values.len()).fold(None, first_best)
    }
}

/// The results of a network for one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs(pub Vec<Tensor>);

impl Outputs {
    /// The class of the largest element of the first result, the first of equals; None if it is empty.
    pub fn prediction(&self) -> Option<usize> {
        self.0.first()?.largest()
    }

    /// The number of the exit, of a function that returns it behind the logits (`convert-ee-to-scf` with
    /// `exit-index`).
    pub fn exit_index(&self) -> Option<usize> {
        match self.0.get(1)? {
            Tensor::I32(v) if v.len() == 1 => usize::try_from(v[0]).ok(),
            _ => None,
        }
    }
}
