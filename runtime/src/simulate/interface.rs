//! The ports of an accelerator, as far as a host sees them.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SimError;

/// What a host must know to talk to an accelerator; stored in `report.json` under `interface`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Name of the top module.
    pub top: String,
    /// `s_axis`: pixels, row-major `[H, W, C]` but for rows side by side, lane 0 in the low bits.
    pub input: Port,
    /// `m_axis`: logits, class 0 first.
    pub output: Port,
    /// Number of classes, at most the elements of an output: surplus ones are ignored.
    pub classes: usize,
    /// Number of ways out, the last classifier included; `m_axis_tuser` is below.
    pub exits: usize,
}

/// A data port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Elements a beat.
    pub lanes: usize,
    /// Bits an element: 8, 16 or 32.
    pub bits: usize,
    /// Beats a sample.
    pub beats: usize,
    /// Elements of a row. Each row begins a beat; lanes of its last beat that are behind its end mean nothing.
    pub row_elements: usize,
    /// Where a row is several ones of the image; none as a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<SideBySide>,
}

/// Rows of an image that come as one: side by side, of each column a pixel of each row in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideBySide {
    /// Rows.
    pub count: usize,
    /// Elements of a pixel.
    pub pixel_elements: usize,
}

impl SideBySide {
    /// The bytes of rows, given one behind the other, as they come.
    fn interleave(self, rows: &[u8], bits: usize) -> Vec<u8> {
        let (row, pixel) = (rows.len() / self.count, self.pixel_elements * bits / 8);
        let starts = (0..row / pixel).flat_map(|x| (0..self.count).map(move |y| y * row + x * pixel));
        starts.flat_map(|start| &rows[start..start + pixel]).copied().collect()
    }
}

impl Port {
    /// Elements a sample.
    pub fn elements(&self) -> usize {
        self.beats / self.row_beats() * self.row_elements
    }

    /// Bytes of a beat.
    pub fn beat_bytes(&self) -> usize {
        self.lanes * self.bits / 8
    }

    /// Bytes of the elements of a sample.
    pub fn sample_bytes(&self) -> usize {
        self.elements() * self.bits / 8
    }

    fn row_beats(&self) -> usize {
        self.row_elements.div_ceil(self.lanes)
    }

    /// The bytes of a sample's beats, with noise behind the ends of rows.
    pub(super) fn beats_of(&self, sample: &[u8]) -> Vec<u8> {
        let row_bytes = self.row_beats() * self.beat_bytes();
        let row = |row: &[u8]| {
            let mut row = self.rows.map_or_else(|| row.to_vec(), |rows| rows.interleave(row, self.bits));
            row.resize(row_bytes, NOISE);
            row
        };
        sample.chunks(self.row_elements * self.bits / 8).flat_map(row).collect()
    }

    /// The bytes of the elements among those of a sample's beats.
    pub(super) fn elements_of<'a>(&self, beats: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
        let (row, row_beats) = (self.row_elements * self.bits / 8, self.row_beats() * self.beat_bytes());
        beats.chunks(row_beats).flat_map(move |beats| beats[..row].iter().copied())
    }

    pub(super) fn is_valid(&self) -> bool {
        self.lanes > 0
            && self.beats > 0
            && self.row_elements > 0
            && self.rows.is_none_or(|rows| {
                let elements = rows.count * rows.pixel_elements;
                elements > 0 && self.row_elements.is_multiple_of(elements)
            })
            && self.beats.is_multiple_of(self.row_beats())
            && [8, 16, 32].contains(&self.bits)
    }
}

/// What lanes hold that mean nothing.
const NOISE: u8 = 0xA5;

impl Interface {
    /// Reads the key `interface` of `DIR/report.json`.
    pub fn read(directory: &Path) -> Result<Interface, SimError> {
        #[derive(Deserialize)]
        struct Report {
            interface: Interface,
        }
        let path = directory.join("report.json");
        let text =
            fs::read(&path).map_err(|error| SimError::File { path: path.clone(), action: "read", error })?;
        let report: Report = serde_json::from_slice(&text)
            .map_err(|error| SimError::Report { path, reason: error.to_string() })?;
        Ok(report.interface)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of three pixels of two elements, two pixels a beat: a pixel of each row in turn, and noise behind their ends.
    #[test]
    fn rows_come_side_by_side() {
        let rows = Some(SideBySide { count: 2, pixel_elements: 2 });
        let port = Port { lanes: 8, bits: 8, beats: 4, row_elements: 12, rows };
        assert!(port.is_valid());
        let sample: Vec<u8> = (0..24).collect();
        let noise = [NOISE; 4];
        let row = |first: u8| [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11].map(|at| first + at);
        assert_eq!(port.beats_of(&sample), [&row(0)[..], &noise, &row(12), &noise].concat());
        let odd = SideBySide { count: 5, pixel_elements: 2 };
        assert!(!Port { rows: Some(odd), ..port }.is_valid());
    }
}
