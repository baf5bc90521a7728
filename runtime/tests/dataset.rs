//! Data sets: what is read, and the whole message of every refusal.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use atheena_runtime::dataset::DataSet;
use zip::{ZipWriter, write::SimpleFileOptions};

/// An array as numpy would save it: the header's dictionary and the data.
struct Array<'a>(&'a str, &'a str, &'a [u8]);

fn npz(directory: &Path, arrays: &[Array]) -> PathBuf {
    let path = directory.join("x.npz");
    let mut archive = ZipWriter::new(File::create(&path).unwrap());
    for Array(name, dictionary, data) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        archive.write_all(b"\x93NUMPY\x01\x00").unwrap();
        archive.write_all(&u16::try_from(dictionary.len()).unwrap().to_le_bytes()).unwrap();
        archive.write_all(dictionary.as_bytes()).unwrap();
        archive.write_all(data).unwrap();
    }
    archive.finish().unwrap();
    path
}

const IMAGES: Array =
    Array("images", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 3, 1), }", &[1, 2, 3, 4, 5, 6]);

#[test]
fn images_and_labels_of_any_integer_type_are_read() {
    let directory = tempfile::tempdir().unwrap();
    for (dtype, data) in [
        ("|u1", &[7, 3][..]),
        ("|i1", &[7, 3]),
        ("<i2", &[7, 0, 3, 0]),
        (">u2", &[0, 7, 0, 3]),
        ("<i4", &[7, 0, 0, 0, 3, 0, 0, 0]),
        (">i8", &[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3]),
    ] {
        let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': (2,), }}");
        let data_set =
            DataSet::read(npz(directory.path(), &[IMAGES, Array("labels", &header, data)])).unwrap();
        assert_eq!(data_set.shape(), [2, 1, 3, 1]);
        assert_eq!(data_set.image_shape(), [1, 3, 1]);
        assert_eq!(data_set.len(), 2);
        assert_eq!((data_set.image(0), data_set.image(1)), (&[1, 2, 3][..], &[4, 5, 6][..]));
        assert_eq!(
            (data_set.label(0), data_set.label(1), data_set.label(2)),
            (Some(7), Some(3), None),
            "{dtype}"
        );
    }
}

#[test]
fn vectors_sequences_and_grey_images_may_lack_extents() {
    let directory = tempfile::tempdir().unwrap();
    let read = |shape: &str| {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
        DataSet::read_images(npz(directory.path(), &[Array("images", &header, &[1, 2, 3, 4, 5, 6])])).unwrap()
    };
    let fits = |data: &DataSet| {
        let shapes: [&[usize]; 7] =
            [&[3], &[1, 1, 3], &[1, 3, 1], &[3, 1, 1], &[1, 1, 6], &[2, 3, 1], &[1, 2, 3]];
        shapes.into_iter().filter(|shape| data.fits(shape)).map(<[usize]>::to_vec).collect::<Vec<_>>()
    };
    let vectors = read("2, 3");
    assert_eq!((vectors.shape(), vectors.image(1)), ([2, 1, 1, 3], &[4, 5, 6][..]));
    assert_eq!(fits(&vectors), [vec![3], vec![1, 1, 3]]);
    // One sequence of two steps with three channels, or one grey image of two rows.
    let sequence = read("1, 2, 3");
    assert_eq!((sequence.shape(), sequence.len()), ([1, 1, 2, 3], 1));
    assert_eq!(fits(&sequence), [[2, 3, 1], [1, 2, 3]]);
    let images = read("2, 1, 3, 1");
    assert_eq!(fits(&images), [[1, 3, 1]]);
}

#[test]
fn labels_may_be_left_out_for_calibration() {
    let directory = tempfile::tempdir().unwrap();
    let data_set = DataSet::read_images(npz(directory.path(), &[IMAGES])).unwrap();
    assert_eq!((data_set.len(), data_set.has_labels(), data_set.label(0)), (2, false, None));
}

#[test]
fn what_is_written_is_read_back_and_always_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w.npz");
    let data_set = DataSet::new([2, 1, 3, 1], vec![1, 2, 3, 250, 251, 252], Some(vec![300, 1])).unwrap();
    data_set.write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(DataSet::read(&path).unwrap(), data_set);
    data_set.write(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no temporary file is left");
}

fn refusal(directory: &Path, arrays: &[Array]) -> String {
    let path = npz(directory, arrays);
    let message = DataSet::read(&path).unwrap_err().to_string();
    message.replace(path.to_str().unwrap(), "x.npz")
}

#[test]
fn refusals_say_what_was_found_and_what_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let images = |header, data| refusal(directory, &[Array("images", header, data)]);
    let labels = |header, data| refusal(directory, &[IMAGES, Array("labels", header, data)]);
    assert_eq!(
        refusal(directory, &[Array("x_train", IMAGES.1, IMAGES.2)]),
        "x.npz: has no array `images`, but holds `x_train`; wanted are `images` (uint8 [N, H, W, C]) and `labels`"
    );
    assert_eq!(
        refusal(directory, &[IMAGES]),
        "x.npz: has no array `labels`, but holds `images`; wanted are `images` (uint8 [N, H, W, C]) and `labels`"
    );
    assert_eq!(
        images("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1), }", &[0; 4]),
        "x.npz: `images` is float32 [1, 1, 1, 1], but must be uint8 [N, H, W, C] in C order; \
         convert it with (images * 255).round().astype(numpy.uint8) or the like"
    );
    assert_eq!(
        images("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", &[0; 4]),
        "x.npz: `images` is uint8 [4], but must be uint8 [N, H, W, C] in C order; \
         reshape it; vectors may be [N, F], sequences [N, L, C], grey images [N, H, W]"
    );
    assert_eq!(
        images("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 2, 1), }", &[0; 4]),
        "x.npz: `images` is uint8 [1, 2, 2, 1] in Fortran order, but must be uint8 [N, H, W, C] in C order; \
         store numpy.ascontiguousarray(images)"
    );
    assert_eq!(
        images("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 1), }", &[0; 7]),
        "x.npz: `images` is damaged: only 7 bytes of data for the shape [2, 2, 2, 1]; write the file again"
    );
    assert_eq!(
        images("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 1), }", &[0; 9]),
        "x.npz: `images` is damaged: more than 8 bytes of data for the shape [2, 2, 2, 1]; write the file again"
    );
    assert_eq!(
        images(
            "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2, 1), }",
            &[0; 9]
        ),
        "x.npz: `images` is damaged: its shape is larger than memory; write the file again"
    );
    assert_eq!(
        images("{'descr': '|u1'}", &[]),
        "x.npz: `images` is damaged: its npy header is malformed; write the file again"
    );
    let no_images =
        Array("images", "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 28, 28, 1), }", &[]);
    let no_labels = Array("labels", "{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }", &[]);
    assert_eq!(
        refusal(directory, &[no_images, no_labels]),
        "x.npz: `images` has the shape [0, 28, 28, 1], which holds no pixel; at least one image is wanted"
    );
    assert_eq!(
        labels("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", &[0; 16]),
        "x.npz: `labels` is float64 [2], but must be integers [N]; convert it with labels.astype(numpy.int64)"
    );
    assert_eq!(
        labels("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }", &[0; 2]),
        "x.npz: `labels` is uint8 [2, 1], but must be integers [N]; class indices are wanted: \
         labels.argmax(axis=1) if it is one-hot"
    );
    assert_eq!(
        labels("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", &[0; 3]),
        "x.npz: has 3 labels for 2 images; one for each is wanted"
    );
    assert_eq!(
        labels("{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }", &[0, 255]),
        "x.npz: label 1 is -1, but labels must be class indices from 0 to 4294967295"
    );
}

#[test]
fn missing_and_foreign_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.npz");
    let message =
        |path: &Path| DataSet::read(path).unwrap_err().to_string().replace(path.to_str().unwrap(), "x.npz");
    assert_eq!(message(&path), "x.npz: cannot be read: No such file or directory (os error 2)");
    fs::write(&path, "no archive").unwrap();
    let text = message(&path);
    assert!(text.starts_with("x.npz: is not a whole npz file ("), "{text}");
    assert!(
        text.ends_with("); write it with numpy.savez_compressed(path, images=..., labels=...)"),
        "{text}"
    );
}

#[test]
fn damaged_files_are_refused_and_never_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.npz");
    let data_set = DataSet::new([4, 2, 3, 1], (0..24).collect(), Some(vec![0, 1, 2, 3])).unwrap();
    data_set.write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(DataSet::read(&path).is_err(), "the first {length} of {} bytes were accepted", bytes.len());
    }
    // A changed byte may hit a field that does not matter (a time stamp); what is read must then be right.
    for index in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[index] ^= flip;
            fs::write(&path, changed).unwrap();
            if let Ok(read) = DataSet::read(&path) {
                assert_eq!(read, data_set, "byte {index} changed");
            }
        }
    }
}

#[test]
fn the_shared_mnist_test_set_is_read() {
    let root = std::env::var_os("ATHEENA_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let path = root.join("data/mnist_test.npz");
    if !path.exists() {
        println!("skipped: {} absent", path.display());
        return;
    }
    let data_set = DataSet::read(&path).unwrap();
    assert_eq!(data_set.shape(), [10_000, 28, 28, 1]);
    // The first labels of the MNIST test set, as published: 7 2 1 0 4 1 4 9 5 9.
    let labels: Vec<_> = (0..10).map(|index| data_set.label(index).unwrap()).collect();
    assert_eq!(labels, [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
}
