//! FPGAs: what there is to use. One TOML file a device, in `devices/` or the user's own.

use atheena_dialects::dataflow::Resources;
use serde::Deserialize;
use std::{fs, io, path::PathBuf};

/// An FPGA.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// The name by which it was asked for.
    pub name: String,
    /// What it has.
    pub resources: Resources,
    /// The clock that designs are made for unless the user says another one.
    pub clock_mhz: f64,
    /// The family, as Yosys names it.
    pub family: String,
}

/// Why there is no device.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Neither a known name nor a file.
    #[error("unknown device {0:?}\n  note: known are {list}; or give the path of a TOML file", list = known())]
    Unknown(String),
    /// The file can't be read.
    #[error("cannot read the device file {path}: {source}\n  note: known by name are {list}", list = known())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file does not describe a device.
    #[error("{path}: {reason}\n  note: see devices/zc706.toml for the keys")]
    Content {
        /// The file.
        path: PathBuf,
        /// Which key is wrong, and how.
        reason: String,
    },
}

/// The devices that come with the compiler.
const DEVICES: [(&str, &str); 7] = [
    ("ecp5-85k", include_str!("../../devices/ecp5-85k.toml")),
    ("pynq-z2", include_str!("../../devices/pynq-z2.toml")),
    ("u250", include_str!("../../devices/u250.toml")),
    ("vu440", include_str!("../../devices/vu440.toml")),
    ("zc706", include_str!("../../devices/zc706.toml")),
    ("zcu102", include_str!("../../devices/zcu102.toml")),
    ("zcu104", include_str!("../../devices/zcu104.toml")),
];

fn known() -> String {
    DEVICES.map(|(name, _)| name).join(", ")
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// For people.
    #[serde(rename = "part")]
    _part: Option<String>,
    family: String,
    /// For people.
    #[serde(rename = "dsp_kind")]
    _dsp_kind: Option<String>,
    clock_mhz: f64,
    resources: Counts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    lut: u32,
    ff: u32,
    dsp: u32,
    bram18: u32,
}

impl Device {
    /// Finds a device: a name (any case) of those that come with the compiler, or the path of a TOML file.
    pub fn find(name: &str) -> Result<Self, DeviceError> {
        if let Some((name, text)) = DEVICES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Self::parse(name, PathBuf::from(format!("devices/{name}.toml")), text);
        }
        if !name.ends_with(".toml") {
            return Err(DeviceError::Unknown(name.into()));
        }
        let path = PathBuf::from(name);
        let text = fs::read_to_string(&path)
            .map_err(|source| DeviceError::Read { path: path.clone(), source })?;
        let stem = path.file_stem().map_or_else(|| name.into(), |s| s.to_string_lossy().into_owned());
        Self::parse(&stem, path, &text)
    }

    fn parse(name: &str, path: PathBuf, text: &str) -> Result<Self, DeviceError> {
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            // The message names key, line and column, with the line below it.
            Err(error) => {
                return Err(DeviceError::Content { path, reason: error.to_string().trim().to_owned() });
            }
        };
        if !(file.clock_mhz > 0.0 && file.clock_mhz.is_finite()) {
            let reason = format!("clock_mhz must be above 0, but is {}", file.clock_mhz);
            return Err(DeviceError::Content { path, reason });
        }
        let Counts { lut, ff, dsp, bram18 } = file.resources;
        let resources =
            Resources { lut: lut.into(), ff: ff.into(), dsp: dsp.into(), bram18: bram18.into() };
        Ok(Self { name: name.into(), resources, clock_mhz: file.clock_mhz, family: file.family })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_known_devices_parse() {
        for (name, _) in DEVICES {
            let device = Device::find(name).unwrap_or_else(|e| panic!("{e}"));
            assert!(device.resources.lut > 50_000, "{name}");
        }
        // The figures of the paper that ATHEENA's artifact compares with.
        let zc706 = Device::find("ZC706").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(zc706.resources, Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1_090 });
    }

    fn message(text: &str) -> String {
        Device::parse("mine", "mine.toml".into(), text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_key() {
        insta::assert_snapshot!("unknown", Device::find("spartan").map(|_| ()).unwrap_err().to_string());
        let good = include_str!("../../devices/zc706.toml");
        insta::assert_snapshot!("missing_key", message(&good.replace("dsp = 900\n", "")));
        insta::assert_snapshot!("unknown_key", message(&good.replace("dsp =", "dps =")));
        insta::assert_snapshot!("negative", message(&good.replace("900", "-900")));
        insta::assert_snapshot!("clock", message(&good.replace("125.0", "0.0")));
    }
}
