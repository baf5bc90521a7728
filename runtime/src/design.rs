//! An accelerator as files: `rtl/*.sv` with `rtl/filelist.f`, and `weights/*.mem`.

use crate::circt::{Circt, CirctError};
use atheena_dialects::ir::{Attr, Op};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};
use thiserror::Error;

/// The operation that holds the content of a memory: `words` is `[depth, lanes]`, each element in `element_width` bits
/// of two's complement, lane 0 in the low bits of a word.
const MEMORY: &str = "atheena.memory";

/// Why a design cannot be written.
#[derive(Debug, Error)]
pub enum DesignError {
    /// CIRCT refuses the modules, or is not there.
    #[error(transparent)]
    Circt(#[from] CirctError),
    /// A file or directory cannot be written.
    #[error("{}: cannot be written: {error}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        error: io::Error,
    },
    /// An operation that holds a memory is malformed.
    #[error("{location}: '{MEMORY}' op expected sym_name, element_width and integer words [depth, lanes]")]
    Memory {
        /// Where.
        location: String,
    },
}

/// Writes the result of `convert-dataflow-to-hw` into the directory: SystemVerilog to `rtl`, the contents of memories to
/// `weights`, where the hardware reads them if the simulator or synthesis runs in `directory`. Returns the names in
/// `rtl`. Each of the two directories is replaced as a whole.
pub fn write_design(module: Op<'_>, circt: &Circt, directory: &Path) -> Result<Vec<String>, DesignError> {
    // CIRCT's MLIR does not know the memories.
    let hardware = module.duplicate();
    let memories = hardware.walk_named(MEMORY);
    let images = memories.iter().map(|&memory| image(memory)).collect::<Result<Vec<_>, _>>();
    memories.iter().for_each(|memory| memory.erase());
    let text = hardware.to_generic();
    hardware.erase();

    let failure = |error| DesignError::File { path: directory.to_owned(), error };
    fs::create_dir_all(directory).map_err(failure)?;
    let staging = tempfile::Builder::new().prefix(".weights").tempdir_in(directory).map_err(failure)?;
    let fresh = staging.path().join("new");
    fs::create_dir(&fresh).map_err(failure)?;
    for (name, text) in images? {
        fs::write(fresh.join(format!("{name}.mem")), text).map_err(failure)?;
    }
    let files = circt.export(&text, &directory.join("rtl"))?;
    let weights = directory.join("weights");
    if weights.exists() {
        fs::rename(&weights, staging.path().join("old")).map_err(failure)?;
    }
    fs::rename(&fresh, &weights).map_err(failure)?;
    Ok(files)
}

/// The name of a memory and its words in hexadecimal, one a line, as `$readmemh` wants them.
fn image(memory: Op<'_>) -> Result<(String, String), DesignError> {
    let read = || {
        let words = memory.attr("words")?;
        let shape = words.attr_type()?.shape()?;
        let &[_, lanes] = shape.as_slice() else { return None };
        let width =
            u32::try_from(memory.attr("element_width")?.to_i64()?).ok().filter(|w| (1..=64).contains(w))?;
        let name = memory.attr("sym_name").and_then(Attr::to_string_value)?;
        Some((name, hexadecimal(&words.to_dense_ints()?, lanes as usize, width)))
    };
    read().ok_or_else(|| DesignError::Memory { location: memory.loc().to_string() })
}

/// Words of lanes of `width` bits, lane 0 in the low bits.
fn hexadecimal(elements: &[i64], lanes: usize, width: u32) -> String {
    let digits = (lanes * width as usize).div_ceil(4);
    let mut text = String::with_capacity((digits + 1) * elements.len() / lanes);
    let mut nibbles = vec![0u8; digits];
    for word in elements.chunks(lanes) {
        nibbles.fill(0);
        for (lane, element) in word.iter().enumerate() {
            for bit in 0..width as usize {
                let at = lane * width as usize + bit;
                nibbles[at / 4] |= ((element >> bit & 1) as u8) << (at % 4);
            }
        }
        for nibble in nibbles.iter().rev() {
            write!(text, "{nibble:x}").expect("a string takes text");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: -1 in 3 bits is 7, 2 is 2, so a word is (lane 1, lane 0) = 010_111 = 0x17; 5 bits take two digits.
    #[test]
    fn words_have_lane_0_in_the_low_bits() {
        assert_eq!(hexadecimal(&[-1, 2, 0, -4], 2, 3), "17\n20\n");
        assert_eq!(hexadecimal(&[-1, -16], 1, 5), "1f\n10\n");
    }
}
