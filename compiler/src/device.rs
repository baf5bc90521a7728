//! Devices: what an FPGA has, from the TOML files in `devices/` or from a user's own.

use std::path::{Path, PathBuf};

use atheena_dialects::dataflow::{DspKind, Resources};
use serde::Deserialize;

/// The devices that are built in, by name.
const BUILT_IN: [(&str, &str); 7] = [
    ("ecp5-85k", include_str!("../../devices/ecp5-85k.toml")),
    ("pynq-z2", include_str!("../../devices/pynq-z2.toml")),
    ("u250", include_str!("../../devices/u250.toml")),
    ("vu440", include_str!("../../devices/vu440.toml")),
    ("zc706", include_str!("../../devices/zc706.toml")),
    ("zcu102", include_str!("../../devices/zcu102.toml")),
    ("zcu104", include_str!("../../devices/zcu104.toml")),
];

/// An FPGA.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The file's name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The vendor's part number.
    pub part: String,
    /// `xc7`, `xcu`, `xcup` or `ecp5`.
    pub family: String,
    /// What its DSP blocks are: `DSP48E1`, `DSP48E2` or `MULT18X18D`.
    pub dsp_kind: String,
    /// Look-up tables of six inputs, or as many as others are worth.
    pub lut: i64,
    /// Flip-flops.
    pub ff: i64,
    /// DSP blocks.
    pub dsp: i64,
    /// Block RAMs of 18 kbit.
    pub bram18: i64,
    /// The clock that designs run at if nothing else is said, in MHz.
    pub clock_mhz: f64,
    /// What is taken already, such as by what connects the FPGA to its host.
    #[serde(default)]
    pub shell: Shell,
}

/// Resources that designs may not use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shell {
    /// Look-up tables.
    pub lut: i64,
    /// Flip-flops.
    pub ff: i64,
    /// DSP blocks.
    pub dsp: i64,
    /// Block RAMs of 18 kbit.
    pub bram18: i64,
}

/// The families that there are.
const FAMILIES: [&str; 4] = ["xc7", "xcu", "xcup", "ecp5"];

/// Why there is no such device.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum DeviceError {
    /// Neither a known name nor a file.
    #[error("unknown device `{name}`: known are {}; or give the path of a TOML file of your own", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names that are built in.
        known: Vec<&'static str>,
    },
    /// The file can't be read.
    #[error("can't read the device {}: {reason}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is no device.
    #[error("{}: {reason}; a device has the keys part, family, dsp_kind, lut, ff, dsp, bram18, clock_mhz, and may have a table shell with lut, ff, dsp, bram18", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line or key.
        reason: String,
    },
}

impl Device {
    /// The names of the devices that are built in.
    pub fn known() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// A device that is built in, or of a user's file: what ends with `.toml` or holds a `/` is a path.
    pub fn find(name: &str) -> Result<Self, DeviceError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(text, Path::new(name));
        }
        if !name.ends_with(".toml") && !name.contains('/') {
            return Err(DeviceError::Unknown { name: name.to_owned(), known: Self::known() });
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path)
            .map_err(|error| DeviceError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::parse(&text, path)
    }

    /// What designs may use: everything but the shell.
    pub fn resources(&self) -> Resources {
        let Self { lut, ff, dsp, bram18, shell, .. } = *self;
        Resources {
            lut: lut - shell.lut,
            ff: ff - shell.ff,
            dsp: dsp - shell.dsp,
            bram18: bram18 - shell.bram18,
        }
    }

    /// A share of everything, rounded down.
    pub fn share(&self, of: f64) -> Resources {
        let part = |all: i64| (all as f64 * of).floor() as i64;
        let Resources { lut, ff, dsp, bram18 } = self.resources();
        Resources { lut: part(lut), ff: part(ff), dsp: part(dsp), bram18: part(bram18) }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, DeviceError> {
        let malformed = |reason: String| DeviceError::Malformed { path: path.to_owned(), reason };
        let mut device: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let at = line
                .filter(|_| error.message().starts_with("invalid") || error.message().contains("expected"));
            malformed(match at {
                Some(line) => format!("line {line}: {}", error.message()),
                None => error.message().to_owned(),
            })
        })?;
        let Self { lut, ff, dsp, bram18, shell, .. } = device;
        let counts = [
            ("lut", lut, shell.lut),
            ("ff", ff, shell.ff),
            ("dsp", dsp, shell.dsp),
            ("bram18", bram18, shell.bram18),
        ];
        for (key, value, shell) in counts {
            if value < 0 {
                return Err(malformed(format!("`{key}` is {value}, but must not be negative")));
            }
            if !(0..=value).contains(&shell) {
                return Err(malformed(format!(
                    "`shell.{key}` is {shell}, but must be in 0..={value}, as much as there is"
                )));
            }
        }
        for (key, value, known) in
            [("family", &device.family, &FAMILIES[..]), ("dsp_kind", &device.dsp_kind, &DspKind::NAMES[..])]
        {
            if !known.contains(&value.as_str()) {
                return Err(malformed(format!(
                    "`{key}` is {value:?}, but must be one of {}",
                    known.join(", ")
                )));
            }
        }
        // NaN is not positive either.
        if device.clock_mhz.is_nan() || device.clock_mhz <= 0.0 {
            return Err(malformed(format!("`clock_mhz` is {}, but must be positive", device.clock_mhz)));
        }
        device.name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_devices_are_found() {
        for name in Device::known() {
            let device = Device::find(name).unwrap();
            assert_eq!(device.name, name);
            assert!(device.lut > 0 && device.ff > 0 && device.dsp > 0 && device.bram18 > 0);
        }
        // DS190: the Zynq-7045.
        let zc706 = Device::find("zc706").unwrap();
        assert_eq!(zc706.resources(), Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1090 });
        assert_eq!(zc706.share(0.5), Resources { lut: 109_300, ff: 218_600, dsp: 450, bram18: 545 });
    }

    #[test]
    fn an_unknown_device_lists_the_known_ones() {
        assert_eq!(
            Device::find("zc707").unwrap_err().to_string(),
            "unknown device `zc707`: known are ecp5-85k, pynq-z2, u250, vu440, zc706, zcu102, zcu104; or give the path of a \
             TOML file of your own"
        );
    }

    #[test]
    fn a_users_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let find = || Device::find(path.to_str().unwrap());
        let keys =
            "part = \"p\"\nfamily = \"xc7\"\ndsp_kind = \"DSP48E1\"\nlut = 1\nff = 2\ndsp = 3\nbram18 = 4\n";
        write(&format!("{keys}clock_mhz = 50\n"));
        let device = find().unwrap();
        assert_eq!((device.name.as_str(), device.bram18, device.clock_mhz), ("mine", 4, 50.0));

        let message = |text: &str| {
            write(text);
            let message = find().unwrap_err().to_string();
            message.replace(path.to_str().unwrap(), "mine.toml")
        };
        let keys_note = "; a device has the keys part, family, dsp_kind, lut, ff, dsp, bram18, clock_mhz, and may have a table shell with lut, ff, dsp, bram18";
        assert_eq!(message(keys), format!("mine.toml: missing field `clock_mhz`{keys_note}"));
        assert_eq!(
            message(&format!("{keys}clock_mhz = -1\n")),
            format!("mine.toml: `clock_mhz` is -1, but must be positive{keys_note}")
        );
        assert_eq!(
            message(&keys.replace("dsp = 3", "dsp = -3\nclock_mhz = 1")),
            format!("mine.toml: `dsp` is -3, but must not be negative{keys_note}")
        );
        let clocked = format!("{keys}clock_mhz = 50\n");
        assert_eq!(
            message(&clocked.replace("xc7", "xc8")),
            format!("mine.toml: `family` is \"xc8\", but must be one of xc7, xcu, xcup, ecp5{keys_note}")
        );
        assert_eq!(
            message(&clocked.replace("DSP48E1", "DSP49")),
            format!(
                "mine.toml: `dsp_kind` is \"DSP49\", but must be one of DSP48E1, DSP48E2, MULT18X18D{keys_note}"
            )
        );
        assert_eq!(
            message(&format!("{clocked}[shell]\ndsp = 4\n")),
            format!("mine.toml: `shell.dsp` is 4, but must be in 0..=3, as much as there is{keys_note}")
        );
        write(&format!("{clocked}[shell]\nff = 1\nbram18 = 4\n"));
        assert_eq!(find().unwrap().resources(), Resources { lut: 1, ff: 1, dsp: 3, bram18: 0 });

        assert!(
            message("lut = \"many\"\n")
                .starts_with("mine.toml: line 1: invalid type: string \"many\", expected i64")
        );
        assert!(
            message("luts = 5\n").starts_with("mine.toml: line 1: unknown field `luts`, expected one of")
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = Device::find("nowhere/mine.toml").unwrap_err().to_string();
        assert!(message.starts_with("can't read the device nowhere/mine.toml: No such file"), "{message}");
    }
}
