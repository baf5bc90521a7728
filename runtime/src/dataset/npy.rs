//! The header of numpy's `.npy` format, versions 1 to 3.
//!
//! Format: numpy's `numpy/lib/format.py`. A header is a Python dictionary as text with the keys `descr`,
//! `fortran_order` and `shape`; only plain (not structured) arrays are of use here.

use std::io::{self, Read};

/// What an array holds and how it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// numpy's type string, e.g. `|u1` or `<i8`; the text `a structured type` for anything else.
    pub dtype: String,
    /// Whether the first index varies fastest.
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// Reads the header and leaves the reader at the first byte of the data.
    pub fn read(reader: &mut impl Read) -> io::Result<Header> {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        let [magic @ .., major, _minor] = start;
        if magic != *b"\x93NUMPY" {
            return Err(malformed("it does not start with the mark of an npy array"));
        }
        let length = if major == 1 {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes)?;
            u64::from(u16::from_le_bytes(bytes))
        } else {
            let mut bytes = [0; 4];
            reader.read_exact(&mut bytes)?;
            u64::from(u32::from_le_bytes(bytes))
        };
        let mut text = Vec::new();
        if reader.take(length).read_to_end(&mut text)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Header::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| malformed("its npy header is malformed"))
    }

    /// Reads the elements, of `item_size` bytes each, which must be all that is left.
    pub fn data(&self, reader: &mut impl Read, item_size: usize) -> Result<Vec<u8>, String> {
        let size = element_count(&self.shape)
            .and_then(|count| count.checked_mul(item_size))
            .filter(|&size| size < isize::MAX as usize)
            .ok_or("its shape is larger than memory")?;
        // The length that the header claims is not trusted for an allocation; one byte more shows surplus data,
        // and reading to the end has the checksum verified.
        let mut bytes = Vec::new();
        reader.take(size as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() != size {
            let relation = if bytes.len() > size { "more than" } else { "only" };
            let count = bytes.len().min(size);
            return Err(format!("{relation} {count} bytes of data for the shape {:?}", self.shape));
        }
        Ok(bytes)
    }

    fn parse(text: &str) -> Option<Header> {
        let dtype = match value_of(text, "descr")?.strip_prefix(['\'', '"']) {
            Some(rest) => rest[..rest.find(['\'', '"'])?].to_owned(),
            None => "a structured type".to_owned(),
        };
        let order = value_of(text, "fortran_order")?;
        let fortran_order = order.starts_with("True");
        if !fortran_order && !order.starts_with("False") {
            return None;
        }
        let shape = value_of(text, "shape")?.strip_prefix('(')?.split_once(')')?.0;
        let shape = shape
            .split(',')
            .map(str::trim)
            .filter(|extent| !extent.is_empty())
            // Python 2 wrote long integers as `28L`.
            .map(|extent| extent.trim_end_matches('L').parse().ok())
            .collect::<Option<_>>()?;
        Some(Header { dtype, fortran_order, shape })
    }

    /// The header of a plain array in C order, as numpy writes it: padded to a multiple of 64 bytes.
    pub fn bytes(dtype: &str, shape: &[usize]) -> Vec<u8> {
        let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
        let extents =
            if shape.len() == 1 { extents.trim_end() } else { extents.trim_end_matches([',', ' ']) };
        let mut text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({extents}), }}");
        let start = 10;
        text.push_str(&" ".repeat((start + text.len() + 1).next_multiple_of(64) - (start + text.len() + 1)));
        text.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        let length = u16::try_from(text.len()).expect("a few extents of at most 20 digits");
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.into_bytes());
        bytes
    }
}

/// `|u1` as `uint8`, for messages.
pub(crate) fn numpy_name(dtype: &str) -> String {
    let mut letters = dtype.chars();
    letters.next();
    let kind = match letters.next() {
        Some('u') => "uint",
        Some('i') => "int",
        Some('f') => "float",
        Some('b') => return "bool".to_owned(),
        _ => return dtype.to_owned(),
    };
    match letters.as_str().parse::<u32>() {
        Ok(bytes @ 1..=32) => format!("{kind}{}", bytes * 8),
        _ => dtype.to_owned(),
    }
}

/// How many elements an array of this shape has.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, &extent| count.checked_mul(extent))
}

/// The text after `'key':` in a Python dictionary.
fn value_of<'a>(dictionary: &'a str, key: &str) -> Option<&'a str> {
    ['\'', '"'].into_iter().find_map(|quote| {
        let (_, rest) = dictionary.split_once(&format!("{quote}{key}{quote}"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    })
}

fn malformed(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_numpy() {
        // Bytes from numpy 1.24: np.save of np.zeros((2000,), 'u1') and np.zeros((2, 3), '<i4').
        let text = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2000,), }";
        let mut expected = text.to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(Header::bytes("|u1", &[2000]), expected);
        let parsed = Header::read(&mut expected.as_slice()).unwrap();
        assert_eq!(parsed, Header { dtype: "|u1".into(), fortran_order: false, shape: vec![2000] });
        let parsed = Header::parse("{'shape': (2, 3), 'fortran_order': True, 'descr': '<i4'}").unwrap();
        assert_eq!(parsed, Header { dtype: "<i4".into(), fortran_order: true, shape: vec![2, 3] });
    }

    #[test]
    fn damaged_headers_are_refused() {
        for text in [
            "",
            "{'descr': '|u1', 'fortran_order': False}",
            "{'descr': '|u1, 'fortran_order': No, 'shape': (1,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1",
        ] {
            assert_eq!(Header::parse(text), None, "{text}");
        }
    }
}
