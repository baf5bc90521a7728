//! What hardware takes, by Yosys, each design once.

use crate::configurations::Configuration;
use atheena_dialects::ir::Op;
use atheena_dialects::pass::{NoOptions, Pass};
use atheena_passes::hw::convert_dataflow_to_hw::ConvertDataflowToHw;
use atheena_runtime::circt::Circt;
use atheena_runtime::design::write_design;
use atheena_runtime::synth::{ModuleResources, SynthOptions, synthesize};
use melior::ir::Module;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// LUTs, flip-flops, DSP blocks and block RAMs.
pub type Counts = [i64; 4];

/// What each module takes, by its name: an actor's label, or that of the top.
pub type Found = BTreeMap<String, Counts>;

/// Yosys runs at once.
const WORKERS: usize = 2;

/// Yosys, and what it has said so far.
pub struct Synthesis {
    known: PathBuf,
    /// The version of Yosys, which results depend on.
    version: Vec<u8>,
}

impl Synthesis {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let known = Path::new(env!("CARGO_TARGET_TMPDIR")).join("costs");
        std::fs::create_dir_all(&known)?;
        Ok(Self { known, version: Command::new("yosys").arg("-V").output()?.stdout })
    }

    /// Of each configuration the actors that are measured.
    pub fn of_configurations(&self, configurations: &[Configuration]) -> Result<Vec<Found>, Box<dyn Error>> {
        let designs: Vec<_> = configurations.iter().map(generated).collect::<Result<_, _>>()?;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = vec![];
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(configuration) = configurations.get(number) else { return Ok(found) };
                let top = configuration.only.map_or("net".to_owned(), |label| format!("net_{label}"));
                let modules = self.of_design(designs[number].path(), &top);
                let modules = modules.map_err(|error| format!("{}: {error}", configuration.name))?;
                eprintln!("{} of {}: {}", number + 1, configurations.len(), configuration.name);
                let of_actor =
                    |(name, counts): (String, Counts)| Some((name.strip_prefix("net_")?.to_owned(), counts));
                found.push((number, modules.into_iter().filter_map(of_actor).collect()));
            }
        };
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
            let join =
                |worker: std::thread::ScopedJoinHandle<'_, _>| worker.join().expect("workers return errors");
            workers.into_iter().map(join).collect::<Result<Vec<Vec<(usize, Found)>>, String>>()
        });
        let mut found: Vec<_> = parts?.into_iter().flatten().collect();
        found.sort_by_key(|(number, _)| *number);
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }

    /// Of a design in a directory, each module.
    pub fn of_design(&self, directory: &Path, top: &str) -> Result<Found, Box<dyn Error>> {
        let known = self.known.join(format!("{}.json", self.key(directory, top)?));
        if let Ok(text) = std::fs::read_to_string(&known) {
            return Ok(serde_json::from_str(&text)?);
        }
        let counts = |module: ModuleResources| {
            let total = module.total;
            (module.name, [total.lut, total.ff, total.dsp, total.bram18].map(|count| count as i64))
        };
        let modules = synthesize(directory, top, &SynthOptions::default())?.modules;
        let found: Found = modules.into_iter().map(counts).collect();
        // Whole, or not at all.
        let unfinished = tempfile::NamedTempFile::new_in(&self.known)?;
        std::fs::write(unfinished.path(), serde_json::to_string(&found)?)?;
        unfinished.persist(known)?;
        Ok(found)
    }

    /// What the result depends on, as a name.
    fn key(&self, directory: &Path, top: &str) -> std::io::Result<String> {
        let mut hash = Sha256::new();
        hash.update(&self.version);
        hash.update(top);
        for part in ["rtl", "weights"] {
            let Ok(entries) = std::fs::read_dir(directory.join(part)) else { continue };
            let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
            files.sort();
            for file in files {
                let content = std::fs::read(&file)?;
                hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
                hash.update(content.len().to_le_bytes());
                hash.update(content);
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The hardware of a configuration, on disk.
fn generated(configuration: &Configuration) -> Result<tempfile::TempDir, Box<dyn Error>> {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, &configuration.graph)
        .ok_or_else(|| format!("{}: the graph is malformed", configuration.name))?;
    let op = Op::of_module(&module);
    ConvertDataflowToHw::run(op, &NoOptions)
        .map_err(|_| format!("{}: can't be converted", configuration.name))?;
    let directory = tempfile::tempdir()?;
    write_design(op, &Circt::find()?, directory.path())?;
    Ok(directory)
}
