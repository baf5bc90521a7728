//! Constants of a network: initialisers and `Constant` nodes.

use super::error::Problem;
use super::proto::{TensorProto, data_type};

/// A constant tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The name of the initialiser or of the `Constant`'s output.
    pub name: String,
    /// Its sizes; empty for a scalar.
    pub shape: Vec<i64>,
    /// As many elements as the shape says.
    pub data: Data,
}

/// The elements of a tensor.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // Named after their types.
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    /// Elements of a type that no layer uses, by ONNX's number. An error only where such a tensor is used.
    Other(i32),
}

/// Reads fixed-size little-endian elements.
fn little_endian<const N: usize, T>(raw: &[u8], read: fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks::<N>().0.iter().map(|bytes| read(*bytes)).collect()
}

impl Tensor {
    /// Checks a tensor of the file and reads its elements. Allocates no more than the file holds.
    pub fn read(proto: TensorProto, name: &str) -> Result<Self, Problem> {
        let TensorProto { dims, data_type: ty, raw_data: raw, .. } = proto;
        if proto.data_location != 0 || !proto.external_data.is_empty() {
            let path = proto.external_data.into_iter().find(|e| e.key == "location").map(|e| e.value);
            return Err(Problem::ExternalData { tensor: name.to_owned(), path });
        }
        let count =
            (dims.iter()).try_fold(1usize, |n, &d| usize::try_from(d).ok().and_then(|d| n.checked_mul(d)));
        let Some(count) = count else {
            return Err(Problem::TensorShape { tensor: name.to_owned(), dims });
        };
        let bytes_each = match ty {
            data_type::FLOAT | data_type::INT32 => 4,
            data_type::DOUBLE | data_type::INT64 => 8,
            data_type::UINT8 | data_type::INT8 | data_type::BOOL => 1,
            _ => return Ok(Self { name: name.to_owned(), shape: dims, data: Data::Other(ty) }),
        };
        let data = if raw.is_empty() {
            let ints = proto.int32_data;
            match ty {
                data_type::FLOAT => Data::F32(proto.float_data),
                data_type::DOUBLE => Data::F64(proto.double_data),
                data_type::INT64 => Data::I64(proto.int64_data),
                data_type::INT32 => Data::I32(ints),
                data_type::UINT8 => Data::U8(ints.into_iter().map(|v| v as u8).collect()),
                data_type::INT8 => Data::I8(ints.into_iter().map(|v| v as i8).collect()),
                _ => Data::Bool(ints.into_iter().map(|v| v != 0).collect()),
            }
        } else {
            if Some(raw.len()) != count.checked_mul(bytes_each) {
                let expected =
                    count.checked_mul(bytes_each).map_or("more than there can be".into(), |n| n.to_string());
                let tensor = name.to_owned();
                return Err(Problem::TensorSize { tensor, dims, expected, found: raw.len(), unit: "bytes" });
            }
            match ty {
                data_type::FLOAT => Data::F32(little_endian(&raw, f32::from_le_bytes)),
                data_type::DOUBLE => Data::F64(little_endian(&raw, f64::from_le_bytes)),
                data_type::INT64 => Data::I64(little_endian(&raw, i64::from_le_bytes)),
                data_type::INT32 => Data::I32(little_endian(&raw, i32::from_le_bytes)),
                data_type::UINT8 => Data::U8(raw),
                data_type::INT8 => Data::I8(raw.into_iter().map(|v| v as i8).collect()),
                _ => Data::Bool(raw.into_iter().map(|v| v != 0).collect()),
            }
        };
        let tensor = Self { name: name.to_owned(), shape: dims, data };
        if tensor.count() == count {
            return Ok(tensor);
        }
        let (found, expected) = (tensor.count(), count.to_string());
        Err(Problem::TensorSize {
            tensor: tensor.name,
            dims: tensor.shape,
            expected,
            found,
            unit: "elements",
        })
    }

    /// A vector of integers.
    pub fn of_ints(name: &str, values: Vec<i64>) -> Self {
        Self { name: name.to_owned(), shape: vec![values.len() as i64], data: Data::I64(values) }
    }

    /// How many elements it has.
    pub fn count(&self) -> usize {
        match &self.data {
            Data::F32(v) => v.len(),
            Data::F64(v) => v.len(),
            Data::I64(v) => v.len(),
            Data::I32(v) => v.len(),
            Data::I8(v) => v.len(),
            Data::U8(v) => v.len(),
            Data::Bool(v) => v.len(),
            Data::Other(_) => 0,
        }
    }

    /// The elements of quantised weights, biases and zero points, if they are of such a type.
    pub fn codes(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::I8(v) => Some(v.iter().map(|&v| v.into()).collect()),
            Data::U8(v) => Some(v.iter().map(|&v| v.into()).collect()),
            Data::I32(v) => Some(v.iter().map(|&v| v.into()).collect()),
            _ => None,
        }
    }

    /// What makes int8 of elements of 8 bits.
    pub fn shift_to_int8(&self) -> Option<i64> {
        match &self.data {
            Data::I8(_) => Some(0),
            Data::U8(_) => Some(128),
            _ => None,
        }
    }

    /// The name of the elements' type.
    pub fn type_name(&self) -> String {
        data_type::name(match &self.data {
            Data::F32(_) => data_type::FLOAT,
            Data::F64(_) => data_type::DOUBLE,
            Data::I64(_) => data_type::INT64,
            Data::I32(_) => data_type::INT32,
            Data::I8(_) => data_type::INT8,
            Data::U8(_) => data_type::UINT8,
            Data::Bool(_) => data_type::BOOL,
            Data::Other(ty) => *ty,
        })
    }

    /// The elements as floats; doubles are rounded.
    pub fn floats(&self) -> Result<Vec<f32>, Problem> {
        match &self.data {
            Data::F32(v) => Ok(v.clone()),
            Data::F64(v) => Ok(v.iter().map(|&v| v as f32).collect()),
            _ => Err(self.wrong_type("float or double")),
        }
    }

    /// The elements as floats, all of them finite.
    pub fn finite(&self) -> Result<Vec<f32>, Problem> {
        let values = self.floats()?;
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let value = values[at].into();
                Err(Problem::NotFinite { tensor: self.name.clone(), index: self.index(at), value })
            }
        }
    }

    /// The elements as integers.
    pub fn ints(&self) -> Result<Vec<i64>, Problem> {
        match &self.data {
            Data::I64(v) => Ok(v.clone()),
            Data::I32(v) => Ok(v.iter().map(|&v| v.into()).collect()),
            _ => Err(self.wrong_type("int64 or int32")),
        }
    }

    fn wrong_type(&self, wanted: &'static str) -> Problem {
        Problem::TensorType { tensor: self.name.clone(), found: self.type_name(), wanted }
    }

    /// The indices of the element at a place in row-major order.
    fn index(&self, mut place: usize) -> Vec<i64> {
        let mut index = vec![0; self.shape.len()];
        for (i, &size) in self.shape.iter().enumerate().rev() {
            // A tensor with elements has no size of 0.
            let size = usize::try_from(size).unwrap_or(1).max(1);
            index[i] = (place % size) as i64;
            place /= size;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_fields_and_raw_bytes_agree() {
        let raw = TensorProto {
            dims: vec![2, 1],
            data_type: data_type::FLOAT,
            raw_data: vec![0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
            ..Default::default()
        };
        let typed = TensorProto { raw_data: vec![], float_data: vec![1.0, -2.0], ..raw.clone() };
        assert_eq!(Tensor::read(raw, "w"), Tensor::read(typed, "w"));
    }

    #[test]
    fn a_declared_size_allocates_nothing() {
        let huge =
            TensorProto { dims: vec![1 << 31, 1 << 31], data_type: data_type::FLOAT, ..Default::default() };
        assert!(matches!(Tensor::read(huge.clone(), "w"), Err(Problem::TensorSize { found: 0, .. })));
        let overflow = TensorProto { dims: vec![1 << 31, 1 << 31, 1 << 31], ..huge.clone() };
        assert!(matches!(Tensor::read(overflow, "w"), Err(Problem::TensorShape { .. })));
        let negative = TensorProto { dims: vec![-1], ..huge };
        assert!(matches!(Tensor::read(negative, "w"), Err(Problem::TensorShape { .. })));
    }

    #[test]
    fn an_element_is_named_by_its_indices() {
        let tensor = Tensor {
            name: "w".into(),
            shape: vec![2, 3],
            data: Data::F32(vec![0., 0., 0., 0., f32::NAN, 0.]),
        };
        assert_eq!(tensor.finite().unwrap_err().to_string(), "element [1, 1] of tensor 'w' is NaN");
    }
}
