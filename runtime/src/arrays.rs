//! Named float arrays in numpy's npz format: the weights of networks.

use crate::dataset::npy::{Header, numpy_name};
use std::{
    fs::{File, Permissions},
    io::{self, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use thiserror::Error;
use zip::{ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// An npz file that is open.
pub struct Arrays(ZipArchive<BufReader<File>>);

/// An array of floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Floats {
    /// The extents.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Why arrays can't be read; the message goes on from the file's or the array's name.
#[derive(Debug, Error)]
pub enum ArrayProblem {
    /// The file cannot be opened.
    #[error("cannot be read: {0}")]
    File(io::Error),
    /// The file is not a zip archive, or is damaged.
    #[error("is not a whole npz file ({0})")]
    Archive(String),
    /// There is no such array.
    #[error("is missing")]
    Missing,
    /// The elements are no 32-bit floats.
    #[error("has elements of type {0}, but must have float32")]
    Type(String),
    /// The elements are in Fortran's order.
    #[error("is in Fortran order, but must be in C order")]
    Order,
    /// An element is infinite or not a number.
    #[error("has the element {0}, but must be finite")]
    NotFinite(f32),
    /// An array's bytes end too early, are too many, or fail their checksum.
    #[error("is damaged: {0}")]
    Damaged(String),
}

/// Writes an npz file. The same arrays always give the same bytes.
pub fn write(path: &Path, arrays: &[(String, Floats)]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory.unwrap_or(Path::new(".")))?;
    let mut archive = ZipWriter::new(&mut file);
    for (name, Floats { shape, values }) in arrays {
        // The default time stamp is a constant (1980), which keeps the bytes the same.
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        archive.write_all(&Header::bytes("<f4", shape))?;
        archive.write_all(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())?;
    }
    archive.finish()?;
    file.persist(path)?;
    Ok(())
}

impl Arrays {
    /// Opens an npz file.
    pub fn open(path: &Path) -> Result<Self, ArrayProblem> {
        let file = File::open(path).map_err(ArrayProblem::File)?;
        let archive = ZipArchive::new(BufReader::new(file));
        archive.map(Self).map_err(|error| ArrayProblem::Archive(error.to_string()))
    }

    /// The arrays' names, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.0.file_names().flatten().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
        names.sort();
        names
    }

    /// Reads an array.
    pub fn floats(&mut self, name: &str) -> Result<Floats, ArrayProblem> {
        let damaged = |error: io::Error| ArrayProblem::Damaged(error.to_string());
        let mut entry = match self.0.by_name(&format!("{name}.npy")) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Err(ArrayProblem::Missing),
            Err(error) => return Err(ArrayProblem::Damaged(error.to_string())),
        };
        let header = Header::read(&mut entry).map_err(damaged)?;
        let big_endian = match header.dtype.as_str() {
            "<f4" | "=f4" => false,
            ">f4" => true,
            other => return Err(ArrayProblem::Type(numpy_name(other))),
        };
        if header.fortran_order && header.shape.len() > 1 {
            return Err(ArrayProblem::Order);
        }
        let bytes = header.data(&mut entry, size_of::<f32>()).map_err(ArrayProblem::Damaged)?;
        let (items, _) = bytes.as_chunks();
        let read = |bytes: &[u8; 4]| {
            if big_endian { f32::from_be_bytes(*bytes) } else { f32::from_le_bytes(*bytes) }
        };
        let values: Vec<_> = items.iter().map(read).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(ArrayProblem::NotFinite(value)),
            None => Ok(Floats { shape: header.shape, values }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_by_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut archive = ZipWriter::new(&mut file);
        let mut add = |name: &str, dtype, bytes: &[u8]| {
            archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
            archive.write_all(&Header::bytes(dtype, &[2])).unwrap();
            archive.write_all(bytes).unwrap();
        };
        // 1.5 and -2 are 3FC00000 and C0000000.
        add("b.bias", "<f4", &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
        add("big", ">f4", &[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]);
        add("short", "<f4", &[0; 7]);
        add("double", "<f8", &[0; 16]);
        add("infinite", "<f4", &[0, 0, 0x80, 0x7f, 0, 0, 0, 0]);
        archive.finish().unwrap();
        let mut arrays = Arrays::open(file.path()).unwrap();
        assert_eq!(arrays.names(), ["b.bias", "big", "double", "infinite", "short"]);
        let wanted = Floats { shape: vec![2], values: vec![1.5, -2.0] };
        assert_eq!(arrays.floats("b.bias").unwrap(), wanted);
        assert_eq!(arrays.floats("big").unwrap(), wanted);
        let mut message = |name| arrays.floats(name).unwrap_err().to_string();
        assert_eq!(message("a"), "is missing");
        assert_eq!(message("short"), "is damaged: only 7 bytes of data for the shape [2]");
        assert_eq!(message("double"), "has elements of type float64, but must have float32");
        assert_eq!(message("infinite"), "has the element inf, but must be finite");
    }
}
