//! Building the simulation model of a design: Verilator, then the C++ compiler.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use super::{Interface, SimError};
use crate::cache;

const HARNESS: &str = include_str!("../../verilator/harness.cpp");

/// Two states and no assertions: the generated hardware is proved against the golden model bit by bit. Functions of
/// 2000 statements compile in 20 % less time than larger ones (4 700 constant products: 11.6 s for 14.5 s), and run as
/// fast.
const VERILATOR_FLAGS: [&str; 19] = [
    "--cc",
    "--exe",
    "--prefix",
    "Vtop",
    "-Mdir",
    "model",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--noassert",
    "--no-timing",
    "-Wno-fatal",
    "-Wno-lint",
    "--output-split",
    "20000",
    "--output-split-cfuncs",
    "2000",
];

/// On 2 048 multipliers: -O0 compiles in 16.5 s and runs 17 000 cycles/s, -O1 in 19.5 s and 160 000, -Os in 30 s and
/// 170 000.
const MAKE_FLAGS: [&str; 3] = ["OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"];

/// Bytes of C++ above which it is compiled file by file on all cores; below, the same headers again and again would
/// take longer than the design.
const LARGE_MODEL_BYTES: u64 = 400_000;

/// The executable model of the design in `directory`, built unless one of the same sources is there.
pub(super) fn model(directory: &Path, interface: &Interface, trace: bool) -> Result<PathBuf, SimError> {
    let sources = sources(directory)?;
    let cache = directory.join("sim");
    let model = cache.join(format!("model-{}", key(&sources, interface, trace)));
    let failure = |error| SimError::File { path: cache.clone(), action: "written", error };
    fs::create_dir_all(&cache).map_err(failure)?;
    // Two simulations of a design that start together build one model.
    let lock = File::create(cache.join(".lock")).map_err(failure)?;
    lock.lock().map_err(failure)?;
    if model.is_file() {
        return Ok(model);
    }
    let workshop = tempfile::Builder::new().prefix(".build").tempdir_in(&cache).map_err(failure)?;
    for (name, text) in &sources {
        let path = workshop.path().join("rtl").join(name);
        let parent = path.parent().expect("a joined path has a parent");
        fs::create_dir_all(parent).map_err(failure)?;
        fs::write(path, text).map_err(failure)?;
    }
    fs::write(workshop.path().join("harness.cpp"), HARNESS).map_err(failure)?;

    let mut verilator = Command::new("verilator");
    verilator.current_dir(&workshop).args(VERILATOR_FLAGS).args(["--top-module", &interface.top]);
    verilator.args(if trace { &["--trace"][..] } else { &[] });
    verilator.args(sources.keys().map(|name| format!("rtl/{name}"))).arg("harness.cpp");
    run("verilator", verilator)?;
    let generated = workshop.path().join("model");
    let header = fs::read_to_string(generated.join("Vtop.h")).map_err(failure)?;
    check_ports(&header, interface)?;
    compile(&generated, trace).map_err(failure)??;

    // Models of other sources are of no more use; a model with waveforms stays beside the fast one.
    for entry in fs::read_dir(&cache).map_err(failure)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("model-") && name.ends_with("-trace") == trace {
            fs::remove_file(entry.path()).map_err(failure)?;
        }
    }
    fs::rename(generated.join("Vtop"), &model).map_err(failure)?;
    Ok(model)
}

/// Compiles what Verilator wrote.
fn compile(generated: &Path, trace: bool) -> io::Result<Result<(), SimError>> {
    let size: u64 =
        fs::read_dir(generated)?.flatten().flat_map(|file| file.metadata()).map(|file| file.len()).sum();
    let jobs = std::thread::available_parallelism().map_or(1, |count| count.get());
    let mut make = Command::new("make");
    make.current_dir(generated).args(["-f", "Vtop.mk", "-s", "-j", &jobs.to_string()]).args(MAKE_FLAGS);
    make.arg(format!("VM_PARALLEL_BUILDS={}", u8::from(size > LARGE_MODEL_BYTES))).arg("Vtop");

    // Verilator's own library is the same for all designs, and takes longer to compile than a small one.
    let library = cache::directory().map(|cache| cache.join(library_key(trace)));
    let objects = ["verilated.o", "verilated_threads.o", "verilated_vcd_c.o"];
    for object in objects {
        if let Some(library) = &library {
            // Not being there is no failure: make compiles it then. The copy is newer than its sources, so make
            // takes it.
            let _ = fs::copy(library.join(object), generated.join(object));
        }
    }
    if let Err(error) = run("make", make) {
        return Ok(Err(error));
    }
    if let Some(library) = library.filter(|library| !library.exists()) {
        // Nor is a cache that cannot be written.
        let _ = keep_library(generated, &library, &objects);
    }
    Ok(Ok(()))
}

fn keep_library(generated: &Path, library: &Path, objects: &[&str]) -> io::Result<()> {
    let parent = library.parent().expect("a joined path has a parent");
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(".verilator").tempdir_in(parent)?;
    let fresh = staging.path().join("new");
    fs::create_dir(&fresh)?;
    for object in objects.iter().filter(|object| generated.join(object).exists()) {
        fs::copy(generated.join(object), fresh.join(object))?;
    }
    fs::rename(fresh, library)
}

/// Changes with all that the objects depend on: Verilator, the C++ compiler, flags.
fn library_key(trace: bool) -> String {
    let mut digest = Sha256::new();
    for tool in ["verilator", "g++"] {
        digest.update(
            Command::new(tool).arg("--version").output().map(|output| output.stdout).unwrap_or_default(),
        );
    }
    digest.update(MAKE_FLAGS.concat());
    let trace = if trace { "-trace" } else { "" };
    format!("verilator-{}{trace}", hex(&digest.finalize()))
}

/// The design's files by name, as `rtl/filelist.f` lists them.
fn sources(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>, SimError> {
    let rtl = directory.join("rtl");
    let read =
        |path: PathBuf| fs::read(&path).map_err(|error| SimError::File { path, action: "read", error });
    let list = read(rtl.join("filelist.f"))?;
    let names = String::from_utf8_lossy(&list);
    let names = names.lines().map(str::trim).filter(|name| !name.is_empty() && !name.starts_with("//"));
    names.map(|name| Ok((name.to_owned(), read(rtl.join(name))?))).collect()
}

/// A digest of everything that the model depends on.
fn key(sources: &BTreeMap<String, Vec<u8>>, interface: &Interface, trace: bool) -> String {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(HARNESS.as_bytes());
    for flag in VERILATOR_FLAGS.iter().chain(&MAKE_FLAGS) {
        add(flag.as_bytes());
    }
    add(serde_json::to_string(interface).unwrap_or_default().as_bytes());
    for (name, text) in sources {
        add(name.as_bytes());
        add(text);
    }
    let key = hex(&digest.finalize());
    if trace { key + "-trace" } else { key }
}

/// The first 64 bits.
fn hex(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a tool to its end; its last lines are the error if it fails.
fn run(tool: &'static str, mut command: Command) -> Result<(), SimError> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            SimError::MissingTool { tool }
        } else {
            SimError::Tool { tool, output: error.to_string() }
        }
    })?;
    if status.success() {
        return Ok(());
    }
    let text = [String::from_utf8_lossy(&stderr), String::from_utf8_lossy(&stdout)].concat();
    let errors: Vec<_> =
        text.lines().filter(|line| line.starts_with("%Error") || line.contains("error:")).collect();
    let lines: Vec<_> = if errors.is_empty() { text.lines().collect() } else { errors };
    let output = lines.iter().take(20).map(|line| format!("\n  {line}")).collect();
    Err(SimError::Tool { tool, output })
}

/// Compares the ports of Verilator's model with what the interface says.
fn check_ports(header: &str, interface: &Interface) -> Result<(), SimError> {
    // Lines such as `VL_IN8(&clk,0,0);` and `VL_OUTW(&m_axis_tdata,79,0,3);`.
    let port = |line: &str| {
        let (_, rest) = line.trim().strip_prefix("VL_")?.split_once("(&")?;
        let mut fields = rest.split([',', ')']);
        let name = fields.next()?.to_owned();
        let high: usize = fields.next()?.parse().ok()?;
        Some((name, high + 1))
    };
    let ports: BTreeMap<String, usize> = header.lines().filter_map(port).collect();
    let wanted = [
        ("clk", 1),
        ("rst", 1),
        ("s_axis_tdata", interface.input.lanes * interface.input.bits),
        ("s_axis_tvalid", 1),
        ("s_axis_tready", 1),
        ("s_axis_tlast", 1),
        ("s_axis_tid", 16),
        ("m_axis_tdata", interface.output.lanes * interface.output.bits),
        ("m_axis_tvalid", 1),
        ("m_axis_tready", 1),
        ("m_axis_tlast", 1),
        ("m_axis_tid", 16),
        ("m_axis_tuser", 8),
    ];
    for (name, wanted) in wanted {
        let found = ports.get(name).copied();
        if found != Some(wanted) {
            return Err(SimError::Port { top: interface.top.clone(), name, wanted, found });
        }
    }
    Ok(())
}
