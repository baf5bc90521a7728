//! How fast the golden model is: `cargo bench -p atheena --bench golden`.
//!
//! Of each network, with its exits and without, float and int8: seconds to compile, and images a second of one thread's
//! processor time over the test set (so that other work on the machine does not count).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use atheena::{model, pipeline, session::Session};
use atheena_passes::golden::golden_of;
use atheena_runtime::dataset::DataSet;

const NETWORKS: [(&str, &str, &str); 3] = [
    ("B-LeNet", "stock/branchy_lenet_20220902.onnx", "mnist"),
    ("Triple Wins", "retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist"),
    ("B-AlexNet", "retrained/branchy-alexnet_230109.retrained.onnx", "cifar10"),
];

fn main() {
    let shared = std::env::var_os("ATHEENA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    if !shared.join("models").is_dir() {
        println!("skipped: ../shared absent");
        return;
    }
    println!("{:<12} {:<7} {:<6} {:>10} {:>10}", "network", "exits", "type", "compile s", "images/s");
    for (name, file, data) in NETWORKS {
        for (no_exits, float) in [(false, false), (true, false), (false, true), (true, true)] {
            let (compile, rate) = measure(&shared, file, data, no_exits, float);
            let (exits, ty) = (if no_exits { "without" } else { "with" }, if float { "f32" } else { "int8" });
            println!("{name:<12} {exits:<7} {ty:<6} {:>10.2} {rate:>10.0}", compile.as_secs_f64());
        }
    }
}

/// Time to compile, and images a second.
fn measure(shared: &Path, file: &str, data: &str, no_exits: bool, float: bool) -> (Duration, f64) {
    let calibration = shared.join(format!("data/{data}_calib.npz"));
    let calibration = (!float).then_some(calibration.as_path());
    let session = Session::new();
    let mut module =
        model::load(&session, &shared.join("models").join(file)).unwrap_or_else(|e| panic!("{e}"));
    for step in pipeline::steps(&pipeline::Way { no_exits, calibration, ..Default::default() }) {
        session.run(&mut module, &step.pipeline).unwrap_or_else(|e| panic!("{e}"));
    }
    let start = processor_time();
    let golden = golden_of(model::function(&module), true).expect("the network compiles");
    let compile = processor_time() - start;
    let data = DataSet::read(shared.join(format!("data/{data}_test.npz"))).expect("the data set is there");
    let (wall, start) = (Instant::now(), processor_time());
    let mut images = 0;
    while wall.elapsed() < Duration::from_secs(3) {
        for _ in 0..64 {
            golden.run(data.image(images % data.len())).expect("the image fits");
            images += 1;
        }
    }
    (compile, images as f64 / (processor_time() - start).as_secs_f64())
}

/// What this thread has used of a processor.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanoseconds)
}
