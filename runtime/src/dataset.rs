//! Data sets: labelled images in numpy's npz format.
//!
//! A file holds `images`, uint8 `[N, H, W, C]` (or vectors `[N, F]`, sequences `[N, L, C]`, grey images `[N, H, W]`), and mostly `labels`, N class indices of any integer type. Networks
//! see an image as `image / 255`.

use std::fs::{File, Permissions};
use std::io::{self, BufReader, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zip::{ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

pub(crate) mod npy;

use npy::{element_count, numpy_name};

/// Images, all of one shape, with or without labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Pixels, row-major `[N, H, W, C]`.
    images: Vec<u8>,
    labels: Option<Vec<u32>>,
    shape: [usize; 4],
    /// Did the file have three extents? They are `[N, L, C]` or `[N, H, W]`, as the network takes them.
    of_rank_3: bool,
}

/// Why a file is no data set. The message names the file, what was found, and what is wanted.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct DataSetError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: DataSetProblem,
}

/// What can be wrong with a data set.
#[derive(Debug, Error)]
pub enum DataSetProblem {
    /// The file cannot be opened or created.
    #[error("cannot be {action}: {error}")]
    File {
        /// `read` or `written`.
        action: &'static str,
        /// The operating system's answer.
        error: io::Error,
    },
    /// The file is not a zip archive, or is damaged.
    #[error(
        "is not a whole npz file ({0}); write it with numpy.savez_compressed(path, images=..., labels=...)"
    )]
    Archive(String),
    /// An array is not there.
    #[error("has no array `{key}`, but holds {found}; wanted are `images` (uint8 [N, H, W, C]) and `labels`")]
    MissingArray {
        /// The name looked for.
        key: &'static str,
        /// The names that are there.
        found: String,
    },
    /// An array has the wrong type or shape.
    #[error("`{key}` is {found}, but must be {wanted}; {cure}")]
    WrongArray {
        /// The array's name.
        key: &'static str,
        /// Its type and shape.
        found: String,
        /// What is wanted.
        wanted: &'static str,
        /// How to get there.
        cure: &'static str,
    },
    /// An array's bytes end too early, are too many, or fail their checksum.
    #[error("`{key}` is damaged: {what}; write the file again")]
    Damaged {
        /// The array's name.
        key: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// There are no images, or they have no pixels.
    #[error("`images` has the shape {shape:?}, which holds no pixel; at least one image is wanted")]
    Empty {
        /// `[N, H, W, C]`.
        shape: [usize; 4],
    },
    /// There is not one label for each image.
    #[error("has {labels} labels for {images} images; one for each is wanted")]
    Count {
        /// Number of labels.
        labels: usize,
        /// Number of images.
        images: usize,
    },
    /// A label is no class index.
    #[error("label {index} is {value}, but labels must be class indices from 0 to 4294967295")]
    Label {
        /// Which label.
        index: usize,
        /// Its value.
        value: i128,
    },
}

impl DataSet {
    /// Reads `images` and `labels` from an npz file.
    pub fn read(path: impl AsRef<Path>) -> Result<DataSet, DataSetError> {
        Self::read_with(path.as_ref(), true)
    }

    /// Reads `images`, and `labels` if there are any: for calibration, which needs none.
    pub fn read_images(path: impl AsRef<Path>) -> Result<DataSet, DataSetError> {
        Self::read_with(path.as_ref(), false)
    }

    /// A data set of pixels in row-major order `shape = [N, H, W, C]`.
    pub fn new(
        shape: [usize; 4],
        images: Vec<u8>,
        labels: Option<Vec<u32>>,
    ) -> Result<DataSet, DataSetProblem> {
        let pixels = element_count(&shape).ok_or_else(|| too_large("images"))?;
        if pixels == 0 {
            return Err(DataSetProblem::Empty { shape });
        }
        if images.len() != pixels {
            return Err(DataSetProblem::Damaged {
                key: "images",
                what: format!("{} bytes for the shape {shape:?}", images.len()),
            });
        }
        match &labels {
            Some(labels) if labels.len() != shape[0] => {
                Err(DataSetProblem::Count { labels: labels.len(), images: shape[0] })
            }
            _ => Ok(DataSet { images, labels, shape, of_rank_3: false }),
        }
    }

    /// Pixels of image `index`, row-major `[H, W, C]`.
    ///
    /// # Panics
    /// If `index` is not below [`DataSet::len`].
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.image_size();
        &self.images[index * size..][..size]
    }

    /// Class index of image `index`, or `None` in a data set without labels.
    pub fn label(&self, index: usize) -> Option<usize> {
        self.labels.as_ref()?.get(index).map(|&label| label as usize)
    }

    /// Whether the images have labels.
    pub fn has_labels(&self) -> bool {
        self.labels.is_some()
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.shape[0]
    }

    /// Always false: a data set holds at least one image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of an image: H * W * C.
    pub fn image_size(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// `[H, W, C]` of an image.
    pub fn image_shape(&self) -> [usize; 3] {
        let [_, height, width, channels] = self.shape;
        [height, width, channels]
    }

    /// Do the images fit an input of a shape, which is `[H, W, C]` mostly?
    ///
    /// Vectors count as `[1, 1, F]`, sequences as `[1, L, C]`; images of one channel may come without it.
    pub fn fits(&self, shape: &[usize]) -> bool {
        let [height, width, channels] = self.image_shape();
        shape == self.image_shape()
            || ([height, width] == [1, 1] && *shape == [channels])
            || (self.of_rank_3 && *shape == [width, channels, 1])
    }

    /// `[N, H, W, C]`.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    /// Writes an npz file. The same data set always gives the same bytes.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DataSetError> {
        let path = path.as_ref();
        self.write_to(path).map_err(|error| DataSetError {
            path: path.to_owned(),
            problem: DataSetProblem::File { action: "written", error },
        })
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory.unwrap_or(Path::new(".")))?;
        let mut archive = ZipWriter::new(&mut file);
        // The default time stamp is a constant (1980), which keeps the bytes the same.
        let options = SimpleFileOptions::default();
        archive.start_file("images.npy", options)?;
        archive.write_all(&npy::Header::bytes("|u1", &self.shape))?;
        archive.write_all(&self.images)?;
        if let Some(labels) = &self.labels {
            archive.start_file("labels.npy", options)?;
            archive.write_all(&npy::Header::bytes("<u4", &[labels.len()]))?;
            archive.write_all(&labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<_>>())?;
        }
        archive.finish()?;
        file.persist(path)?;
        Ok(())
    }

    fn read_with(path: &Path, labels_wanted: bool) -> Result<DataSet, DataSetError> {
        let read = || {
            let file = File::open(path).map_err(|error| DataSetProblem::File { action: "read", error })?;
            let mut archive =
                ZipArchive::new(BufReader::new(file)).map_err(|e| DataSetProblem::Archive(e.to_string()))?;
            let (extents, images) = read_images(&mut archive)?;
            let shape = match extents[..] {
                [n, height, width, channels] => [n, height, width, channels],
                [n, length, channels] => [n, 1, length, channels],
                // The rank was checked: a vector.
                _ => [extents[0], 1, 1, extents[1]],
            };
            let has_labels = archive.index_for_name("labels.npy").is_some();
            let labels = if labels_wanted || has_labels { Some(read_labels(&mut archive)?) } else { None };
            let data = DataSet::new(shape, images, labels)?;
            Ok(DataSet { of_rank_3: extents.len() == 3, ..data })
        };
        read().map_err(|problem| DataSetError { path: path.to_owned(), problem })
    }
}

fn read_images(archive: &mut ZipArchive<impl Read + Seek>) -> Result<(Vec<usize>, Vec<u8>), DataSetProblem> {
    let (header, bytes) = read_array(archive, "images", |header| {
        let cure = if header.dtype != "|u1" {
            "convert it with (images * 255).round().astype(numpy.uint8) or the like"
        } else if !(2..=4).contains(&header.shape.len()) {
            "reshape it; vectors may be [N, F], sequences [N, L, C], grey images [N, H, W]"
        } else if header.fortran_order {
            "store numpy.ascontiguousarray(images)"
        } else {
            return None;
        };
        Some(("uint8 [N, H, W, C] in C order", cure))
    })?;
    Ok((header.shape, bytes))
}

fn read_labels(archive: &mut ZipArchive<impl Read + Seek>) -> Result<Vec<u32>, DataSetProblem> {
    let (header, bytes) = read_array(archive, "labels", |header| {
        if integer(&header.dtype).is_none() {
            Some(("integers [N]", "convert it with labels.astype(numpy.int64)"))
        } else if header.shape.len() != 1 {
            Some(("integers [N]", "class indices are wanted: labels.argmax(axis=1) if it is one-hot"))
        } else {
            None
        }
    })?;
    let (size, signed, big_endian) = integer(&header.dtype).expect("the type was checked to be an integer");
    let label = |(index, bytes): (usize, &[u8])| {
        let mut bytes = bytes.to_vec();
        if !big_endian {
            bytes.reverse();
        }
        let negative = signed && bytes.first().is_some_and(|&top| top >= 0x80);
        let value =
            bytes.iter().fold(if negative { -1 } else { 0 }, |value: i128, &b| value << 8 | i128::from(b));
        u32::try_from(value).map_err(|_| DataSetProblem::Label { index, value })
    };
    bytes.chunks_exact(size).enumerate().map(label).collect()
}

/// Size in bytes, whether signed, whether big-endian, of numpy's integer types.
fn integer(dtype: &str) -> Option<(usize, bool, bool)> {
    let mut letters = dtype.chars();
    let big_endian = match letters.next()? {
        '<' | '|' | '=' => false,
        '>' => true,
        _ => return None,
    };
    let signed = match letters.next()? {
        'i' => true,
        'u' => false,
        _ => return None,
    };
    let size = letters.as_str().parse().ok().filter(|size| [1, 2, 4, 8].contains(size))?;
    Some((size, signed, big_endian))
}

/// Reads one array; `fault` says what its header must be and the cure, if it is not that.
fn read_array(
    archive: &mut ZipArchive<impl Read + Seek>,
    key: &'static str,
    fault: impl Fn(&npy::Header) -> Option<(&'static str, &'static str)>,
) -> Result<(npy::Header, Vec<u8>), DataSetProblem> {
    let found = {
        let names: Vec<_> = archive
            .file_names()
            .flatten()
            .map(|name| format!("`{}`", name.trim_end_matches(".npy")))
            .collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let damaged = |what: String| DataSetProblem::Damaged { key, what };
    let mut entry = match archive.by_name(&format!("{key}.npy")) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Err(DataSetProblem::MissingArray { key, found }),
        Err(error) => return Err(damaged(error.to_string())),
    };
    let header = npy::Header::read(&mut entry).map_err(|error| damaged(error.to_string()))?;
    if let Some((wanted, cure)) = fault(&header) {
        let order = if header.fortran_order { " in Fortran order" } else { "" };
        let found = format!("{} {:?}{order}", numpy_name(&header.dtype), header.shape);
        return Err(DataSetProblem::WrongArray { key, found, wanted, cure });
    }
    let item_size = integer(&header.dtype).map_or(1, |(size, ..)| size);
    let bytes = header.data(&mut entry, item_size).map_err(damaged)?;
    Ok((header, bytes))
}

fn too_large(key: &'static str) -> DataSetProblem {
    DataSetProblem::Damaged { key, what: "its shape is larger than memory".to_owned() }
}
